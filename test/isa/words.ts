/** Random instruction words of a row, and the words that a table's tests go through one by one. */
import { nextUint32, type RandomState } from '../../src/base/random.ts';
import { decode, type Instruction } from '../../src/isa/decode.ts';
import type { Row } from '../../src/isa/row.ts';
import { isCompressed } from '../../src/isa/table.ts';

/** The row's word with the operand bits of `bits`, which may make it one of another row or of none. */
function candidate(row: Row, bits: number): number {
  const all = isCompressed(row) ? 0xffff : 0xffffffff;
  return (row.match | (bits & ~row.mask & all)) >>> 0;
}

/** The row's word whose operand bits are those of `bits`; `undefined` when they belong to another row or none. */
export function wordOf(row: Row, bits: number): number | undefined {
  const word = candidate(row, bits);
  return decode(word)?.row === row ? word : undefined;
}

/** A random instruction of a row, decoded. */
export function randomInstruction(row: Row, random: RandomState): Instruction {
  for (;;) {
    const instruction = decode(candidate(row, nextUint32(random)));
    if (instruction?.row === row) return instruction;
  }
}

/** A random word of a row. */
export function randomWord(row: Row, random: RandomState): number {
  for (;;) {
    const word = wordOf(row, nextUint32(random));
    if (word !== undefined) return word;
  }
}

/** Every half-word that is no first half of a longer instruction. */
export const halfWords: readonly number[] = Array.from({ length: 65_536 }, (_, half) => half).filter(
  (half) => (half & 3) !== 3,
);
