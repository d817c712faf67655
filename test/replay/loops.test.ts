/** The loops for single policies, against the policies' own objects. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBelow, randomState } from '../../src/base/random.ts';
import { findReplacementPolicy } from '../../src/policies/replacement/registry.ts';
import { CHUNK_ENTRIES, KIND, KIND_SHIFT } from '../../src/replay/dense.ts';
import { loopNames, policyLoop } from '../../src/replay/loops/registry.ts';
import { NextUses, nextUses, type TraceEntries } from '../../src/replay/next-use.ts';
import { Simulation, type SimulationCounts } from '../../src/replay/simulate.ts';

/** A trace in chunks as the builder makes them. */
function traceOf(entries: Uint32Array, pages: number): TraceEntries {
  const chunks: Uint32Array[] = [];
  for (let at = 0; at < entries.length; at += CHUNK_ENTRIES)
    chunks.push(entries.subarray(at, at + CHUNK_ENTRIES));
  return { chunks, entries: entries.length, pages };
}

const entryOf = ([kind, page]: readonly [kind: number, page: number]): number =>
  ((kind << KIND_SHIFT) | page) >>> 0;

/** Feeds each chunk in pieces of these lengths, over and over. */
function feedAll(
  { chunks }: TraceEntries,
  pieces: readonly number[],
  replay: { feed(entries: Uint32Array, from: number, to: number): void },
): void {
  let piece = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const end = Math.min(chunk.length, at + pieces[piece++ % pieces.length]!);
      replay.feed(chunk, at, end);
      at = end;
    }
  }
}

function both(
  name: string,
  trace: TraceEntries,
  frames: number,
  pieces: readonly number[],
): { loop: SimulationCounts; policy: SimulationCounts } {
  const next = name === 'optimal' ? new NextUses(trace, nextUses(trace)) : undefined;
  const loop = policyLoop(name, { ...trace, frames, nextUses: next })!;
  feedAll(trace, pieces, loop);
  const definition = findReplacementPolicy(name, '');
  const { pages } = trace;
  const simulation = new Simulation({ definition, frames, pages, seed: 1, releases: 'none', nextUses: next });
  feedAll(trace, [CHUNK_ENTRIES], simulation);
  return { loop: { ...loop.counts }, policy: { ...simulation.counts } };
}

const kind = fc.constantFrom(KIND.fetch, KIND.load, KIND.store);
const references = fc
  .integer({ min: 1, max: 30 })
  .chain((pages) =>
    fc.array(fc.tuple(kind, fc.nat(pages - 1)), { minLength: 1, maxLength: 300, size: 'max' }),
  );
const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

/** Low pages far more often than high ones; a run over others now and then. */
function skewed(length: number, pages: number): TraceEntries {
  const random = randomState(length);
  const entries = Uint32Array.from({ length }, (_, i) => {
    const isRun = i % 5000 > 4500;
    const page = isRun ? i % pages : nextBelow(random, 1 + nextBelow(random, 1 + nextBelow(random, pages)));
    return entryOf([nextBelow(random, 5) === 0 ? KIND.store : KIND.load, page]);
  });
  return traceOf(entries, pages);
}

describe.each(loopNames)('the loop of %s counts what its policy does', (name) => {
  it('on short strings in small memories, fed in pieces', () => {
    fc.assert(
      fc.property(references, fc.integer({ min: 1, max: 12 }), pieces, (string, frames, lengths) => {
        const trace = traceOf(Uint32Array.from(string, entryOf), 30);
        const { loop, policy } = both(name, trace, frames, lengths);
        expect(loop).toEqual(policy);
      }),
      { numRuns: 120 },
    );
  });

  it.each([
    1, 2, 31, 32, 33, 64, 65, 700, 2900, 3000, 5000,
  ])('on 150,000 skewed references, %i frames', (frames) => {
    const { loop, policy } = both(name, skewed(150_000, 3000), frames, [70_000, 1, 30_000]);
    expect(loop).toEqual(policy);
  });

  it('on more references than a chunk of the trace has', () => {
    const { loop, policy } = both(name, skewed(CHUNK_ENTRIES + 200_000, 50_000), 6000, [1 << 20]);
    expect(loop).toEqual(policy);
  });
});

describe('policies without a loop', () => {
  it('have none', () => {
    const trace = traceOf(Uint32Array.of(0), 1);
    expect(policyLoop('arc', { ...trace, frames: 1, nextUses: undefined })).toBeUndefined();
  });
});

describe('loops', () => {
  it('are not to be had for more than 32-bit addresses and positions are enough for', () => {
    const trace = traceOf(Uint32Array.of(0), 1);
    const options = { frames: 1, nextUses: undefined };
    expect(policyLoop('lru', { ...trace, ...options })).toBeDefined();
    expect(policyLoop('lru', { ...trace, ...options, pages: 2 ** 30 })).toBeUndefined();
    expect(policyLoop('fifo', { ...trace, ...options, entries: 2 ** 31 })).toBeUndefined();
  });

  it('give counts that go from thread to thread', () => {
    const trace = skewed(1000, 50);
    const loop = policyLoop('clock', { ...trace, frames: 7, nextUses: undefined })!;
    feedAll(trace, [100], loop);
    expect(structuredClone(loop.counts)).toEqual(loop.counts);
    expect(loop.counts.references).toBe(1000);
  });

  it('take memory that is freed', () => {
    // Each reserves some gigabytes of addresses, and a process has room for a few thousand of them.
    const trace = traceOf(Uint32Array.of(0), 1);
    for (let i = 0; i < 3000; i++)
      expect(policyLoop('fifo', { ...trace, frames: 1, nextUses: undefined })).toBeDefined();
  });
});
