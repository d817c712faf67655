// What a program does to memory that comes in pieces: touches any address, goes deep, forks.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char data[64 * 1024];

static uint64_t sum(const unsigned char *bytes, size_t count, uint64_t seed) {
  for (size_t i = 0; i < count; i++) seed = (seed ^ bytes[i]) * 0x100000001b3;
  return seed;
}

__attribute__((noinline)) static unsigned deep(int kilobytes) {
  volatile unsigned char frame[1024];
  memset((void *)frame, kilobytes, sizeof frame);
  unsigned below = kilobytes > 1 ? deep(kilobytes - 1) : 0;
  return below * 31 + frame[kilobytes % 1024];
}

// Each child writes its copy of the data in rounds, and what it has at last depends on nobody else.
static int children(int count, int rounds) {
  for (int child = 0; child < count; child++) {
    pid_t pid = fork();
    if (pid < 0) return perror("fork"), 1;
    if (pid > 0) continue;
    for (int round = 0; round < rounds; round++)
      for (size_t i = 0; i < sizeof data; i += 61) data[i] = data[i] * 5 + child + round;
    _exit(sum((unsigned char *)data, sizeof data, child) % 251);
  }
  int status, total = 0;
  while (wait(&status) > 0) total += WIFEXITED(status) ? WEXITSTATUS(status) : 100000;
  printf("%d children: %d\n", count, total);
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  long n = argc > 2 ? strtol(argv[2], 0, 0) : 0;
  memset(data, 7, sizeof data);
  if (!strcmp(what, "peek")) return printf("%d\n", *(volatile char *)n), 0;
  if (!strcmp(what, "deep")) return printf("%u\n", deep(n)), 0;
  if (!strcmp(what, "children")) return children(n, argc > 3 ? atoi(argv[3]) : 1);
  if (!strcmp(what, "fork")) return printf("%s\n", fork() < 0 ? strerror(errno) : "forked"), 0;
  return 2;
}
