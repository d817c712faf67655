// Signals to a thread, to whichever thread takes them, and on stacks of their own
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static __thread int id, got;
static volatile int by, on_stack;
static __thread char *stack;
static sem_t sem;
static volatile int stop;

static void handler(int signal) {
  got++;
  by = id;
  char here;
  on_stack = stack != NULL && &here >= stack && &here < stack + 65536;
  sem_post(&sem);
}

static void *spins(void *number) {
  id = (long)number;
  stack = malloc(65536);
  stack_t s = {.ss_sp = stack, .ss_size = 65536};
  sigaltstack(&s, NULL);
  sem_post(&sem);
  while (!stop) sched_yield();
  return (void *)(long)got;
}

static void *sleeps(void *number) {
  id = (long)number;
  sem_post(&sem);
  unsigned left = sleep(100);
  return (void *)(long)(left > 90 ? got : -1);
}

static void *takes(void *unused) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigaddset(&set, SIGRTMIN);
  int signal, sum = 0;
  for (int i = 0; i < 3; i++) { sigwait(&set, &signal); sum = sum * 100 + signal; }
  return (void *)(long)sum;
}

static void *exits(void *unused) { _exit(13); }
static void *faults(void *unused) { *(volatile int *)8 = 1; return NULL; }
static void *leaves(void *unused) { usleep(20000); write(1, "the last thread\n", 16); exit(14); }

static void status_of(const char *what, void (*action)(void)) {
  pid_t pid = fork();
  if (pid == 0) { action(); _exit(99); }
  int status;
  waitpid(pid, &status, 0);
  printf("%s: %s %d\n", what, WIFEXITED(status) ? "exited" : "killed", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}
static pthread_t other;
static void exit_in_thread(void) { pthread_create(&other, NULL, exits, NULL); pause(); }
static void fault_in_thread(void) { pthread_create(&other, NULL, faults, NULL); pause(); }
static void main_leaves(void) { pthread_create(&other, NULL, leaves, NULL); pthread_exit(NULL); }
static void kill_thread(void) { sem_init(&sem, 0, 0); pthread_create(&other, NULL, sleeps, NULL); sem_wait(&sem); pthread_kill(other, SIGTERM); pause(); }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  sem_init(&sem, 0, 0);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &action, NULL);
  pthread_t t[4];
  void *r;
  for (long i = 0; i < 3; i++) { pthread_create(&t[i], NULL, spins, (void *)(i + 1)); sem_wait(&sem); }
  for (int i = 0; i < 3; i++) { pthread_kill(t[i], SIGUSR1); sem_wait(&sem); printf("taken by %d, on its own stack %d\n", by, on_stack); }
  raise(SIGUSR1);
  sem_wait(&sem);
  printf("raised in %d, on another stack %d\n", by, on_stack);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  kill(getpid(), SIGUSR1);
  sem_wait(&sem);
  printf("the process's signal goes to who does not block it: %d\n", by != 0);
  stop = 1;
  long sum = 0;
  for (int i = 0; i < 3; i++) { pthread_join(t[i], &r); sum += (long)r; }
  printf("in all %ld\n", sum);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  pthread_create(&t[0], NULL, sleeps, (void *)7L);
  sem_wait(&sem);
  usleep(5000);
  pthread_kill(t[0], SIGUSR1);
  sem_wait(&sem);
  pthread_join(t[0], &r);
  printf("its sleep is interrupted: %ld\n", (long)r);
  printf("no signal: %d, a bad one: %d\n", pthread_kill(pthread_self(), 0), pthread_kill(pthread_self(), 65) == EINVAL);

  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigaddset(&set, SIGRTMIN);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_create(&t[0], NULL, takes, NULL);
  kill(getpid(), SIGUSR2);
  usleep(5000);
  pthread_kill(t[0], SIGRTMIN);
  usleep(5000);
  kill(getpid(), SIGUSR2);
  pthread_join(t[0], &r);
  printf("sigwait: %d\n", (int)(long)r == (SIGUSR2 * 100 + SIGRTMIN) * 100 + SIGUSR2);

  status_of("a thread's exit ends all", exit_in_thread);
  status_of("a thread's fault ends all", fault_in_thread);
  status_of("the main thread leaves", main_leaves);
  status_of("a signal to a thread ends all", kill_thread);
  return 0;
}
