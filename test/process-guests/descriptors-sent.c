// Descriptors, credentials and packets go over UNIX sockets, and what nobody receives is closed
#define _GNU_SOURCE
#include "outcome.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char control[4096];

static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static long send_fds(int s, const char *bytes, int count, const int *fds, int flags) {
  struct iovec piece = {(void *)bytes, strlen(bytes)};
  struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
  if (count > 0) {
    m.msg_control = control;
    m.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), fds, count * sizeof(int));
  }
  return sendmsg(s, &m, flags);
}

static int got[300];

// Receives, and says what came.
static int receive(const char *what, int s, int bytes, int room, int flags) {
  static char text[100000];
  struct iovec piece = {text, bytes};
  struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room ? control : NULL, .msg_controllen = room};
  long n = recvmsg(s, &m, flags);
  if (n < 0) { outcome(what, n); return -1; }
  int count = 0;
  printf("%s: %ld '%.*s' flags %x control %zu", what, n, (int)(n > 20 ? 20 : n), text, m.msg_flags, m.msg_controllen);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    printf(" [%d/%d %zu", c->cmsg_level, c->cmsg_type, c->cmsg_len);
    if (c->cmsg_type == SCM_RIGHTS) {
      count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      memcpy(got, CMSG_DATA(c), count * sizeof(int));
    } else if (c->cmsg_len >= CMSG_LEN(sizeof(struct ucred))) {
      struct ucred *u = (struct ucred *)CMSG_DATA(c);
      printf(" from %s %s", u->pid == getpid() ? "me" : u->pid == 0 ? "nobody" : "another", u->uid == getuid() ? "mine" : u->uid == 65534 ? "nobody's" : "another's");
    }
    printf("]");
  }
  printf("\n");
  return count;
}

static int ends[2], other[2];
static char c;

