/** Uniform random numbers with the digits that a double has. */
import { nextUint32, type RandomState } from '../../base/random.ts';

export type { RandomState } from '../../base/random.ts';

/** A multiple of 2^-53 from 0 to below 1, each equally likely; advances `random`. */
export function uniform(random: RandomState): number {
  const high = nextUint32(random) >>> 5;
  const low = nextUint32(random) >>> 6;
  return (high * 2 ** 26 + low) * 2 ** -53;
}

/** An integer of 0 to `bound` - 1, by which `bound` up to 2^30 favours none by more than one in 2^23. */
export const below = (random: RandomState, bound: number): number => Math.floor(uniform(random) * bound);
