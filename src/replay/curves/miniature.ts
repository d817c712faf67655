/**
 * Faults of any policy from a miniature of it: a sample of the pages, on as much smaller a memory (Waldspurger,
 * Saemundsson, Ahmad and Park, "Cache modeling and optimization using miniature simulations", USENIX ATC 2017).
 *
 * Clock interrupts come after as many times fewer references; time that a policy keeps by itself is not scaled.
 */
import type { PolicyDefinition } from '../../policies/replacement/contract.ts';
import { type DenseTrace, KIND_SHIFT, PAGE_MASK, referencesOf } from '../dense.ts';
import { NextUses, nextUses } from '../next-use.ts';
import { Simulation } from '../simulate.ts';
import { ChunkWriter } from './chunk-writer.ts';
import { type Curve, samplingError } from './curve.ts';
import { HASHES, pageHash } from './page-hash.ts';

export interface Miniature {
  /** The references to pages of the sample; pages are numbered anew. */
  readonly trace: DenseTrace;
  /** Share of the trace's pages that are in the sample. */
  readonly rate: number;
  /** References of the whole trace. */
  readonly references: number;
}

/**
 * The sample has as many pages as chance gives it, one at least; it is scaled by the share that it has, not by the
 * one that was asked for.
 * @param rate share of pages, above 0 up to 1
 * @param seed any 32-bit integer; another one samples other pages
 */
export function miniatureOf(trace: DenseTrace, rate: number, seed: number): Miniature {
  const { numbers, sampled } = numbersOf(trace.pages, rate, seed);
  const writer = new ChunkWriter(trace.entries);
  for (const chunk of trace.chunks) {
    for (let i = 0; i < chunk.length; i++) {
      const number = numbers[chunk[i]! & PAGE_MASK]!;
      if (number >= 0) writer.push(((chunk[i]! >>> KIND_SHIFT) << KIND_SHIFT) | number);
    }
  }
  const { names } = trace;
  const take = (column: Uint32Array): Uint32Array => column.filter((_, page) => numbers[page]! >= 0);
  return {
    trace: {
      ...trace,
      ...writer.finish(),
      pages: sampled,
      names: { low: take(names.low), high: take(names.high), owner: take(names.owner) },
    },
    rate: trace.pages === 0 ? 1 : sampled / trace.pages,
    references: referencesOf(trace),
  };
}

/** Numbers of the pages in the sample, which keep their order; -1 for the others. */
function numbersOf(pages: number, rate: number, seed: number) {
  const hashes = Uint32Array.from({ length: pages }, (_, page) => pageHash(page, 0, seed));
  const least = hashes.reduce((one, other) => Math.min(one, other), HASHES);
  const threshold = Math.max(rate * HASHES, least + 1);
  let sampled = 0;
  const numbers = new Int32Array(pages);
  for (let page = 0; page < pages; page++) numbers[page] = hashes[page]! < threshold ? sampled++ : -1;
  return { numbers, sampled };
}

/** Frames of the miniature for a memory of `frames`: at least 1. */
export const miniatureFrames = (frames: number, rate: number): number =>
  Math.max(1, Math.round(frames * rate));

/** The policy as the miniature runs it. */
export const miniaturePolicy = (definition: PolicyDefinition, rate: number): PolicyDefinition =>
  definition.interval === undefined ? definition : { ...definition, interval: definition.interval * rate };

/** What `faults` of the miniature are for the whole trace, as SHARDS-adj has it: see shards.ts. */
export const miniatureFaults = (faults: number, { rate, references }: Miniature): number =>
  Math.min(references, faults / rate);

/** The error to state, as in `Curve`. */
export const miniatureError = ({ trace, rate }: Miniature): number =>
  rate === 1 ? 0 : samplingError(trace.pages);

/** The curve of a policy at `sizes`, ascending numbers of frames, replayed one after the other. */
export function miniatureCurve(
  miniature: Miniature,
  definition: PolicyDefinition,
  sizes: readonly number[],
  seed: number,
): Curve {
  const { trace, rate } = miniature;
  const future = definition.needs === 'the future' ? new NextUses(trace, nextUses(trace)) : undefined;
  const points = sizes.map((frames) => {
    const simulation = new Simulation({
      definition: miniaturePolicy(definition, rate),
      frames: miniatureFrames(frames, rate),
      pages: trace.pages,
      owners: trace.names.owner,
      seed,
      nextUses: future,
    });
    for (const chunk of trace.chunks) simulation.feed(chunk, 0, chunk.length);
    return { frames, faults: miniatureFaults(simulation.counts.faults, miniature) };
  });
  return {
    policy: definition.name,
    method: 'miniature',
    points,
    references: miniature.references,
    error: miniatureError(miniature),
  };
}
