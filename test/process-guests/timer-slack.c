// Waits end late by the thread's timer slack, which children inherit
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nothing(int signal) { (void)signal; }
static int slack(void) { return prctl(PR_GET_TIMERSLACK, 0L, 0L, 0L, 0L); }
static void set(long ns) { printf("set %d\n", prctl(PR_SET_TIMERSLACK, ns, 0L, 0L, 0L)); }
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  set(300000000);
  printf("slack %d\n", slack());

  struct timespec wait = {0, 1000000}, rest = {0, 0};
  double start = now();
  nanosleep(&wait, NULL);
  /* Up to 0.3 s late: another timer's interrupt may end it before. */
  double slept = now() - start;
  printf("a sleep of 1 ms: %d\n", slept >= 0.001 && slept < 0.4);
  start = now();
  poll(NULL, 0, 1);
  slept = now() - start;
  printf("a poll of 1 ms: %d\n", slept >= 0.001 && slept < 0.4);
  start = now();
  struct pollfd none = {-1, 0, 0};
  poll(&none, 1, 0);
  printf("not to wait takes no time: %d\n", now() - start < 0.2);

  /* What is left is until the end that it would have had. */
  signal(SIGALRM, nothing);
  siginterrupt(SIGALRM, 1);
  struct itimerval timer = {.it_value = {0, 50000}};
  wait.tv_sec = 1;
  setitimer(ITIMER_REAL, &timer, NULL);
  printf("interrupted: %d\n", nanosleep(&wait, &rest) == -1 && errno == EINTR);
  printf("more is left than was asked for: %d\n", rest.tv_sec == 1 && rest.tv_nsec > 1000000);

  set(1000);
  if (fork() == 0) {
    printf("the child's %d\n", slack());
    set(7);
    printf("the child's %d\n", slack());
    set(0);
    printf("the child's default is its parent's: %d\n", slack());
    _exit(0);
  }
  while (waitpid(-1, NULL, 0) == -1 && errno == EINTR)
    ;
  printf("slack %d\n", slack());
}
