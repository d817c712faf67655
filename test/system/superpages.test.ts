/**
 * Superpages under real programs: TLB misses worked out by hand, the same bytes with them and without, in memory for all
 * and for a part, and records that tell of pages.
 */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recordWriter, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { compile, GUEST_COMPILER, removeFolder, temporaryFolder } from '../support/processes.ts';
import { type Guest, runGuest, shipped } from '../support/run-system.ts';
import { needsTool } from '../support/tools.ts';

/** A walk over 8 MiB, a page a load, so many times after it was written. */
const walk = (rounds: number): Guest => ({
  path: shipped('walk'),
  args: ['8M', '4096', String(rounds)],
});
const large: SystemOptions = { superpages: 'anonymous' };

describe('an array of 8 MiB, a page a load', () => {
  const missesARound = async (options: SystemOptions): Promise<number> => {
    const [one, four] = await Promise.all([1, 4].map((rounds) => runGuest(walk(rounds), options)));
    return (four!.report.tlb!.data.misses - one!.report.tlb!.data.misses) / 3;
  };

  it.each([
    // 2,048 pages in 64 entries under LRU: each is gone before it comes again.
    ['pages of 4 KiB', {}, 2048],
    ['superpages that the TLB holds a page at a time', large, 2048],
    // Four superpages in 32 entries stay, in two they are never hit at their first page.
    ['superpages in a TLB of 32', { ...large, tlb: '64x4:lru+super=32:lru' }, 0],
    ['superpages in a TLB of 2', { ...large, tlb: '64x4:lru+super=2:lru' }, 4],
    ['pages of 4 KiB beside an idle TLB of 32', { tlb: '64x4:lru+super=32:lru' }, 2048],
  ])('misses in each round, in %s', async (_, options, misses) => {
    expect(await missesARound(options)).toBe(misses);
  });

  it('is mapped by four faults, and a walk ends an entry earlier', async () => {
    const pages = await runGuest(walk(1), {});
    const { output, report } = await runGuest(walk(1), large);
    expect(output).toEqual(pages.output);
    expect(pages.report.faults.cases.zero! - report.faults.cases.zero!).toBe(2048 - 4);
    expect(report.superpages).toMatchObject({ bytes: 2 ** 21, mapped: 4, freed: 4, left: 0, fellBack: 0 });
    expect(report.superpages!.split.total).toBe(0);
    // Element 0 is 0, and the others are none.
    expect(report.superpages!.zeroBytes).toBe(4096);
    expect(report.superpages!.reach).toEqual({ instructions: 64 * 4096, data: 64 * 4096 });
    // The pages' tables and no others: two levels above, and the leaf tables of two places more.
    expect(report.tables.peak).toBeLessThanOrEqual(pages.report.tables.peak);
    const more = await runGuest(walk(2), large);
    expect(more.report.walks.loads - report.walks.loads).toBe(2 * 2048);
    const { superpages } = (await runGuest(walk(1), { ...large, tlb: '64x4:lru+super=32:lru' })).report;
    expect(superpages!.reach.data).toBe(64 * 4096 + 32 * 2 ** 21);
  });

  it('takes memory for what it does not touch', async () => {
    // A page in 64 KiB: 64 in 4 MiB.
    const sparse: Guest = { path: shipped('walk'), args: ['4M', '65536', '1'] };
    const pages = await runGuest(sparse, {});
    const { report } = await runGuest(sparse, large);
    expect(report.resident.peak - pages.report.resident.peak).toBe(1024 - 64);
    expect(report.superpages!.zeroBytes).toBe((1024 - 64 + 1) * 4096);
  });

  it('maps no more than memory has adjacent frames for, and splits for what it lacks', async () => {
    const twice: Guest = { path: shipped('walk'), args: ['4M', '4096', '1'] };
    const { output } = await runGuest(twice, {});
    for (const replacement of ['clock', 'vms']) {
      const tight = await runGuest(twice, { ...large, memory: '4M', replacement });
      expect(tight.output).toEqual(output);
      const { mapped, split, fellBack } = tight.report.superpages!;
      expect([mapped, split.total, split.evict + split.setAside, fellBack]).toEqual([1, 1, 1, 1]);
    }
  });
});

