// Condition variables, barriers, read-write locks and semaphores hand work over in order
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER, all = PTHREAD_COND_INITIALIZER;
static int queue[4], held, at, done, waiting, go;

static void *produce(void *from) {
  for (long i = 0; i < 300; i++) {
    pthread_mutex_lock(&mutex);
    while (held == 4) pthread_cond_wait(&emptied, &mutex);
    queue[(at + held++) % 4] = (long)from + i;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static void *consume(void *unused) {
  long sum = 0;
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (held == 0 && !done) pthread_cond_wait(&filled, &mutex);
    if (held == 0) break;
    sum += queue[at];
    at = (at + 1) % 4;
    held--;
    pthread_cond_signal(&emptied);
    pthread_mutex_unlock(&mutex);
  }
  pthread_mutex_unlock(&mutex);
  return (void *)sum;
}

static void *wait_for_all(void *unused) {
  pthread_mutex_lock(&mutex);
  waiting++;
  while (!go) pthread_cond_wait(&all, &mutex);
  waiting--;
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static pthread_barrier_t barrier;
static int arrived[4], serial;
static void *rounds(void *number) {
  long wrong = 0;
  for (int round = 1; round <= 20; round++) {
    arrived[(long)number] = round;
    int result = pthread_barrier_wait(&barrier);
    if (result == PTHREAD_BARRIER_SERIAL_THREAD) __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 4; i++) wrong += arrived[i] < round;
    pthread_barrier_wait(&barrier);
  }
  return (void *)wrong;
}

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2], readers;
static void *reader(void *unused) {
  long wrong = 0;
  for (int i = 0; i < 100; i++) {
    pthread_rwlock_rdlock(&lock);
    __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    wrong += pair[0] != pair[1];
    sched_yield();
    wrong += pair[0] != pair[1];
    __atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
    pthread_rwlock_unlock(&lock);
  }
  return (void *)wrong;
}
static void *writer(void *unused) {
  long wrong = 0;
  for (int i = 0; i < 50; i++) {
    pthread_rwlock_wrlock(&lock);
    wrong += readers != 0;
    pair[0]++;
    sched_yield();
    pair[1]++;
    pthread_rwlock_unlock(&lock);
    sched_yield();
  }
  return (void *)wrong;
}

static sem_t slots, ready;
static void *ping(void *unused) { for (int i = 0; i < 100; i++) { sem_wait(&slots); held++; sem_post(&ready); } return NULL; }

static struct timespec in_ms(int ms) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += ms * 1000000;
  if (t.tv_nsec >= 1000000000) { t.tv_nsec -= 1000000000; t.tv_sec++; }
  return t;
}

int main(void) {
  pthread_t t[8];
  void *r;
  long sum = 0;
  for (long i = 0; i < 3; i++) pthread_create(&t[i], NULL, produce, (void *)(i * 1000));
  for (int i = 3; i < 6; i++) pthread_create(&t[i], NULL, consume, NULL);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  pthread_mutex_lock(&mutex);
  done = 1;
  pthread_cond_broadcast(&filled);
  pthread_mutex_unlock(&mutex);
  for (int i = 3; i < 6; i++) { pthread_join(t[i], &r); sum += (long)r; }
  printf("produced and consumed: %ld\n", sum);

  for (int i = 0; i < 8; i++) pthread_create(&t[i], NULL, wait_for_all, NULL);
  for (;;) { pthread_mutex_lock(&mutex); int n = waiting; pthread_mutex_unlock(&mutex); if (n == 8) break; usleep(1000); }
  pthread_mutex_lock(&mutex);
  go = 1;
  pthread_cond_broadcast(&all);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 8; i++) pthread_join(t[i], NULL);
  printf("after the broadcast wait: %d\n", waiting);
  struct timespec until = in_ms(20);
  pthread_mutex_lock(&mutex);
  printf("nobody signals: %s\n", strerror(pthread_cond_timedwait(&all, &mutex, &until)));
  printf("the mutex is held again: %s\n", strerror(pthread_mutex_trylock(&mutex)));
  pthread_mutex_unlock(&mutex);

  pthread_barrier_init(&barrier, NULL, 4);
  for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, rounds, (void *)i);
  sum = 0;
  for (int i = 0; i < 4; i++) { pthread_join(t[i], &r); sum += (long)r; }
  printf("barrier: %ld early, %d told to be the one\n", sum, serial);

  for (int i = 0; i < 4; i++) pthread_create(&t[i], NULL, reader, NULL);
  for (int i = 4; i < 6; i++) pthread_create(&t[i], NULL, writer, NULL);
  sum = 0;
  for (int i = 0; i < 6; i++) { pthread_join(t[i], &r); sum += (long)r; }
  printf("read-write lock: %ld wrong, %ld %ld\n", sum, pair[0], pair[1]);
  pthread_rwlock_rdlock(&lock);
  printf("try: %s", strerror(pthread_rwlock_tryrdlock(&lock)));
  printf(", %s\n", strerror(pthread_rwlock_trywrlock(&lock)));

  held = 0;
  sem_init(&slots, 0, 2);
  sem_init(&ready, 0, 0);
  pthread_create(&t[0], NULL, ping, NULL);
  for (int i = 0; i < 100; i++) { sem_wait(&ready); sem_post(&slots); }
  pthread_join(t[0], NULL);
  int value;
  sem_getvalue(&slots, &value);
  printf("semaphore: %d, left %d\n", held, value);
  until = in_ms(20);
  int failed = sem_timedwait(&ready, &until);
  printf("timed: %d %s\n", failed, strerror(errno));
  failed = sem_trywait(&ready);
  printf("try: %d %s\n", failed, strerror(errno));
  return 0;
}
