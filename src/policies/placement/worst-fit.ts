/** Worst fit: the largest hole, so that what is left of it is still of use. */
import type { PlacementDefinition } from './contract.ts';
import { HoleList, type HoleListState, oneHole } from './hole-list.ts';

function worst(state: HoleListState, size: number): number {
  const { holes } = state;
  state.searched += holes.length;
  let found = -1;
  for (let at = 0; at < holes.length; at++) {
    const hole = holes[at]!;
    if (hole.size >= size && (found === -1 || hole.size > holes[found]!.size)) found = at;
  }
  return found;
}

export const worstFit: PlacementDefinition<HoleListState> = {
  name: 'worst-fit',
  summary: 'takes the largest hole',
  source: 'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", ch. 17',
  ties: 'of holes of one size, the lowest',
  initial: oneHole,
  attach: (state) => new HoleList(state, worst),
};
