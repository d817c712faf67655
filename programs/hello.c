/*
 * A greeting, then a walk over a table of pages: each page is written once and
 * read once. The messages are reached through a table of pointers, so that the
 * position-independent build of this file has relocations to apply.
 */
#include "runtime/runtime.h"

#define USAGE "hello [pages, by default 256]"

static const char *const greetings[] = {
    "Hello, world.", "Hallo, Welt.", "Bonjour, monde.", "Hola, mundo.",
};

static const char *greeting(uint64_t n) { return greetings[n % (sizeof greetings / sizeof *greetings)]; }

/* Called through a pointer stored in data: a relocation again. */
static const char *(*volatile choose)(uint64_t) = greeting;

int main(int argc, char **argv, char **envp) {
    (void)envp;
    if (argc > 2) usage(USAGE);
    uint64_t pages = argc > 1 ? parse_size(argv[1], 1, 1 << 20, USAGE) : 256;

    for (uint64_t i = 0; i < 4; i++) print("%s\n", choose(i));

    uint64_t *table = map_pages(pages * PAGE_BYTES, 0);
    const uint64_t words = PAGE_BYTES / sizeof *table;
    for (uint64_t i = 0; i < pages; i++) table[i * words] = mix(i, 1);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < pages; i++) sum = mix(sum, table[i * words] + table[i * words + words - 1]);

    print("%lu pages, checksum %016lx\n", pages, sum);
    return 0;
}
