// A thousand children come and go, one after another and two hundred at a time
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char page[20 * 4096];

int main(void) {
  int status, sum = 0, wrong = 0;
  for (int i = 0; i < 800; i++) {
    page[i % sizeof page] = i;
    pid_t pid = fork();
    if (pid == 0) { page[(i * 4096) % sizeof page]++; _exit(i % 251); }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != i % 251) wrong++;
    sum += WEXITSTATUS(status);
  }
  printf("one after another: %d, wrong %d\n", sum, wrong);
  int pair[2];
  char c;
  pipe(pair);
  sum = 0;
  for (int i = 0; i < 200; i++) if (fork() == 0) { read(pair[0], &c, 1); page[i * 300] = c; _exit(page[i * 300] == 'g' ? i % 200 : 255); }
  for (int i = 0; i < 200; i++) write(pair[1], "g", 1);
  int count = 0;
  while (wait(&status) > 0) { count++; sum += WEXITSTATUS(status); }
  printf("at once: %d, %d\n", count, sum);
  return 0;
}