static void rights(int type) {
  socketpair(AF_UNIX, type, 0, ends);
  pipe(other);
  printf("sent %ld\n", send_fds(ends[0], "hello", 1, &other[1], 0));
  close(other[1]);
  receive("one", ends[1], 100, sizeof control, 0);
  write(got[0], "x", 1);
  printf("it is the same pipe: %zd, close on exec %d\n", read(other[0], &c, 1), fcntl(got[0], F_GETFD));
  close(got[0]);
  printf("closed here it is closed: %zd\n", read(other[0], &c, 1));
  close(other[0]);

  // A position is shared, and flags.
  int file = open("file", O_CREAT | O_RDWR, 0600);
  send_fds(ends[0], "f", 1, &file, 0);
  receive("close on exec", ends[1], 10, sizeof control, MSG_CMSG_CLOEXEC);
  printf("flag %d\n", fcntl(got[0], F_GETFD));
  write(file, "12345", 5);
  printf("position %ld\n", (long)lseek(got[0], 0, SEEK_CUR));
  close(got[0]);

  // Room for none, for some, for a header only.
  int three[] = {file, file, file};
  send_fds(ends[0], "a", 3, three, 0);
  receive("no room", ends[1], 10, 0, 0);
  send_fds(ends[0], "b", 3, three, 0);
  receive("room for a header", ends[1], 10, 16, 0);
  send_fds(ends[0], "c", 3, three, 0);
  int n = receive("room for one and a half", ends[1], 10, 22, 0);
  for (int i = 0; i < n; i++) close(got[i]);
  send_fds(ends[0], "d", 3, three, 0);
  n = receive("room for two", ends[1], 10, CMSG_SPACE(8), 0);
  for (int i = 0; i < n; i++) close(got[i]);
  send_fds(ends[0], "e", 3, three, 0);
  n = receive("peeked", ends[1], 10, sizeof control, MSG_PEEK);
  for (int i = 0; i < n; i++) close(got[i]);
  n = receive("taken", ends[1], 10, sizeof control, 0);
  for (int i = 0; i < n; i++) close(got[i]);
  send_fds(ends[0], "read", 1, &file, 0);
  char text[10];
  printf("without control messages: %zd\n", read(ends[1], text, 10));
  int next = dup(0);
  printf("the next descriptor: %d\n", next - file);
  close(next);

  // Many, too many, and none that is open.
  int many[300];
  for (int i = 0; i < 300; i++) many[i] = file;
  outcome("253", send_fds(ends[0], "m", 253, many, 0));
  n = receive("253", ends[1], 10, sizeof control, 0);
  for (int i = 0; i < n; i++) close(got[i]);
  outcome("254", send_fds(ends[0], "m", 254, many, 0));
  int closed[] = {file, 999};
  outcome("a closed one", send_fds(ends[0], "m", 2, closed, 0));
  struct rlimit limit = {20, 1024};
  setrlimit(RLIMIT_NOFILE, &limit);
  send_fds(ends[0], "l", 50, many, 0);
  n = receive("more than may be open", ends[1], 10, sizeof control, 0);
  printf("some %d\n", n > 0 && n < 20);
  for (int i = 0; i < n; i++) close(got[i]);
  limit.rlim_cur = 1024;
  setrlimit(RLIMIT_NOFILE, &limit);
  close(file);

  // What nobody receives any more is closed.
  pipe(other);
  send_fds(ends[0], "lost", 1, &other[1], 0);
  close(other[1]);
  fcntl(other[0], F_SETFL, O_NONBLOCK);
  outcome("on its way", read(other[0], &c, 1));
  close(ends[1]);
  outcome("lost with the socket", read(other[0], &c, 1));
  close(ends[0]);
  close(other[0]);

  // In a circle: sockets that were sent over themselves.
  socketpair(AF_UNIX, type, 0, ends);
  pipe(other);
  send_fds(ends[0], "1", 1, &ends[1], 0);
  send_fds(ends[1], "2", 1, &ends[0], 0);
  send_fds(ends[0], "3", 1, &other[1], 0);
  close(other[1]);
  close(ends[0]);
  fcntl(other[0], F_SETFL, O_NONBLOCK);
  outcome("half of the circle is open", read(other[0], &c, 1));
  close(ends[1]);
  // Linux looks for them now and then, when sockets are closed.
  for (int i = 0; i < 300 && read(other[0], &c, 1) < 0; i++) {
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    close(ends[0]);
    close(ends[1]);
    pause_ms(10);
  }
  outcome("a circle that nobody holds", read(other[0], &c, 1));
  close(other[0]);
  unlink("file");
}

static void between(void) {
  // A child opens for its parent.
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  pid_t pid = fork();
  if (pid == 0) {
    int file = open("made", O_CREAT | O_RDWR | O_EXCL, 0600);
    write(file, "by the child", 12);
    lseek(file, 3, SEEK_SET);
    pause_ms(20);
    send_fds(ends[1], "!", 1, &file, 0);
    _exit(0);
  }
  receive("waited for", ends[0], 10, sizeof control, 0);
  waitpid(pid, NULL, 0);
  char text[20] = "";
  read(got[0], text, 20);
  printf("'%s'\n", text);
  unlink("made");
  close(got[0]);
  // Who is killed loses what it has not received.
  pipe(other);
  pid = fork();
  if (pid == 0) { close(other[0]); close(ends[0]); pause(); _exit(0); }
  close(ends[1]);
  send_fds(ends[0], "k", 1, &other[1], 0);
  close(other[1]);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  printf("its end is the pipe's: %zd\n", read(other[0], &c, 1));
  close(ends[0]);
  close(other[0]);
}

