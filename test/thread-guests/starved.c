// a thread that is disturbed each 10 ms by a handler of about 10 ms gets on
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

/* As Go's runtime does: a thread that sleeps sends a signal, unless the last one is still being handled. */
static atomic_int pending, over;
static volatile long length, progress, handled;
static pthread_t worker;

static void spin(long n) {
  for (volatile long i = 0; i < n; i++)
    ;
}

static void handler(int signal) {
  (void)signal;
  spin(length);
  handled++;
  atomic_store(&pending, 0);
  /* The way back. */
  spin(20);
}

static void *disturb(void *unused) {
  struct timespec while_asleep = {0, 10000000};
  int expected;
  while (!atomic_load(&over)) {
    nanosleep(&while_asleep, NULL);
    expected = 0;
    if (atomic_compare_exchange_strong(&pending, &expected, 1)) pthread_kill(worker, SIGURG);
  }
  return unused;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

int main(void) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  pthread_t thread;
  int starved = 0;
  sigaction(SIGURG, &action, NULL);
  worker = pthread_self();
  /* Whatever has to be read from the disk for it is read. */
  now();
  double start = now();
  spin(10000);
  double each = (now() - start) / 10000;
  pthread_create(&thread, NULL, disturb, NULL);
  long last = 0;
  for (double time = 9.95e6; time < 10.02e6; time += 2e3) {
    length = time / each;
    /* One step of its own between handlers is enough; several handlers in a row without one are not. */
    for (long first = handled; handled < first + 2; progress++) {
      if (handled > last + 3) starved++;
      last = handled;
    }
  }
  atomic_store(&over, 1);
  pthread_join(thread, NULL);
  printf("starved %d times\n", starved);
}
