// FIFOs have a name, and opening one waits for somebody at the other end
#define _GNU_SOURCE
#include "outcome.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 17];

static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static void tell_poll(const char *what, int fd, int timeout) {
  struct pollfd one = {fd, POLLIN | POLLOUT};
  int ready = poll(&one, 1, timeout);
  printf("%s: %d%s%s%s%s\n", what, ready, one.revents & POLLIN ? " in" : "", one.revents & POLLOUT ? " out" : "",
         one.revents & POLLHUP ? " hung up" : "", one.revents & POLLERR ? " error" : "");
}

static pid_t child(int (*action)(void)) {
  pid_t pid = fork();
  if (pid == 0) _exit(action());
  return pid;
}
static int ended(pid_t pid) { int status; waitpid(pid, &status, 0); return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

static int says(void) { pause_ms(30); int fd = open("fifo", O_WRONLY); write(fd, "hello", 5); close(fd); return 3; }
static int hears(void) { pause_ms(30); int fd = open("fifo", O_RDONLY); char t[100]; int n = 0, k; while ((k = read(fd, t + n, 100 - n)) > 0) n += k; return n; }
static int looks_in(void) { pause_ms(30); close(open("fifo", O_RDONLY | O_NONBLOCK)); return 0; }
static int waits_to_read(void) { return open("fifo", O_RDONLY); }
static int waits_to_write(void) { signal(SIGPIPE, SIG_IGN); int fd = open("fifo", O_WRONLY); return write(fd, "x", 1) == 1 ? 1 : errno; }

static int ticks;
static void tick(int signal) { ticks++; }
static void arm(int flags) {
  struct sigaction action = {.sa_handler = tick, .sa_flags = flags};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void opening(void) {
  outcome("to write, nobody reads", open("fifo", O_WRONLY | O_NONBLOCK));
  pid_t pid = child(says);
  int fd = open("fifo", O_RDONLY);
  char text[100] = "";
  printf("waits to read: %zd %s\n", read(fd, text, 100), text);
  printf("%zd at the end, %d\n", read(fd, text, 100), ended(pid));
  close(fd);
  pid = child(hears);
  fd = open("fifo", O_WRONLY);
  write(fd, "seventeen letters", 17);
  close(fd);
  printf("waits to write: %d\n", ended(pid));
  // Who has come has come, even if he is gone by then.
  pid = child(looks_in);
  fd = open("fifo", O_WRONLY);
  printf("somebody looked in\n");
  signal(SIGPIPE, SIG_IGN);
  outcome("and went", write(fd, "x", 1));
  ended(pid);
  close(fd);

  fd = open("fifo", O_RDONLY | O_NONBLOCK);
  printf("to read at once: %zd\n", read(fd, text, 100));
  tell_poll("nobody came yet", fd, 0);
  int out = open("fifo", O_WRONLY);
  outcome("somebody has it open", read(fd, text, 100));
  tell_poll("to write", out, 0);
  write(out, "abc", 3);
  tell_poll("to read", fd, 0);
  close(out);
  tell_poll("to read, and left", fd, 0);
  printf("%zd, ", read(fd, text, 100));
  printf("%zd\n", read(fd, text, 100));
  tell_poll("left", fd, 0);
  out = open("fifo", O_WRONLY | O_NONBLOCK);
  tell_poll("another came", fd, 0);
  close(fd);
  tell_poll("and nobody reads", out, 0);
  close(out);
  fd = open("fifo", O_RDWR);
  write(fd, "me", 2);
  printf("both ends at once: %zd\n", read(fd, text, 100));
  tell_poll("both ends", fd, 0);
  close(fd);
  // Nothing is left of what nobody has read.
  fd = open("fifo", O_RDWR);
  write(fd, "lost", 4);
  close(fd);
  fd = open("fifo", O_RDONLY | O_NONBLOCK);
  printf("opened anew: %zd\n", read(fd, text, 100));
  close(fd);
}

static void waiting(void) {
  char text[10];
  arm(0);
  outcome("interrupted, to read", open("fifo", O_RDONLY));
  arm(0);
  outcome("interrupted, to write", open("fifo", O_WRONLY));
  outcome("nobody is left behind", open("fifo", O_WRONLY | O_NONBLOCK));
  pid_t pid = child(says);
  ticks = 0;
  arm(SA_RESTART);
  int fd = open("fifo", O_RDONLY);
  printf("begun anew: %d tick, %zd\n", ticks, read(fd, text, 10));
  close(fd);
  ended(pid);
  pid = child(waits_to_read);
  pause_ms(20);
  int out = open("fifo", O_WRONLY | O_NONBLOCK);
  printf("one that waits to read reads: %d\n", out >= 0);
  close(out);
  printf("it went on: %d\n", ended(pid) > 0);
  pid = child(waits_to_read);
  pause_ms(20);
  kill(pid, SIGKILL);
  printf("killed: %d\n", ended(pid));
  outcome("it does not read", open("fifo", O_WRONLY | O_NONBLOCK));
  // Several at each end.
  pid_t writers[3];
  for (int i = 0; i < 3; i++) writers[i] = child(waits_to_write);
  pause_ms(20);
  fd = open("fifo", O_RDONLY);
  int sum = 0;
  for (int i = 0; i < 3; i++) sum += ended(writers[i]);
  printf("three writers: %d, %zd bytes\n", sum, read(fd, text, 10));
  close(fd);
}

static void show(const char *path) {
  struct stat s;
  if (lstat(path, &s) < 0) { outcome(path, -1); return; }
  printf("%s: mode %o, %ld links, %ld bytes\n", path, s.st_mode, (long)s.st_nlink, (long)s.st_size);
}

static void list(const char *path) {
  struct dirent **names;
  int n = scandir(path, &names, NULL, alphasort);
  printf("%s:", path);
  for (int i = 0; i < n; i++) printf(" %s/%d", names[i]->d_name, names[i]->d_type);
  printf("\n");
}

static void names(void) {
  struct stat one, other;
  outcome("made again", mkfifo("fifo", 0600));
  show("fifo");
  list(".");
  int fd = open("fifo", O_RDWR);
  stat("fifo", &one);
  fstat(fd, &other);
  printf("the same file: %d, mode %o\n", one.st_dev == other.st_dev && one.st_ino == other.st_ino, other.st_mode);
  outcome("its mode by descriptor", fchmod(fd, 0640));
  show("fifo");
  outcome("its mode by name", chmod("fifo", 0604));
  show("fifo");
  outcome("lseek", lseek(fd, 0, SEEK_SET));
  outcome("pread", pread(fd, block, 1, 0));
  outcome("truncate", truncate("fifo", 0));
  outcome("ftruncate", ftruncate(fd, 0));
  outcome("for a directory", open("fifo", O_DIRECTORY));
  outcome("to be made", open("fifo", O_CREAT | O_EXCL | O_RDWR, 0600));
  outcome("made if need be", open("fifo", O_CREAT | O_RDWR, 0600));
  outcome("truncated", open("fifo", O_RDWR | O_TRUNC));
  mkdir("d", 0755);
  outcome("moved", rename("fifo", "d/moved"));
  outcome("gone from there", open("fifo", O_RDWR));
  outcome("not empty", rmdir("d"));
  list("d");
  outcome("the directory moved", rename("d", "e"));
  write(fd, "still", 5);
  int again = open("e/moved", O_RDONLY | O_NONBLOCK);
  printf("the same pipe: %zd\n", read(again, block, 10));
  close(open("file", O_CREAT | O_WRONLY, 0600));
  outcome("over a file", rename("e/moved", "file"));
  show("file");
  close(open("other", O_CREAT | O_WRONLY, 0600));
  outcome("a file over it", rename("other", "file"));
  show("file");
  list("e");
  outcome("empty now", rmdir("e"));
  write(fd, "on", 2);
  printf("without a name: %zd\n", read(again, block, 10));
  fstat(fd, &other);
  printf("%ld links\n", (long)other.st_nlink);
  unlink("file");
  mkfifo("fifo", 0666);
  outcome("another one", read(open("fifo", O_RDONLY | O_NONBLOCK), block, 10));
  outcome("removed", unlink("fifo"));
  show("fifo");
  umask(077);
  outcome("mknod", mknod("fifo", S_IFIFO | 0666, 0));
  show("fifo");
  umask(022);
  unlink("fifo");
  outcome("where nothing is", mkfifo("nowhere/fifo", 0600));
  outcome("with a slash", mkfifo("fifo/", 0600));
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  mkdir("work", 0700);
  chdir("work");
  outcome("made", mkfifo("fifo", 0666));
  opening();
  waiting();
  names();
  chdir("..");
  outcome("left empty", rmdir("work"));
  char made[] = "/tmp/pagewalk-fifos-XXXXXX";
  outcome("in /tmp", chdir(mkdtemp(made)));
  outcome("made", mkfifo("fifo", 0666));
  opening();
  waiting();
  names();
  chdir("/");
  outcome("left empty", rmdir(made));
  return 0;
}
