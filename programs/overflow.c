/*
 * A buffer overflow. The message is too long: its end lies where the return
 * address was, and leads back into the message, which is machine code. Where
 * the stack may be executed, the code runs; where it may not, its first fetch
 * is a fault.
 */
#include "runtime/board.h"

#define USAGE "overflow [text of a message, by default an attack]"

/* Constants to this program: nothing here lies on a page that may be executed. It works wherever it is put. */
__asm__(".pushsection .rodata.attack, \"a\"\n"
        ".option push\n"
        ".option norelax\n"
        ".balign 8\n"
        "attack_text: .ascii \"This line was printed by a message.\\n\"\n"
        ".balign 8\n"
        "attack_code:\n"
        "    li   a0, 1\n"
        "    lla  a1, attack_text\n"
        "    li   a2, 36\n"
        "    li   a7, 64\n" /* write */
        "    ecall\n"
        "    li   a0, 42\n"
        "    li   a7, 94\n" /* exit_group */
        "    ecall\n"
        "attack_end:\n"
        ".option pop\n"
        ".popsection\n");

extern const uint8_t attack_text[] __attribute__((visibility("hidden")));
extern const uint8_t attack_code[] __attribute__((visibility("hidden")));
extern const uint8_t attack_end[] __attribute__((visibility("hidden")));

enum { CODE_PLACE = 64 };

int main(int argc, char **argv, char **envp) {
    (void)envp;
    begin(argc, argv, USAGE);

    static struct message message;
    put_message(&message, 2, "A message that is too long.");
    put_bytes(&message, CODE_PLACE, attack_text, (size_t)(attack_end - attack_text));
    put_word(&message, place_of_return(), seen.buffer + CODE_PLACE + (uintptr_t)(attack_code - attack_text));
    take_message(message.bytes, message.length);
    return 0; /* never: it does not return to here */
}
