/** One policy at one size over a trace: what a worker does, and what stands in the way of it being plain data. */
import { lruDistances } from '../replay/curves/lru.ts';
import { optimalDistances } from '../replay/curves/optimal.ts';
import type { DenseTrace } from '../replay/dense.ts';
import type { PolicyLoop } from '../replay/loops/contract.ts';
import { policyLoop } from '../replay/loops/registry.ts';
import { NextUses, type TraceEntries } from '../replay/next-use.ts';
import { Simulation, type SimulationCounts } from '../replay/simulate.ts';
import { loadPolicy, type PolicyChoice } from './load-policy.ts';

/** Entries between two reports of progress. */
export const PIECE = 1 << 20;

export interface ReplayTask {
  readonly trace: TraceEntries;
  /** Process of each page. */
  readonly owners: Uint32Array | undefined;
  readonly next: readonly Uint32Array[] | undefined;
  readonly releases: 'some' | 'none';
  readonly policy: PolicyChoice;
  /** Page frames, at least 1. */
  readonly frames: number;
  readonly seed: number;
  /** Counts pieces as they are done, at `slot`; shared. */
  readonly progress: { readonly counts: Int32Array; readonly slot: number } | undefined;
}

/** Faults of a policy with a one-pass method at many sizes. */
export interface CurveTask {
  readonly trace: TraceEntries & Pick<DenseTrace, 'counts'>;
  readonly policy: 'lru' | 'optimal';
  /** Page frames. */
  readonly sizes: readonly number[];
}

/** Exact faults at each of the task's sizes. */
export function curveTask({ trace, policy, sizes }: CurveTask): number[] {
  const distances = policy === 'lru' ? lruDistances(trace) : optimalDistances(trace);
  return sizes.map((frames) => distances.faultsAt(frames));
}

/** Entries of a trace for which it pays to make a function in WebAssembly. */
const LONG = 1 << 16;

function loopOf(
  { trace, frames, policy, releases }: ReplayTask,
  name: string,
  nextUses: NextUses | undefined,
): PolicyLoop | undefined {
  // A user's own policy may have any name.
  const isBuiltIn = policy.module === undefined;
  if (!isBuiltIn || releases === 'some' || trace.entries < LONG) return undefined;
  return policyLoop(name, { ...trace, frames, nextUses });
}

/** @throws UserError when the policy breaks the contract */
export async function replayTask(task: ReplayTask): Promise<SimulationCounts> {
  const definition = await loadPolicy(task.policy);
  const { trace, frames, seed, releases, owners } = task;
  const { pages } = trace;
  const nextUses = task.next && new NextUses(trace, task.next);
  const replay =
    loopOf(task, definition.name, nextUses) ??
    new Simulation({ definition, frames, pages, owners, seed, releases, nextUses });
  for (const chunk of trace.chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      replay.feed(chunk, at, Math.min(chunk.length, at + PIECE));
      if (task.progress) Atomics.add(task.progress.counts, task.progress.slot, 1);
    }
  }
  return replay.counts;
}
