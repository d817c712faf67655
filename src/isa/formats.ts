/**
 * Instruction formats: where a word holds its fields. One entry a format, as lists of bit ranges, from which
 * decoding, encoding and the operand text are derived.
 *
 * Source: RISC-V Unprivileged ISA 20240411, section 2.2 and 2.3 (base formats), chapter 28 (compressed).
 */

/** Word bits `high` to `low` are value bits from `at` upwards. */
export type Part = readonly [high: number, low: number, at: number];

export interface Field {
  readonly parts: readonly Part[];
  /** Sign-extended from its top bit. */
  readonly signed: boolean;
  /** Added to the value: compressed registers are x8 to x15. */
  readonly base: number;
}

export type FieldName = 'rd' | 'rs1' | 'rs2' | 'rs3' | 'imm' | 'rm' | 'ordering';

export interface Format {
  readonly fields: Readonly<Partial<Record<FieldName, Field>>>;
  /** Operands that the format fixes (compressed). */
  readonly fixed?: Readonly<Partial<Record<'rd' | 'rs1' | 'rs2' | 'imm', number>>>;
  /** rs1 is the same register as rd (compressed two-address). */
  readonly rs1IsRd?: boolean;
  /** Values that belong to another row or are reserved. */
  readonly forbidden?: Readonly<Partial<Record<FieldName, readonly number[]>>>;
  /**
   * Operand text, as binutils prints it without aliases: field names, `f` before a register field for a
   * floating-point one, `pc+imm` a target, `imm(rs1)` as it stands; `#` hexadecimal immediate.
   */
  readonly text: string;
}

const field = (...parts: Part[]): Field => ({ parts, signed: false, base: 0 });
const signed = (...parts: Part[]): Field => ({ parts, signed: true, base: 0 });
const compact = (high: number, low: number): Field => ({ parts: [[high, low, 0]], signed: false, base: 8 });

const rd = field([11, 7, 0]);
const rs1 = field([19, 15, 0]);
const rs2 = field([24, 20, 0]);
const rs3 = field([31, 27, 0]);
const rm = field([14, 12, 0]);
const immI = signed([31, 20, 0]);
const immS = signed([31, 25, 5], [11, 7, 0]);
const immB = signed([31, 31, 12], [7, 7, 11], [30, 25, 5], [11, 8, 1]);
const immU = signed([31, 12, 12]);
const immJ = signed([31, 31, 20], [19, 12, 12], [20, 20, 11], [30, 21, 1]);
const ordering = field([26, 25, 0]);

const cRd = field([11, 7, 0]);
const cRs2 = field([6, 2, 0]);
const cLow = compact(4, 2);
const cHigh = compact(9, 7);
const cImm6 = signed([12, 12, 5], [6, 2, 0]);
const cShift = field([12, 12, 5], [6, 2, 0]);
const cWord = field([12, 10, 3], [6, 6, 2], [5, 5, 6]);
const cDouble = field([12, 10, 3], [6, 5, 6]);
const cJump = signed(
  [12, 12, 11],
  [11, 11, 4],
  [10, 9, 8],
  [8, 8, 10],
  [7, 7, 6],
  [6, 6, 7],
  [5, 3, 1],
  [2, 2, 5],
);
const cBranch = signed([12, 12, 8], [11, 10, 3], [6, 5, 6], [4, 3, 1], [2, 2, 5]);

