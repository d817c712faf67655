/*
 * A parent and children that have pages in common and pages of their own, more than memory holds. Each child prints
 * one line, a checksum of all that it can see; the parent prints how each ended.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 5, PAGES = 20, WORDS = 4096 / 8, ROUNDS = 4 };

static uint64_t mix(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0xff51afd7ed558ccdull;
    return sum ^ (sum >> 32);
}

static uint64_t *pages(int count) {
    return mmap(0, count * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void child(int number, uint64_t *common) {
    uint64_t *own = pages(PAGES);
    uint64_t sum = number;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PAGES * WORDS; i++) own[i] = mix(own[i] + i, number + round);
        /* Some of the common pages become its own. */
        for (int i = number; i < PAGES; i += 3) common[i * WORDS + number] += round + 1;
        for (int i = 0; i < PAGES * WORDS; i++) sum = mix(sum, own[i] + common[i]);
    }
    char line[64];
    int length = sprintf(line, "child %d %016lx\n", number, sum);
    /* A buffer in swap may be one that can't be had: write(2) says so then. */
    _exit(write(1, line, length) == length ? 0 : 1);
}

int main(void) {
    uint64_t *common = pages(PAGES);
    for (int i = 0; i < PAGES * WORDS; i++) common[i] = mix(i, 1);
    pid_t children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) child(i, common);
    }
    char text[1024];
    int length = 0;
    for (int i = 0; i < CHILDREN; i++) {
        int status = 0;
        waitpid(children[i], &status, 0);
        length += sprintf(text + length, "ended %d pid %d status %d\n", i, children[i],
                          WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    return write(1, text, length) == length ? 0 : 1;
}
