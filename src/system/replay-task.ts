/** One policy at one size over a trace: what a worker does, and what stands in the way of it being plain data. */
import { lruDistances } from '../replay/curves/lru.ts';
import { optimalDistances } from '../replay/curves/optimal.ts';
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
  readonly trace: TraceEntries;
  readonly policy: 'lru' | 'optimal';
  /** Page frames. */
  readonly sizes: readonly number[];
}

/** Exact faults at each of the task's sizes. */
export function curveTask({ trace, policy, sizes }: CurveTask): number[] {
  const distances = policy === 'lru' ? lruDistances(trace) : optimalDistances(trace);
  return sizes.map((frames) => distances.faultsAt(frames));
}

/** @throws UserError when the policy breaks the contract */
export async function replayTask(task: ReplayTask): Promise<SimulationCounts> {
  const definition = await loadPolicy(task.policy);
  const { trace, frames, seed } = task;
  const simulation = new Simulation({
    definition,
    frames,
    pages: trace.pages,
    owners: task.owners,
    seed,
    releases: task.releases,
    nextUses: task.next && new NextUses(trace, task.next),
  });
  for (const chunk of trace.chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      simulation.feed(chunk, at, Math.min(chunk.length, at + PIECE));
      if (task.progress) Atomics.add(task.progress.counts, task.progress.slot, 1);
    }
  }
  return simulation.counts;
}
