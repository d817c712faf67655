/*
 * Reserves an address range far larger than memory and touches few of its pages,
 * either all together or spread evenly. Spread out, each page needs page tables
 * of its own: the tables can take more memory than the pages.
 */
#include "runtime/runtime.h"

#define USAGE "sparse [range, by default 4G] [pages, by default 768] [spread|together] [rounds, by default 24]"

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 5) usage(USAGE);
    uint64_t range = argc > 1 ? parse_size(argv[1], 64 * KIB, 128 * GIB, USAGE) : 4 * GIB;
    uint64_t pages = argc > 2 ? parse_size(argv[2], 1, 1 << 20, USAGE) : 768;
    bool together = argc > 3 && same_text(argv[3], "together");
    if (argc > 3 && !together && !same_text(argv[3], "spread")) usage(USAGE);
    uint64_t rounds = argc > 4 ? parse_size(argv[4], 1, 1 << 20, USAGE) : 24;
    range &= -PAGE_BYTES;
    if (pages > range / PAGE_BYTES) usage(USAGE);

    uint8_t *start = map_pages(range, MAP_NORESERVE);
    uint64_t step = together ? PAGE_BYTES : range / PAGE_BYTES / pages * PAGE_BYTES;
    uint64_t sum = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        for (uint64_t i = 0; i < pages; i++) {
            uint64_t *page = (uint64_t *)(start + i * step);
            for (uint64_t word = 0; word < PAGE_BYTES / 8; word += 8) {
                page[word] = mix(page[word] + round, i);
                sum += page[word];
            }
        }
    }

    /* Every other page is given back and must read as zeros; the rest must be as it was. */
    uint64_t zeros = 0;
    for (uint64_t i = 0; i < pages; i += 2) discard_pages(start + i * step, PAGE_BYTES);
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t value = *(uint64_t *)(start + i * step);
        if (value == 0) zeros++;
        sum = mix(sum, value);
    }
    if (zeros != (pages + 1) / 2) fail("sparse: discarded pages are not zero");
    unmap_pages(start, range);

    print("sparse: %lu pages %s over %lu MiB, checksum %016lx\n",
          pages, together ? "together" : "spread", range / MIB, sum);
    return 0;
}
