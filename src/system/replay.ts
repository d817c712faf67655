/** Replays a trace under many policies at many sizes, and puts the answers together. */
import { UserError } from '../base/errors.ts';
import { type DenseTrace, KIND } from '../replay/dense.ts';
import { anomalies } from '../replay/metrics/anomalies.ts';
import { averageAccessTime } from '../replay/metrics/misses.ts';
import { nextUses } from '../replay/next-use.ts';
import type { SimulationCounts } from '../replay/simulate.ts';
import type { ReplayReport, ReplayResult } from '../report/replay-schema.ts';
import { loadPolicy, type PolicyChoice } from './load-policy.ts';
import { type CurveTask, curveTask, type ReplayTask, replayTask } from './replay-task.ts';
import { type ReadTrace, summaryOf } from './trace.ts';

/** Virtual time in ns: of a reference that finds its page, and of a fault. */
export interface AccessCosts {
  readonly memory: number;
  readonly disk: number;
}

/** The notes' figures: 100 ns and 10 ms. */
export const DEFAULT_ACCESS_COSTS: AccessCosts = { memory: 100, disk: 10_000_000 };

export interface ReplayPlan {
  readonly policies: readonly PolicyChoice[];
  /** Page frames, each at least 1. */
  readonly frames: readonly number[];
  readonly seed: number;
  readonly costs: AccessCosts;
}

/** Runs tasks, here or elsewhere, as many at once as it likes. */
export interface Executor {
  run(task: ReplayTask): Promise<SimulationCounts>;
  curve(task: CurveTask): Promise<readonly number[]>;
}

/** One after the other on this thread. */
export const inProcess: Executor = { run: replayTask, curve: async (task) => curveTask(task) };

/**
 * @param progress counts pieces of `PIECE` entries as they are done, one slot a task; shared with the executor's threads
 * @throws UserError when a policy is unknown, needs what a trace can't give, or breaks its contract
 */
export async function replayTrace(
  { trace, format }: ReadTrace,
  plan: ReplayPlan,
  executor: Executor,
  progress?: Int32Array,
): Promise<ReplayReport> {
  if (plan.frames.some((frames) => frames < 1))
    throw new UserError('--frames', '0 frames; at least 1 is needed');
  const definitions = await Promise.all(plan.policies.map((policy) => loadPolicy(policy)));
  const needsFuture = definitions.some(({ needs }) => needs === 'the future');
  const next = needsFuture ? nextUses(trace) : undefined;
  const entries = { chunks: trace.chunks, entries: trace.entries, pages: trace.pages };
  const owners = trace.owners.length > 1 ? trace.names.owner : undefined;
  const runs = plan.policies.flatMap((policy, p) =>
    plan.frames.map((frames) => ({
      policy,
      frames,
      name: definitions[p]!.name,
      needs: definitions[p]!.needs,
    })),
  );
  const results = await Promise.all(
    runs.map(async ({ policy, frames, name, needs }, slot): Promise<ReplayResult> => {
      const counts = await executor.run({
        trace: entries,
        owners,
        releases: releasesOf(trace),
        next: needs === 'the future' ? next : undefined,
        policy,
        frames,
        seed: plan.seed,
        progress: progress && { counts: progress, slot },
      });
      return resultOf(name, frames, counts, plan.costs);
    }),
  );
  return {
    schema: 'pagewalk.replay/1',
    trace: summaryOf(trace, format),
    costs: plan.costs,
    seed: plan.seed,
    results,
    anomalies: anomaliesOf(results),
  };
}

/** Whether a trace has pages that go for good. */
export const releasesOf = ({ counts }: DenseTrace): 'some' | 'none' =>
  counts[KIND.release] > 0 ? 'some' : 'none';

function resultOf(
  policy: string,
  frames: number,
  counts: SimulationCounts,
  costs: AccessCosts,
): ReplayResult {
  const { references, faults, compulsory } = counts;
  const missRatio = faults / references;
  return {
    policy,
    frames,
    references,
    hits: references - faults,
    faults,
    missRatio,
    compulsory,
    capacity: faults - compulsory,
    evictions: { clean: counts.cleanEvictions, dirty: counts.dirtyEvictions },
    ...(counts.secondChances === undefined ? {} : { secondChances: { ...counts.secondChances } }),
    accessTime: averageAccessTime(faults, references, { hit: costs.memory, miss: costs.disk }),
  };
}

function anomaliesOf(results: readonly ReplayResult[]): ReplayReport['anomalies'] {
  const policies = [...new Set(results.map(({ policy }) => policy))];
  return policies.flatMap((policy) => {
    const own = results.filter((one) => one.policy === policy).sort((a, b) => a.frames - b.frames);
    return reportedAnomalies(policy, own);
  });
}

/**
 * Neighbouring sizes of a policy where the larger one has more faults. None of `random`, where chance makes them.
 * @param points by ascending frames
 */
export function reportedAnomalies(
  policy: string,
  points: readonly { readonly frames: number; readonly faults: number }[],
): ReplayReport['anomalies'] {
  if (policy === 'random') return [];
  return anomalies(points).map(({ frames, moreFrames, faults, moreFaults }) => ({
    policy,
    fewer: { frames, faults },
    more: { frames: moreFrames, faults: moreFaults },
  }));
}
