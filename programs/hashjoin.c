/*
 * An equi-join of two tables, R with n rows and S with 2n: build a hash table on
 * R, probe it with S. Directly, each probe lands on a random page of the table.
 * With partitions, both tables are first split by key bits so that each part's
 * hash table is small: more work, far better locality. The result is the same.
 */
#include "runtime/runtime.h"

#define USAGE "hashjoin [rows, by default 64K] [partitions: 1 (direct), 2, 4 ... 1024]"

struct row { uint64_t key, payload; };
struct slot { uint64_t key, payload; uint32_t next; uint32_t in_use; };
struct table { struct slot *slots; uint32_t *heads; uint64_t mask; uint64_t matches, sum; };

static uint64_t hash(uint64_t key) {
    key = (key ^ (key >> 33)) * 0xff51afd7ed558ccdull;
    return key ^ (key >> 29);
}

static uint64_t power_above(uint64_t n) {
    uint64_t power = 1;
    while (power < n) power *= 2;
    return power;
}

/* Partitions use the hash's upper half, buckets its lower: the two are independent. */
static uint64_t part_of(uint64_t key, uint64_t partitions) { return (hash(key) >> 40) & (partitions - 1); }

static void join(struct table *t, const struct row *r, uint64_t rows, const struct row *s, uint64_t probes) {
    t->mask = power_above(rows) - 1;
    for (uint64_t i = 0; i <= t->mask; i++) t->heads[i] = UINT32_MAX;
    for (uint64_t i = 0; i < rows; i++) {
        uint32_t *head = &t->heads[hash(r[i].key) & t->mask];
        t->slots[i] = (struct slot){r[i].key, r[i].payload, *head, 1};
        *head = (uint32_t)i;
    }
    for (uint64_t i = 0; i < probes; i++) {
        uint32_t at = t->heads[hash(s[i].key) & t->mask];
        for (; at != UINT32_MAX; at = t->slots[at].next) {
            if (t->slots[at].key != s[i].key) continue;
            t->matches++;
            t->sum += mix(s[i].payload, t->slots[at].payload);
        }
    }
}

/* Writes the rows of part p at [start[p], start[p + 1]). */
static struct row *split(const struct row *rows, uint64_t n, uint64_t partitions, uint64_t *start) {
    struct row *out = allocate(n * sizeof *out);
    memset(start, 0, (partitions + 2) * sizeof *start);
    for (uint64_t i = 0; i < n; i++) start[part_of(rows[i].key, partitions) + 2]++;
    for (uint64_t p = 2; p < partitions + 2; p++) start[p] += start[p - 1];
    for (uint64_t i = 0; i < n; i++) out[start[part_of(rows[i].key, partitions) + 1]++] = rows[i];
    return out;
}

static struct row *make_rows(uint64_t n, uint64_t keys, uint64_t seed) {
    struct row *rows = allocate(n * sizeof *rows);
    struct random r = seeded(seed);
    for (uint64_t i = 0; i < n; i++) rows[i] = (struct row){random_below(&r, keys), next_random(&r)};
    return rows;
}

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 3) usage(USAGE);
    uint64_t n = argc > 1 ? parse_size(argv[1], 1, 1 << 26, USAGE) : 64 * KIB;
    uint64_t partitions = argc > 2 ? parse_size(argv[2], 1, 1024, USAGE) : 1;
    if (partitions & (partitions - 1)) usage(USAGE);

    struct row *r = make_rows(n, n, 1), *s = make_rows(2 * n, 2 * n, 2);
    struct table t = {
        .slots = allocate(n * sizeof(struct slot)),
        .heads = allocate(power_above(n) * sizeof(uint32_t)),
    };
    if (partitions == 1) {
        join(&t, r, n, s, 2 * n);
    } else {
        uint64_t *r_start = allocate((partitions + 2) * sizeof(uint64_t));
        uint64_t *s_start = allocate((partitions + 2) * sizeof(uint64_t));
        struct row *r_parts = split(r, n, partitions, r_start);
        struct row *s_parts = split(s, 2 * n, partitions, s_start);
        for (uint64_t p = 0; p < partitions; p++) {
            join(&t, r_parts + r_start[p], r_start[p + 1] - r_start[p],
                 s_parts + s_start[p], s_start[p + 1] - s_start[p]);
        }
    }
    print("hashjoin %lu x %lu rows, %lu partitions, %lu matches, checksum %016lx\n",
          n, 2 * n, partitions, t.matches, t.sum);
    return 0;
}
