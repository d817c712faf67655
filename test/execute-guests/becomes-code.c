/*
 * Data that becomes code, again and again: functions written to pages, called, written over and called again, with
 * and without pages between them that push them out of memory. `exec`: the pages are mapped executable; `data`: they
 * are not, and mprotect takes the right away once more. Prints a checksum; a handler prints what may not be executed.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGES = 24, ROUNDS = 6 };

static sigjmp_buf back;
static void refused(int number) { siglongjmp(back, number); }

/* addi a0, a0, n; ret */
static void write_function(unsigned char *at, int n) {
    uint32_t code[2] = {((uint32_t)n & 0xfff) << 20 | 10 << 15 | 10 << 7 | 0x13, 0x00008067};
    memcpy(at, code, sizeof code);
}

static long call(unsigned char *at, long x) {
    __asm__ volatile("fence.i" ::: "memory");
    return ((long (*)(long))(uintptr_t)at)(x);
}

static unsigned char in_bss[8192] __attribute__((aligned(4096)));

static long rounds(unsigned char *pages) {
    long sum = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PAGES; i++) write_function(pages + i * 4096 + 8 * round, 100 * round + i);
        for (int i = PAGES - 1; i >= 0; i--) sum = call(pages + i * 4096 + 8 * round, sum * 3 % 1000003);
        /* The same place, another function: what was decoded must be forgotten. */
        write_function(pages, round + 7);
        sum = call(pages, sum);
        write_function(pages, round + 9);
        sum = call(pages, sum);
        /* Across the end of a page. */
        write_function(pages + 4096 - 4, round);
        sum = call(pages + 4096 - 4, sum);
    }
    return sum;
}

static int may_execute(unsigned char *at) {
    if (sigsetjmp(back, 1)) return 0;
    return call(at, 1) >= 0;
}

int main(int argc, char **argv) {
    int wanted = argc > 1 && !strcmp(argv[1], "exec") ? PROT_READ | PROT_WRITE | PROT_EXEC : PROT_READ | PROT_WRITE;
    signal(SIGSEGV, refused);
    unsigned char *pages = mmap(0, PAGES * 4096, wanted, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char on_stack[64];
    write_function(on_stack, 1);
    write_function(pages, 1);
    write_function(in_bss, 1);
    printf("mapped %d, stack %d, data %d\n", may_execute(pages), may_execute(on_stack), may_execute(in_bss));
    if (may_execute(pages)) printf("sum %ld\n", rounds(pages));
    /* Taking it away, by what is asked for. */
    mprotect(pages, 4096, PROT_READ);
    printf("read only: %d\n", may_execute(pages));
    mprotect(pages, 4096, PROT_NONE);
    printf("none: %d\n", may_execute(pages));
    mprotect(pages, 4096, wanted);
    printf("again: %d\n", may_execute(pages));
    return 0;
}
