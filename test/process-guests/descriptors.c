// Descriptors are copied by fork, share their offset and flags, and close on exec if asked to
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int in_child(int (*action)(int), int fd) {
  int status;
  pid_t pid = fork();
  if (pid == 0) _exit(action(fd));
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

static int read_four(int fd) { char t[4]; return read(fd, t, 4); }
static int seek_ten(int fd) { return lseek(fd, 10, SEEK_SET); }
static int close_it(int fd) { return close(fd); }
static int nonblock(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK); }
static int closes_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC); }
static int pread_it(int fd) { char t[6]; return pread(fd, t, 6, 2) * 10 + (t[0] == 'c'); }
static int append(int fd) { return write(fd, "child", 5); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  int fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644);
  write(fd, "abcdefghijklmnopqrstuvwxyz", 26);
  lseek(fd, 0, SEEK_SET);
  outcome("child reads", in_child(read_four, fd));
  outcome("offset here", lseek(fd, 0, SEEK_CUR));
  outcome("child seeks", in_child(seek_ten, fd));
  outcome("offset here", lseek(fd, 0, SEEK_CUR));
  outcome("child preads", in_child(pread_it, fd));
  outcome("offset here", lseek(fd, 0, SEEK_CUR));
  int other = open("file", O_RDWR);
  outcome("opened anew", lseek(other, 0, SEEK_CUR));
  outcome("pwrite", pwrite(other, "XYZ", 3, 5));
  outcome("offset", lseek(other, 0, SEEK_CUR));
  char text[40] = {0};
  printf("pread %zd", pread(fd, text, 30, 3));
  printf(" %s\n", text);
  outcome("closed in the child", in_child(close_it, fd));
  outcome("here still", fcntl(fd, F_GETFD));
  in_child(nonblock, fd);
  printf("O_NONBLOCK is the file's: %d\n", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  in_child(closes_on_exec, fd);
  printf("FD_CLOEXEC is the descriptor's: %d\n", fcntl(fd, F_GETFD));
  int copy = dup(fd), high = fcntl(fd, F_DUPFD, 20), on = fcntl(fd, F_DUPFD_CLOEXEC, 20);
  printf("dup %d, F_DUPFD %d, F_DUPFD_CLOEXEC %d %d\n", copy == other + 1, high, on, fcntl(on, F_GETFD));
  outcome("dup2 to itself", dup2(fd, fd) - fd);
  outcome("of nothing", dup2(77, 5));
  outcome("dup3 to itself", dup3(fd, fd, 0));
  outcome("dup2 over another", dup2(fd, other) - other);
  printf("shares %d\n", lseek(other, 0, SEEK_CUR) == lseek(fd, 0, SEEK_CUR));
  close(copy);
  lseek(high, 20, SEEK_SET);
  printf("copies share: %ld\n", (long)lseek(fd, 0, SEEK_CUR));
  int ends = open("file", O_WRONLY | O_APPEND);
  in_child(append, ends);
  write(ends, "parent", 6);
  in_child(append, ends);
  memset(text, 0, sizeof text);
  pread(fd, text, 39, 20);
  printf("appended: %s\n", text);
  struct iovec parts[2] = {{"12", 2}, {"345", 3}};
  outcome("writev", writev(fd, parts, 2));
  outcome("at", lseek(fd, 0, SEEK_CUR));
  struct stat stat;
  unlink("file");
  fstat(fd, &stat);
  printf("without a name: %ld bytes, %d links\n", (long)stat.st_size, (int)stat.st_nlink);
  printf("still read by a child: %d\n", in_child(read_four, fd));

  struct rlimit limit = {24, 24};
  setrlimit(RLIMIT_NOFILE, &limit);
  int count = 0;
  while (dup(fd) >= 0) count++;
  outcome("limit", dup(fd));
  outcome("the highest", fcntl(23, F_GETFD));
  outcome("dup2 beyond", dup2(fd, 24));
  int pair[2];
  outcome("pipe", pipe(pair));
  close(23);
  outcome("with one free", pipe(pair));
  printf("it is free still: %d\n", dup(fd));
  return 0;
}
