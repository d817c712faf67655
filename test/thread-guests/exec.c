// A thread that is not the first runs another program: the others end, and it has the process's number
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char *own;
static volatile unsigned long *counts;
static volatile pid_t *told;
static int kept, closed;

static void *spins(void *unused) { for (;;) counts[0]++; }
static void *pauses(void *unused) { for (;;) pause(); }
static void *reads(void *fd) { char c; read((long)fd, &c, 1); return NULL; }

static void *execs(void *what) {
  char keeps[20], is_closed[20];
  char *args[] = {own, what, keeps, is_closed, NULL};
  sprintf(keeps, "%d", kept);
  sprintf(is_closed, "%d", closed);
  // One for this thread alone, one for the process: both are still there afterwards.
  pthread_kill(pthread_self(), SIGUSR1);
  kill(getpid(), SIGUSR2);
  signal(SIGHUP, SIG_IGN);
  told[0] = getpid();
  execv("/no/such/program", args);
  if (errno == ENOENT) execv(own, args);
  return NULL;
}

/** What the new program finds. */
static int executed(char **argv) {
  sigset_t pending;
  sigpending(&pending);
  counts = (void *)1;
  printf("%s: the only thread is the first: %d\n", argv[1], syscall(SYS_gettid) == getpid());
  printf("pending %d %d, SIGHUP ignored %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2),
         signal(SIGHUP, SIG_DFL) == SIG_IGN);
  printf("descriptors: kept %d, closed %d\n", fcntl(atoi(argv[2]), F_GETFD) == 0, fcntl(atoi(argv[3]), F_GETFD) < 0);
  struct itimerval left;
  getitimer(ITIMER_REAL, &left);
  printf("the timer runs on: %d\n", left.it_value.tv_sec > 90);
  FILE *status = fopen("/proc/self/status", "r");
  char line[200];
  while (status && fgets(line, sizeof line, status)) if (strncmp(line, "Threads:", 8) == 0) printf("%s", line);
  pid_t child = fork();
  if (child == 0) _exit(7);
  int ended;
  waitpid(child, &ended, 0);
  printf("may have children: %d\n", WEXITSTATUS(ended));
  return 31;
}

static void run(const char *how, int first_ends) {
  int fds[2], status;
  pthread_t t;
  told[0] = 0;
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pipe(fds);
    kept = fds[0];
    closed = fds[1];
    fcntl(closed, F_SETFD, FD_CLOEXEC);
    struct itimerval timer = {{0, 0}, {100, 0}};
    setitimer(ITIMER_REAL, &timer, NULL);
    pthread_create(&t, NULL, spins, NULL);
    pthread_create(&t, NULL, spins, NULL);
    pthread_create(&t, NULL, pauses, NULL);
    pthread_create(&t, NULL, reads, (void *)(long)fds[0]);
    pthread_create(&t, NULL, execs, (void *)how);
    if (first_ends) pthread_exit(NULL);
    pause();
  }
  printf("it is my child: %d\n", waitpid(pid, &status, 0) == pid);
  printf("status %d, its number was the process's: %d\n", WEXITSTATUS(status), told[0] == pid);
  unsigned long last = counts[0];
  usleep(20000);
  printf("the others are gone: %d\n", counts[0] == last);
}

static void *execs_too(void *which) {
  char *args[] = {own, "one of several", "0", "99", NULL};
  execv(own, args);
  return NULL;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  own = argv[0];
  if (argc > 1) return executed(argv);
  counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  told = (void *)(counts + 8);
  run("beside the first", 0);
  run("after the first", 1);

  // All of them want to: one does.
  pthread_t t;
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    for (long i = 0; i < 5; i++) pthread_create(&t, NULL, execs_too, NULL);
    pthread_exit(NULL);
  }
  waitpid(pid, &status, 0);
  printf("status %d\n", WEXITSTATUS(status));

  // From the first, whose others are killed meanwhile.
  pid = fork();
  if (pid == 0) {
    for (int i = 0; i < 3; i++) pthread_create(&t, NULL, i == 0 ? spins : pauses, NULL);
    execs_too(NULL);
  }
  waitpid(pid, &status, 0);
  printf("status %d\n", WEXITSTATUS(status));
  return 0;
}
