// Mutexes, conditions, barriers and semaphores in shared memory work between processes
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  pthread_barrier_t barrier;
  sem_t semaphore;
  int counter, turn, arrived[4];
} *shared;

static void reap(int n) { while (n--) wait(NULL); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t m;
  pthread_mutexattr_init(&m);
  pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&shared->mutex, &m);
  pthread_condattr_t c;
  pthread_condattr_init(&c);
  pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&shared->condition, &c);
  pthread_barrierattr_t b;
  pthread_barrierattr_init(&b);
  pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->barrier, &b, 4);
  sem_init(&shared->semaphore, 1, 1);

  shared->counter = 0;
  for (int p = 0; p < 4; p++)
    if (fork() == 0) {
      for (int i = 0; i < 500; i++) { pthread_mutex_lock(&shared->mutex); int v = shared->counter; if (i % 20 == 0) sched_yield(); shared->counter = v + 1; pthread_mutex_unlock(&shared->mutex); }
      _exit(0);
    }
  reap(4);
  printf("by mutex: %d\n", shared->counter);
  for (int p = 0; p < 4; p++)
    if (fork() == 0) {
      for (int i = 0; i < 100; i++) { sem_wait(&shared->semaphore); int v = shared->counter; sched_yield(); shared->counter = v + 1; sem_post(&shared->semaphore); }
      _exit(0);
    }
  reap(4);
  printf("by semaphore: %d\n", shared->counter);

  for (int p = 0; p < 3; p++)
    if (fork() == 0) {
      for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(&shared->mutex);
        while (shared->turn % 3 != p) pthread_cond_wait(&shared->condition, &shared->mutex);
        shared->turn++;
        pthread_cond_broadcast(&shared->condition);
        pthread_mutex_unlock(&shared->mutex);
      }
      _exit(0);
    }
  reap(3);
  printf("in turn: %d\n", shared->turn);

  int status, wrong = 0;
  for (int p = 0; p < 4; p++)
    if (fork() == 0) {
      int early = 0;
      for (int round = 1; round <= 10; round++) {
        shared->arrived[p] = round;
        pthread_barrier_wait(&shared->barrier);
        for (int i = 0; i < 4; i++) early += shared->arrived[i] < round;
        pthread_barrier_wait(&shared->barrier);
      }
      _exit(early);
    }
  for (int p = 0; p < 4; p++) { wait(&status); wrong += WEXITSTATUS(status); }
  printf("early at the barrier: %d\n", wrong);

  return 0;
}
