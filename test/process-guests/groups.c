// Process groups and sessions, and signals to all of a group
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int ready[2];

static pid_t member(pid_t group) {
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, group);
    write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char c;
  read(ready[0], &c, 1);
  return pid;
}

static volatile sig_atomic_t got;
static void handler(int signal) { got = signal; }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pipe(ready);
  char c;
  int status;
  printf("group of the leader: %d\n", getpgrp() == getpgid(0));
  pid_t a = member(0), b = member(a), d = member(a);
  printf("leads: %d, follows: %d %d\n", getpgid(a) == a, getpgid(b) == a, getpgid(d) == a);
  printf("signal to the group: %d\n", kill(-a, SIGTERM));
  int ended = 0;
  for (int i = 0; i < 3; i++) { waitpid(-a, &status, 0); ended += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM; }
  printf("all of it: %d\n", ended);
  outcome("the group is gone", kill(-a, 0));

  pid_t e = member(0);
  kill(e, SIGKILL);
  siginfo_t info;
  waitid(P_PID, e, &info, WEXITED | WNOWAIT);
  printf("a zombie's group: %d\n", getpgid(e) == e);
  pid_t f = fork();
  if (f == 0) { setpgid(0, e) == 0 ? _exit(1) : _exit(errno == EPERM ? 2 : 0); }
  waitpid(f, &status, 0);
  printf("a group may be joined while its zombie is there: %d\n", WEXITSTATUS(status));
  waitpid(e, NULL, 0);
  outcome("no such group", setpgid(0, e));
  outcome("no such process", setpgid(e, 0));
  outcome("a bad group", setpgid(0, -1));
  outcome("getpgid of nobody", getpgid(e));

  pid_t g = fork();
  if (g == 0) {
    pid_t session = setsid();
    printf("setsid: %d %d %d\n", session == getpid(), getpgrp() == session, getsid(0) == session);
    outcome("a leader can't again", setsid());
    outcome("and keeps its group", setpgid(0, 0));
    write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  read(ready[0], &c, 1);
  printf("another session: %d\n", getsid(g) == g && getsid(0) != g);
  outcome("its groups are none of mine", setpgid(g, getpgrp()));
  pid_t h = fork();
  if (h == 0) { _exit(setpgid(0, g) == -1 && errno == EPERM ? 1 : 0); }
  waitpid(h, &status, 0);
  printf("nor to join: %d\n", WEXITSTATUS(status));
  kill(g, SIGKILL);
  waitpid(g, NULL, 0);

  // A group of this process's own, so that a signal to all of it stays here.
  pid_t i = fork();
  if (i == 0) {
    setpgid(0, 0);
    signal(SIGUSR1, handler);
    pid_t j = fork();
    if (j == 0) { signal(SIGUSR1, SIG_DFL); write(ready[1], "x", 1); pause(); _exit(0); }
    read(ready[0], &c, 1);
    outcome("kill(0)", kill(0, SIGUSR1));
    printf("myself %d", got == SIGUSR1);
    waitpid(j, &status, 0);
    printf(", the other %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    printf("killpg: %d %d\n", killpg(getpgrp(), 0), kill(-getpgrp(), 0));
    _exit(0);
  }
  waitpid(i, NULL, 0);

  outcome("kill with a bad signal", kill(getpid(), 65));
  return 0;
}
