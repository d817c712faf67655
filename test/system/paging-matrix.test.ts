/** A few of the combinations that `npm run fuzz -- --paging` tries by the thousand. */
import { expect, it } from 'vitest';
import { combination, tryCombination } from '../fuzz/paging.ts';

const SEED = 7;
const COUNT = 24;

it(`${COUNT} ways to page give the same bytes`, async () => {
  let same = 0;
  for (let i = 0; i < COUNT; i++) {
    const tried = combination(SEED, i);
    const verdict = await tryCombination(tried);
    if (typeof verdict === 'object')
      expect({ ...tried, ...verdict.got }).toEqual({ ...tried, ...verdict.expected });
    if (verdict === 'same') same++;
  }
  // Some policies can't do with traps.
  expect(same).toBeGreaterThan(COUNT / 2);
});
