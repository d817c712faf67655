/**
 * Loops for the policies that are replayed most: policy, frames and bits of the pages in one WebAssembly function,
 * without a call for anything that happens. They count what `Simulation` counts with the policy's own object, which is
 * what they are tested against, and can be neither watched nor told of releases.
 */
import type { NextUses, TraceEntries } from '../next-use.ts';
import type { SimulationCounts } from '../simulate.ts';

/** A trace without releases, of less than 2^31 references. */
export interface LoopTrace extends TraceEntries {
  /** Page frames, at least 1, and no more than there are pages. */
  readonly frames: number;
  /** For loops that need the future. */
  readonly nextUses: NextUses | undefined;
}

export interface PolicyLoop {
  readonly counts: SimulationCounts;
  /** Replays entries `from` to `to` - 1 of a chunk of the trace; chunks and pieces of them are fed in order. */
  feed(entries: Uint32Array, from: number, to: number): void;
}

/** `undefined` when there is no memory for it. */
export type MakePolicyLoop = (trace: LoopTrace) => PolicyLoop | undefined;
