/**
 * A set of integers in a memory, for WebAssembly: as bit-tree.ts, with words of 64 bits. A bitmap, above it a bitmap of
 * its words that are not empty, and so on up to a single word.
 */
import {
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  nothing,
  type Statement,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import { item } from '../../wasm/patterns.ts';

const WORD_BITS = 6;
const constant = i32.const;

/** Where each level starts, in bytes from the bitmap's beginning, and how many bytes all of them take. */
function layOut(size: number): { starts: number[]; bytes: number } {
  const starts = [0];
  let words = Math.ceil(size / 64);
  let bytes = words * 8;
  while (words > 1) {
    starts.push(bytes);
    words = Math.ceil(words / 64);
    bytes += words * 8;
  }
  return { starts, bytes };
}

/** @param size the set is of 0 to `size` - 1 */
export const wideBitsBytes = (size: number): number => layOut(size).bytes;

/** Statements on a set whose words are 0 at first. Numbers that they are given are evaluated more than once. */
export class WideBits {
  readonly #at: number;
  readonly #starts: readonly number[];

  constructor(at: number, size: number) {
    this.#at = at;
    this.#starts = layOut(size).starts;
  }

  /** 1 when `number` is in, or 0. */
  has(number: Local<'i32'>): I32 {
    return i32.wrap(i64.and(i64.shrU(this.#word(0, number), i64.extendU(number)), i64.const(1)));
  }

  isEmpty(): I32 {
    return i64.eqz(this.#word(this.#starts.length - 1, constant(0)));
  }

  /**
   * Puts `number` in. The level above the bitmap is written in any case: whether a word was empty can't be foretold.
   */
  include(number: Local<'i32'>): Statement {
    return sequence(this.#set(0, number), this.#includeFrom(1, number));
  }

  /** Takes `number`, which is in, out. */
  exclude(number: Local<'i32'>): Statement {
    return this.#excludeFrom(0, number);
  }

  /** Sets `number` to the largest that is in. There is one. */
  findLargest(number: Local<'i32'>): Statement {
    return this.#descend(number, (word) => i64.sub(i64.const(63), i64.clz(word)));
  }

  /** Sets `number` to the smallest that is in. There is one. */
  findSmallest(number: Local<'i32'>): Statement {
    return this.#descend(number, i64.ctz);
  }

  #descend(number: Local<'i32'>, pick: (word: I64) => I64): Statement {
    const levels = this.#starts.map((_, level) => level).reverse();
    return sequence(
      number.set(constant(0)),
      ...levels.map((level) => {
        const word = i64.load(item(number, 3), this.#at + this.#starts[level]!);
        return number.set(i32.or(i32.shl(number, constant(WORD_BITS)), i32.wrap(pick(word))));
      }),
    );
  }

  /** Address of the word of a level that has the bit for `number`. */
  #address(level: number, number: I32): I32 {
    const bits = WORD_BITS * (level + 1);
    return bits > 31 ? constant(0) : item(i32.shrU(number, constant(bits)), 3);
  }

  #word(level: number, number: I32): I64 {
    return i64.load(this.#address(level, number), this.#at + this.#starts[level]!);
  }

  #bit(level: number, number: I32): I64 {
    return i64.shl(i64.const(1), i64.extendU(i32.shrU(number, constant(WORD_BITS * level))));
  }

  #set(level: number, number: I32): Statement {
    const word = i64.or(this.#word(level, number), this.#bit(level, number));
    return i64.store(this.#address(level, number), word, this.#at + this.#starts[level]!);
  }

  #includeFrom(level: number, number: Local<'i32'>): Statement {
    if (level === this.#starts.length) return nothing;
    const above = when(i64.eqz(this.#word(level, number)), this.#includeFrom(level + 1, number));
    // Before the level itself is written: if it was empty, the one above did not know of it.
    return sequence(above, this.#set(level, number));
  }

  #excludeFrom(level: number, number: Local<'i32'>): Statement {
    if (level === this.#starts.length) return nothing;
    const word = i64.xor(this.#word(level, number), this.#bit(level, number));
    return sequence(
      i64.store(this.#address(level, number), word, this.#at + this.#starts[level]!),
      when(i64.eqz(this.#word(level, number)), this.#excludeFrom(level + 1, number)),
    );
  }
}
