/** `translate` under configurations: worked examples of the notes and the book, figures, ranges, reports. */
import { describe, expect, it } from 'vitest';
import { translateDescriptionSchema, translateReportSchema } from '../../src/report/translate-schema.ts';
import { translateDescriptionText, translateText } from '../../src/report/translate-text.ts';
import { describeScheme, type Request, translateAll } from '../../src/system/translate.ts';
import { build, example, names } from './examples.ts';

/** Physical address, or the rule of the fault; and the physical addresses of the loads. */
function answer(value: unknown, address: number, access: Request['access'] = 'load') {
  const one = translateAll(build(value), [{ address, access }]).translations[0]!;
  expect(one.shown.length).toBe(one.loads);
  return { to: one.physical ?? one.fault!.rule, loads: one.shown.map((load) => load.address), one };
}

const figure = (value: unknown, name: string): number =>
  describeScheme(build(value)).figures.find((one) => one.name === name)!.value;

const K = 1024;
const M = K * K;

describe('worked examples', () => {
  // Each address, access, physical address or rule, and addresses of the loads, worked out by hand.
  it.each<[string, number, Request['access'], number | string, number[]]>([
    // Base 32 KiB, bounds 16 KiB: 1000 → 33768.
    ['base-bounds', 1000, 'load', 33_768, []],
    ['base-bounds', 16_383, 'store', 49_151, []],
    // Segment 0: 32 KiB + 100. Segment 1: 4200 - 4096 = 104, 34 KiB + 104 = 34920. Segment 3: 15 KiB is 1 KiB below
    // the end, 28 KiB - 1 KiB.
    ['segments', 100, 'fetch', 32_868, []],
    ['segments', 4200, 'load', 34_920, []],
    ['segments', 15 * K, 'store', 27 * K, []],
    ['segments', 7 * K, 'load', 'segment size', []],
    ['segments', 100, 'store', 'permission', []],
    ['segments', 8 * K, 'load', 'segment', []],
    // Shared memory: segment 1 executes it, segment 6 reads it.
    ['segments-fine', 0x1010, 'fetch', 0x4010, []],
    ['segments-fine', 0x6010, 'load', 0x4010, []],
    ['segments-fine', 0x6010, 'fetch', 'permission', []],
    // The book's 21 = page 1, offset 5: frame 7, 7 * 16 + 5 = 117. Entry 1 lies at byte 4.
    ['linear', 21, 'load', 117, [4]],
    ['linear', 63, 'load', 2 * 16 + 15, [12]],
    // Page 0x400 = 1024, entry at 16 MiB + 4096.
    ['linear-32', 0x0040_0004, 'store', 512 * 4096 + 4, [16 * M + 4096]],
    ['linear-32', 0, 'load', 'valid', [16 * M]],
    // Segment 1 has the first 3 entries of 4 bytes, segment 2 five, segment 3 two from its end on.
    ['hybrid', 0x4000_2abc, 'fetch', 18 * 4096 + 0xabc, [8]],
    ['hybrid', 0x8000_4000, 'load', 40 * 4096, [12 + 16]],
    ['hybrid', 0x8000_2000, 'load', 'valid', [12 + 8]],
    ['hybrid', 0x8000_5000, 'load', 'table length', []],
    ['hybrid', 0xffff_ffff, 'load', 49 * 4096 + 4095, [32]],
    ['hybrid', 0xffff_e000, 'load', 48 * 4096, [36]],
    ['hybrid', 0x0000_0000, 'load', 'segment', []],
    // The system table at 0x100: entries of 4 bytes. 0x11 is in page 0 of S, frame 1; 0x402 = 1026 is entry 2 of page 1.
    ['vax', 0x0001_1004, 'fetch', 17 * 4096 + 4, [0x100, 4096 + 0x11 * 4]],
    ['vax', 0x0040_3010, 'store', 25 * 4096 + 16, [0x104, 2 * 4096 + 3 * 4]],
    // P0 has 4096 entries, 4 pages of S. Of page 2 nothing is mapped; page 3, where 0xc00 = 3072 is, is in swap.
    ['vax', 0x0080_0000, 'load', 'table page', [0x108]],
    ['vax', 0x00c0_0000, 'load', 'table page', [0x10c]],
    ['vax', 0x0100_0000, 'load', 'table length', []],
    // P1 has its last three pages but one: P1's table is page 4 of S, and 0x7fffd its entry 1021.
    ['vax', 0x7fff_d123, 'load', 48 * 4096 + 0x123, [0x110, 4 * 4096 + 1021 * 4]],
    ['vax', 0x7fff_f000, 'load', 'valid', [0x110, 4 * 4096 + 1023 * 4]],
    ['vax', 0x7fff_c000, 'load', 'table length', []],
    ['vax', 0x8000_1000, 'load', 'user page', [0x104]],
    ['vax', 0xc000_0000, 'load', 'segment', []],
    // Frame 5 is found after the entries 0 to 5; space 2's page in frame 9 is not meant.
    ['inverted', 0x0040_0010, 'load', 5 * 4096 + 16, [0, 16, 32, 48, 64, 80]],
    // Directory in frame 99 of 64 bytes: 0x3f80 = 15 / 14 / 0. 99 * 64 + 60 = 6396, 101 * 64 + 56 = 6520; frame 55.
    ['multi-level', 0x3f80, 'load', 0x0dc0, [6396, 6520]],
    ['multi-level', 0x0000, 'fetch', 640, [99 * 64, 100 * 64]],
    ['multi-level', 0x0400, 'load', 'valid', [99 * 64 + 4]],
    // 0x00400000 = 1 / 0 / 0: root in frame 1, its entry 1; then the table in frame 2.
    ['two-level', 0x0040_0123, 'fetch', 16 * 4096 + 0x123, [4096 + 4, 2 * 4096]],
    ['two-level', 0x007f_f000, 'load', 32 * 4096, [4096 + 4, 2 * 4096 + 4092]],
    ['two-level', 0x0040_2000, 'load', 'valid', [4096 + 4, 2 * 4096 + 8]],
    ['two-level', 0x0080_0000, 'load', 'valid', [4096 + 8]],
    ['two-level', 0x0040_0123, 'store', 'permission', [4096 + 4, 2 * 4096]],
    // 0x10000 = 0 / 0 / 16. 0x200000 = 0 / 1: a large page, two loads.
    ['sv39', 0x1_0008, 'load', 16 * 4096 + 8, [4096, 8192, 12_288 + 128]],
    ['sv39', 0x21_2345, 'store', 512 * 4096 + 0x1_2345, [4096, 8192 + 8]],
    ['sv39', 0x1_2000, 'load', 'user page', [4096, 8192, 12_288 + 144]],
    ['sv39', 2 ** 38, 'load', 'canonical address', []],
    ['sv48', 0x1_0000, 'load', 16 * 4096, [4096, 2 * 4096, 3 * 4096, 4 * 4096 + 128]],
    // 0x7ffffffff000 = 255 / 511 / 511 / 511.
    [
      'sv48',
      0x7fff_ffff_f001,
      'load',
      18 * 4096 + 1,
      [4096 + 2040, 5 * 4096 + 4088, 6 * 4096 + 4088, 7 * 4096 + 4088],
    ],
    // 0x400000 = 0 / 0 / 2 / 0 and 0x600000 = 0 / 0 / 3 / 0.
    ['x86-64', 0x40_0000, 'fetch', 16 * 4096, [4096, 2 * 4096, 3 * 4096 + 16, 4 * 4096]],
    ['x86-64', 0x60_0000, 'fetch', 'permission', [4096, 2 * 4096, 3 * 4096 + 24, 5 * 4096]],
    ['x86-64', 0x40_0000, 'store', 'permission', [4096, 2 * 4096, 3 * 4096 + 16, 4 * 4096]],
  ])('%s: %i (%s)', (name, address, access, to, loads) => {
    const found = answer(example(name), address, access);
    expect(found.to).toBe(to);
    expect(found.loads).toEqual(loads);
  });

  it('find the same page of two spaces in different frames', () => {
    for (const name of ['inverted', 'inverted-hash', 'hashed']) {
      const frames = { inverted: [5, 9], 'inverted-hash': [5, 25], hashed: [16, 65] }[name];
      for (const [i, space] of [1, 2].entries())
        expect(answer({ ...example(name), space }, 0x40_0000).to).toBe(frames![i]! * 4096);
      expect(answer({ ...example(name), space: 3 }, 0x40_0000).to).toBe('no entry');
    }
  });

  it('show what was read', () => {
    const { one } = answer(example('two-level'), 0x40_0123);
    expect(one.fields).toEqual([
      { name: 'index 1', bits: 10, value: 1 },
      { name: 'index 0', bits: 10, value: 0 },
      { name: 'offset', bits: 12, value: 0x123 },
    ]);
    // A pointer to frame 2: 2 << 10 | V. A page in frame 16, r-x: 16 << 10 | U X R V = 0x1b.
    expect(one.shown.map(({ what, index, value, meaning }) => [what, index, value, meaning])).toEqual([
      ['table entry', 1, '0x00000801', 'table in frame 2'],
      ['page entry', 0, '0x0000401b', 'frame 16, r-x'],
    ]);
  });

  it('take an entry bit by bit', () => {
    const raw = { ...example('linear'), entries: ['0x0', '0x1c17', '0xf2', '0x1cd7'] };
    expect(answer(raw, 0).to).toBe('valid');
    expect(answer(raw, 16).to).toBe(7 * 16);
    expect(answer(raw, 32).one.shown[0]!.meaning).toBe("not valid; the other bits are the kernel's");
    expect(answer(raw, 48).one.shown[0]!.meaning).toBe('frame 7, rw-, referenced, dirty');
  });
});

