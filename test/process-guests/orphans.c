// A child whose parent ends gets another, and is nobody's to wait for here
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int report[2], go[2];
  pipe(report);
  pipe(go);
  setvbuf(stdout, NULL, _IONBF, 0);
  pid_t middle = fork();
  if (middle == 0) {
    if (fork() == 0) {
      pid_t parent = getppid();
      write(report[1], "r", 1);
      char c;
      read(go[0], &c, 1);
      int answer[2] = {parent != getppid(), kill(parent, 0) < 0};
      write(report[1], answer, sizeof answer);
      _exit(9);
    }
    char r;
    read(report[0], &r, 1);
    _exit(4);
  }
  int status, answer[2];
  waitpid(middle, &status, 0);
  printf("middle: %d\n", WEXITSTATUS(status));
  outcome("the orphan is no child of mine", waitpid(-1, &status, WNOHANG));
  write(go[1], "x", 1);
  read(report[0], answer, sizeof answer);
  printf("it has another parent: %d, and the old one is gone: %d\n", answer[0], answer[1]);

  return 0;
}
