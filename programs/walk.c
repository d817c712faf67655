/*
 * An array of 4-byte integers, walked again and again with one stride: a load an
 * element, and nothing else in memory. So what a TLB or a cache makes of it can
 * be worked out by hand.
 *
 *   stride 4       each page is missed once, and hit 1,023 times
 *   stride 4096    each load is in another page: n + 1 pages in a TLB of n
 *                  entries are never hit under LRU
 *
 * The elements are written before, once, in the same order.
 */
#include "runtime/runtime.h"

#define USAGE "walk [bytes, by default 64K] [stride in bytes, by default 4] [rounds, by default 16]"

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 4) usage(USAGE);
    uint64_t bytes = argc > 1 ? parse_size(argv[1], 4, GIB, USAGE) : 64 * KIB;
    uint64_t stride = argc > 2 ? parse_size(argv[2], 4, GIB, USAGE) : 4;
    uint64_t rounds = argc > 3 ? parse_size(argv[3], 1, 1 << 30, USAGE) : 16;
    if (stride % 4) usage(USAGE);

    volatile uint32_t *array = map_pages((bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES, 0);
    uint64_t elements = (bytes + stride - 1) / stride, step = stride / 4;
    for (uint64_t i = 0; i < elements; i++) array[i * step] = (uint32_t)(i * 2654435761u);
    uint64_t sum = 0;
    for (uint64_t round = 0; round < rounds; round++) {
        for (uint64_t i = 0; i < elements; i++) sum += array[i * step];
        sum = mix(sum, round);
    }
    print("walk %lu bytes by %lu, %lu rounds, checksum %016lx\n", bytes, stride, rounds, sum);
    return 0;
}
