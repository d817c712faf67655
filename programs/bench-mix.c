/*
 * A mixed integer benchmark in the spirit of those for embedded processors: in
 * each iteration a linked list is reversed, searched and sorted, small matrices are
 * multiplied, a state machine reads a text of numbers, and a CRC runs over all
 * that came out. The working set is split evenly between list, matrices and text;
 * by default it is small enough to measure the processor rather than its memory.
 */
#include "runtime/runtime.h"

#define USAGE "bench-mix [iterations, by default 100] [working set, by default 12K]"

static uint16_t crc16(uint16_t crc, uint64_t value, unsigned bytes) {
    for (; bytes; bytes--, value >>= 8) {
        crc ^= value & 255;
        for (unsigned bit = 0; bit < 8; bit++) crc = crc & 1 ? (uint16_t)(crc >> 1 ^ 0xa001) : crc >> 1;
    }
    return crc;
}

/* ---- linked list -------------------------------------------------------- */

struct item { struct item *next; int16_t key, value; };

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Linked in another order than they lie in memory. */
static struct item *make_list(uint64_t bytes, struct random *r) {
    uint64_t n = bytes / sizeof(struct item), stride = 7;
    struct item *items = allocate(n * sizeof *items), *head = NULL;
    while (common_divisor(n, stride) != 1) stride++; /* so that every item is visited */
    uint64_t at = 0;
    for (uint64_t i = 0; i < n; i++, at = (at + stride) % n) {
        items[at] = (struct item){head, (int16_t)next_random(r), (int16_t)i};
        head = &items[at];
    }
    return head;
}

static struct item *reverse(struct item *list) {
    struct item *done = NULL;
    while (list) {
        struct item *next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static int by_key(const struct item *a, const struct item *b) { return a->key - b->key; }
static int by_value(const struct item *a, const struct item *b) { return a->value - b->value; }

static struct item *merge(struct item *a, struct item *b, int (*order)(const struct item *, const struct item *)) {
    struct item first = {0}, *tail = &first;
    while (a && b) {
        struct item **least = order(a, b) <= 0 ? &a : &b;
        tail->next = *least;
        tail = *least;
        *least = tail->next;
    }
    tail->next = a ? a : b;
    return first.next;
}

/* Bottom-up merge sort: runs[k] holds a sorted list of 2^k items, or nothing. */
static struct item *sort(struct item *list, int (*order)(const struct item *, const struct item *)) {
    struct item *runs[32] = {0};
    while (list) {
        struct item *run = list;
        list = list->next;
        run->next = NULL;
        unsigned k = 0;
        for (; runs[k]; k++) {
            run = merge(runs[k], run, order);
            runs[k] = NULL;
        }
        runs[k] = run;
    }
    struct item *all = NULL;
    for (unsigned k = 0; k < 32; k++) if (runs[k]) all = merge(runs[k], all, order);
    return all;
}

static struct item *work_on_list(struct item *list, uint64_t iteration, uint16_t *crc) {
    list = reverse(list);
    for (uint64_t search = 0; search < 4; search++) {
        int16_t wanted = (int16_t)(iteration * 4 + search);
        uint64_t steps = 0;
        for (struct item *i = list; i && (i->key & 127) != (wanted & 127); i = i->next) steps++;
        *crc = crc16(*crc, steps, 2);
    }
    list = sort(list, by_key);
    for (struct item *i = list; i; i = i->next) i->key = (int16_t)(i->key + (i->value & 3) - 1);
    *crc = crc16(*crc, (uint16_t)list->key, 2);
    return sort(list, by_value);
}

/* ---- matrices ----------------------------------------------------------- */

/* `count` pairs of n x n matrices and their products, one after the other. */
struct matrices { uint64_t n, count; int16_t *a, *b; int32_t *c; };

#define MATRIX_ROWS 20u

static struct matrices make_matrices(uint64_t bytes, struct random *r) {
    const uint64_t entry = sizeof(int16_t) + sizeof(int16_t) + sizeof(int32_t);
    struct matrices m = {.n = 1};
    while (m.n < MATRIX_ROWS && (m.n + 1) * (m.n + 1) * entry <= bytes) m.n++;
    m.count = bytes / (m.n * m.n * entry);
    uint64_t entries = m.count * m.n * m.n;
    m.a = allocate(entries * sizeof *m.a);
    m.b = allocate(entries * sizeof *m.b);
    m.c = allocate(entries * sizeof *m.c);
    for (uint64_t i = 0; i < entries; i++) {
        m.a[i] = (int16_t)(random_below(r, 255) - 127);
        m.b[i] = (int16_t)(random_below(r, 255) - 127);
    }
    return m;
}

static uint32_t multiply(int32_t *c, const int16_t *a, const int16_t *b, uint64_t n, int32_t add) {
    uint32_t check = 0;
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t j = 0; j < n; j++) {
            int32_t sum = 0;
            for (uint64_t k = 0; k < n; k++) sum += (a[i * n + k] + add) * b[k * n + j];
            c[i * n + j] = sum;
            check += (uint32_t)(sum >> 3 & 0x3fff);
        }
    }
    return check;
}

