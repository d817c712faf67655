/** LRU's stack distances in WebAssembly, against those in TypeScript, which also know releases. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBelow, randomState } from '../../../src/base/random.ts';
import type { StackDistances } from '../../../src/replay/curves/distances.ts';
import { LruDistances, lruDistances } from '../../../src/replay/curves/lru.ts';
import { compiledLruDistances } from '../../../src/replay/curves/lru-compiled.ts';
import { CHUNK_ENTRIES, KIND, KIND_SHIFT } from '../../../src/replay/dense.ts';

interface Trace {
  readonly chunks: readonly Uint32Array[];
  readonly pages: number;
}

/** Depths that two ways to find them do not count alike. */
const differences = (trace: Trace, one: StackDistances | undefined, other = plainly(trace)): number[] =>
  Array.from({ length: trace.pages + 2 }, (_, depth) => depth).filter(
    (depth) => one?.at(depth) !== other.at(depth),
  );

function plainly({ chunks, pages }: Trace): StackDistances {
  const pass = new LruDistances(pages);
  for (const chunk of chunks) pass.feed(chunk, 0, chunk.length);
  return pass.distances;
}

const traceOf = (entries: Uint32Array, pages: number): Trace => {
  const chunks: Uint32Array[] = [];
  for (let at = 0; at < entries.length; at += CHUNK_ENTRIES)
    chunks.push(entries.subarray(at, at + CHUNK_ENTRIES));
  return { chunks, pages };
};

const store = (page: number): number => ((KIND.store << KIND_SHIFT) | page) >>> 0;

/** Low pages far more often than high ones, all pages now and then, and runs of one page. */
function skewed(length: number, pages: number, seed: number): Trace {
  const random = randomState(seed);
  let page = 0;
  const entries = Uint32Array.from({ length }, (_, i) => {
    const kind = nextBelow(random, 10);
    if (kind === 0) page = nextBelow(random, pages);
    else if (kind < 8)
      page = nextBelow(random, 1 + nextBelow(random, 1 + Math.floor((pages * (i + 1)) / length)));
    return kind === 1 ? store(page) : page;
  });
  return traceOf(entries, pages);
}

describe('LRU distances in WebAssembly', () => {
  it('are those of the stack, on short strings', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 400, size: 'max' }), (string) => {
        const trace = traceOf(
          Uint32Array.from(string, (page, i) => (i % 3 === 0 ? store(page) : page)),
          21,
        );
        expect(differences(trace, compiledLruDistances(trace))).toEqual([]);
      }),
    );
  });

  // Slots: 4096, then four times the pages or a little more, each power of two with other levels above it.
  it.each([
    1, 2, 900, 1500, 5000, 12_000, 40_000, 70_000,
  ])('are those of the stack, slots renumbered often, %i pages', (pages) => {
    const trace = skewed(Math.max(30_000, pages * 12), pages, pages);
    expect(differences(trace, compiledLruDistances(trace))).toEqual([]);
  });

  it.each([
    64, 512, 1024,
  ])('are those of the stack when %i pages fill whole words as slots are renumbered', (pages) => {
    const trace = traceOf(
      Uint32Array.from({ length: 30_000 }, (_, i) => (i < 15_000 ? i % pages : (i * i) % pages)),
      pages,
    );
    expect(differences(trace, compiledLruDistances(trace))).toEqual([]);
  });

  it('are those of the stack in more than one chunk, and what is asked for of long traces', () => {
    const trace = skewed(CHUNK_ENTRIES + 100_000, 550_000, 5);
    const plain = plainly(trace);
    expect(differences(trace, compiledLruDistances(trace), plain)).toEqual([]);
    const asked = lruDistances({ ...trace, entries: CHUNK_ENTRIES + 100_000 });
    expect(differences(trace, asked, plain)).toEqual([]);
  });

  it('are left to the stack where pages are released', () => {
    const release = ((KIND.release << KIND_SHIFT) | 3) >>> 0;
    const trace = traceOf(Uint32Array.of(3, store(4), release, 5), 6);
    expect(compiledLruDistances(trace)).toBeUndefined();
    // Short, and so long that the other way is tried first.
    for (const length of [4, 200_000]) {
      const entries = new Uint32Array(length);
      entries.set([3, store(4), release, 5]);
      const long = { ...traceOf(entries, 6), entries: length };
      expect(differences(long, lruDistances(long))).toEqual([]);
    }
  });
});
