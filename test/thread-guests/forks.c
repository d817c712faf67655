// fork copies the calling thread only
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile unsigned long *counts;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *spins(void *unused) { pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL); for (;;) { (*counts)++; } }
static int prepared, in_parent;
static void before(void) { prepared++; pthread_mutex_lock(&mutex); }
static void parent(void) { pthread_mutex_unlock(&mutex); in_parent++; }
static void child(void) { pthread_mutex_unlock(&mutex); in_parent = -1; }
static void *takes(void *unused) { for (int i = 0; i < 100; i++) { pthread_mutex_lock(&mutex); sched_yield(); pthread_mutex_unlock(&mutex); } return NULL; }
static void *adds(void *p) { return (void *)((long)p + 1); }

static void *forks(void *unused) {
  pid_t pid = fork();
  if (pid == 0) {
    // The thread that forked is the child's first.
    _exit(syscall(SYS_gettid) == getpid() ? 21 : 22);
  }
  int status;
  waitpid(pid, &status, 0);
  return (void *)(long)WEXITSTATUS(status);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_t t[3];
  void *r;
  int status;
  pthread_create(&t[0], NULL, spins, NULL);
  while (*counts == 0) sched_yield();
  pid_t pid = fork();
  if (pid == 0) { pthread_t own; pthread_create(&own, NULL, adds, (void *)40L); pthread_join(own, &r); _exit((long)r); }
  waitpid(pid, &status, 0);
  printf("a child may have threads: %d\n", WEXITSTATUS(status));
  pthread_cancel(t[0]);
  pthread_join(t[0], NULL);

  pthread_create(&t[1], NULL, forks, NULL);
  pthread_join(t[1], &r);
  printf("forked by a thread: %ld\n", (long)r);
  pthread_atfork(before, parent, child);
  pthread_create(&t[1], NULL, takes, NULL);
  for (int i = 0; i < 5; i++) {
    pid = fork();
    if (pid == 0) _exit(pthread_mutex_trylock(&mutex) + 10 * (in_parent == -1));
    waitpid(pid, &status, 0);
    printf("the mutex is free in the child: %d, prepared %d, parent %d\n", WEXITSTATUS(status), prepared, in_parent);
  }
  pthread_join(t[1], NULL);

  return 0;
}
