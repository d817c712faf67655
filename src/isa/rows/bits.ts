/**
 * Zba (addresses), Zbb (basic bit manipulation) and Zbs (single bits).
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapter 30 (B).
 */
import { bindIn, type I32, type I64, i32, i64, select } from '../../wasm/expressions.ts';
import type { FormatName } from '../formats.ts';
import type { Operands } from '../operands.ts';
import type { Row } from '../row.ts';

const row = (
  extension: string,
  name: string,
  format: FormatName,
  match: number,
  mask: number,
  value: (o: Operands) => I64,
): Row => ({
  name,
  format,
  match: match >>> 0,
  mask: mask >>> 0,
  extension,
  semantics: (o) => o.setRd(value(o)),
});

const F7_MASK = 0xfe00707f;
const F6_MASK = 0xfc00707f;
const F12_MASK = 0xfff0707f;
const withF7 = (opcode: number, f3: number, f7: number) => opcode | (f3 << 12) | (f7 << 25);
const withF12 = (opcode: number, f3: number, f12: number) => opcode | (f3 << 12) | (f12 << 20);

const low = (value: I64): I32 => i32.wrap(value);
const word = (value: I32): I64 => i64.extendS(value);
const zeroExtended = (value: I64): I64 => i64.extendU(i32.wrap(value));
const not = (value: I64): I64 => i64.xor(value, i64.const(-1));
const shiftAdd = (amount: number) => (o: Operands) => i64.add(i64.shl(o.rs1, i64.const(amount)), o.rs2);
const shiftAddWord = (amount: number) => (o: Operands) =>
  i64.add(i64.shl(zeroExtended(o.rs1), i64.const(amount)), o.rs2);

const addresses: readonly Row[] = [
  row('Zba', 'add.uw', 'r', withF7(0x3b, 0, 0x04), F7_MASK, (o) => i64.add(zeroExtended(o.rs1), o.rs2)),
  row('Zba', 'sh1add', 'r', withF7(0x33, 2, 0x10), F7_MASK, shiftAdd(1)),
  row('Zba', 'sh2add', 'r', withF7(0x33, 4, 0x10), F7_MASK, shiftAdd(2)),
  row('Zba', 'sh3add', 'r', withF7(0x33, 6, 0x10), F7_MASK, shiftAdd(3)),
  row('Zba', 'sh1add.uw', 'r', withF7(0x3b, 2, 0x10), F7_MASK, shiftAddWord(1)),
  row('Zba', 'sh2add.uw', 'r', withF7(0x3b, 4, 0x10), F7_MASK, shiftAddWord(2)),
  row('Zba', 'sh3add.uw', 'r', withF7(0x3b, 6, 0x10), F7_MASK, shiftAddWord(3)),
  row('Zba', 'slli.uw', 'shift6', withF7(0x1b, 1, 0x04), F6_MASK, (o) => i64.shl(zeroExtended(o.rs1), o.imm)),
];

/** Each byte to all ones if any of its bits is set: sets the top bit of such bytes, then spreads it. */
const orCombine = (value: I64): I64 => {
  const LOW7 = i64.const(0x7f7f7f7f7f7f7f7fn);
  const TOP = i64.const(0x8080808080808080n);
  const tops = i64.and(i64.or(i64.add(i64.and(value, LOW7), LOW7), value), TOP);
  return bindIn(i64.shrU(tops, i64.const(7)), 'i64', (ones) => i64.mul(ones, i64.const(0xff)));
};

/** Bytes in reverse order: swap neighbours, then pairs, then halves. */
const reverseBytes = (value: I64): I64 => {
  const swap = (from: I64, bits: number, mask: bigint): I64 =>
    bindIn(from, 'i64', (v) =>
      i64.or(
        i64.and(i64.shrU(v, i64.const(bits)), i64.const(mask)),
        i64.shl(i64.and(v, i64.const(mask)), i64.const(bits)),
      ),
    );
  return i64.rotl(swap(swap(value, 8, 0x00ff00ff00ff00ffn), 16, 0x0000ffff0000ffffn), i64.const(32));
};