static void work_on_matrices(struct matrices *m, uint64_t iteration, uint16_t *crc) {
    uint64_t entries = m->n * m->n;
    uint32_t check = 0;
    for (uint64_t i = 0; i < m->count; i++) {
        int16_t *b = m->b + i * entries;
        int32_t *c = m->c + i * entries;
        check += multiply(c, m->a + i * entries, b, m->n, (int32_t)(iteration & 3));
        for (uint64_t j = 0; j < entries; j++) b[j] = (int16_t)((c[j] >> 7 & 0xff) - 127);
    }
    *crc = crc16(*crc, check, 4);
}

/* ---- state machine ------------------------------------------------------ */

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, POWER, INVALID, STATES };

static enum state step(enum state s, char c) {
    bool digit = c >= '0' && c <= '9';
    switch (s) {
    case START: return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return digit ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER: return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case POINT: return digit ? FRACTION : INVALID;
    case FRACTION: return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT: return digit ? POWER : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID;
    case EXPONENT_SIGN: return digit ? POWER : INVALID;
    case POWER: return digit ? POWER : INVALID;
    default: return INVALID;
    }
}

struct text { uint64_t length; char *at; };

static struct text make_text(uint64_t bytes, struct random *r) {
    static const char *const words[] = {"5012,", "-874,", "+122,", "35.54400,", ".1234500,", "-110.700,",
                                        "5.500e+3,", "-.123e-2,", "-87e+832,", "T0.3e-1F,", "-T.T++Tq,", "34.0e-T4,"};
    struct text t = {.at = allocate(bytes + 16)};
    while (t.length < bytes) {
        for (const char *word = words[random_below(r, 12)]; *word; word++) t.at[t.length++] = *word;
    }
    return t;
}

static void work_on_text(struct text *t, uint64_t iteration, uint16_t *crc) {
    uint32_t ended[STATES] = {0}, entered[STATES] = {0};
    uint64_t step_by = iteration % 11 + 17;
    for (int pass = 0; pass < 2; pass++) {
        enum state s = START;
        for (uint64_t i = 0; i < t->length; i++) {
            char c = t->at[i];
            if (c == ',') {
                ended[s]++;
                s = START;
            } else {
                enum state next = step(s, c);
                entered[next] += next != s;
                s = next;
            }
        }
        /* Spoil some characters for the second pass, then mend them. */
        for (uint64_t i = 0; i < t->length; i += step_by) if (t->at[i] != ',') t->at[i] ^= 1;
    }
    for (int s = 0; s < STATES; s++) *crc = crc16(*crc, ended[s] + (entered[s] << 8), 4);
}

/* ------------------------------------------------------------------------- */

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 3) usage(USAGE);
    uint64_t iterations = argc > 1 ? parse_size(argv[1], 1, 1ul << 40, USAGE) : 100;
    uint64_t bytes = argc > 2 ? parse_size(argv[2], 1 * KIB, 96 * MIB, USAGE) : 12 * KIB;

    struct random r = seeded(bytes);
    /* Items are numbered in 16 bits, so a longer list is several short ones' worth of values. */
    struct item *list = make_list(bytes / 3, &r);
    struct matrices matrices = make_matrices(bytes / 3, &r);
    struct text text = make_text(bytes / 3, &r);

    uint16_t list_crc = 0, matrix_crc = 0, text_crc = 0;
    for (uint64_t i = 0; i < iterations; i++) {
        list = work_on_list(list, i, &list_crc);
        work_on_matrices(&matrices, i, &matrix_crc);
        work_on_text(&text, i, &text_crc);
    }
    uint64_t sum = mix(mix(mix(iterations, list_crc), matrix_crc), text_crc);
    print("bench-mix: %lu iterations, %lu KiB; list %04lx, matrix %04lx, text %04lx\n", iterations, bytes / KIB,
          (uint64_t)list_crc, (uint64_t)matrix_crc, (uint64_t)text_crc);
    print("checksum %016lx\n", sum);
    return 0;
}
