// A terminal belongs to a session, and is for one of its process groups
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void tell(const char *what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
}

static volatile sig_atomic_t got[65];
static void handler(int signal) { got[signal]++; }
static void on(int signal, void (*handle)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = flags;
  sigaction(signal, &action, NULL);
}

/** From the background too. */
static void take_back(void) {
  signal(SIGTTOU, SIG_IGN);
  tcsetpgrp(0, getpgrp());
  signal(SIGTTOU, SIG_DFL);
}

/** Runs in a group of its own, in the background; tells how it stopped or ended. */
static void background(const char *what, int (*does)(void)) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    _exit(does());
  }
  setpgid(pid, pid);
  waitpid(pid, &status, WUNTRACED);
  if (!WIFSTOPPED(status)) {
    printf("%s: %s\n", what, WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) : "done");
    return;
  }
  printf("%s: stopped by %d", what, WSTOPSIG(status));
  // In the foreground it goes on.
  tcsetpgrp(0, pid);
  kill(-pid, SIGCONT);
  waitpid(pid, &status, WUNTRACED);
  take_back();
  if (WIFSTOPPED(status)) { printf(", and again\n"); kill(pid, SIGKILL); waitpid(pid, &status, 0); return; }
  printf(", then %s\n", WEXITSTATUS(status) ? strerror(WEXITSTATUS(status)) : "done");
}

static int errno_of(long result) { return result < 0 ? errno : 0; }
static char byte;
static int reads(void) { return errno_of(read(0, &byte, 1)); }
static int reads_handled(void) { on(SIGTTIN, handler, 0); return errno_of(read(0, &byte, 1)); }
static int reads_ignored(void) { signal(SIGTTIN, SIG_IGN); return errno_of(read(0, &byte, 1)); }
static int writes(void) { return errno_of(write(1, "in the background\n", 18) - 18); }
static int sets(void) { return errno_of(tcsetpgrp(0, getpgrp())); }
static int sets_ignored(void) { signal(SIGTTOU, SIG_IGN); return errno_of(tcsetpgrp(0, getpgrp())); }
static int changes(void) { struct termios t; tcgetattr(0, &t); return errno_of(tcsetattr(0, TCSADRAIN, &t)); }
static int opens(void) { return errno_of(open("/dev/tty", O_RDWR)); }
static int asks(void) { return tcgetpgrp(0) == getppid() ? 0 : errno; }
int main(void) {
  int status;
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("leads its session: %d, has a terminal: %d\n", getsid(0) == getpid(), isatty(0) && isatty(1));
  printf("which is for it: %d, and its session's: %d\n", tcgetpgrp(0) == getpgrp(), tcgetsid(0) == getsid(0));
  int tty = open("/dev/tty", O_RDWR);
  printf("by its name: %d\n", tty >= 0 && isatty(tty) && tcgetpgrp(tty) == getpgrp());
  close(tty);
  FILE *stat = fopen("/proc/self/stat", "r");
  int number, foreground;
  fscanf(stat, "%*d %*s %*c %*d %*d %*d %d %d", &number, &foreground);
  fclose(stat);
  printf("in /proc: %d %d\n", number != 0, foreground == getpgrp());
  tell("it has it already", ioctl(0, TIOCSCTTY, 0));
  tell("for nobody", tcsetpgrp(0, 29999));
  tell("for a bad group", tcsetpgrp(0, -1));

  background("asking", asks);
  background("opening", opens);
  background("writing", writes);
  background("reading with a handler", reads_handled);
  background("reading deaf", reads_ignored);
  background("taking it deaf", sets_ignored);
  take_back();
  pid_t pid = fork();
  if (pid == 0) { setpgid(0, 0); _exit(reads()); }
  setpgid(pid, pid);
  waitpid(pid, &status, WUNTRACED);
  printf("reading: stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
  kill(pid, SIGCONT);
  waitpid(pid, &status, WUNTRACED);
  printf("continued in the background: stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  background("taking it", sets);
  background("changing it", changes);

  // Nobody could continue a group whose connection has ended.
  int report[2], error = -1;
  pipe(report);
  pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    pid_t parent = getpid();
    if (fork() == 0) {
      while (getppid() == parent) usleep(1000);
      error = reads();
      write(report[1], &error, sizeof error);
    }
    _exit(0);
  }
  waitpid(pid, &status, 0);
  read(report[0], &error, sizeof error);
  printf("reading in an orphaned group: %s\n", strerror(error));

  // A session of its own has none.
  if (fork() == 0) {
    setsid();
    tell("another session: opening", open("/dev/tty", O_RDWR));
    tell("asking", tcgetpgrp(0));
    tell("its session", tcgetsid(0));
    tell("taking it", tcsetpgrp(0, getpgrp()));
    tell("making it its own", ioctl(0, TIOCSCTTY, 0));
    tell("giving it up", ioctl(0, TIOCNOTTY));
    _exit(0);
  }
  wait(&status);
  // A process that gives it up is alone in that.
  if (fork() == 0) {
    tell("a process gives it up", ioctl(0, TIOCNOTTY));
    tell("then opening", open("/dev/tty", O_RDWR));
    _exit(0);
  }
  wait(&status);
  printf("others still have it: %d\n", tcgetpgrp(0) == getpgrp());

  // For all of the session: who is in the foreground is hung up.
  on(SIGHUP, handler, 0);
  on(SIGCONT, handler, 0);
  tell("the leader gives it up", ioctl(0, TIOCNOTTY));
  printf("hung up %d, continued %d\n", got[SIGHUP], got[SIGCONT]);
  tell("then opening", open("/dev/tty", O_RDWR));
  if (fork() == 0) {
    tell("no leader of a session", ioctl(0, TIOCSCTTY, 0));
    setsid();
    tell("a leader", ioctl(0, TIOCSCTTY, 0));
    printf("it is for it: %d\n", tcgetpgrp(0) == getpgrp() && tcgetsid(0) == getpid());
    _exit(0);
  }
  wait(&status);
  return 0;
}
