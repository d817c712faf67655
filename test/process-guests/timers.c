// Timers of CPU time and limits of it, and timers that a process makes for itself
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t got[65];
static volatile int code, value, by;
static void handler(int signal, siginfo_t *info, void *context) {
  got[signal]++;
  code = info->si_code;
  value = info->si_value.sival_int;
  by = syscall(SYS_gettid);
}
static void on(int signal) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(signal, &action, NULL);
  got[signal] = 0;
}
static long ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static void spin(long for_ms) { for (long start = ms(CLOCK_PROCESS_CPUTIME_ID); ms(CLOCK_PROCESS_CPUTIME_ID) < start + for_ms;); }
static struct itimerval every(long first_ms, long next_ms) {
  struct itimerval t = {{next_ms / 1000, next_ms % 1000 * 1000}, {first_ms / 1000, first_ms % 1000 * 1000}};
  return t;
}
static struct itimerspec from(long first_ms, long next_ms) {
  struct itimerspec t = {{next_ms / 1000, next_ms % 1000 * 1000000}, {first_ms / 1000, first_ms % 1000 * 1000000}};
  return t;
}

static void interval_timers(void) {
  struct itimerval t = every(30, 0), old;
  on(SIGVTALRM);
  on(SIGPROF);
  setitimer(ITIMER_VIRTUAL, &t, NULL);
  getitimer(ITIMER_VIRTUAL, &old);
  printf("left: %d\n", old.it_value.tv_sec == 0 && old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 40000);
  usleep(100000);
  printf("no time of its own passes in sleep: %d\n", got[SIGVTALRM]);
  while (!got[SIGVTALRM]);
  getitimer(ITIMER_VIRTUAL, &old);
  printf("once: %d, nothing left %d\n", got[SIGVTALRM], old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);

  t = every(20, 20);
  setitimer(ITIMER_PROF, &t, NULL);
  while (got[SIGPROF] < 3);
  printf("again and again: %d, of the kernel %d\n", got[SIGPROF] >= 3, code == 128);
  t = every(0, 0);
  setitimer(ITIMER_PROF, &t, &old);
  printf("was every %ld us\n", (long)old.it_interval.tv_usec);
  int last = got[SIGPROF];
  spin(60);
  printf("stopped: %d\n", got[SIGPROF] == last);
  t = every(10, 0);
  t.it_value.tv_usec = 1000000;
  outcome("no time", setitimer(ITIMER_VIRTUAL, &t, NULL));
  outcome("no timer", setitimer(3, &t, NULL));

  // A child has none; a program that takes its place keeps it.
  t = every(5000, 0);
  setitimer(ITIMER_VIRTUAL, &t, NULL);
  int status;
  if (fork() == 0) { getitimer(ITIMER_VIRTUAL, &old); _exit(old.it_value.tv_sec); }
  wait(&status);
  printf("a child's: %d s\n", WEXITSTATUS(status));
  t = every(0, 0);
  setitimer(ITIMER_VIRTUAL, &t, NULL);
  if (fork() == 0) { t = every(30, 0); signal(SIGVTALRM, SIG_DFL); setitimer(ITIMER_VIRTUAL, &t, NULL); for (;;); }
  wait(&status);
  printf("by default: %d\n", WTERMSIG(status));
}

static void limits(void) {
  int status;
  struct rlimit limit = {1, 2};
  if (fork() == 0) { setrlimit(RLIMIT_CPU, &limit); for (;;); }
  wait(&status);
  printf("at the soft limit: %d\n", WTERMSIG(status));
  limit.rlim_cur = 1;
  limit.rlim_max = 3;
  struct rusage used;
  if (fork() == 0) { on(SIGXCPU); setrlimit(RLIMIT_CPU, &limit); for (;;) if (got[SIGXCPU] == 3) _exit(0); }
  wait4(-1, &status, 0, &used);
  double seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf("at the hard limit: %d, after it %d\n", WTERMSIG(status), seconds > 2 && seconds < 4);
  limit.rlim_max = RLIM_INFINITY;
  if (fork() == 0) {
    on(SIGXCPU);
    setrlimit(RLIMIT_CPU, &limit);
    while (got[SIGXCPU] < 2);
    getrlimit(RLIMIT_CPU, &limit);
    _exit(limit.rlim_cur);
  }
  wait(&status);
  printf("twice, and the limit is now %d\n", WEXITSTATUS(status));
}

static void *waits(void *tid) {
  *(volatile int *)tid = syscall(SYS_gettid);
  for (;;) pause();
}
static volatile int called;
static void notified(union sigval v) { called = v.sival_int; }

