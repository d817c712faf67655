/** Small traces for the tests of curves, and policies written as plainly as can be. */
import fc from 'fast-check';
import type { PolicyDefinition } from '../../../src/policies/replacement/contract.ts';
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK } from '../../../src/replay/dense.ts';
import { Simulation, type SimulationCounts } from '../../../src/replay/simulate.ts';

/** One step of a trace as tests write it: a kind and the address of a page, which may be referenced after its release. */
export type Step = readonly [kind: number, address: number];

/** A dense trace of those steps. A release of what is not there is left out, as the builder does. */
export function traceOf(steps: readonly Step[]): DenseTrace {
  const numbers = new Map<number, number>();
  const counts: [number, number, number, number] = [0, 0, 0, 0];
  const entries: number[] = [];
  let pages = 0;
  for (const [kind, address] of steps) {
    if (kind === KIND.release && !numbers.has(address)) continue;
    if (!numbers.has(address)) numbers.set(address, pages++);
    entries.push(((kind << KIND_SHIFT) | numbers.get(address)!) >>> 0);
    counts[kind as 0]++;
    if (kind === KIND.release) numbers.delete(address);
  }
  const column = () => new Uint32Array(pages);
  return {
    name: 'test',
    pageSize: 4096,
    chunks: entries.length === 0 ? [] : [Uint32Array.from(entries)],
    entries: entries.length,
    counts,
    pages,
    names: { low: column(), high: column(), owner: column() },
    owners: [0],
    notes: [],
    remarks: undefined,
    sharing: 'none',
  };
}

/** A trace that loads these pages. */
export const loads = (pages: readonly number[]): DenseTrace =>
  traceOf(pages.map((page) => [KIND.load, page]));

/** Traces of up to `length` steps over few pages, with stores and releases. */
export const anyTrace = (length: number): fc.Arbitrary<DenseTrace> =>
  fc
    .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 0, max: 3 }))
    .chain(([pages, releases]) =>
      fc.array(
        fc.tuple(
          fc.oneof(
            { weight: 6, arbitrary: fc.constantFrom(KIND.fetch, KIND.load) },
            { weight: 3, arbitrary: fc.constant(KIND.store) },
            { weight: releases, arbitrary: fc.constant(KIND.release) },
          ),
          fc.integer({ min: 0, max: pages - 1 }),
        ),
        { minLength: 1, maxLength: length, size: 'max' },
      ),
    )
    .map(traceOf);

/** What a policy, of those that need no future, does with so many frames. */
export function simulate(trace: DenseTrace, definition: PolicyDefinition, frames: number): SimulationCounts {
  const simulation = new Simulation({
    definition,
    frames,
    pages: trace.pages,
    seed: 1,
  });
  for (const chunk of trace.chunks) simulation.feed(chunk, 0, chunk.length);
  return simulation.counts;
}

/** Faults of Belady's MIN, by looking ahead at every eviction; a release frees the page's frame. */
export function naiveMinimum(trace: DenseTrace, frames: number): number {
  const entries = trace.chunks.flatMap((chunk) => [...chunk]);
  const resident = new Set<number>();
  let faults = 0;
  const nextUse = (page: number, from: number) => {
    for (let i = from; i < entries.length; i++)
      if ((entries[i]! & PAGE_MASK) === page && entries[i]! >>> KIND_SHIFT !== KIND.release) return i;
    return Number.POSITIVE_INFINITY;
  };
  for (const [i, entry] of entries.entries()) {
    const page = entry & PAGE_MASK;
    if (entry >>> KIND_SHIFT === KIND.release) resident.delete(page);
    else if (!resident.has(page)) {
      faults++;
      if (resident.size === frames) {
        const [victim] = [...resident].sort((a, b) => nextUse(b, i) - nextUse(a, i) || 0);
        resident.delete(victim!);
      }
      resident.add(page);
    }
  }
  return faults;
}

/** The same for longer traces: next uses are found beforehand, and releases do nothing. */
export function minimum(trace: DenseTrace, frames: number): number {
  const references = trace.chunks
    .flatMap((chunk) => [...chunk])
    .filter((entry) => entry >>> KIND_SHIFT !== KIND.release)
    .map((entry) => entry & PAGE_MASK);
  const coming = new Map<number, number>();
  const next = references.map(() => Number.POSITIVE_INFINITY);
  for (let i = references.length - 1; i >= 0; i--) {
    next[i] = coming.get(references[i]!) ?? Number.POSITIVE_INFINITY;
    coming.set(references[i]!, i);
  }
  const resident = new Map<number, number>();
  let faults = 0;
  for (const [i, page] of references.entries()) {
    if (!resident.has(page)) {
      faults++;
      if (resident.size === frames) {
        let victim = -1;
        let furthest = -1;
        for (const [candidate, use] of resident) {
          if (use <= furthest) continue;
          victim = candidate;
          furthest = use;
        }
        resident.delete(victim);
      }
    }
    resident.set(page, next[i]!);
  }
  return faults;
}
