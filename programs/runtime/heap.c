/*
 * The heap: segregated free lists with boundary tags.
 *
 * Small blocks come from the program break and are merged with free neighbours
 * when released; a block of BIG bytes or more is a mapping of its own and goes
 * back to the kernel at once. A block is
 *
 *     | size | flags |  payload ...                   | size |
 *       header word                                     footer, free blocks only
 *
 * with its whole size, header included, a multiple of 16.
 */
#include "runtime.h"

enum { SYS_BRK = 214 };

#define BIG (128 * KIB)
#define GROW (64 * KIB)
#define LEAST 48ul /* header, two links, footer */
#define BINS 48

#define IN_USE 1ul
#define BEFORE_IN_USE 2ul
#define MAPPED 4ul
#define FLAGS 15ul

/* `asked` lies in the header too, so that live bytes can be counted exactly. */
struct block {
    uint64_t size;
    uint64_t asked;
    struct block *next, *previous; /* free blocks only */
};
#define HEADER 16ul

static struct block bins[BINS];
static bool ready;
static uint8_t *heap_start, *heap_end;
static struct heap_figures figures;

static uint64_t size_of(const struct block *b) { return b->size & ~FLAGS; }
static struct block *after(struct block *b) { return (struct block *)((uint8_t *)b + size_of(b)); }
static uint64_t *footer(struct block *b) { return (uint64_t *)after(b) - 1; }

/* Four bins a power of two: bin(32) = 0, and a block in a bin above the one asked for always fits. */
static unsigned bin_of(uint64_t size) {
    unsigned power = 5;
    while (size >> (power + 1)) power++;
    unsigned bin = (power - 5) * 4 + (unsigned)((size >> (power - 2)) & 3);
    return bin < BINS ? bin : BINS - 1;
}

static void unlink_block(struct block *b) {
    b->previous->next = b->next;
    b->next->previous = b->previous;
}

static void make_free(struct block *b, uint64_t size) {
    b->size = size | BEFORE_IN_USE;
    *footer(b) = size;
    after(b)->size &= ~BEFORE_IN_USE;
    struct block *head = &bins[bin_of(size)];
    b->next = head->next;
    b->previous = head;
    head->next->previous = b;
    head->next = b;
}

static uint8_t *move_break(uint8_t *to) {
    return (uint8_t *)system_call(SYS_BRK, (long)to, 0, 0, 0, 0, 0);
}

static void start_heap(void) {
    for (int i = 0; i < BINS; i++) bins[i].next = bins[i].previous = &bins[i];
    heap_start = (uint8_t *)(((uintptr_t)move_break(NULL) + PAGE_BYTES - 1) & -PAGE_BYTES);
    heap_end = heap_start + PAGE_BYTES;
    if (move_break(heap_end) < heap_end) fail("out of memory: brk failed");
    figures.break_bytes = PAGE_BYTES;
    /* The last header of the heap is a sentinel: in use, no payload. */
    struct block *sentinel = (struct block *)(heap_end - HEADER);
    sentinel->size = HEADER | IN_USE | BEFORE_IN_USE;
    make_free((struct block *)heap_start, PAGE_BYTES - HEADER);
    ready = true;
}

/* Moves the break by enough for `size` more; the new space starts at the old sentinel. */
static void grow_heap(uint64_t size) {
    uint64_t bytes = (size + GROW - 1) & -GROW;
    struct block *b = (struct block *)(heap_end - HEADER);
    if (move_break(heap_end + bytes) < heap_end + bytes) fail("out of memory: brk failed");
    heap_end += bytes;
    figures.break_bytes += bytes;
    ((struct block *)(heap_end - HEADER))->size = HEADER | IN_USE;
    uint64_t total = bytes;
    if (!(b->size & BEFORE_IN_USE)) {
        uint64_t before = *((uint64_t *)b - 1);
        b = (struct block *)((uint8_t *)b - before);
        unlink_block(b);
        total += before;
    }
    make_free(b, total);
}

static struct block *find_free(uint64_t size) {
    for (unsigned bin = bin_of(size); bin < BINS; bin++) {
        for (struct block *b = bins[bin].next; b != &bins[bin]; b = b->next) {
            figures.searched++;
            if (size_of(b) >= size) return b;
        }
    }
    return NULL;
}

static void *allocate_mapping(size_t bytes) {
    uint64_t size = (bytes + HEADER + PAGE_BYTES - 1) & -PAGE_BYTES;
    struct block *b = map_pages(size, 0);
    b->size = size | IN_USE | MAPPED;
    b->asked = bytes;
    figures.mapped_bytes += size;
    if (figures.mapped_bytes > figures.mapped_peak) figures.mapped_peak = figures.mapped_bytes;
    return (uint8_t *)b + HEADER;
}

void *allocate(size_t bytes) {
    if (!ready) start_heap();
    figures.live_bytes += bytes;
    if (figures.live_bytes > figures.live_peak) figures.live_peak = figures.live_bytes;
    if (bytes >= BIG) return allocate_mapping(bytes);

    uint64_t size = (bytes + HEADER + 15) & ~15ul;
    if (size < LEAST) size = LEAST;
    struct block *b;
    while (!(b = find_free(size))) grow_heap(size);
    unlink_block(b);
    uint64_t rest = size_of(b) - size;
    if (rest >= LEAST) {
        b->size = size | IN_USE | BEFORE_IN_USE;
        make_free(after(b), rest);
    } else {
        b->size |= IN_USE;
        after(b)->size |= BEFORE_IN_USE;
    }
    b->asked = bytes;
    return (uint8_t *)b + HEADER;
}

void release(void *block) {
    if (!block) return;
    struct block *b = (struct block *)((uint8_t *)block - HEADER);
    if (!(b->size & IN_USE)) fail("heap: released twice");
    figures.live_bytes -= b->asked;
    uint64_t size = size_of(b);
    if (b->size & MAPPED) {
        figures.mapped_bytes -= size;
        unmap_pages(b, size);
        return;
    }
    struct block *right = after(b);
    if (!(right->size & IN_USE)) {
        unlink_block(right);
        size += size_of(right);
    }
    if (!(b->size & BEFORE_IN_USE)) {
        uint64_t before = *((uint64_t *)b - 1);
        b->size &= ~IN_USE; /* so that a second release is noticed */
        b = (struct block *)((uint8_t *)b - before);
        unlink_block(b);
        size += before;
    }
    make_free(b, size);
}

struct heap_figures heap_figures(void) { return figures; }
