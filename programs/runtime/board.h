/*
 * A message board with a hole in it, which `overflow` and `rop` go through.
 *
 *              lower addresses
 *      buffer  number, text ......   what a message may have
 *              saved s0              what a longer one writes over,
 *      frame-8 return address        this last
 *      frame   of the caller
 *              higher addresses
 *
 * How long a message is nobody checks, as with gets(3) and strcpy(3).
 */
#ifndef BOARD_H
#define BOARD_H

#include "runtime.h"

enum { BOARD_BYTES = 256, HEAD_BYTES = 8 };

/* Where things lay when the last message was taken: what a debugger shows, or a log that tells too much. */
static volatile struct { uintptr_t buffer, frame; } seen;

__attribute__((noinline)) static void put_text(const char *text) { print("%s", text); }

__attribute__((noinline)) static void say(const char *text) {
    put_text(text);
    put_text("\n");
    flush();
}

/* The number that a message begins with; 0: nobody's. */
__attribute__((noinline)) static uint64_t message_number(const uint8_t *message) {
    uint64_t number;
    memcpy(&number, message, sizeof number);
    return number;
}

__attribute__((noinline)) static void take_message(const uint8_t *message, size_t bytes) {
    uint8_t buffer[BOARD_BYTES];
    memcpy(buffer, message, bytes);
    seen.buffer = (uintptr_t)buffer;
    seen.frame = (uintptr_t)__builtin_frame_address(0);
    if (message_number(buffer) != 0) say((const char *)buffer + HEAD_BYTES);
}

/* ---- messages ---------------------------------------------------------- */

struct message { uint8_t bytes[2 * BOARD_BYTES]; size_t length; };

static inline void put_bytes(struct message *m, size_t at, const void *from, size_t bytes) {
    if (at + bytes > sizeof m->bytes) fail("the message is too long even for who sends it");
    memcpy(m->bytes + at, from, bytes);
    if (at + bytes > m->length) m->length = at + bytes;
}

static inline void put_word(struct message *m, size_t at, uint64_t word) { put_bytes(m, at, &word, sizeof word); }

static inline void put_message(struct message *m, uint64_t number, const char *text) {
    m->length = 0;
    put_word(m, 0, number);
    put_bytes(m, HEAD_BYTES, text, text_length(text) + 1);
}

/* Where in a message the return address of take_message() would be. */
static inline size_t place_of_return(void) { return seen.frame - 8 - seen.buffer; }

/* Posts `argv[1]` and ends when there is one; else a harmless message, which shows where things lie. */
static inline void begin(int argc, char **argv, const char *line) {
    static struct message message;
    if (argc > 2) usage(line);
    put_message(&message, 1, argc > 1 ? argv[1] : "A message that fits.");
    take_message(message.bytes, message.length);
    if (argc > 1) exit(0);
}

#endif
