/** First fit: the first hole from the bottom of memory that is large enough. */
import type { PlacementDefinition } from './contract.ts';
import { HoleList, type HoleListState, oneHole } from './hole-list.ts';

function first(state: HoleListState, size: number): number {
  const at = state.holes.findIndex((hole) => hole.size >= size);
  state.searched += at === -1 ? state.holes.length : at + 1;
  return at;
}

export const firstFit: PlacementDefinition<HoleListState> = {
  name: 'first-fit',
  summary: 'takes the first hole from the bottom of memory that is large enough',
  source: 'Knuth, "The Art of Computer Programming", vol. 1, 2.5, algorithm A',
  ties: 'none: holes are looked at in order of address',
  initial: oneHole,
  attach: (state) => new HoleList(state, first),
};
