/** What FIFO and LRU share: the first frame of an ordered queue that may go. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyEnvironment, Why } from './contract.ts';
import type { FrameRing } from './frame-ring.ts';

/**
 * The first frame of `queue` (whose mark is node `frameLimit`) that is not pinned, or -1. Pinned frames are
 * passed over and keep their places.
 */
export function oldestUnpinned(queue: FrameRing, environment: PolicyEnvironment, why?: Why): Frame | -1 {
  const { frameLimit, bits } = environment;
  const { next } = queue;
  let frame = next[frameLimit] as Frame;
  for (let position = 0; frame !== frameLimit; position++) {
    const pinned = bits.isPinned(frame);
    why?.considered(frame, { position, pinned });
    if (!pinned) return frame;
    frame = next[frame] as Frame;
  }
  return -1;
}
