// Pipes hold 64 KiB, block and wake at both ends, and tell who is left by poll
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[1 << 20];

static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static void tell_poll(const char *what, struct pollfd *fds, int n, int timeout) {
  int ready = poll(fds, n, timeout);
  printf("%s: %d ready", what, ready);
  for (int i = 0; i < n; i++) printf(" %s%s%s%s%s.", fds[i].revents & POLLIN ? "I" : "", fds[i].revents & POLLOUT ? "O" : "",
                                     fds[i].revents & POLLHUP ? "H" : "", fds[i].revents & POLLERR ? "E" : "", fds[i].revents & POLLNVAL ? "N" : "");
  printf("\n");
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  int a[2], b[2], c[2], status, n;
  pipe2(a, O_NONBLOCK);
  long total = 0;
  while ((n = write(a[1], block, 4096)) > 0) total += n;
  printf("holds %ld bytes, then %s\n", total, strerror(errno));
  ioctl(a[0], FIONREAD, &n);
  printf("FIONREAD %d\n", n);
  printf("one byte more: %zd\n", write(a[1], block, 1));
  printf("read %zd\n", read(a[0], block, 100));
  // No more than PIPE_BUF goes in whole or not at all.
  outcome("4096 into what has less room", write(a[1], block, 4096));
  total = 0;
  while ((n = read(a[0], block, sizeof block)) > 0) total += n;
  printf("drained, %s\n", strerror(errno));
  printf("size %d\n", fcntl(a[0], F_GETPIPE_SZ));
  close(a[1]);
  printf("end of file: %zd\n", read(a[0], block, 10));
  close(a[0]);

  pipe(a);
  signal(SIGPIPE, SIG_IGN);
  close(a[0]);
  outcome("nobody reads", write(a[1], "x", 1));
  struct pollfd one = {a[1], POLLOUT};
  tell_poll("nobody reads", &one, 1, 0);
  close(a[1]);
  signal(SIGPIPE, SIG_DFL);
  pid_t pid = fork();
  if (pid == 0) { pipe(a); close(a[0]); write(a[1], "x", 1); _exit(0); }
  waitpid(pid, &status, 0);
  printf("by default SIGPIPE: %d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);

  // A writer of more than there is room waits for the reader.
  pipe(a);
  pid = fork();
  if (pid == 0) {
    close(a[0]);
    for (int i = 0; i < sizeof block; i++) block[i] = i * 31 + (i >> 8);
    for (int at = 0; at < sizeof block; at += n) n = write(a[1], block + at, sizeof block - at > 300000 ? 300000 : sizeof block - at);
    _exit(0);
  }
  close(a[1]);
  pause_ms(20);
  unsigned sum = 0;
  total = 0;
  static unsigned char piece[5000];
  while ((n = read(a[0], piece, sizeof piece)) > 0) { for (int i = 0; i < n; i++) sum = sum * 33 + piece[i]; total += n; }
  waitpid(pid, &status, 0);
  printf("a megabyte: %ld bytes, sum %08x\n", total, sum);
  close(a[0]);

  // A ring of processes passes a counter round.
  int ring[5][2];
  for (int i = 0; i < 5; i++) pipe(ring[i]);
  for (int i = 0; i < 4; i++) {
    if (fork()) continue;
    int value;
    for (int k = 0; k < 50; k++) { read(ring[i][0], &value, sizeof value); value++; write(ring[i + 1][1], &value, sizeof value); }
    _exit(0);
  }
  int value = 0;
  for (int k = 0; k < 50; k++) { write(ring[0][1], &value, sizeof value); read(ring[4][0], &value, sizeof value); }
  for (int i = 0; i < 4; i++) wait(NULL);
  printf("round the ring: %d\n", value);

  // poll on several.
  pipe(a); pipe(b); pipe(c);
  struct pollfd fds[4] = {{a[0], POLLIN}, {b[0], POLLIN}, {c[1], POLLOUT}, {99, POLLIN}};
  tell_poll("nothing to read", fds, 2, 0);
  tell_poll("all", fds, 4, 0);
  fds[3].fd = -1;
  pid = fork();
  if (pid == 0) { pause_ms(30); write(b[1], "hello", 5); pause_ms(30); close(a[1]); _exit(0); }
  close(a[1]);
  tell_poll("one is written to", fds, 2, -1);
  read(b[0], block, 5);
  close(b[1]);
  tell_poll("the other's writers are gone", fds, 1, -1);
  waitpid(pid, NULL, 0);
  tell_poll("both", fds, 2, -1);
  fcntl(c[1], F_SETFL, O_NONBLOCK);
  while (write(c[1], block, 4096) > 0);
  fds[2].revents = 0;
  tell_poll("a full one", fds + 2, 1, 10);
  read(c[0], block, 4095);
  read(c[0], block, 1);
  tell_poll("with a page of room", fds + 2, 1, 0);
  // Who waits to read gets what is there.
  pipe(a);
  pid = fork();
  if (pid == 0) { char t[100]; _exit(read(a[0], t, 100)); }
  pause_ms(10);
  write(a[1], "0123456", 7);
  waitpid(pid, &status, 0);
  printf("a waiting reader got %d\n", WEXITSTATUS(status));
  // Short writes of several writers don't mix.
  for (int w = 0; w < 4; w++) {
    if (fork()) continue;
    char line[101];
    memset(line, 'a' + w, 100);
    for (int k = 0; k < 200; k++) write(a[1], line, 100);
    _exit(0);
  }
  close(a[1]);
  int whole = 0;
  char line[100];
  for (int got = 0; ; got = 0) {
    while (got < 100 && (n = read(a[0], line + got, 100 - got)) > 0) got += n;
    if (got == 0) break;
    int same = 1;
    for (int i = 1; i < 100; i++) same &= line[i] == line[0];
    whole += same;
  }
  while (wait(NULL) > 0);
  printf("whole lines: %d\n", whole);
  return 0;
}
