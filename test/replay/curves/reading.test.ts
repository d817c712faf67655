import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { kneeOf, leastMemoryWithin } from '../../../src/replay/curves/knee.ts';
import { lruDistances } from '../../../src/replay/curves/lru.ts';
import { selectEntries } from '../../../src/replay/curves/select.ts';
import { sizesToReplay } from '../../../src/replay/curves/sizes.ts';
import { KIND, KIND_SHIFT, PAGE_MASK } from '../../../src/replay/dense.ts';
import { anyTrace, simulate, traceOf } from './traces.ts';

const curveOf = (faults: readonly number[]) => faults.map((faults, i) => ({ frames: i + 1, faults }));

describe('sizes to replay', () => {
  it('are powers of a ratio, and every size where those are too close', () => {
    expect(sizesToReplay(1024, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    expect(sizesToReplay(6, 20)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sizesToReplay(16, 5, [3, 100])).toEqual([1, 2, 3, 4, 8, 16, 100]);
    expect(sizesToReplay(1, 5)).toEqual([1]);
  });

  it('ascend from 1 to the pages, as many as were wanted or as there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 200 }), (pages, count) => {
        const sizes = sizesToReplay(pages, count);
        expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
        expect([sizes[0], sizes.at(-1)]).toEqual([1, pages]);
        expect(sizes.length).toBe(Math.min(pages, count));
      }),
    );
  });
});

describe('knees', () => {
  it('are where the curve lies furthest below the line of its ends', () => {
    // The line from (1, 100) to (5, 20) passes 100 80 60 40 20: the curve is 0 50 35 17 0 below it.
    expect(kneeOf(curveOf([100, 30, 25, 23, 20]))).toEqual({ frames: 2, faults: 30 });
    expect(kneeOf(curveOf([100, 80, 60, 40, 20]))).toBeUndefined();
    expect(kneeOf(curveOf([100, 99, 98, 10]))).toBeUndefined();
    expect(kneeOf(curveOf([5]))).toBeUndefined();
    expect(kneeOf(curveOf([]))).toBeUndefined();
    expect(kneeOf(curveOf([5, 5, 5]))).toBeUndefined();
  });

  it('the least memory within a share is the last descent to it', () => {
    expect(leastMemoryWithin(curveOf([100, 30, 21, 20, 20]), 0)).toEqual({ frames: 4, faults: 20 });
    expect(leastMemoryWithin(curveOf([100, 30, 21, 20, 20]), 5)).toEqual({ frames: 3, faults: 21 });
    // It rises at 3 frames, so that 2 are not enough from there on.
    expect(leastMemoryWithin(curveOf([100, 20, 30, 20]), 10)).toEqual({ frames: 4, faults: 20 });
    expect(leastMemoryWithin(curveOf([100, 20, 30]), 10)).toEqual({ frames: 2, faults: 20 });
    expect(leastMemoryWithin(curveOf([7]), 10)).toEqual({ frames: 1, faults: 7 });
  });

  it('every larger memory of an LRU curve is within the share too, and the next smaller one is not', () => {
    fc.assert(
      fc.property(anyTrace(200), fc.integer({ min: 0, max: 50 }), (trace, percent) => {
        const distances = lruDistances(trace);
        const points = curveOf(Array.from({ length: trace.pages + 1 }, (_, i) => distances.faultsAt(i + 1)));
        const { frames } = leastMemoryWithin(points, percent);
        const most = points.at(-1)!.faults * (1 + percent / 100);
        for (const point of points) expect(point.faults <= most).toBe(point.frames >= frames);
      }),
    );
  });
});

describe('selected entries', () => {
  it('are those of the kinds and owners, in their order', () => {
    fc.assert(
      fc.property(
        anyTrace(150),
        fc.subarray(['fetch', 'load', 'store'] as const),
        fc.subarray([0, 1, 2]),
        (whole, kinds, owners) => {
          for (let page = 0; page < whole.pages; page++) whole.names.owner[page] = page % 3;
          const trace = { ...whole, owners: [5, 6, 7] };
          const selected = selectEntries(trace, { kinds, owners });
          const kept = new Set<number>();
          const expected = trace.chunks.flatMap((chunk) =>
            [...chunk].filter((entry) => {
              const page = entry & PAGE_MASK;
              const kind = entry >>> KIND_SHIFT;
              if (kind === KIND.release) return kept.has(page);
              const isKept = kinds.some((name) => KIND[name] === kind) && owners.includes(page % 3);
              if (isKept) kept.add(page);
              return isKept;
            }),
          );
          expect(selected.chunks.flatMap((chunk) => [...chunk])).toEqual(expected);
          expect(selected.entries).toBe(expected.length);
          expect(selected.counts).toEqual(
            [0, 1, 2, 3].map((kind) => expected.filter((entry) => entry >>> KIND_SHIFT === kind).length),
          );
          expect(selected.pages).toBe(trace.pages);
        },
      ),
    );
  });

  it('without a choice are all, in shared memory, and replay', () => {
    const trace = traceOf([
      [KIND.load, 4],
      [KIND.store, 5],
      [KIND.release, 4],
      [KIND.fetch, 5],
    ]);
    const selected = selectEntries(trace, {});
    expect(selected.chunks[0]!.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(selected).toEqual(trace);
    const data = selectEntries(trace, { kinds: ['load'] });
    expect(lruDistances(data).faultsAt(1)).toBe(simulate(data, lru, 1).faults);
  });
});
