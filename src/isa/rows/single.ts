/**
 * F: single precision. A single lies in the lower half of a 64-bit register with all ones above it (boxed); moves
 * and stores take the lower half as it is, all else takes an unboxed register for a NaN.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapter 20, and section 21.2 (boxing).
 */
import { i32, i64 } from '../../wasm/expressions.ts';
import type { Row } from '../row.ts';
import { floatingRow, formatRows, memoryRow, type Registers } from './floating.ts';

const registers: Registers<'s'> = {
  letter: 's',
  extension: 'F',
  sources: (o) => [o.s1, o.s2, o.s3],
  set: (o, value) => o.setS(value),
};

export const singleRows: readonly Row[] = [
  memoryRow('F', 'flw', 'load', 2, (o, address) => o.setS(i32.wrap(o.load('32u', address)))),
  memoryRow('F', 'fsw', 'store', 2, (o, address) => o.store('32', address, o.d2)),
  ...formatRows(registers),
  floatingRow(registers, 'fmv.x.w', 'f-to-x-norm', 'rs2AndRm', { funct5: 0x1c }, (o) =>
    o.setRd(i64.extend32s(o.d1)),
  ),
  floatingRow(registers, 'fmv.w.x', 'x-to-f-norm', 'rs2AndRm', { funct5: 0x1e }, (o) =>
    o.setS(i32.wrap(o.rs1)),
  ),
];
