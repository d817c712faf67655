// posix_spawn and exec: arguments, environment, descriptors, masks, and the ways to fail
#define _GNU_SOURCE
#include "outcome.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int status_of(pid_t pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void child(int argc, char **argv) {
  printf("child:");
  for (int i = 1; i < argc; i++) printf(" [%s]", argv[i]);
  for (char **e = environ; *e; e++) printf(" {%s}", *e);
  struct sigaction usr1, usr2;
  sigaction(SIGUSR1, NULL, &usr1);
  sigaction(SIGUSR2, NULL, &usr2);
  sigset_t mask, pending;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  sigpending(&pending);
  printf(" ignores USR1 %d, handles USR2 %d, blocks TERM %d HUP %d, pending HUP %d", usr1.sa_handler == SIG_IGN,
         usr2.sa_handler != SIG_DFL, sigismember(&mask, SIGTERM), sigismember(&mask, SIGHUP),
         sigismember(&pending, SIGHUP));
  printf(", open:");
  for (int fd = 3; fd < 20; fd++) if (fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
  printf(", alarm %d, leads %d\n", alarm(0) > 0, getpgrp() == getpid());
  fflush(stdout);
}

static void nothing(int signal) {}

static void write_file(const char *name, const char *text, int mode) {
  int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0700);
  write(fd, text, strlen(text));
  fchmod(fd, mode);
  close(fd);
}

static void try_exec(const char *what, const char *path) {
  char *args[] = {(char *)path, NULL};
  execve(path, args, environ);
  printf("%s: %s\n", what, strerror(errno));
}

int main(int argc, char **argv) {
  if (argc > 1) { child(argc, argv); return 21; }
  setvbuf(stdout, NULL, _IONBF, 0);
  clearenv();
  putenv("B=2");
  char *const environment[] = {"A=1", "EMPTY=", NULL};
  pid_t pid;
  char *plain[] = {"spawn", "one", "two words", "", NULL};
  int spawn_error = posix_spawn(&pid, argv[0], NULL, NULL, plain, environment);
  int spawn_status = status_of(pid);
  printf("spawn: %s, %d\n", strerror(spawn_error), spawn_status);
  printf("of nothing: %s\n", strerror(posix_spawn(&pid, "./nothing", NULL, NULL, plain, environment)));

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "output", O_CREAT | O_WRONLY | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 7);
  posix_spawn_file_actions_addclose(&actions, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  posix_spawnattr_setsigmask(&attributes, &set);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  posix_spawnattr_setsigdefault(&attributes, &set);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  signal(SIGUSR1, SIG_IGN);
  int actions_error = posix_spawn(&pid, argv[0], &actions, &attributes, plain, environment);
  int actions_status = status_of(pid);
  printf("with actions: %s, %d\n", strerror(actions_error), actions_status);
  char text[1000];
  int fd = open("output", O_RDONLY);
  ssize_t n = read(fd, text, sizeof text);
  close(fd);
  printf("in the file: %.*s", (int)n, text);
  unlink("output");

  // exec keeps what is ignored, blocked, pending and the alarm; handlers and what closes on exec go.
  int open1 = open("/dev/null", O_RDONLY), closes = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(open1, 10);
  dup3(open1, 11, O_CLOEXEC);
  fcntl(open1, F_DUPFD_CLOEXEC, 12);
  pid = fork();
  if (pid == 0) {
    signal(SIGUSR2, nothing);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGHUP);
    alarm(100);
    char *args[] = {"x", "exec", NULL};
    execv(argv[0], args);
    _exit(1);
  }
  printf("exec: %d\n", status_of(pid));

  write_file("text", "no magic\n", 0755);
  write_file("plain", "#!./spawn\n", 0644);
  write_file("script", "#!./spawn from script\n", 0755);
  write_file("dangling", "#!./nothing\n", 0755);
  write_file("short", "\177ELF", 0755);
  write_file("empty", "", 0755);
  mkdir("folder", 0755);
  try_exec("ENOENT", "./nothing");
  try_exec("an empty name", "");
  try_exec("not executable", "./plain");
  try_exec("a folder", "./folder");
  try_exec("below a file", "./text/x");
  try_exec("no magic", "./text");
  try_exec("a missing interpreter", "./dangling");
  try_exec("a cut ELF", "./short");
  try_exec("an empty file", "./empty");
  char *huge = malloc(200000);
  memset(huge, 'x', 199999);
  huge[199999] = 0;
  char *args[] = {"x", huge, NULL};
  execv(argv[0], args);
  printf("an argument of 200 kB: %s\n", strerror(errno));
  free(huge);
  char **many = malloc(3000 * sizeof *many);
  char *long_one = malloc(1001);
  memset(long_one, 'y', 1000);
  long_one[1000] = 0;
  for (int i = 0; i < 2999; i++) many[i] = long_one;
  many[2999] = NULL;
  execv(argv[0], many);
  printf("3 MB of arguments: %s\n", strerror(errno));

  pid = fork();
  if (pid == 0) { execl("./script", "script", "argument", NULL); _exit(1); }
  printf("a script: %d\n", status_of(pid));
  pid = fork();
  if (pid == 0) { fd = open(argv[0], O_RDONLY); char *a[] = {"x", "by descriptor", NULL}; fexecve(fd, a, environment); _exit(1); }
  printf("fexecve: %d\n", status_of(pid));
  pid = fork();
  if (pid == 0) { execl("/proc/self/exe", "x", "by /proc", NULL); _exit(1); }
  printf("/proc/self/exe: %d\n", status_of(pid));
  char many1000[20][6], *list[22] = {"x"};
  for (int i = 0; i < 20; i++) { snprintf(many1000[i], 6, "%d", i * 499); list[i + 1] = many1000[i]; }
  pid = fork();
  if (pid == 0) { execv(argv[0], list); _exit(1); }
  printf("many: %d\n", status_of(pid));
  unlink("text"); unlink("plain"); unlink("script"); unlink("dangling"); unlink("short"); unlink("empty"); rmdir("folder");
  return 0;
}
