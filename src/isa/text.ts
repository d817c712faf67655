/**
 * Disassembler and assembler, both driven by the formats' operand text, in the notation of binutils with
 * `-M no-aliases`.
 */
import { decode, encode, type Instruction, type OperandValues } from './decode.ts';
import { type FormatName, formats } from './formats.ts';
import { allRows } from './table.ts';

const REGISTERS =
  'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(
    ' ',
  );
const FLOAT_REGISTERS =
  'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11'.split(
    ' ',
  );
const ROUNDING = ['rne', 'rtz', 'rdn', 'rup', 'rmm', 'unknown', 'unknown', 'dyn'];
const ORDERING = ['', '.rl', '.aq', '.aqrl'];
export const CSR_NAMES: Readonly<Record<number, string>> = {
  1: 'fflags',
  2: 'frm',
  3: 'fcsr',
  3072: 'cycle',
  3073: 'time',
  3074: 'instret',
};

/** One operand as it is written and read. `pc` is the address of the instruction. */
interface OperandText {
  show(o: OperandValues, pc: number): string | undefined;
  read(text: string, into: OperandValues, pc: number): boolean;
}

const register = (field: 'rd' | 'rs1' | 'rs2' | 'rs3', names: readonly string[]): OperandText => ({
  show: (o) => names[o[field]],
  read(text, into) {
    into[field] = names.indexOf(text);
    return into[field] >= 0;
  },
});

function readNumber(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || !Number.isInteger(value) ? undefined : value;
}

const number = (show: (value: number) => string, scale = (value: number) => value): OperandText => ({
  show: (o) => show(o.imm),
  read(text, into) {
    const value = readNumber(text);
    if (value === undefined) return false;
    into.imm = scale(value);
    return true;
  },
});

const hexadecimal = (value: number | bigint): string => `0x${value.toString(16)}`;

const target: OperandText = {
  show: (o, pc) => hexadecimal(BigInt.asUintN(64, BigInt(pc + o.imm))),
  read(text, into, pc) {
    if (readNumber(text) === undefined) return false;
    // In 64 bits, because a target before address 0 is shown as one near 2^64.
    into.imm = Number(BigInt.asIntN(64, BigInt(text) - BigInt(pc)));
    return true;
  },
};

const csr: OperandText = {
  show: (o) => CSR_NAMES[o.imm] ?? hexadecimal(o.imm),
  read(text, into) {
    const known = Object.entries(CSR_NAMES).find(([, name]) => name === text);
    const value = known === undefined ? readNumber(text) : Number(known[0]);
    into.imm = value ?? 0;
    return value !== undefined;
  },
};

const unsignedRegister: OperandText = {
  show: (o) => String(o.rs1),
  read(text, into) {
    into.rs1 = readNumber(text) ?? -1;
    return into.rs1 >= 0;
  },
};

/** Written only when it is not dynamic. */
const rounding: OperandText = {
  show: (o) => (o.rm === 7 ? undefined : ROUNDING[o.rm]),
  read(text, into) {
    into.rm = ROUNDING.indexOf(text);
    return into.rm >= 0;
  },
};

const memoryOperand = (withOffset: 'imm' | 'none'): OperandText => ({
  show: (o) => (withOffset === 'imm' ? `${o.imm}(${REGISTERS[o.rs1]})` : `(${REGISTERS[o.rs1]})`),
  read(text, into) {
    const parts = /^(.*)\((\w+)\)$/.exec(text);
    if (parts === null) return false;
    into.rs1 = REGISTERS.indexOf(parts[2]!);
    if (withOffset === 'imm') into.imm = readNumber(parts[1]!) ?? Number.NaN;
    return into.rs1 >= 0 && !Number.isNaN(into.imm);
  },
});

/** The 20 bits of lui and auipc as binutils shows them, unsigned. */
const upper = number(
  (value) => hexadecimal((value >>> 12) & 0xfffff),
  (value) => (value << 12) | 0,
);

