/**
 * F and D have the same instructions in two formats; this builds the rows of either.
 *
 *   31 ... 27   26 25   24 .. 20   19 .. 15   14 .. 12   11 .. 7   6 ... 0
 *   funct5      fmt     rs2        rs1        rm         rd        opcode      fmt: 0 single, 1 double
 *   rs3         fmt     rs2        rs1        rm         rd        opcode      fused multiply-add
 *
 * Source: RISC-V Unprivileged ISA 20240411, chapters 20 (F) and 21 (D), and the listings of chapter 34.
 */
import { type I64, i64, type Statement } from '../../wasm/expressions.ts';
import { bitsAs, formatOf, negated } from '../float/by-format.ts';
import type { FormatName } from '../formats.ts';
import type { FloatBits, FloatFormat, IntegerFormat, Operands } from '../operands.ts';
import type { Row } from '../row.ts';

const OP_FP = 0x53;
/** What identifies an instruction: opcode and fmt with funct5, and further rs2, rm or both. */
const MASK = {
  fmt: 0x0600007f,
  funct5: 0xfe00007f,
  rs2: 0xfff0007f,
  rm: 0xfe00707f,
  rs2AndRm: 0xfff0707f,
} as const;

/** Fields that are part of what identifies an instruction. */
interface Fields {
  readonly opcode?: number;
  readonly funct5?: number;
  readonly rs2?: number;
  readonly rm?: number;
}

/** How a format's values are read from operands and written back. */
export interface Registers<F extends FloatFormat> {
  readonly letter: F;
  readonly extension: 'F' | 'D';
  sources(operands: Operands): readonly [FloatBits<F>, FloatBits<F>, FloatBits<F>];
  set(operands: Operands, value: FloatBits<F>): Statement;
}

export const floatingRow = (
  { letter, extension }: Pick<Registers<FloatFormat>, 'letter' | 'extension'>,
  name: string,
  format: FormatName,
  mask: keyof typeof MASK,
  { opcode = OP_FP, funct5 = 0, rs2 = 0, rm = 0 }: Fields,
  semantics: (operands: Operands) => Statement,
): Row => ({
  name,
  format,
  match: (opcode | (rm << 12) | (rs2 << 20) | (letter === 's' ? 0 : 1 << 25) | (funct5 << 27)) >>> 0,
  mask: MASK[mask],
  extension,
  semantics,
});

/** Arithmetic of two operands and the square root. */
function arithmetic<F extends FloatFormat>(registers: Registers<F>): readonly Row[] {
  const { letter, sources, set } = registers;
  const binary = (name: 'add' | 'subtract' | 'multiply' | 'divide', mnemonic: string, funct5: number): Row =>
    floatingRow(registers, `${mnemonic}.${letter}`, 'fr', 'funct5', { funct5 }, (o) => {
      const [a, b] = sources(o);
      return set(o, o.float[name](letter, a, b));
    });
  return [
    binary('add', 'fadd', 0x00),
    binary('subtract', 'fsub', 0x01),
    binary('multiply', 'fmul', 0x02),
    binary('divide', 'fdiv', 0x03),
    floatingRow(registers, `fsqrt.${letter}`, 'f1', 'rs2', { funct5: 0x0b }, (o) =>
      set(o, o.float.squareRoot(letter, sources(o)[0])),
    ),
  ];
}

/** The four fused forms are ±(a × b) ± c: the signs of operands say which. */
function fused<F extends FloatFormat>(registers: Registers<F>): readonly Row[] {
  const { letter, sources, set } = registers;
  const form = (name: string, opcode: number, negateProduct: boolean, negateAddend: boolean): Row =>
    floatingRow(registers, `${name}.${letter}`, 'fr4', 'fmt', { opcode }, (o) => {
      const [a, b, c] = sources(o);
      const factor = negateProduct ? negated(letter, a) : a;
      const addend = negateAddend ? negated(letter, c) : c;
      return set(o, o.float.fusedMultiplyAdd(letter, factor, b, addend));
    });
  return [
    form('fmadd', 0x43, false, false),
    form('fmsub', 0x47, false, true),
    form('fnmsub', 0x4b, true, false),
    form('fnmadd', 0x4f, true, true),
  ];
}

