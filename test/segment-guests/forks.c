// Freestanding, so that it can be linked to go anywhere: tries to fork, and tells the errno as its status.
static long call(long number, long a, long b, long c) {
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = a;
  register long a1 asm("a1") = b;
  register long a2 asm("a2") = c;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}

static const char *words[] = {"refused\n", "forked\n"};

void _start(void) {
  long pid = call(220, 17, 0, 0); // clone(SIGCHLD)
  call(64, 1, (long)words[pid >= 0], pid >= 0 ? 7 : 8);
  call(94, pid < 0 ? -pid : 0, 0, 0);
}