const basic: readonly Row[] = [
  row('Zbb', 'andn', 'r', withF7(0x33, 7, 0x20), F7_MASK, (o) => i64.and(o.rs1, not(o.rs2))),
  row('Zbb', 'orn', 'r', withF7(0x33, 6, 0x20), F7_MASK, (o) => i64.or(o.rs1, not(o.rs2))),
  row('Zbb', 'xnor', 'r', withF7(0x33, 4, 0x20), F7_MASK, (o) => not(i64.xor(o.rs1, o.rs2))),
  row('Zbb', 'clz', 'unary', withF12(0x13, 1, 0x600), F12_MASK, (o) => i64.clz(o.rs1)),
  row('Zbb', 'ctz', 'unary', withF12(0x13, 1, 0x601), F12_MASK, (o) => i64.ctz(o.rs1)),
  row('Zbb', 'cpop', 'unary', withF12(0x13, 1, 0x602), F12_MASK, (o) => i64.popcnt(o.rs1)),
  row('Zbb', 'clzw', 'unary', withF12(0x1b, 1, 0x600), F12_MASK, (o) => i64.extendU(i32.clz(low(o.rs1)))),
  row('Zbb', 'ctzw', 'unary', withF12(0x1b, 1, 0x601), F12_MASK, (o) => i64.extendU(i32.ctz(low(o.rs1)))),
  row('Zbb', 'cpopw', 'unary', withF12(0x1b, 1, 0x602), F12_MASK, (o) => i64.extendU(i32.popcnt(low(o.rs1)))),
  row('Zbb', 'max', 'r', withF7(0x33, 6, 0x05), F7_MASK, (o) => select(i64.gtS(o.rs1, o.rs2), o.rs1, o.rs2)),
  row('Zbb', 'maxu', 'r', withF7(0x33, 7, 0x05), F7_MASK, (o) => select(i64.gtU(o.rs1, o.rs2), o.rs1, o.rs2)),
  row('Zbb', 'min', 'r', withF7(0x33, 4, 0x05), F7_MASK, (o) => select(i64.ltS(o.rs1, o.rs2), o.rs1, o.rs2)),
  row('Zbb', 'minu', 'r', withF7(0x33, 5, 0x05), F7_MASK, (o) => select(i64.ltU(o.rs1, o.rs2), o.rs1, o.rs2)),
  row('Zbb', 'sext.b', 'unary', withF12(0x13, 1, 0x604), F12_MASK, (o) => i64.extend8s(o.rs1)),
  row('Zbb', 'sext.h', 'unary', withF12(0x13, 1, 0x605), F12_MASK, (o) => i64.extend16s(o.rs1)),
  row('Zbb', 'zext.h', 'unary', withF12(0x3b, 4, 0x080), F12_MASK, (o) => i64.and(o.rs1, i64.const(0xffff))),
  row('Zbb', 'rol', 'r', withF7(0x33, 1, 0x30), F7_MASK, (o) => i64.rotl(o.rs1, o.rs2)),
  row('Zbb', 'ror', 'r', withF7(0x33, 5, 0x30), F7_MASK, (o) => i64.rotr(o.rs1, o.rs2)),
  row('Zbb', 'rori', 'shift6', withF7(0x13, 5, 0x30), F6_MASK, (o) => i64.rotr(o.rs1, o.imm)),
  row('Zbb', 'rolw', 'r', withF7(0x3b, 1, 0x30), F7_MASK, (o) => word(i32.rotl(low(o.rs1), low(o.rs2)))),
  row('Zbb', 'rorw', 'r', withF7(0x3b, 5, 0x30), F7_MASK, (o) => word(i32.rotr(low(o.rs1), low(o.rs2)))),
  row('Zbb', 'roriw', 'shift5', withF7(0x1b, 5, 0x30), F7_MASK, (o) =>
    word(i32.rotr(low(o.rs1), low(o.imm))),
  ),
  row('Zbb', 'orc.b', 'unary', withF12(0x13, 5, 0x287), F12_MASK, (o) => orCombine(o.rs1)),
  row('Zbb', 'rev8', 'unary', withF12(0x13, 5, 0x6b8), F12_MASK, (o) => reverseBytes(o.rs1)),
];

const bit = (index: I64): I64 => i64.shl(i64.const(1), index);
const single = (
  name: string,
  f3: number,
  f7: number,
  value: (word: I64, index: I64) => I64,
): readonly Row[] => [
  row('Zbs', name, 'r', withF7(0x33, f3, f7), F7_MASK, (o) => value(o.rs1, o.rs2)),
  row('Zbs', `${name}i`, 'shift6', withF7(0x13, f3, f7), F6_MASK, (o) => value(o.rs1, o.imm)),
];

const singles: readonly Row[] = [
  ...single('bclr', 1, 0x24, (value, index) => i64.and(value, not(bit(index)))),
  ...single('bext', 5, 0x24, (value, index) => i64.and(i64.shrU(value, index), i64.const(1))),
  ...single('binv', 1, 0x34, (value, index) => i64.xor(value, bit(index))),
  ...single('bset', 1, 0x14, (value, index) => i64.or(value, bit(index))),
];

export const bitRows: readonly Row[] = [...addresses, ...basic, ...singles];
