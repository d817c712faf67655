/** Tables that all spaces share have adjacent frames, which they take before anybody else has one. */
import { assert, UserError } from '../../base/errors.ts';
import { PAGE_SIZE } from '../../base/numbers.ts';
import { formatSize } from '../../base/sizes.ts';
import type { FrameTable } from './frames.ts';

/**
 * Adjacent table frames for so many bytes, whatever they hold. To be called while no frame has been given out but by it.
 * @throws UserError when memory has not so many
 */
export function takeAdjacent(frames: FrameTable, bytes: number): number[] {
  const taken: number[] = [];
  while (taken.length * PAGE_SIZE < bytes) {
    const frame = frames.allocateTable();
    if (frame === -1)
      throw new UserError(
        '--memory',
        `the table of this translation takes ${formatSize(bytes)}, memory has less`,
      );
    assert(taken.length === 0 || frame === taken.at(-1)! + 1, 'the first frames are given out in order');
    taken.push(frame);
  }
  return taken;
}
