// Private memory is each process's own after fork, shared memory stays shared
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES 40
#define PAGE 4096

static unsigned sum(const unsigned char *p, int n) {
  unsigned s = 0;
  for (int i = 0; i < n; i++) s = s * 31 + p[i];
  return s;
}

static void await(volatile int *word, int not_this) {
  while (*word == not_this) syscall(SYS_futex, word, FUTEX_WAIT, not_this, NULL, NULL, 0);
}
static void post(volatile int *word, int value) { *word = value; syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  unsigned char *private = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  unsigned char *shared = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  volatile int *words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < PAGES * PAGE; i += 2) private[i] = i * 7 + (i >> 10);
  memset(shared, 1, PAGES / 2 * PAGE);
  printf("before: %08x %08x\n", sum(private, PAGES * PAGE), sum(shared, PAGES * PAGE));
  pid_t pid = fork();
  if (pid == 0) {
    printf("child: %08x %08x\n", sum(private, PAGES * PAGE), sum(shared, PAGES * PAGE));
    memset(private, 9, PAGES * PAGE / 2);
    for (int i = 0; i < PAGES; i++) shared[i * PAGE + i] = i;
    printf("child wrote: %08x %08x\n", sum(private, PAGES * PAGE), sum(shared, PAGES * PAGE));
    post(words, 1);
    await(words + 1, 0);
    printf("child after the parent wrote: %08x %08x\n", sum(private, PAGES * PAGE), sum(shared, PAGES * PAGE));
    _exit(0);
  }
  await(words, 0);
  printf("parent: %08x %08x\n", sum(private, PAGES * PAGE), sum(shared, PAGES * PAGE));
  memset(private + PAGE, 4, PAGES / 2 * PAGE);
  memset(shared + PAGE, 5, PAGE);
  post(words + 1, 1);
  waitpid(pid, NULL, 0);
  printf("parent at the end: %08x %08x\n", sum(private, PAGES * PAGE), sum(shared, PAGES * PAGE));

  // Generations: each writes a page of its own and forks the next.
  int depth = 0;
  while (depth < 12 && (pid = fork()) == 0) { private[depth * PAGE] = 200 + depth; depth++; }
  int status = 0;
  if (depth < 12) waitpid(pid, &status, 0);
  unsigned own = 0;
  for (int i = 0; i < 12; i++) own += private[i * PAGE] == 200 + i;
  words[10 + depth] = own;
  if (depth) _exit(0);
  for (int i = 0; i <= 12; i++) printf("%d ", words[10 + i]);
  printf("pages of generations\n");

  // A file mapped by both.
  int fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0644);
  ftruncate(fd, 3 * PAGE);
  char *file = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *copy = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  pid = fork();
  if (pid == 0) {
    char *again = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    strcpy(file, "by the child");
    strcpy(again, "in another mapping");
    strcpy(copy + 2 * PAGE, "for itself");
    post(words, 2);
    _exit(0);
  }
  await(words, 1);
  printf("file: '%s' '%s', private: '%s' '%s'\n", file, file + PAGE, copy, copy + 2 * PAGE);
  waitpid(pid, NULL, 0);
  char text[32] = {0};
  pread(fd, text, 20, PAGE);
  printf("read: '%s'\n", text);
  pwrite(fd, "written", 8, 0);
  printf("mapped: '%s'\n", file);
  unlink("file");

  // The kernel writes into pages that are still shared by copy-on-write.
  int pair[2];
  pipe(pair);
  memset(private, 3, 2 * PAGE);
  pid = fork();
  if (pid == 0) {
    write(pair[1], shared, 3000);
    read(pair[0], private + 2000, 3000);
    printf("child read: %08x\n", sum(private, 2 * PAGE));
    _exit(0);
  }
  waitpid(pid, NULL, 0);
  printf("parent kept: %08x\n", sum(private, 2 * PAGE));
  // Protection and unmapping are each one's own.
  pid = fork();
  if (pid == 0) { mprotect(private, PAGE, PROT_READ); private[0] = 1; _exit(0); }
  waitpid(pid, &status, 0);
  printf("read-only in the child: %d, here: %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, (private[0] = 77));
  pid = fork();
  if (pid == 0) { munmap(shared, PAGES * PAGE); _exit(shared[0]); }
  waitpid(pid, &status, 0);
  printf("unmapped in the child: %d, here: %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, shared[PAGE]);
  void *brk = sbrk(0);
  pid = fork();
  if (pid == 0) { sbrk(100000); _exit(sbrk(0) == (char *)brk + 100000); }
  waitpid(pid, &status, 0);
  printf("the heap's end: %d %d\n", WEXITSTATUS(status), sbrk(0) == brk);
  return 0;
}
