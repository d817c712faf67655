/**
 * The same programs under every scheme: the same bytes, with memory to spare and without; the refill counts of one scheme
 * against those of another; what a scheme can't hold.
 */
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { pagingSchemes } from '../../src/kernel/memory/schemes.ts';
import { createSystem, type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { type Guest, portsOf, runGuest, shipped } from '../support/run-system.ts';

const guest = (name: string, ...args: string[]): Guest => ({ path: shipped(name), args });

const programs: readonly Guest[] = [
  guest('sort', '4000', 'merge'),
  guest('treewalk', '5', '10'),
  guest('echo-args', 'one', 'two'),
];
const programOf = (program: Guest) => portsOf(program, new MemoryStreams({})).program;
const kilobytes = (pages: number): string => `${pages * 4}K`;

/** A little more than the tables of the scheme, so that pages have to go. */
function tightMemory(least: number): string {
  return kilobytes(least + 6);
}

describe.each(pagingSchemes.map(({ name }) => name))('%s', (translation) => {
  it.each(programs)('runs $path as sv39 does, with memory to spare and without', async (program) => {
    const expected = await runGuest(program, {});
    const roomy = await runGuest(program, { translation });
    expect([roomy.output, roomy.status]).toEqual([expected.output, expected.status]);
    const { leastMemory } = roomy.report;
    const tight = await runGuest(program, { translation, memory: tightMemory(leastMemory!.frames) });
    expect([tight.output, tight.status]).toEqual([expected.output, expected.status]);
  });
});

/** Each has its own way through the tables, and the TLB sees the same pages in the same order. */
describe('a look-up', () => {
  const program = guest('sort', '4000', 'heap');
  const tlb = '8x2:lru';

  it('misses as often whoever refills, and reads what the scheme says', async () => {
    const hardware = await runGuest(program, { tlb });
    const misses = hardware.report.tlb!.instructions.misses + hardware.report.tlb!.data.misses;
    const walked = (levels: number, loads: number) => {
      // A walk for a page that was never there ends early.
      expect(loads).toBeLessThanOrEqual(misses * levels);
      expect(loads).toBeGreaterThan(misses * levels - 50 * levels);
    };
    walked(3, hardware.report.walks.loads);
    const levels = { sv48: 4, 'two-level': 2, 'x86-64': 4, linear: 1 } as const;
    for (const [translation, count] of Object.entries(levels)) {
      const { report } = await runGuest(program, { translation, tlb });
      const found = report.tlb!.instructions.misses + report.tlb!.data.misses;
      expect([translation, found]).toEqual([translation, misses]);
      walked(count, report.walks.loads);
    }
    const software = await runGuest(program, { refill: 'software', tlb });
    expect(software.report.refills).toMatchObject({ misses, byHandler: 0 });
    expect(software.report.walks.loads).toBe(hardware.report.walks.loads);
  });

  it('is spared on the retry when the handler of the fault puts the entry in', async () => {
    const retry = await runGuest(program, { refill: 'software', tlb });
    const handler = await runGuest(program, { refill: 'software:handler', tlb });
    const { misses, byHandler } = handler.report.refills!;
    expect(byHandler).toBeGreaterThan(0);
    expect(misses).toBe(retry.report.refills!.misses - byHandler);
    expect(handler.output).toEqual(retry.output);
  });
});

/** Five programs at once on little memory for pages, each under a scheme of its own. */
describe('side by side', () => {
  const own = ['linear', 'hybrid', 'inverted:scan', 'inverted', 'hashed', 'vax', 'two-level', 'sv39'];
  it.each([
    ['in this order', own],
    ['the other way round', [...own].reverse()],
  ])('schemes keep out of each other, %s', async (_order, schemes) => {
    const program = (translation: string) => ({
      ...programOf(guest('sparse', '512M', '60', 'spread', '3')),
      translation,
    });
    const [first, ...others] = schemes.map(program);
    const streams = new MemoryStreams({});
    const translation = { translation: 'sv39', translations: schemes.filter((name) => name !== 'sv39') };
    const config = systemConfig({ swap: 'memory,64M', frames: 60, ...translation });
    const files = { files: new MemoryFiles(), stores: { file: undefined, temporary: undefined } };
    const ports = { ...files, streams, turn: () => Promise.resolve() };
    const system = createSystem(config, { ...ports, program: first!, others });
    await system.run();
    system.checkInvariants();
    const alone = await runGuest(guest('sparse', '512M', '60', 'spread', '3'), {});
    expect(streams.text(1)).toBe(Buffer.from(alone.output).toString().repeat(schemes.length));
    expect(system.report().evictions.dirty).toBeGreaterThan(40);
  });
});

describe('schemes without pages', () => {
  it.each([
    'base-bounds',
    'segmented',
  ])('%s runs programs as sv39 does, moved or not', async (translation) => {
    for (const program of programs) {
      const expected = await runGuest(program, {});
      const placed = await runGuest(program, { translation });
      expect([placed.output, placed.status]).toEqual([expected.output, expected.status]);
      const moved = await runGuest(program, { translation, moveEvery: '1ms', memory: '8M' });
      expect([moved.output, moved.status]).toEqual([expected.output, expected.status]);
    }
  });

  it('relocated runs what is position-independent, and nothing else', async () => {
    const expected = await runGuest(guest('hello-pie'), {});
    const placed = await runGuest(guest('hello-pie'), { translation: 'relocated', swap: undefined });
    expect([placed.output, placed.status]).toEqual([expected.output, expected.status]);
    await expect(runGuest(guest('hello'), { translation: 'relocated', swap: undefined })).rejects.toThrow(
      /hello/,
    );
  });
});

describe('what can not be had', () => {
  it.each<[SystemOptions, RegExp]>([
    [{ translation: 'sv57' }, /^--translation: unknown 'sv57'; known: sv39, .*relocated$/],
    [
      { translation: 'hashed', refill: 'hardware' },
      /^--refill: the hardware walks the tables of sv39 or sv48/,
    ],
    [{ translation: 'hashed', tlb: 'none' }, /^--tlb: none can't be refilled by software: there is no TLB/],
    [{ translation: 'inverted', pageTables: 'pageable' }, /^--page-tables: pageable tables are those of one/],
    [{ translation: { indexBits: [9, 9] }, refill: 'maybe' }, /^--refill: unknown 'maybe'; give hardware/],
    [{ translation: { indexBits: [12, 9] } }, /^--translation: a table has to fit into a page/],
    [
      { translation: { indexBits: [9, 9], offsetBits: 14 } },
      /^--translation: pages of 2\^14 bytes are not run/,
    ],
    [{ translation: { indexBits: [4] } }, /^--translation: the widths add up to 16 bits/],
    [{ translation: 'base-bounds', replacement: 'lru' }, /^--replacement: not under base-bounds/],
    [{ segments: 4 }, /^--segments: only for/],
    [{ translation: '__proto__' }, /^--translation: unknown '__proto__'; known: sv39, /],
    [{ translation: { indexBits: [] } }, /^--translation: indexBits has to be a list of widths from 1 on/],
    [
      { translation: { indexBits: [9, 0] } },
      /^--translation: indexBits has to be a list of widths from 1 on/,
    ],
    [
      { translation: { indexBits: [9, 2.5] } },
      /^--translation: indexBits has to be a list of widths from 1 on/,
    ],
    [
      { translation: { indexBits: [9, 9, 9, 9, 9] } },
      /^--translation: the widths add up to 57 bits; addresses have at most 48/,
    ],
    [
      { refill: 'software', tlb: 'unified:2' },
      /^--tlb: .*an instruction may need 4 entries of a set at once/,
    ],
    [{ translation: 'segmented', segments: 3 }, /^--segments: '3' is not 2, 4, 8 or 16/],
    [{ translation: 'segmented', addressBits: 39 }, /^--address-bits: 39 is not 20 to 38/],
    [{ translation: 'segmented', room: '5G' }, /^--room: '5G' is more than 4G/],
    [{ translation: 'segmented', stack: '1' }, /^--stack: '1' is not a whole number of 4K pages/],
    [{ translation: 'relocated', loadAt: '1' }, /^--load-at: '1' is not a whole number of 4K pages/],
    [{ translation: 'base-bounds', frames: 20 }, /^--frames: not under base-bounds/],
    [{ translation: 'base-bounds', moveEvery: '0' }, /^--move-every: '0' is not a time/],
  ])('%j', (options, message) => {
    expect(() => systemConfig(options)).toThrow(message);
  });

  it('a table that memory has no room for', async () => {
    await expect(runGuest(guest('hello'), { translation: 'linear', memory: '1M' })).rejects.toThrow(
      /^--memory/,
    );
  });
});

it('a piece that has no room says how much is enough, and it is', async () => {
  const under = (memory: string) =>
    runGuest(guest('hello'), { translation: 'base-bounds', memory, swap: 'none' });
  const problem: Error = await under('64K').then(
    () => expect.fail('64K are too little'),
    (error: Error) => error,
  );
  const [, enough] = /^--memory 64K: too small for this program, which needs (\d+)K or more$/.exec(
    problem.message,
  )!;
  expect((await under(`${enough}K`)).status).toBe(0);
  await expect(under(`${Number(enough) - 4}K`)).rejects.toThrow(/too small/);
});

it('tables of a geometry of the user’s own translate', async () => {
  const program = guest('sort', '4000', 'merge');
  const expected = await runGuest(program, {});
  for (const indexBits of [
    [6, 7, 9],
    [3, 3, 3, 3, 3, 3],
    [9, 9],
  ]) {
    const own = await runGuest(program, { translation: { indexBits } });
    expect(own.output).toEqual(expected.output);
  }
});
