// A pipe is sixteen pages: what fits, what is cut, when there is room again, and how long writes go on
#define _GNU_SOURCE
#include "outcome.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 20];
static int ends[2];

static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static void anew(int flags) {
  if (ends[0]) { close(ends[0]); close(ends[1]); }
  pipe2(ends, flags);
}

static int held(void) { int n; ioctl(ends[0], FIONREAD, &n); return n; }

static const char *room(void) {
  struct pollfd one = {ends[1], POLLOUT};
  return poll(&one, 1, 0) ? "room" : "no room";
}

static void fill(int size) {
  anew(O_NONBLOCK);
  int count = 0;
  long n;
  while ((n = write(ends[1], block, size)) > 0) count++;
  printf("writes of %d: %d, %d bytes, then %s, %s\n", size, count, held(), strerror(errno), room());
}

static long drain(int size) {
  long total = 0, n;
  while ((n = read(ends[0], block, size)) > 0) total += n;
  return total;
}

static int ticks;
static void tick(int signal) { ticks++; }

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  int status;
  for (int i = 0; i < sizeof block; i++) block[i] = i * 31 + (i >> 8);

  fill(1); fill(100); fill(4095); fill(4096); fill(4097); fill(5000); fill(8191); fill(8192); fill(65536); fill(100000);
  printf("drained %ld\n", drain(7777));

  // Writes that begin anywhere in the program's pages go in whole pages all the same.
  for (int at = 1; at < 5000; at += 1237) {
    anew(O_NONBLOCK);
    printf("from %d: %zd\n", at, write(ends[1], block + at, 100000));
  }
  anew(O_NONBLOCK);
  struct iovec many[600];
  for (int i = 0; i < 600; i++) many[i] = (struct iovec){block + i * 1000, 150};
  printf("six hundred pieces: %zd\n", writev(ends[1], many, 600));
  char *back = malloc(1 << 17);
  long got = 0, n;
  while ((n = read(ends[0], back + got, 3333)) > 0) got += n;
  int right = 1;
  for (long i = 0; i < got; i++) right &= back[i] == block[i / 150 * 1000 + i % 150];
  printf("came as they were: %d\n", right);

  // Room comes with a page that was read to its end.
  anew(O_NONBLOCK);
  write(ends[1], block, 65536);
  read(ends[0], block, 4095);
  printf("all but one byte of a page read: %s, ", room());
  outcome("a byte", write(ends[1], block, 1));
  read(ends[0], block, 1);
  printf("all of it: %s, ", room());
  outcome("a page and a half", write(ends[1], block, 6144));
  read(ends[0], block, 4096 * 3);
  outcome("odd sizes", write(ends[1], block, 100));
  outcome("behind it", write(ends[1], block, 3996));
  outcome("and a page", write(ends[1], block, 4096));
  outcome("and one more", write(ends[1], block, 1));
  printf("holds %d, %s\n", held(), room());

  // What is not to wait: in parts if it is longer than a page, else whole or not at all.
  anew(O_NONBLOCK);
  write(ends[1], block, 61440);
  outcome("two pages where one is free", write(ends[1], block, 8192));
  anew(O_NONBLOCK);
  write(ends[1], block, 61440 + 3000);
  outcome("1096 behind 3000", write(ends[1], block, 1096));
  anew(O_NONBLOCK);
  write(ends[1], block, 61440 + 3000);
  outcome("1097 behind 3000", write(ends[1], block, 1097));
  outcome("5192: the odd part first", write(ends[1], block, 5192));

  // Sizes.
  anew(O_NONBLOCK);
  printf("size %d\n", fcntl(ends[0], F_GETPIPE_SZ));
  outcome("more", fcntl(ends[1], F_SETPIPE_SZ, 100000));
  printf("takes %zd\n", write(ends[1], block, sizeof block));
  outcome("less than it holds", fcntl(ends[1], F_SETPIPE_SZ, 4096));
  read(ends[0], block, 131072 - 8192);
  outcome("as much as it holds", fcntl(ends[1], F_SETPIPE_SZ, 8192));
  printf("%s\n", room());
  drain(10000);
  outcome("the least", fcntl(ends[1], F_SETPIPE_SZ, 1));
  printf("takes %zd\n", write(ends[1], block, 8192));
  outcome("too much", fcntl(ends[1], F_SETPIPE_SZ, 0x80000001u));
  outcome("no pipe", fcntl(open("/dev/null", O_RDWR), F_GETPIPE_SZ));

  // A writer that waits goes on when a page is free, and a signal tells how far it came.
  anew(0);
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    struct sigaction action = {.sa_handler = tick};
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
    long written = write(ends[1], block, 100000);
    printf("interrupted after %ld\n", written);
    _exit(ticks);
  }
  pause_ms(20);
  printf("before: %d\n", held());
  read(ends[0], block, 5000);
  pause_ms(20);
  printf("after a page: %d\n", held());
  waitpid(pid, &status, 0);
  printf("a tick: %d\n", WEXITSTATUS(status));
  close(ends[1]);
  printf("left: %ld\n", drain(10000));

  // SIGPIPE comes in the middle of a write as well.
  anew(0);
  pid = fork();
  if (pid == 0) {
    close(ends[0]);
    signal(SIGPIPE, tick);
    printf("until nobody reads: %zd\n", write(ends[1], block, 100000));
    _exit(ticks);
  }
  pause_ms(20);
  close(ends[0]);
  waitpid(pid, &status, 0);
  printf("a signal: %d\n", WEXITSTATUS(status));
  ends[0] = open("/dev/null", O_RDONLY);

  // To wait for room with epoll and edges.
  anew(O_NONBLOCK);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
  epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event);
  printf("empty: %d\n", epoll_wait(epoll, &event, 1, 0));
  write(ends[1], block, 65536);
  printf("full: %d\n", epoll_wait(epoll, &event, 1, 0));
  read(ends[0], block, 4000);
  printf("a part of a page: %d\n", epoll_wait(epoll, &event, 1, 0));
  read(ends[0], block, 96);
  printf("a page: %d\n", epoll_wait(epoll, &event, 1, 0));
  read(ends[0], block, 4096);
  printf("another one: %d\n", epoll_wait(epoll, &event, 1, 0));
  return 0;
}
