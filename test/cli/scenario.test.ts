/** `pagewalk scenario`: the shipped experiments make their point, and mistakes in files are named. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ScenarioReport, scenarioReportSchema } from '../../src/report/scenario-schema.ts';
import { scenarioPlot } from '../../src/report/scenario-text.ts';
import { valueAt } from '../../src/report/scenario-values.ts';
import { runReportSchema } from '../../src/report/schema.ts';
import { inTemporaryDirectory, pagewalk, program, repository } from './cli.ts';

const names = readdirSync(join(repository, 'scenarios')).map((file) => file.replace(/\.json$/, ''));

const mine = {
  title: 'Two policies',
  point: 'One is better.',
  base: { frames: 24, programs: [{ run: [program('scan'), 'cyclic', '40', '10'] }] },
  axes: [
    {
      name: 'policy',
      values: ['lru', 'mru'].map((replacement) => ({ name: replacement, with: { replacement } })),
    },
  ],
  columns: [
    { name: 'faults', value: 'faults.total' },
    { name: 'a fault each', value: 'time.total', per: ['faults.major', 'faults.cases.none'], as: 'time' },
  ],
};

function scenario(file: unknown, ...flags: string[]) {
  let ran: ReturnType<typeof pagewalk> | undefined;
  inTemporaryDirectory((directory) => {
    const path = join(directory, 'mine.json');
    writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file));
    ran = pagewalk(['scenario', path, ...flags]);
    ran = { ...ran, error: ran.error.replaceAll(path, 'mine.json') };
  });
  return ran!;
}

it('lists those that are shipped', () => {
  const { out, status } = pagewalk(['scenario']);
  expect(status).toBe(0);
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(names.toSorted());
});

/** Rows of a shipped scenario: names, and values by column. */
function rowsOf(name: string): { names: string[]; values: Record<string, number> }[] {
  const { status, out } = pagewalk(['scenario', name, '--json']);
  expect(status).toBe(0);
  const { columns, rows } = JSON.parse(out) as ScenarioReport;
  return rows.map(({ names: named, values }) => ({
    names: named,
    values: Object.fromEntries(columns.map((column, i) => [column.name, values[i]!])),
  }));
}
const column = (rows: ReturnType<typeof rowsOf>, name: string): number[] =>
  rows.map(({ values }) => values[name]!);

