// Processes that share pages after a fork: `forks SEED HOW`. HOW is fork, vfork or exec, with one at work at a time; or
// beside, with all of them at work at once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 24 };

// Of the file, of no file, and on the heap.
static char data[PAGES * PAGE] = {1};
static char zeros[PAGES * PAGE];
static char *areas[4] = {data, zeros};
static unsigned long state;

static unsigned below(unsigned n) {
  state = state * 6364136223846793005ul + 1442695040888963407ul;
  return (state >> 33) % n;
}

static unsigned touch(int times) {
  unsigned sum = 0;
  while (times-- > 0) {
    char *page = areas[below(4)] + below(PAGES) * PAGE;
    if (below(3) == 0) page[below(PAGE)]++;
    else sum += (unsigned char)page[below(PAGE)];
  }
  return sum;
}

static int child(char **argv, int depth, const char *how);

static void make(char **argv, int depth, const char *how) {
  pid_t pid = strcmp(how, "vfork") == 0 ? vfork() : fork();
  if (pid == 0) _exit(child(argv, depth, how));
  if (strcmp(how, "beside") == 0) return;
  int status;
  waitpid(pid, &status, 0);
  state += WEXITSTATUS(status);
}

static int child(char **argv, int depth, const char *how) {
  unsigned sum = touch(30 + below(60));
  // A child of vfork has its parent's stack to leave as it is.
  if (depth < 2 && strcmp(how, "vfork") != 0 && below(2) == 0) make(argv, depth + 1, how);
  if (strcmp(how, "exec") == 0) execl(argv[0], argv[0], "7", "none", NULL);
  return (sum + touch(20)) % 100;
}

int main(int argc, char **argv) {
  state = strtoul(argv[1], NULL, 0);
  areas[2] = malloc(PAGES * PAGE);
  areas[3] = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  touch(200);
  // What a child becomes takes a while, too.
  int rounds = strcmp(argv[2], "exec") == 0 ? 4 : strcmp(argv[2], "none") == 0 ? 3 : 12;
  for (int round = 0; round < rounds; round++) {
    if (strcmp(argv[2], "none") != 0) make(argv, 0, argv[2]);
    if (below(4) == 0) memset(areas[2] + below(PAGES) * PAGE, 5, PAGE);
    if (below(6) == 0) { munmap(areas[3], PAGES * PAGE / 2); areas[3] = areas[2]; }
    touch(60);
  }
  while (wait(NULL) > 0);
  printf("%u\n", touch(50) % 1000);
  return (int)(state >> 60);
}
