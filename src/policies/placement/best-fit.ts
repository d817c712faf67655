/** Best fit: the smallest hole that is large enough, so that as little as possible is left of it. */
import type { PlacementDefinition } from './contract.ts';
import { HoleList, type HoleListState, oneHole } from './hole-list.ts';

function best(state: HoleListState, size: number): number {
  const { holes } = state;
  state.searched += holes.length;
  let found = -1;
  for (let at = 0; at < holes.length; at++) {
    const hole = holes[at]!;
    if (hole.size >= size && (found === -1 || hole.size < holes[found]!.size)) found = at;
  }
  return found;
}

export const bestFit: PlacementDefinition<HoleListState> = {
  name: 'best-fit',
  summary: 'takes the smallest hole that is large enough',
  source: 'Knuth, "The Art of Computer Programming", vol. 1, 2.5',
  ties: 'of holes of one size, the lowest',
  initial: oneHole,
  attach: (state) => new HoleList(state, best),
};
