// Robust mutexes in shared memory outlive the processes that hold them, however these end
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct { pthread_mutex_t mutex; int held; } *shared;
static char *own;

static void *holds(void *unused) { pthread_mutex_lock(&shared->mutex); shared->held = 1; pause(); return NULL; }
static void *pauses(void *unused) { for (;;) pause(); }

static void by_exit(void) { pthread_mutex_lock(&shared->mutex); _exit(0); }
static void by_signal(void) { pthread_mutex_lock(&shared->mutex); shared->held = 1; pause(); }
static void by_fault(void) { pthread_mutex_lock(&shared->mutex); *(volatile int *)8 = 1; }
static void by_exec(void) { char *args[] = {own, "executed", NULL}; pthread_mutex_lock(&shared->mutex); execv(own, args); }
/** The holder is a thread that ends because another does. */
static void with_its_process(void) {
  pthread_t t;
  pthread_create(&t, NULL, holds, NULL);
  pthread_create(&t, NULL, pauses, NULL);
  while (!shared->held) sched_yield();
  _exit(0);
}
static void by_exec_of_another(void) {
  pthread_t t;
  char *args[] = {own, "executed", NULL};
  pthread_create(&t, NULL, holds, NULL);
  while (!shared->held) sched_yield();
  execv(own, args);
}

static void after(const char *how, void (*ends)(void), int kills) {
  int status;
  shared->held = 0;
  pid_t pid = fork();
  if (pid == 0) ends();
  if (kills) {
    while (!shared->held) sched_yield();
    // Somebody has to wait for it when it is killed.
    if (fork() == 0) { usleep(20000); kill(pid, SIGKILL); _exit(0); }
  } else {
    waitpid(pid, &status, 0);
  }
  printf("%s: %s", how, strerror(pthread_mutex_lock(&shared->mutex)));
  printf(", %s", strerror(pthread_mutex_consistent(&shared->mutex)));
  printf(", %s\n", strerror(pthread_mutex_unlock(&shared->mutex)));
  while (wait(&status) > 0);
}

int main(int argc, char **argv) {
  own = argv[0];
  if (argc > 1) { return 0; }
  setvbuf(stdout, NULL, _IONBF, 0);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t kind;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&shared->mutex, &kind);
  after("exit", by_exit, 0);
  after("killed", by_signal, 1);
  after("a fault", by_fault, 0);
  after("another program", by_exec, 0);
  after("a thread, with its process", with_its_process, 0);
  after("a thread, for another program", by_exec_of_another, 0);

  // Many take it, and every other one ends with it: no turn is lost.
  int status, deaths = 0;
  shared->held = 0;
  for (int i = 0; i < 12; i++)
    if (fork() == 0) {
      int died = pthread_mutex_lock(&shared->mutex) == EOWNERDEAD;
      if (died) pthread_mutex_consistent(&shared->mutex);
      if (++shared->held % 2 == 1) pthread_mutex_unlock(&shared->mutex);
      _exit(died);
    }
  for (int i = 0; i < 12; i++) { wait(&status); deaths += WEXITSTATUS(status); }
  printf("turns %d, died before it %d\n", shared->held, deaths);
  return 0;
}
