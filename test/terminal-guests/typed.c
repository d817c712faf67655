// What is typed reaches the job in the foreground
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  int status;
  pid_t job = fork();
  if (job == 0) {
    setpgid(0, 0);
    sleep(1000);
    _exit(1);
  }
  setpgid(job, job);
  tcsetpgrp(0, job);
  waitpid(job, &status, 0);
  printf("the job: ended by %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  return 0;
}
