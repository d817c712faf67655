/** Faults by memory size. */
import type { StackDistances } from './distances.ts';
import type { Shards } from './shards.ts';

/** How the faults of a curve were found, from the surest to the least sure that costs less. */
export type CurveMethod =
  /** For every size in one pass. */
  | 'exact'
  /** One replay for each size; as exact. */
  | 'simulated'
  /** From the distances of a sample of pages. */
  | 'sampled'
  /** Replays of a sample of pages on as much smaller memories. */
  | 'miniature';

export interface CurvePoint {
  /** Page frames. */
  readonly frames: number;
  /** Whole unless the method is an estimate. */
  readonly faults: number;
}

export interface Curve {
  /** Full name of the policy, with its parameter. */
  readonly policy: string;
  readonly method: CurveMethod;
  /** By ascending frames, each size once. */
  readonly points: readonly CurvePoint[];
  readonly references: number;
  /**
   * Of estimates: the mean absolute error of the miss ratio over all sizes, which 19 in 20 samples stay below.
   * An estimate in its turn; nothing for exact methods.
   */
  readonly error?: number | undefined;
}

/** The points of a curve at `sizes`, which ascend. */
export const pointsAt = (
  sizes: readonly number[],
  curve: { faultsAt(frames: number): number },
): CurvePoint[] => sizes.map((frames) => ({ frames, faults: curve.faultsAt(frames) }));

/**
 * What 19 in 20 samples of so many pages stay below, as a mean absolute error of the miss ratio: twice the standard
 * deviation of the share of a population that a sample of that many finds, at its largest. In the measurements of
 * Waldspurger et al. (FAST 2015) 8192 pages had a mean error of 0.006 where this says 0.022.
 */
export const samplingError = (sampledPages: number): number =>
  Math.min(1, 2 / Math.sqrt(Math.max(1, sampledPages)));

/** The curve of a stack algorithm, from its distances in a trace, at `sizes`, which ascend. */
export const exactCurve = (policy: string, distances: StackDistances, sizes: readonly number[]): Curve => ({
  policy,
  method: 'exact',
  points: pointsAt(sizes, distances),
  references: distances.references,
});

/** LRU's curve as SHARDS estimates it, at `sizes`, which ascend from 1. */
export const sampledCurve = (estimate: Shards, sizes: readonly number[]): Curve => ({
  policy: 'lru',
  method: 'sampled',
  points: pointsAt(sizes, estimate),
  references: estimate.references,
  error: estimate.error,
});
