/**
 * A: load-reserved, store-conditional and read-modify-write. The ordering bits constrain nothing on one hart.
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapter 14.
 */
import { type I64, i64, select } from '../../wasm/expressions.ts';
import type { AtomicWidth } from '../operands.ts';
import type { Row } from '../row.ts';

const match = (width: AtomicWidth, f5: number) =>
  (0x2f | ((width === '32' ? 2 : 3) << 12) | (f5 << 27)) >>> 0;
const suffix = (width: AtomicWidth) => (width === '32' ? 'w' : 'd');

/** The new value from the old one and rs2, both sign-extended for the 32-bit form. */
type Update = (old: I64, operand: I64) => I64;

const readModifyWrite =
  (name: string, f5: number, update: Update) =>
  (width: AtomicWidth): Row => ({
    name: `${name}.${suffix(width)}`,
    format: 'amo',
    match: match(width, f5),
    mask: 0xf800707f,
    extension: 'A',
    rare: true,
    semantics: (o) =>
      o.atomic(width, o.rs1, (old) => update(old, width === '32' ? i64.extend32s(o.rs2) : o.rs2)),
  });

/** Unsigned order of two sign-extended words is that of the 64-bit numbers, so one update serves both widths. */
const updates = [
  readModifyWrite('amoswap', 0x01, (_old, operand) => operand),
  readModifyWrite('amoadd', 0x00, (old, operand) => i64.add(old, operand)),
  readModifyWrite('amoxor', 0x04, (old, operand) => i64.xor(old, operand)),
  readModifyWrite('amoand', 0x0c, (old, operand) => i64.and(old, operand)),
  readModifyWrite('amoor', 0x08, (old, operand) => i64.or(old, operand)),
  readModifyWrite('amomin', 0x10, (old, operand) => select(i64.ltS(old, operand), old, operand)),
  readModifyWrite('amomax', 0x14, (old, operand) => select(i64.gtS(old, operand), old, operand)),
  readModifyWrite('amominu', 0x18, (old, operand) => select(i64.ltU(old, operand), old, operand)),
  readModifyWrite('amomaxu', 0x1c, (old, operand) => select(i64.gtU(old, operand), old, operand)),
];

const reserved = (width: AtomicWidth): readonly Row[] => [
  {
    name: `lr.${suffix(width)}`,
    format: 'lr',
    match: match(width, 0x02),
    mask: 0xf9f0707f,
    extension: 'A',
    rare: true,
    semantics: (o) => o.loadReserved(width, o.rs1),
  },
  {
    name: `sc.${suffix(width)}`,
    format: 'amo',
    match: match(width, 0x03),
    mask: 0xf800707f,
    extension: 'A',
    rare: true,
    semantics: (o) => o.storeConditional(width, o.rs1, o.rs2),
  },
];

export const atomicRows: readonly Row[] = (['32', '64'] as const).flatMap((width) => [
  ...reserved(width),
  ...updates.map((make) => make(width)),
]);
