/**
 * Exact faults of the optimal policy with every number of frames, in one pass and without the future: Bilardi,
 * Ekanadham and Pattnaik, "Optimal on-line computation of stack distances for MIN and OPT", Computing Frontiers
 * 2017. The stack distance itself is that of Mattson et al. (1970): the least memory in which Belady's MIN ("A study
 * of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966) still has the page.
 *
 * Each memory size from 2 frames on, up to the number of pages seen, has a critical time. Time is a line of slots,
 * one a reference; a slot may hold the last use of a page, and the critical time of a size. The balance of a slot is 1
 * and the critical times in it and later less the last uses in it and later; it is never negative. A page whose last use was in slot p is found as follows: z is the first slot after p of
 * balance 0; the smallest size whose critical time lies before z is the distance. That size's critical time then
 * becomes the time of the reference before this one, and the page's last use this one. A first reference has no
 * distance; the size that is as large as the pages seen gets the critical time instead.
 *
 * A released page is one that is not referenced again. MIN gives such a page up before every other one, which costs
 * as little as taking a frame that is free: releases change evictions and no fault, and are passed over.
 */
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK } from '../dense.ts';
import { CriticalSizes } from './critical-sizes.ts';
import { StackDistances } from './distances.ts';
import { SlotBalance } from './slot-balance.ts';

const LEAST_SLOTS = 1 << 12;
/** Slots to one that is in use. */
const SPARE = 2;

/** Pages as the optimal policy's stack orders them. */
class CriticalStack {
  /** 1 + slot of each page's last use; 0 before there is one. */
  readonly #last: Uint32Array;
  readonly #critical: CriticalSizes;
  #balance = new SlotBalance(LEAST_SLOTS);
  #seen = 0;
  /** The slot that comes next. */
  #next = 0;

  constructor(pages: number) {
    this.#last = new Uint32Array(pages);
    this.#critical = new CriticalSizes(pages);
  }

  /** The distance of a reference to `page`, from 1; 0 when it is the first. */
  reference(page: number): number {
    const last = this.#last[page]!;
    if (last === this.#next && last > 0) return 1;
    if (this.#next === this.#balance.capacity) {
      this.#renumber();
      return this.reference(page);
    }
    const slot = this.#next++;
    this.#last[page] = this.#next;
    const distance = last === 0 ? 0 : this.#found(last - 1, slot - 1);
    const critical = distance === 0 ? ++this.#seen : distance;
    if (critical === 1) this.#balance.use(slot);
    else {
      this.#balance.useAfterCritical(slot);
      this.#critical.set(critical, slot - 1);
    }
    return distance;
  }

  /** Distance of the page last used in slot `used`, which is taken out; slot `top` is the last one in use. */
  #found(used: number, top: number): number {
    const size = this.#critical.smallestBefore(this.#balance.firstZeroAfter(used, top));
    this.#balance.take(used, this.#critical.slot(size));
    return size;
  }

  /** Numbers the slots that are in use from 0 again, in their order. */
  #renumber(): void {
    const last = this.#last;
    const holds = new Uint8Array(this.#next);
    for (let page = 0; page < last.length; page++) if (last[page]! > 0) holds[last[page]! - 1] = 1;
    for (let size = 2; size <= this.#seen; size++) holds[this.#critical.slot(size)] = 1;
    const numbers = new Uint32Array(this.#next);
    let used = 0;
    for (let slot = 0; slot < this.#next; slot++) {
      numbers[slot] = used;
      used += holds[slot]!;
    }
    let { capacity } = this.#balance;
    while (capacity < used * SPARE) capacity *= 2;
    this.#next = used;
    this.#critical.renumber(this.#seen, (slot) => numbers[slot]!);
    for (let page = 0; page < last.length; page++)
      if (last[page]! > 0) last[page] = numbers[last[page]! - 1]! + 1;
    this.#balance = this.#balanceOf(capacity);
  }

  #balanceOf(capacity: number): SlotBalance {
    const balance = new SlotBalance(capacity);
    for (const last of this.#last) if (last > 0) balance.mark(last - 1, 'use');
    for (let size = 2; size <= this.#seen; size++) balance.mark(this.#critical.slot(size), 'critical');
    balance.settle();
    return balance;
  }
}

/** Stack distances of a trace under the optimal policy. */
export class OptimalDistances {
  readonly distances = new StackDistances();
  readonly #stack: CriticalStack;

  /** @param pages different pages of the trace */
  constructor(pages: number) {
    this.#stack = new CriticalStack(pages);
  }

  /** Takes entries `from` to `to` - 1 of a chunk; chunks and pieces of them are fed in order. */
  feed(entries: Uint32Array, from: number, to: number): void {
    const { distances } = this;
    for (let i = from; i < to; i++) {
      const entry = entries[i]!;
      if (entry >>> KIND_SHIFT === KIND.release) continue;
      distances.add(this.#stack.reference(entry & PAGE_MASK));
    }
    distances.changed();
  }
}

/** The stack distances of the whole trace under the optimal policy. */
export function optimalDistances({ chunks, pages }: Pick<DenseTrace, 'chunks' | 'pages'>): StackDistances {
  const pass = new OptimalDistances(pages);
  for (const chunk of chunks) pass.feed(chunk, 0, chunk.length);
  return pass.distances;
}
