/*
 * Sorts the same random numbers with one of four algorithms. All give the same
 * checksum; their references could hardly differ more.
 */
#include "runtime/runtime.h"

#define USAGE "sort [elements, by default 150K] [quick|merge|heap|radix]"

static void insertion(uint64_t *a, uint64_t n) {
    for (uint64_t i = 1; i < n; i++) {
        uint64_t value = a[i], j = i;
        for (; j && a[j - 1] > value; j--) a[j] = a[j - 1];
        a[j] = value;
    }
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c) {
    if (a > b) { uint64_t t = a; a = b; b = t; }
    return c <= a ? a : c >= b ? b : c;
}

/* Two hands that meet: sequential in both directions, and local once a part fits in memory. */
static void quick(uint64_t *a, uint64_t n) {
    while (n > 16) {
        uint64_t pivot = median(a[0], a[n / 2], a[n - 1]);
        uint64_t i = 0, j = n - 1;
        for (;; i++, j--) {
            while (a[i] < pivot) i++;
            while (a[j] > pivot) j--;
            if (i >= j) break;
            uint64_t t = a[i];
            a[i] = a[j];
            a[j] = t;
        }
        uint64_t left = j + 1;
        if (left < n - left) {
            quick(a, left);
            a += left;
            n -= left;
        } else {
            quick(a + left, n - left);
            n = left;
        }
    }
    insertion(a, n);
}

/* Bottom up: every pass streams through both arrays. */
static void merge(uint64_t *a, uint64_t n) {
    uint64_t *from = a, *to = allocate(n * sizeof *a), *spare = to;
    for (uint64_t i = 0; i < n; i += 16) insertion(a + i, n - i < 16 ? n - i : 16);
    for (uint64_t run = 16; run < n; run *= 2) {
        for (uint64_t start = 0; start < n; start += 2 * run) {
            uint64_t i = start, middle = start + run < n ? start + run : n;
            uint64_t j = middle, end = start + 2 * run < n ? start + 2 * run : n;
            for (uint64_t k = start; k < end; k++) {
                to[k] = j >= end || (i < middle && from[i] <= from[j]) ? from[i++] : from[j++];
            }
        }
        uint64_t *t = from;
        from = to;
        to = t;
    }
    if (from != a) memcpy(a, from, n * sizeof *a);
    release(spare);
}

static void sift(uint64_t *a, uint64_t at, uint64_t n) {
    uint64_t value = a[at];
    for (uint64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && a[child + 1] > a[child]) child++;
        if (a[child] <= value) break;
        a[at] = a[child];
    }
    a[at] = value;
}

/* Jumps over the whole array for every element. */
static void heap(uint64_t *a, uint64_t n) {
    for (uint64_t i = n / 2; i-- > 0;) sift(a, i, n);
    while (n > 1) {
        uint64_t top = a[0];
        a[0] = a[--n];
        a[n] = top;
        sift(a, 0, n);
    }
}

/* Eight passes; each writes at 256 places in turn, more pages than most TLBs hold. */
static void radix(uint64_t *a, uint64_t n) {
    uint64_t *from = a, *to = allocate(n * sizeof *a), *spare = to;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint64_t start[257] = {0};
        for (uint64_t i = 0; i < n; i++) start[((from[i] >> shift) & 255) + 1]++;
        for (unsigned i = 0; i < 256; i++) start[i + 1] += start[i];
        for (uint64_t i = 0; i < n; i++) to[start[(from[i] >> shift) & 255]++] = from[i];
        uint64_t *t = from;
        from = to;
        to = t;
    }
    release(spare);
}

static const struct { const char *name; void (*sort)(uint64_t *, uint64_t); } algorithms[] = {
    {"quick", quick}, {"merge", merge}, {"heap", heap}, {"radix", radix},
};

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 3) usage(USAGE);
    uint64_t n = argc > 1 ? parse_size(argv[1], 1, 1 << 28, USAGE) : 150 * KIB;
    unsigned chosen = 0;
    if (argc > 2) {
        while (chosen < 4 && !same_text(argv[2], algorithms[chosen].name)) chosen++;
        if (chosen == 4) usage(USAGE);
    }

    uint64_t *a = allocate(n * sizeof *a);
    struct random r = seeded(n);
    uint64_t before = 0;
    for (uint64_t i = 0; i < n; i++) before += a[i] = next_random(&r);

    algorithms[chosen].sort(a, n);

    uint64_t sum = 0, after = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (i && a[i - 1] > a[i]) fail("sort: out of order");
        after += a[i];
        sum = mix(sum, a[i]);
    }
    if (before != after) fail("sort: elements were lost");
    print("%s sort, %lu elements, checksum %016lx\n", algorithms[chosen].name, n, sum);
    return 0;
}