const base = {
  r: { fields: { rd, rs1, rs2 }, text: 'rd,rs1,rs2' },
  unary: { fields: { rd, rs1 }, text: 'rd,rs1' },
  i: { fields: { rd, rs1, imm: immI }, text: 'rd,rs1,imm' },
  shift6: { fields: { rd, rs1, imm: field([25, 20, 0]) }, text: 'rd,rs1,#imm' },
  shift5: { fields: { rd, rs1, imm: rs2 }, text: 'rd,rs1,#imm' },
  load: { fields: { rd, rs1, imm: immI }, text: 'rd,imm(rs1)' },
  store: { fields: { rs1, rs2, imm: immS }, text: 'rs2,imm(rs1)' },
  b: { fields: { rs1, rs2, imm: immB }, text: 'rs1,rs2,pc+imm' },
  u: { fields: { rd, imm: immU }, text: 'rd,upper' },
  j: { fields: { rd, imm: immJ }, text: 'rd,pc+imm' },
  bare: { fields: {}, text: '' },
  fence: { fields: { rd, rs1, imm: field([31, 20, 0]) }, text: 'fence' },
  'fence.i': { fields: { rd, rs1, imm: field([31, 20, 0]) }, text: '' },
  csr: { fields: { rd, rs1, imm: field([31, 20, 0]) }, text: 'rd,csr,rs1' },
  csri: { fields: { rd, rs1, imm: field([31, 20, 0]) }, text: 'rd,csr,uimm' },
  amo: { fields: { rd, rs1, rs2, ordering }, text: 'rd,rs2,(rs1)' },
  lr: { fields: { rd, rs1, ordering }, text: 'rd,(rs1)' },
} satisfies Record<string, Format>;

const floating = {
  fr: { fields: { rd, rs1, rs2, rm }, text: 'frd,frs1,frs2,rm' },
  'fr-norm': { fields: { rd, rs1, rs2 }, text: 'frd,frs1,frs2' },
  fcmp: { fields: { rd, rs1, rs2 }, text: 'rd,frs1,frs2' },
  fr4: { fields: { rd, rs1, rs2, rs3, rm }, text: 'frd,frs1,frs2,frs3,rm' },
  f1: { fields: { rd, rs1, rm }, text: 'frd,frs1,rm' },
  'f-to-x': { fields: { rd, rs1, rm }, text: 'rd,frs1,rm' },
  'x-to-f': { fields: { rd, rs1, rm }, text: 'frd,rs1,rm' },
  'f-to-x-norm': { fields: { rd, rs1 }, text: 'rd,frs1' },
  'x-to-f-norm': { fields: { rd, rs1 }, text: 'frd,rs1' },
  fload: { fields: { rd, rs1, imm: immI }, text: 'frd,imm(rs1)' },
  fstore: { fields: { rs1, rs2, imm: immS }, text: 'frs2,imm(rs1)' },
} satisfies Record<string, Format>;

