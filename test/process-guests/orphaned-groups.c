// A process group that nobody can continue any more is hung up and continued when it has stopped, and does not stop itself
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int report[2];
static volatile sig_atomic_t hung, continued;

static void handler(int signal) {
  if (signal == SIGHUP) hung++;
  else continued++;
}

static void say(char c) { write(report[1], &c, 1); }
static char heard(void) { char c = '-'; read(report[0], &c, 1); return c; }

/** Stops, and says what made it go on. */
static void stops(void) {
  signal(SIGHUP, handler);
  signal(SIGCONT, handler);
  raise(SIGSTOP);
  say(hung && continued ? 'b' : hung ? 'h' : continued ? 'c' : 'n');
  _exit(0);
}

int main(void) {
  int status;
  setvbuf(stdout, NULL, _IONBF, 0);
  pipe(report);

  // The only one with a parent outside of the group ends: who is stopped in it is told.
  pid_t leader = fork();
  if (leader == 0) {
    setpgid(0, 0);
    pid_t member = fork();
    if (member == 0) stops();
    waitpid(member, &status, WUNTRACED);
    _exit(0);
  }
  waitpid(leader, &status, 0);
  printf("its leader ended: %c\n", heard());

  // A job whose shell ends: the group's connection was that parent.
  pid_t shell = fork();
  if (shell == 0) {
    setpgid(0, 0);
    pid_t job = fork();
    if (job == 0) {
      setpgid(0, 0);
      stops();
    }
    setpgid(job, job);
    waitpid(job, &status, WUNTRACED);
    _exit(0);
  }
  waitpid(shell, &status, 0);
  printf("its parent ended: %c\n", heard());

  // Killed by SIGHUP when nothing is done about it.
  leader = fork();
  if (leader == 0) {
    setpgid(0, 0);
    pid_t member = fork();
    if (member == 0) {
      close(report[0]);
      raise(SIGSTOP);
      say('!');
      _exit(0);
    }
    close(report[1]);
    waitpid(member, &status, WUNTRACED);
    _exit(0);
  }
  close(report[1]);
  waitpid(leader, &status, 0);
  printf("without a handler: %c\n", heard());
  close(report[0]);
  pipe(report);

  // None is stopped: nobody is told.
  int go[2];
  pipe(go);
  leader = fork();
  if (leader == 0) {
    setpgid(0, 0);
    if (fork() == 0) {
      char c;
      signal(SIGHUP, handler);
      signal(SIGCONT, handler);
      say('r');
      ssize_t n = read(go[0], &c, 1);
      say(hung || continued || n < 0 ? 'y' : 'n');
      _exit(0);
    }
    heard();
    _exit(0);
  }
  waitpid(leader, &status, 0);
  write(go[1], "x", 1);
  printf("none of it stopped: %c\n", heard());

  // Another connection is left: the group is no orphan, and its member stays as it is.
  pid_t first = fork();
  if (first == 0) {
    setpgid(0, 0);
    say('r');
    pid_t member = fork();
    if (member == 0) stops();
    waitpid(member, &status, WUNTRACED);
    write(report[1], &member, sizeof member);
    char c;
    read(go[0], &c, 1);
    _exit(0);
  }
  heard();
  pid_t second = fork(), member;
  if (second == 0) { setpgid(0, first); pause(); }
  setpgid(second, first);
  read(report[0], &member, sizeof member);
  write(go[1], "x", 1);
  waitpid(first, &status, 0);
  usleep(20000);
  kill(member, SIGCONT);
  printf("another connection is left: %c\n", heard());
  kill(second, SIGKILL);
  waitpid(second, &status, 0);

  // In an orphaned group the signals of the terminal stop nobody; SIGSTOP does.
  leader = fork();
  if (leader == 0) {
    setsid();
    pid_t member = fork();
    if (member == 0) {
      raise(SIGTSTP);
      raise(SIGTTIN);
      raise(SIGTTOU);
      say('o');
      raise(SIGSTOP);
      say('c');
      _exit(0);
    }
    waitpid(member, &status, WUNTRACED);
    say(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP ? 's' : '?');
    kill(member, SIGCONT);
    waitpid(member, &status, 0);
    _exit(0);
  }
  waitpid(leader, &status, 0);
  printf("signals of the terminal: ");
  for (int i = 0; i < 3; i++) printf("%c", heard());
  printf("\n");
  return 0;
}
