// SOCK_SEQPACKET keeps packets apart and connections together; sendmmsg and recvmmsg take many at once
#define _GNU_SOURCE
#include "outcome.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char block[300000];
static int ends[2];

static void pause_ms(int ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, NULL); }

static void tell_poll(const char *what, int fd) {
  struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP};
  int ready = poll(&one, 1, 0);
  printf("%s: %d%s%s%s%s%s\n", what, ready, one.revents & POLLIN ? " in" : "", one.revents & POLLOUT ? " out" : "",
         one.revents & POLLHUP ? " hung up" : "", one.revents & POLLERR ? " error" : "", one.revents & POLLRDHUP ? " ended" : "");
}

static int number(int level, int option) { int value; socklen_t size = sizeof value; getsockopt(ends[0], level, option, &value, &size); return value; }

static void pairs(void) {
  char text[100];
  int n;
  outcome("pair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
  printf("type %d\n", number(SOL_SOCKET, SO_TYPE));
  tell_poll("fresh", ends[0]);
  outcome("one", send(ends[0], "one", 3, 0));
  outcome("two", write(ends[0], "seconds", 7));
  outcome("none", send(ends[0], "", 0, 0));
  outcome("four", send(ends[0], "four", 4, 0));
  ioctl(ends[1], FIONREAD, &n);
  printf("FIONREAD %d\n", n);
  tell_poll("some", ends[1]);
  outcome("peeked", recv(ends[1], text, 100, MSG_PEEK));
  outcome("one", recv(ends[1], text, 100, 0));
  struct iovec piece = {text, 4};
  struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
  outcome("cut", recvmsg(ends[1], &m, 0));
  printf("flags %x\n", m.msg_flags);
  outcome("none", recv(ends[1], text, 100, 0));
  outcome("its length", recv(ends[1], text, 1, MSG_TRUNC));
  outcome("no more", recv(ends[1], text, 100, MSG_DONTWAIT));
  outcome("too long", send(ends[0], block, sizeof block, 0));
  outcome("long", send(ends[0], block, 150000, 0));
  printf("came whole %zd\n", read(ends[1], block, sizeof block));
  outcome("urgent", send(ends[0], "x", 1, MSG_OOB));
  outcome("to a name", sendto(ends[0], "named", 5, 0, (struct sockaddr *)"\1\0x", 3));
  printf("came %zd\n", read(ends[1], text, 100));
  long count = 0;
  while (send(ends[0], block, 50000, MSG_DONTWAIT) > 0) count++;
  printf("full after some: %d, %s\n", count > 2 && count < 6, strerror(errno));
  tell_poll("full", ends[0]);
  while (recv(ends[1], block, 50000, MSG_DONTWAIT) > 0) count--;
  printf("all came: %ld\n", count);
  pid_t pid = fork();
  if (pid == 0) { close(ends[0]); pause_ms(20); long sum = 0; while ((n = read(ends[1], block, sizeof block)) > 0) sum += n; printf("the child got %ld\n", sum); _exit(0); }
  for (int i = 0; i < 20; i++) send(ends[0], block, 30000 + i, 0);
  shutdown(ends[0], SHUT_WR);
  close(ends[1]);
  waitpid(pid, NULL, 0);
  signal(SIGPIPE, SIG_IGN);
  outcome("shut", send(ends[0], "x", 1, 0));
  outcome("the other is gone", recv(ends[0], text, 1, 0));
  tell_poll("gone", ends[0]);
  close(ends[0]);
  signal(SIGPIPE, SIG_DFL);
  int status;
  pid = fork();
  if (pid == 0) { socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends); close(ends[1]); outcome("nobody there", send(ends[0], "x", 1, 0)); _exit(0); }
  waitpid(pid, &status, 0);
  printf("a signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  signal(SIGPIPE, SIG_IGN);
  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
  send(ends[0], "unread", 6, 0);
  close(ends[1]);
  outcome("unread, it was reset", recv(ends[0], text, 1, 0));
  outcome("told once", recv(ends[0], text, 1, 0));
  close(ends[0]);
}

static void servers(void) {
  struct sockaddr_un name = {AF_UNIX, "server"};
  int s = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  char text[100];
  outcome("not connected", send(s, "x", 1, 0));
  outcome("nor to receive", recv(s, text, 1, 0));
  tell_poll("idle", s);
  outcome("bind", bind(s, (struct sockaddr *)&name, sizeof name));
  outcome("listen", listen(s, 5));
  int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  outcome("a stream", connect(stream, (struct sockaddr *)&name, sizeof name));
  int d = socket(AF_UNIX, SOCK_DGRAM, 0);
  outcome("a datagram", sendto(d, "x", 1, 0, (struct sockaddr *)&name, sizeof name));
  pid_t pid = fork();
  if (pid == 0) {
    int c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    pause_ms(20);
    outcome("connect", connect(c, (struct sockaddr *)&name, sizeof name));
    send(c, "hello", 5, 0);
    send(c, "again", 5, 0);
    printf("an answer: %zd\n", recv(c, text, 100, 0));
    _exit(0);
  }
  tell_poll("listening", s);
  int a = accept(s, NULL, NULL);
  pause_ms(20);
  struct ucred who;
  socklen_t size = sizeof who;
  getsockopt(a, SOL_SOCKET, SO_PEERCRED, &who, &size);
  printf("accepted, of the child %d\n", who.pid == pid);
  printf("%zd\n", recv(a, text, 100, 0));
  printf("%zd\n", recv(a, text, 100, 0));
  write(a, "answer", 6);
  waitpid(pid, NULL, 0);
  printf("the end %zd\n", recv(a, text, 100, 0));
  close(a);
  close(s);
  outcome("of the internet", socket(AF_INET, SOCK_SEQPACKET, 0));
  unlink("server");
}

static int ticks;
static void tick(int signal) { ticks++; }
static void arm(void) {
  struct sigaction action = {.sa_handler = tick};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 0}, {0, 20000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

static void many(int type) {
  struct mmsghdr out[10], in[10];
  struct iovec pieces[10][2], room[10];
  static char text[10][20];
  memset(out, 0, sizeof out);
  memset(in, 0, sizeof in);
  for (int i = 0; i < 10; i++) {
    pieces[i][0] = (struct iovec){"abcdefghijklm", i + 1};
    pieces[i][1] = (struct iovec){"-", 1};
    out[i].msg_hdr.msg_iov = pieces[i];
    out[i].msg_hdr.msg_iovlen = 2;
    room[i] = (struct iovec){text[i], 6};
    in[i].msg_hdr.msg_iov = &room[i];
    in[i].msg_hdr.msg_iovlen = 1;
  }
  socketpair(AF_UNIX, type, 0, ends);
  outcome("sendmmsg", sendmmsg(ends[0], out, 5, 0));
  for (int i = 0; i < 5; i++) printf("%u ", out[i].msg_len);
  int n = recvmmsg(ends[1], in, 10, MSG_DONTWAIT, NULL);
  outcome("\nrecvmmsg", n);
  for (int i = 0; i < n; i++) printf("%u %.*s %x, ", in[i].msg_len, in[i].msg_len, text[i], in[i].msg_hdr.msg_flags);
  outcome("\nnothing", recvmmsg(ends[1], in, 10, MSG_DONTWAIT, NULL));
  outcome("none", sendmmsg(ends[0], out, 0, 0));
  pid_t pid = fork();
  if (pid == 0) { for (int i = 0; i < 3; i++) { pause_ms(20); sendmmsg(ends[0], out + i, 1, 0); } _exit(0); }
  outcome("waits for one", recvmmsg(ends[1], in, 5, MSG_WAITFORONE, NULL));
  outcome("waits for two", recvmmsg(ends[1], in, 2, 0, NULL));
  waitpid(pid, NULL, 0);
  sendmmsg(ends[0], out, 2, 0);
  arm();
  outcome("interrupted after two", recvmmsg(ends[1], in, 5, 0, NULL));
  // Linux tells the next call of it too.
  close(ends[0]);
  close(ends[1]);
  socketpair(AF_UNIX, type, 0, ends);
  arm();
  outcome("interrupted before any", recvmmsg(ends[1], in, 5, 0, NULL));
  struct timespec wrong = {0, 2000000000};
  outcome("a time there is not", recvmmsg(ends[1], in, 1, 0, &wrong));
  sendmmsg(ends[0], out, 3, 0);
  struct timespec now = {0, 0};
  outcome("no time", recvmmsg(ends[1], in, 3, 0, &now));
  close(ends[1]);
  outcome("to nobody", sendmmsg(ends[0], out, 3, 0));
  close(ends[0]);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pairs();
  servers();
  many(SOCK_SEQPACKET);
  many(SOCK_DGRAM);
  return 0;
}
