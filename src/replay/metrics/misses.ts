/** Why references miss, and what that costs. */

/**
 * Misses by cause: the first two of Hill's three (Hill, "Aspects of cache memory and instruction buffer
 * performance", 1987). Any page fits any frame, so there are no conflict misses.
 */
export interface Misses {
  /** First references to pages: every memory misses them. */
  readonly compulsory: number;
  /** Those that a memory as large as the trace's pages would not have missed. */
  readonly capacity: number;
}

export const missesOf = (faults: number, compulsory: number): Misses => ({
  compulsory,
  capacity: faults - compulsory,
});

/** In ns. */
export interface AccessCosts {
  readonly hit: number;
  readonly miss: number;
}

/** The lecture notes' T(M) and T(D): 100 ns for memory, 10 ms for the disk. */
export const LECTURE_COSTS: AccessCosts = { hit: 100, miss: 10_000_000 };

/**
 * Average memory access time in ns: P(hit) T(M) + P(miss) T(D), after the lecture notes.
 * @param references from 1 @param faults from 0 to `references`
 */
export function averageAccessTime(faults: number, references: number, costs = LECTURE_COSTS): number {
  const miss = faults / references;
  return (1 - miss) * costs.hit + miss * costs.miss;
}
