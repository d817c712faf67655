// Two threads add to one counter: plainly, atomically, or under a mutex
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define TIMES 20000

static volatile long counter;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *plain(void *unused) {
  for (int i = 0; i < TIMES; i++) counter = counter + 1;
  return NULL;
}

static void *atomic(void *unused) {
  for (int i = 0; i < TIMES; i++) __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
  return NULL;
}

static void *compares(void *unused) {
  for (int i = 0; i < TIMES; i++) {
    long seen = counter;
    while (!__atomic_compare_exchange_n(&counter, &seen, seen + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue;
  }
  return NULL;
}

static void *locked(void *unused) {
  for (int i = 0; i < TIMES; i++) {
    pthread_mutex_lock(&mutex);
    counter = counter + 1;
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "mutex";
  void *(*add)(void *) = strcmp(how, "plain") == 0 ? plain : strcmp(how, "atomic") == 0 ? atomic : strcmp(how, "compare") == 0 ? compares : locked;
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, add, NULL);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  printf("%ld\n", counter);
  return 0;
}
