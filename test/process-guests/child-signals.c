// SIGCHLD comes when a child changes, and children of who ignores it leave nothing
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static volatile int code, status_, right, signo;
static volatile pid_t last;

static void handler(int signal, siginfo_t *info, void *context) {
  count++;
  signo = signal;
  code = info->si_code;
  status_ = info->si_status;
  last = info->si_pid;
}

static void install(int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  sigaction(SIGCHLD, &action, NULL);
  count = 0;
}

static void wait_for(int n) {
  sigset_t chld, old;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, &old);
  while (count < n) sigsuspend(&old);
  sigprocmask(SIG_SETMASK, &old, NULL);
}

static void tell(const char *what, pid_t pid) {
  printf("%s: %d times\n", what, count);
}

int main(void) {
  install(0);
  pid_t a = fork();
  if (a == 0) _exit(7);
  wait_for(1);
  tell("exit", a);
  printf("still there: %d\n", waitpid(a, NULL, 0) == a);

  install(0);
  pid_t b = fork();
  if (b == 0) { pause(); _exit(0); }
  kill(b, SIGSTOP);
  wait_for(1);
  tell("stop", b);
  kill(b, SIGCONT);
  wait_for(2);
  tell("continue", b);
  kill(b, SIGUSR1);
  wait_for(3);
  tell("kill", b);
  waitpid(b, NULL, 0);

  install(SA_NOCLDSTOP);
  pid_t c = fork();
  if (c == 0) { raise(SIGSTOP); _exit(1); }
  int status;
  waitpid(c, &status, WUNTRACED);
  printf("SA_NOCLDSTOP: stopped %d, told %d times\n", WIFSTOPPED(status), count);
  kill(c, SIGCONT);
  wait_for(1);
  tell("only the end", c);
  waitpid(c, NULL, 0);

  install(SA_NOCLDWAIT);
  pid_t d = fork();
  if (d == 0) _exit(2);
  outcome("SA_NOCLDWAIT", waitpid(d, &status, 0));
  printf("told %d times\n", count);

  signal(SIGCHLD, SIG_IGN);
  for (int i = 0; i < 5; i++) if (fork() == 0) _exit(i);
  outcome("SIG_IGN waits for all and has none", wait(&status));
  signal(SIGCHLD, SIG_DFL);
  if (fork() == 0) _exit(3);
  wait(&status);
  printf("by default they wait to be waited for: %d\n", WEXITSTATUS(status));

  // Blocked, several ends are one signal.
  install(0);
  sigset_t chld, pending;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  sigprocmask(SIG_BLOCK, &chld, NULL);
  for (int i = 0; i < 5; i++) if (fork() == 0) _exit(i);
  int reaped = 0;
  for (siginfo_t info; waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0 && reaped < 5; reaped++) waitpid(info.si_pid, NULL, 0);
  sigpending(&pending);
  printf("reaped %d, pending %d\n", reaped, sigismember(&pending, SIGCHLD));
  sigprocmask(SIG_UNBLOCK, &chld, NULL);
  printf("five ends are %d signal\n", count);
  return 0;
}
