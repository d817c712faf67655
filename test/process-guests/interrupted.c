// A handler interrupts what waits: with SA_RESTART it goes on where that is allowed, else it is EINTR
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/file.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;
static void tick(int signal) { ticks++; }

/** A signal after 20 ms, once; what is waited for comes after 60 ms. */
static void arm(int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = tick;
  action.sa_flags = flags;
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &timer, NULL);
  ticks = 0;
}

static int pair[2];
static char block[1 << 17];

static pid_t later(void (*action)(void)) {
  pid_t pid = fork();
  if (pid) return pid;
  struct timespec t = {0, 60000000};
  nanosleep(&t, NULL);
  action();
  _exit(5);
}

static void put(void) { write(pair[1], "x", 1); }
static void drain(void) { char *p = block; for (int n = 1; n > 0;) { struct pollfd f = {pair[0], POLLIN}; if (poll(&f, 1, 40) == 0) break; n = read(pair[0], p, 65536); } }
static void none(void) {}

static void tell(const char *what, long result) {
  int error = errno;
  printf("%s: %ld %s, %d tick\n", what, result, result < 0 ? strerror(error) : "ok", ticks);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  for (int restart = 0; restart < 2; restart++) {
    int flags = restart ? SA_RESTART : 0;
    printf(restart ? "with SA_RESTART\n" : "without\n");
    char c;
    pipe(pair);
    pid_t pid = later(put);
    arm(flags);
    tell("read", read(pair[0], &c, 1));
    waitpid(pid, NULL, 0);
    close(pair[0]); close(pair[1]);

    pipe(pair);
    write(pair[1], block, 65536);
    pid = later(drain);
    arm(flags);
    tell("write", write(pair[1], block, 1000));
    waitpid(pid, NULL, 0);
    close(pair[0]); close(pair[1]);

    pid = later(none);
    arm(flags);
    int status = 0;
    tell("waitpid", waitpid(pid, &status, 0) > 0);
    tell("then", waitpid(pid, &status, 0) > 0);

    struct timespec time = {0, 50000000}, left = {9, 9};
    arm(flags);
    tell("nanosleep", nanosleep(&time, &left));
    printf("left: %d\n", left.tv_sec == 0 && left.tv_nsec > 0 && left.tv_nsec < 40000000);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 50000000;
    if (until.tv_nsec >= 1000000000) { until.tv_nsec -= 1000000000; until.tv_sec++; }
    arm(flags);
    tell("clock_nanosleep", -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0 ? 0 : 1);
    arm(flags);
    tell("pause", pause());
    arm(flags);
    tell("poll", poll(NULL, 0, 50));
    arm(flags);
    struct timeval wait = {0, 50000};
    tell("select", select(0, NULL, NULL, NULL, &wait));

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    arm(flags);
    time.tv_nsec = 50000000;
    tell("sigtimedwait", sigtimedwait(&set, NULL, &time));
    sigemptyset(&set);
    arm(flags);
    tell("sigsuspend", sigsuspend(&set));
  }
  return 0;
}