/** `a` with a sign made from both signs: that of b, its opposite, or the exclusive or. */
function signInjection<F extends FloatFormat>(registers: Registers<F>): readonly Row[] {
  const { letter, sources, set } = registers;
  const { sign, magnitude, widen, narrow } = formatOf(letter);
  const signBit = (bits: I64): I64 => i64.and(bits, i64.const(sign));
  const row = (name: string, rm: number, combine: (a: I64, b: I64) => I64): Row =>
    floatingRow(registers, `${name}.${letter}`, 'fr-norm', 'rm', { funct5: 0x04, rm }, (o) => {
      const [a, b] = sources(o);
      return set(o, bitsAs(letter, narrow(combine(widen(a), widen(b)))));
    });
  const copied = (a: I64, signSource: I64): I64 =>
    i64.or(i64.and(a, i64.const(magnitude)), signBit(signSource));
  return [
    row('fsgnj', 0, copied),
    row('fsgnjn', 1, (a, b) => copied(a, i64.xor(b, i64.const(-1)))),
    row('fsgnjx', 2, (a, b) => i64.xor(a, signBit(b))),
  ];
}

function comparisons<F extends FloatFormat>(registers: Registers<F>): readonly Row[] {
  const { letter, sources, set } = registers;
  const extremum = (name: 'minimum' | 'maximum', mnemonic: string, rm: number): Row =>
    floatingRow(registers, `${mnemonic}.${letter}`, 'fr-norm', 'rm', { funct5: 0x05, rm }, (o) => {
      const [a, b] = sources(o);
      return set(o, o.float[name](letter, a, b));
    });
  const relation = (name: 'equal' | 'less' | 'lessOrEqual', mnemonic: string, rm: number): Row =>
    floatingRow(registers, `${mnemonic}.${letter}`, 'fcmp', 'rm', { funct5: 0x14, rm }, (o) => {
      const [a, b] = sources(o);
      return o.setRd(o.float[name](letter, a, b));
    });
  return [
    extremum('minimum', 'fmin', 0),
    extremum('maximum', 'fmax', 1),
    relation('lessOrEqual', 'fle', 0),
    relation('less', 'flt', 1),
    relation('equal', 'feq', 2),
    floatingRow(registers, `fclass.${letter}`, 'f-to-x-norm', 'rs2AndRm', { funct5: 0x1c, rm: 1 }, (o) =>
      o.setRd(o.float.classify(letter, sources(o)[0])),
    ),
  ];
}

const INTEGERS: readonly IntegerFormat[] = ['w', 'wu', 'l', 'lu'];

function conversions<F extends FloatFormat>(registers: Registers<F>): readonly Row[] {
  const { letter, sources, set } = registers;
  return INTEGERS.flatMap((integer, rs2) => [
    floatingRow(registers, `fcvt.${integer}.${letter}`, 'f-to-x', 'rs2', { funct5: 0x18, rs2 }, (o) =>
      o.setRd(o.float.toInteger(letter, integer, sources(o)[0])),
    ),
    floatingRow(registers, `fcvt.${letter}.${integer}`, 'x-to-f', 'rs2', { funct5: 0x1a, rs2 }, (o) =>
      set(o, o.float.fromInteger(letter, integer, o.rs1)),
    ),
  ]);
}

/** What is alike in F and D: everything but loads, stores, moves and the conversion between them. */
export const formatRows = <F extends FloatFormat>(registers: Registers<F>): readonly Row[] => [
  ...arithmetic(registers),
  ...fused(registers),
  ...signInjection(registers),
  ...comparisons(registers),
  ...conversions(registers),
];

const OPCODE = { load: 0x07, store: 0x27 } as const;
/** funct3 of loads and stores, where rm is elsewhere. */
const LOAD_MASK = 0x707f;

/** A load or store: `f3` is 2 for single, 3 for double. */
export const memoryRow = (
  extension: 'F' | 'D',
  name: string,
  access: keyof typeof OPCODE,
  f3: number,
  semantics: (operands: Operands, address: I64) => Statement,
): Row => ({
  name,
  format: access === 'load' ? 'fload' : 'fstore',
  match: OPCODE[access] | (f3 << 12),
  mask: LOAD_MASK,
  extension,
  semantics: (o) => semantics(o, i64.add(o.rs1, o.imm)),
});
