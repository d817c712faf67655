# Entry point of every guest program.
#
# The kernel enters here with sp pointing at argc, argv, envp and the auxiliary
# vector. For a static-PIE image nobody has applied the relocations yet, so the
# C side is told where the image starts and where its dynamic section is (both
# computed relative to pc; the latter is zero in an image linked at a fixed place).

    .section .text.start, "ax", @progbits
    .globl  _start
    .type   _start, @function
    .weak   _DYNAMIC
    .hidden _DYNAMIC
    .hidden __ehdr_start
_start:
    .option push
    .option norelax
    lla     gp, __global_pointer$
    .option pop
    mv      a0, sp
    lla     a1, __ehdr_start
    lla     a2, _DYNAMIC
    li      s0, 0                       # the outermost frame
    li      ra, 0
    andi    sp, sp, -16
    tail    runtime_start
    .size   _start, . - _start

# long system_call(long number, long a, long b, long c, long d, long e, long f)
    .section .text.system_call, "ax", @progbits
    .globl  system_call
    .type   system_call, @function
system_call:
    mv      t0, a0
    mv      a0, a1
    mv      a1, a2
    mv      a2, a3
    mv      a3, a4
    mv      a4, a5
    mv      a5, a6
    mv      a7, t0
    ecall
    ret
    .size   system_call, . - system_call

    .section .note.GNU-stack, "", @progbits