// Bytes before go with those a descriptor comes with, bytes behind do not.
static void stream_parts(void) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  int n;
  send_fds(ends[0], "before", 0, NULL, 0);
  send_fds(ends[0], "with", 1, &ends[0], 0);
  send_fds(ends[0], "behind", 0, NULL, 0);
  send_fds(ends[0], "again", 1, &ends[0], 0);
  n = receive("up to the first", ends[1], 100, sizeof control, 0);
  close(got[0]);
  n = receive("up to the second", ends[1], 100, sizeof control, 0);
  close(got[0]);
  send_fds(ends[0], "part", 1, &ends[0], 0);
  send_fds(ends[0], "more", 0, NULL, 0);
  n = receive("a part of it", ends[1], 2, sizeof control, 0);
  close(got[0]);
  n = receive("the rest", ends[1], 100, sizeof control, 0);
  printf("no more %d\n", n);
  send_fds(ends[0], "all", 1, &ends[0], 0);
  send_fds(ends[0], "more", 0, NULL, 0);
  receive("to wait for all", ends[1], 7, sizeof control, MSG_WAITALL);
  close(got[0]);
  receive("behind", ends[1], 100, sizeof control, 0);
  outcome("nothing", receive("none", ends[1], 100, sizeof control, MSG_DONTWAIT));
  static char big[20000];
  memset(big, 'b', sizeof big - 1);
  send_fds(ends[0], big, 1, &ends[0], 0);
  send_fds(ends[0], "behind", 0, NULL, 0);
  receive("a long one", ends[1], 100000, sizeof control, 0);
  close(got[0]);
  receive("what is behind it", ends[1], 100000, sizeof control, 0);
  outcome("no bytes", send_fds(ends[0], "", 1, &ends[0], 0));
  close(ends[0]);
  receive("the end", ends[1], 100, sizeof control, 0);
  close(ends[1]);
}

static void credentials(int type) {
  socketpair(AF_UNIX, type, 0, ends);
  int on = 1;
  send_fds(ends[0], "early", 0, NULL, 0);
  setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  socklen_t size = sizeof on;
  getsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, &size);
  printf("SO_PASSCRED %d\n", on);
  send_fds(ends[0], "one", 0, NULL, 0);
  write(ends[0], "two", 3);
  pid_t pid = fork();
  if (pid == 0) { write(ends[0], "three", 5); _exit(0); }
  waitpid(pid, NULL, 0);
  receive("first", ends[1], 100, sizeof control, 0);
  receive("second", ends[1], 100, sizeof control, 0);
  receive("third", ends[1], 100, sizeof control, MSG_DONTWAIT);
  receive("fourth", ends[1], 100, sizeof control, MSG_DONTWAIT);
  send_fds(ends[0], "no room", 0, NULL, 0);
  receive("no room", ends[1], 100, 0, 0);
  send_fds(ends[0], "half", 0, NULL, 0);
  receive("half of it", ends[1], 100, 20, 0);
  int fd = 1;
  send_fds(ends[0], "both", 1, &fd, 0);
  receive("both", ends[1], 100, sizeof control, 0);
  close(got[0]);
  struct ucred who = {getpid(), getuid(), getgid()};
  struct iovec piece = {"told", 4};
  struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof who)};
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  *h = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof who), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS};
  memcpy(CMSG_DATA(h), &who, sizeof who);
  outcome("told", sendmsg(ends[0], &m, 0));
  receive("told", ends[1], 100, sizeof control, 0);
  h->cmsg_len = CMSG_LEN(4);
  outcome("too short", sendmsg(ends[0], &m, 0));
  h->cmsg_len = 8;
  outcome("shorter than a header", sendmsg(ends[0], &m, 0));
  h->cmsg_len = sizeof control;
  outcome("longer than there is", sendmsg(ends[0], &m, 0));
  h->cmsg_len = CMSG_LEN(sizeof who);
  h->cmsg_type = 99;
  outcome("a kind there is not", sendmsg(ends[0], &m, 0));
  h->cmsg_level = 77;
  outcome("a level there is not", sendmsg(ends[0], &m, 0));
  receive("passed over", ends[1], 100, sizeof control, 0);
  close(ends[0]);
  close(ends[1]);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
  for (int i = 0; i < 3; i++) { printf("-- type %d\n", types[i]); rights(types[i]); credentials(types[i]); }
  between();
  stream_parts();
  return 0;
}
