/** Histograms of how soon pages are used again, in powers of two. */
import type { StackDistances } from '../curves/distances.ts';
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK } from '../dense.ts';

/** How many values lie in each power of two. */
export interface LogHistogram {
  /** Entry b counts values from 2^b to 2^(b + 1) - 1; the last entry is not 0. */
  readonly buckets: readonly number[];
  /** References that have no value: first ones. */
  readonly none: number;
}

/**
 * Reuse distances: different pages referenced since the last reference to the page, itself included, so that a
 * memory of that many frames holds it under LRU.
 */
export function reuseDistances(distances: StackDistances): LogHistogram {
  const counts = new Float64Array(54);
  for (let distance = 1; distance <= distances.deepest; distance++)
    counts[bucketOf(distance)]! += distances.at(distance);
  return { buckets: trimmed(counts), none: distances.cold };
}

/** Reuse times: references since the last reference to the page, 1 when it was the one before. */
export function reuseTimes({ chunks, pages }: DenseTrace): LogHistogram {
  /** The time of each page's last reference, counted from 1; 0 before there is one. */
  const last = new Float64Array(pages);
  const counts = new Float64Array(54);
  let none = 0;
  let time = 0;
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.length; i++) {
      const page = chunk[i]! & PAGE_MASK;
      if (chunk[i]! >>> KIND_SHIFT === KIND.release) continue;
      time++;
      if (last[page] === 0) none++;
      else counts[bucketOf(time - last[page]!)]!++;
      last[page] = time;
    }
  }
  return { buckets: trimmed(counts), none };
}

/** The exponent of the largest power of two that is at most `value`, which is from 1 to 2^32 - 1. */
const bucketOf = (value: number): number => 31 - Math.clz32(value);

function trimmed(counts: Float64Array): number[] {
  let length = counts.length;
  while (length > 0 && counts[length - 1] === 0) length--;
  return [...counts.subarray(0, length)];
}
