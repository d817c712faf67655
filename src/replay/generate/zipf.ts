/**
 * Ranks drawn from Zipf's distribution: rank k of 1 to n with a probability proportional to k^-alpha. Exact, with
 * memory that does not grow with n: rejection-inversion (Hörmann and Derflinger, "Rejection-inversion to generate
 * variates from monotone discrete distributions", ACM Transactions on Modeling and Computer Simulation 6(3), 1996).
 */
import { type RandomState, uniform } from './uniform.ts';

/** This far from alpha 1, plain logarithms are off by less than a thousandth of a rank of 2^30. */
const FAR = 1 / 128;
/** Below it the quotients of `expm1` and `log1p` by their argument are 1 to within a rounding. */
const TINY = 1e-16;

const expm1Over = (x: number): number => (Math.abs(x) < TINY ? 1 : Math.expm1(x) / x);
const log1pOver = (x: number): number => (Math.abs(x) < TINY ? 1 : Math.log1p(x) / x);

/**
 * A source of ranks, less 1: 0 to `ranks` - 1, 0 the most frequent.
 * @param ranks from 1 @param alpha from 0, which is the uniform distribution
 */
export function zipf(ranks: number, alpha: number, random: RandomState): () => number {
  const rest = 1 - alpha;
  const density = (x: number): number => Math.exp(-alpha * Math.log(x));
  // The integral of the density from 1 to x, and its inverse; written so that alpha near 1 loses no digits.
  const preciseIntegral = (x: number): number => expm1Over(rest * Math.log(x)) * Math.log(x);
  const preciseInverse = (y: number): number => Math.exp(log1pOver(Math.max(rest * y, -1)) * y);
  const root = 1 / rest;
  const fastIntegral = (x: number): number => (Math.exp(Math.log(x) * rest) - 1) * root;
  const fastInverse = (y: number): number => Math.exp(Math.log(Math.max(1 + rest * y, 0)) * root);
  const isFar = Math.abs(rest) >= FAR;
  const integral = rest === 0 ? Math.log : isFar ? fastIntegral : preciseIntegral;
  const inverse = rest === 0 ? Math.exp : isFar ? fastInverse : preciseInverse;
  const low = integral(1.5) - 1;
  const high = integral(ranks + 0.5);
  const sure = 2 - inverse(integral(2.5) - density(2));
  return () => {
    for (;;) {
      const area = high + uniform(random) * (low - high);
      const x = inverse(area);
      const rank = Math.min(Math.max(Math.floor(x + 0.5), 1), ranks);
      if (rank - x <= sure || area >= integral(rank + 0.5) - density(rank)) return rank - 1;
    }
  };
}
