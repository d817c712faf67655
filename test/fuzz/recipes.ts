/**
 * Random instructions of each row, with what they need around them: a base register that points into the scratch
 * memory, an aligned address, a rounding mode that exists, a target. What a row needs is read off its format, so
 * that a new row is fuzzed without a change here.
 */
import { nextBelow, type RandomState } from '../../src/base/random.ts';
import type { Instruction, OperandValues } from '../../src/isa/decode.ts';
import { type FormatName, formats } from '../../src/isa/formats.ts';
import type { Row } from '../../src/isa/row.ts';
import { allRows } from '../../src/isa/table.ts';
import { randomInstruction } from '../isa/words.ts';

export interface Target {
  /** Number of the group to go to. */
  readonly group: number;
  /** What the distance is counted from: the instruction itself, or the first of its group. */
  readonly from: 'self' | 'group';
  /** Added to the distance: jalr drops the lowest bit. */
  readonly odd: 0 | 1;
}

/** One instruction; with a target, its immediate is filled in once addresses are known. */
export interface Piece {
  readonly row: Row;
  readonly operands: Partial<OperandValues>;
  readonly target?: Target;
}

/** Instructions that belong together: jumps lead to the first only. */
export type Group = readonly Piece[];

/** Registers that random instructions must not write. */
export interface Reserved {
  /** Hold the way back and the place of saved registers. */
  readonly link: number;
  readonly base: number;
  /** Point into the scratch memory: sp, one of x8 to x15, and another. */
  readonly pointers: readonly [2, number, number];
}

export interface Surroundings {
  readonly random: RandomState;
  readonly reserved: Reserved;
  /** Number of a later group, to jump to. */
  laterGroup(): number;
}

type Recipe = (row: Row, around: Surroundings) => Group;

const rowOf = new Map(allRows.map((row) => [row.name, row]));
const named = (name: string): Row => {
  const row = rowOf.get(name);
  if (row === undefined) throw new Error(`no row is named ${name}`);
  return row;
};
/** An instruction by name. */
export const piece = (name: string, operands: Partial<OperandValues>): Piece => ({
  row: named(name),
  operands,
});

const chance = (random: RandomState, percent: number): boolean => nextBelow(random, 100) < percent;
export const pick = <T>(random: RandomState, values: readonly T[]): T =>
  values[nextBelow(random, values.length)]!;

const isKept = (register: number, { link, base, pointers }: Reserved): boolean =>
  register === link || register === base || pointers.includes(register);

/** A register that may be overwritten; not x0. */
function freeRegister({ random, reserved }: Surroundings, except = 0): number {
  for (;;) {
    const register = 1 + nextBelow(random, 31);
    if (!isKept(register, reserved) && register !== except) return register;
  }
}

const writesInteger = (row: Row): boolean => {
  const { fields, fixed, text } = formats[row.format];
  return (fields.rd !== undefined || fixed?.rd !== undefined) && !text.startsWith('frd');
};

/** Which operands of a row are floating-point registers. */
const floatFields = new Map(
  allRows.map((row) => {
    const text = formats[row.format].text;
    return [
      row,
      (['rd', 'rs1', 'rs2', 'rs3'] as const).filter((field) => new RegExp(`(^|,)f${field}(,|$)`).test(text)),
    ];
  }),
);

/** Floating-point registers with bit 3 set mostly hold doubles, the others singles. */
function withKindredRegisters(
  row: Row,
  sample: Instruction,
  { random }: Surroundings,
): Partial<OperandValues> {
  if (row.extension !== 'F' && row.extension !== 'D') return sample;
  const changed: OperandValues = { ...sample };
  for (const field of floatFields.get(row)!) {
    if (chance(random, 15)) continue;
    changed[field] = row.extension === 'D' ? changed[field] | 8 : changed[field] & ~8;
  }
  return changed;
}