static void own_timers(void) {
  timer_t a, b;
  struct sigevent event;
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGRTMIN + 1;
  event.sigev_value.sival_int = 77;
  on(SIGRTMIN + 1);
  printf("created: %d\n", timer_create(CLOCK_MONOTONIC, &event, &a));
  struct itimerspec t = from(20, 0), left;
  timer_settime(a, 0, &t, NULL);
  timer_gettime(a, &left);
  printf("runs: %d\n", left.it_value.tv_nsec > 0 && left.it_value.tv_nsec <= 20000000);
  while (!got[SIGRTMIN + 1]) pause();
  printf("value %d, of a timer %d\n", value, code == SI_TIMER);
  timer_gettime(a, &left);
  printf("over: %d\n", left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);

  // Blocked, many times are one signal and a count.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  t = from(5, 5);
  timer_settime(a, 0, &t, NULL);
  usleep(100000);
  siginfo_t info;
  int signal = sigwaitinfo(&set, &info);
  printf("signal %d, over and over %d", signal - SIGRTMIN, info.si_overrun >= 10 && info.si_overrun <= 40);
  printf(", the same count %d\n", timer_getoverrun(a) == info.si_overrun);
  t = from(0, 0);
  timer_settime(a, 0, &t, &left);
  printf("every %ld us\n", left.it_interval.tv_nsec / 1000);
  while (sigtimedwait(&set, NULL, &t.it_value) > 0);
  sigprocmask(SIG_UNBLOCK, &set, NULL);

  // At a time of the day.
  struct timespec now;
  on(SIGALRM);
  printf("by default: %d\n", timer_create(CLOCK_REALTIME, NULL, &b));
  clock_gettime(CLOCK_REALTIME, &now);
  t.it_value = now;
  t.it_value.tv_nsec += 20000000;
  if (t.it_value.tv_nsec >= 1000000000) { t.it_value.tv_nsec -= 1000000000; t.it_value.tv_sec++; }
  timer_settime(b, TIMER_ABSTIME, &t, NULL);
  while (!got[SIGALRM]) pause();
  printf("SIGALRM %d\n", code == SI_TIMER);
  t.it_value.tv_sec = 1;
  timer_settime(b, TIMER_ABSTIME, &t, NULL);
  while (got[SIGALRM] < 2) pause();
  printf("long ago: at once\n");

  // To one thread, and by a thread.
  pthread_t thread;
  volatile int tid = 0;
  pthread_create(&thread, NULL, waits, (void *)&tid);
  while (!tid) sched_yield();
  event.sigev_notify = SIGEV_THREAD_ID;
  event._sigev_un._tid = tid;
  timer_delete(a);
  printf("for a thread: %d\n", timer_create(CLOCK_MONOTONIC, &event, &a));
  got[SIGRTMIN + 1] = 0;
  t = from(10, 0);
  timer_settime(a, 0, &t, NULL);
  while (!got[SIGRTMIN + 1]) usleep(1000);
  printf("it got it: %d\n", by == tid);
  event._sigev_un._tid = 1 << 21;
  outcome("for nobody", timer_create(CLOCK_MONOTONIC, &event, &b));
  event.sigev_notify = SIGEV_THREAD;
  event.sigev_notify_function = notified;
  event.sigev_value.sival_int = 5;
  event.sigev_notify_attributes = NULL;
  printf("by a thread: %d\n", timer_create(CLOCK_REALTIME, &event, &b));
  timer_settime(b, 0, &t, NULL);
  while (!called) usleep(1000);
  printf("called with %d\n", called);

  // By CPU time.
  event.sigev_notify = SIGEV_SIGNAL;
  got[SIGRTMIN + 1] = 0;
  printf("of CPU time: %d\n", timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &b));
  timer_settime(b, 0, &t, NULL);
  usleep(60000);
  int early = got[SIGRTMIN + 1];
  while (!got[SIGRTMIN + 1]);
  printf("not in sleep: %d\n", early);
  printf("of this thread's: %d\n", timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &b));
  timer_settime(b, 0, &t, NULL);
  while (got[SIGRTMIN + 1] < 2);

  event.sigev_notify = SIGEV_NONE;
  printf("that tells nobody: %d\n", timer_create(CLOCK_MONOTONIC, &event, &b));
  t = from(1000000, 0);
  timer_settime(b, 0, &t, NULL);
  timer_gettime(b, &left);
  printf("counts: %d\n", left.it_value.tv_sec >= 999);
  printf("deleted: %d\n", timer_delete(b));
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = 65;
  outcome("a bad signal", timer_create(CLOCK_MONOTONIC, &event, &b));
  event.sigev_signo = SIGUSR1;
  outcome("a bad clock", timer_create(99, &event, &b));
  outcome("none", syscall(SYS_timer_gettime, 1234, &left));
  t.it_value.tv_nsec = 1000000000;
  outcome("no time", timer_settime(a, 0, &t, NULL));
  int status;
  if (fork() == 0) _exit(syscall(SYS_timer_gettime, 0, &left) < 0 && errno == EINVAL);
  wait(&status);
  printf("a child has none: %d\n", WEXITSTATUS(status));
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  interval_timers();
  limits();
  own_timers();
  return 0;
}
