// Thread-local data, destructors, detached and cancelled threads
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static __thread int own = 5, zero;
static __thread char big[5000];
static pthread_key_t key, again;
static int destroyed, repeated;
static sem_t sem;

static void destroy(void *value) { destroyed += (long)value; }
static void set_again(void *value) { if (++repeated < 100 && (long)value > 1) pthread_setspecific(again, (void *)((long)value - 1)); }

static void *local(void *number) {
  long n = (long)number, wrong = (own != 5) + (zero != 0);
  own = n;
  memset(big, n, sizeof big);
  pthread_setspecific(key, number);
  for (int i = 0; i < 20; i++) { sched_yield(); wrong += own != n || big[4999] != n || pthread_getspecific(key) != number; }
  if (n % 2) pthread_exit((void *)wrong);
  return (void *)wrong;
}

static void *repeat(void *unused) { pthread_setspecific(again, (void *)3L); return NULL; }
static void *detached(void *unused) { sem_post(&sem); return NULL; }
static void *own_id(void *unused) { return (void *)(long)(syscall(SYS_gettid) != getpid()); }
static void clean(void *text) { printf("cleaned up: %s\n", (char *)text); }

static void *sleeps(void *unused) {
  pthread_cleanup_push(clean, "the sleeper");
  sem_post(&sem);
  sleep(100);
  pthread_cleanup_pop(0);
  return NULL;
}
static int pipes[2];
static void *reads(void *unused) {
  char c;
  pthread_cleanup_push(clean, "the outer one of the reader");
  pthread_cleanup_push(clean, "the inner one of the reader");
  sem_post(&sem);
  read(pipes[0], &c, 1);
  pthread_cleanup_pop(0);
  pthread_cleanup_pop(0);
  return NULL;
}
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static void unlock(void *m) { printf("cleaned up: the mutex is mine, %s\n", pthread_mutex_unlock(m) ? "no" : "unlocked"); }
static void *waits(void *unused) {
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, &mutex);
  sem_post(&sem);
  for (;;) pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(0);
  return NULL;
}
static volatile unsigned long spun;
static void *spins(void *unused) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  sem_post(&sem);
  for (;;) spun++;
  return NULL;
}
static void *refuses(void *unused) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  sem_post(&sem);
  usleep(20000);
  printf("not cancelled yet\n");
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  pthread_testcancel();
  printf("never\n");
  return NULL;
}
static void *many(void *n) { return n; }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pthread_t t[6];
  void *r;
  long sum = 0;
  sem_init(&sem, 0, 0);
  pthread_key_create(&key, destroy);
  pthread_key_create(&again, set_again);
  for (long i = 0; i < 6; i++) pthread_create(&t[i], NULL, local, (void *)(i + 1));
  for (int i = 0; i < 6; i++) { pthread_join(t[i], &r); sum += (long)r; }
  printf("thread-local: %ld wrong, own %d, destroyed %d\n", sum, own, destroyed);
  pthread_create(&t[0], NULL, repeat, NULL);
  pthread_join(t[0], NULL);
  printf("a destructor that sets it again: %d times\n", repeated);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int i = 0; i < 20; i++) pthread_create(&t[0], &attributes, detached, NULL);
  for (int i = 0; i < 20; i++) sem_wait(&sem);
  printf("detached ones ran\n");
  pthread_create(&t[0], NULL, own_id, NULL);
  pthread_join(t[0], &r);
  printf("an id of its own: %ld\n", (long)r);
  printf("joining oneself: %s\n", strerror(pthread_join(pthread_self(), NULL)));

  pipe(pipes);
  void *(*victims[])(void *) = {sleeps, reads, waits, spins, refuses};
  const char *names[] = {"sleeping", "reading", "waiting", "spinning", "refusing"};
  for (int i = 0; i < 5; i++) {
    pthread_create(&t[0], NULL, victims[i], NULL);
    sem_wait(&sem);
    if (i == 2) { pthread_mutex_lock(&mutex); pthread_mutex_unlock(&mutex); }
    usleep(3000);
    int error = pthread_cancel(t[0]);
    pthread_join(t[0], &r);
    printf("%s: cancel %d, cancelled %d\n", names[i], error, r == PTHREAD_CANCELED);
  }
  sum = 0;
  for (long i = 0; i < 300; i++) { pthread_create(&t[0], NULL, many, (void *)i); pthread_join(t[0], &r); sum += (long)r; }
  printf("three hundred one after another: %ld\n", sum);
  return 0;
}
