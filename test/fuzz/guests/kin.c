/*
 * A family of processes drawn from a seed: they fork, share, map the same pages twice, protect, move, talk through pipes,
 * run threads and execute themselves. Each prints one line at its end: a checksum of all that it has seen. No line
 * depends on who runs when: everybody writes words of its own, adds to sums, or waits for the others.
 *
 *   kin SEED            the family
 *   kin SEED leaf NODE  what it executes
 *
 *           0                      node: its children are 4n + 1 to 4n + 4; every node has a word
 *      1  2  3  4                  of its own in each shared page
 *    5 ..      ..20
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PAGE = 4096, WORDS = PAGE / 8,
    NODES = 85, CHILDREN = 4, DEPTH = 2,
    SHARED = 12, FILED = 8, TEAM = 3, THREADS = 3,
    TOUCHES = 4, /* words of a page that are looked at */
};

struct team {
    pthread_barrier_t barrier;
    uint64_t said[TEAM][SHARED];
};

static struct {
    uint64_t random, sum;
    unsigned node, depth, children, pending;
    pid_t unwaited[CHILDREN];
    char *program, *seed;
    int pages, file;
    uint64_t *own;          /* private, copied at a fork */
    uint64_t *shared;       /* anonymous shared memory */
    uint64_t *here, *there; /* the same pages of a file, at two addresses */
    uint64_t *copy;         /* a file of constants, private */
    uint64_t *total;        /* sums that everybody adds to */
} me;

static void mix(uint64_t value) {
    me.sum = (me.sum ^ value) * 0xff51afd7ed558ccdull;
    me.sum ^= me.sum >> 32;
}

static uint64_t draw(void) {
    uint64_t z = me.random += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

static unsigned below(unsigned n) { return draw() % n; }

static void must(int condition, const char *what) {
    char line[80];
    if (condition) return;
    int length = snprintf(line, sizeof line, "kin %s node %u: %s failed\n", me.seed, me.node, what);
    if (write(1, line, length) != length) _exit(98);
    _exit(99);
}

static void *map(int pages, int flags, int file) {
    if (file < 0) flags |= MAP_ANONYMOUS;
    void *at = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);
    must(at != MAP_FAILED, "mmap");
    return at;
}

static int file_of(int pages) {
    char name[64];
    snprintf(name, sizeof name, "%skin-%d-%u", below(2) ? "/tmp/" : "", (int)getpid(), below(1000000));
    int file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    must(file >= 0 && unlink(name) == 0 && ftruncate(file, (off_t)pages * PAGE) == 0, "a file");
    return file;
}