describe('what is shipped makes its point:', () => {
  it('no-execute stops bytes on the stack, and not returns into code', () => {
    expect(column(rowsOf('overflow'), 'status')).toEqual([42, 139, 42, 42]);
  });

  it('together, one computes while the other waits', () => {
    const [apart, together] = column(rowsOf('overlap'), 'time');
    expect(together!).toBeLessThan(0.75 * apart!);
  });

  it('copy-on-write copies a few pages where eager forks copy all', () => {
    const rows = rowsOf('sharing');
    const [atOnce, none] = column(rows, 'copied at once');
    // Eight children, each with the 256 pages of the heap at least.
    expect(atOnce).toBeGreaterThanOrEqual(8 * 256);
    expect(none).toBe(0);
    const [, later] = column(rows, 'copied later');
    expect(later).toBeLessThan(8 * 16);
  });

  it('traps take the place of a dirty bit, and the same pages are written', () => {
    const [hardware, traps] = rowsOf('dirty-bits').map(({ values }) => values);
    expect(traps!['pages written']).toBe(hardware!['pages written']);
    expect(traps!['first writes']).toBeGreaterThan(0);
    expect(traps!['walks to set a bit']).toBe(0);
    expect(traps!.faults).toBe(hardware!.faults! + traps!['first writes']! + traps!['first uses']!);
  });

  it('the longer second-chance lists, the nearer to LRU', () => {
    const faults = column(rowsOf('second-chance'), 'faults with transfer');
    const [fifo, all] = faults;
    expect(all).toBe(fifo);
    expect(faults.at(-2)).toBe(faults.at(-1));
  });

  it('without enough swap a program is killed; with more, locality decides', () => {
    const rows = rowsOf('swap-size');
    expect(column(rows, 'status')).toEqual([137, 137, 137, 0, 0, 137, 137, 137, 0, 0]);
    const times = column(rows, 'time');
    expect(times[8]! / times[3]!).toBeGreaterThan(3);
  });

  it('tables that may go to swap make a sparse program fit, and a dense one is none the worse', () => {
    const rows = rowsOf('page-tables');
    // Root, three tables in the middle, 202 leaves, or four of them; four pages.
    const [needed, , , denseNeeded, ...less] = column(rows, 'frames needed');
    expect(needed).toBe(1 + 3 + 202 + 4);
    expect(column(rows, 'frames needed').slice(1, 3)).toEqual([12, 12]);
    expect(less).toEqual([denseNeeded, denseNeeded]);
    const [, , tight, resident, pageable] = rows.map(({ values }) => values);
    // In 64 frames.
    expect(tight!['tables in swap at most']).toBeGreaterThan(200 - 64);
    expect(pageable!.time! / resident!.time!).toBeLessThan(1.02);
  });

  it('tables in virtual memory take a frame where pages are, and under pressure less', () => {
    const rows = rowsOf('system-tables');
    // 1M: 8 frames of the system table; tables for the program, the stack and 512 MiB; four pages, or with their tables.
    // 256K has 2 frames of the system table.
    expect(column(rows, 'frames needed').slice(2)).toEqual([8 + 130 + 4, 8 + 8, 2 + 8]);
    const [hybrid, twoLevel, vax, , tight] = rows.map(({ values }) => values);
    expect(vax!['bytes of tables']!).toBeLessThan(twoLevel!['bytes of tables']!);
    expect(vax!['bytes of tables']!).toBeLessThan(hybrid!['bytes of tables']!);
    expect([vax!.evicted, vax!['read back']]).toEqual([0, 0]);
    expect(tight!['read back']!).toBeGreaterThan(200);
    expect(tight!['in swap at most']!).toBeGreaterThan(130 - 64);
  });

  it('clusters and read-ahead save seeks', () => {
    const seeks = column(rowsOf('disk'), 'seeks');
    expect(seeks[3]!).toBeLessThan(seeks[0]! / 10);
    expect(seeks[7]!).toBeLessThan(seeks[4]! / 10);
  });

  it('flushing at a change of spaces costs the more the shorter the quantum is, and identifiers nothing', () => {
    const rows = rowsOf('asids');
    const [misses, flushes, dropped] = ['TLB misses', 'flushes', 'entries dropped'].map((name) =>
      column(rows, name),
    );
    // None, two and sixteen identifiers, each at 50, 200, 1000 and 10000 us.
    expect(misses!.slice(0, 3)).toEqual(misses!.slice(0, 3).toSorted((a, b) => b - a));
    expect(misses![0]!).toBeGreaterThan(10 * misses![2]!);
    for (const at of [0, 1, 2, 3]) {
      expect(misses![at]!).toBeGreaterThan(misses![4 + at]!);
      expect(misses![4 + at]!).toBeGreaterThan(misses![8 + at]!);
      expect([flushes![8 + at], dropped![8 + at]]).toEqual([0, 0]);
    }
    // Nothing is missed for another program's sake.
    expect(new Set(misses!.slice(8)).size).toBe(1);
    const time = column(rows, 'time');
    expect(time[0]! / time[8]!).toBeGreaterThan(1.1);
    expect(time[3]! / time[11]!).toBeLessThan(1.01);
  });

  it('one page more than the TLB has entries: LRU and FIFO miss always, random seldom', () => {
    const rows = rowsOf('tlb-loop');
    const found = (replacement: string) =>
      new Map(
        rows
          .filter(({ names }) => names[0] === replacement)
          .map(({ names, values }) => [Number(names[1]), values['data TLB misses']!]),
      );
    // 400 rounds over n pages, after they were written; and a few misses at start and end.
    const few = 60;
    for (const replacement of ['lru', 'fifo']) {
      expect(found(replacement).get(16)).toBeLessThan(few);
      for (const pages of [17, 18, 20, 24])
        expect(Math.abs(found(replacement).get(pages)! - 401 * pages)).toBeLessThan(few);
    }
    expect(found('random').get(17)).toBeLessThan((401 * 17) / 5);
    expect(found('random').get(17)).toBeGreaterThan(401);
  });

  it('a walk misses once a page, whatever its stride, or at each load from a page on', () => {
    const misses = column(rowsOf('stride'), 'data TLB misses');
    // 32 pages in 16 entries: each round over the array, and the one that writes it, misses each page.
    [2, 8, 32, 128, 512, 2048].forEach((rounds, at) => {
      expect(misses[at]! - 32 * (rounds + 1)).toBeGreaterThanOrEqual(0);
      expect(misses[at]! - 32 * (rounds + 1)).toBeLessThan(60);
    });
    // In 64 entries the first round is the only one; first touches are looked up twice.
    for (const in64 of misses.slice(6)) expect(in64).toBeLessThan(2 * 32 + 20);
  });

  it('software takes a trap for each miss that hardware walks for, fewer if fault handlers fill', () => {
    const [hardware, software, handler] = rowsOf('refill').map(({ values }) => values);
    expect(hardware!['refill traps']).toBe(0);
    expect(software!['TLB misses']).toBe(hardware!['TLB misses']);
    expect(software!['refill traps']).toBe(software!['TLB misses']);
    expect(handler!['TLB misses']! + handler!['by fault handlers']!).toBe(software!['TLB misses']);
    expect(software!.time).toBeGreaterThan(hardware!.time!);
    expect(handler!.time).toBeLessThan(software!.time!);
  });

  it('misses are of the class that each program is made for', () => {
    const rows = rowsOf('miss-classes');
    const [misses, compulsory, capacity, conflict, flushed] = [
      'data TLB misses',
      'compulsory',
      'capacity',
      'conflict',
      'after a flush',
    ].map((name) => column(rows, name)) as [number[], number[], number[], number[], number[]];
    // Three programs, each with one way, two, four, and as many as there are entries.
    const sums = misses.map((_, i) => compulsory[i]! + capacity[i]! + conflict[i]! + flushed[i]!);
    expect(sums).toEqual(misses);
    expect(capacity[3]!).toBeGreaterThanOrEqual(24 * 100);
    expect(conflict[4]!).toBeGreaterThanOrEqual(8 * 300);
    expect(capacity.slice(4, 8)).toEqual([0, 0, 0, 0]);
    expect(flushed[11]!).toBeGreaterThan(10 * (compulsory[11]! + capacity[11]!));
    for (const fullyAssociative of [3, 7, 11]) expect(conflict[fullyAssociative]).toBe(0);
    expect(flushed.slice(0, 8)).toEqual(Array(8).fill(0));
  });

  it('superpages reach an array, fill what a sparse program leaves out, and have it written to swap', () => {
    const rows = rowsOf('superpages');
    const misses = column(rows, 'data TLB misses');
    // 20 rounds of 2,048 pages, and of 1,024.
    for (const [row, pages] of [2048, 1024, 1024].entries()) {
      expect(misses[3 * row]!).toBeGreaterThanOrEqual(20 * pages);
      expect(misses[3 * row + 1]!).toBeGreaterThanOrEqual(20 * pages);
    }
    expect(misses[2]!).toBeLessThan(20);
    expect(misses[5]!).toBeLessThan(100);
    const frames = column(rows, 'frames at most');
    expect(frames[1]).toBe(frames[0]);
    // Where 1,024 pages are touched 15 times as many are filled beside them.
    expect(frames[4]! - frames[3]!).toBe(15 * 1024);
    expect(column(rows, 'faults')[2]!).toBeLessThan(12);
    const toSwap = column(rows, 'pages to swap');
    expect(toSwap.slice(0, 7)).toEqual(Array(7).fill(0));
    expect(Math.min(toSwap[7]!, toSwap[8]!)).toBeGreaterThan(400);
  });

  it('a page at two addresses is twice in a cache that goes by virtual addresses, and one copy goes stale', () => {
    const rows = rowsOf('cache');
    const found = (name: string) => column(rows, name);
    // Physical, vipt with an index beyond the page and within it, virtual twice; 4K apart, 16K apart, no alias.
    const isDouble = [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0].map((is) => is === 1);
    expect(found('second copies').map((count) => count > 0)).toEqual(isDouble);
    // 16 rounds over the 512 words of the page: each is written through the one and read through the other.
    const words = 16 * 512;
    expect(found('loads of old data')).toEqual(isDouble.map((is) => (is ? words : 0)));
    // The first store to each of 64 lines comes before there is another copy.
    expect(found('stores that leave one').filter((_, i) => i !== 10)).toEqual(
      isDouble.map((is) => (is ? words - 64 : 0)).filter((_, i) => i !== 10),
    );
    // The TLB is asked at each access, or at the few that miss: 1 ns each.
    const [first, , , , late] = found('all accesses take').filter((_, i) => i % 3 === 2);
    expect(first! - late!).toBeGreaterThan(0.95 * found('accesses')[2]!);
  });

  it('pieces that fit into no hole have others moved: worst fit breaks up the large ones, buddy wastes inside', () => {
    const { out } = pagewalk(['scenario', 'fragmentation', '--json']);
    const { rows } = JSON.parse(out) as ScenarioReport;
    const runs = rows.map(({ report }) => runReportSchema.parse(report));
    for (const { processes } of runs) for (const { status } of processes) expect(status).toBe(0);
    const compactions = new Map(rows.map(({ names, values }) => [names[0], values[1]!]));
    const fragmentation = new Map(rows.map(({ names, values }) => [names[0], values[0]!]));
    for (const [i, { segments }] of runs.entries()) {
      const { placement, compactions: made, moves } = segments!;
      expect(placement.fragmented).toBe(made.count);
      // Enough was free each time, in no one hole; then it was in one, unless that has to be a block of buddy's.
      for (const { wanted, free, largestBefore, largestAfter } of made.list) {
        expect([free >= wanted, largestBefore < wanted]).toEqual([true, true]);
        if (rows[i]!.names[0] !== 'buddy') expect(largestAfter).toBeGreaterThanOrEqual(wanted);
      }
      expect(moves.compacted.pages).toBe(rows[i]!.values[2]);
    }
    for (const other of ['first-fit', 'best-fit', 'next-fit', 'segregated']) {
      expect(compactions.get('worst-fit')!).toBeGreaterThan(compactions.get(other)!);
      expect(compactions.get('buddy')!).toBeGreaterThan(compactions.get(other)!);
      expect(fragmentation.get('worst-fit')!).toBeGreaterThan(fragmentation.get(other)!);
    }
    expect(compactions.get('best-fit')!).toBeLessThan(compactions.get('first-fit')!);
    // All but buddy give what is asked for, so that nobody has to leave.
    const left = runs.map(({ segments }) => segments!.rolledOut.pieces > 0);
    expect(left).toEqual([false, false, false, false, false, true]);
  });

  it('a process that moves does the same, and pays for each word', () => {
    const { status, out } = pagewalk(['scenario', 'moving', '--json']);
    expect(status).toBe(0);
    const { identicalOutput, rows } = JSON.parse(out) as ScenarioReport;
    expect(identicalOutput).toBe(true);
    const [moves, pages, moving, time] = [0, 1, 2, 3].map((at) => rows.map(({ values }) => values[at]!));
    expect(moves![0]).toBe(0);
    // Ten times as often, less what the moves themselves take.
    for (const at of [2, 3]) expect(moves![at]!).toBeGreaterThan(7 * moves![at - 1]!);
    // 512 words of a page are loaded and stored, 100 ns each.
    expect(moving).toEqual(pages!.map((count) => count * 512 * 2 * 100));
    expect(time).toEqual(time!.toSorted((a, b) => a - b));
  });

  it('larger pages are missed less and have smaller tables, and more of them is not used', () => {
    const rows = rowsOf('page-sizes');
    for (const program of ['array', 'pieces']) {
      const [first, ...larger] = rows.filter(({ names }) => names[0] === program);
      let before = first!.values;
      for (const { values } of larger) {
        for (const name of ['pages', 'TLB misses', 'walk loads'])
          expect(values[name]).toBeLessThan(before[name]!);
        expect(values['table bytes']).toBeLessThanOrEqual(before['table bytes']!);
        for (const name of ['memory', 'of it not touched'])
          expect(values[name]).toBeGreaterThan(before[name]!);
        before = values;
      }
      expect(before['table bytes']).toBeLessThan(first!.values['table bytes']!);
    }
  });

  it('a scheme is paid for in bytes of tables or in words read, and the program does the same', () => {
    const rows = rowsOf('schemes');
    const of = (name: string) =>
      Object.fromEntries(rows.map(({ names, values }) => [names[0], values[name]!]));
    const [bytes, words] = [of('table bytes'), of('words read')];
    // A space of 32 bits has 2^20 pages, each with an entry of 4 bytes.
    expect(bytes.linear).toBe(2 ** 22);
    // 200 pages, 5 MiB apart: nearly each has a leaf table of 4 KiB.
    expect(Math.abs(bytes['two-level']! / 4096 - 200)).toBeLessThan(10);
    expect(bytes.sv48! - bytes['sv39, by hardware']!).toBe(2 * 4096);
    // An entry of 16 bytes for each of 12,288 frames, and nothing else.
    expect(bytes['inverted:scan']).toBe(12_288 * 16);
    expect(words['sv39, by software']).toBe(words['sv39, by hardware']);
    expect(words['inverted:scan']!).toBeGreaterThan(1000 * words.inverted!);
    const misses = new Set(rows.map(({ names, values }) => (names[0] === 'vax' ? 0 : values['TLB misses'])));
    expect(misses.size).toBe(2);
    expect(new Set(column(rows, 'faults')).size).toBe(1);
  });

  it('an array is missed once while it is in reach', () => {
    for (const { names, values } of rowsOf('reach')) {
      const reach = 4 * Number.parseInt(names[0]!, 10);
      const isInReach = Number(names[1]) <= reach;
      // 20 rounds and the one that writes, each over a quarter of as many pages as there are KiB.
      const missesOfAll = (21 * Number(names[1])) / 4;
      if (isInReach) expect(values['data TLB misses']).toBeLessThan(Number(names[1]) + 20);
      else expect(values['data TLB misses']! - missesOfAll).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('a file of ones own', () => {
  it('gives a table, and the same as data', () => {
    const text = scenario(mine);
    expect(text.status).toBe(0);
    expect(text.out).toMatch(/^Two policies\nOne is better\.\n\npolicy +faults +a fault each\nlru /);
    expect(text.out).toContain('All 2 runs gave the same output.');
    const data = scenario(mine, '--json');
    const report: ScenarioReport = scenarioReportSchema.parse(JSON.parse(data.out));
    const runs = report.rows.map((row) => runReportSchema.parse(row.report));
    const [lru, mru] = runs;
    // A cycle of 40 pages through 24 frames: LRU faults at each of the 10 x 40 uses at least.
    expect(lru!.faults.total).toBeGreaterThan(400);
    expect(mru!.configuration.replacement).toBe('mru');
    expect(mru!.faults.total).not.toBe(lru!.faults.total);
    for (const [i, run] of runs.entries())
      expect(report.rows[i]!.values).toEqual([run.faults.total, run.time.total / run.faults.major]);
  });

  it('fails when outputs differ that should not', () => {
    const different = structuredClone(mine) as typeof mine & { outputs?: string };
    different.axes[0]!.values[1]!.with = { programs: [{ run: [program('hello'), '4'] }] } as never;
    const { status, out } = scenario(different);
    expect(status).toBe(1);
    expect(out).toContain('The runs did NOT all give the same output.');
    expect(scenario({ ...different, outputs: 'free' }).status).toBe(0);
  });

  it.each([
    ['{', /^pagewalk: mine\.json: not JSON: .*\n$/],
    [{ ...mine, colums: [] }, /^pagewalk: mine\.json: colums: unknown key; known: title, point, .*\n$/],
    [{ ...mine, title: '' }, /^pagewalk: mine\.json: title: .*\n$/],
    [{ ...mine, axes: [] }, /^pagewalk: mine\.json: axes: .*\n$/],
    [
      {
        ...mine,
        base: { ...mine.base, replacement: 'none' },
        axes: [{ name: 'x', values: [{ name: 'y', with: {} }] }],
      },
      /^pagewalk: mine\.json: y: replacement: unknown policy 'none'; .*\n$/,
    ],
    [{ ...mine, base: { frames: 9 } }, /^pagewalk: mine\.json: lru: has no programs\n$/],
    [
      { ...mine, base: { programs: [{ run: ['nowhere.elf'] }] } },
      /^pagewalk: mine\.json: nowhere\.elf: no such file.*\n$/,
    ],
    [
      { ...mine, columns: [{ name: 'x', value: 'refills.misses', otherwise: 'none' }] },
      /^pagewalk: mine\.json: columns\.0\.otherwise: .*\n$/,
    ],
    [
      { ...mine, columns: [{ name: 'x', value: 'faults.nowhere.near' }] },
      /^pagewalk: mine\.json: column 'x': faults\.nowhere\.near is no number of a report; see pagewalk schema run\n$/,
    ],
  ])('names the mistake in %j', (file, expected) => {
    const { status, error } = scenario(file);
    expect(error).toMatch(expected);
    expect(status).toBe(2);
  });

  it('is told of unknown names, with the known ones', () => {
    const { status, error } = pagewalk(['scenario', 'nothing']);
    expect(status).toBe(2);
    expect(error).toMatch(/^pagewalk: scenario nothing: unknown; known: .*thrashing.*, or a file: .*\n$/);
  });
});

describe('numbers of a report', () => {
  const report = { faults: { total: 3, cases: { zero: 2 } }, list: [{ n: 1 }, { n: 4 }], text: 'a' };

  it.each([
    ['faults.total', 3],
    ['faults.cases.zero', 2],
    ['faults.cases.swapped', 0],
    ['list.*.n', 5],
    ['list.1.n', 4],
    ['list', undefined],
    ['text', undefined],
    ['faults.cases.zero.more', undefined],
    ['nothing.there', undefined],
    ['list.*.m.x', undefined],
  ])('%s', (path, expected) => expect(valueAt(report, path)).toBe(expected));
});

it('a plot has a line for each name of the first axis', () => {
  const row = (name: string, x: string, value: number) => ({ names: [name, x], values: [value] }) as never;
  const report: ScenarioReport = {
    schema: 'pagewalk.scenario/1',
    title: 't',
    point: 'p',
    axes: ['policy', 'frames'],
    columns: [{ name: 'faults', as: 'count' }],
    identicalOutput: true,
    rows: [row('a', '1', 10), row('a', '2', 5), row('b', '1', 9), row('b', '2', 8)],
  };
  expect(scenarioPlot(report, 'faults')!.series).toEqual([
    {
      label: 'a',
      points: [
        [1, 10],
        [2, 5],
      ],
    },
    {
      label: 'b',
      points: [
        [1, 9],
        [2, 8],
      ],
    },
  ]);
  expect(scenarioPlot(report, 'nothing')).toBeUndefined();
  expect(scenarioPlot({ ...report, rows: [row('a', 'few', 1)] }, 'faults')).toBeUndefined();
});
