/** Looking for a victim in lists of frames. */
import type { Frame } from '../../base/numbers.ts';
import type { FrameBits, Why } from './contract.ts';
import { after, first, type Lists } from './lists.ts';

/**
 * The first frame of `list` that is not pinned, or -1; pinned frames are passed over and keep their places.
 * @param name what `why` gets as `list`, beside the frame's `position` and whether it is `pinned`
 */
export function firstUnpinned(
  lists: Lists,
  list: number,
  bits: FrameBits,
  why: Why | undefined,
  name: string,
): Frame | -1 {
  let frame = first(lists, list) as Frame | -1;
  for (let position = 0; frame !== -1; position++) {
    const pinned = bits.isPinned(frame);
    if (why !== undefined) why.considered(frame, { list: name, position, pinned });
    if (!pinned) return frame;
    frame = after(lists, frame) as Frame | -1;
  }
  return -1;
}
