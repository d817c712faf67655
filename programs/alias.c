/*
 * One page of memory at two addresses, as two mappings of one file: each word is
 * written through the one and read through the other, by turns. Right on every
 * machine whose cache knows that both are one page. A cache that is indexed and
 * tagged by virtual addresses keeps two copies of each line (synonyms); a store
 * to one leaves the other stale.
 *
 * The second address is `distance` bytes above the first one. A cache that is
 * indexed by virtual addresses puts both copies in one set if the distance is a
 * multiple of the bytes of one of its ways.
 */
#include "runtime/runtime.h"

#define USAGE "alias [distance in bytes, a multiple of 4096, by default 4K] [rounds, by default 16]"

enum { SYS_FTRUNCATE = 46, SYS_MMAP = 222, SYS_MEMFD_CREATE = 279 };
enum { MAP_SHARED = 0x01, MAP_FIXED = 0x10 };

static volatile uint64_t *map_at(void *where, long file) {
    long at = system_call(SYS_MMAP, (long)where, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
    if (at < 0 && at >= -4095) fail("the page can't be mapped");
    return (volatile uint64_t *)at;
}

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 3) usage(USAGE);
    uint64_t distance = argc > 1 ? parse_size(argv[1], PAGE_BYTES, GIB, USAGE) : PAGE_BYTES;
    uint64_t rounds = argc > 2 ? parse_size(argv[2], 1, 1 << 20, USAGE) : 16;
    if (distance % PAGE_BYTES) usage(USAGE);

    long file = system_call(SYS_MEMFD_CREATE, (long)"page", 0, 0, 0, 0, 0);
    if (file < 0 || system_call(SYS_FTRUNCATE, file, PAGE_BYTES, 0, 0, 0, 0) != 0) fail("no memory to be mapped twice");
    /* From a multiple of the distance on, so that nothing but the distance decides which index bits differ. */
    uint64_t room = (uint64_t)map_pages(3 * distance, MAP_NORESERVE);
    uint8_t *first = (uint8_t *)((room + distance - 1) / distance * distance);
    volatile uint64_t *ways[] = {map_at(first, file), map_at(first + distance, file)};

    uint64_t sum = 0, wrong = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        volatile uint64_t *written = ways[round % 2], *read = ways[1 - round % 2];
        for (uint64_t word = 0; word < PAGE_BYTES / 8; word++) {
            uint64_t value = mix(round, word);
            written[word] = value;
            wrong += read[word] != value;
            sum = mix(sum, value);
        }
    }
    print("alias %lu bytes apart, %lu rounds, %lu words wrong, checksum %016lx\n", distance, rounds, wrong, sum);
    return wrong != 0;
}
