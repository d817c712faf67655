/**
 * Who keeps referenced and dirty bits, whose pages may be evicted, second chances: what a program says stays the same;
 * what it costs, and what it is worth, is here.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { UserError } from '../../src/base/errors.ts';
import { findReplacementPolicy } from '../../src/policies/replacement/registry.ts';
import { TraceBuilder } from '../../src/replay/builder.ts';
import type { DenseTrace } from '../../src/replay/dense.ts';
import { pagewalk as format } from '../../src/replay/formats/pagewalk.ts';
import { recordWriter } from '../../src/replay/record-format.ts';
import { Simulation } from '../../src/replay/simulate.ts';
import { createSystem, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { livePolicies } from '../support/live-policies.ts';
import { type Guest, runGuest, shipped } from '../support/run-system.ts';
import { testPorts } from './fixture.ts';

const guest = (name: string, ...args: string[]): Guest => ({ path: shipped(name), args });
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const skewed = guest('scan', 'skewed', '200', '20');

describe.each([
  { program: guest('sort', '3000'), third: 0 },
  { program: guest('hashjoin', '256'), third: 1 },
  { program: guest('treewalk', '9', '200'), third: 2 },
])('$program.path', ({ program, third }) => {
  const scopes = ['global', 'local', 'local:proportional'];
  const ways = livePolicies
    .filter(({ name }) => name !== 'mru')
    .flatMap(({ name }, at) => [
      { replacement: name, bits: 'traps', replacementScope: scopes[at % 3]! },
      {
        replacement: name,
        bits: at % 2 === 0 ? 'stamps' : 'hardware',
        replacementScope: scopes[(at + 1) % 3]!,
      },
    ])
    // Each program goes a third of the ways.
    .filter((_, at) => at % 3 === third);

  it.each(ways)('says the same under $replacement, bits by $bits, $replacementScope', async (way) => {
    const roomy = await runGuest(program, {});
    const least = roomy.report.leastMemory!.frames + (way.bits === 'stamps' ? 3 : 0);
    const tight = await runGuest(program, { ...way, memory: `${(least + 2) * 4}K` });
    expect(text(tight.output)).toBe(text(roomy.output));
    expect(tight.status).toBe(roomy.status);
    expect(tight.report.evictions.clean + tight.report.evictions.dirty).toBeGreaterThan(0);
    if (way.bits === 'traps') expect(tight.report.walks.dirty).toBe(0);
  });
});

describe('bits kept by traps', () => {
  it('cost traps, and nothing else changes', async () => {
    const options = { frames: 60, replacement: 'clock' };
    const { report: hardware } = await runGuest(guest('sort', '20000', 'merge'), options);
    const { report: traps } = await runGuest(guest('sort', '20000', 'merge'), { ...options, bits: 'traps' });
    const { 'first-use': uses = 0, 'first-write': writes = 0, ...others } = traps.faults.cases;
    expect(others).toEqual(hardware.faults.cases);
    expect(traps.evictions).toEqual(hardware.evictions);
    expect(uses).toBeGreaterThan(50);
    expect(writes).toBeGreaterThan(200);
    // The walker has no bit to set. Each trap is one more entry to the kernel and one more fault.
    expect(traps.walks.dirty).toBe(0);
    expect(hardware.walks.dirty).toBeGreaterThan(0);
    const { trap, fault } = traps.configuration.costs as { trap: number; fault: number };
    // Clock interrupts are traps as well, and the longer run has one or two more.
    const more = (traps.time.traps - hardware.time.traps) / trap;
    expect(Math.abs(more - uses - writes)).toBeLessThan(4);
    expect(traps.time.faults - hardware.time.faults).toBe((uses + writes) * fault);
  });

  it('sampled LRU comes nearer to LRU the more often it samples, and costs more', async () => {
    const run = async (options: SystemOptions) => {
      const { report } = await runGuest(skewed, { frames: 100, ...options });
      return { transfers: report.faults.major, traps: report.faults.cases['first-use'] ?? 0 };
    };
    const exact = await run({ replacement: 'lru' });
    const fifo = await run({ replacement: 'fifo' });
    const samples = [];
    for (const sampleEvery of ['50us', '1ms', '10ms', '100ms', '1000s'])
      samples.push(await run({ replacement: 'lru', bits: 'traps', sampleEvery }));
    const transfers = samples.map((one) => one.transfers);
    const traps = samples.map((one) => one.traps);
    expect(transfers).toEqual([...transfers].sort((a, b) => a - b));
    expect(traps).toEqual([...traps].sort((a, b) => b - a));
    // Every 50 us it is as good as exact; never sampled it is FIFO.
    expect(transfers[0]).toBe(exact.transfers);
    expect([transfers.at(-1), traps.at(-1)]).toEqual([fifo.transfers, 0]);
    expect(fifo.transfers).toBeGreaterThan(exact.transfers * 1.3);
  });

  it('are refused to policies that they tell too little, and samples to those that take none', () => {
    const refusal = (options: SystemOptions): string => {
      try {
        systemConfig(options);
      } catch (error) {
        if (error instanceof UserError) return error.message;
        throw error;
      }
      return 'accepted';
    };
    expect(refusal({ bits: 'traps', replacement: 'arc' })).toMatch(
      /^--bits: .*arc has to be told of every reference/,
    );
    expect(refusal({ sampleEvery: '1ms', replacement: 'clock' })).toMatch(/^--sample-every: .*clock/);
    expect(refusal({ sampleEvery: '1ms', replacement: 'lru' })).toMatch(/^--sample-every: .*lru/);
    expect(refusal({ sampleEvery: '10ns', replacement: 'aging' })).toMatch(/^--sample-every: '10ns'/);
    expect(refusal({ bits: 'soft' })).toMatch(/^--bits: unknown 'soft'; known: hardware, traps, stamps/);
    expect(refusal({ replacementScope: 'mine' })).toMatch(
      /^--replacement-scope: unknown 'mine'; known: global/,
    );
    expect(refusal({ bits: 'traps', replacement: 'lru', sampleEvery: '1ms' })).toBe('accepted');
    expect(refusal({ bits: 'stamps', replacement: 'arc' })).toBe('accepted');
  });
});

describe('stamps', () => {
  it('cost a write a reference and a frame beside each leaf table, and tell LRU the same', async () => {
    const options = { frames: 60, replacement: 'lru' };
    const { report: free } = await runGuest(guest('sort', '20000', 'merge'), options);
    const { report: paid } = await runGuest(guest('sort', '20000', 'merge'), { ...options, bits: 'stamps' });
    expect(paid.faults).toEqual(free.faults);
    expect(paid.evictions).toEqual(free.evictions);
    const { fetches, loads, stores } = paid.accesses;
    expect(paid.time.stamps).toBe((fetches + loads + stores) * 100);
    expect(free.time.stamps).toBe(0);
    // The root, two tables below it for low and high addresses; three leaf tables: program, heap, stack.
    expect([free.tables.peak, paid.tables.peak]).toEqual([6, 9]);
  });
});

async function recorded(program: Guest, frames: number, replacement: string) {
  const pieces: Uint8Array[] = [];
  const record = recordWriter('binary', { granularity: 'every', pageSize: 4096, program: [] }, (bytes) =>
    pieces.push(bytes.slice()),
  );
  const { report } = await runGuest(program, { frames, replacement }, { record });
  record.finish();
  const builder = new TraceBuilder({ name: 'record', pageSize: 4096, kinds: ['fetch', 'load', 'store'] });
  const parser = format.parser({ name: 'record', pageSize: 4096, columns: {} }, builder);
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return { report, trace: builder.finish() };
}

function replayed(name: string, trace: DenseTrace, frames: number) {
  const definition = findReplacementPolicy(name, '');
  const simulation = new Simulation({ definition, frames, pages: trace.pages, seed: 1 });
  for (const chunk of trace.chunks) simulation.feed(chunk, 0, chunk.length);
  return simulation.counts;
}

describe('segmented FIFO', () => {
  it.each([
    'vms',
    'vms:limit=20+dirty=5',
    'vms:limit=59+dirty=0',
  ])('%s: a run and its record agree', async (name) => {
    const { report, trace } = await recorded(guest('sort', '20000', 'merge'), 60, name);
    const counts = replayed(name, trace, 60);
    const { rescue = 0 } = report.faults.cases;
    expect(rescue).toBeGreaterThan(10);
    expect(report.secondChances).toMatchObject({ rescues: rescue, cleaned: counts.secondChances?.cleaned });
    expect(counts.secondChances?.rescues).toBe(rescue);
    expect(counts.faults).toBe(report.faults.total - rescue);
    expect([counts.cleanEvictions, counts.dirtyEvictions]).toEqual([
      report.evictions.clean,
      report.evictions.dirty,
    ]);
  });

  /** For each entry of a trace, 1 where the policy has a fault. */
  function faultsIn(name: string, trace: DenseTrace, frames: number): Uint8Array {
    const faults = new Uint8Array(trace.entries);
    let position = 0;
    const watcher = {
      hit: () => void position++,
      released: () => void position++,
      fault: () => {
        faults[position++] = 1;
      },
    };
    const definition = findReplacementPolicy(name, '');
    const simulation = new Simulation({ definition, frames, pages: trace.pages, seed: 1, watcher });
    for (const chunk of trace.chunks) simulation.feed(chunk, 0, chunk.length);
    return faults;
  }

  it.each([
    ['scan skewed', skewed, 60],
    ['hashjoin', guest('hashjoin', '4K'), 80],
  ] as const)('%s: comes the nearer to LRU the longer its lists are', async (_name, program, frames) => {
    const { trace } = await recorded(program, frames, 'fifo');
    const lru = faultsIn('lru', trace, frames);
    const distance = (name: string): number => {
      const faults = faultsIn(name, trace, frames);
      return faults.reduce((sum, fault, i) => sum + Math.abs(fault - lru[i]!), 0);
    };
    // What is not in the resident set is on the lists: 59 of 60 pages, three quarters, …, none.
    const limits = [1, frames / 4, frames / 2, (3 * frames) / 4, frames];
    const distances = limits.map((limit) => distance(`vms:limit=${limit}+dirty=0`));
    expect(distances[0]).toBe(0);
    expect(distances.at(-1)).toBe(distance('fifo'));
    for (const [i, one] of distances.slice(1).entries())
      expect(one).toBeGreaterThanOrEqual(distances[i]! - 1);
    expect(distances.at(-1)).toBeGreaterThan(30);
    // With half of the memory on the lists nine in ten of the differences are gone.
    expect(distances[2]).toBeLessThan(distances.at(-1)! / 10);
  });

  it('has about as few faults as LRU where those are fewer than FIFO has', async () => {
    const { trace } = await recorded(skewed, 60, 'fifo');
    const [lru, fifo] = ['lru', 'fifo'].map((name) => replayed(name, trace, 60).faults);
    const vms = [15, 30, 45].map((limit) => replayed(`vms:limit=${limit}`, trace, 60).faults);
    expect(fifo).toBeGreaterThan(lru! * 1.3);
    for (const faults of vms) expect(Math.abs(faults - lru!)).toBeLessThan((fifo! - lru!) / 5);
  });
});

