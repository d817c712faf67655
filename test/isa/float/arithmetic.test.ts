/**
 * Every instruction of F and D against the processor that qemu emulates: result bits and flags of the exact unit
 * in all rounding modes, and of the native unit wherever it doesn't leave.
 *
 * FLOAT_OPERANDS is the number of random operands for each instruction, each checked in five modes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomState } from '../../../src/base/random.ts';
import { roundingModeLegal } from '../../../src/isa/float/units.ts';
import type { Row } from '../../../src/isa/row.ts';
import { doubleRows } from '../../../src/isa/rows/double.ts';
import { singleRows } from '../../../src/isa/rows/single.ts';
import { hasRoundingMode } from '../../../src/isa/table.ts';
import { ModuleBuilder } from '../../../src/wasm/module.ts';
import { needsTool } from '../../support/tools.ts';
import { BATCH, buildHarness, type Harness, LEFT, MODES, STATUS, type UnitName } from './harness.ts';
import { bitsOf, ordinaryTriple } from './numbers.ts';
import { ANSWER_WORDS, canAnswer, Oracle, QUESTION_WORDS } from './oracle.ts';
import { shapeOf, triplesFor } from './questions.ts';

const randomOperands = Number(process.env.FLOAT_OPERANDS ?? 600);
const rows = [...singleRows, ...doubleRows].filter(canAnswer);
const DYNAMIC = 7;
const INEXACT = 1;
/** Filled into the answers before each run, so that a unit that writes and then leaves is seen. */
const UNTOUCHED = 0x5a5a5a5a5a5a5a5an;

/** How a batch is run: the instruction's rm field, and frm and fflags before each instruction. */
interface How {
  readonly field: number;
  readonly frm: number;
  readonly before: number;
}
const modeOf = ({ field, frm }: How): number => (field === DYNAMIC ? frm : field);

/** A batch of questions with qemu's answers. */
interface Known {
  readonly count: number;
  readonly questions: BigUint64Array;
  readonly answers: BigUint64Array;
  readonly flags: Uint8Array;
}

const flagsIn = (answers: BigUint64Array): Uint8Array =>
  new Uint8Array(answers.buffer, answers.byteOffset, answers.byteLength);
const flagsAt = (record: number, mode: number): number => (record * ANSWER_WORDS + MODES.length) * 8 + mode;

/** Asks the oracle about `row`, a batch at a time. */
function* askedOf(oracle: Oracle, row: Row): Generator<Known> {
  const index = rows.indexOf(row);
  const triples = triplesFor(row, randomOperands, randomState(index));
  for (let start = 0; start < triples.length; start += BATCH) {
    const part = triples.slice(start, start + BATCH);
    const questions = new BigUint64Array(part.length * QUESTION_WORDS);
    for (const [i, triple] of part.entries()) questions.set([BigInt(index), ...triple], i * QUESTION_WORDS);
    const answers = oracle.answer(questions);
    yield { count: part.length, questions, answers, flags: flagsIn(answers) };
  }
}

const hex = (value: bigint) => `0x${value.toString(16)}`;

/** One question and an answer in words, for the failure message. */
function describeAt(known: Known, record: number, mode: number, result: bigint, flags: number): string {
  const [, ...operands] = known.questions.subarray(record * QUESTION_WORDS, (record + 1) * QUESTION_WORDS);
  return `(${operands.map(hex).join(', ')}) in mode ${mode}: ${hex(result)} with flags ${flags}`;
}

needsTool('qemu-riscv64', 'apt-get install qemu-user gcc-riscv64-linux-gnu')('against qemu', () => {
  let harness: Harness;
  let oracle: Oracle;
  let checks = 0;

  beforeAll(() => {
    harness = buildHarness(rows, [DYNAMIC, 0, 1]);
    oracle = new Oracle(rows);
  });
  afterAll(() => {
    oracle.dispose();
    process.stderr.write(`float: ${checks} results compared with qemu\n`);
  });

  /** Runs a batch in one mode, with flags raised before. */
  const run = (unit: UnitName, row: Row, known: Known, how: How): void => {
    harness.questions.set(known.questions);
    harness.answers.fill(UNTOUCHED);
    harness.batch(unit, row, how.field)(known.count, how.frm, how.before);
    checks += known.count;
  };

  const compareExact = (row: Row, known: Known, how: How): void => {
    run('exact', row, known, how);
    const flags = flagsIn(harness.answers);
    const mode = modeOf(how);
    for (let record = 0; record < known.count; record++) {
      const result = harness.answers[record * ANSWER_WORDS + how.frm]!;
      const raised = flags[flagsAt(record, how.frm)]!;
      const right = known.answers[record * ANSWER_WORDS + mode]!;
      const due = known.flags[flagsAt(record, mode)]! | how.before;
      if (result === right && raised === due) continue;
      expect(describeAt(known, record, mode, result, raised)).toBe(
        describeAt(known, record, mode, right, due),
      );
    }
  };

  /**
   * Where the native unit doesn't leave: the right result, and no flag that was not raised before. Where it does:
   * nothing written.
   */
  const compareNative = (row: Row, known: Known, how: How): void => {
    run('native', row, known, how);
    const flags = flagsIn(harness.answers);
    const mode = modeOf(how);
    for (let record = 0; record < known.count; record++) {
      const result = harness.answers[record * ANSWER_WORDS + how.frm]!;
      const left = flags[flagsAt(record, how.frm)] === LEFT;
      const due = known.flags[flagsAt(record, mode)]! | how.before;
      const right = known.answers[record * ANSWER_WORDS + mode]!;
      if (left ? result === UNTOUCHED : result === right && due === how.before) continue;
      const was = left ? 'written and left' : describeAt(known, record, mode, result, how.before);
      expect(was).toBe(describeAt(known, record, mode, right, due));
    }
  };

  it.each(rows)('$name', (row) => {
    for (const known of askedOf(oracle, row)) {
      for (const frm of MODES) compareExact(row, known, { field: DYNAMIC, frm, before: 0 });
      // A mode of the instruction's own goes before frm, and flags stay raised.
      if (hasRoundingMode(row)) compareExact(row, known, { field: 1, frm: 3, before: 0b01010 });
      for (const frm of MODES) compareNative(row, known, { field: DYNAMIC, frm, before: INEXACT });
      for (const frm of [0, 3]) compareNative(row, known, { field: DYNAMIC, frm, before: 0 });
      compareNative(row, known, { field: 0, frm: 3, before: INEXACT });
      // Casts of C cut toward zero.
      if (row.format === 'f-to-x') {
        for (const before of [0, INEXACT]) compareNative(row, known, { field: 1, frm: 0, before });
      }
    }
  });
});

