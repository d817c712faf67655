/**
 * Classes of misses of real programs. They add up to the misses. A TLB that is what the classes compare with (LRU, fully
 * associative) has no conflicts, however often it is flushed; one that is large enough for all has no capacity misses.
 */
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { createSystem, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { shipped } from './fixture.ts';

const programs = {
  server: shipped('server'),
  client: shipped('client'),
  scan: shipped('scan'),
  walk: shipped('walk'),
};
type Command = readonly [keyof typeof programs, ...string[]];

async function classesOf(commands: readonly Command[], options: SystemOptions) {
  const [program, ...others] = commands.map(([name, ...args]) => ({
    name,
    path: `/${name}`,
    bytes: programs[name],
    argv: [name, ...args],
    env: [],
  }));
  const system = createSystem(systemConfig({ swap: 'memory,4M', tlbClasses: true, ...options }), {
    program: program!,
    others,
    files: new MemoryFiles(),
    streams: new MemoryStreams(),
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
  });
  await system.run();
  const { instructions, data } = system.report().tlb!;
  for (const { misses, classes } of [instructions, data]) {
    const { compulsory, capacity, conflict, flushed } = classes!;
    expect(compulsory + capacity + conflict + flushed).toBe(misses);
  }
  return { instructions: instructions.classes!, data: data.classes! };
}

/** Spaces end, and others get their numbers and identifiers. */
const served: readonly Command[] = [
  ['server', 'fork', '7000', '4', '32K', '2'],
  ['client', '7000', '1', '2', '2', '32K'],
  ['client', '7000', '2', '2', '2', '32K'],
];
const scans: readonly Command[] = [
  ['scan', 'random', '12', '4'],
  ['scan', 'skewed', '12', '4'],
];

describe.each<[string, readonly Command[], SystemOptions]>([
  ['a server and its clients', served, { scheduler: 'rr:50us' }],
  ['scans that page', scans, { scheduler: 'rr:200us', frames: 16, costs: { diskPage: 100_000 } }],
  [
    'scans with traps for bits',
    scans,
    { scheduler: 'rr:200us', bits: 'traps', replacement: 'aging', frames: 16 },
  ],
])('%s', (_name, commands, options) => {
  it.each<[string, SystemOptions]>([
    ['8:lru', { asids: 'none' }],
    ['unified:12:lru', { asids: 2 }],
    ['data=6:lru;instructions=2:lru', {}],
    ['data=4:lru;instructions=2:lru', { refill: 'software' }],
  ])('without conflicts where each page may be in each entry: %s', async (tlb, more) => {
    const { instructions, data } = await classesOf(commands, { ...options, tlb, ...more });
    expect([instructions.conflict, data.conflict]).toEqual([0, 0]);
    expect(data.compulsory).toBeGreaterThan(10);
    expect(data.capacity).toBeGreaterThan(10);
    if (more.asids !== undefined) expect(data.flushed).toBeGreaterThan(10);
  });

  it('with neither capacity misses nor conflicts where there is room for all', async () => {
    const { instructions, data } = await classesOf(commands, { ...options, tlb: '512:lru', asids: 'none' });
    for (const { capacity, conflict } of [instructions, data]) expect([capacity, conflict]).toEqual([0, 0]);
  });
});

describe('walks, worked out by hand', () => {
  // 100 rounds, and the one that writes, of which every page's first access faults and is made again.
  const [ROUNDS, REST] = [100, 16];

  it('eight pages that are 16 apart meet in one set of 16: conflicts', async () => {
    const { data } = await classesOf([['walk', '512K', '64K', String(ROUNDS)]], { tlb: '16x1' });
    expect(data.conflict - 8 * ROUNDS).toBeGreaterThanOrEqual(0);
    expect(data.conflict - 8 * ROUNDS).toBeLessThan(REST);
    expect([data.capacity, data.flushed]).toEqual([0, 0]);
  });

  it('24 pages have no room in 16 entries: capacity', async () => {
    const { data } = await classesOf([['walk', '96K', '4K', String(ROUNDS)]], { tlb: '16:fifo' });
    expect(data.capacity - 24 * ROUNDS).toBeGreaterThanOrEqual(0);
    expect(data.capacity - 24 * ROUNDS).toBeLessThan(REST);
    expect(data.compulsory - 2 * 24).toBeLessThan(REST);
    expect([data.conflict, data.flushed]).toEqual([0, 0]);
  });
});
