import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBelow, randomState } from '../../../src/base/random.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { lruDistances, lruWriteBacks } from '../../../src/replay/curves/lru.ts';
import { optimalDistances } from '../../../src/replay/curves/optimal.ts';
import { type DenseTrace, KIND } from '../../../src/replay/dense.ts';
import { anyTrace, loads, minimum, naiveMinimum, simulate, traceOf } from './traces.ts';

const NOTES = [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4];
const sizes = (trace: DenseTrace) => Array.from({ length: trace.pages + 1 }, (_, i) => i + 1);

describe('LRU with every number of frames', () => {
  it("finds the notes' string: depths, and 10 faults with 3 frames, 8 with 4", () => {
    // Stack before each reference, top first, and the depth at which the page is found:
    //   0: -          first    0: 3 2 1 0    4        1: 0 4 1 3 2  3
    //   1: 0          first    1: 0 3 2 1    4        2: 1 0 4 3 2  5
    //   2: 1 0        first    4: 1 0 3 2    first    3: 2 1 0 4 3  5
    //   3: 2 1 0      first    0: 4 1 0 3 2  3        4: 3 2 1 0 4  5
    const distances = lruDistances(loads(NOTES));
    expect([0, 1, 2, 3, 4, 5].map((depth) => distances.at(depth))).toEqual([5, 0, 0, 2, 2, 3]);
    expect([1, 2, 3, 4, 5, 6].map((frames) => distances.faultsAt(frames))).toEqual([12, 12, 10, 8, 5, 5]);
    expect([distances.cold, distances.references, distances.deepest]).toEqual([5, 12, 5]);
  });

  it('fills the frame that a release freed before it evicts', () => {
    // Stack 2 1 0; the release of 1 leaves 2 . 0. Page 3 takes the free frame: 3 2 0, so 0 is at depth 3 still,
    // and with 3 frames was never evicted.
    const trace = traceOf([
      [KIND.load, 0],
      [KIND.load, 1],
      [KIND.load, 2],
      [KIND.release, 1],
      [KIND.load, 3],
      [KIND.load, 0],
    ]);
    expect([0, 1, 2, 3].map((depth) => lruDistances(trace).at(depth))).toEqual([4, 0, 0, 1]);
  });

  it('leaves the free frame of a larger memory free when the page is found below it', () => {
    // Stack 2 1 0, 1 released: 2 . 0. Memories of 3 hit on 0 and keep their free frame, which goes to where 0 was:
    // 0 2 . ; page 3 takes it up (3 0 2), and 2 is found at depth 3.
    const trace = traceOf([
      [KIND.load, 0],
      [KIND.load, 1],
      [KIND.load, 2],
      [KIND.release, 1],
      [KIND.load, 0],
      [KIND.load, 3],
      [KIND.load, 2],
    ]);
    expect([0, 1, 2, 3].map((depth) => lruDistances(trace).at(depth))).toEqual([4, 0, 0, 2]);
  });

  it('counts write-backs by dirty level', () => {
    // Store 0, load 1, load 0, load 2, load 1. With 1 frame: 0 is written back when 1 comes; read again it is clean.
    // With 2: 0 is still dirty when 1 comes back at the end and evicts it. With 3 nothing is evicted.
    const trace = traceOf([
      [KIND.store, 0],
      [KIND.load, 1],
      [KIND.load, 0],
      [KIND.load, 2],
      [KIND.load, 1],
    ]);
    expect([...lruWriteBacks(trace)]).toEqual([0, 1, 1, 0]);
  });

  it('is what the simulation finds at each size, with stores and releases', () => {
    fc.assert(
      fc.property(anyTrace(300), (trace) => {
        const distances = lruDistances(trace);
        const writeBacks = lruWriteBacks(trace);
        for (const frames of sizes(trace)) {
          const counts = simulate(trace, lru, frames);
          expect(distances.faultsAt(frames)).toBe(counts.faults);
          expect(writeBacks[frames] ?? 0).toBe(counts.dirtyEvictions);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Traces that are so long that time slots are numbered anew many times, with ever more pages. */
const longTraces = [1, 2, 3].map((seed) => {
  const random = randomState(seed);
  const releases = seed - 1;
  return traceOf(
    Array.from({ length: 60_000 }, (_, i) => {
      const pages = 20 + Math.floor(i / 25);
      const page = nextBelow(random, 1 + nextBelow(random, pages));
      const kind = nextBelow(random, 40) < releases ? KIND.release : nextBelow(random, 3);
      return [kind, page] as const;
    }),
  );
});

describe('long traces', () => {
  it('have the LRU faults and write-backs of the simulation', () => {
    for (const trace of longTraces) {
      const distances = lruDistances(trace);
      const writeBacks = lruWriteBacks(trace);
      for (const frames of [1, 2, 7, 30, 100, 350, 1000, 1900, 2300]) {
        const counts = simulate(trace, lru, frames);
        expect([distances.faultsAt(frames), writeBacks[frames] ?? 0]).toEqual([
          counts.faults,
          counts.dirtyEvictions,
        ]);
      }
    }
  });

  it('have the optimal faults of MIN', () => {
    for (const trace of longTraces) {
      const distances = optimalDistances(trace);
      for (const frames of [1, 2, 7, 30, 100, 350, 1000])
        expect(distances.faultsAt(frames)).toBe(minimum(trace, frames));
    }
  });
});

describe('the optimal policy with every number of frames', () => {
  it("finds the notes' string: 7 faults with 3 frames, 6 with 4", () => {
    const distances = optimalDistances(loads(NOTES));
    expect([1, 2, 3, 4, 5].map((frames) => distances.faultsAt(frames))).toEqual([12, 9, 7, 6, 5]);
  });

  it('is what MIN by looking ahead finds at each size, with releases', () => {
    fc.assert(
      fc.property(anyTrace(120), (trace) => {
        const distances = optimalDistances(trace);
        for (const frames of sizes(trace))
          expect(distances.faultsAt(frames)).toBe(naiveMinimum(trace, frames));
      }),
      { numRuns: 400 },
    );
  });

  it('never faults more than LRU', () => {
    fc.assert(
      fc.property(anyTrace(300), (trace) => {
        const optimal = optimalDistances(trace);
        const recent = lruDistances(trace);
        for (const frames of sizes(trace))
          expect(optimal.faultsAt(frames)).toBeLessThanOrEqual(recent.faultsAt(frames));
      }),
    );
  });
});