describe('local replacement', () => {
  /** Runs a program that goes round a large array beside one that uses few pages. */
  async function beside(options: SystemOptions) {
    const bytes = readFileSync(shipped('scan'));
    const program = (...args: string[]) => ({
      name: 'scan',
      path: `/${args[0]}`,
      bytes,
      argv: ['scan', ...args],
      env: [],
    });
    const streams = new MemoryStreams({});
    const config = systemConfig({ swap: 'memory,64M', frames: 80, ...options });
    const ports = { ...testPorts(bytes), streams };
    const system = createSystem(config, {
      ...ports,
      program: program('cyclic', '200', '2'),
      others: [program('skewed', '24', '10000')],
    });
    await system.run();
    system.checkInvariants();
    const { processes } = system.report();
    const [greedy, modest] = processes.map(({ faults, residentPeak }) => ({
      major: faults.major,
      residentPeak,
    }));
    return { greedy: greedy!, modest: modest!, said: streams.text(1).split('\n').sort() };
  }

  it.each([
    'fifo',
    'clock',
    'lru',
    'random',
  ])('protects the modest from the greedy under %s', async (replacement) => {
    const [global, local] = [
      await beside({ replacement }),
      await beside({ replacement, replacementScope: 'local' }),
    ];
    expect(local.said).toEqual(global.said);
    // Half of 80 frames is enough for all that the modest one has; it waits for the pages of its file, and no others.
    expect(local.modest).toEqual({ major: 2, residentPeak: 28 });
    expect(local.greedy.residentPeak).toBeLessThanOrEqual(40);
    expect(global.greedy.residentPeak).toBeGreaterThan(70);
    // LRU sees who uses its pages all the time.
    if (replacement !== 'lru') expect(global.modest.major).toBeGreaterThan(5);
    // The greedy one misses nearly every time in any case.
    expect(local.greedy.major).toBeLessThan(global.greedy.major * 1.1);
  });

  it('is no need of segmented FIFO, whose resident sets have limits', async () => {
    const { modest } = await beside({ replacement: 'vms:limit=30' });
    expect(modest.major).toBe(2);
  });
});
