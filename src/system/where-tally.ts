/** Counts of faults and evictions, kept for each thing that they are attributed to. */
import type { FaultCase } from '../kernel/events.ts';

export interface Tally {
  faults: number;
  /** Page transfers that were waited for. */
  major: number;
  /** Pages that came back after they had been evicted. */
  refaults: number;
  /** Faults of the kernel's own accesses. */
  kernel: number;
  evictions: number;
  readonly cases: Partial<Record<FaultCase, number>>;
}

export const emptyTally = (): Tally => ({
  faults: 0,
  major: 0,
  refaults: 0,
  kernel: 0,
  evictions: 0,
  cases: {},
});

export function addFault(tally: Tally, which: FaultCase, by: 'guest' | 'kernel'): void {
  tally.faults++;
  if (by === 'kernel') tally.kernel++;
  tally.cases[which] = (tally.cases[which] ?? 0) + 1;
}

/** Adds `more` to `sum`. */
export function addTally(sum: Tally, more: Tally): void {
  sum.faults += more.faults;
  sum.major += more.major;
  sum.refaults += more.refaults;
  sum.kernel += more.kernel;
  sum.evictions += more.evictions;
  for (const [name, n] of Object.entries(more.cases)) {
    const which = name as FaultCase;
    sum.cases[which] = (sum.cases[which] ?? 0) + n;
  }
}

/** Most faults first; of equals the one that was read, and then evicted, more often. */
export const byWeight = (a: Tally, b: Tally): number =>
  b.faults - a.faults || b.major - a.major || b.refaults - a.refaults || b.evictions - a.evictions;