describe('figures of the notes', () => {
  it.each([
    [16, 256 * K, 32],
    [12, 4 * M, 512],
    [8, 64 * M, 8192],
  ])('a linear table with pages of 2^%i', (offsetBits, bytes, pages) => {
    const config = { scheme: 'linear', offsetBits };
    expect(figure(config, 'page table')).toBe(bytes);
    expect(figure(config, 'pages that 2M takes')).toBe(pages);
    expect(figure(config, 'tables of 100 processes')).toBe(100 * bytes);
  });

  it('a hundred linear tables take a tenth of 4 GiB', () => {
    const { figures } = describeScheme(build(example('linear-32')));
    expect(figures.find(({ name }) => name === 'tables of 100 processes')).toMatchObject({
      value: 400 * M,
      note: 'each has one; 9.8 % of memory',
    });
  });

  it('an inverted table of 16 GiB', () => {
    expect(figure(example('inverted-16g'), 'frames')).toBe(4 * M);
    expect(figure(example('inverted-16g'), 'table')).toBe(16 * M);
  });

  it("tables in virtual memory take a page where anything is mapped, and an entry of the system's for each page", () => {
    expect(figure(example('vax'), 'pages of S')).toBe(4 + 1);
    expect(figure(example('vax'), 'system table')).toBe(5 * 4);
    expect(figure(example('vax'), 'pages of tables')).toBe(4);
    expect(figure(example('vax'), 'table of a whole region')).toBe(M);
  });

  it('a hybrid table takes what its segments have', () => {
    expect(figure(example('hybrid'), 'tables of all segments')).toBe((3 + 5 + 2) * 4);
    expect(figure(example('hybrid'), 'a linear table')).toBe(4 * M);
  });

  it('two levels take tables for what is used', () => {
    // Entries 1, 3 and 1023 of the root have a table each.
    expect(figure(example('two-level'), 'tables here')).toBe(4);
    expect(figure(example('two-level'), 'tables of 100 processes')).toBe(100 * 4 * 4096);
  });

  it('chains of a hashed table', () => {
    expect(figure(example('hashed'), 'load factor')).toBe(1);
    expect(figure({ ...example('hashed'), buckets: 1 }, 'longest chain')).toBe(8);
    // One bucket and a chain of 8: the entry in place k takes 1 + k loads; on average 5.5.
    expect(figure({ ...example('hashed'), buckets: 1 }, 'loads to find a page')).toBe(5.5);
  });

  it('holes between segments', () => {
    // 0 to 26 KiB, 28 to 32 KiB, and from 37 KiB on.
    expect(figure(example('segments'), 'holes')).toBe(3);
    expect(figure(example('segments'), 'largest hole')).toBe(27 * K);
    expect(figure(example('segments'), 'free memory')).toBe(57 * K);
  });
});