/** Any operands, but for kept destinations and reserved rounding modes. */
function plain(row: Row, around: Surroundings): Group {
  for (;;) {
    const sample = randomInstruction(row, around.random);
    if (writesInteger(row) && isKept(sample.rd, around.reserved)) continue;
    if (sample.rm === 5 || sample.rm === 6) continue;
    return [{ row, operands: withKindredRegisters(row, sample, around) }];
  }
}

/** Half of the offsets are small, so that pointers near a page's end give accesses across it. */
const randomOffset = (random: RandomState): number =>
  chance(random, 50) ? nextBelow(random, 64) - 32 : nextBelow(random, 4096) - 2048;

/** Loads and stores by a pointer register. */
function memory(row: Row, around: Surroundings): Group {
  const { random, reserved } = around;
  const format = formats[row.format];
  const [{ operands }] = plain(row, around) as [Piece];
  if (format.fixed?.rs1 !== undefined) return [{ row, operands }];
  const isCompact = format.fields.rs1!.base !== 0;
  const rs1 = isCompact ? reserved.pointers[1] : pick(random, reserved.pointers);
  return [{ row, operands: { ...operands, rs1, imm: isCompact ? operands.imm! : randomOffset(random) } }];
}

/**
 * An aligned address in a free register. Words and doubles lie in different 64-byte blocks, because a reservation of
 * one width and a store conditional of the other is where implementations may differ.
 */
function alignedAddress(width: 'w' | 'd', register: number, { random, reserved }: Surroundings): Group {
  const align =
    width === 'w'
      ? [piece('andi', { rd: register, rs1: register, imm: -68 })]
      : [
          piece('andi', { rd: register, rs1: register, imm: -8 }),
          piece('ori', { rd: register, rs1: register, imm: 64 }),
        ];
  return [
    piece('addi', { rd: register, rs1: pick(random, reserved.pointers), imm: randomOffset(random) }),
    ...align,
  ];
}

function atomic(row: Row, around: Surroundings): Group {
  const width = row.name.endsWith('.w') ? 'w' : 'd';
  const address = freeRegister(around);
  const [{ operands }] = plain(row, around) as [Piece];
  const access: Piece = { row, operands: { ...operands, rs1: address } };
  const prologue = alignedAddress(width, address, around);
  if (row.name.startsWith('amo') || chance(around.random, 25)) return [...prologue, access];
  const reserve: Piece = {
    row: named(`lr.${width}`),
    operands: { rd: freeRegister(around, address), rs1: address, ordering: nextBelow(around.random, 4) },
  };
  if (row.name.startsWith('sc')) return [...prologue, reserve, access];
  const conditional = piece(`sc.${width}`, {
    rd: freeRegister(around),
    rs1: address,
    rs2: nextBelow(around.random, 32),
  });
  const between = chance(around.random, 30)
    ? [
        piece('sb', {
          rs1: pick(around.random, around.reserved.pointers),
          rs2: 5,
          imm: randomOffset(around.random),
        }),
      ]
    : [];
  return [...prologue, reserve, ...between, conditional];
}

/** A branch, or a jump relative to pc. */
function relative(row: Row, around: Surroundings): Group {
  const [{ operands }] = plain(row, around) as [Piece];
  return [{ row, operands, target: { group: around.laterGroup(), from: 'self', odd: 0 } }];
}

const here = (register: number): Piece => piece('auipc', { rd: register, imm: 0 });

function jumpToRegister(row: Row, around: Surroundings): Group {
  const address = freeRegister(around, 1);
  const target: Target = {
    group: around.laterGroup(),
    from: 'group',
    odd: nextBelow(around.random, 2) as 0 | 1,
  };
  const [{ operands }] = plain(row, around) as [Piece];
  if (row.format === 'load') return [here(address), { row, operands: { ...operands, rs1: address }, target }];
  const add: Piece = { ...piece('addi', { rd: address, rs1: address }), target };
  return [here(address), add, { row, operands: { rs1: address } }];
}

