// Locks of open files, flock and F_OFD_SETLK, are shared by those that share the open file
#define _GNU_SOURCE
#include "outcome.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static struct flock range(int type, long start, long length) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static void tell(const char *what, int fd, int command, int type, long start, long length) {
  struct flock l = range(type, start, length);
  outcome(what, fcntl(fd, command, &l));
}

static void ask(const char *what, int fd, int command, int type, long start, long length) {
  struct flock l = range(type, start, length);
  int result = fcntl(fd, command, &l);
  if (result < 0) { outcome(what, result); return; }
  printf("%s: type %d start %ld length %ld process %s\n", what, l.l_type, (long)l.l_start, (long)l.l_len,
         l.l_pid == -1 ? "none" : l.l_pid == getpid() ? "I" : "another");
}

static void tick(int signal) {}
static void arm(void) {
  struct sigaction action = {.sa_handler = tick};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  int status;
  int fd = open("file", O_CREAT | O_RDWR, 0644);
  int other = open("file", O_RDWR);

  outcome("flock", flock(fd, LOCK_EX));
  outcome("again", flock(fd, LOCK_EX | LOCK_NB));
  outcome("by a duplicate", flock(dup(fd), LOCK_EX | LOCK_NB));
  outcome("opened anew", flock(other, LOCK_EX | LOCK_NB));
  outcome("to share", flock(fd, LOCK_SH));
  outcome("opened anew, to share", flock(other, LOCK_SH | LOCK_NB));
  outcome("both share, neither alone", flock(fd, LOCK_EX | LOCK_NB));
  outcome("what was to become another is gone", flock(other, LOCK_EX | LOCK_NB));
  outcome("unlocked", flock(other, LOCK_UN));
  outcome("an operation there is not", flock(fd, 0));
  outcome("two at once", flock(fd, LOCK_SH | LOCK_EX));
  outcome("a closed one", flock(99, LOCK_SH));
  outcome("only a path", flock(open("file", O_PATH), LOCK_SH));
  int reading = open("file", O_RDONLY);
  outcome("what can only be read", flock(reading, LOCK_EX | LOCK_NB));
  close(reading);

  flock(fd, LOCK_EX);
  pid_t pid = fork();
  if (pid == 0) { close(other); pause_ms(40); flock(fd, LOCK_UN); _exit(0); }
  outcome("waits until the child unlocks what is shared", flock(other, LOCK_EX));
  waitpid(pid, NULL, 0);
  arm();
  outcome("interrupted", flock(fd, LOCK_SH));
  pid = fork();
  if (pid == 0) { pause_ms(30); _exit(0); }
  close(other);
  // The child has the other open still, and so its lock.
  outcome("not yet closed by all", flock(fd, LOCK_EX | LOCK_NB));
  outcome("closed by all", flock(fd, LOCK_EX));
  waitpid(pid, NULL, 0);
  flock(fd, LOCK_UN);

  // Record locks of open files.
  other = open("file", O_RDWR);
  tell("of the open file", fd, F_OFD_SETLK, F_WRLCK, 0, 10);
  tell("of another open file", other, F_OFD_SETLK, F_WRLCK, 5, 1);
  tell("of the process", fd, F_SETLK, F_WRLCK, 5, 1);
  tell("beside it", other, F_OFD_SETLK, F_RDLCK, 10, 5);
  ask("whose is it", other, F_OFD_GETLK, F_RDLCK, 0, 0);
  ask("asked by the process", fd, F_GETLK, F_WRLCK, 3, 1);
  ask("what is in the way of the first", fd, F_OFD_GETLK, F_WRLCK, 0, 0);
  close(open("file", O_RDONLY));
  tell("others can be closed", other, F_OFD_SETLK, F_WRLCK, 5, 1);
  pid = fork();
  if (pid == 0) { tell("a child has it too", fd, F_OFD_SETLK, F_UNLCK, 0, 5); _exit(0); }
  waitpid(pid, NULL, 0);
  tell("and can give a part of it up", other, F_OFD_SETLK, F_WRLCK, 0, 5);
  struct flock wrong = range(F_WRLCK, 0, 1);
  wrong.l_pid = 1;
  outcome("with a process", fcntl(fd, F_OFD_SETLK, &wrong));
  pid = fork();
  if (pid == 0) { close(other); pause_ms(40); tell("unlocked", fd, F_OFD_SETLK, F_UNLCK, 0, 0); _exit(0); }
  tell("waited for", other, F_OFD_SETLKW, F_WRLCK, 5, 5);
  waitpid(pid, NULL, 0);
  arm();
  tell("interrupted", fd, F_OFD_SETLKW, F_WRLCK, 5, 1);
  tell("of the process, beyond", fd, F_SETLK, F_WRLCK, 20, 1);
  ask("of the process, asked by an open file", other, F_OFD_GETLK, F_WRLCK, 20, 1);
  close(other);
  tell("closed", fd, F_OFD_SETLK, F_WRLCK, 0, 20);

  // What is locked in one way is not in the other.
  other = open("file", O_RDWR);
  outcome("flock beside", flock(other, LOCK_EX | LOCK_NB));
  // Names do not matter, files do.
  rename("file", "moved");
  int moved = open("moved", O_RDWR);
  outcome("moved", flock(moved, LOCK_EX | LOCK_NB));
  unlink("moved");
  outcome("without a name", flock(moved, LOCK_EX | LOCK_NB));
  int again = open("moved", O_CREAT | O_RDWR, 0600);
  outcome("another of the same name", flock(again, LOCK_EX | LOCK_NB));
  unlink("moved");
  int ends[2];
  pipe(ends);
  outcome("a pipe", flock(ends[0], LOCK_EX | LOCK_NB));
  outcome("its other end", flock(ends[1], LOCK_EX | LOCK_NB));
  return 0;
}
