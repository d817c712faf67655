import fc from 'fast-check';
import { DOMParser, parseHTML } from 'linkedom';
import { afterEach, describe, expect, it } from 'vitest';
import { type Plot, plotPng, plotSvg } from '../../../src/report/plot/index.ts';
import { plainText } from '../../../src/report/plot/label.ts';
import { linear, plotOf, plots } from './fixture.ts';

const elementsOf = (svg: string) => {
  const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
  return [...document.querySelectorAll('*')] as unknown as {
    localName: string;
    textContent: string;
    getAttribute(name: string): string | null;
  }[];
};

const textsOf = (svg: string) =>
  elementsOf(svg)
    .filter(({ localName }) => localName === 'text')
    .map(({ textContent }) => textContent);

/** The drawn lines' paths. */
const pathsOf = (svg: string) =>
  [...svg.matchAll(/aria-label="line"[^>]*>.*? d="([^"]*)"/g)].map((one) => one[1]!);

/**
 * XML's grammar as far as an SVG without declarations uses it, which a lenient parser doesn't check: elements
 * nest, attributes are quoted and unlike, `<` and `&` only as markup, no forbidden characters.
 */
function checkXml(text: string): void {
  const open: string[] = [];
  const markup = /([^<]*)(?:<(\/?)([\w-]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|$)/gy;
  while (markup.lastIndex < text.length) {
    const found = markup.exec(text);
    if (found === null) throw new Error(`no markup: ${text.slice(0, 100)}`);
    const [, content, closing, name, attributes, single] = found;
    expect(`${content}${attributes}`).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
    const names = [...(attributes ?? '').matchAll(/ ([\w:-]+)=/g)].map((one) => one[1]);
    expect(new Set(names).size).toBe(names.length);
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (name !== undefined && single === '') open.push(name);
  }
  expect(open).toEqual([]);
  expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cs}|\uFFFE|\uFFFF/u);
}

const globals = globalThis as { document?: unknown };

describe('a plot as SVG', () => {
  afterEach(() => {
    delete globals.document;
  });

  it('stands alone: sized, on white, with a generic font and nothing to fetch', async () => {
    const svg = await plotSvg(plotOf({ subtitle: 'a < b & "c"', marks: [{ x: 4, label: 'knee' }] }));
    checkXml(svg);
    const [root, ground] = elementsOf(svg);
    expect(root!.getAttribute('xmlns')).toBe('http://www.w3.org/2000/svg');
    expect(root!.getAttribute('viewBox')).toBe(`0 0 800 ${root!.getAttribute('height')}`);
    expect(root!.getAttribute('font-family')).toBe('sans-serif');
    expect([ground!.localName, ground!.getAttribute('fill')]).toEqual(['rect', '#ffffff']);
    expect(svg).not.toMatch(/<style|<script|href|class=|var\(/);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        'Faults',
        'a < b & "c"',
        'lru',
        'memory',
        'faults',
        'knee',
        '1',
        '16',
        '0',
        '100',
      ]),
    );
  });

  it('is the same every time, also where there is a document', async () => {
    const plot = plotOf({ marks: [{ x: 4, label: 'knee' }] });
    const svg = await plotSvg(plot);
    expect(await plotSvg(plot)).toBe(svg);
    globals.document = parseHTML('<!doctype html><html><body></body></html>').document;
    expect(await plotSvg(plot)).toBe(svg);
  });

  it('has at most 2,000 points a series, with every extreme', async () => {
    const points = Array.from({ length: 1_000_000 }, (_, i) => {
      const spike = i === 123_456 ? 90 : i === 654_321 ? -90 : 0;
      return [i, Math.sin(i) + spike] as const;
    });
    const [path] = pathsOf(
      await plotSvg(plotOf({ x: linear('x'), y: linear('y'), series: [{ label: 'a', points }] })),
    );
    const heights = path!
      .split(/[ML]/)
      .slice(1)
      .map((point) => Number(point.split(',')[1]));
    expect(heights.length).toBeGreaterThan(1000);
    expect(heights.length).toBeLessThanOrEqual(2000);
    expect(heights.filter((y) => Math.abs(y - heights[0]!) > 100).length).toBe(2);
  });

  it('draws one point as a dot, and says which series has none', async () => {
    const series: Plot['series'] = [
      { label: 'one', points: [[4, 1]] },
      { label: 'none', points: [] },
      {
        label: 'nothing',
        points: [
          [4, Number.NaN],
          [-1, 3],
        ],
      },
    ];
    const svg = await plotSvg(plotOf({ series }));
    expect(svg).toContain('<circle');
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['one', 'none (no points)', 'nothing (no points)']));
    checkXml(await plotSvg(plotOf({ series: [] })));
  });

  it('of anything is well formed, finite, and names every series and mark', async () => {
    await fc.assert(
      fc.asyncProperty(plots, async (plot) => {
        const svg = await plotSvg(plot);
        checkXml(svg);
        const drawing = svg.replace(/>[^<]*</g, '><');
        expect(drawing).not.toMatch(/NaN|Infinity|undefined/);
        const texts = textsOf(svg).join('\n');
        for (const { label } of plot.series) expect(texts).toContain(plainText(label));
      }),
      { numRuns: 60 },
    );
  });
});

/** Width and height that a PNG's header states. */
function sizeOf(png: Uint8Array): [width: number, height: number] {
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

describe('a plot as PNG', () => {
  it('has the width that was asked for', async () => {
    const svg = await plotSvg(plotOf());
    const height = Number(/ height="(\d+)"/.exec(svg)![1]);
    expect(sizeOf(await plotPng(svg, { width: 400 }))).toEqual([400, Math.ceil(height / 2)]);
    expect(sizeOf(await plotPng(svg, { width: 1600 }))).toEqual([1600, height * 2]);
    for (const width of [0, -1, 1.5, 1e6]) await expect(plotPng(svg, { width })).rejects.toThrow(RangeError);
  });

  it('shows text, for which it needs no font of the machine', async () => {
    const svg = await plotSvg(plotOf());
    const bare = svg.replace(/<text[^>]*>[^<]*<\/text>/g, '');
    const [labelled, unlabelled] = [await plotPng(svg, { width: 400 }), await plotPng(bare, { width: 400 })];
    expect(labelled.length).toBeGreaterThan(unlabelled.length + 1000);
    expect(await plotPng(svg, { width: 400 })).toEqual(labelled);
  });
});
