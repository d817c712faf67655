// wait4 and waitid find children by process and by group, with every option
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child(int seconds_or_status, int sleeps) {
  pid_t pid = fork();
  if (pid == 0) {
    if (sleeps) { sleep(seconds_or_status); _exit(0); }
    _exit(seconds_or_status);
  }
  return pid;
}

static void tell(const char *what, int status) {
  printf("%s:", what);
  if (WIFEXITED(status)) printf(" exited %d", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) printf(" killed %d", WTERMSIG(status));
  if (WIFSTOPPED(status)) printf(" stopped %d", WSTOPSIG(status));
  if (WIFCONTINUED(status)) printf(" continued");
  printf(" %x\n", status);
}

static void tellInfo(const char *what, int result, const siginfo_t *info, pid_t pid) {
  printf("%s: %d signal %d code %d status %d mine %d\n", what, result, info->si_signo, info->si_code, info->si_status,
         info->si_pid == pid);
}

static void pause_ms(int ms) {
  struct timespec t = {0, ms * 1000000};
  nanosleep(&t, NULL);
}

int main(void) {
  int status;
  errno = 0;
  outcome("no children", waitpid(-1, &status, 0));
  outcome("not a child", waitpid(getpid(), &status, WNOHANG));

  pid_t a = child(3, 0);
  printf("wait: %d\n", waitpid(a, &status, 0) == a);
  tell("exit 3", status);
  outcome("twice", waitpid(a, &status, 0));

  pid_t b = child(100, 1);
  printf("WNOHANG while it runs: %d\n", waitpid(b, &status, WNOHANG));
  kill(b, SIGSTOP);
  printf("WUNTRACED: %d\n", waitpid(b, &status, WUNTRACED) == b);
  tell("stop", status);
  printf("told once: %d\n", waitpid(b, &status, WUNTRACED | WNOHANG));
  kill(b, SIGCONT);
  printf("WCONTINUED: %d\n", waitpid(b, &status, WCONTINUED) == b);
  tell("continue", status);
  printf("told once: %d\n", waitpid(b, &status, WCONTINUED | WUNTRACED | WNOHANG));
  kill(b, SIGSTOP);
  pause_ms(20);
  printf("without WUNTRACED a stop is none: %d\n", waitpid(b, &status, WNOHANG));
  kill(b, SIGKILL);
  printf("killed while stopped: %d\n", waitpid(b, &status, 0) == b);
  tell("kill", status);

  siginfo_t info;
  pid_t c = child(5, 0);
  memset(&info, 0, sizeof info);
  tellInfo("WNOWAIT", waitid(P_PID, c, &info, WEXITED | WNOWAIT), &info, c);
  memset(&info, 0, sizeof info);
  tellInfo("again", waitid(P_PID, c, &info, WEXITED | WNOWAIT), &info, c);
  printf("a zombie takes signals: %d\n", kill(c, 0));
  memset(&info, 0, sizeof info);
  tellInfo("reaped", waitid(P_ALL, 0, &info, WEXITED), &info, c);
  outcome("gone", kill(c, 0));
  outcome("waitid without what to wait for", waitid(P_ALL, 0, &info, WNOHANG));
  outcome("waitid of nobody", waitid(P_ALL, 0, &info, WEXITED));

  pid_t d = child(100, 1);
  memset(&info, 0xff, sizeof info);
  printf("waitid, nothing yet: %d", waitid(P_PID, d, &info, WEXITED | WNOHANG));
  printf(" pid %d signal %d\n", info.si_pid, info.si_signo);
  kill(d, SIGSTOP);
  memset(&info, 0, sizeof info);
  tellInfo("stopped", waitid(P_PID, d, &info, WSTOPPED), &info, d);
  kill(d, SIGCONT);
  memset(&info, 0, sizeof info);
  tellInfo("continued", waitid(P_PID, d, &info, WCONTINUED), &info, d);
  kill(d, SIGTERM);
  memset(&info, 0, sizeof info);
  tellInfo("terminated", waitid(P_PID, d, &info, WEXITED), &info, d);

  pid_t e = fork();
  if (e == 0) { setpgid(0, 0); pause(); _exit(0); }
  setpgid(e, e);
  pid_t f = child(6, 0);
  printf("of my own group: %d\n", waitpid(0, &status, 0) == f);
  printf("of its group, nothing yet: %d\n", waitpid(-e, &status, WNOHANG));
  outcome("of my group nobody is left", waitpid(0, &status, 0));
  kill(-e, SIGHUP);
  printf("of its group: %d\n", waitpid(-e, &status, 0) == e);
  tell("hang up", status);
  outcome("bad options", waitpid(-1, &status, 0x1000));

  struct rusage usage;
  pid_t g = child(0, 0);
  memset(&usage, 0xff, sizeof usage);
  printf("wait4: %d\n", wait4(-1, NULL, 0, &usage) == g);
  printf("usage filled in: %d\n", usage.ru_utime.tv_sec == 0);

  // Any order of ends, each child once.
  pid_t many[20];
  int sum = 0, found = 0;
  for (int i = 0; i < 20; i++) many[i] = child(i, 0);
  for (int i = 0; i < 20; i++) {
    pid_t pid = wait(&status);
    for (int k = 0; k < 20; k++) if (many[k] == pid) { many[k] = 0; found++; sum += WEXITSTATUS(status) == k; }
  }
  printf("twenty: %d found, %d with their own status\n", found, sum);
  return 0;
}
