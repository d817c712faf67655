/**
 * Every instruction of F and D against the processor that qemu emulates: result bits and flags of the exact unit
 * in all rounding modes, and of the native unit wherever it doesn't leave.
 *
 * FLOAT_OPERANDS is the number of random operands for each instruction, each checked in five modes.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomState } from '../../../src/base/random.ts';
import type { Row } from '../../../src/isa/row.ts';
import { doubleRows } from '../../../src/isa/rows/double.ts';
import { singleRows } from '../../../src/isa/rows/single.ts';
import { needsTool } from '../../support/tools.ts';
import { BATCH, buildHarness, type Harness, LEFT, MODES, type UnitName } from './harness.ts';
import { ordinaryTriple } from './numbers.ts';
import { ANSWER_WORDS, canAnswer, Oracle, QUESTION_WORDS } from './oracle.ts';
import { shapeOf, triplesFor } from './questions.ts';

const randomOperands = Number(process.env.FLOAT_OPERANDS ?? 600);
const rows = [...singleRows, ...doubleRows].filter(canAnswer);
const DYNAMIC = 7;
const INEXACT = 1;
/** Filled into the answers before each run, so that a unit that writes and then leaves is seen. */
const UNTOUCHED = 0x5a5a5a5a5a5a5a5an;

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
  const run = (
    unit: UnitName,
    row: Row,
    known: Known,
    how: { field: number; frm: number; before: number },
  ): void => {
    harness.questions.set(known.questions);
    harness.answers.fill(UNTOUCHED);
    harness.batch(unit, row, how.field)(known.count, how.frm, how.before);
    checks += known.count;
  };

  const compareExact = (row: Row, known: Known, frm: number): void => {
    run('exact', row, known, { field: DYNAMIC, frm, before: 0 });
    const flags = flagsIn(harness.answers);
    for (let record = 0; record < known.count; record++) {
      const at = record * ANSWER_WORDS + frm;
      const flagAt = flagsAt(record, frm);
      if (harness.answers[at] === known.answers[at] && flags[flagAt] === known.flags[flagAt]) continue;
      expect(describeAt(known, record, frm, harness.answers[at]!, flags[flagAt]!)).toBe(
        describeAt(known, record, frm, known.answers[at]!, known.flags[flagAt]!),
      );
    }
  };

  /**
   * Where the native unit doesn't leave: the right result, and no flag that was not raised before. Where it does:
   * nothing written.
   */
  const compareNative = (
    row: Row,
    known: Known,
    how: { field: number; frm: number; before: number },
  ): void => {
    run('native', row, known, how);
    const flags = flagsIn(harness.answers);
    const mode = how.field === DYNAMIC ? how.frm : how.field;
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
      for (const frm of MODES) compareExact(row, known, frm);
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

describe('on ordinary operands', () => {
  const count = 2048;
  const harness = buildHarness(rows, [0]);

  it.each(rows)('$name seldom leaves the native path', (row) => {
    const state = randomState(1);
    for (let i = 0; i < count; i++) {
      const operands = row.format.startsWith('x-to-f')
        ? [BigInt(i * i * i)]
        : ordinaryTriple(state, shapeOf(row));
      harness.questions.set([0n, ...operands], i * QUESTION_WORDS);
    }
    harness.batch('native', row, 0)(count, 0, INEXACT);
    const flags = flagsIn(harness.answers);
    let left = 0;
    for (let record = 0; record < count; record++) if (flags[flagsAt(record, 0)] === LEFT) left++;
    // Negative numbers have no root and no unsigned integer.
    const halfLeaves = /^f(sqrt|cvt\.l?u|cvt\.wu)/.test(row.name);
    expect(left / count).toBeLessThan(halfLeaves ? 0.55 : 0.001);
  });
});
