/**
 * Segregated lists: holes are kept apart by size, those of 2^k to 2^(k+1) - 1 units in list k. A search begins in the list
 * of the wanted size; in the lists above every hole is large enough. Neighbours are merged as in a single list.
 */

import { assert } from '../../base/errors.ts';
import { NO_HOLE } from '../../base/numbers.ts';
import type { Hole, Placement, PlacementDefinition, PlacementFigures } from './contract.ts';
import { countedFigures } from './figures.ts';
import { insertSorted, removeSorted } from './sorted.ts';

export interface SegregatedState {
  readonly units: number;
  /** Starts of the holes of each list, ascending. */
  readonly lists: number[][];
  /** Size of each hole by its start, and start by its end. */
  readonly sizes: Map<number, number>;
  readonly ends: Map<number, number>;
  placed: number;
  failed: number;
  searched: number;
}

const listOf = (size: number): number => 31 - Math.clz32(size);

function initialLists(units: number): SegregatedState {
  const lists = Array.from({ length: listOf(Math.max(units, 1)) + 1 }, () => [] as number[]);
  const state = { units, lists, sizes: new Map(), ends: new Map(), placed: 0, failed: 0, searched: 0 };
  if (units > 0) addHole(state, 0, units);
  return state;
}

function addHole({ lists, sizes, ends }: SegregatedState, start: number, size: number): void {
  if (size === 0) return;
  insertSorted(lists[listOf(size)]!, start);
  sizes.set(start, size);
  ends.set(start + size, start);
}

/** Its size. */
function removeHole({ lists, sizes, ends }: SegregatedState, start: number): number {
  const size = sizes.get(start)!;
  removeSorted(lists[listOf(size)]!, start);
  sizes.delete(start);
  ends.delete(start + size);
  return size;
}

class Segregated implements Placement {
  readonly #state: SegregatedState;

  constructor(state: SegregatedState) {
    this.#state = state;
  }

  place(size: number): number | typeof NO_HOLE {
    assert(Number.isInteger(size) && size > 0, 'a piece has units');
    const state = this.#state;
    const start = this.#search(size);
    if (start === NO_HOLE) state.failed++;
    else {
      state.placed++;
      this.#cut(start, start, size);
    }
    return start;
  }

  placeLowest(size: number): number | typeof NO_HOLE {
    const hole = this.holes().find((candidate) => candidate.size >= size);
    if (hole === undefined) return NO_HOLE;
    this.#cut(hole.start, hole.start, size);
    return hole.start;
  }

  placeHighest(size: number): number | typeof NO_HOLE {
    const hole = this.holes().findLast((candidate) => candidate.size >= size);
    if (hole === undefined) return NO_HOLE;
    const start = hole.start + hole.size - size;
    this.#cut(hole.start, start, size);
    return start;
  }

  release(start: number, size: number): void {
    const state = this.#state;
    const below = state.ends.get(start);
    const above = state.sizes.has(start + size) ? start + size : undefined;
    let from = start;
    let length = size;
    if (below !== undefined) {
      length += removeHole(state, below);
      from = below;
    }
    if (above !== undefined) length += removeHole(state, above);
    addHole(state, from, length);
  }

  resize(start: number, size: number, newStart: number, newSize: number): boolean {
    const end = start + size;
    const newEnd = newStart + newSize;
    assert(newSize > 0 && newStart < end && newEnd > start, 'a piece keeps some of its units');
    const below = newStart < start ? this.#state.ends.get(start) : undefined;
    const above = newEnd > end ? this.#state.sizes.get(end) : undefined;
    if (newStart < start && (below === undefined || below > newStart)) return false;
    if (newEnd > end && (above === undefined || end + above < newEnd)) return false;
    if (below !== undefined) this.#cut(below, newStart, start - newStart);
    if (above !== undefined) this.#cut(end, end, newEnd - end);
    if (newStart > start) this.release(start, newStart - start);
    if (newEnd < end) this.release(newEnd, end - newEnd);
    return true;
  }

  holes(): readonly Hole[] {
    return [...this.#state.sizes].map(([start, size]) => ({ start, size })).sort((a, b) => a.start - b.start);
  }

  figures(): PlacementFigures {
    return countedFigures(this.#state, this.holes(), 0);
  }

  #search(size: number): number {
    const state = this.#state;
    for (let list = listOf(size); list < state.lists.length; list++) {
      const starts = state.lists[list]!;
      if (starts.length === 0) state.searched++;
      for (const start of starts) {
        state.searched++;
        if (state.sizes.get(start)! >= size) return start;
      }
    }
    return NO_HOLE;
  }

  /** Takes `size` units at `start` out of a hole. */
  #cut(hole: number, start: number, size: number): void {
    const whole = removeHole(this.#state, hole);
    addHole(this.#state, hole, start - hole);
    addHole(this.#state, start + size, hole + whole - start - size);
  }
}

export const segregated: PlacementDefinition<SegregatedState> = {
  name: 'segregated',
  summary: 'keeps holes apart by size and looks first among those of about the wanted size',
  source:
    'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", ch. 17; Wilson et al., "Dynamic storage allocation", 1995',
  ties: 'in one list, the lowest hole that is large enough',
  initial: initialLists,
  attach: (state) => new Segregated(state),
};
