/**
 * From an instruction word to its row and operands, and back. Both directions are read off the formats.
 */
import { extract, type Field, type FieldName, formats, insert } from './formats.ts';
import type { Row } from './row.ts';
import { allRows, baseIndex, isCompressed } from './table.ts';

/** Operands by name; what the format does not have is 0. Registers 0 to 31; `imm` in bytes, sign-extended. */
export interface OperandValues {
  rd: number;
  rs1: number;
  rs2: number;
  rs3: number;
  imm: number;
  /** Rounding mode 0 to 7. */
  rm: number;
  /** Acquire 2, release 1. */
  ordering: number;
}

export interface Instruction extends OperandValues {
  readonly row: Row;
  /** Index of the row that gives the meaning. */
  readonly index: number;
  /** Bytes: 2 or 4. */
  readonly length: 2 | 4;
}

interface Candidate {
  readonly row: Row;
  readonly index: number;
  readonly length: 2 | 4;
  readonly fields: readonly (readonly [FieldName, Field])[];
  readonly forbidden: readonly (readonly [Field, readonly number[]])[];
}

/** 32-bit rows by opcode and funct3, 16-bit rows by quadrant and funct3: few candidates to try for a word. */
const bucketOf = (word: number): number =>
  (word & 3) === 3
    ? ((word >>> 2) & 31) * 8 + ((word >>> 12) & 7)
    : 256 + (word & 3) * 8 + ((word >>> 13) & 7);

function candidate(row: Row): Candidate {
  const format = formats[row.format];
  const fields = Object.entries(format.fields) as [FieldName, Field][];
  const forbidden = Object.entries(format.forbidden ?? {}).map(
    ([name, values]): [Field, readonly number[]] => {
      const definition = format.fields[name as FieldName];
      if (definition === undefined)
        throw new Error(`${row.format} forbids values of a field that it has not`);
      return [definition, values];
    },
  );
  return { row, index: baseIndex(row), length: isCompressed(row) ? 2 : 4, fields, forbidden };
}

/** All rows fix opcode or quadrant; funct3 is theirs, or the row is in the buckets of all that its mask allows. */
function buildBuckets(): readonly (readonly Candidate[])[] {
  const buckets: Candidate[][] = Array.from({ length: 256 + 24 }, () => []);
  for (const row of allRows) {
    const entry = candidate(row);
    const shift = entry.length === 4 ? 12 : 13;
    const fixed = (row.mask >>> shift) & 7;
    for (let funct3 = 0; funct3 < 8; funct3++) {
      if (((funct3 ^ (row.match >>> shift)) & fixed) !== 0) continue;
      buckets[bucketOf((row.match & ~(7 << shift)) | (funct3 << shift))]!.push(entry);
    }
  }
  return buckets;
}

const buckets = buildBuckets();

function isMatch(entry: Candidate, word: number): boolean {
  if ((word & entry.row.mask) >>> 0 !== entry.row.match) return false;
  for (const [definition, values] of entry.forbidden)
    if (values.includes(extract(definition, word))) return false;
  return true;
}

/**
 * The instruction that a word encodes; `undefined` when it is none of ours (illegal).
 * @param word the 32 bits at the address, or 16 bits when the lowest two are not 11
 */
export function decode(word: number): Instruction | undefined {
  const code = (word & 3) === 3 ? word >>> 0 : word & 0xffff;
  // All zeros is the one encoding that is defined to be illegal.
  if (code === 0) return undefined;
  for (const entry of buckets[bucketOf(code)]!) if (isMatch(entry, code)) return operandsOf(entry, code);
  return undefined;
}

/** Every row that claims a word: more than one means that the table contradicts itself. */
export const claimants = (word: number): readonly Row[] =>
  buckets[bucketOf(word)]!.filter((entry) => isMatch(entry, word)).map((entry) => entry.row);

function operandsOf(entry: Candidate, word: number): Instruction {
  const format = formats[entry.row.format];
  const instruction = {
    row: entry.row,
    index: entry.index,
    length: entry.length,
    rd: 0,
    rs1: 0,
    rs2: 0,
    rs3: 0,
    imm: 0,
    rm: 0,
    ordering: 0,
  };
  for (const [name, definition] of entry.fields) instruction[name] = extract(definition, word);
  if (format.fixed !== undefined) Object.assign(instruction, format.fixed);
  if (format.rs1IsRd) instruction.rs1 = instruction.rd;
  return instruction;
}

/**
 * The word for a row and its operands (those that the format has; others are ignored).
 * @throws RangeError naming the operand that the encoding can't hold
 */
export function encode(row: Row, operands: Partial<OperandValues>): number {
  const format = formats[row.format];
  let word = row.match;
  for (const [name, definition] of Object.entries(format.fields) as [FieldName, Field][]) {
    const value = operands[name] ?? 0;
    const bits = insert(definition, value);
    if (bits === undefined || format.forbidden?.[name]?.includes(value))
      throw new RangeError(`${row.name}: ${name} can't be ${value}`);
    word |= bits;
  }
  return word >>> 0;
}
