import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clock } from '../../../src/policies/replacement/clock.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { TraceBuilder } from '../../../src/replay/builder.ts';
import { exactCurve, sampledCurve, samplingError } from '../../../src/replay/curves/curve.ts';
import { lruDistances } from '../../../src/replay/curves/lru.ts';
import { miniatureCurve, miniatureFrames, miniatureOf } from '../../../src/replay/curves/miniature.ts';
import { HASHES, pageHash } from '../../../src/replay/curves/page-hash.ts';
import { Shards, type ShardsOptions, shards } from '../../../src/replay/curves/shards.ts';
import { sizesToReplay } from '../../../src/replay/curves/sizes.ts';
import { type DenseTrace, KIND, PAGE_MASK } from '../../../src/replay/dense.ts';
import { findWorkload } from '../../../src/replay/generate/workload.ts';
import { anyTrace, simulate, traceOf } from './traces.ts';

function workload(name: string, pages: number, references: number): DenseTrace {
  const builder = new TraceBuilder({ name, pageSize: 4096, kinds: ['fetch', 'load', 'store'] });
  findWorkload(name, { pages, references, seed: 7 }, '').feed(builder);
  return builder.finish();
}

/** Skewed, looping and phased; most pages of each come back. */
const traces = [
  workload('zipf:0.8', 20_000, 400_000),
  workload('zipf:1.2', 50_000, 400_000),
  workload('loop:15000', 1, 200_000),
  workload('phases:8', 30_000, 400_000),
  workload('scan', 20_000, 200_000),
];

/** Mean absolute difference of miss ratios over sizes evenly spread over all that matter. */
function meanError(trace: DenseTrace, faultsAt: (frames: number) => number): number {
  const exact = lruDistances(trace);
  const sizes = Array.from({ length: 200 }, (_, i) => Math.ceil(((i + 1) * trace.pages) / 200));
  const sum = sizes.reduce((total, size) => total + Math.abs(faultsAt(size) - exact.faultsAt(size)), 0);
  return sum / sizes.length / exact.references;
}

describe('page hashes', () => {
  it('take the share of pages that the threshold says, from numbers in a row and from multiples', () => {
    for (const stride of [1, 4096, 2 ** 20]) {
      for (const seed of [0, 1, -5]) {
        let taken = 0;
        for (let i = 0; i < 40_000; i++) {
          const number = i * stride;
          if (pageHash(number >>> 0, Math.floor(number / HASHES), seed) < 0.1 * HASHES) taken++;
        }
        // Binomial: a standard deviation is 60.
        expect(Math.abs(taken - 4000)).toBeLessThan(5 * 60);
      }
    }
  });
});

