/**
 * The buddy system: blocks of 2^k units at multiples of 2^k. A block is halved until it is just large enough; when both
 * halves are free again they become one. Coalescing takes no search, because a block's buddy is known from its address;
 * the price is memory in use that nobody asked for.
 *
 *      16                        place(3): 16 is halved, 8, 4
 *      8           8             free: 4 at 4, 8 at 8
 *      [4]   4
 */

import { assert } from '../../base/errors.ts';
import { NO_HOLE } from '../../base/numbers.ts';
import type { Hole, Placement, PlacementDefinition, PlacementFigures } from './contract.ts';
import { countedFigures } from './figures.ts';
import { insertSorted, removeSorted } from './sorted.ts';

export interface BuddyState {
  readonly units: number;
  /** Starts of free blocks of 2^index units, ascending. */
  readonly free: number[][];
  /** Units of blocks in use that were not asked for. */
  internal: number;
  placed: number;
  failed: number;
  searched: number;
}

/** Smallest k for which 2^k units hold `size`. */
const orderOf = (size: number): number => 32 - Math.clz32(size - 1);

/** Memory whose size is no power of two is one block for each bit of its size, the largest at the bottom. */
function initialBlocks(units: number): BuddyState {
  const free: number[][] = [];
  let start = 0;
  for (let order = 31 - Math.clz32(units); order >= 0; order--) {
    free[order] = [];
    if (units - start < 2 ** order) continue;
    free[order].push(start);
    start += 2 ** order;
  }
  return { units, free, internal: 0, placed: 0, failed: 0, searched: 0 };
}

class Buddy implements Placement {
  readonly #state: BuddyState;

  constructor(state: BuddyState) {
    this.#state = state;
  }

  place(size: number): number | typeof NO_HOLE {
    assert(Number.isInteger(size) && size > 0, 'a piece has units');
    const state = this.#state;
    const wanted = orderOf(size);
    for (let order = wanted; order < state.free.length; order++) {
      state.searched++;
      const start = state.free[order]![0];
      if (start === undefined) continue;
      state.placed++;
      this.#take(start, order, wanted, size);
      return start;
    }
    state.failed++;
    return NO_HOLE;
  }

  placeLowest(size: number): number | typeof NO_HOLE {
    const { free } = this.#state;
    const wanted = orderOf(size);
    let lowest = NO_HOLE;
    let from = wanted;
    for (let order = wanted; order < free.length; order++) {
      const start = free[order]![0];
      if (start === undefined || (lowest !== NO_HOLE && start > lowest)) continue;
      lowest = start;
      from = order;
    }
    if (lowest !== NO_HOLE) this.#take(lowest, from, wanted, size);
    return lowest;
  }

  placeHighest(size: number): number | typeof NO_HOLE {
    const { free } = this.#state;
    const wanted = orderOf(size);
    let highest = NO_HOLE;
    let from = wanted;
    for (let order = wanted; order < free.length; order++) {
      const start = free[order]!.at(-1);
      if (start === undefined || start + 2 ** order - 2 ** wanted < highest) continue;
      highest = start + 2 ** order - 2 ** wanted;
      from = order;
    }
    if (highest === NO_HOLE) return NO_HOLE;
    this.#take(free[from]!.at(-1)!, from, wanted, size, 'upper');
    return highest;
  }

  release(start: number, size: number): void {
    const order = orderOf(size);
    this.#state.internal -= 2 ** order - size;
    this.#free(start, order);
  }

  resize(start: number, size: number, newStart: number, newSize: number): boolean {
    assert(
      newSize > 0 && newStart < start + size && newStart + newSize > start,
      'a piece keeps some of its units',
    );
    const before = orderOf(size);
    const after = orderOf(newSize);
    // A larger block begins elsewhere, or takes a buddy that has pieces of its own: that is a move.
    if (newStart !== start || after > before) return false;
    this.#state.internal += 2 ** after - newSize - (2 ** before - size);
    for (let order = before - 1; order >= after; order--) this.#free(start + 2 ** order, order);
    return true;
  }

  holes(): readonly Hole[] {
    return this.#state.free
      .flatMap((starts, order) => starts.map((start) => ({ start, size: 2 ** order })))
      .sort((a, b) => a.start - b.start);
  }

  figures(): PlacementFigures {
    return countedFigures(this.#state, this.holes(), this.#state.internal);
  }

  /** Takes the free block of `order` at `start` and halves it down to `wanted`; the other halves stay free. */
  #take(start: number, order: number, wanted: number, size: number, half: 'lower' | 'upper' = 'lower'): void {
    const { free } = this.#state;
    removeSorted(free[order]!, start);
    let from = start;
    for (let left = order - 1; left >= wanted; left--) {
      insertSorted(free[left]!, half === 'lower' ? from + 2 ** left : from);
      if (half === 'upper') from += 2 ** left;
    }
    this.#state.internal += 2 ** wanted - size;
  }

  #free(start: number, order: number): void {
    const { free } = this.#state;
    const size = 2 ** order;
    const isLower = (start / size) % 2 === 0;
    const buddy = isLower ? start + size : start - size;
    if (order + 1 < free.length && removeSorted(free[order]!, buddy))
      this.#free(Math.min(start, buddy), order + 1);
    else insertSorted(free[order]!, start);
  }
}

export const buddy: PlacementDefinition<BuddyState> = {
  name: 'buddy',
  summary: 'halves blocks of a power of two until one is just large enough, and merges halves again',
  source: 'Knowlton, "A fast storage allocator", Communications of the ACM 8(10), 1965',
  ties: 'of free blocks of one size, the lowest; the lower half is given out',
  initial: initialBlocks,
  attach: (state) => new Buddy(state),
};
