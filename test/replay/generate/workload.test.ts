import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { TraceBuilder } from '../../../src/replay/builder.ts';
import { KIND, KIND_SHIFT, PAGE_MASK } from '../../../src/replay/dense.ts';
import type { WorkloadOptions } from '../../../src/replay/generate/contract.ts';
import { workloads } from '../../../src/replay/generate/definitions.ts';
import { findWorkload } from '../../../src/replay/generate/workload.ts';

const make = (name: string, options: WorkloadOptions = {}) => findWorkload(name, options, '--workload');
const pagesOf = (name: string, options: WorkloadOptions = {}) =>
  Array.from(make(name, options), (entry) => entry & PAGE_MASK);

/** How often each page came. */
function countsOf(name: string, options: WorkloadOptions & { pages: number }): number[] {
  const counts = new Array<number>(options.pages).fill(0);
  for (const page of pagesOf(name, options)) counts[page]!++;
  return counts;
}

describe('workloads', () => {
  it('are what their names say', () => {
    expect(pagesOf('notes')).toEqual([0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4]);
    expect(pagesOf('notes', { references: 14, pages: 99 }).slice(12)).toEqual([0, 1]);
    expect(pagesOf('loop:3', { references: 7 })).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(pagesOf('loop', { pages: 2, references: 5 })).toEqual([0, 1, 0, 1, 0]);
    // 20 references to the hot tenth, pages 0 and 1, then all 20 pages in order.
    const scan = pagesOf('scan', { pages: 20, references: 80 });
    expect(scan.slice(20, 40)).toEqual(Array.from({ length: 20 }, (_, page) => page));
    expect(scan.slice(60)).toEqual(scan.slice(20, 40));
    expect(new Set([...scan.slice(0, 20), ...scan.slice(40, 60)])).toEqual(new Set([0, 1]));
  });

  it('keep to their numbers, and are equal for equal seeds', () => {
    const name = fc.constantFrom(
      ...workloads.map((one) => one.name),
      'zipf:0',
      'zipf:0.6',
      'zipf:2.5',
      'phases:3',
    );
    const options = fc.record({
      pages: fc.integer({ min: 1, max: 40 }),
      references: fc.integer({ min: 1, max: 300 }),
      stores: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(name, options, (name, options) => {
        const workload = make(name, options);
        const entries = [...workload];
        expect(entries.length).toBe(options.references);
        for (const entry of entries) {
          expect([KIND.load, KIND.store]).toContain(entry >>> KIND_SHIFT);
          expect(entry & PAGE_MASK).toBeLessThan(workload.pages);
        }
        // Filled in pieces of any length it is the same.
        const again = make(name, options);
        const piece = new Uint32Array(7);
        const filled: number[] = [];
        for (let n = again.fill(piece); n > 0; n = again.fill(piece)) filled.push(...piece.subarray(0, n));
        expect(filled).toEqual(entries);
        // The share of stores changes no page.
        expect(pagesOf(name, { ...options, stores: 0 })).toEqual(entries.map((entry) => entry & PAGE_MASK));
      }),
    );
  });

  it('store as often as they are told', () => {
    const kinds = Array.from(make('uniform', { references: 100_000, stores: 0.25 }), (e) => e >>> KIND_SHIFT);
    // Binomial: a standard deviation is 137.
    expect(Math.abs(kinds.filter((kind) => kind === KIND.store).length - 25_000)).toBeLessThan(5 * 137);
    expect([...make('uniform', { references: 1000, stores: 1 })].every((e) => e >>> KIND_SHIFT === 2)).toBe(
      true,
    );
  });

  it.each([0, 0.5, 0.999_999_999, 1, 1.5, 3])('draw from the Zipf distribution of alpha %d', (alpha) => {
    const pages = 20;
    const references = 200_000;
    const counts = countsOf(`zipf:${alpha}`, { pages, references });
    const weights = counts.map((_, rank) => (rank + 1) ** -alpha);
    const total = weights.reduce((sum, weight) => sum + weight);
    const expected = weights.map((weight) => (references * weight) / total);
    const chi = counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
    // With 19 degrees of freedom it exceeds 43.8 once in a thousand seeds.
    expect(chi).toBeLessThan(43.8);
  });

  it.each([0, 0.99, 1, 1.01, 1.5, 10])('draw from as many pages as there can be, at alpha %d', (alpha) => {
    const pages = 2 ** 30 - 1;
    const drawn = pagesOf(`zipf:${alpha}`, { pages, references: 50_000 });
    expect(drawn.every((page) => Number.isInteger(page) && page >= 0 && page < pages)).toBe(true);
    // Half of the pages from the first half when all are alike; else more than that.
    const low = drawn.filter((page) => page < pages / 2).length / drawn.length;
    if (alpha === 0) expect(Math.abs(low - 0.5)).toBeLessThan(0.02);
    else expect(low).toBeGreaterThan(0.9);
  });

  it('draw uniformly, and four fifths from a fifth', () => {
    const even = countsOf('uniform', { pages: 20, references: 200_000 });
    expect(even.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(43.8);
    const skewed = countsOf('80-20', { pages: 20, references: 200_000 });
    const hot = skewed.slice(0, 4).reduce((sum, count) => sum + count);
    // Binomial: a standard deviation is 179.
    expect(Math.abs(hot - 160_000)).toBeLessThan(5 * 179);
  });

  it('change their working set from phase to phase', () => {
    // 4 phases of 10000 references, each with 100 pages that get 95 % of them and a tenth of the other 5 %.
    const pages = pagesOf('phases:4', { pages: 1000, references: 40_000, seed: 3 });
    for (let phase = 0; phase < 4; phase++) {
      const counts = new Array<number>(1000).fill(0);
      for (const page of pages.slice(phase * 10_000, (phase + 1) * 10_000)) counts[page]!++;
      const top = [...counts].sort((a, b) => b - a).slice(0, 100);
      expect(Math.abs(top.reduce((sum, count) => sum + count) - 9550)).toBeLessThan(150);
    }
  });

  it('build traces that say what they are', () => {
    const builder = new TraceBuilder({ name: 'w', pageSize: 4096, kinds: ['fetch', 'load', 'store'] });
    make('loop:4', { references: 10, stores: 0, seed: 5 }).feed(builder);
    const trace = builder.finish();
    expect(trace.notes).toEqual([
      'loop:4: 10 references, 0 % stores: pages 0 to 3 in order, over and over; seed 5',
    ]);
    expect([trace.pages, [...trace.counts]]).toEqual([4, [0, 10, 0, 0]]);
  });

  it.each([
    [
      'zip',
      {},
      "--workload: unknown workload 'zip'; known: notes, uniform, 80-20, zipf:ALPHA, loop:N, phases:COUNT, scan",
    ],
    ['scan:3', {}, "--workload: scan takes no parameter, '3' given"],
    ['zipf:-1', {}, "'-1' is no parameter of zipf: zipf:ALPHA"],
    ['loop:1.5', {}, "'1.5' is no parameter of loop"],
    ['loop:', {}, "'' is no parameter of loop"],
    ['uniform', { pages: 0 }, '0 pages is not from 1 to 1073741823'],
    ['uniform', { references: 1.5 }, '1.5 references is not from 1'],
    ['uniform', { stores: 2 }, 'a share of 2 stores is not from 0 to 1'],
  ])('refuses %s %o', (name, options, message) => {
    expect(() => make(name, options)).toThrow(UserError);
    expect(() => make(name, options)).toThrow(message);
  });
});
