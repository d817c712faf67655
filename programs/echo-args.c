/*
 * Shows what a process finds on its stack at the start: arguments, environment,
 * auxiliary vector. Addresses that may differ from run to run are checked rather
 * than printed.
 */
#include "runtime/runtime.h"

extern const char _start[];

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum;
};
struct program_header { uint32_t type, flags; uint64_t offset, address, physical, file_bytes, memory_bytes, align; };

extern const struct elf_header __ehdr_start __attribute__((visibility("hidden")));

static uint64_t sum_text(uint64_t sum, const char *text) {
    do sum = mix(sum, (uint8_t)*text);
    while (*text++);
    return sum;
}

static bool all_right = true;
static void check(const char *what, bool holds) {
    print("%-44s %s\n", what, holds ? "yes" : "NO");
    all_right &= holds;
}

int main(int argc, char **argv, char **envp) {
    uint64_t sum = 0;
    print("argc %ld\n", (long)argc);
    for (int i = 0; i < argc; i++) {
        if (i) print("argv[%ld] \"%s\"\n", (long)i, argv[i]); /* argv[0] may be any path */
        if (i) sum = sum_text(sum, argv[i]);
    }
    for (char **e = envp; *e; e++) {
        print("environment \"%s\"\n", *e);
        sum = sum_text(sum, *e);
    }

    print("AT_PAGESZ %lu\n", auxiliary(AT_PAGESZ, 0));
    print("AT_PHNUM %lu\n", auxiliary(AT_PHNUM, 0));
    print("AT_PHENT %lu\n", auxiliary(AT_PHENT, 0));
    const struct elf_header *image = &__ehdr_start;
    print("AT_ENTRY image + %lx\n", auxiliary(AT_ENTRY, 0) - (uintptr_t)image);

    const struct program_header *headers = (const void *)auxiliary(AT_PHDR, 0);
    const uint8_t *random = (const uint8_t *)auxiliary(AT_RANDOM, 0);
    const char *file = (const char *)auxiliary(AT_EXECFN, 0);
    check("argv[argc] is null", argv[argc] == NULL);
    check("argv and envp are adjacent", envp == argv + argc + 1);
    check("sp was a multiple of 16", ((uintptr_t)argv - 8) % 16 == 0);
    check("AT_ENTRY is where the program started", auxiliary(AT_ENTRY, 0) == (uintptr_t)_start);
    check("AT_PHDR is the image's table of headers", (uintptr_t)headers == (uintptr_t)image + image->phoff);
    check("AT_PHNUM is the image's number of headers", auxiliary(AT_PHNUM, 0) == image->phnum);
    check("AT_PHENT is the size of a header", auxiliary(AT_PHENT, 0) == sizeof *headers);
    check("AT_RANDOM points at 16 bytes", random != NULL);
    check("AT_EXECFN is a path", file && *file);
    check("AT_SECURE is not set", auxiliary(AT_SECURE, 0) == 0);
    check("AT_UID is there", has_auxiliary(AT_UID));

    for (int i = 0; headers && i < image->phnum; i++) {
        sum = mix(sum, headers[i].type + headers[i].memory_bytes);
    }
    for (int i = 0; random && i < 16; i++) (void)((const volatile uint8_t *)random)[i];
    print("checksum %016lx\n", sum);
    return all_right ? 0 : 1;
}
