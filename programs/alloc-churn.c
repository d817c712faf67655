/*
 * Allocates and releases blocks of mixed sizes in random order, keeping about a
 * given number of bytes alive. Every block is filled with a pattern and checked
 * before it is released. The heap fragments: the break moves further than the
 * live bytes would need. Now and then a block is large enough to be a mapping of
 * its own, which goes back to the kernel when it is released.
 */
#include "runtime/runtime.h"

#define USAGE "alloc-churn [live bytes, by default 2M] [operations, by default 60K]"

struct slot { uint64_t *block; uint64_t words, seed; };

/* Mostly small, some of a page or two, one in 512 of up to 256 KiB (within what should be alive). */
static uint64_t pick_words(struct random *r, uint64_t live) {
    uint64_t kind = random_below(r, 512);
    uint64_t most = kind == 0 ? 256 * KIB : kind < 32 ? 8 * KIB : kind < 128 ? KIB : 128;
    if (most > live / 4) most = live / 4;
    return 1 + random_below(r, most / 8);
}

static void fill(const struct slot *s) {
    for (uint64_t i = 0; i < s->words; i++) s->block[i] = s->seed + i;
}

static uint64_t check(const struct slot *s) {
    uint64_t sum = s->words;
    for (uint64_t i = 0; i < s->words; i++) {
        if (s->block[i] != s->seed + i) fail("alloc-churn: a block was overwritten");
        sum += s->block[i];
    }
    return sum;
}

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 3) usage(USAGE);
    uint64_t live = argc > 1 ? parse_size(argv[1], 4 * KIB, GIB, USAGE) : 2 * MIB;
    uint64_t operations = argc > 2 ? parse_size(argv[2], 1, 1ul << 32, USAGE) : 60 * KIB;

    /* Half of the slots are full on average, at some 460 bytes a block. */
    uint64_t count = live / 230 + 4;
    struct slot *slots = map_pages(count * sizeof *slots, 0);
    struct random r = seeded(live);
    uint64_t sum = 0;

    for (uint64_t i = 0; i < operations; i++) {
        struct slot *s = &slots[random_below(&r, count)];
        if (s->block) {
            sum = mix(sum, check(s));
            release(s->block);
            s->block = NULL;
        } else {
            s->words = pick_words(&r, live);
            s->seed = next_random(&r);
            s->block = allocate(s->words * 8);
            fill(s);
        }
    }
    struct heap_figures f = heap_figures();
    for (uint64_t i = 0; i < count; i++) {
        if (!slots[i].block) continue;
        sum = mix(sum, check(&slots[i]));
        release(slots[i].block);
    }
    print("alloc-churn: %lu KiB alive at most, break moved by %lu KiB, at most %lu KiB mapped\n",
          f.live_peak / KIB, f.break_bytes / KIB, f.mapped_peak / KIB);
    print("alloc-churn: %lu operations, %lu free blocks looked at, checksum %016lx\n",
          operations, f.searched, sum);
    if (heap_figures().live_bytes) fail("alloc-churn: bytes were leaked");
    return 0;
}