const operandTexts: Readonly<Record<string, OperandText>> = {
  rd: register('rd', REGISTERS),
  rs1: register('rs1', REGISTERS),
  rs2: register('rs2', REGISTERS),
  frd: register('rd', FLOAT_REGISTERS),
  frs1: register('rs1', FLOAT_REGISTERS),
  frs2: register('rs2', FLOAT_REGISTERS),
  frs3: register('rs3', FLOAT_REGISTERS),
  imm: number(String),
  '#imm': number(hexadecimal),
  upper,
  uimm: unsignedRegister,
  csr,
  rm: rounding,
  'pc+imm': target,
  'imm(rs1)': memoryOperand('imm'),
  '(rs1)': memoryOperand('none'),
};

const ACCESS_SETS = 'iorw';
const accessSet = (bits: number): string =>
  bits === 0 ? 'unknown' : [...ACCESS_SETS].filter((_, i) => bits & (8 >> i)).join('');
const readAccessSet = (text: string): number =>
  text === 'unknown' ? 0 : [...text].reduce((bits, c) => bits | (8 >> ACCESS_SETS.indexOf(c)), 0);

/** fence: predecessor and successor sets; a mode other than 0 or other fields used are shown as numbers. */
const fence: OperandText = {
  show: (o) => `${accessSet((o.imm >>> 4) & 15)},${accessSet(o.imm & 15)}`,
  read(text, into) {
    const [before, behind] = text.split(',');
    if (before === undefined || behind === undefined) return false;
    into.imm = (readAccessSet(before) << 4) | readAccessSet(behind);
    return true;
  },
};

const operandsOf = (format: FormatName): readonly OperandText[] => {
  const { text } = formats[format];
  if (text === '') return [];
  if (text === 'fence') return [fence];
  return text.split(',').map((name) => operandTexts[name]!);
};

const hasOrdering = (format: FormatName): boolean => formats[format].fields.ordering !== undefined;

/** Text of a decoded instruction at `pc`, e.g. `addi a0,a0,-1`. */
export function show(instruction: Instruction, pc: number): string {
  const { row } = instruction;
  const name = hasOrdering(row.format) ? row.name + ORDERING[instruction.ordering] : row.name;
  const operands = operandsOf(row.format).map((operand) => operand.show(instruction, pc));
  const shown = operands.filter((text) => text !== undefined).join(',');
  return shown === '' ? name : `${name} ${shown}`;
}

/** Text of the instruction that a word encodes at `pc`; `.word` or `.half` and the number when it is none. */
export function disassemble(word: number, pc: number): string {
  const instruction = decode(word);
  if (instruction !== undefined) return show(instruction, pc);
  return (word & 3) === 3
    ? `.word 0x${(word >>> 0).toString(16)}`
    : `.half 0x${(word & 0xffff).toString(16)}`;
}

const rowsByName = new Map(allRows.map((row) => [row.name, row]));

/**
 * The word for a line of text as `disassemble` writes it.
 * @throws SyntaxError for an unknown mnemonic or operand, RangeError for a value that does not fit
 */
export function assemble(line: string, pc: number): number {
  const [mnemonic = '', rest = ''] = line.trim().split(/\s+(.*)/s);
  const suffix = /\.(aqrl|aq|rl)$/.exec(mnemonic)?.[0] ?? '';
  const row = rowsByName.get(mnemonic) ?? rowsByName.get(mnemonic.slice(0, mnemonic.length - suffix.length));
  if (row === undefined) throw new SyntaxError(`unknown instruction '${mnemonic}'`);
  const values: OperandValues = {
    rd: 0,
    rs1: 0,
    rs2: 0,
    rs3: 0,
    imm: 0,
    rm: 7,
    ordering: rowsByName.has(mnemonic) ? 0 : ORDERING.indexOf(suffix),
  };
  const operands = operandsOf(row.format);
  const texts =
    operands[0] === fence
      ? [rest]
      : rest
          .split(',')
          .map((text) => text.trim())
          .filter((text) => text !== '');
  if (texts.length > operands.length) throw new SyntaxError(`too many operands in '${line}'`);
  operands.forEach((operand, i) => {
    const text = texts[i];
    if (text === undefined && operand === rounding) return;
    if (text === undefined || !operand.read(text, values, pc))
      throw new SyntaxError(`operand ${i + 1} of '${line}'`);
  });
  return encode(row, values);
}
