/**
 * From page numbers of 64 bits, given in two halves, to small numbers: open addressing with linear probing over one
 * typed array, four words a slot, so that a look-up touches one cache line. A page's slot is the upper bits of its hash:
 * a table twice as large has the pages in the same order, and to grow is to go through both from end to end.
 *
 *   slot: low half | high half | 1 + number, 0 when empty, RELEASED when the page is gone | unused
 */
import { MOST_WORDS, RowNumbering } from './row-numbering.ts';

const WORD_BITS = 2;
const WORDS = 1 << WORD_BITS;
const VALUE = 2;
const EMPTY = 0;
const RELEASED = -1;
const LEAST_SLOTS = 1 << 10;
/** Words of a table that is looked through in WebAssembly; smaller ones stay in the caches, and there may be many. */
const LARGE = 1 << 17;

/** What `number` gives for a page that is not there. */
export const ABSENT = -1;

/** Pages to number, and where their entries go. */
export interface Rows {
  /** The halves of page i are `words[start + i * stride]` (low) and the word after it. */
  readonly words: Int32Array;
  readonly start: number;
  readonly stride: number;
  readonly count: number;
  /** Number of the next page that was not there before. */
  readonly next: number;
  /** Takes `bits | number` of each page, from `at` on. */
  readonly entries: Uint32Array;
  readonly at: number;
  readonly bits: number;
  /** Takes the rows, from 0, of pages that were not there before: room for `count`. */
  readonly fresh: Int32Array;
}

export class PageNumbers {
  #slots: Int32Array = new Int32Array(LEAST_SLOTS * WORDS);
  #mask = LEAST_SLOTS - 1;
  /** Bits of a hash below those that are a slot. */
  #shift = 32 - Math.log2(LEAST_SLOTS);
  #used = 0;
  /** Where a large table lies, with a faster loop over it. */
  #fast: RowNumbering | undefined;

  /** The page's number, or `ABSENT`. */
  number(low: number, high: number): number {
    const slots = this.#slots;
    const at = this.#find(low, high);
    const value = slots[at + VALUE]!;
    return value === RELEASED ? ABSENT : value - 1;
  }

  /** The page's number; `fresh` becomes it when the page is not there. */
  numberOr(low: number, high: number, fresh: number): number {
    while ((this.#used + 1) * 2 > this.#mask) this.#grow();
    const slots = this.#slots;
    const at = this.#find(low, high);
    const value = slots[at + VALUE]!;
    if (value > EMPTY) return value - 1;
    if (value === EMPTY) this.#used++;
    slots[at] = low;
    slots[at + 1] = high;
    slots[at + VALUE] = fresh + 1;
    return fresh;
  }

  /** Numbers pages; those that are not there get `next`, `next` + 1, and so on. Gives how many they are. */
  numberRows(rows: Rows): number {
    const { words, start, stride, count, fresh } = rows;
    while ((this.#used + count) * 2 > this.#mask) this.#grow();
    if (!this.#fast?.fits(stride, count)) return this.#numberHere(rows);
    const made = this.#fast.numberRows(words, { start, stride, count }, rows, fresh);
    this.#used += this.#fast.taken;
    return made;
  }

  /** The same, of pages for which there is room. */
  #numberHere({ words, start, stride, count, next, entries, at, bits, fresh }: Rows): number {
    const slots = this.#slots;
    const last = slots.length - 1;
    const shift = this.#shift;
    let used = this.#used;
    let found = 0;
    for (let i = 0, word = start; i < count; i++, word += stride) {
      const low = words[word]!;
      const high = words[word + 1]!;
      let slot = (hash(low, high) >>> shift) << WORD_BITS;
      let value = slots[slot + VALUE]!;
      while (value !== EMPTY && (slots[slot] !== low || slots[slot + 1] !== high)) {
        slot = (slot + WORDS) & last;
        value = slots[slot + VALUE]!;
      }
      if (value <= EMPTY) {
        if (value === EMPTY) used++;
        slots[slot] = low;
        slots[slot + 1] = high;
        fresh[found++] = i;
        value = next + found;
        slots[slot + VALUE] = value;
      }
      entries[at + i] = bits | (value - 1);
    }
    this.#used = used;
    return found;
  }

  /** Takes the page out; gives the number that it had, or `ABSENT`. */
  release(low: number, high: number): number {
    const at = this.#find(low, high);
    const value = this.#slots[at + VALUE]!;
    if (value <= 0) return ABSENT;
    this.#slots[at + VALUE] = RELEASED;
    this.#fast?.forget(hash(low, high));
    return value - 1;
  }

  /** As `release`, for the page that has `number`; leaves one alone that came there later. */
  releaseIf(low: number, high: number, number: number): number {
    return this.number(low, high) === number ? this.release(low, high) : ABSENT;
  }

  /** Takes every page out, telling `each` its number, in no order that means anything. */
  releaseAll(each: (number: number) => void): void {
    for (let at = VALUE; at < this.#slots.length; at += WORDS) {
      const value = this.#slots[at]!;
      if (value <= 0) continue;
      this.#slots[at] = RELEASED;
      each(value - 1);
    }
    this.#fast?.forgetAll();
  }

  /** Slots in use, those of released pages included. */
  get used(): number {
    return this.#used;
  }

  #find(low: number, high: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const lowBits = low | 0;
    const highBits = high | 0;
    let slot = hash(lowBits, highBits) >>> this.#shift;
    for (;;) {
      const at = slot * WORDS;
      if (slots[at] === lowBits && slots[at + 1] === highBits && slots[at + VALUE] !== EMPTY) return at;
      if (slots[at + VALUE] === EMPTY) return at;
      slot = (slot + 1) & mask;
    }
  }

  /** Doubles the table; every slot keeps its page, released or not. */
  #grow(): void {
    const old = this.#slots;
    const words = old.length * 2;
    const isLarge = words >= LARGE && words <= MOST_WORDS;
    const stays = isLarge && this.#fast !== undefined;
    const moved = stays ? this.#fast!.grow() : old;
    if (!stays) this.#fast = isLarge ? new RowNumbering(words) : undefined;
    this.#slots = this.#fast?.table ?? new Int32Array(words);
    this.#shift--;
    this.#mask = words / WORDS - 1;
    for (let from = 0; from < moved.length; from += WORDS) {
      if (moved[from + VALUE] === EMPTY) continue;
      const at = this.#find(moved[from]!, moved[from + 1]!);
      this.#slots[at] = moved[from]!;
      this.#slots[at + 1] = moved[from + 1]!;
      this.#slots[at + VALUE] = moved[from + VALUE]!;
    }
  }
}

/**
 * Multiplicative hashing (Knuth, "The Art of Computer Programming" 3, section 6.4), which spreads neighbouring numbers
 * evenly over the upper bits: with few collisions the processor guesses the way through the loop, and overlaps the
 * misses of many look-ups.
 */
function hash(low: number, high: number): number {
  return Math.imul(low ^ Math.imul(high ^ (high >>> 15), 0x85ebca6b), 0x9e3779b1);
}
