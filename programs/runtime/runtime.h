/*
 * A C runtime just large enough for the programs beside it: start-up, Linux
 * system calls, formatted output, command-line sizes, a heap, reproducible
 * random numbers and a running checksum. No C library is involved.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096ul
#define KIB 1024ul
#define MIB (1024ul * KIB)
#define GIB (1024ul * MIB)

int main(int argc, char **argv, char **envp);

/* System calls: a result in [-4095, -1] is a negated error number. */
long system_call(long number, long a, long b, long c, long d, long e, long f);
_Noreturn void exit(int status);

enum { PROT_READ = 1, PROT_WRITE = 2 };
enum { MAP_PRIVATE = 0x02, MAP_ANONYMOUS = 0x20, MAP_NORESERVE = 0x4000 };
enum { MADV_DONTNEED = 4 };

/* Fresh zero pages, or the program ends with a message. */
void *map_pages(size_t bytes, int extra_flags);
void unmap_pages(void *start, size_t bytes);
/* Gives the pages back; they read as zeros afterwards. */
void discard_pages(void *start, size_t bytes);

/* Auxiliary vector: the value of an entry, or `otherwise`. */
enum {
    AT_NULL = 0, AT_PHDR = 3, AT_PHENT = 4, AT_PHNUM = 5, AT_PAGESZ = 6, AT_BASE = 7,
    AT_ENTRY = 9, AT_UID = 11, AT_HWCAP = 16, AT_CLKTCK = 17, AT_SECURE = 23,
    AT_RANDOM = 25, AT_EXECFN = 31,
};
unsigned long auxiliary(unsigned long type, unsigned long otherwise);
bool has_auxiliary(unsigned long type);

/*
 * Output to standard output, buffered until exit or until the buffer is full.
 * Conversions: %s %c %% %ld %lu %lx, with an optional '-' or '0' and a width.
 */
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);
void flush(void);
/* A message on standard error, then exit with status 2 (wrong usage) or 1. */
_Noreturn void usage(const char *line);
_Noreturn void fail(const char *message);

/* "4096", "64K", "8M", "2G" (powers of 1024); out of [least, most]: usage(line). */
uint64_t parse_size(const char *text, uint64_t least, uint64_t most, const char *line);
bool same_text(const char *a, const char *b);
size_t text_length(const char *text);

/* The heap (heap.c). Blocks are aligned to 16 bytes; running out ends the program. */
void *allocate(size_t bytes);
void release(void *block);
struct heap_figures {
    uint64_t break_bytes;   /* how far the program break has moved */
    uint64_t mapped_bytes;  /* in mappings of their own, now */
    uint64_t mapped_peak;
    uint64_t live_bytes;    /* asked for and not yet released */
    uint64_t live_peak;
    uint64_t searched;      /* free blocks looked at by all allocations */
};
struct heap_figures heap_figures(void);

/* xorshift64*: the same sequence on every machine. */
struct random { uint64_t state; };
static inline struct random seeded(uint64_t seed) {
    return (struct random){ seed * 0x9e3779b97f4a7c15ull | 1 };
}
static inline uint64_t next_random(struct random *r) {
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 0x2545f4914f6cdd1dull;
}
/* In [0, bound), for bound < 2^32. */
static inline uint64_t random_below(struct random *r, uint64_t bound) {
    return ((next_random(r) >> 32) * bound) >> 32;
}

/* An order-dependent checksum. */
static inline uint64_t mix(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * 0xff51afd7ed558ccdull;
    return sum ^ (sum >> 32);
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#endif