/* Sees that a child ended as it should have. */
static void await(pid_t child) {
    int status = 0;
    must(waitpid(child, &status, 0) == child, "waitpid");
    mix(WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
    must(!WIFEXITED(status) || WEXITSTATUS(status) < 90, "a child");
}

static void finish(const char *kind) {
    char line[80];
    int length = snprintf(line, sizeof line, "kin %s %s %u: %016llx\n", me.seed, kind, me.node, (unsigned long long)me.sum);
    must(write(1, line, length) == length, "write");
    _exit(me.sum & 63);
}

/* --- What a process does by itself. --- */

static void write_own(void) {
    int stride = 1 + below(5);
    for (int page = below(stride); page < me.pages; page += stride)
        for (int i = 0; i < TOUCHES; i++) me.own[page * WORDS + below(WORDS)] = draw() ^ page;
}

static void read_own(void) {
    unsigned at = below(WORDS);
    for (int page = 0; page < me.pages; page++)
        for (int i = 0; i < TOUCHES; i++) mix(me.own[page * WORDS + (at + i * 61) % WORDS]);
}

static void use_shared(void) {
    for (int i = 0; i < SHARED; i++) {
        uint64_t *word = &me.shared[below(SHARED) * WORDS + me.node];
        mix(*word);
        *word = draw();
        __atomic_fetch_add(me.total, *word & 0xffff, __ATOMIC_RELAXED);
    }
}

/* A word of its own in a file's page, by the one address, by the other, and by system calls. */
static void use_aliases(void) {
    for (int i = 0; i < FILED; i++) {
        size_t word = below(FILED) * WORDS + me.node;
        uint64_t read = 0, wrote = draw();
        switch (below(4)) {
        case 0: me.here[word] = wrote; break;
        case 1: me.there[word] = wrote; break;
        case 2: must(pwrite(me.file, &wrote, 8, word * 8) == 8, "pwrite"); break;
        default: must(msync(me.here, FILED * PAGE, below(2) ? MS_SYNC : MS_ASYNC) == 0, "msync");
        }
        must(pread(me.file, &read, 8, word * 8) == 8, "pread");
        mix(me.here[word]);
        must(me.here[word] == read && me.there[word] == read, "an alias");
    }
}

static void use_copy(void) {
    for (int page = 0; page < FILED; page++) {
        mix(me.copy[page * WORDS + below(WORDS)]);
        if (below(2)) me.copy[page * WORDS + below(WORDS)] = draw();
    }
}

static void forget_pages(void) {
    int from = below(me.pages), count = 1 + below(me.pages - from);
    must(madvise(me.own + from * WORDS, (size_t)count * PAGE, MADV_DONTNEED) == 0, "madvise");
    for (int page = from; page < from + count; page++) must(me.own[page * WORDS + below(WORDS)] == 0, "a page given up");
}

static void make_hole(void) {
    uint64_t *at = me.own + below(me.pages) * WORDS;
    must(munmap(at, PAGE) == 0, "munmap");
    must(mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at, "mmap");
    mix(at[below(WORDS)]);
}

static void move_pages(void) {
    int before = 2 + below(6), after = 1 + below(10);
    uint64_t *at = map(before, below(2) ? MAP_PRIVATE : MAP_SHARED, -1);
    for (int page = 0; page < before; page++) at[page * WORDS] = draw() ^ page;
    /* What grows may have to move; shared memory is no longer than it was. */
    int kept = before < after ? before : after;
    at = mremap(at, (size_t)before * PAGE, (size_t)after * PAGE, MREMAP_MAYMOVE);
    must(at != MAP_FAILED, "mremap");
    for (int page = 0; page < kept; page++) mix(at[page * WORDS]);
    munmap(at, (size_t)after * PAGE);
}

static volatile unsigned caught;

static void allow(int signal, siginfo_t *what, void *context) {
    (void)signal;
    (void)context;
    caught++;
    uintptr_t page = (uintptr_t)what->si_addr & -(uintptr_t)PAGE;
    if (mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE) != 0) _exit(97);
}

