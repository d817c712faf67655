/**
 * M: multiplication and division. Division by zero gives all ones (the remainder: the dividend); overflow of the
 * most negative number by -1 gives the dividend (the remainder: 0). Nothing traps.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapter 13.
 */
import { bindIn, choose, type I32, type I64, i32, i64 } from '../../wasm/expressions.ts';
import type { Operands } from '../operands.ts';
import type { Row } from '../row.ts';

const row = (name: string, opcode: number, f3: number, value: (o: Operands) => I64): Row => ({
  name,
  format: 'r',
  match: (opcode | (f3 << 12) | (1 << 25)) >>> 0,
  mask: 0xfe00707f,
  extension: 'M',
  semantics: (o) => o.setRd(value(o)),
});

const MASK32 = i64.const(0xffffffff);
const high32 = (value: I64): I64 => i64.shrU(value, i64.const(32));

/** Upper half of the unsigned 128-bit product, from four 32-bit products. */
const multiplyHigh = (a: I64, b: I64): I64 =>
  bindIn(
    i64.add(i64.mul(high32(a), i64.and(b, MASK32)), high32(i64.mul(i64.and(a, MASK32), i64.and(b, MASK32)))),
    'i64',
    (middle) =>
      i64.add(
        i64.add(i64.mul(high32(a), high32(b)), high32(middle)),
        high32(i64.add(i64.mul(i64.and(a, MASK32), high32(b)), i64.and(middle, MASK32))),
      ),
  );

/** `value` where `sign` is negative, else 0: what the unsigned product has too much. */
const excess = (sign: I64, value: I64): I64 => i64.and(i64.shrS(sign, i64.const(63)), value);

const MINIMUM = i64.const(-(2n ** 63n));
const overflows = (a: I64, b: I64): I32 => i32.and(i64.eq(a, MINIMUM), i64.eq(b, i64.const(-1)));
const overflows32 = (a: I32, b: I32): I32 =>
  i32.and(i32.eq(a, i32.const(-(2 ** 31))), i32.eq(b, i32.const(-1)));
const low = (value: I64): I32 => i32.wrap(value);

const divide = (a: I64, b: I64): I64 =>
  choose(i64.eqz(b), i64.const(-1), choose(overflows(a, b), a, i64.divS(a, b)));
const remainder = (a: I64, b: I64): I64 =>
  choose(i64.eqz(b), a, choose(overflows(a, b), i64.const(0), i64.remS(a, b)));
const divide32 = (a: I32, b: I32): I32 =>
  choose(i32.eqz(b), i32.const(-1), choose(overflows32(a, b), a, i32.divS(a, b)));
const remainder32 = (a: I32, b: I32): I32 =>
  choose(i32.eqz(b), a, choose(overflows32(a, b), i32.const(0), i32.remS(a, b)));

export const multiplyRows: readonly Row[] = [
  row('mul', 0x33, 0, (o) => i64.mul(o.rs1, o.rs2)),
  row('mulh', 0x33, 1, (o) =>
    i64.sub(i64.sub(multiplyHigh(o.rs1, o.rs2), excess(o.rs1, o.rs2)), excess(o.rs2, o.rs1)),
  ),
  row('mulhsu', 0x33, 2, (o) => i64.sub(multiplyHigh(o.rs1, o.rs2), excess(o.rs1, o.rs2))),
  row('mulhu', 0x33, 3, (o) => multiplyHigh(o.rs1, o.rs2)),
  row('div', 0x33, 4, (o) => divide(o.rs1, o.rs2)),
  row('divu', 0x33, 5, (o) => choose(i64.eqz(o.rs2), i64.const(-1), i64.divU(o.rs1, o.rs2))),
  row('rem', 0x33, 6, (o) => remainder(o.rs1, o.rs2)),
  row('remu', 0x33, 7, (o) => choose(i64.eqz(o.rs2), o.rs1, i64.remU(o.rs1, o.rs2))),
  row('mulw', 0x3b, 0, (o) => i64.extendS(i32.mul(low(o.rs1), low(o.rs2)))),
  row('divw', 0x3b, 4, (o) => i64.extendS(divide32(low(o.rs1), low(o.rs2)))),
  row('divuw', 0x3b, 5, (o) =>
    i64.extendS(choose(i32.eqz(low(o.rs2)), i32.const(-1), i32.divU(low(o.rs1), low(o.rs2)))),
  ),
  row('remw', 0x3b, 6, (o) => i64.extendS(remainder32(low(o.rs1), low(o.rs2)))),
  row('remuw', 0x3b, 7, (o) =>
    i64.extendS(choose(i32.eqz(low(o.rs2)), low(o.rs1), i32.remU(low(o.rs1), low(o.rs2)))),
  ),
];
