/**
 * A module with one loop an instruction, which answers the oracle's questions (see oracle.c) by a row's own
 * semantics over either float unit.
 *
 *   memory   0 ............. 64          QUESTIONS ........   ANSWERS ........
 *            -     fflags frm   left     a, b, c a record     as the oracle's
 */
import { defineExactFloat } from '../../../src/isa/float/exact.ts';
import { exactUnit, nativeUnit } from '../../../src/isa/float/units.ts';
import type { FloatUnit, Operands } from '../../../src/isa/operands.ts';
import type { Row } from '../../../src/isa/row.ts';
import {
  block,
  branch,
  branchIf,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  loop,
  type Statement,
  sequence,
  when,
} from '../../../src/wasm/expressions.ts';
import { ModuleBuilder } from '../../../src/wasm/module.ts';
import { ANSWER_WORDS, QUESTION_WORDS } from './oracle.ts';

/** Rounding modes, as frm holds them. */
export const MODES = [0, 1, 2, 3, 4] as const;
export const STATUS = 64;
const QUESTIONS = 65536;
/** Records that fit. */
export const BATCH = 16384;
const ANSWERS = QUESTIONS + BATCH * QUESTION_WORDS * 8;
const PAGES = Math.ceil((ANSWERS + BATCH * ANSWER_WORDS * 8) / 65536);
const BOX = i64.const(0xffffffff00000000n);
/** Flags that no instruction gives: the native unit left. */
export const LEFT = 0x80;

/** Everything of `Operands` that rows of arithmetic use, at the record `question`, with the result at `answer`. */
function operandsAt(question: I32, answer: I32, float: FloatUnit): Operands {
  const d = [8, 16, 24].map((offset) => i64.load(question, offset));
  const write = (value: I64): Statement => i64.store(answer, value);
  const known = {
    rs1: d[0]!,
    d1: d[0]!,
    d2: d[1]!,
    d3: d[2]!,
    s1: i32.wrap(d[0]!),
    s2: i32.wrap(d[1]!),
    s3: i32.wrap(d[2]!),
    setRd: write,
    setD: write,
    setS: (value: I32): Statement => write(i64.or(i64.extendU(value), BOX)),
    float,
  };
  return known as Partial<Operands> as Operands;
}

/** For each of `count` records, with frm `mode` and fflags `before`: result and flags into the mode's place. */
function batchLoop(
  [count, mode, before]: readonly Local<'i32'>[],
  [question, answer]: readonly Local<'i32'>[],
  body: (question: I32, answer: I32) => Statement,
): Statement {
  const status = i32.const(STATUS);
  return sequence(
    question!.set(i32.const(QUESTIONS)),
    answer!.set(i32.const(ANSWERS)),
    block((done) =>
      loop((again) =>
        sequence(
          branchIf(i32.eqz(count!), done),
          count!.set(i32.sub(count!, i32.const(1))),
          i32.store8(status, before!),
          i32.store8(status, mode!, 1),
          body(question!, i32.add(answer!, i32.shl(mode!, i32.const(3)))),
          i32.store8(i32.add(answer!, mode!), i32.load8u(status), 40),
          question!.set(i32.add(question!, i32.const(QUESTION_WORDS * 8))),
          answer!.set(i32.add(answer!, i32.const(ANSWER_WORDS * 8))),
          branch(again),
        ),
      ),
    ),
  );
}

export type UnitName = 'exact' | 'native';

/** A batch function: records, frm 0 to 4, fflags before each. */
export type Batch = (count: number, frm: number, fflags: number) => void;

export interface Harness {
  batch(unit: UnitName, row: Row, roundingMode: number): Batch;
  readonly questions: BigUint64Array;
  readonly answers: BigUint64Array;
  readonly bytes: number;
}

/** @param roundingModes values of the instructions' rm field to build for */
export function buildHarness(rows: readonly Row[], roundingModes: readonly number[]): Harness {
  const module = new ModuleBuilder({ minimum: PAGES, maximum: PAGES });
  const exact = defineExactFloat(module, STATUS);
  const name = (unit: UnitName, row: Row, rm: number) => `${unit} ${row.name} ${rm}`;
  const add = (unit: UnitName, row: Row, rm: number) => {
    const context = { roundingMode: i32.const(rm), statusAddress: STATUS };
    const reference = module.add(['i32', 'i32', 'i32'], undefined, (frame) => {
      const parameters = [0, 1, 2].map((i) => frame.parameter('i32', i));
      const locals = [frame.local('i32'), frame.local('i32')];
      return batchLoop(parameters, locals, (question, answer) => {
        if (unit === 'exact') return row.semantics!(operandsAt(question, answer, exactUnit(exact, context)));
        return block((end) => {
          const leave = sequence(i32.store8(i32.const(STATUS), i32.const(LEFT)), branch(end));
          const leaveUnless = (condition: I32) => when(i32.eqz(condition), leave);
          return row.semantics!(operandsAt(question, answer, nativeUnit({ ...context, leaveUnless })));
        });
      });
    });
    module.export(name(unit, row, rm), reference);
  };
  for (const row of rows)
    for (const unit of ['exact', 'native'] as const) for (const rm of roundingModes) add(unit, row, rm);
  const bytes = module.bytes();
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return {
    batch: (unit, row, rm) => exports[name(unit, row, rm)] as Batch,
    questions: new BigUint64Array(memory.buffer, QUESTIONS, BATCH * QUESTION_WORDS),
    answers: new BigUint64Array(memory.buffer, ANSWERS, BATCH * ANSWER_WORDS),
    bytes: bytes.length,
  };
}
