/** Next fit: first fit that goes on where the last piece was placed, so that small holes don't gather at the bottom. */
import type { PlacementDefinition } from './contract.ts';
import { HoleList, type HoleListState, holeAbove, oneHole } from './hole-list.ts';

function next(state: HoleListState, size: number): number {
  const { holes } = state;
  const from = holeAbove(holes, state.next);
  for (let looked = 0; looked < holes.length; looked++) {
    const at = (from + looked) % holes.length;
    state.searched++;
    if (holes[at]!.size >= size) return at;
  }
  return -1;
}

/** A hole that reaches over the place where the last piece ended is the first one; the piece goes to its low end. */
export const nextFit: PlacementDefinition<HoleListState> = {
  name: 'next-fit',
  summary: 'as first fit, but goes on where the last piece was placed, and round',
  source: 'Knuth, "The Art of Computer Programming", vol. 1, 2.5, exercise 6',
  ties: 'none: the first is the one that ends above the end of the piece placed last',
  initial: oneHole,
  attach: (state) => new HoleList(state, next),
};
