// What a thread uses is its own and its process's, while it runs and when it has ended
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int stop, running;

static double clock_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}
static double cpu(int who) {
  struct rusage u;
  getrusage(who, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}
/** utime + stime of /proc/self/stat, minor faults, and the threads there are. */
static double of_stat(long *faults, long *threads) {
  char text[1000], *at;
  FILE *file = fopen("/proc/self/stat", "r");
  text[fread(text, 1, 999, file)] = 0;
  fclose(file);
  at = strrchr(text, ')') + 2;
  long utime, stime;
  sscanf(at, "%*c %*d %*d %*d %*d %*d %*u %ld %*u %*u %*u %ld %ld %*d %*d %*d %*d %ld", faults, &utime, &stime, threads);
  return (utime + stime) / (double)sysconf(_SC_CLK_TCK);
}

static void *spins(void *unused) {
  running = 1;
  while (!stop);
  return NULL;
}
static void *uses(void *unused) {
  double start = clock_of(CLOCK_THREAD_CPUTIME_ID);
  while (clock_of(CLOCK_THREAD_CPUTIME_ID) < start + 0.2);
  char *pages = mmap(NULL, 100 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(pages, 100 * 4096, MADV_NOHUGEPAGE);
  for (int i = 0; i < 100; i++) pages[i * 4096] = 1;
  return NULL;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pthread_t t;
  clockid_t its;
  struct tms tms;
  struct rusage before, after;
  long faults, threads;

  pthread_create(&t, NULL, spins, NULL);
  while (!running) sched_yield();
  pthread_getcpuclockid(t, &its);
  double own = clock_of(CLOCK_THREAD_CPUTIME_ID);
  while (clock_of(its) < 0.3) usleep(10000);
  own = clock_of(CLOCK_THREAD_CPUTIME_ID) - own;
  printf("while another runs this one's own is little: %d %d\n", own < 0.1, cpu(RUSAGE_THREAD) < 0.2);
  printf("its process has all: clock %d, getrusage %d, stat %d", clock_of(CLOCK_PROCESS_CPUTIME_ID) >= 0.3, cpu(RUSAGE_SELF) >= 0.29, of_stat(&faults, &threads) >= 0.27);
  times(&tms);
  printf(", times %d, threads %ld\n", tms.tms_utime + tms.tms_stime >= 0.27 * sysconf(_SC_CLK_TCK), threads);
  stop = 1;
  pthread_join(t, NULL);

  getrusage(RUSAGE_SELF, &before);
  double used = clock_of(CLOCK_PROCESS_CPUTIME_ID);
  own = clock_of(CLOCK_THREAD_CPUTIME_ID);
  for (int i = 0; i < 2; i++) { pthread_create(&t, NULL, uses, NULL); pthread_join(t, NULL); }
  getrusage(RUSAGE_SELF, &after);
  used = clock_of(CLOCK_PROCESS_CPUTIME_ID) - used;
  own = clock_of(CLOCK_THREAD_CPUTIME_ID) - own;
  printf("what ended threads used is the process's: %d, and not the first thread's: %d\n", used >= 0.4, own < 0.1);
  printf("their faults too: %d", after.ru_minflt - before.ru_minflt >= 200);
  getrusage(RUSAGE_THREAD, &after);
  printf(" %d, most memory %d\n", after.ru_minflt < 200, after.ru_maxrss >= 400);
  printf("clock of an ended thread: ");
  struct timespec none;
  printf("%d\n", clock_gettime(its, &none));

  // Of a child that has been waited for.
  int status;
  getrusage(RUSAGE_CHILDREN, &before);
  pid_t pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 2; i++) pthread_create(&t, NULL, uses, NULL);
    pthread_exit(NULL);
  }
  wait4(pid, &status, 0, &after);
  printf("a child's: %d, faults %d, most memory %d\n", after.ru_utime.tv_sec + after.ru_stime.tv_sec + (after.ru_utime.tv_usec + after.ru_stime.tv_usec) / 1e6 >= 0.39, after.ru_minflt >= 200, after.ru_maxrss >= 400);
  getrusage(RUSAGE_CHILDREN, &after);
  printf("before %d, now %d, faults %d, most memory %d\n", before.ru_minflt == 0, cpu(RUSAGE_CHILDREN) >= 0.39, after.ru_minflt >= 200, after.ru_maxrss >= 400);
  times(&tms);
  printf("times %d\n", tms.tms_cutime + tms.tms_cstime >= 0.37 * sysconf(_SC_CLK_TCK));
  return 0;
}
