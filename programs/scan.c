/*
 * The textbook reference patterns, executed: each round refers to every page of
 * an array `pages` times in all, in one of these orders.
 *
 *   cyclic    0 1 2 ... n-1, again and again: with fewer frames than pages, LRU,
 *             FIFO and Clock miss every time, the optimal policy does not
 *   pingpong  forth and back: LRU keeps what it will need next
 *   random    uniformly random: every policy misses alike
 *   skewed    nine references in ten go to a tenth of the pages
 *   phases    a working set of an eighth of the pages that moves on each round
 */
#include "runtime/runtime.h"

#define USAGE "scan [cyclic|pingpong|random|skewed|phases] [pages, by default 512] [rounds, by default 64]"

struct scan { uint64_t pages, round; struct random random; };

static uint64_t cyclic(struct scan *s, uint64_t i) { (void)s; return i; }
static uint64_t pingpong(struct scan *s, uint64_t i) { return s->round & 1 ? s->pages - 1 - i : i; }
static uint64_t uniform(struct scan *s, uint64_t i) { (void)i; return random_below(&s->random, s->pages); }
static uint64_t skewed(struct scan *s, uint64_t i) {
    bool hot = random_below(&s->random, 10) != 0;
    uint64_t hot_pages = (s->pages + 9) / 10;
    (void)i;
    /* Hot pages are spread over the array: every tenth one. */
    return hot ? random_below(&s->random, hot_pages) * 10 % s->pages : random_below(&s->random, s->pages);
}
static uint64_t phases(struct scan *s, uint64_t i) {
    uint64_t set = (s->pages + 7) / 8;
    return (s->round * set + i % set) % s->pages;
}

static const struct { const char *name; uint64_t (*page)(struct scan *, uint64_t); } orders[] = {
    {"cyclic", cyclic}, {"pingpong", pingpong}, {"random", uniform}, {"skewed", skewed}, {"phases", phases},
};

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 4) usage(USAGE);
    unsigned chosen = 0;
    if (argc > 1) {
        while (chosen < 5 && !same_text(argv[1], orders[chosen].name)) chosen++;
        if (chosen == 5) usage(USAGE);
    }
    struct scan s = {.pages = argc > 2 ? parse_size(argv[2], 1, 1 << 20, USAGE) : 512};
    uint64_t rounds = argc > 3 ? parse_size(argv[3], 1, 1 << 20, USAGE) : 64;
    s.random = seeded(s.pages);

    uint8_t *array = map_pages(s.pages * PAGE_BYTES, 0);
    uint64_t sum = 0;
    for (; s.round < rounds; s.round++) {
        for (uint64_t i = 0; i < s.pages; i++) {
            uint64_t *page = (uint64_t *)(array + orders[chosen].page(&s, i) * PAGE_BYTES);
            for (uint64_t word = 0; word < 64; word++) {
                page[word] += word ^ i;
                sum += page[word];
            }
            sum = mix(sum, i);
        }
    }
    print("scan %s, %lu pages, %lu rounds, checksum %016lx\n", orders[chosen].name, s.pages, rounds, sum);
    return 0;
}
