/*
 * Starts a program of programs/ on the host, in place of programs/runtime/start.S: the same C source as for the
 * guest, with the system calls' numbers for RISC-V turned into the host's. For x86-64, and for AArch64, which has
 * the same numbers.
 */
#include "../../programs/runtime/sockets.h"

#if defined __x86_64__
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\txor %esi, %esi\n\txor %edx, %edx\n\tand $-16, %rsp\n\tcall runtime_start\n");

static const struct { short guest, host; } numbers[] = {
    {SYS_DUP3, 292}, {SYS_UNLINKAT, 263}, {SYS_CLOSE, 3}, {SYS_PIPE2, 293}, {SYS_READ, 0}, {SYS_WRITE, 1},
    {SYS_EXIT_GROUP, 231}, {SYS_NANOSLEEP, 35}, {SYS_KILL, 62}, {SYS_SOCKET, 41}, {SYS_BIND, 49},
    {SYS_LISTEN, 50}, {SYS_ACCEPT, 43}, {SYS_CONNECT, 42}, {SYS_SENDTO, 44}, {SYS_RECVFROM, 45},
    {SYS_SETSOCKOPT, 54}, {SYS_CLONE, 56}, {SYS_EXECVE, 59}, {SYS_WAIT4, 61},
    {214, 12} /* brk */, {215, 11} /* munmap */, {222, 9} /* mmap */, {233, 28} /* madvise */,
};

long system_call(long number, long a, long b, long c, long d, long e, long f) {
    long result = -38; /* ENOSYS */
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].guest != number) continue;
        __asm__ volatile("syscall" : "=a"(result) : "0"((long)numbers[i].host), "D"(a), "S"(b), "d"(c), "r"(r10),
                         "r"(r8), "r"(r9) : "rcx", "r11", "memory");
        break;
    }
    return result;
}
#elif defined __aarch64__
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tmov x1, #0\n\tmov x2, #0\n\tb runtime_start\n");

long system_call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#else
#error "no way to start on this host"
#endif
