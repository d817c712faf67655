// Record locks keep other processes out of ranges, which split and join, until they are given up
#define _GNU_SOURCE
#include "outcome.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int fd;
static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static int lock_at(int command, int type, int whence, long start, long length) {
  struct flock l = {.l_type = type, .l_whence = whence, .l_start = start, .l_len = length};
  return fcntl(fd, command, &l) == 0 ? 0 : errno;
}
static int lock(int command, int type, long start, long length) { return lock_at(command, type, SEEK_SET, start, length); }

static const char *name(int error) {
  return error == 0 ? "locked" : error == EAGAIN ? "refused" : strerror(error);
}

// What others may do with the first twelve bytes: '.' anything, 'r' read, 'w' nothing.
static void map(const char *what) {
  fflush(stdout);
  if (fork() == 0) {
    char seen[13] = "............";
    for (int i = 0; i < 12; i++) {
      struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};
      fcntl(fd, F_GETLK, &l);
      if (l.l_type == F_WRLCK) { seen[i] = 'w'; continue; }
      l.l_type = F_WRLCK;
      fcntl(fd, F_GETLK, &l);
      if (l.l_type == F_RDLCK) seen[i] = 'r';
    }
    printf("%-28s %s\n", what, seen);
    exit(0);
  }
  wait(NULL);
}

static const char *child_tries(int type, long start, long length) {
  int status;
  pid_t pid = fork();
  if (pid == 0) _exit(lock(F_SETLK, type, start, length));
  waitpid(pid, &status, 0);
  return name(WEXITSTATUS(status));
}

static void first_lock(const char *what, int type, long start, long length) {
  fflush(stdout);
  pid_t parent = getpid();
  if (fork() == 0) {
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length, .l_pid = 77};
    int result = fcntl(fd, F_GETLK, &l);
    printf("%s: %d type %d whence %d start %ld length %ld ", what, result, l.l_type, l.l_whence, (long)l.l_start, (long)l.l_len);
    printf("%s\n", l.l_pid == parent ? "the parent's" : l.l_pid == 77 ? "nobody's" : "somebody's");
    exit(0);
  }
  wait(NULL);
}

