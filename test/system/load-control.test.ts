/** Admission control, swapping of whole processes, and the killing of one for memory, on programs that run together. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import {
  createSystem,
  EventHash,
  type ProgramRequest,
  type RunReport,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { shipped } from '../support/run-system.ts';

interface Ran {
  readonly report: RunReport;
  /** Lines of all programs, sorted: their order depends on who is done first. */
  readonly lines: readonly string[];
  readonly digest: string;
}

const request = (command: string, given: Partial<ProgramRequest> = {}): ProgramRequest => {
  const [name = '', ...args] = command.split(' ');
  const bytes = readFileSync(shipped(name));
  return { name, path: `/${name}`, bytes, argv: [name, ...args], env: [], ...given };
};

/** Runs programs together, checking the invariants whenever load control has done something. */
async function together(programs: readonly ProgramRequest[], options: SystemOptions): Promise<Ran> {
  const [program, ...others] = programs;
  const streams = new MemoryStreams();
  const system = createSystem(systemConfig({ swap: 'memory,16M', ...options }), {
    program: program!,
    others,
    files: new MemoryFiles(),
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => Promise.resolve(),
  });
  const hash = new EventHash();
  system.observe(hash.observe);
  system.observe(({ type }) => {
    if (type === 'load') system.checkInvariants();
  });
  await system.run();
  system.checkInvariants();
  const lines = streams.text(1).split('\n').sort();
  const report = system.report();
  system.close();
  return { report, lines, digest: hash.digest };
}

const copies = (count: number, command: string): ProgramRequest[] =>
  Array.from({ length: count }, () => request(command));
const inUse = ({ time }: RunReport): number => 1 - time.idle / time.total;
const statuses = ({ processes }: RunReport): (number | undefined)[] => processes.map(({ status }) => status);

describe('admission control', () => {
  // 8 processes of 40 pages and a few more on 128 frames; a disk that takes 2 ms.
  const eight = copies(8, 'scan random 40 300');
  const machine = { frames: 128, replacement: 'lru', costs: { diskPage: 2_000_000 } };

  it('keeps the processor at work where otherwise it waits', async () => {
    const alone = await together(copies(1, 'scan random 40 300'), machine);
    const everybody = await together(eight, { ...machine, admission: 'watch' });
    expect(inUse(everybody.report)).toBeLessThan(0.25);
    expect(everybody.report.load).toMatchObject({ suspended: 0, resumed: 0, killed: [] });
    expect(everybody.report.load!.thrashing / everybody.report.load!.looks).toBeGreaterThan(0.8);
    for (const admission of ['working-set', 'fault-rate']) {
      const controlled = await together(eight, { ...machine, admission });
      expect(controlled.lines).toEqual(everybody.lines);
      expect(controlled.lines.filter((line) => line !== '')).toEqual(
        Array<string>(8).fill(alone.lines.find((line) => line !== '')!),
      );
      const { load, time } = controlled.report;
      expect(inUse(controlled.report)).toBeGreaterThan(0.6);
      expect(time.total).toBeLessThan(everybody.report.time.total / 5);
      expect(load!.suspended).toBeGreaterThan(0);
      expect(load!.resumed).toBe(load!.suspended);
      expect(load!.swappedOut).toBeGreaterThan(0);
    }
  });

  it('does the same every time', async () => {
    const options = { ...machine, admission: 'working-set:50ms' };
    const [first, second] = [await together(eight, options), await together(eight, options)];
    expect(second.digest).toBe(first.digest);
    expect(second.report).toEqual(first.report);
  });

  it('leaves pages to the replacement policy when processes are not swapped out', async () => {
    const { report } = await together(eight, { ...machine, admission: 'fault-rate', swapping: 'off' });
    expect(report.load).toMatchObject({ swappedOut: 0 });
    expect(report.load!.suspended).toBeGreaterThan(0);
    expect(statuses(report)).toEqual(Array(8).fill(0));
  });

  it('lets a process go on that the others wait for', async () => {
    // The server is what everybody waits for; whoever is suspended, they get their answers in the end.
    const programs = [
      request('server prefork 7000 4 128K 4 2'),
      request('client 7000 1 2 8 128K'),
      request('client 7000 2 2 8 128K'),
    ];
    const plain = await together(programs, { frames: 128 });
    const tight = await together(programs, { frames: 24, admission: 'fault-rate:100ms' });
    expect(tight.lines).toEqual(plain.lines);
    expect(tight.report.end).toEqual(plain.report.end);
    expect(tight.report.load!.suspended).toBeGreaterThan(0);
    expect(tight.report.load!.resumed).toBe(tight.report.load!.suspended);
  });
});

describe('crude time sharing', () => {
  it('gives the same answers, and moves all of memory at each switch', async () => {
    const two = copies(2, 'scan cyclic 40 40');
    const paged = await together(two, { frames: 128 });
    const swapped = await together(two, { frames: 128, swapping: 'switch' });
    expect(swapped.lines).toEqual(paged.lines);
    // Both fit, so that paging moves nothing but what is read at first.
    expect(paged.report.evictions).toMatchObject({ clean: 0, dirty: 0 });
    const { switches } = swapped.report.scheduling;
    expect(switches).toBeGreaterThan(10);
    // Programs of 40 pages and a few more leave; the last one ends where it is, and so does who ends first.
    expect(swapped.report.load!.swappedOut).toBeGreaterThan(35 * (switches - 2));
    expect(swapped.report.time.total).toBeGreaterThan(2 * paged.report.time.total);
  });
});

describe('when there is neither memory nor swap for all', () => {
  // 300 pages each are more than 64 frames and 512 slots hold for three.
  const options = { frames: 64, swap: 'memory,2M', costs: { diskPage: 100_000 } };
  const small = 'scan cyclic 20 200';
  const large = 'scan cyclic 300 40';

  it('the largest is killed, the report says why, and the others go on', async () => {
    const { report } = await together([request(small), ...copies(2, large)], options);
    const [record, ...more] = report.load!.killed;
    expect(more).toEqual([]);
    expect(statuses(report).toSorted()).toEqual([0, 0, 137]);
    expect(statuses(report)[0]).toBe(0);
    const scores = new Map(record!.scores.map(({ pid, score }) => [pid, score]));
    expect(scores.get(record!.victim)).toBe(Math.max(...scores.values()));
    for (const { score, resident, swapped, tables } of record!.scores)
      expect(score).toBe(resident + swapped + tables);
    expect(report.processes.find(({ pid }) => pid === record!.victim)!.status).toBe(137);
  });

  it('not one that is exempt, though it is the largest; and one that is preferred', async () => {
    const exempt = await together(
      [request(large, { memoryAdjust: -1000 }), request(large), request(small)],
      options,
    );
    expect(statuses(exempt.report)).toEqual([0, 137, 0]);
    const preferred = await together(
      [request(small, { memoryAdjust: 1000 }), request(large), request('scan cyclic 200 40')],
      { ...options, swap: 'memory,1600K' },
    );
    expect(statuses(preferred.report)[0]).toBe(137);
  });

  it('or whoever asked', async () => {
    const { report } = await together([request(small), ...copies(2, large)], {
      ...options,
      outOfMemory: 'asker',
    });
    expect(report.load).toBeUndefined();
    expect(statuses(report)).toContain(137);
  });
});
