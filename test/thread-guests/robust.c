// Robust mutexes tell whoever takes them next that their holder has ended
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t mutexes[3];
static volatile int waiting;

static void tell(const char *what, int error) { printf("%s: %s\n", what, strerror(error)); }

static void *dies(void *unused) {
  for (int i = 0; i < 3; i++) pthread_mutex_lock(&mutexes[i]);
  // Taken out of the middle: it is not the thread's any more.
  pthread_mutex_unlock(&mutexes[1]);
  return NULL;
}

static void *dies_late(void *unused) {
  pthread_mutex_lock(&mutexes[0]);
  waiting = 1;
  usleep(30000);
  syscall(SYS_exit, 0);
}

static void *waits(void *unused) { return (void *)(long)pthread_mutex_lock(&mutexes[0]); }

static void with_mutexes(void) {
  pthread_mutexattr_t kind;
  pthread_t t, other;
  void *r;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  for (int i = 0; i < 3; i++) pthread_mutex_init(&mutexes[i], &kind);
  pthread_create(&t, NULL, dies, NULL);
  pthread_join(t, NULL);
  tell("held at its end", pthread_mutex_trylock(&mutexes[0]));
  tell("not held", pthread_mutex_trylock(&mutexes[1]));
  tell("held too", pthread_mutex_lock(&mutexes[2]));
  tell("made consistent", pthread_mutex_consistent(&mutexes[0]));
  pthread_mutex_unlock(&mutexes[0]);
  tell("as new", pthread_mutex_lock(&mutexes[0]));
  pthread_mutex_unlock(&mutexes[0]);
  pthread_mutex_unlock(&mutexes[2]);
  tell("left inconsistent", pthread_mutex_lock(&mutexes[2]));

  pthread_create(&t, NULL, dies_late, NULL);
  while (!waiting) sched_yield();
  pthread_create(&other, NULL, waits, NULL);
  pthread_join(other, &r);
  tell("waited for it", (long)r);
  pthread_join(t, NULL);
}

/** A list as the kernel reads it; nothing of the C library's. */
static struct { struct robust_list_head head; struct { struct robust_list list; unsigned long unused; unsigned word; } entry[4]; } *raw;
enum { OFFSET = 16 };

static int ends_with(void (*prepare)(unsigned tid)) {
  pid_t pid = fork();
  int status;
  memset(raw, 0, sizeof *raw);
  if (pid == 0) {
    raw->head.list.next = &raw->head.list;
    raw->head.futex_offset = OFFSET;
    prepare(syscall(SYS_gettid));
    syscall(SYS_set_robust_list, &raw->head, sizeof raw->head);
    syscall(SYS_exit_group, 3);
  }
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

static void link_all(unsigned tid) {
  for (int i = 0; i < 4; i++) raw->entry[i].word = tid;
  raw->head.list.next = &raw->entry[0].list;
  for (int i = 0; i < 4; i++) raw->entry[i].list.next = i < 3 ? &raw->entry[i + 1].list : &raw->head.list;
}
static void a_circle(unsigned tid) { link_all(tid); raw->entry[3].list.next = &raw->entry[1].list; }
static void cut_off(unsigned tid) { link_all(tid); raw->entry[1].list.next = (void *)8; }
static void others(unsigned tid) { link_all(tid); raw->entry[1].word = 1; raw->entry[2].word = tid | FUTEX_WAITERS; }
static void only_pending(unsigned tid) { link_all(tid); raw->head.list.next = &raw->head.list; raw->head.list_op_pending = &raw->entry[2].list; }
static void in_list_and_pending(unsigned tid) { link_all(tid); raw->head.list_op_pending = &raw->entry[2].list; }
static void misaligned(unsigned tid) { link_all(tid); raw->entry[1].list.next = (void *)((char *)&raw->entry[2].list + 2); }
static void nowhere(unsigned tid) { link_all(tid); syscall(SYS_set_robust_list, (void *)64, sizeof raw->head); syscall(SYS_exit_group, 3); }

static void tell_raw(const char *what, void (*prepare)(unsigned tid)) {
  printf("%s: %d", what, ends_with(prepare));
  for (int i = 0; i < 4; i++) printf(" %s%s", raw->entry[i].word & FUTEX_OWNER_DIED ? "died" : "held", raw->entry[i].word & FUTEX_WAITERS ? "+waiters" : "");
  printf("\n");
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  with_mutexes();
  raw = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  tell_raw("a list", link_all);
  tell_raw("a circle", a_circle);
  tell_raw("cut off behind the second", cut_off);
  tell_raw("the second is somebody else's", others);
  tell_raw("being taken", only_pending);
  tell_raw("being taken out", in_list_and_pending);
  tell_raw("a misaligned entry", misaligned);
  tell_raw("a bad list", nowhere);

  struct robust_list_head *head = NULL;
  size_t size = 0;
  printf("get_robust_list: %ld", syscall(SYS_get_robust_list, 0, &head, &size));
  printf(", mine %d, %zu bytes\n", head != NULL, size);
  printf("of nobody: %ld", syscall(SYS_get_robust_list, 99999, &head, &size));
  printf(" %s\n", strerror(errno));
  printf("a bad size: %ld", syscall(SYS_set_robust_list, head, 12));
  printf(" %s\n", strerror(errno));
  return 0;
}
