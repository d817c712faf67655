/**
 * Seeded random numbers, the same on every platform, with the generator's state as plain data, so that a
 * snapshot carries it: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2018), its state filled from the seed by a 32-bit variant of splitmix (Steele, Lea and Flood, 2014).
 */
export interface RandomState {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** State for a seed (any 32-bit integer); equal seeds give equal sequences on every platform. */
export function randomState(seed: number): RandomState {
  let s = seed | 0;
  const next = () => {
    s = (s + 0x9e3779b9) | 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  return { a: next(), b: next(), c: next(), d: next() | 1 };
}

const POLICY_SEED = 0x5bd1e995;

/**
 * The generator of a replacement policy: another one than the guest's, so that another policy does not change what a
 * program draws; the same in a live run and in a replay.
 */
export const policyRandom = (seed: number): RandomState =>
  randomState(nextUint32(randomState(nextUint32(randomState(seed ^ POLICY_SEED)))));

/** The next 32 random bits, 0 to 2^32 - 1; advances `state`. */
export function nextUint32(state: RandomState): number {
  const m = Math.imul(state.b, 5);
  const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
  const t = state.b << 9;
  state.c ^= state.a;
  state.d ^= state.b;
  state.b ^= state.c;
  state.a ^= state.d;
  state.c ^= t;
  state.d = (state.d << 11) | (state.d >>> 21);
  return result;
}

/** A random integer in 0 to `bound` - 1, without modulo bias; `bound` is 1 to 2^32. */
export function nextBelow(state: RandomState, bound: number): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let r = nextUint32(state);
  while (r >= limit) r = nextUint32(state);
  return r % bound;
}