/** Answers `operands` by the native unit and gives the share of them at which it left. */
function shareLeft(
  harness: Harness,
  row: Row,
  operands: readonly (readonly bigint[])[],
  { field, frm, before }: How,
): number {
  for (const [i, triple] of operands.entries()) harness.questions.set([0n, ...triple], i * QUESTION_WORDS);
  harness.batch('native', row, field)(operands.length, frm, before);
  const flags = flagsIn(harness.answers);
  const left = operands.filter((_, record) => flags[flagsAt(record, frm)] === LEFT);
  return left.length / operands.length;
}

describe('the native unit', () => {
  const count = 2048;
  const harness = buildHarness(rows, [0, DYNAMIC]);

  it.each(rows)('seldom leaves $name on ordinary operands', (row) => {
    const state = randomState(1);
    const operands = Array.from({ length: count }, (_, i) =>
      row.format.startsWith('x-to-f') ? [BigInt(i * i * i)] : ordinaryTriple(state, shapeOf(row)),
    );
    // Negative numbers have no root and no unsigned integer.
    const halfLeaves = /^f(sqrt|cvt\.l?u|cvt\.wu)/.test(row.name);
    expect(shareLeft(harness, row, operands, { field: 0, frm: 0, before: INEXACT })).toBeLessThan(
      halfLeaves ? 0.55 : 0.001,
    );
  });

  const onSmallIntegers = rows.filter((row) => !/^f(div|sqrt)/.test(row.name));
  it.each(onSmallIntegers)('never leaves $name on small integers, with no flag raised', (row) => {
    const shape = shapeOf(row);
    const isInteger = row.format.startsWith('x-to-f');
    const operands = Array.from({ length: count }, (_, i) =>
      [i % 13, i % 64, i >> 6].map((n) => (isInteger ? BigInt(n) : bitsOf(shape, n))),
    );
    expect(shareLeft(harness, row, operands, { field: 0, frm: 0, before: 0 })).toBe(0);
  });

  it.each(rows.filter(hasRoundingMode))('always leaves $name when frm is no rounding mode', (row) => {
    const one = bitsOf(shapeOf(row), 1);
    for (const frm of [5, 6, 7]) {
      for (const before of [0, INEXACT]) {
        expect(shareLeft(harness, row, [[one, one, one]], { field: DYNAMIC, frm, before })).toBe(1);
      }
    }
  });

  it('does not leave exact quotients and roots with no flag raised', () => {
    for (const row of rows.filter((one) => /^f(div|sqrt)/.test(one.name))) {
      const shape = shapeOf(row);
      const operands = Array.from({ length: count }, (_, i) => [
        bitsOf(shape, i * i),
        bitsOf(shape, Math.max(i, 1)),
      ]);
      expect(shareLeft(harness, row, operands, { field: 0, frm: 0, before: 0 })).toBe(0);
    }
  });
});

it('takes rounding modes 0 to 4 for legal, and 7 when frm is one of them', () => {
  const module = new ModuleBuilder({ minimum: 1, maximum: 1 });
  const legal = module.add(['i32'], 'i32', (frame) =>
    roundingModeLegal({ roundingMode: frame.parameter('i32', 0), statusAddress: STATUS }),
  );
  module.export('legal', legal);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
  const isLegal = exports.legal as (field: number) => number;
  for (let frm = 0; frm < 8; frm++) {
    new Uint8Array(memory.buffer)[STATUS + 1] = frm;
    const answers = [0, 1, 2, 3, 4, 5, 6, DYNAMIC].map(isLegal);
    expect(answers).toEqual([1, 1, 1, 1, 1, 0, 0, frm <= 4 ? 1 : 0]);
  }
});
