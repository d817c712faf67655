/** How much of each cell of a time axis a job spent in each state. */
import type { Slice } from './schema.ts';

/** By cell: the part of it, 0 to 1. */
export type Coverage = Readonly<Record<Slice['state'], Float64Array>>;

/** Cells of `length` ns each, the first of which begins at `from`. */
export interface Cells {
  readonly from: number;
  readonly length: number;
  readonly count: number;
}

/** @param slices of one job */
export function coverageOf(slices: readonly Slice[], { from, length, count }: Cells): Coverage {
  const coverage = {
    running: new Float64Array(count),
    ready: new Float64Array(count),
    blocked: new Float64Array(count),
  };
  for (const slice of slices) {
    const parts = coverage[slice.state];
    const start = (slice.from - from) / length;
    const end = (slice.to - from) / length;
    for (let cell = Math.max(0, Math.floor(start)); cell < Math.min(count, end); cell++) {
      parts[cell]! += Math.min(end, cell + 1) - Math.max(start, cell);
    }
  }
  return coverage;
}