const nonzero = [0] as const;
const compressed = {
  'c.addi4spn': {
    fields: { rd: cLow, imm: field([12, 11, 4], [10, 7, 6], [6, 6, 2], [5, 5, 3]) },
    fixed: { rs1: 2 },
    forbidden: { imm: nonzero },
    text: 'rd,rs1,imm',
  },
  'c.lw': { fields: { rd: cLow, rs1: cHigh, imm: cWord }, text: 'rd,imm(rs1)' },
  'c.ld': { fields: { rd: cLow, rs1: cHigh, imm: cDouble }, text: 'rd,imm(rs1)' },
  'c.fld': { fields: { rd: cLow, rs1: cHigh, imm: cDouble }, text: 'frd,imm(rs1)' },
  'c.sw': { fields: { rs2: cLow, rs1: cHigh, imm: cWord }, text: 'rs2,imm(rs1)' },
  'c.sd': { fields: { rs2: cLow, rs1: cHigh, imm: cDouble }, text: 'rs2,imm(rs1)' },
  'c.fsd': { fields: { rs2: cLow, rs1: cHigh, imm: cDouble }, text: 'frs2,imm(rs1)' },
  'c.addi': { fields: { rd: cRd, imm: cImm6 }, rs1IsRd: true, text: 'rd,imm' },
  'c.addiw': { fields: { rd: cRd, imm: cImm6 }, rs1IsRd: true, forbidden: { rd: nonzero }, text: 'rd,imm' },
  'c.li': { fields: { rd: cRd, imm: cImm6 }, fixed: { rs1: 0 }, text: 'rd,imm' },
  'c.addi16sp': {
    fields: { imm: signed([12, 12, 9], [6, 6, 4], [5, 5, 6], [4, 3, 7], [2, 2, 5]) },
    fixed: { rd: 2, rs1: 2 },
    forbidden: { imm: nonzero },
    text: 'rd,imm',
  },
  'c.lui': {
    fields: { rd: cRd, imm: signed([12, 12, 17], [6, 2, 12]) },
    forbidden: { rd: [2], imm: nonzero },
    text: 'rd,upper',
  },
  'c.shift': { fields: { rd: cHigh, imm: cShift }, rs1IsRd: true, text: 'rd,#imm' },
  'c.andi': { fields: { rd: cHigh, imm: cImm6 }, rs1IsRd: true, text: 'rd,imm' },
  'c.slli': { fields: { rd: cRd, imm: cShift }, rs1IsRd: true, text: 'rd,#imm' },
  'c.two': { fields: { rd: cHigh, rs2: cLow }, rs1IsRd: true, text: 'rd,rs2' },
  'c.j': { fields: { imm: cJump }, fixed: { rd: 0 }, text: 'pc+imm' },
  'c.b': { fields: { rs1: cHigh, imm: cBranch }, fixed: { rs2: 0 }, text: 'rs1,pc+imm' },
  'c.lwsp': {
    fields: { rd: cRd, imm: field([12, 12, 5], [6, 4, 2], [3, 2, 6]) },
    fixed: { rs1: 2 },
    forbidden: { rd: nonzero },
    text: 'rd,imm(rs1)',
  },
  'c.ldsp': {
    fields: { rd: cRd, imm: field([12, 12, 5], [6, 5, 3], [4, 2, 6]) },
    fixed: { rs1: 2 },
    forbidden: { rd: nonzero },
    text: 'rd,imm(rs1)',
  },
  'c.fldsp': {
    fields: { rd: cRd, imm: field([12, 12, 5], [6, 5, 3], [4, 2, 6]) },
    fixed: { rs1: 2 },
    text: 'frd,imm(rs1)',
  },
  'c.swsp': {
    fields: { rs2: cRs2, imm: field([12, 9, 2], [8, 7, 6]) },
    fixed: { rs1: 2 },
    text: 'rs2,imm(rs1)',
  },
  'c.sdsp': {
    fields: { rs2: cRs2, imm: field([12, 10, 3], [9, 7, 6]) },
    fixed: { rs1: 2 },
    text: 'rs2,imm(rs1)',
  },
  'c.fsdsp': {
    fields: { rs2: cRs2, imm: field([12, 10, 3], [9, 7, 6]) },
    fixed: { rs1: 2 },
    text: 'frs2,imm(rs1)',
  },
  'c.jr': { fields: { rs1: cRd }, fixed: { rd: 0, imm: 0 }, forbidden: { rs1: nonzero }, text: 'rs1' },
  'c.jalr': { fields: { rs1: cRd }, fixed: { rd: 1, imm: 0 }, forbidden: { rs1: nonzero }, text: 'rs1' },
  'c.mv': { fields: { rd: cRd, rs2: cRs2 }, fixed: { rs1: 0 }, forbidden: { rs2: nonzero }, text: 'rd,rs2' },
  'c.add': { fields: { rd: cRd, rs2: cRs2 }, rs1IsRd: true, forbidden: { rs2: nonzero }, text: 'rd,rs2' },
} satisfies Record<string, Format>;

const all = { ...base, ...floating, ...compressed };
export type FormatName = keyof typeof all;
export const formats: Readonly<Record<FormatName, Format>> = all;

/** Takes a field out of a word. `word` is unsigned; the result is exact. */
export function extract(definition: Field, word: number): number {
  let value = 0;
  let top = 0;
  for (const [high, low, at] of definition.parts) {
    const width = high - low + 1;
    value |= ((word >>> low) & (2 ** width - 1)) << at;
    top = Math.max(top, at + width);
  }
  if (definition.signed) value = (value << (32 - top)) >> (32 - top);
  return value + definition.base;
}

/** Puts a value into its field's bits; `undefined` when the field can't hold it. */
export function insert(definition: Field, value: number): number | undefined {
  let word = 0;
  const raw = value - definition.base;
  for (const [high, low, at] of definition.parts) {
    word |= ((raw >>> at) & (2 ** (high - low + 1) - 1)) << low;
  }
  return extract(definition, word >>> 0) === value ? word >>> 0 : undefined;
}
