/** A few of the combinations that `npm run fuzz -- --paging` tries by the thousand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { combination, type Kind } from '../fuzz/paging.ts';
import { GUEST_COMPILER } from '../fuzz/programs.ts';
import { Trials } from '../fuzz/trials.ts';
import { needsTool } from '../support/tools.ts';

const SEED = 7;

const folder = mkdtempSync(join(tmpdir(), 'pagewalk-drawn-'));
const trials = new Trials(folder);
afterAll(() => rmSync(folder, { recursive: true }));

/** That what is printed depends on none of it, for the first so many. */
async function tryFirst(count: number, kind: Kind): Promise<void> {
  let same = 0;
  for (let i = 0; i < count; i++) {
    const tried = combination(SEED, i, kind);
    const verdict = await trials.attempt(tried);
    if (typeof verdict === 'object')
      expect({ ...tried, got: verdict.got }).toEqual({ ...tried, got: verdict.expected });
    if (verdict === 'same') same++;
  }
  // Some policies can't do with traps.
  expect(same).toBeGreaterThan(count / 2);
}

it('12 ways to page give the same bytes', () => tryFirst(12, 'one'));

needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross')(
  'processes',
  () => {
    it('of many programs: 4 ways to page give the same bytes', () => tryFirst(4, 'many'));

    // What drawn combinations have found.
    it.each([
      // recvmsg(2)'s bytes push its header out of memory, which has to come back before it says how many there were.
      { guest: 'process-guests/descriptors-sent', pages: 13, options: { scheduler: 'rr:10ms' } },
      // A thread that has ended waits for a page, on the processor, to tell others that it does not hold its locks any more.
      { guest: 'process-guests/robust', pages: 30, options: { swapping: 'switch' } },
    ])('$guest does the same with $pages frames and $options', async ({ guest, pages, options }) => {
      const size = { pages, tables: 'beside' } as const;
      const tried = { parties: [[guest]], size, options: { swap: 'memory,16M', ...options }, watched: true };
      expect(await trials.attempt(tried)).toBe('same');
    });
  },
);