describe('ranges', () => {
  it('of valid root entries, and what the others leave out', () => {
    const { ranges } = describeScheme(build(example('two-level-root')));
    expect(ranges.map(({ by, from, to, state }) => [by || state, from, to])).toEqual([
      ['not mapped', 0, 0x003f_ffff],
      ['entry 1', 0x0040_0000, 0x007f_ffff],
      ['entry 2', 0x0080_0000, 0x00bf_ffff],
      ['not mapped', 0x00c0_0000, 0x7fff_ffff],
      ['entry 512', 0x8000_0000, 0x803f_ffff],
      ['not mapped', 0x8040_0000, 0xffbf_ffff],
      ['entry 1023', 0xffc0_0000, 0xffff_ffff],
    ]);
  });

  it.each(names)('of %s are whole, and runs are what translates', (file) => {
    const built = build(example(file.replace('.json', '')));
    const { ranges } = describeScheme(built);
    let next = 0;
    for (const { from, to } of ranges) {
      expect(from).toBe(next);
      next = to + 1;
    }
    expect(next).toBe(2 ** built.scheme.addressBits);
    const isMapped = (address: number): boolean =>
      (['load', 'store', 'fetch'] as const).some(
        (access) => translateAll(built, [{ address, access }]).translations[0]!.fault === null,
      );
    const runs = built.runs();
    const isBegun = (address: number) => runs.some(({ from }) => from === address);
    const isEnded = (address: number) => runs.some(({ from, bytes }) => from + bytes === address);
    for (const { from, bytes } of runs) {
      expect(isMapped(from) || file === 'sv39.json').toBe(true);
      expect(isMapped(from + bytes - 1) || file === 'sv39.json').toBe(true);
      if (from > 0 && !isEnded(from)) expect(isMapped(from - 1)).toBe(false);
      if (from + bytes < next && !isBegun(from + bytes)) expect(isMapped(from + bytes)).toBe(false);
    }
  });
});

describe('reports', () => {
  it.each(names)('of %s hold their schemas, and have a text', (file) => {
    const built = build(example(file.replace('.json', '')));
    const description = describeScheme(built);
    expect(translateDescriptionSchema.parse(description)).toEqual(description);
    const requests = built.runs().flatMap(({ from, bytes }) => [from, from + bytes - 1]);
    const report = translateAll(
      built,
      requests.map((address) => ({ address, access: 'load' as const })),
    );
    expect(translateReportSchema.parse(report)).toEqual(report);
    expect(translateDescriptionText(description) + translateText(report)).not.toMatch(
      /undefined|NaN|\[object/,
    );
  });
});
