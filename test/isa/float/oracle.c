/*
 * Executes floating-point instructions of the processor it runs on. Standard input: records of four 64-bit
 * numbers: which instruction (cases.h, generated), a, b, c. Standard output, for each record: the result in each
 * rounding mode, 0 to 4, as five 64-bit numbers, and fflags in the bytes of a sixth.
 *
 * a, b and c are the raw bits of ft0, ft1 and ft2; a is in t0 too. The result is ft3's or t1's.
 */
#include <stdint.h>
#include <stdio.h>

enum { MODES = 5, BATCH = 1024 };

struct record { uint64_t instruction, a, b, c; };
struct answer { uint64_t result[MODES]; uint8_t flags[8]; };

#define RUN(instruction, result_move)                                                        \
  asm volatile("mv t0, %[a]\n\tfmv.d.x ft0, %[a]\n\tfmv.d.x ft1, %[b]\n\tfmv.d.x ft2, %[c]\n\t" \
               "fscsr %[status]\n\t" instruction "\n\tfrflags %[flags]\n\t" result_move "\n"     \
               : [result] "=&r"(result), [flags] "=&r"(flags)                                   \
               : [a] "r"(r->a), [b] "r"(r->b), [c] "r"(r->c), [status] "r"(mode << 5)            \
               : "t0", "t1", "ft0", "ft1", "ft2", "ft3");                                        \
  break;
#define FLOAT_RESULT "fmv.x.d %[result], ft3"
#define INTEGER_RESULT "mv %[result], t1"

static void answer(const struct record *r, struct answer *out) {
  for (uint64_t mode = 0; mode < MODES; mode++) {
    uint64_t result = 0, flags = 0;
    switch (r->instruction) {
#include "cases.h"
    }
    out->result[mode] = result;
    out->flags[mode] = flags;
  }
}

int main(void) {
  static struct record records[BATCH];
  static struct answer answers[BATCH];
  size_t count;
  while ((count = fread(records, sizeof records[0], BATCH, stdin)) > 0) {
    for (size_t i = 0; i < count; i++) answer(&records[i], &answers[i]);
    fwrite(answers, sizeof answers[0], count, stdout);
  }
  return 0;
}
