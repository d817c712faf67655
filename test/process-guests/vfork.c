// A child of vfork runs in its parent's memory until it ends or becomes another program
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int shared = 1, order;

int main(int argc, char **argv) {
  if (argc > 1) { printf("the program, %s\n", argv[1]); return 6; }
  setvbuf(stdout, NULL, _IONBF, 0);
  int status;
  pid_t pid = vfork();
  if (pid == 0) {
    shared = 2;
    struct timespec t = {0, 20000000};
    nanosleep(&t, NULL);
    order = 1;
    _exit(3);
  }
  printf("the parent waited: %d, sees %d\n", order, shared);
  waitpid(pid, &status, 0);
  printf("status %d\n", WEXITSTATUS(status));
  volatile int error = 0;
  pid = vfork();
  if (pid == 0) { execl("./nothing", "x", NULL); error = errno; _exit(127); }
  waitpid(pid, &status, 0);
  printf("failed exec told through memory: %d, status %d\n", error == ENOENT, WEXITSTATUS(status));
  pid = vfork();
  if (pid == 0) { shared = 3; execl(argv[0], "x", "run by vfork", NULL); _exit(1); }
  waitpid(pid, &status, 0);
  printf("it changed %d\n", shared);
  printf("status %d\n", WEXITSTATUS(status));
  pid = vfork();
  if (pid == 0) { close(0); dup2(1, 9); mkdir("below", 0755); chdir("below"); _exit(0); }
  waitpid(pid, &status, 0);
  printf("descriptors and folder stay apart: %d %d %d\n", fcntl(0, F_GETFD), fcntl(9, F_GETFD), rmdir("below"));
  char *volatile block = NULL;
  pid = vfork();
  if (pid == 0) { block = malloc(100000); memset(block, 7, 100000); _exit(0); }
  waitpid(pid, &status, 0);
  printf("memory that the child took: %d\n", block[99999]);
  pid = vfork();
  if (pid == 0) { raise(9); _exit(0); }
  waitpid(pid, &status, 0);
  printf("a killed child lets go: %d\n", WTERMSIG(status));
  return 0;
}
