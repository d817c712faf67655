/** RISC-V instructions executed by `qemu-riscv64`, whose arithmetic (Berkeley SoftFloat's descendant) is not ours. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FormatName } from '../../../src/isa/formats.ts';
import type { Row } from '../../../src/isa/row.ts';

/** 64-bit numbers of a record of the oracle's input, and of its output. */
export const QUESTION_WORDS = 4;
export const ANSWER_WORDS = 6;

/** The program's registers for each format: see oracle.c. */
const registers: Readonly<Partial<Record<FormatName, string>>> = {
  fr: 'ft3, ft0, ft1',
  'fr-norm': 'ft3, ft0, ft1',
  fcmp: 't1, ft0, ft1',
  fr4: 'ft3, ft0, ft1, ft2',
  f1: 'ft3, ft0',
  'f-to-x': 't1, ft0',
  'f-to-x-norm': 't1, ft0',
  'x-to-f': 'ft3, t0',
  'x-to-f-norm': 'ft3, t0',
};

/** Does the oracle know the row's format? All but loads and stores. */
export const canAnswer = (row: Row): boolean => registers[row.format] !== undefined;

/** Compiled for a list of rows, whose positions are the instruction numbers of records. */
export class Oracle {
  readonly #folder: string;
  readonly #program: string;

  constructor(rows: readonly Row[]) {
    this.#folder = mkdtempSync(join(tmpdir(), 'float-oracle-'));
    this.#program = join(this.#folder, 'oracle');
    const cases = rows.map((row, index) => {
      const operands = registers[row.format]!;
      const result = operands.startsWith('ft') ? 'FLOAT_RESULT' : 'INTEGER_RESULT';
      return `case ${index}: RUN("${row.name} ${operands}", ${result})\n`;
    });
    writeFileSync(join(this.#folder, 'cases.h'), cases.join(''));
    const source = join(import.meta.dirname, 'oracle.c');
    execFileSync('riscv64-linux-gnu-gcc', [
      '-O1',
      '-static',
      '-I',
      this.#folder,
      '-o',
      this.#program,
      source,
    ]);
  }

  answer(questions: BigUint64Array): BigUint64Array {
    const input = new Uint8Array(questions.buffer, questions.byteOffset, questions.byteLength);
    const size = (questions.length / QUESTION_WORDS) * ANSWER_WORDS * 8;
    const output = execFileSync('qemu-riscv64', [this.#program], { input, maxBuffer: size + 1 });
    const answers = new BigUint64Array(size / 8);
    new Uint8Array(answers.buffer).set(output);
    return answers;
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
