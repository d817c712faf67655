/*
 * C = A x B for square matrices of doubles, in three orders of the same loops.
 * The entries are small integers, so that every order gives the same bits.
 *
 *   ijk      walks B down its columns: one page an element once a row is a page
 *   ikj      walks all three along their rows
 *   blocked  ijk within tiles of 32 x 32
 */
#include "runtime/runtime.h"

#define USAGE "matmul [ijk|ikj|blocked] [n, by default 200]"
#define TILE 32

static void ijk(double *c, const double *a, const double *b, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t j = 0; j < n; j++) {
            double sum = 0;
            for (uint64_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
    }
}

static void ikj(double *c, const double *a, const double *b, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t k = 0; k < n; k++) {
            double left = a[i * n + k];
            for (uint64_t j = 0; j < n; j++) c[i * n + j] += left * b[k * n + j];
        }
    }
}

static void blocked(double *c, const double *a, const double *b, uint64_t n) {
    for (uint64_t i0 = 0; i0 < n; i0 += TILE) {
        uint64_t i1 = i0 + TILE < n ? i0 + TILE : n;
        for (uint64_t j0 = 0; j0 < n; j0 += TILE) {
            uint64_t j1 = j0 + TILE < n ? j0 + TILE : n;
            for (uint64_t k0 = 0; k0 < n; k0 += TILE) {
                uint64_t k1 = k0 + TILE < n ? k0 + TILE : n;
                for (uint64_t i = i0; i < i1; i++) {
                    for (uint64_t j = j0; j < j1; j++) {
                        double sum = c[i * n + j];
                        for (uint64_t k = k0; k < k1; k++) sum += a[i * n + k] * b[k * n + j];
                        c[i * n + j] = sum;
                    }
                }
            }
        }
    }
}

static const struct {
    const char *name;
    void (*multiply)(double *, const double *, const double *, uint64_t);
} orders[] = {{"ijk", ijk}, {"ikj", ikj}, {"blocked", blocked}};

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 3) usage(USAGE);
    unsigned chosen = 0;
    if (argc > 1) {
        while (chosen < 3 && !same_text(argv[1], orders[chosen].name)) chosen++;
        if (chosen == 3) usage(USAGE);
    }
    uint64_t n = argc > 2 ? parse_size(argv[2], 1, 8192, USAGE) : 200;

    const size_t bytes = n * n * sizeof(double);
    double *a = map_pages(bytes, 0), *b = map_pages(bytes, 0), *c = map_pages(bytes, 0);
    struct random r = seeded(n);
    for (uint64_t i = 0; i < n * n; i++) {
        a[i] = (double)(int64_t)random_below(&r, 201) - 100;
        b[i] = (double)(int64_t)random_below(&r, 201) - 100;
    }

    orders[chosen].multiply(c, a, b, n);

    uint64_t sum = 0;
    for (uint64_t i = 0; i < n * n; i++) sum = mix(sum, (uint64_t)(int64_t)c[i]);
    print("matmul %s, %lu x %lu, checksum %016lx\n", orders[chosen].name, n, n, sum);
    return 0;
}
