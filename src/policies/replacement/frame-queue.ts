/** What FIFO, LRU and MRU share: the first frame of an ordered queue, from either end, that may go. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyEnvironment, Why } from './contract.ts';

/**
 * The first frame of the queue in `links` (whose mark is node `frameLimit`) that is not pinned, or -1. Pinned
 * frames are passed over and keep their places.
 */
export function oldestUnpinned(links: Int32Array, environment: PolicyEnvironment, why?: Why): Frame | -1 {
  const { frameLimit, bits } = environment;
  let frame = links[2 * frameLimit] as Frame;
  for (let position = 0; frame !== frameLimit; position++) {
    const pinned = bits.isPinned(frame);
    if (why !== undefined) why.considered(frame, { position, pinned });
    if (!pinned) return frame;
    frame = links[2 * frame] as Frame;
  }
  return -1;
}

/** As `oldestUnpinned`, from the queue's other end. */
export function newestUnpinned(links: Int32Array, environment: PolicyEnvironment, why?: Why): Frame | -1 {
  const { frameLimit, bits } = environment;
  let frame = links[2 * frameLimit + 1] as Frame;
  for (let position = 0; frame !== frameLimit; position++) {
    const pinned = bits.isPinned(frame);
    if (why !== undefined) why.considered(frame, { position, pinned });
    if (!pinned) return frame;
    frame = links[2 * frame + 1] as Frame;
  }
  return -1;
}