describe('a record', () => {
  it('is the same with superpages, page for page', async () => {
    const recordOf = async (options: SystemOptions) => {
      const pieces: Uint8Array[] = [];
      const what = { granularity: 'every', pageSize: 4096, program: ['walk'] } as const;
      const record = recordWriter('binary', what, (bytes) => pieces.push(bytes));
      const guest: Guest = { path: shipped('walk'), args: ['4M', '4096', '1'] };
      const { report } = await runGuest(guest, options, { record });
      record.finish();
      return { bytes: Buffer.concat(pieces), mapped: report.superpages!.mapped };
    };
    // The program asks for none, and its array lies at the same place.
    const pages = await recordOf({ superpages: 'madvise' });
    for (const memory of ['16M', '4M']) {
      const { bytes, mapped } = await recordOf({ ...large, memory });
      expect(bytes.equals(pages.bytes)).toBe(true);
      expect(mapped).toBeGreaterThan(pages.mapped);
    }
  });
});

const withCompiler = needsTool(
  GUEST_COMPILER,
  'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
);
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) removeFolder(folder);
});

withCompiler('a program that cuts, protects, moves and forks large areas', () => {
  it('prints the same with superpages, in memory for all and for a part', async () => {
    const folder = temporaryFolder();
    folders.push(folder);
    compile(
      join(import.meta.dirname, '..', 'process-guests', 'large-areas.c'),
      folder,
      'guest',
      GUEST_COMPILER,
    );
    const guest: Guest = { path: join(folder, 'guest') };
    const usual = await runGuest(guest, {});
    expect(usual.status).toBe(4);
    const ways: SystemOptions[] = [
      { superpages: 'madvise', tlb: '64x4:lru+super=8:lru' },
      { ...large, tlb: 'unified:16x4:fifo+super=2:random', fork: 'eager' },
      { ...large, memory: '4M', replacement: 'lru', daemon: '5%,10%', tlb: '16+super=2' },
      { ...large, translation: 'x86-64', replacement: 'vms' },
      { ...large, translation: 'two-level', refill: 'software:handler' },
    ];
    for (const way of ways) {
      const { output, status, report } = await runGuest(guest, way);
      expect([way, Buffer.from(output).toString(), status]).toEqual([
        way,
        Buffer.from(usual.output).toString(),
        4,
      ]);
      expect(report.superpages!.mapped).toBeGreaterThan(0);
    }
  }, 60_000);
});

describe('--superpages', () => {
  it('is off unless it is said otherwise', () => {
    expect(systemConfig({}).superpages).toBe('off');
    expect(systemConfig({ translation: 'hashed', superpages: 'off' }).superpages).toBe('off');
  });

  it.each<[SystemOptions, RegExp]>([
    [{ superpages: 'always' }, /^--superpages: unknown 'always'; known: off, madvise, anonymous$/],
    [{ ...large, bits: 'traps' }, /^--superpages: a superpage has one referenced and one dirty bit/],
    [{ ...large, bits: 'stamps' }, /^--superpages: a superpage has one referenced and one dirty bit/],
    [
      { ...large, pageTables: 'pageable' },
      /^--superpages: the table that a superpage stands for has to stay/,
    ],
    [
      { ...large, translation: 'hashed' },
      /^--superpages: superpages are entries above the last level .* hashed is not$/,
    ],
    [{ ...large, translation: 'segmented' }, /^--superpages: not under segmented: there are no pages$/],
  ])('%j is refused', (options, message) => {
    expect(() => systemConfig(options)).toThrow(message);
  });
});