static void write_protected(void) {
    struct sigaction action = { .sa_sigaction = allow, .sa_flags = SA_SIGINFO };
    must(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
    int protection = below(2) ? PROT_READ : PROT_NONE;
    must(mprotect(me.own, (size_t)me.pages * PAGE, protection) == 0, "mprotect");
    caught = 0;
    for (int page = 0; page < me.pages; page += 2) me.own[page * WORDS + 1] = draw();
    mix(caught);
    must(mprotect(me.own, (size_t)me.pages * PAGE, PROT_READ | PROT_WRITE) == 0, "mprotect");
}

static void use_heap(void) {
    char *blocks[6];
    size_t sizes[6];
    for (int i = 0; i < 6; i++) {
        blocks[i] = malloc(sizes[i] = 500 + below(12000));
        must(blocks[i] != NULL, "malloc");
        memset(blocks[i], i + 1, sizes[i]);
        if (i % 2) free(blocks[i - 1]);
    }
    for (int i = 1; i < 6; i += 2) {
        mix(blocks[i][below(sizes[i])]);
        free(blocks[i]);
    }
}

/* --- Threads: each has pages of its own, and all add to a sum under a lock. --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t by_all;

static void *work(void *number) {
    int first = (int)(intptr_t)number;
    uint64_t found = first;
    for (int page = first; page < me.pages; page += THREADS) {
        uint64_t *words = me.own + page * WORDS;
        for (int i = 0; i < TOUCHES; i++) words[i * 100] = words[i * 100] * 31 + found, found ^= words[i * 100];
        pthread_mutex_lock(&lock);
        by_all += found & 0xffff;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void run_threads(void) {
    pthread_t threads[THREADS];
    by_all = 0;
    for (intptr_t i = 0; i < THREADS; i++) must(pthread_create(&threads[i], NULL, work, (void *)i) == 0, "a thread");
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    mix(by_all);
}

/* --- Several processes. --- */

static void run(void);

static pid_t forked(void) {
    pid_t child = fork();
    must(child >= 0, "fork");
    return child;
}

/* A child that goes on as a process of the family. */
static void beget(void) {
    if (me.depth == DEPTH || me.children == CHILDREN) return;
    unsigned node = me.node * CHILDREN + ++me.children;
    uint64_t random = draw();
    int later = below(2);
    pid_t child = forked();
    if (child == 0) {
        me.node = node;
        me.random = random;
        me.depth++;
        me.children = me.pending = 0;
        run();
    }
    if (later) me.unwaited[me.pending++] = child;
    else await(child);
}

/* A child that becomes another program, by fork or by vfork. */
static void execute(void) {
    char number[16];
    snprintf(number, sizeof number, "%u", me.node * 10 + below(10));
    char *arguments[] = { me.program, me.seed, "leaf", number, NULL };
    char *environment[] = { NULL };
    pid_t child = below(2) ? vfork() : fork();
    must(child >= 0, "fork");
    if (child == 0) {
        execve(me.program, arguments, environment);
        _exit(96);
    }
    await(child);
}

/* A child gets pages through a pipe, changes them, and sends them back. */
static void converse(void) {
    int there[2], back[2];
    size_t bytes = 1 + below(3 * PAGE), rounds = 1 + below(4);
    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
    char *buffer = map(4, MAP_PRIVATE, -1);
    pid_t child = forked();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        for (ssize_t got; (got = read(there[0], buffer, 4 * PAGE)) > 0;) {
            for (ssize_t i = 0; i < got; i++) buffer[i] ^= 0x5a;
            for (ssize_t put = 0, n; put < got; put += n) must((n = write(back[1], buffer + put, got - put)) > 0, "write");
        }
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    for (size_t round = 0; round < rounds; round++) {
        memset(buffer, (int)round + 1, bytes);
        must(write(there[1], buffer, bytes) == (ssize_t)bytes, "write");
        for (size_t got = 0; got < bytes;) {
            ssize_t n = read(back[0], buffer + got, bytes - got);
            must(n > 0, "read");
            got += n;
        }
        for (int i = 0; i < TOUCHES; i++) mix(buffer[below(bytes)]);
    }
    close(there[1]);
    close(back[0]);
    await(child);
    munmap(buffer, 4 * PAGE);
}

/* A descriptor of a file goes with pages over a socket; whoever receives both reads the file by it. */
static void pass_on(void) {
    int ends[2], kind = below(2) ? SOCK_STREAM : SOCK_DGRAM;
    size_t bytes = 1 + below(5 * PAGE);
    must(socketpair(AF_UNIX, kind, 0, ends) == 0, "socketpair");
    char *buffer = map(8, MAP_PRIVATE, -1), *control = buffer + 6 * PAGE;
    struct iovec piece = { buffer + below(PAGE), bytes };
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int)),
    };
    uint64_t there = draw(), word = below(FILED) * WORDS + me.node;
    must(pwrite(me.file, &there, 8, word * 8) == 8, "pwrite");
    pid_t child = forked();
    if (child == 0) {
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(header), &me.file, sizeof(int));
        memset(piece.iov_base, 0x33, bytes);
        must(sendmsg(ends[1], &message, 0) == (ssize_t)bytes, "sendmsg");
        _exit(0);
    }
    await(child);
    must(recvmsg(ends[0], &message, 0) == (ssize_t)bytes, "recvmsg");
    for (size_t i = 0; i < bytes; i++) must(((char *)piece.iov_base)[i] == 0x33, "what was sent");
    int file = -1;
    must(message.msg_controllen == CMSG_SPACE(sizeof(int)), "a descriptor");
    memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    uint64_t read = 0;
    must(pread(file, &read, 8, word * 8) == 8 && read == there, "the file");
    mix(read);
    close(file);
    close(ends[0]);
    close(ends[1]);
    munmap(buffer, 8 * PAGE);
}

