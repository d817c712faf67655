import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plotText } from '../../../src/report/plot/index.ts';
import { plainText } from '../../../src/report/plot/label.ts';
import { linear, log, plotOf, plots } from './fixture.ts';

const sized = { width: 40, height: 6 };

/** The rows of the drawing, without the axis and what is left of it. */
const drawn = (text: string) =>
  text
    .split('\n')
    .filter((line) => /[│┤]/.test(line))
    .map((line) => line.slice(line.search(/[│┤]/) + 1));

describe('a plot as text', () => {
  it('has titles, axes, ticks, marks and a legend', () => {
    const plot = plotOf({ subtitle: 'of sort', marks: [{ x: 4, label: 'knee' }] });
    expect(`\n${plotText(plot, sized)}`).toBe(`
Faults
of sort
faults
200 ┤                 ┊
    │***              ┊
    │   ****          ┊
100 ┤       ******    ┊
    │             *********
  0 ┤                 ┊    *************
    └┬────────┬───────┬────────┬───────┬
     1        2       4        8      16
                   memory
  * lru   ┊ knee (4)
`);
  });

  it('keeps the value of a step until the next', () => {
    const series = [
      {
        label: 'a',
        points: [
          [0, 4],
          [1, 2],
          [2, 0],
        ] as const,
        style: 'step' as const,
      },
    ];
    const text = plotText(plotOf({ x: linear('x'), y: linear('y'), series }), { width: 24, height: 5 });
    expect(drawn(text)).toEqual([
      '***********',
      '          *',
      '          ***********',
      '                    *',
      '                    *',
    ]);
  });

  it('joins no points that are only points', () => {
    const series = [
      {
        label: 'a',
        points: [
          [0, 1],
          [9, 0],
        ] as const,
        style: 'points' as const,
      },
    ];
    const text = plotText(plotOf({ x: linear('x'), y: linear('y'), series }), { width: 30, height: 5 });
    expect(drawn(text).join('').replaceAll(' ', '')).toBe('**');
  });

  it('shows all of several curves that coincide', () => {
    const series = ['a', 'b', 'c'].map((label) => ({ label, points: plotOf().series[0]!.points }));
    const signs = drawn(plotText(plotOf({ series }), sized))
      .join('')
      .replaceAll(' ', '');
    for (const sign of '*o+') expect(signs.split(sign).length).toBeGreaterThan(8);
  });

  it('tells eight series apart without colour, and adds colour on request', () => {
    const series = Array.from({ length: 8 }, (_, i) => ({
      label: `s${i}`,
      points: [
        [1, i],
        [9, i],
      ] as const,
    }));
    const plain = plotText(plotOf({ series }), { width: 60, height: 20 });
    const signs = [...plain.matchAll(/(\S) s\d/g)].map((found) => found[1]!);
    expect(new Set(signs).size).toBe(8);
    for (const sign of signs) expect(drawn(plain).filter((row) => row.includes(sign)).length).toBe(1);
    const coloured = plotText(plotOf({ series }), { width: 60, height: 20, colour: 'on' });
    const codes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    expect(coloured.match(codes)!.length).toBeGreaterThan(16);
    expect(coloured.replace(codes, '')).toBe(plain);
  });

  it.each([
    ['bytes', [4096, 2 ** 30], ['4K', '256K', '16M', '1G']],
    ['ns', [1000, 1e9], ['1 µs', '1 ms', '1 s']],
    ['ratio', [0.001, 1], ['0.1 %', '100 %']],
    ['frames', [1, 1024], ['1 ', '4 ', '1,024']],
  ] as const)('writes %s with their unit', (unit, points, texts) => {
    const series = [{ label: 'a', points: points.map((x) => [x, 1] as const) }];
    const text = plotText(plotOf({ x: log('x', unit), series }), { width: 90, height: 4 });
    for (const expected of texts) expect(text).toContain(expected);
  });

  it('keeps every extreme of a long series', () => {
    const points = Array.from({ length: 1_000_000 }, (_, i) => [i, i === 777_777 ? 50 : 1] as const);
    const text = plotText(
      plotOf({ x: linear('x'), y: linear('y'), series: [{ label: 'a', points }] }),
      sized,
    );
    expect(drawn(text)[0]!.trim()).toBe('*');
  });

  it('says which series has nothing to draw', () => {
    const series = [
      { label: 'none', points: [] },
      {
        label: 'nothing',
        points: [
          [0, 1],
          [4, Number.NaN],
        ] as const,
      },
      { label: 'one', points: [[4, 1]] as const },
    ];
    const text = plotText(plotOf({ series }), { width: 80, height: 5 });
    expect(text).toContain('none (no points)   o nothing (no points)   + one\n');
    expect(drawn(text).join('').replaceAll(' ', '')).toBe('+');
    expect(plotText(plotOf({ series: [] }), sized)).toContain('memory');
  });

  it('of anything names every series and keeps the drawing within its size', () => {
    fc.assert(
      fc.property(
        plots,
        fc.integer({ min: -3, max: 150 }),
        fc.integer({ min: -3, max: 50 }),
        (plot, width, height) => {
          const text = plotText(plot, { width, height });
          for (const { label } of plot.series) expect(text).toContain(plainText(label).trimEnd());
          expect(text).not.toMatch(/[^\P{Cc}\n]/u);
          const head = plot.subtitle === undefined ? 2 : 3;
          const rows = text.split('\n').slice(head, head + Math.max(3, height) + 1);
          for (const row of rows) expect(row.length).toBeLessThanOrEqual(Math.max(24, width));
          expect(rows.at(-1)).toMatch(/^ +└[─┬]+$/);
        },
      ),
      { numRuns: 300 },
    );
  });
});
