/**
 * Runs under every address-translation scheme are plain data: a snapshot goes on to the same events, output and report,
 * before and after others went on from it. So the same seed gives the same run again; another one gives the same output.
 */
import { describe, expect, it } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { pagingSchemes } from '../../src/kernel/memory/schemes.ts';
import {
  createSystem,
  EventHash,
  resumeSystem,
  type Snapshot,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { type Guest, portsOf, type Ran, runGuest, shipped } from '../support/run-system.ts';

const scan: Guest = { path: shipped('scan'), args: ['random', '20', '3'] };
/** Has a heap that grows, pages that are discarded, and tables or pieces that come and go. */
const churn: Guest = { path: shipped('alloc-churn'), args: ['64K', '70'] };
const pie: Guest = { path: shipped('hello-pie'), args: ['70'] };

const paged = { frames: 12, swap: 'memory,64M', readAhead: 2, daemon: '1,2', replacement: 'random' };
const tlbs = ['8x2:random', 'unified:4:fifo', '64x4:lru'];
const cases: { name: string; guest: Guest; options: SystemOptions }[] = [
  ...pagingSchemes.map(({ name }, at) => ({
    name,
    guest: at % 2 === 0 ? scan : churn,
    options: {
      ...paged,
      translation: name,
      refill: at % 3 === 0 ? 'software' : undefined,
      tlb: tlbs[at % 3]!,
    },
  })),
  {
    name: 'a geometry',
    guest: churn,
    options: { ...paged, translation: { indexBits: [5, 6, 9], entryBytes: 4 } },
  },
  {
    name: 'base-bounds',
    guest: scan,
    options: { translation: 'base-bounds', memory: '2M', moveEvery: '200us' },
  },
  {
    name: 'segmented',
    guest: churn,
    options: { translation: 'segmented', memory: '2M', moveEvery: '200us' },
  },
  { name: 'relocated', guest: pie, options: { translation: 'relocated', memory: '2M', swap: undefined } },
];

/** What a run that goes on from a snapshot comes to. */
async function goesOn(
  snapshot: Snapshot,
  { guest, options }: (typeof cases)[number],
  before: EventHash['state'],
) {
  const streams = new MemoryStreams();
  const system = await resumeSystem(
    structuredClone(snapshot),
    systemConfig({ swap: 'memory,256M', ...options }),
    portsOf(guest, streams),
  );
  const hash = new EventHash(structuredClone(before));
  system.observe(hash.observe);
  await system.run();
  system.checkInvariants();
  return { digest: hash.digest, report: system.report(), output: streams.text(1) };
}

const said = ({ digest, report, output }: Ran) => ({
  digest,
  report,
  output: Buffer.from(output).toString(),
});

describe.each(cases)('$name', (one) => {
  const { guest, options } = one;

  it('goes on from snapshots, in any order, as it does without; another seed writes the same', async () => {
    const ran = await runGuest(guest, options);
    const whole = said(ran);
    const total = ran.system.machine.counters().instructions;
    const config = systemConfig({ swap: 'memory,256M', ...options });
    const system = createSystem(config, portsOf(guest, new MemoryStreams()));
    const hash = new EventHash();
    system.observe(hash.observe);
    const taken: { snapshot: Snapshot; state: EventHash['state'] }[] = [];
    for (const part of [0.4, 0.8]) {
      expect(await system.run({ instructions: Math.floor(total * part) })).toEqual({ kind: 'paused' });
      taken.push({ snapshot: await system.snapshot(), state: structuredClone(hash.state) });
    }
    await system.run();
    expect(hash.digest).toBe(whole.digest);
    for (const { snapshot, state } of taken.toReversed())
      expect(await goesOn(snapshot, one, state)).toEqual(whole);
    const other = await runGuest(guest, { ...options, seed: 6 });
    expect(other.output).toEqual(ran.output);
  });
});
