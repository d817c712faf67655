/**
 * D: double precision, and the conversions between the two formats.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapter 21.
 */
import type { Row } from '../row.ts';
import { floatingRow, formatRows, memoryRow, type Registers } from './floating.ts';

const registers: Registers<'d'> = {
  letter: 'd',
  extension: 'D',
  sources: (o) => [o.d1, o.d2, o.d3],
  set: (o, value) => o.setD(value),
};

/** fmt is the format of the result, rs2 that of the source. */
const toSingle = { letter: 's', extension: 'D' } as const;

export const doubleRows: readonly Row[] = [
  memoryRow('D', 'fld', 'load', 3, (o, address) => o.setD(o.load('64', address))),
  memoryRow('D', 'fsd', 'store', 3, (o, address) => o.store('64', address, o.d2)),
  ...formatRows(registers),
  floatingRow(toSingle, 'fcvt.s.d', 'f1', 'rs2', { funct5: 0x08, rs2: 1 }, (o) =>
    o.setS(o.float.toSingle(o.d1)),
  ),
  floatingRow(registers, 'fcvt.d.s', 'f1', 'rs2', { funct5: 0x08 }, (o) => o.setD(o.float.toDouble(o.s1))),
  floatingRow(registers, 'fmv.x.d', 'f-to-x-norm', 'rs2AndRm', { funct5: 0x1c }, (o) => o.setRd(o.d1)),
  floatingRow(registers, 'fmv.d.x', 'x-to-f-norm', 'rs2AndRm', { funct5: 0x1e }, (o) => o.setD(o.rs1)),
];
