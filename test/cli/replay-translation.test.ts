/** `pagewalk replay` and `compare` under translation schemes: figures of the notes, and mistakes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replayComparisonSchema } from '../../src/report/compare-replay-schema.ts';
import { replayReportSchema } from '../../src/report/replay-schema.ts';
import { inTemporaryDirectory, pagewalk } from './cli.ts';

/** What is printed for a trace in a file; places are told as of t.txt. */
function forTrace(text: string, command: (path: string) => string[]) {
  let ran: ReturnType<typeof pagewalk> | undefined;
  inTemporaryDirectory((directory) => {
    const path = join(directory, 't.txt');
    writeFileSync(path, text);
    ran = pagewalk(command(path));
    ran = { ...ran, error: ran.error.replaceAll(path, 't.txt') };
  });
  return ran!;
}

/** 2 MiB in steps of 256 bytes. */
const megabytes = `${Array.from({ length: 8192 }, (_, i) => ` L ${(i * 256).toString(16)},8`).join('\n')}\n`;

// The lecture: pages of 64 KiB, 4 KiB and 256 B in 32 bits; mapping 2 MiB takes so many, and tables have so many bytes.
it("has the notes' tables and pages for 2 MiB in 32 bits", () => {
  const { out, status } = forTrace(megabytes, (path) => [
    'compare',
    '--page-size',
    '64K,4K,256',
    '--translation',
    'linear',
    '--tlb',
    '64x4',
    '--json',
    path,
  ]);
  expect(status).toBe(0);
  const { rows } = replayComparisonSchema.parse(JSON.parse(out));
  expect(rows.map(({ pages, tables }) => [pages, tables.peakBytes])).toEqual([
    [32, 256 * 1024],
    [512, 4 * 1024 ** 2],
    [8192, 64 * 1024 ** 2],
  ]);
  // Every page is new: it is missed, faults, and is missed again.
  expect(rows.map(({ misses }) => misses)).toEqual([64, 1024, 16_384]);
  expect(rows.map(({ unusedBytes }) => unusedBytes)).toEqual([0, 0, 0]);
});

it('replays addresses of 48 bits, and an inverted table of 16 GiB', () => {
  const { out, status } = forTrace('I  7ffe12345678,4\n L 04000000,8\n S 04000008,8\n', (path) => [
    ...['replay', path, '--memory', '16G', '--translation', 'x86-64,inverted', '--tlb', '16x4', '--json'],
  ]);
  expect(status).toBe(0);
  const [x86, inverted] = replayReportSchema.parse(JSON.parse(out)).translation!;
  // Two faults with a load each, as only the root is there; two walks of four loads; one to set the dirty bit.
  expect(x86).toMatchObject({
    misses: 4,
    walks: { count: 5, loads: 14, dirty: 1 },
    tables: { peakBytes: 7 * 4096 },
  });
  // 2^22 entries of 16 bytes, and as many anchors of 4.
  expect(inverted!.tables.peakBytes).toBe(2 ** 22 * 20);
});

it('takes a geometry with pages of its own, of which no machine is made', () => {
  inTemporaryDirectory((directory) => {
    const path = join(directory, 'g.json');
    writeFileSync(
      path,
      JSON.stringify({ name: 'mine', indexBits: [6, 10, 16], offsetBits: 16, entryBytes: 8 }),
    );
    const { out } = pagewalk(['replay', '--references', '0 1 70000', '--translation', path, '--json']);
    const [mine] = replayReportSchema.parse(JSON.parse(out)).translation!;
    expect(mine).toMatchObject({ scheme: 'mine', widths: [6, 10, 16, 16], misses: 6 });
    expect(mine!.tables.levels.map(({ tableBytes, peak }) => [tableBytes, peak])).toEqual([
      [4096, 1],
      [8192, 1],
      [524_288, 2],
    ]);
  });
});

it.each([
  [
    ['--translation', 'two-level'],
    /^pagewalk: t\.txt:2: address 0x7ffe12345000 lies outside of the 32 bits of two-level; it fits sv48, inverted, .*x86-64\n$/,
  ],
  [['--translation', 'nope'], /^pagewalk: --translation: unknown 'nope'; known: sv39, .*\n$/],
  [['--tlb', '64x4'], /^pagewalk: --tlb: needs --translation.*\n$/],
  [['--translation', 'sv48', '--tlb', '64x3'], /^pagewalk: --tlb: 64 entries in 3 ways .*\n$/],
  [
    ['--translation', 'sv48', '--tlb', '64x4+super=8'],
    /^pagewalk: --tlb: a replay has pages of one size.*\n$/,
  ],
  [['--translation', 'sv48', '--asids', '1'], /^pagewalk: --asids: '1' is no number .*\n$/],
  [
    ['--translation', 'two-level', '--page-size', '2G'],
    /^pagewalk: t\.txt:2: address .* lies outside of .*\n$/,
  ],
] as const)('replay %j is a mistake', (flags, message) => {
  const { status, error, out } = forTrace(' L 04000000,8\n L 7ffe12345678,8\n', (path) => [
    'replay',
    path,
    ...flags,
  ]);
  expect(error).toMatch(message);
  expect([status, out]).toEqual([2, '']);
});