const FFLAGS = 1;
const FRM = 2;
const FCSR = 3;

/** A value whose rounding mode exists: frm takes bits 0 to 2, fcsr has it in bits 5 to 7. */
function legalStatus(number: number, { random }: Surroundings): number {
  const mode = nextBelow(random, 5);
  if (number === FRM) return mode | (nextBelow(random, 128) << 3);
  return number === FCSR
    ? (mode << 5) | nextBelow(random, 32) | (nextBelow(random, 8) << 8)
    : nextBelow(random, 2048);
}

const clearMode = piece('csrrwi', { rd: 0, rs1: 0, imm: FRM });

/** CSR instructions on fflags, frm and fcsr that leave a rounding mode that exists. */
function statusRegister(row: Row, around: Surroundings): Group {
  const number = pick(around.random, [FFLAGS, FRM, FCSR]);
  const [{ operands }] = plain(row, around) as [Piece];
  const isImmediate = row.format === 'csri';
  const clears = row.name.startsWith('csrrc');
  if (clears || number === FFLAGS || (isImmediate && number === FCSR))
    return [{ row, operands: { ...operands, imm: number } }];
  const isSet = row.name.startsWith('csrrs');
  const value = isSet && number === FCSR ? nextBelow(around.random, 32) : legalStatus(number, around);
  const before = isSet && number === FRM ? [clearMode] : [];
  if (isImmediate)
    return [...before, { row, operands: { ...operands, imm: number, rs1: value & (isSet ? 7 : 31) } }];
  const source = freeRegister(around);
  return [
    ...before,
    piece('addi', { rd: source, rs1: 0, imm: value }),
    { row, operands: { ...operands, imm: number, rs1: source } },
  ];
}

/**
 * ctzw of a word of zeros must give 32; qemu before 8.0 counts on into the upper half. So the fuzzer keeps bit 31
 * set, and the case is left to a test of its own.
 */
function countTrailing(row: Row, around: Surroundings): Group {
  const source = freeRegister(around);
  const [{ operands }] = plain(row, around) as [Piece];
  const signBit = piece('lui', { rd: source, imm: -(2 ** 31) });
  const joined = piece('or', { rd: source, rs1: source, rs2: operands.rs1! });
  return [signBit, joined, { row, operands: { ...operands, rs1: source } }];
}

const recipeByName: Readonly<Record<string, Recipe>> = { jalr: jumpToRegister, ctzw: countTrailing };

const recipeByFormat: Partial<Record<FormatName, Recipe>> = {
  b: relative,
  j: relative,
  'c.b': relative,
  'c.j': relative,
  'c.jr': jumpToRegister,
  'c.jalr': jumpToRegister,
  amo: atomic,
  lr: atomic,
  csr: statusRegister,
  csri: statusRegister,
};

function recipeOf(row: Row): Recipe {
  const special = recipeByName[row.name] ?? recipeByFormat[row.format];
  if (special !== undefined) return special;
  return /\(rs1\)$/.test(formats[row.format].text) ? memory : plain;
}

/** sp stays a pointer: its only writer that is left may move it once a block. */
const STACK_MOVER = 'c.addi16sp';
const MOST_STACK_MOVES = 1;
/** These end the program or call the kernel. */
const isFuzzed = (row: Row): boolean => row.format !== 'bare';
const fuzzedRows = allRows.filter(isFuzzed);

/** An endless source of random groups for one block. */
export function* groups(around: Surroundings): Generator<Group> {
  let stackMoves = 0;
  for (;;) {
    const row = pick(around.random, fuzzedRows);
    if (row.name === STACK_MOVER) {
      if (++stackMoves <= MOST_STACK_MOVES) yield [{ row, operands: randomInstruction(row, around.random) }];
    } else {
      yield recipeOf(row)(row, around);
    }
  }
}
