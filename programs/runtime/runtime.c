#include "runtime.h"

enum { SYS_WRITE = 64, SYS_EXIT_GROUP = 94, SYS_MUNMAP = 215, SYS_MMAP = 222, SYS_MADVISE = 233 };

/* ---- start-up ---------------------------------------------------------- */

struct dynamic { int64_t tag; uint64_t value; };
struct relocation { uint64_t offset, info; int64_t addend; };

enum { DT_NULL = 0, DT_RELA = 7, DT_RELASZ = 8, R_RISCV_RELATIVE = 3 };

static const unsigned long *auxiliary_vector;

/*
 * Runs before any relocation is applied: it must not read a pointer that the
 * linker stored. A static-PIE image is linked at 0, so its first byte's address
 * is what every relative relocation adds.
 */
static void relocate(uint64_t base, const struct dynamic *entry) {
    uint64_t table = 0, bytes = 0;
    for (; entry->tag != DT_NULL; entry++) {
        if (entry->tag == DT_RELA) table = entry->value;
        if (entry->tag == DT_RELASZ) bytes = entry->value;
    }
    const struct relocation *r = (const struct relocation *)(base + table);
    for (; bytes >= sizeof *r; bytes -= sizeof *r, r++) {
        if ((uint32_t)r->info == R_RISCV_RELATIVE) {
            *(uint64_t *)(base + r->offset) = base + (uint64_t)r->addend;
        }
    }
}

__attribute__((used)) _Noreturn void runtime_start(long *stack, uint64_t base, const struct dynamic *dynamic) {
    if (dynamic) relocate(base, dynamic);
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);
    char **envp = argv + argc + 1;
    char **end = envp;
    while (*end) end++;
    auxiliary_vector = (const unsigned long *)(end + 1);
    exit(main(argc, argv, envp));
}

static const unsigned long *find_auxiliary(unsigned long type) {
    const unsigned long *entry = auxiliary_vector;
    while (entry[0] != AT_NULL && entry[0] != type) entry += 2;
    return entry[0] == AT_NULL ? NULL : entry;
}

bool has_auxiliary(unsigned long type) { return find_auxiliary(type) != NULL; }

unsigned long auxiliary(unsigned long type, unsigned long otherwise) {
    const unsigned long *entry = find_auxiliary(type);
    return entry ? entry[1] : otherwise;
}

/* ---- output ------------------------------------------------------------ */

static char buffer[1024];
static size_t buffered;

static void write_all(int file, const char *from, size_t bytes) {
    while (bytes) {
        long n = system_call(SYS_WRITE, file, (long)from, (long)bytes, 0, 0, 0);
        if (n == -4) continue; /* EINTR */
        if (n <= 0) system_call(SYS_EXIT_GROUP, 1, 0, 0, 0, 0, 0);
        from += n;
        bytes -= (size_t)n;
    }
}

void flush(void) {
    write_all(1, buffer, buffered);
    buffered = 0;
}

static void put(char c) {
    if (buffered == sizeof buffer) flush();
    buffer[buffered++] = c;
}

static void put_padded(const char *text, size_t length, size_t width, char flag) {
    if (flag == '0' && length && *text == '-') {
        put(*text++);
        length--;
        if (width) width--;
    }
    size_t padding = width > length ? width - length : 0;
    if (flag != '-') for (; padding; padding--) put(flag == '0' ? '0' : ' ');
    for (size_t i = 0; i < length; i++) put(text[i]);
    for (; padding; padding--) put(' ');
}

static void put_number(uint64_t value, unsigned base, bool negative, size_t width, char flag) {
    char digits[24];
    size_t at = sizeof digits;
    do digits[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    if (negative) digits[--at] = '-';
    put_padded(digits + at, sizeof digits - at, width, flag);
}

void print(const char *format, ...) {
    va_list args;
    va_start(args, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        char flag = ' ';
        format++;
        if (*format == '-' || *format == '0') flag = *format++;
        size_t width = 0;
        while (*format >= '0' && *format <= '9') width = width * 10 + (size_t)(*format++ - '0');
        if (*format == 'l') format++;
        switch (*format) {
        case 's': {
            const char *text = va_arg(args, const char *);
            put_padded(text, text_length(text), width, flag);
            break;
        }
        case 'c': put((char)va_arg(args, int)); break;
        case 'd': {
            long value = va_arg(args, long);
            put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, width, flag);
            break;
        }
        case 'u': put_number(va_arg(args, uint64_t), 10, false, width, flag); break;
        case 'x': put_number(va_arg(args, uint64_t), 16, false, width, flag); break;
        default: put('%'); break;
        }
    }
    va_end(args);
}

_Noreturn void exit(int status) {
    flush();
    for (;;) system_call(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}

static _Noreturn void complain(const char *prefix, const char *message, int status) {
    flush();
    write_all(2, prefix, text_length(prefix));
    write_all(2, message, text_length(message));
    write_all(2, "\n", 1);
    exit(status);
}

_Noreturn void usage(const char *line) { complain("usage: ", line, 2); }
_Noreturn void fail(const char *message) { complain("", message, 1); }

/* ---- memory from the kernel -------------------------------------------- */

void *map_pages(size_t bytes, int extra_flags) {
    long at = system_call(SYS_MMAP, 0, (long)bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);
    if (at < 0 && at >= -4095) fail("out of memory: mmap failed");
    return (void *)at;
}

void unmap_pages(void *start, size_t bytes) {
    system_call(SYS_MUNMAP, (long)start, (long)bytes, 0, 0, 0, 0);
}

void discard_pages(void *start, size_t bytes) {
    system_call(SYS_MADVISE, (long)start, (long)bytes, MADV_DONTNEED, 0, 0, 0);
}

/* ---- text and bytes ---------------------------------------------------- */

size_t text_length(const char *text) {
    size_t n = 0;
    while (text[n]) n++;
    return n;
}

bool same_text(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

uint64_t parse_size(const char *text, uint64_t least, uint64_t most, const char *line) {
    uint64_t value = 0;
    if (!*text) usage(line);
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > 1ull << 40) usage(line);
    }
    switch (*text) {
    case 'K': case 'k': value *= KIB; text++; break;
    case 'M': case 'm': value *= MIB; text++; break;
    case 'G': case 'g': value *= GIB; text++; break;
    }
    if (*text || value < least || value > most) usage(line);
    return value;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((((uintptr_t)t | (uintptr_t)f) & 7) == 0) {
        for (; bytes >= 8; bytes -= 8, t += 8, f += 8) *(uint64_t *)t = *(const uint64_t *)f;
    }
    while (bytes--) *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t <= f || t >= f + bytes) return memcpy(to, from, bytes);
    while (bytes--) t[bytes] = f[bytes];
    return to;
}

void *memset(void *to, int value, size_t bytes) {
    unsigned char *t = to;
    uint64_t word = (unsigned char)value * 0x0101010101010101ull;
    if (((uintptr_t)t & 7) == 0) {
        for (; bytes >= 8; bytes -= 8, t += 8) *(uint64_t *)t = word;
    }
    while (bytes--) *t++ = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
    const unsigned char *x = a, *y = b;
    for (; bytes; bytes--, x++, y++) if (*x != *y) return *x - *y;
    return 0;
}
