/** A few of the combinations that `npm run fuzz -- --paging` tries by the thousand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { SystemOptions } from '../../src/system/index.ts';
import { combination, type Kind, type Size } from '../fuzz/paging.ts';
import { GUEST_COMPILER, SERVERS } from '../fuzz/programs.ts';
import { Trials } from '../fuzz/trials.ts';
import { needsTool } from '../support/tools.ts';

const SEED = 7;

/** What has shown a fault once. */
interface Found {
  readonly guest: string;
  readonly pages: number;
  readonly tables?: Size['tables'];
  readonly options: SystemOptions;
}

const folder = mkdtempSync(join(tmpdir(), 'pagewalk-drawn-'));
const trials = new Trials(folder);
afterAll(() => rmSync(folder, { recursive: true }));

/** That what is printed depends on none of it. */
async function tryThese(numbers: readonly number[], kind: Kind): Promise<void> {
  let same = 0;
  for (const number of numbers) {
    const tried = combination(SEED, number, kind);
    const verdict = await trials.attempt(tried);
    if (typeof verdict === 'object')
      expect({ ...tried, got: verdict.got }).toEqual({ ...tried, got: verdict.expected });
    if (verdict === 'same') same++;
  }
  // Some don't fit, and some policies can't do with traps.
  expect(same).toBeGreaterThan(numbers.length / 2);
}

it('some ways to page give the same bytes', () => tryThese([0, 1, 2, 6, 8, 10], 'one'));

needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross')(
  'processes',
  () => {
    it('of many programs: some ways to page give the same bytes', () => tryThese([6], 'many'));

    // What drawn combinations have found.
    it.each<Found>([
      // recvmsg(2)'s bytes push its header out of memory, which has to come back before it says how many there were.
      { guest: 'process-guests/descriptors-sent', pages: 13, options: { scheduler: 'rr:10ms' } },
      // A thread that has ended waits for a page, on the processor, to tell others that it does not hold its locks any more.
      { guest: 'process-guests/robust', pages: 30, options: { swapping: 'switch' } },
      // A thread may end before its parent has been told its number, which then must not be written over its last word.
      {
        guest: 'kin 313',
        pages: 14,
        options: {
          replacementScope: 'local',
          scheduler: 'decay',
          swapping: 'switch',
          costs: { diskPage: 300_000 },
        },
      },
      // The place of an entry of such a table is no address, so that a fork must not take it for one.
      { guest: 'process-guests/groups', pages: 114, tables: 'among', options: { translation: 'hybrid' } },
    ])('$guest does the same with $pages frames and $options', async ({
      guest,
      pages,
      tables = 'beside',
      options,
    }) => {
      const size = { pages, tables };
      const tried = { parties: [[guest]], size, options: { swap: 'memory,16M', ...options }, watched: true };
      expect(await trials.attempt(tried)).toBe('same');
    });
  },
);

it('a program forks whose tables are of another scheme than the first one’s', async () => {
  const parties = [['hello 3'], SERVERS.find(([command]) => command!.startsWith('server fork'))!];
  const options = { swap: 'memory,16M', maxInstructions: '10m' };
  for (const beside of ['hybrid', 'inverted']) {
    const tried = { parties, size: { pages: 40, tables: 'beside' } as const, options, watched: true, beside };
    expect([beside, await trials.attempt(tried)]).toEqual([beside, 'same']);
  }
});
