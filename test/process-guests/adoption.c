// Orphans go to the nearest ancestor that asked for them, and processes are told when their parent ends if they asked
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int up[2], down[2];

static void say(int value) { write(up[1], &value, sizeof value); }
static int heard(void) { int value = -1; read(up[0], &value, sizeof value); return value; }
static void go(void) { write(down[1], "x", 1); }
static void wait_to_go(void) { char c; read(down[0], &c, 1); }

static volatile sig_atomic_t got;
static volatile pid_t from;
static void handler(int signal, siginfo_t *info, void *context) { got = signal; from = info->si_pid; }

static void on(int signal) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(signal, &action, NULL);
  got = 0;
}

static void *forks_and_ends(void *unused) {
  pid_t pid = fork();
  if (pid == 0) {
    on(SIGUSR1);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    pid_t parent = getppid();
    say(1);
    wait_to_go();
    while (!got) usleep(1000);
    say(10 * (got == SIGUSR1) + (getppid() == parent));
    _exit(0);
  }
  heard();
  return NULL;
}

int main(void) {
  int status, flag;
  setvbuf(stdout, NULL, _IONBF, 0);
  pipe(up);
  pipe(down);
  prctl(PR_GET_CHILD_SUBREAPER, &flag);
  printf("at first: %d\n", flag);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_GET_CHILD_SUBREAPER, &flag);
  printf("then: %d\n", flag);

  // A grandchild whose parent ends becomes a child of this process.
  pid_t middle = fork();
  if (middle == 0) {
    prctl(PR_GET_CHILD_SUBREAPER, &flag);
    say(flag);
    pid_t orphan = fork();
    if (orphan == 0) {
      wait_to_go();
      say(getppid());
      _exit(9);
    }
    _exit(4);
  }
  printf("inherited: %d\n", heard());
  waitpid(middle, &status, 0);
  printf("middle: %d\n", WEXITSTATUS(status));
  outcome("the orphan is my child, and lives", waitpid(-1, &status, WNOHANG));
  go();
  printf("it says so too: %d\n", heard() == getpid());
  wait(&status);
  printf("it ended: %d\n", WEXITSTATUS(status));
  outcome("no more", wait(&status));

  // One that ended before its parent did is told of, and waited for, here.
  on(SIGCHLD);
  middle = fork();
  if (middle == 0) {
    pid_t zombie = fork();
    if (zombie == 0) _exit(12);
    siginfo_t info;
    waitid(P_PID, zombie, &info, WEXITED | WNOWAIT);
    say(zombie);
    pause();
  }
  pid_t zombie = heard();
  outcome("not mine yet", waitpid(zombie, &status, WNOHANG));
  got = 0;
  kill(middle, SIGKILL);
  waitpid(middle, &status, 0);
  printf("a zombie is adopted: %d", waitpid(zombie, &status, 0) == zombie);
  printf(", %d\n", WEXITSTATUS(status));
  printf("told: %d\n", got == SIGCHLD);
  signal(SIGCHLD, SIG_DFL);

  // The nearest one takes it.
  middle = fork();
  if (middle == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t inner = fork();
    if (inner == 0) {
      if (fork() == 0) { wait_to_go(); say(getppid()); _exit(0); }
      _exit(0);
    }
    waitpid(inner, &status, 0);
    go();
    wait(&status);
    _exit(0);
  }
  printf("the nearest: %d\n", heard() == middle);
  waitpid(middle, &status, 0);

  // The signal of a parent's end.
  outcome("a signal that is none", prctl(PR_SET_PDEATHSIG, 65));
  prctl(PR_SET_PDEATHSIG, SIGUSR2);
  prctl(PR_GET_PDEATHSIG, &flag);
  printf("set: %d\n", flag == SIGUSR2);
  middle = fork();
  if (middle == 0) {
    prctl(PR_GET_PDEATHSIG, &flag);
    say(flag);
    if (fork() == 0) {
      on(SIGUSR1);
      prctl(PR_SET_PDEATHSIG, SIGUSR1);
      pid_t parent = getppid();
      say(1);
      while (!got) usleep(1000);
      say(100 * (got == SIGUSR1) + 10 * (from == parent) + (getppid() != parent));
      _exit(0);
    }
    wait_to_go();
    _exit(0);
  }
  printf("a child has none: %d\n", heard());
  heard();
  go();
  waitpid(middle, &status, 0);
  printf("told of its parent's end: %d\n", heard());
  wait(&status);

  // Its parent is the thread that made it.
  pthread_t thread;
  pthread_create(&thread, NULL, forks_and_ends, NULL);
  pthread_join(thread, NULL);
  go();
  printf("told of its thread's end: %d\n", heard());
  wait(&status);
  return 0;
}
