/**
 * A TLB beside a trace: which pages it holds, and which one goes. Pages have the trace's numbers, so that each has a place of
 * its own in `wayOf` and no set has to be looked through for a hit:
 *
 *   page ──▶ wayOf ──▶ way, or -1          way ──▶ page, time of its last use (lru) or of its coming (fifo)
 *
 * It answers as the machine's does (machine/tlb.ts): ways that are empty are filled first, in order, and `random` draws from
 * the same generator.
 */
import type { TlbRandom } from './tlb-random.ts';

/** `sets` = entries / ways, a power of two. */
export interface ReplayedShape {
  readonly entries: number;
  readonly ways: number;
  readonly replacement: 'lru' | 'fifo' | 'random';
}

/** One TLB for data and one for instructions, one for both, or none. */
export type ReplayedTlb =
  | { readonly kind: 'split'; readonly data: ReplayedShape; readonly instructions: ReplayedShape }
  | { readonly kind: 'unified'; readonly shape: ReplayedShape }
  | { readonly kind: 'none' };

const ABSENT = -1;

export class TlbSide {
  /** Way of each page, or -1. */
  readonly wayOf: Int32Array;
  /** Where a hit leaves its time: what `lru` goes by, and what nobody reads otherwise. */
  readonly touched: Float64Array;
  readonly #shape: ReplayedShape | undefined;
  readonly #pageIn: Int32Array;
  readonly #times: Float64Array;
  readonly #numbers: Uint32Array;
  readonly #random: TlbRandom;
  #held = 0;

  /**
   * @param shape undefined: it never holds anything
   * @param numbers lower 32 bits of the number that each page has in its space, which select the set
   */
  constructor(shape: ReplayedShape | undefined, numbers: Uint32Array, random: TlbRandom) {
    const entries = shape?.entries ?? 0;
    this.#shape = shape;
    this.#numbers = numbers;
    this.#random = random;
    this.wayOf = new Int32Array(numbers.length).fill(ABSENT);
    this.#pageIn = new Int32Array(entries).fill(ABSENT);
    this.#times = new Float64Array(entries);
    this.touched = shape?.replacement === 'lru' ? this.#times : new Float64Array(entries);
  }

  /** Pages held. */
  get held(): number {
    return this.#held;
  }

  /** Puts in a page that is not held. @param now grows with each call */
  fill(page: number, now: number): void {
    const shape = this.#shape;
    if (shape === undefined) return;
    const { entries, ways } = shape;
    const first = (this.#numbers[page]! & (entries / ways - 1)) * ways;
    const way = this.#place(first, first + ways);
    const victim = this.#pageIn[way]!;
    if (victim === ABSENT) this.#held++;
    else this.wayOf[victim] = ABSENT;
    this.#pageIn[way] = page;
    this.wayOf[page] = way;
    this.#times[way] = now;
  }

  /** Whether the page was held. */
  drop(page: number): boolean {
    const way = this.wayOf[page]!;
    if (way === ABSENT) return false;
    this.#pageIn[way] = ABSENT;
    this.wayOf[page] = ABSENT;
    this.#held--;
    return true;
  }

  /** Drops the pages that are chosen; how many they were. */
  dropWhere(isChosen: (page: number) => boolean): number {
    let dropped = 0;
    if (this.#held === 0) return 0;
    for (const page of this.#pageIn) if (page !== ABSENT && isChosen(page) && this.drop(page)) dropped++;
    return dropped;
  }

  #place(first: number, end: number): number {
    const pageIn = this.#pageIn;
    const times = this.#times;
    let oldest = first;
    for (let way = first; way < end; way++) {
      if (pageIn[way] === ABSENT) return way;
      if (times[way]! < times[oldest]!) oldest = way;
    }
    return this.#shape!.replacement === 'random' ? first + this.#random.below(end - first) : oldest;
  }
}
