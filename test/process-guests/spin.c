// Endless loops can't keep the processor: others go on, stop them and end
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void tick(int signal) { (void)signal; write(1, "handled in a loop\n", 18); _exit(5); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  volatile unsigned long *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t loops[3];
  for (int i = 0; i < 3; i++) if ((loops[i] = fork()) == 0) for (;;) counts[i]++;
  pid_t other = fork();
  if (other == 0) { unsigned s = 0; for (unsigned i = 0; i < 300000; i++) s = s * 5 + i; _exit(s % 100); }
  int status;
  waitpid(other, &status, 0);
  printf("another ended: %d\n", WEXITSTATUS(status));
  struct timespec t = {0, 100000000};
  nanosleep(&t, NULL);
  printf("all of them ran: %d\n", counts[0] > 1000 && counts[1] > 1000 && counts[2] > 1000);
  kill(loops[0], SIGSTOP);
  waitpid(loops[0], &status, WUNTRACED);
  unsigned long before = counts[0];
  nanosleep(&t, NULL);
  printf("stopped: %d\n", counts[0] == before);
  kill(loops[0], SIGCONT);
  nanosleep(&t, NULL);
  nanosleep(&t, NULL);
  printf("continued: %d\n", counts[0] > before);
  for (int i = 0; i < 3; i++) kill(loops[i], SIGKILL);
  for (int i = 0; i < 3; i++) { waitpid(loops[i], &status, 0); printf("killed %d\n", WTERMSIG(status)); }
  pid_t handled = fork();
  if (handled == 0) { signal(SIGALRM, tick); struct itimerval timer = {{0, 0}, {0, 30000}}; setitimer(ITIMER_REAL, &timer, NULL); for (;;) counts[3]++; }
  waitpid(handled, &status, 0);
  printf("status %d\n", WEXITSTATUS(status));
  return 0;
}
