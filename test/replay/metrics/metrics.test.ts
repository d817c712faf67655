import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { lruDistances } from '../../../src/replay/curves/lru.ts';
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, referencesOf } from '../../../src/replay/dense.ts';
import { anomalies } from '../../../src/replay/metrics/anomalies.ts';
import { footprint } from '../../../src/replay/metrics/footprint.ts';
import { averageAccessTime, missesOf } from '../../../src/replay/metrics/misses.ts';
import { reuseDistances, reuseTimes } from '../../../src/replay/metrics/reuse.ts';
import { workingSets } from '../../../src/replay/metrics/working-set.ts';
import { anyTrace, loads, simulate, traceOf } from '../curves/traces.ts';

const NOTES = [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4];
const entriesOf = ({ chunks }: DenseTrace) => chunks.flatMap((chunk) => [...chunk]);
const isReference = (entry: number) => entry >>> KIND_SHIFT !== KIND.release;

/** Sizes of the working set after each reference, by looking back each time. */
function naiveWorkingSets(trace: DenseTrace, window: number): number[] {
  const entries = entriesOf(trace);
  return entries.flatMap((entry, now) => {
    if (!isReference(entry)) return [];
    const recent = new Set<number>();
    const gone = new Set<number>();
    for (let i = now, left = window; i >= 0 && left > 0; i--) {
      const page = entries[i]! & PAGE_MASK;
      if (!isReference(entries[i]!)) gone.add(page);
      else {
        left--;
        if (!gone.has(page)) recent.add(page);
      }
    }
    return [recent.size];
  });
}

describe('working sets', () => {
  it("are those of the notes' string, worked out by hand", () => {
    // The last 4 references at the times 4, 8 and 12: 0 1 2 3, 0 1 4 0 and 1 2 3 4.
    expect(workingSets(loads(NOTES), 4, 3)).toMatchObject({
      times: [4, 8, 12],
      sizes: [4, 3, 4],
      largest: 4,
    });
  });

  it('are what looking back each time finds, with releases', () => {
    fc.assert(
      fc.property(anyTrace(120), fc.integer({ min: 1, max: 150 }), (trace, window) => {
        const sizes = naiveWorkingSets(trace, window);
        const found = workingSets(trace, window, 1000);
        expect(found.sizes).toEqual(sizes);
        expect(found.largest).toBe(Math.max(0, ...sizes));
        expect(found.mean).toBeCloseTo(sizes.reduce((a, b) => a + b, 0) / Math.max(1, sizes.length));
        const few = workingSets(trace, window, 5);
        expect(few.sizes).toEqual(few.times.map((time) => sizes[time - 1]));
      }),
    );
  });

  it('take windows longer than the first ring', () => {
    const trace = loads(Array.from({ length: 9000 }, (_, i) => (i * 7) % 5000));
    expect(workingSets(trace, 3000, 3).sizes).toEqual([3000, 3000, 3000]);
    expect(workingSets(trace, 8000, 9).sizes.slice(4)).toEqual([5000, 5000, 5000, 5000, 5000]);
  });
});

describe('reuse', () => {
  it("of the notes' string by hand: distances 3 3 4 4 5 5 5, times 4 4 3 3 7 7 5", () => {
    expect(reuseDistances(lruDistances(loads(NOTES)))).toEqual({ buckets: [0, 2, 5], none: 5 });
    expect(reuseTimes(loads(NOTES))).toEqual({ buckets: [0, 2, 5], none: 5 });
    expect(reuseTimes(loads([0, 0, 1, 0]))).toEqual({ buckets: [1, 1], none: 2 });
    expect(reuseTimes(loads([0, 1]))).toEqual({ buckets: [], none: 2 });
  });

  it('accounts for every reference', () => {
    fc.assert(
      fc.property(anyTrace(200), (trace) => {
        for (const { buckets, none } of [reuseDistances(lruDistances(trace)), reuseTimes(trace)]) {
          expect(buckets.reduce((a, b) => a + b, none)).toBe(referencesOf(trace));
          expect(buckets.at(-1)).not.toBe(0);
        }
      }),
    );
  });
});

describe('costs', () => {
  it("are the notes' average: one miss in 1000 makes 100 ns into 10.1 us", () => {
    // 0.999 * 100 + 0.001 * 10000000 = 99.9 + 10000.
    expect(averageAccessTime(1, 1000)).toBeCloseTo(10_099.9);
    expect(averageAccessTime(0, 1000)).toBe(100);
    expect(averageAccessTime(10, 10, { hit: 1, miss: 50 })).toBe(50);
    expect(missesOf(9, 5)).toEqual({ compulsory: 5, capacity: 4 });
  });
});

describe('anomalies', () => {
  it("are found in FIFO on the notes' string from 3 to 4 frames", () => {
    const points = [1, 2, 3, 4, 5].map((frames) => ({
      frames,
      faults: simulate(loads(NOTES), fifo, frames).faults,
    }));
    expect(anomalies(points)).toEqual([{ frames: 3, moreFrames: 4, faults: 9, moreFaults: 10 }]);
  });

  it('are none in LRU', () => {
    fc.assert(
      fc.property(anyTrace(200), (trace) => {
        const distances = lruDistances(trace);
        const points = Array.from({ length: trace.pages }, (_, i) => ({
          frames: i + 1,
          faults: distances.faultsAt(i + 1),
        }));
        expect(anomalies(points)).toEqual([]);
      }),
    );
  });
});

describe('footprint', () => {
  it('counts pages by kind, by owner, and those met once or released', () => {
    // Page 0 is fetched twice, 1 loaded and stored, 2 stored and released.
    const trace = traceOf([
      [KIND.fetch, 0],
      [KIND.fetch, 0],
      [KIND.load, 1],
      [KIND.store, 1],
      [KIND.store, 2],
      [KIND.release, 2],
    ]);
    trace.names.owner.set([0, 1, 1]);
    expect(footprint({ ...trace, owners: [7, 8] })).toEqual({
      pages: 3,
      byKind: { fetch: 1, load: 1, store: 2 },
      neverStored: 1,
      once: 1,
      released: 1,
      byOwner: [1, 2],
    });
  });
});