describe('SHARDS', () => {
  it('is exact when it follows every page, in both forms', () => {
    // Distances up to 128 have buckets of their own.
    fc.assert(
      fc.property(
        anyTrace(200),
        fc.constantFrom<ShardsOptions>({ rate: 1 }, { rate: 1, mostPages: 1000 }),
        (trace, options) => {
          const exact = lruDistances(trace);
          const estimate = shards(trace, options);
          expect(estimate.error).toBe(0);
          for (let frames = 1; frames <= trace.pages + 1; frames++)
            expect(estimate.faultsAt(frames)).toBe(exact.faultsAt(frames));
        },
      ),
    );
  });

  it.each(traces.map((trace) => [trace.name, trace] as const))('keeps to its error on %s', (_, trace) => {
    for (const seed of [1, 2, 3]) {
      for (const options of [{ rate: 0.1 }, { rate: 1, mostPages: 1000 }, { rate: 0.5, mostPages: 300 }]) {
        const estimate = shards(trace, { ...options, seed });
        expect(estimate.error).toBeLessThan(0.13);
        expect(meanError(trace, (frames) => estimate.faultsAt(frames))).toBeLessThan(estimate.error);
      }
    }
  });

  it('follows no more pages than it may, and at a rate that only falls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.boolean()), { maxLength: 600, size: 'max' }),
        fc.integer({ min: 2, max: 60 }),
        (steps, mostPages) => {
          const estimate = new Shards({ rate: 1, mostPages });
          let rate = 1;
          for (const [page, isRelease] of steps) {
            if (isRelease) estimate.release(page, 9);
            else estimate.reference(page, 9);
            expect(estimate.sampledPages).toBeLessThanOrEqual(mostPages);
            expect(estimate.rate).toBeLessThanOrEqual(rate);
            rate = estimate.rate;
          }
          const references = steps.filter(([, isRelease]) => !isRelease).length;
          expect(estimate.references).toBe(references);
          for (const frames of [1, 10, 1000]) {
            expect(estimate.faultsAt(frames)).toBeLessThanOrEqual(references);
            expect(estimate.faultsAt(frames)).toBeGreaterThanOrEqual(estimate.faultsAt(frames + 7));
          }
        },
      ),
    );
  });

  it('and the exact pass make curves', () => {
    const trace = traceOf([0, 1, 2, 0, 1].map((page) => [KIND.load, page]));
    // 0 and 1 are found at depth 3.
    const points = [
      { frames: 2, faults: 5 },
      { frames: 3, faults: 3 },
    ];
    const curve = { policy: 'lru', points, references: 5 };
    expect(exactCurve('lru', lruDistances(trace), [2, 3])).toEqual({ ...curve, method: 'exact' });
    expect(sampledCurve(shards(trace, { rate: 1 }), [2, 3])).toEqual({
      ...curve,
      method: 'sampled',
      error: 0,
    });
  });

  it('tells pages apart by all 64 bits', () => {
    const estimate = new Shards({ rate: 1 });
    for (const [low, high] of [
      [1, 0],
      [1, 1],
      [0xffff_ffff, 0],
      [1, 0],
      [0xffff_ffff, 0],
      [1, 1],
    ] as const)
      estimate.reference(low, high);
    expect([2, 3].map((frames) => estimate.faultsAt(frames))).toEqual([5, 3]);
  });
});

describe('miniature simulation', () => {
  it('is the simulation itself when every page is in the sample', () => {
    fc.assert(
      fc.property(anyTrace(150), fc.constantFrom(fifo, lru, clock), (trace, definition) => {
        const sizes = sizesToReplay(Math.max(1, trace.pages), 5);
        const { points, error } = miniatureCurve(miniatureOf(trace, 1, 3), definition, sizes, 1);
        expect(error).toBe(0);
        expect(points.map(({ faults }) => faults)).toEqual(
          sizes.map((frames) => simulate(trace, definition, frames).faults),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('numbers the pages of the sample anew, in their order, and keeps what is known of them', () => {
    const trace = workload('uniform', 500, 3000);
    const { trace: sample } = miniatureOf(trace, 0.3, 5);
    let next = 0;
    for (const entry of sample.chunks[0]!) if ((entry & PAGE_MASK) === next) next++;
    expect(next).toBe(sample.pages);
    expect(sample.pages).toBeGreaterThan(100);
    const whole = new Map(Array.from(trace.names.low, (name, page) => [page, name]));
    const pages = [...whole.keys()].filter((page) => pageHash(page, 0, 5) < 0.3 * HASHES);
    expect([...sample.names.low]).toEqual(pages.map((page) => whole.get(page)));
    expect(miniatureFrames(1, 0.001)).toBe(1);
    expect(miniatureOf(trace, 1e-9, 5).trace.pages).toBe(1);
  });

  it.each(traces.map((trace) => [trace.name, trace] as const))('keeps to its error on %s', (_, trace) => {
    const miniature = miniatureOf(trace, 0.1, 2);
    const sizes = Array.from({ length: 8 }, (_, i) => Math.ceil(((i + 1) * trace.pages) / 8));
    for (const definition of [fifo, clock]) {
      const { points, error, references } = miniatureCurve(miniature, definition, sizes, 1);
      const sum = points.reduce((total, { frames, faults }) => {
        return total + Math.abs(faults - simulate(trace, definition, frames).faults);
      }, 0);
      expect(error).toBe(samplingError(miniature.trace.pages));
      expect(sum / sizes.length / references).toBeLessThan(error!);
    }
  });

  it('keeps releases of pages in the sample', () => {
    const trace = traceOf(
      Array.from({ length: 200 }, (_, i) => [i % 2 === 0 ? KIND.store : KIND.release, i >> 1]),
    );
    const { trace: sample } = miniatureOf(trace, 0.5, 1);
    expect(sample.counts[KIND.release]).toBe(sample.pages);
    expect(sample.counts[KIND.store]).toBe(sample.pages);
  });
});
