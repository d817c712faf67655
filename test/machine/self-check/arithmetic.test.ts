/** Results that follow from the manual's definitions, worked out by hand, where implementations like to go wrong. */
import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const CODE = 0x200000;
const MIN = 0x8000000000000000n;
const MAX = 0x7fffffffffffffffn;
const ONES = 0xffffffffffffffffn;
/** A word's sign extension, as a register holds it. */
const word = (value: bigint): bigint => BigInt.asUintN(64, BigInt.asIntN(32, value));

/** Instruction on a1 and a2 into a0, the operands, the result. */
const cases: readonly (readonly [string, bigint, bigint, bigint])[] = [
  // Division by zero: all ones, and the dividend; overflow: the dividend, and 0.
  ['div a0,a1,a2', 7n, 0n, ONES],
  ['rem a0,a1,a2', 7n, 0n, 7n],
  ['divu a0,a1,a2', 7n, 0n, ONES],
  ['remu a0,a1,a2', 7n, 0n, 7n],
  ['div a0,a1,a2', MIN, ONES, MIN],
  ['rem a0,a1,a2', MIN, ONES, 0n],
  ['divw a0,a1,a2', 0x180000000n, ONES, word(0x80000000n)],
  ['remw a0,a1,a2', 0x80000000n, ONES, 0n],
  ['divw a0,a1,a2', 7n, 0x100000000n, ONES],
  ['remw a0,a1,a2', 0x180000000n, 0n, word(0x80000000n)],
  ['divuw a0,a1,a2', 0xffffffffn, 1n, ONES],
  ['divuw a0,a1,a2', 5n, 0n, ONES],
  ['remuw a0,a1,a2', 0xfffffffen, 0n, word(0xfffffffen)],
  // Rounded toward zero; the remainder has the dividend's sign.
  ['div a0,a1,a2', BigInt.asUintN(64, -7n), 2n, BigInt.asUintN(64, -3n)],
  ['rem a0,a1,a2', BigInt.asUintN(64, -7n), 2n, ONES],
  ['rem a0,a1,a2', 7n, BigInt.asUintN(64, -2n), 1n],
  // Upper halves: (-1) × (-1) = 1; -1 × (2^64 - 1) = -2^64 + 1; (2^64 - 1)^2 = 2^128 - 2^65 + 1; (-2^63)^2 = 2^126.
  ['mulh a0,a1,a2', ONES, ONES, 0n],
  ['mulhsu a0,a1,a2', ONES, ONES, ONES],
  ['mulhu a0,a1,a2', ONES, ONES, 0xfffffffffffffffen],
  ['mulh a0,a1,a2', MIN, MIN, 0x4000000000000000n],
  ['mulhsu a0,a1,a2', MIN, MIN, 0xc000000000000000n],
  ['mulhu a0,a1,a2', MIN, 2n, 1n],
  ['mulh a0,a1,a2', MIN, 2n, ONES],
  ['mulw a0,a1,a2', 0x10000n, 0x8000n, word(0x80000000n)],
  // Shifts take six bits of the amount, word shifts five.
  ['sll a0,a1,a2', 1n, 64n, 1n],
  ['srl a0,a1,a2', MIN, 127n, 1n],
  ['sra a0,a1,a2', MIN, 63n, ONES],
  ['sllw a0,a1,a2', 1n, 31n, word(0x80000000n)],
  ['sllw a0,a1,a2', 1n, 32n, 1n],
  ['srlw a0,a1,a2', 0xffffffff80000000n, 0n, word(0x80000000n)],
  ['sraw a0,a1,a2', 0x80000000n, 31n, ONES],
  ['srliw a0,a1,31', ONES, 0n, 1n],
  ['slliw a0,a1,0', 0x80000000n, 0n, word(0x80000000n)],
  ['addiw a0,a1,0', 0x1ffffffffn, 0n, ONES],
  ['addw a0,a1,a2', 0x7fffffffn, 1n, word(0x80000000n)],
  ['subw a0,a1,a2', 0n, 0x80000000n, word(0x80000000n)],
  // Signed against unsigned.
  ['slt a0,a1,a2', ONES, 0n, 1n],
  ['sltu a0,a1,a2', ONES, 0n, 0n],
  ['sltiu a0,a1,-1', 5n, 0n, 1n],
  ['slti a0,a1,-2048', MIN, 0n, 1n],
  ['lui a0,0x80000', 0n, 0n, word(0x80000000n)],
  // Counting in zero gives the width.
  ['clz a0,a1', 0n, 0n, 64n],
  ['ctz a0,a1', 0n, 0n, 64n],
  ['clzw a0,a1', MAX << 32n, 0n, 32n],
  ['ctzw a0,a1', 0n, 0n, 32n],
  ['ctzw a0,a1', 0x8000000000n, 0n, 32n],
  ['ctzw a0,a1', 0x80000000n, 0n, 31n],
  ['clzw a0,a1', 1n, 0n, 31n],
  ['cpop a0,a1', ONES, 0n, 64n],
  ['cpopw a0,a1', ONES, 0n, 32n],
  ['max a0,a1,a2', ONES, 1n, 1n],
  ['maxu a0,a1,a2', ONES, 1n, ONES],
  ['min a0,a1,a2', MIN, MAX, MIN],
  ['minu a0,a1,a2', MIN, MAX, MAX],
  ['sext.b a0,a1', 0x180n, 0n, BigInt.asUintN(64, -128n)],
  ['sext.h a0,a1', 0x18000n, 0n, BigInt.asUintN(64, -32768n)],
  ['zext.h a0,a1', ONES, 0n, 0xffffn],
  ['rev8 a0,a1', 0x0102030405060708n, 0n, 0x0807060504030201n],
  ['orc.b a0,a1', 0x0100800000000010n, 0n, 0xff00ff00000000ffn],
  ['rol a0,a1,a2', MIN, 1n, 1n],
  ['ror a0,a1,a2', 1n, 65n, MIN],
  ['rolw a0,a1,a2', 0x80000000n, 33n, 1n],
  ['rorw a0,a1,a2', 1n, 1n, word(0x80000000n)],
  ['roriw a0,a1,0x0', 0x80000000n, 0n, word(0x80000000n)],
  ['rori a0,a1,0x3f', 1n, 0n, 2n],
  ['xnor a0,a1,a2', 5n, 3n, BigInt.asUintN(64, ~6n)],
  ['andn a0,a1,a2', ONES, 1n, 0xfffffffffffffffen],
  ['orn a0,a1,a2', 0n, ONES, 0n],
  ['sh3add a0,a1,a2', 0x2000000000000001n, 1n, 9n],
  ['sh1add.uw a0,a1,a2', ONES, 1n, 0x1ffffffffn],
  ['add.uw a0,a1,a2', ONES, 1n, 0x100000000n],
  ['slli.uw a0,a1,0x20', ONES, 0n, 0xffffffff00000000n],
  ['bset a0,a1,a2', 0n, 127n, MIN],
  ['bclr a0,a1,a2', ONES, 64n, 0xfffffffffffffffen],
  ['binv a0,a1,a2', MIN, 63n, 0n],
  ['bext a0,a1,a2', MIN, 63n, 1n],
  ['bexti a0,a1,0x3f', MAX, 0n, 0n],
];

describe.each(['split 64x4', 'no TLB'])('with %s', (config) => {
  const bare = new BareMachine(equivalentConfigs[config]);
  const { machine } = bare;
  bare.map(CODE);

  it.each(cases)('%s of 0x%x and 0x%x', (text, a, b, result) => {
    bare.assemble(CODE, [text, 'ebreak']);
    // Stepped, and then run from its record.
    for (let time = 0; time < 2; time++) {
      machine.x[10] = 0x5555n;
      machine.x[11] = BigInt.asIntN(64, a);
      machine.x[12] = BigInt.asIntN(64, b);
      machine.pc = virtualAddress(CODE);
      expect(bare.runToTrap().cause).toBe('breakpoint');
      expect(BigInt.asUintN(64, machine.x[10]!)).toBe(result);
    }
  });
});
