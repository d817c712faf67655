import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBelow, nextUint32, randomState } from '../../src/base/random.ts';

describe('random numbers', () => {
  it("are xoshiro128**: the reference implementation's numbers from state 1 2 3 4", () => {
    const state = { a: 1, b: 2, c: 3, d: 4 };
    // The first by hand: rotl(2 * 5, 7) * 9 = 1280 * 9 = 11520.
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849];
    expect(expected.map(() => nextUint32(state))).toEqual(expected);
  });

  it('are the same for the same seed, and different for another', () => {
    const sequence = (seed: number) => {
      const state = randomState(seed);
      return Array.from({ length: 8 }, () => nextUint32(state));
    };
    expect(sequence(7)).toEqual(sequence(7));
    expect(sequence(7)).not.toEqual(sequence(8));
  });

  it('stay below the bound', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
        const number = nextBelow(randomState(seed), bound);
        expect(Number.isInteger(number) && number >= 0 && number < bound).toBe(true);
      }),
    );
  });

  it('take every value below the bound equally often', () => {
    const state = randomState(1);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[nextBelow(state, 6)]!++;
    // Chi-square with 5 degrees of freedom exceeds 20.5 once in a thousand seeds.
    expect(counts.reduce((sum, n) => sum + (n - 1e4) ** 2 / 1e4, 0)).toBeLessThan(20.5);
  });
});
