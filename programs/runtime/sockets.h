/*
 * Sockets and processes as far as `server` and `client` use them: Linux system
 * calls (socket(7), unix(7), tcp(7), clone(2)) under the names that they have in C,
 * which end the program with a message where there is nothing else to do.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "runtime.h"

enum {
    SYS_DUP3 = 24, SYS_UNLINKAT = 35, SYS_CLOSE = 57, SYS_PIPE2 = 59, SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT_GROUP = 94,
    SYS_NANOSLEEP = 101, SYS_KILL = 129, SYS_SOCKET = 198, SYS_BIND = 200, SYS_LISTEN = 201, SYS_ACCEPT = 202,
    SYS_CONNECT = 203, SYS_SENDTO = 206, SYS_RECVFROM = 207, SYS_SETSOCKOPT = 208, SYS_CLONE = 220,
    SYS_EXECVE = 221, SYS_WAIT4 = 260,
};
enum { ENOENT = 2, EINTR = 4, ECONNREFUSED = 111 };
enum { AF_UNIX = 1, AF_INET = 2, SOCK_STREAM = 1, SOL_SOCKET = 1, SO_REUSEADDR = 2, MSG_NOSIGNAL = 0x4000 };
enum { SIGTERM = 15, SIGCHLD = 17, CLONE_VM = 0x100, CLONE_VFORK = 0x4000, WNOHANG = 1, AT_FDCWD = -100 };

/* ---- addresses --------------------------------------------------------- */

struct address {
    const char *path; /* of a UNIX socket, or NULL */
    size_t bytes;
    union {
        struct { uint16_t family; uint8_t port[2]; uint8_t host[4]; uint8_t zero[8]; } internet;
        struct { uint16_t family; char path[108]; } local;
    };
};

/* "7000" is a port of 127.0.0.1, "/tmp/server" the name of a UNIX socket; anything else: usage(line). */
static inline struct address parse_address(const char *text, const char *line) {
    struct address to = {0};
    size_t length = text_length(text);
    if (*text == '/' && length < sizeof to.local.path) {
        to.path = text;
        to.local.family = AF_UNIX;
        memcpy(to.local.path, text, length + 1);
        to.bytes = sizeof to.local.family + length + 1;
        return to;
    }
    uint64_t port = parse_size(text, 1, 65535, line);
    to.internet.family = AF_INET;
    to.internet.port[0] = (uint8_t)(port >> 8);
    to.internet.port[1] = (uint8_t)port;
    to.internet.host[0] = 127;
    to.internet.host[3] = 1;
    to.bytes = sizeof to.internet;
    return to;
}

static inline int new_socket(const struct address *address) {
    long made = system_call(SYS_SOCKET, address->path ? AF_UNIX : AF_INET, SOCK_STREAM, 0, 0, 0, 0);
    if (made < 0) fail("socket: can't be made");
    return (int)made;
}

/* A socket that connections to `address` arrive at. */
static inline int listen_at(const struct address *address, int backlog) {
    int file = new_socket(address);
    int on = 1;
    system_call(SYS_SETSOCKOPT, file, SOL_SOCKET, SO_REUSEADDR, (long)&on, sizeof on, 0);
    if (system_call(SYS_BIND, file, (long)&address->internet, (long)address->bytes, 0, 0, 0) < 0)
        fail("bind: the address is taken or can't be had");
    if (system_call(SYS_LISTEN, file, backlog, 0, 0, 0, 0) < 0) fail("listen: refused");
    return file;
}

static inline void sleep_for(uint64_t microseconds) {
    struct { int64_t seconds, nanoseconds; } time = {
        (int64_t)(microseconds / 1000000), (int64_t)(microseconds % 1000000 * 1000),
    };
    if (microseconds) system_call(SYS_NANOSLEEP, (long)&time, 0, 0, 0, 0, 0);
}

/* A connection. A server that is not there yet is waited for, half a minute at most. */
static inline int connect_to(const struct address *address) {
    for (int tries = 0; tries < 30000; tries++) {
        int file = new_socket(address);
        long result = system_call(SYS_CONNECT, file, (long)&address->internet, (long)address->bytes, 0, 0, 0);
        if (result == 0) return file;
        system_call(SYS_CLOSE, file, 0, 0, 0, 0, 0);
        if (result != -ECONNREFUSED && result != -ENOENT) break;
        sleep_for(1000);
    }
    fail("connect: nobody listens at the address");
}

/* ---- files ------------------------------------------------------------- */

static inline void close_file(int file) { system_call(SYS_CLOSE, file, 0, 0, 0, 0, 0); }

/* Whether all `bytes` came; false when the other side has closed. */
static inline bool receive(int file, void *to, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        long n = system_call(SYS_RECVFROM, file, (long)to + (long)done, (long)(bytes - done), 0, 0, 0);
        if (n == -EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

static inline bool send_all(int file, const void *from, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        long n = system_call(SYS_SENDTO, file, (long)from + (long)done, (long)(bytes - done), MSG_NOSIGNAL, 0, 0);
        if (n == -EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

/* ---- processes --------------------------------------------------------- */

static inline long fork(void) {
    long child = system_call(SYS_CLONE, SIGCHLD, 0, 0, 0, 0, 0);
    if (child < 0) fail("fork: no room for another process");
    return child;
}

/*
 * vfork(2): calls `run(argument)`, which must execute a program or exit, in a child that uses the memory
 * and the stack of its parent, which waits meanwhile. One statement of assembly, so that the compiler has no
 * chance to let parent and child disagree about what lies in the frame that both have.
 */
static inline long vfork_to(void (*run)(void *), void *argument) {
#ifdef __riscv
    register long result __asm__("a0") = CLONE_VM | CLONE_VFORK | SIGCHLD;
    register long stack __asm__("a1") = 0;
    register long number __asm__("a7") = SYS_CLONE;
    register void (*code)(void *) __asm__("s2") = run;
    register void *with __asm__("s3") = argument;
    __asm__ volatile("ecall\n\t"
                     "bnez a0, 1f\n\t"
                     "mv a0, s3\n\t"
                     "jalr s2\n"
                     "1:"
                     : "+r"(result), "+r"(stack), "+r"(number)
                     : "r"(code), "r"(with)
                     : "memory", "ra", "a2", "a3", "a4", "a5", "a6", "t0", "t1", "t2", "t3", "t4", "t5", "t6");
    if (result < 0) fail("vfork: no room for another process");
    return result;
#else
    long child = fork(); /* a program can't tell, but by what it costs */
    if (child == 0) run(argument);
    return child;
#endif
}

/* A child that has ended, 0 with WNOHANG when there is none; `status` as wait(2) encodes it. */
static inline long wait_for_child(int *status, int options) {
    long child;
    do child = system_call(SYS_WAIT4, -1, (long)status, options, 0, 0, 0);
    while (child == -EINTR);
    return child;
}

#endif
