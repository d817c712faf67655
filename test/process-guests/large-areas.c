// large areas are filled, forked, cut, protected, moved and given up in parts, and hold what was written to them
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define BYTES (4 * 1024 * 1024ul)
/* A superpage is four of these. */
#define PART (BYTES / 8)

static uint64_t checksum(const unsigned char *from, size_t bytes) {
    uint64_t sum = 1469598103934665603u;
    for (size_t i = 0; i < bytes; i += 512) sum = (sum ^ from[i]) * 1099511628211u;
    return sum;
}

static void say(const char *what, const unsigned char *from, size_t bytes) {
    printf("%s: %016lx\n", what, (unsigned long)checksum(from, bytes));
    fflush(stdout);
}

static void fill(unsigned char *area, size_t bytes, size_t step, unsigned salt) {
    for (size_t i = 0; i < bytes; i += step) area[i] = (unsigned char)(i / PAGE * 7 + salt);
}

static unsigned char *mapped(size_t bytes) {
    unsigned char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) _exit(9);
    /* A kernel without superpages says EINVAL. */
    madvise(area, bytes, MADV_HUGEPAGE);
    return area;
}

int main(void) {
    unsigned char *area = mapped(BYTES);
    unsigned char *end = area + BYTES;
    say("fresh", area, BYTES / 4);
    fill(area, BYTES, 3 * PAGE, 1);
    say("sparse", area, BYTES);

    fflush(stdout);
    if (fork() == 0) {
        fill(area, BYTES, 100 * PAGE, 77);
        munmap(area + PART, PART);
        say("child", area + 2 * PART, BYTES - 2 * PART);
        _exit(3);
    }
    int status = 0;
    wait(&status);
    printf("status %d\n", WEXITSTATUS(status));
    say("parent", area, BYTES);
    fill(area, BYTES, PAGE, 5);
    say("full", area, BYTES);

    mprotect(area + 3 * PART, 5 * PAGE, PROT_READ);
    fill(area + 2 * PART, PART, PAGE, 6);
    mprotect(area + 3 * PART, 5 * PAGE, PROT_READ | PROT_WRITE);
    fill(area + 3 * PART, 5 * PAGE, PAGE, 8);
    say("protected", area, BYTES);

    /* The kernel's own stores: a pipe's bytes, to both sides of the middle. */
    int ends[2];
    if (pipe(ends) != 0) return 1;
    unsigned char text[9000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(i * 13);
    if (write(ends[1], text, sizeof text) != sizeof text) return 1;
    if (read(ends[0], area + 4 * PART - 5000, sizeof text) != sizeof text) return 1;
    printf("pipe: %d\n", memcmp(area + 4 * PART - 5000, text, sizeof text));

    madvise(area + 5 * PART, 9 * PAGE, MADV_DONTNEED);
    say("given up", area + 4 * PART, 2 * PART);
    munmap(area + 5 * PART, PAGE);
    unsigned char *moved = mremap(end - 2 * PART, 2 * PART, 4 * PART, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) return 1;
    say("moved", moved, 4 * PART);
    fill(moved, 4 * PART, 2 * PAGE, 9);
    unsigned char *other = mapped(4 * PART);
    fill(other, 4 * PART, PAGE, 11);
    say("rest", area, 5 * PART);
    say("moved", moved, 4 * PART);
    say("other", other, 4 * PART);
    return 4;
}