static int ticks;
static void tick(int signal) { ticks++; }
static void arm(int flags) {
  struct sigaction action = {.sa_handler = tick, .sa_flags = flags};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (argc > 1) { write(atoi(argv[1]), "x", 1); pause_ms(40); return 0; }
  fd = open("file", O_CREAT | O_RDWR, 0644);
  write(fd, "0123456789", 10);

  lock(F_SETLK, F_WRLCK, 2, 4);
  map("a write lock");
  lock(F_SETLK, F_RDLCK, 3, 2);
  map("its middle for reading");
  lock(F_SETLK, F_UNLCK, 4, 1);
  map("a byte unlocked");
  lock(F_SETLK, F_WRLCK, 0, 2);
  map("joined in front");
  lock(F_SETLK, F_RDLCK, 4, 8);
  map("joined over the rest");
  first_lock("all of it", F_WRLCK, 0, 0);
  first_lock("for reading, from the middle", F_RDLCK, 3, 0);
  first_lock("the last part", F_WRLCK, 3, 1);
  lock(F_SETLK, F_WRLCK, 0, 0);
  first_lock("one lock without an end", F_WRLCK, 5, 1);
  lock(F_SETLK, F_UNLCK, 5, 0);
  map("cut off");
  lseek(fd, 4, SEEK_SET);
  lock_at(F_SETLK, F_UNLCK, SEEK_CUR, -2, 1);
  map("from the position");
  lock_at(F_SETLK, F_WRLCK, SEEK_END, -1, 1);
  map("from the end");
  lock_at(F_SETLK, F_RDLCK, SEEK_SET, 9, -2);
  map("a length below zero");
  first_lock("nothing in the way", F_RDLCK, 100, 5);

  printf("beyond the end of numbers: %s\n", name(lock(F_SETLK, F_WRLCK, 0x7fffffffffffffffL, 2)));
  printf("the last byte: %s\n", name(lock(F_SETLK, F_WRLCK, 0x7fffffffffffffffL, 1)));
  printf("before the first: %s\n", name(lock(F_SETLK, F_WRLCK, -1, 1)));
  printf("back before the first: %s\n", name(lock(F_SETLK, F_WRLCK, 3, -4)));
  printf("a type there is not: %s\n", name(lock(F_SETLK, 7, 0, 1)));
  printf("an origin there is not: %s\n", name(lock_at(F_SETLK, F_WRLCK, 5, 0, 1)));
  printf("whether it is unlocked: %s\n", name(lock(F_GETLK, F_UNLCK, 0, 1)));
  int kept = fd;
  fd = open("/dev/null", O_RDONLY);
  printf("to write what is read: %s\n", name(lock(F_SETLK, F_WRLCK, 0, 1)));
  fd = open("/dev/null", O_WRONLY);
  printf("to read what is written: %s\n", name(lock(F_SETLK, F_RDLCK, 0, 1)));
  fd = kept;

  // Who ends, or closes any descriptor of the file, gives its locks up.
  lock(F_SETLK, F_UNLCK, 0, 0);
  lock(F_SETLK, F_WRLCK, 0, 3);
  printf("held: %s\n", child_tries(F_RDLCK, 0, 1));
  close(open("file", O_RDONLY));
  printf("any descriptor closed: %s\n", child_tries(F_WRLCK, 0, 1));
  lock(F_SETLK, F_WRLCK, 0, 3);
  close(dup(fd));
  printf("a duplicate closed: %s\n", child_tries(F_WRLCK, 0, 1));
  lock(F_SETLK, F_WRLCK, 0, 3);
  close(open("file", O_PATH));
  printf("only a path closed: %s\n", child_tries(F_WRLCK, 0, 1));

  int ready[2], status;
  char c;
  pipe(ready);
  lock(F_SETLK, F_UNLCK, 0, 0);
  pid_t pid = fork();
  if (pid == 0) { lock(F_SETLK, F_WRLCK, 0, 0); write(ready[1], "x", 1); pause_ms(50); write(ready[1], "y", 1); _exit(0); }
  read(ready[0], &c, 1);
  printf("held by the child: %s\n", name(lock(F_SETLK, F_WRLCK, 0, 0)));
  printf("waited for: %s", name(lock(F_SETLKW, F_WRLCK, 0, 0)));
  fcntl(ready[0], F_SETFL, O_NONBLOCK);
  printf(", after what came before: %d\n", read(ready[0], &c, 1) == 1 && c == 'y');
  fcntl(ready[0], F_SETFL, 0);
  waitpid(pid, NULL, 0);

  // Readers come in when a writer becomes one.
  pid = fork();
  if (pid == 0) _exit(lock(F_SETLKW, F_RDLCK, 5, 1));
  pause_ms(20);
  lock(F_SETLK, F_RDLCK, 0, 0);
  waitpid(pid, &status, 0);
  printf("a reader beside a reader: %s\n", name(WEXITSTATUS(status)));
  lock(F_SETLK, F_UNLCK, 0, 0);

  // A circle of two, and of three.
  lock(F_SETLK, F_WRLCK, 0, 1);
  pid = fork();
  if (pid == 0) {
    lock(F_SETLK, F_WRLCK, 1, 1);
    write(ready[1], "x", 1);
    _exit(lock(F_SETLKW, F_WRLCK, 0, 1));
  }
  read(ready[0], &c, 1);
  pause_ms(30);
  printf("a circle of waits: %s\n", name(lock(F_SETLKW, F_WRLCK, 1, 1)));
  lock(F_SETLK, F_UNLCK, 0, 0);
  waitpid(pid, &status, 0);
  printf("the other went on: %s\n", name(WEXITSTATUS(status)));
  lock(F_SETLK, F_WRLCK, 0, 1);
  pid_t others[2];
  for (int i = 1; i <= 2; i++) {
    others[i - 1] = fork();
    if (others[i - 1] == 0) {
      lock(F_SETLK, F_WRLCK, i, 1);
      write(ready[1], "x", 1);
      _exit(lock(F_SETLKW, F_WRLCK, i - 1, 1));
    }
    read(ready[0], &c, 1);
    pause_ms(20);
  }
  printf("a circle of three: %s\n", name(lock(F_SETLKW, F_RDLCK, 2, 1)));
  printf("at its end no circle: %s\n", name(lock(F_SETLK, F_RDLCK, 2, 1)));
  lock(F_SETLK, F_UNLCK, 0, 0);
  for (int i = 0; i < 2; i++) { waitpid(others[i], &status, 0); printf("%s\n", name(WEXITSTATUS(status))); }

  // Signals end a wait, or interrupt it.
  pid = fork();
  if (pid == 0) { lock(F_SETLK, F_WRLCK, 0, 0); write(ready[1], "x", 1); pause_ms(60); _exit(0); }
  read(ready[0], &c, 1);
  arm(0);
  int error = lock(F_SETLKW, F_WRLCK, 0, 1);
  printf("interrupted: %s, %d\n", name(error), ticks);
  arm(SA_RESTART);
  error = lock(F_SETLKW, F_WRLCK, 0, 1);
  printf("begun anew: %s, %d\n", name(error), ticks);
  waitpid(pid, NULL, 0);
  pid = fork();
  if (pid == 0) _exit(lock(F_SETLKW, F_WRLCK, 0, 0));
  pause_ms(10);
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  printf("killed while it waited: %d\n", WIFSIGNALED(status));

  // A program that is put in the place of another keeps its locks; a child has none.
  lock(F_SETLK, F_UNLCK, 0, 0);
  pid = fork();
  if (pid == 0) {
    lock(F_SETLK, F_WRLCK, 0, 1);
    char number[10];
    sprintf(number, "%d", ready[1]);
    execl("record-locks", "record-locks", number, NULL);
  }
  read(ready[0], &c, 1);
  printf("held by another program: %s\n", name(lock(F_SETLK, F_WRLCK, 0, 1)));
  waitpid(pid, &status, 0);
  printf("which ended: %s\n", name(lock(F_SETLK, F_WRLCK, 0, 1)));
  unlink("file");
  return 0;
}
