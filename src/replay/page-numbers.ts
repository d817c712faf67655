/**
 * From page numbers of 64 bits, given in two halves, to small numbers: open addressing with linear probing over one
 * typed array, four words a slot, so that a look-up touches one cache line.
 *
 *   slot: low half | high half | 1 + number, 0 when empty, RELEASED when the page is gone | unused
 */
const WORDS = 4;
const VALUE = 2;
const EMPTY = 0;
const RELEASED = -1;
const LEAST_SLOTS = 1 << 10;

/** What `number` gives for a page that is not there. */
export const ABSENT = -1;

export class PageNumbers {
  #slots = new Int32Array(LEAST_SLOTS * WORDS);
  #mask = LEAST_SLOTS - 1;
  #used = 0;

  /** The page's number, or `ABSENT`. */
  number(low: number, high: number): number {
    const slots = this.#slots;
    const at = this.#find(low, high);
    const value = slots[at + VALUE]!;
    return value === RELEASED ? ABSENT : value - 1;
  }

  /** The page's number; `fresh` becomes it when the page is not there. */
  numberOr(low: number, high: number, fresh: number): number {
    const at = this.#find(low, high);
    const value = this.#slots[at + VALUE]!;
    if (value > 0) return value - 1;
    this.#put(at, low, high, value, fresh);
    return fresh;
  }

  /** Takes the page out; gives the number that it had, or `ABSENT`. */
  release(low: number, high: number): number {
    const at = this.#find(low, high);
    const value = this.#slots[at + VALUE]!;
    if (value <= 0) return ABSENT;
    this.#slots[at + VALUE] = RELEASED;
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
    let slot = hash(lowBits, highBits) & mask;
    for (;;) {
      const at = slot * WORDS;
      if (slots[at] === lowBits && slots[at + 1] === highBits && slots[at + VALUE] !== EMPTY) return at;
      if (slots[at + VALUE] === EMPTY) return at;
      slot = (slot + 1) & mask;
    }
  }

  #put(at: number, low: number, high: number, before: number, number: number): void {
    const slots = this.#slots;
    slots[at] = low;
    slots[at + 1] = high;
    slots[at + VALUE] = number + 1;
    if (before !== EMPTY) return;
    this.#used++;
    if (this.#used * 2 > this.#mask) this.#grow();
  }

  /** Doubles the table; every slot keeps its page, released or not. */
  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = this.#slots.length / WORDS - 1;
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + VALUE] === EMPTY) continue;
      const at = this.#find(old[from]!, old[from + 1]!);
      this.#slots[at] = old[from]!;
      this.#slots[at + 1] = old[from + 1]!;
      this.#slots[at + VALUE] = old[from + VALUE]!;
    }
  }
}

/** Finalizer of MurmurHash3 (Appleby, 2011) over both halves. */
function hash(low: number, high: number): number {
  let h = Math.imul(high, 0x9e3779b1) ^ low;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
