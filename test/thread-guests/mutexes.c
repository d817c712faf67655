// Mutexes of every kind, spin locks, and what each refuses
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive, checking;
static pthread_spinlock_t spin;
static long counter, spun;

static void *count(void *times) {
  for (long i = 0; i < (long)times; i++) {
    pthread_mutex_lock(&plain);
    counter++;
    pthread_mutex_unlock(&plain);
    pthread_spin_lock(&spin);
    spun++;
    pthread_spin_unlock(&spin);
    if (i % 50 == 0) sched_yield();
  }
  return (void *)((long)times * 2);
}

static void *try_others(void *unused) {
  printf("others' trylock: %s, %s\n", strerror(pthread_mutex_trylock(&recursive)), strerror(pthread_mutex_trylock(&checking)));
  printf("others' unlock: %s\n", strerror(pthread_mutex_unlock(&checking)));
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 20000000;
  if (until.tv_nsec >= 1000000000) { until.tv_nsec -= 1000000000; until.tv_sec++; }
  printf("timed: %s\n", strerror(pthread_mutex_timedlock(&recursive, &until)));
  return NULL;
}

static void *hold(void *unused) {
  pthread_mutex_lock(&plain);
  usleep(30000);
  counter = -1;
  pthread_mutex_unlock(&plain);
  return NULL;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int initialized;
static void initialize(void) { initialized++; usleep(5000); }
static void *use_once(void *unused) { pthread_once(&once, initialize); return (void *)(long)initialized; }

int main(void) {
  pthread_t threads[8];
  void *result;
  long sum = 0;
  pthread_spin_init(&spin, 0);
  for (long i = 0; i < 8; i++) pthread_create(&threads[i], NULL, count, (void *)(1000 + i));
  for (int i = 0; i < 8; i++) { pthread_join(threads[i], &result); sum += (long)result; }
  printf("counted %ld, spun %ld, returned %ld\n", counter, spun, sum);

  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&recursive, &attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&checking, &attributes);
  for (int i = 0; i < 3; i++) pthread_mutex_lock(&recursive);
  pthread_mutex_lock(&checking);
  printf("locked twice: %s\n", strerror(pthread_mutex_lock(&checking)));
  pthread_create(&threads[0], NULL, try_others, NULL);
  pthread_join(threads[0], NULL);
  for (int i = 0; i < 3; i++) pthread_mutex_unlock(&recursive);
  printf("unlocked once too often: %s\n", strerror(pthread_mutex_unlock(&recursive)));
  pthread_mutex_unlock(&checking);

  pthread_create(&threads[0], NULL, hold, NULL);
  usleep(10000);
  pthread_mutex_lock(&plain);
  printf("waited for the holder: %ld\n", counter);
  pthread_mutex_unlock(&plain);
  pthread_join(threads[0], NULL);

  pthread_mutex_t inherits;
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL);
  pthread_mutex_init(&inherits, &attributes);
  printf("trylock of one's own: %s", strerror(pthread_mutex_trylock(&inherits)));
  printf(", %s\n", strerror(pthread_mutex_trylock(&inherits)));

  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, use_once, NULL);
  sum = 0;
  for (int i = 0; i < 4; i++) { pthread_join(threads[i], &result); sum += (long)result; }
  printf("once: %d, seen by %ld\n", initialized, sum);
  return 0;
}
