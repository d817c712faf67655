/**
 * Page tables that go to swap under real programs: a sparse program needs fewer frames than it has tables, a dense one is
 * none the worse, and nothing that programs do shows it.
 */
import { describe, expect, it } from 'vitest';
import { recordWriter, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { type Guest, runGuest, shipped } from '../support/run-system.ts';

const guest = (name: string, ...args: string[]): Guest => ({ path: shipped(name), args });
const pageable: SystemOptions = { pageTables: 'pageable' };
const frames = (count: number) => `${count * 4}K`;

/** Twelve pages, two of them 21 MiB apart, each in a leaf table of its own; three rounds through all of them. */
const sparse = guest('sparse', '256M', '12', 'spread', '3');
/*
 * Its tables: the root; a middle one for the program at 64 KiB and one for stack and mapping at the top; a leaf for the
 * program, one for the stack, twelve for the pages. An instruction needs four pages.
 */
const UPPER = 3;
const LEAVES = 14;

describe('a sparse program', () => {
  it('needs all of its tables in memory, or no more than an instruction goes through', async () => {
    const resident = await runGuest(sparse, {});
    const roomy = await runGuest(sparse, pageable);
    expect(resident.report.tables).toMatchObject({
      frames: 0,
      peak: UPPER + LEAVES,
      evicted: 0,
      returned: 0,
    });
    expect(resident.report.leastMemory).toMatchObject({ frames: UPPER + LEAVES + 4 });
    expect(roomy.report.leastMemory).toMatchObject({ frames: UPPER + 4 + 4 });
    expect(roomy.report.tables).toMatchObject({ evicted: 0, returned: 0, swappedPeak: 0 });
    expect(roomy.output).toEqual(resident.output);
  });

  it('runs in fewer frames than it has tables, and below that it is refused', async () => {
    const { output, status } = await runGuest(sparse, {});
    const tight = await runGuest(sparse, { ...pageable, memory: frames(UPPER + 4 + 4) });
    expect(tight.output).toEqual(output);
    expect(tight.status).toBe(status);
    const { tables, faults, swap } = tight.report;
    expect(tables.peak).toBeLessThan(UPPER + LEAVES);
    // Every page of the second and the third round is out, and its table with it.
    expect(tables.returned).toBeGreaterThanOrEqual(2 * 12);
    expect(faults.cases.table).toBe(tables.returned);
    expect(tables).toMatchObject({ swapped: 0 });
    expect(swap.peak).toBeGreaterThanOrEqual(tables.swappedPeak);
    await expect(runGuest(sparse, { memory: frames(UPPER + LEAVES + 3) })).rejects.toThrow(/too small/);
    for (const count of [1, 5, UPPER + 4 + 3])
      await expect(runGuest(sparse, { ...pageable, memory: frames(count) })).rejects.toThrow(
        /^--memory \d+K: too small for this program, which needs \d+K or more$/,
      );
  });

  it('runs as it did when there is memory for all', async () => {
    const { report } = await runGuest(sparse, { memory: frames(64) });
    const same = await runGuest(sparse, { ...pageable, memory: frames(64) });
    expect(same.report.faults).toEqual(report.faults);
    expect(same.report.time).toEqual(report.time);
  });
});

describe('a dense program', () => {
  it('keeps its few tables, whose pages are in memory', async () => {
    const dense = guest('sort', '20000', 'merge');
    const memory = frames(40);
    const resident = await runGuest(dense, { memory });
    const tight = await runGuest(dense, { ...pageable, memory });
    expect(tight.output).toEqual(resident.output);
    expect(tight.report.tables.evicted).toBeLessThan(resident.report.faults.major / 20);
  });
});

const programs: readonly Guest[] = [sparse, guest('treewalk', '5', '40')];

describe.each(programs)('$path $args', (program) => {
  it.each([
    { replacement: 'fifo' },
    { replacement: 'random', bits: 'traps' },
    { replacement: 'lru', daemon: '1,2', cluster: 2 },
    { replacement: 'clock', readAhead: 7, disk: 'arm:order=elevator' },
    { replacement: 'vms', cleanEvery: '50ms' },
    { replacement: 'arc', replacementScope: 'local' },
  ] as SystemOptions[])('completes with the least memory that its roomy run names: %j', async (way) => {
    const options = { ...way, ...pageable };
    const roomy = await runGuest(program, { ...options, daemon: 'off' });
    const { leastMemory } = roomy.report;
    const tight = await runGuest(program, { ...options, memory: frames(leastMemory!.frames) });
    expect(Buffer.from(tight.output).toString()).toBe(Buffer.from(roomy.output).toString());
    expect(tight.status).toBe(roomy.status);
    expect(tight.report.leastMemory).toEqual(leastMemory);
  });
});

describe('tables in virtual memory, as the VAX has them', () => {
  const vax: SystemOptions = { translation: 'vax' };

  it('go to swap and come back, and nothing shows it', async () => {
    const { output, status } = await runGuest(sparse, {});
    const resident = await runGuest(sparse, { ...vax, memory: frames(64) });
    // The system table has 2 frames of 64. A table maps 4 MiB: one for the program, one for the stack, 12 of the pages.
    expect(resident.report.leastMemory).toMatchObject({ frames: 2 + 14 + 4 });
    expect(resident.report.tables).toMatchObject({ peak: 2 + 14, evicted: 0 });
    // The mapping begins at 768 MiB. Its last page is 11/12 of 256 MiB behind that, in the table of 4 MiB number 250, so
    // that 251 pages of P0's table are in S, and one of P1's.
    expect(resident.report.tables.systemTable).toMatchObject({
      entries: 2 * 1024,
      bytes: 2 * 4096,
      peak: 252,
      free: 2 * 1024,
    });
    expect(resident.report.tables.bytes).toBe(14 * 4096 + 252 * 4);
    // One of up to 63.
    const tight = await runGuest(sparse, { ...vax, ...pageable, memory: frames(1 + 8) });
    expect(tight.report.tables.returned).toBeGreaterThanOrEqual(2 * 12);
    expect(tight.report.faults.cases.table).toBe(tight.report.tables.returned);
    for (const run of [resident, tight]) expect([run.output, run.status]).toEqual([output, status]);
    await expect(runGuest(sparse, { ...vax, memory: frames(1 + 14 + 3) })).rejects.toThrow(/too small/);
    await expect(runGuest(sparse, { ...vax, ...pageable, memory: frames(8) })).rejects.toThrow(/too small/);
  });

  it('two loads a walk, of which the first tells of a table that is not there', async () => {
    const { report } = await runGuest(guest('sort', '4000', 'heap'), { ...vax, tlb: '8x2:lru' });
    const { misses, modifies } = report.refills!;
    const walks = misses + modifies;
    expect(report.walks.loads).toBeLessThanOrEqual(2 * walks);
    expect(report.walks.loads).toBeGreaterThan(2 * walks - 20);
  });
});

describe('what does not depend on it', () => {
  it('is the record of a run', async () => {
    const recordOf = async (options: SystemOptions) => {
      const pieces: Uint8Array[] = [];
      const what = { granularity: 'every', pageSize: 4096, program: ['sparse'] } as const;
      const record = recordWriter('binary', what, (bytes) => pieces.push(bytes));
      const { report } = await runGuest(sparse, options, { record });
      record.finish();
      return { bytes: Buffer.concat(pieces), report };
    };
    const resident = await recordOf({ memory: frames(40) });
    const tight = await recordOf({ ...pageable, memory: frames(13) });
    expect(tight.report.tables.returned).toBeGreaterThan(0);
    expect(tight.bytes.equals(resident.bytes)).toBe(true);
  });

  it('is the event log of the same run twice', async () => {
    const options = { ...pageable, memory: frames(14), replacement: 'random', seed: 5 };
    const first = await runGuest(sparse, options);
    const second = await runGuest(sparse, options);
    expect(second.digest).toBe(first.digest);
    expect(second.report).toEqual(first.report);
  });
});

describe('--page-tables', () => {
  it('is resident unless it is said otherwise', () => {
    expect(systemConfig({}).pageTables).toBe('resident');
    expect(systemConfig({ pageTables: 'resident', frames: 8, swap: 'none' }).pageTables).toBe('resident');
    expect(systemConfig({ pageTables: 'pageable', memory: '1M' }).pageTables).toBe('pageable');
  });

  it.each([
    [{ pageTables: 'swapped' }, /^--page-tables: unknown 'swapped'; known: resident, pageable$/],
    [{ ...pageable, frames: 8 }, /^--page-tables: pageable needs a size of all memory/],
    [{ ...pageable, bits: 'stamps' }, /^--page-tables: pageable tables have no stamps/],
    [{ ...pageable, swap: 'none' }, /^--page-tables: pageable tables need swap/],
  ])('%j is refused', (options, message) => {
    expect(() => systemConfig(options)).toThrow(message);
  });
});
