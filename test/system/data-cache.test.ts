/** The cache beside the TLB, told by real programs: counts that can be worked out by hand, also while pages come and go. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PAGE_SIZE } from '../../src/base/numbers.ts';
import { DataCache } from '../../src/machine/data-cache.ts';
import { createSystem, type RunReport, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { type CacheEvent, isAccess, NaiveCache } from '../machine/naive-cache.ts';
import { shipped, testPorts, testSystem } from './fixture.ts';

afterEach(() => void vi.restoreAllMocks());

async function cacheOf(name: string, args: readonly string[], options: SystemOptions) {
  const { system } = testSystem(shipped(name), options, args);
  await system.run();
  const report = system.report();
  return { report, cache: report.cache! };
}

/** What a walk's start and end take besides: lines, and loads and stores. */
const FEW = { lines: 80, accesses: 800 } as const;
const near = (count: number, expected: number, few: number): void => {
  expect(count).toBeGreaterThanOrEqual(expected);
  expect(count).toBeLessThan(expected + few);
};

describe('a walk by lines of 64 bytes', () => {
  it('in a cache that holds the array misses each line once', async () => {
    const { cache } = await cacheOf('walk', ['16K', '64', '20'], { cache: '32K:8:64' });
    near(cache.accesses, 21 * 256, FEW.accesses);
    near(cache.misses, 256, FEW.lines);
    expect(cache.hits).toBe(cache.accesses - cache.misses);
  });

  it('in one of half its size misses always, and writes back what was written', async () => {
    const { cache, report } = await cacheOf('walk', ['64K', '64', '5'], { cache: '32K:8:64' });
    near(cache.misses, 6 * 1024, FEW.lines);
    near(cache.writeBacks, 1024, FEW.lines);
    const { tlbHit, cacheHit, memory } = report.configuration.costs;
    expect(cache.time.taken).toBe(cache.accesses * (tlbHit! + cacheHit!) + cache.misses * memory!);
  });
});

interface Told {
  readonly report: RunReport;
  readonly output: string;
  /** All that the cache was told of, in order. */
  readonly events: readonly CacheEvent[];
  /** Accesses that were said to be in another frame than a page of that number was mapped to last, in any space. */
  readonly elsewhere: number;
}

/** Runs programs side by side, and takes down what the cache is told. */
async function told(commands: readonly string[], options: SystemOptions): Promise<Told> {
  const [first, ...others] = commands.map((command) => {
    const [name = '', ...args] = command.split(' ');
    return testPorts(shipped(name), args);
  });
  const ports = { ...first!, others: others.map(({ program }) => program) };
  const system = createSystem(systemConfig({ swap: 'memory,4M', ...options }), ports);
  const frames = new Map<number, Map<number, number>>();
  system.observe((event) => {
    if (event.type !== 'map') return;
    const ofSpace = frames.get(event.space) ?? new Map<number, number>();
    frames.set(event.space, ofSpace.set(event.vpn, event.frame));
  });
  const events: CacheEvent[] = [];
  let elsewhere = 0;
  const { access, flush } = DataCache.prototype;
  vi.spyOn(DataCache.prototype, 'access').mockImplementation(function (this: DataCache, entry, physical) {
    const { kind, asid, address, bytes } = entry;
    if (kind !== 'fetch') events.push({ op: kind as 'load' | 'store', asid, address, bytes, physical });
    const [page, frame] = [Math.floor(address / PAGE_SIZE), Math.floor(physical / PAGE_SIZE)];
    if (![...frames.values()].some((ofSpace) => ofSpace.get(page) === frame)) elsewhere++;
    access.call(this, entry, physical);
  });
  vi.spyOn(DataCache.prototype, 'flush').mockImplementation(function (this: DataCache, entry) {
    events.push({ op: entry.kind as 'flush-page', asid: entry.asid, page: entry.address });
    flush.call(this, entry);
  });
  await system.run();
  return { report: system.report(), output: ports.streams.text(1), events, elsewhere };
}

/** What a naive cache counts for the same. */
function naive(events: readonly CacheEvent[], { bytes, ways, line, kind }: DataCache['shape']) {
  const cache = new NaiveCache({ bytes, ways, line, kind });
  for (const event of events) cache.tell(event);
  return cache.counts;
}

const shapeOf = (text: string) => systemConfig({ cache: text }).cache!;

const counted = ({ cache }: RunReport) => {
  const { kind: _kind, hits: _hits, time: _time, ...counts } = cache!;
  return counts;
};

describe.each(['8K:2:32:physical', '8K:2:32:vipt', '32K:1:32:vipt', '8K:2:32:virtual'])('%s', (cache) => {
  it('in a run that pages is told the frame that each page has at that moment, and counts what a naive cache counts', async () => {
    const { report, output, events, elsewhere } = await told(['scan random 24 2'], {
      frames: 12,
      costs: { diskPage: 100_000 },
      cache,
    });
    const usual = testSystem(shipped('scan'), {}, ['random', '24', '2']);
    await usual.system.run();
    expect(output).toBe(usual.output());
    expect(usual.system.report().cache).toBeUndefined();
    expect(report.evictions.dirty).toBeGreaterThan(20);
    expect(elsewhere).toBe(0);
    const counts = counted(report);
    expect(counts).toEqual(naive(events, shapeOf(cache)));
    const { loads, stores } = report.accesses;
    expect(events.filter(isAccess).length).toBeLessThanOrEqual(loads + stores);
    expect(loads + stores - events.filter(isAccess).length).toBeLessThanOrEqual(report.faults.total);
    // Frames change their pages all the time, and no line of the page before is left.
    expect([counts.synonyms, counts.staleLoads]).toEqual([0, 0]);
    if (cache.startsWith('32K') || cache.endsWith('virtual')) expect(counts.flushed).toBeGreaterThan(20);
    else expect(counts.flushed).toBe(0);
  });
});

it.each(['none', 2, 16])('several programs, with %s identifiers, are told apart', async (asids) => {
  const { report, events, elsewhere } = await told(['alias 4K 2', 'alias 4K 2', 'walk 16K 64 4'], {
    memory: '1M',
    scheduler: 'rr:50us',
    cache: '8K:2:64:virtual',
    asids,
  });
  expect(report.asids!.switches).toBeGreaterThan(10);
  expect(elsewhere).toBe(0);
  const counts = counted(report);
  expect(counts).toEqual(naive(events, shapeOf('8K:2:64:virtual')));
  expect(counts.synonyms).toBeGreaterThan(60);
});