/* New shared memory: what a child writes to all of it the parent reads, and the other way round. */
static void share_anew(void) {
    int pages = 2 + below(SHARED);
    uint64_t *both = map(pages, MAP_SHARED, -1), *again = map(1, MAP_SHARED, -1);
    uint64_t from = draw();
    for (int page = 0; page < pages; page += 2) both[page * WORDS] = from + page;
    pid_t child = forked();
    if (child == 0) {
        for (int page = 0; page < pages; page++) {
            must(both[page * WORDS] == (page % 2 ? 0 : from + page), "a shared page");
            both[page * WORDS + 1] = both[page * WORDS] ^ from * page;
        }
        again[0] = from;
        _exit(0);
    }
    await(child);
    for (int page = 0; page < pages; page++) mix(both[page * WORDS + 1]);
    mix(again[0]);
    munmap(both, (size_t)pages * PAGE);
    munmap(again, PAGE);
}

/* Children that work in step: each reads in every round what all have written in it. */
static void work_in_step(void) {
    struct team *team = map(1, MAP_SHARED, -1);
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&team->barrier, &attributes, TEAM);
    uint64_t from = draw();
    pid_t members[TEAM];
    for (int member = 0; member < TEAM; member++) {
        members[member] = forked();
        if (members[member] != 0) continue;
        uint64_t sum = from + member;
        for (int round = 0; round < SHARED; round++) {
            me.own[round % me.pages * WORDS + 7] = sum;
            team->said[member][round] = sum;
            pthread_barrier_wait(&team->barrier);
            for (int other = 0; other < TEAM; other++) sum = sum * 31 + team->said[other][round];
            sum ^= me.own[round % me.pages * WORDS + 7];
        }
        _exit(sum & 63);
    }
    for (int member = 0; member < TEAM; member++) await(members[member]);
    for (int round = 0; round < SHARED; round++) mix(team->said[round % TEAM][round]);
    munmap(team, PAGE);
}

static void (*const deeds[])(void) = {
    write_own, write_own, read_own, read_own, use_shared, use_aliases, use_copy, forget_pages, make_hole, move_pages,
    write_protected, use_heap, run_threads, beget, beget, beget, execute, converse, pass_on, share_anew, work_in_step,
};

static void run(void) {
    for (int left = 6 + below(8); left > 0; left--) deeds[below(sizeof deeds / sizeof *deeds)]();
    read_own();
    use_shared();
    while (me.pending > 0) await(me.unwaited[--me.pending]);
    if (me.node != 0) finish("node");
    /* All others have ended: what they have left is what it is. */
    for (int page = 0; page < SHARED; page++)
        for (int node = 0; node < NODES; node++) mix(me.shared[page * WORDS + node]);
    for (int page = 0; page < FILED; page++)
        for (int node = 0; node < NODES; node++) mix(me.there[page * WORDS + node]);
    mix(*me.total);
    finish("root");
}

static void leaf(unsigned node) {
    me.node = node;
    me.random ^= node * 0x9e3779b9ull;
    me.pages = 3 + below(8);
    me.own = map(me.pages, MAP_PRIVATE, -1);
    write_own();
    read_own();
    use_heap();
    finish("leaf");
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    me.program = arguments[0];
    me.seed = arguments[1];
    me.random = strtoull(me.seed, NULL, 10) * 0x2545f4914f6cdd1dull;
    if (count > 3) leaf(strtoul(arguments[3], NULL, 10));
    me.pages = 6 + below(24);
    me.own = map(me.pages, MAP_PRIVATE, -1);
    me.shared = map(SHARED, MAP_SHARED, -1);
    me.total = map(1, MAP_SHARED, -1);
    me.file = file_of(FILED);
    me.here = map(FILED, MAP_SHARED, me.file);
    me.there = map(FILED, MAP_SHARED, me.file);
    int constants = file_of(FILED);
    uint64_t *filled = map(FILED, MAP_SHARED, constants);
    for (int word = 0; word < FILED * WORDS; word += 3) filled[word] = draw();
    munmap(filled, FILED * PAGE);
    me.copy = map(FILED, MAP_PRIVATE, constants);
    close(constants);
    write_own();
    run();
}
