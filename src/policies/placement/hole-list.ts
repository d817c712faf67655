/**
 * The free list that first, best, worst and next fit have in common: holes in order of address, neighbours always
 * merged. A fit is a way to choose one of them; the piece is cut from the hole's low end, and what is left stays a hole.
 */
import { assert } from '../../base/errors.ts';
import { NO_HOLE } from '../../base/numbers.ts';
import type { Hole, Placement, PlacementFigures } from './contract.ts';
import { countedFigures } from './figures.ts';

export interface HoleListState {
  readonly units: number;
  readonly holes: { start: number; size: number }[];
  /** Where the last piece that was placed ends; the next fit goes on from there. */
  next: number;
  placed: number;
  failed: number;
  searched: number;
}

/** Index of the hole to cut from, or -1; counts those that it looks at in `state.searched`. */
export type Fit = (state: HoleListState, size: number) => number;

export function oneHole(units: number): HoleListState {
  const holes = units > 0 ? [{ start: 0, size: units }] : [];
  return { units, holes, next: 0, placed: 0, failed: 0, searched: 0 };
}

/** Index of the first hole that ends above `place`; the number of holes when there is none. */
export function holeAbove(holes: readonly Hole[], place: number): number {
  let low = 0;
  let high = holes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { start, size } = holes[middle]!;
    if (start + size > place) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class HoleList implements Placement {
  readonly #state: HoleListState;
  readonly #fit: Fit;

  constructor(state: HoleListState, fit: Fit) {
    this.#state = state;
    this.#fit = fit;
  }

  place(size: number): number | typeof NO_HOLE {
    assert(Number.isInteger(size) && size > 0, 'a piece has units');
    const state = this.#state;
    const at = this.#fit(state, size);
    if (at === -1) {
      state.failed++;
      return NO_HOLE;
    }
    state.placed++;
    const { start } = state.holes[at]!;
    this.#cut(at, start, size);
    state.next = start + size;
    return start;
  }

  placeLowest(size: number): number | typeof NO_HOLE {
    const { holes } = this.#state;
    const at = holes.findIndex((hole) => hole.size >= size);
    if (at === -1) return NO_HOLE;
    const { start } = holes[at]!;
    this.#cut(at, start, size);
    return start;
  }

  placeHighest(size: number): number | typeof NO_HOLE {
    const { holes } = this.#state;
    const at = holes.findLastIndex((hole) => hole.size >= size);
    if (at === -1) return NO_HOLE;
    const hole = holes[at]!;
    const start = hole.start + hole.size - size;
    this.#cut(at, start, size);
    return start;
  }

  release(start: number, size: number): void {
    const { holes, units } = this.#state;
    assert(size > 0 && start >= 0 && start + size <= units, 'a piece lies in the memory it was placed in');
    const at = holeAbove(holes, start);
    const below = holes[at - 1];
    const above = holes[at];
    assert(above === undefined || above.start >= start + size, 'what is released was in use');
    const touchesBelow = below !== undefined && below.start + below.size === start;
    const touchesAbove = above !== undefined && above.start === start + size;
    if (touchesBelow && touchesAbove) {
      below.size += size + above.size;
      holes.splice(at, 1);
    } else if (touchesBelow) below.size += size;
    else if (touchesAbove) {
      above.start = start;
      above.size += size;
    } else holes.splice(at, 0, { start, size });
  }

  resize(start: number, size: number, newStart: number, newSize: number): boolean {
    const end = start + size;
    const newEnd = newStart + newSize;
    assert(newSize > 0 && newStart < end && newEnd > start, 'a piece keeps some of its units');
    if (!this.#isFree(newStart, start) || !this.#isFree(end, newEnd)) return false;
    this.#take(newStart, start);
    this.#take(end, newEnd);
    if (newStart > start) this.release(start, newStart - start);
    if (newEnd < end) this.release(newEnd, end - newEnd);
    return true;
  }

  holes(): readonly Hole[] {
    return this.#state.holes;
  }

  figures(): PlacementFigures {
    return countedFigures(this.#state, this.#state.holes, 0);
  }

  #isFree(from: number, to: number): boolean {
    if (from >= to) return true;
    const hole = this.#state.holes[holeAbove(this.#state.holes, from)];
    return hole !== undefined && hole.start <= from && hole.start + hole.size >= to;
  }

  /** Takes a free range out of its hole; an empty one is nothing. */
  #take(from: number, to: number): void {
    if (from < to) this.#cut(holeAbove(this.#state.holes, from), from, to - from);
  }

  #cut(at: number, start: number, size: number): void {
    const { holes } = this.#state;
    const hole = holes[at]!;
    const before = start - hole.start;
    const after = hole.size - before - size;
    const left = [];
    if (before > 0) left.push({ start: hole.start, size: before });
    if (after > 0) left.push({ start: start + size, size: after });
    holes.splice(at, 1, ...left);
  }
}
