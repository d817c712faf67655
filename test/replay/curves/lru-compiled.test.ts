/** LRU's stack distances in WebAssembly, against those in TypeScript, which also know releases. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBelow, randomState } from '../../../src/base/random.ts';
import type { StackDistances } from '../../../src/replay/curves/distances.ts';
import { LruDistances, LruPass, lruDistances } from '../../../src/replay/curves/lru.ts';
import { CompiledLru } from '../../../src/replay/curves/lru-compiled.ts';
import { CHUNK_ENTRIES, type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK } from '../../../src/replay/dense.ts';

type Trace = Pick<DenseTrace, 'chunks' | 'pages' | 'counts'>;

/** Depths that two ways to find them do not count alike. */
const differences = (trace: Trace, one: StackDistances | undefined, other = plainly(trace)): number[] =>
  Array.from({ length: trace.pages + 2 }, (_, depth) => depth).filter(
    (depth) => one?.at(depth) !== other.at(depth),
  );

function plainly({ chunks, pages }: Trace): StackDistances {
  const pass = new LruDistances(pages);
  for (const chunk of chunks) pass.feed(chunk);
  return pass.distances;
}

function compiled({ chunks, pages }: Trace): StackDistances | undefined {
  const pass = CompiledLru.of(pages);
  for (const chunk of chunks) pass?.feed(chunk);
  return pass?.distances;
}

const traceOf = (entries: Uint32Array, pages: number): Trace => {
  const chunks: Uint32Array[] = [];
  for (let at = 0; at < entries.length; at += CHUNK_ENTRIES)
    chunks.push(entries.subarray(at, at + CHUNK_ENTRIES));
  return { chunks, pages, counts: countsOf(entries) };
};

function countsOf(entries: Uint32Array): DenseTrace['counts'] {
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  for (const entry of entries) counts[(entry >>> KIND_SHIFT) as 0]++;
  return counts;
}

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
        expect(differences(trace, compiled(trace))).toEqual([]);
      }),
    );
  });

  // Slots: 4096, then four times the pages or a little more, each power of two with other levels above it.
  it.each([
    1, 2, 900, 1500, 5000, 12_000, 40_000, 70_000,
  ])('are those of the stack, slots renumbered often, %i pages', (pages) => {
    const trace = skewed(Math.max(30_000, pages * 12), pages, pages);
    expect(differences(trace, compiled(trace))).toEqual([]);
  });

  it.each([
    64, 512, 1024,
  ])('are those of the stack when %i pages fill whole words as slots are renumbered', (pages) => {
    const trace = traceOf(
      Uint32Array.from({ length: 30_000 }, (_, i) => (i < 15_000 ? i % pages : (i * i) % pages)),
      pages,
    );
    expect(differences(trace, compiled(trace))).toEqual([]);
  });

  it('are those of the stack in more than one chunk, and what is asked for of long traces', () => {
    const trace = skewed(CHUNK_ENTRIES + 100_000, 550_000, 5);
    const plain = plainly(trace);
    expect(differences(trace, compiled(trace), plain)).toEqual([]);
    expect(differences(trace, lruDistances(trace), plain)).toEqual([]);
  });

  it('are those of the stack where a page is found more often at one depth than a byte can count', () => {
    const trace = traceOf(
      Uint32Array.from({ length: 100_000 }, (_, i) => i % 3),
      3,
    );
    expect(compiled(trace)?.at(3)).toBe(99_997);
  });
});

describe('LRU distances of a trace that comes in pieces', () => {
  /** Pages in the order of their first reference, as dense traces number them. */
  function numbered(entries: Uint32Array): Uint32Array {
    const numbers = new Map<number, number>();
    return entries.map((page) => {
      const number = numbers.get(page) ?? numbers.size;
      numbers.set(page, number);
      return number;
    });
  }

  /** Feeds `entries` in pieces that end at `ends`, telling no more of the trace than what there was of it so far. */
  function inPieces(entries: Uint32Array, ends: readonly number[]): StackDistances {
    const pass = new LruPass();
    let from = 0;
    for (const to of [...ends, entries.length]) {
      const before = entries.subarray(0, to);
      const pages = before.reduce((most, entry) => Math.max(most, (entry & PAGE_MASK) + 1), 0);
      // The piece is used again.
      const piece = entries.slice(from, to);
      pass.feed(piece, { pages, counts: countsOf(before) });
      piece.fill(0);
      from = to;
    }
    return pass.distances;
  }

  const { chunks } = skewed(300_000, 60_000, 9);
  const entries = numbered(chunks[0]!.map((entry) => entry & PAGE_MASK));
  const pages = new Set(entries).size;
  const whole = plainly({ chunks: [entries], pages, counts: countsOf(entries) });

  it.each([
    { way: 'compiled, grown as pages come', ends: [70_000, 100_000, 200_000, 299_999] },
    { way: 'on the stack, since the first piece is short', ends: [1000, 100_000] },
    { way: 'in one piece', ends: [] },
  ])('are those of the whole: $way', ({ ends }) => {
    expect(differences({ chunks: [], pages, counts: [0, 0, 0, 0] }, inPieces(entries, ends), whole)).toEqual(
      [],
    );
  });

  it.each([
    0, 70_000, 150_000,
  ])('go on from where they were when a page is released after %i entries', (at) => {
    const release = (page: number): number => ((KIND.release << KIND_SHIFT) | page) >>> 0;
    const released = entries.slice();
    for (let i = 10; i < 40; i++) released[at + i * 37] = release(released[at + i]!);
    // What is released is not referenced again.
    const gone = new Set<number>();
    for (let i = 0; i < released.length; i++) {
      if (released[i]! >>> KIND_SHIFT === KIND.release) gone.add(released[i]! & PAGE_MASK);
      else if (gone.has(released[i]!)) released[i] = entries[0]!;
    }
    const plain = plainly({ chunks: [released], pages, counts: countsOf(released) });
    const trace = { chunks: [], pages, counts: countsOf(released) };
    expect(differences(trace, inPieces(released, [70_000, 150_000, 250_000]), plain)).toEqual([]);
    expect(differences(trace, lruDistances({ ...trace, chunks: [released] }), plain)).toEqual([]);
  });
});
