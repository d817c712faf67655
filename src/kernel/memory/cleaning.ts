/** Dirty pages that stay in memory are written back, so that they can go at once when their frames are wanted. */
import type { Frame } from '../../base/numbers.ts';
import type { Clusters } from './clusters.ts';
import type { MemoryCounters } from './contract.ts';
import type { PageBits } from './page-bits.ts';

export interface CleaningParts {
  readonly pageBits: PageBits;
  readonly clusters: Clusters;
  readonly counters: MemoryCounters;
}

/**
 * Writes the pages in `frames` to swap or to their files, and gives those that are clean now, in the same order. One
 * whose write failed, or for which there was no slot, stays as it was. The one place where several pages are written
 * for their own sake.
 */
export function cleanPages(parts: CleaningParts, frames: readonly Frame[]): Frame[] {
  const { pageBits, clusters, counters } = parts;
  const dirty = frames.filter((frame) => pageBits.isModified(frame));
  const written = (frame: Frame) => {
    pageBits.clean(frame);
    counters.cleaned++;
  };
  clusters.write({ frames: dirty, most: Math.max(1, dirty.length), urgency: undefined, written });
  if (frames.length > 0) counters.cleanings++;
  return frames.filter((frame) => !pageBits.isModified(frame));
}
