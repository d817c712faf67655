// A process reaches nothing but what it has mapped, whoever else is in memory, and frames of others come back as zeros.
// With pieces of memory: what lies around mappings in one segment (an argument says how many there are) is its own, has
// an end, and holds nothing of others.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define PAGES 24

static sigjmp_buf back;
static volatile unsigned long where;
static struct { unsigned long from, to; } maps[64];
static int map_count;

static void caught(int number, siginfo_t *info, void *context) {
  where = (unsigned long)info->si_addr;
  siglongjmp(back, 1);
}

static void read_maps(void) {
  FILE *file = fopen("/proc/self/maps", "r");
  char line[256];
  for (map_count = 0; file && fgets(line, sizeof line, file); map_count++)
    sscanf(line, "%lx-%lx", &maps[map_count].from, &maps[map_count].to);
  fclose(file);
}

/** Bytes that one piece of memory can have at most; 0: pages. */
static unsigned long reach;

static int is_mapped(unsigned long address) {
  for (int i = 0; reach && i < map_count; i++)
    if (address / reach == maps[i].from / reach) return 1;
  if (reach) return 0;
  for (int i = 0; i < map_count; i++)
    if (address >= maps[i].from && address < maps[i].to) return 1;
  // A stack grows to where it is touched.
  return address >= maps[map_count - 2].from - (16UL << 20) && address < maps[map_count - 1].to;
}

static int probed, refused, misplaced, leaks;

static void probe(unsigned long address) {
  // The address that a signal tells is exact below 2^53.
  if (address >> 53 || is_mapped(address)) return;
  probed++;
  if (sigsetjmp(back, 1) == 0) {
    if (probed % 2) (void)*(volatile unsigned char *)address;
    else *(volatile unsigned char *)address = 1;
    leaks++;
  } else {
    refused++;
    if (where != address) misplaced++;
  }
}

static void probe_all(void) {
  // Borders of tables, segments and whole spaces of all formats.
  for (int bit = 12; bit < 56; bit++)
    for (long around = -2; around <= 2; around++) probe((1UL << bit) + around * (long)PAGE + 8);
  for (int segment = 1; segment < 4; segment++) probe(((unsigned long)segment << 30) + 64);
  // What others have where this one has something, elsewhere, and anywhere.
  for (int i = 0; i < map_count; i++) {
    probe(maps[i].to + 16);
    probe(maps[i].from - 16);
    probe(maps[i].from ^ (1UL << 32));
    probe(maps[i].from ^ (1UL << 31));
    probe(maps[i].from + (1UL << 22));
  }
  unsigned long random = 12345;
  for (int i = 0; i < 150; i++) {
    random = random * 6364136223846793005UL + 1442695040888963407UL;
    probe((random >> 33) << (i % 2 ? 1 : 13));
  }
}

/** Words behind each mapping, up to the end of its piece, that another process has written; -1: there is no end. */
static int behind(unsigned long pattern) {
  int found = 0;
  for (int i = 0; i < map_count; i++) {
    volatile unsigned long at = maps[i].to;
    if (sigsetjmp(back, 1)) continue;
    for (; i + 1 == map_count || at < maps[i + 1].from; at += 64) {
      if (at - maps[i].to > (64UL << 20)) return -1;
      found += *(volatile unsigned long *)at == pattern;
    }
  }
  return found;
}

/** Pages full of a pattern; how many bytes of fresh ones are not zero. */
static int stain(unsigned char with) {
  unsigned char *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int stained = 0;
  for (unsigned long i = 0; i < PAGES * PAGE; i += 64) stained += pages[i] != 0;
  memset(pages, with, PAGES * PAGE);
  return stained;
}

int main(int argc, char **argv) {
  if (argc > 1) reach = (1UL << 32) / atol(argv[1]);
  struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
  sigaction(SIGSEGV, &action, NULL);
  int stained = stain(0xee);
  pid_t pid = fork();
  if (pid == 0) {
    // Of the child alone, at places that the parent does not have.
    stained = stain(0xdd);
    read_maps();
    probe_all();
    _exit(stained > 0 | (leaks > 0) << 1 | (misplaced > 0) << 2 | (refused != probed) << 3 | (probed < 50) << 4);
  }
  int status;
  waitpid(pid, &status, 0);
  // The frames that the child had.
  stained += stain(0xcc);
  read_maps();
  probe_all();
  if (reach) printf("behind: %d\n", behind(0xddddddddddddddddUL));
  printf("child: %d\n", status);
  printf("stained %d, leaks %d, misplaced %d, all refused: %s\n", stained, leaks, misplaced,
         refused == probed ? "yes" : "no");
  return probed < 50;
}
