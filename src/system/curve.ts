/** Faults over memory size: for each policy the best method that there is for it. */
import { type Curve, type CurvePoint, pointsAt } from '../replay/curves/curve.ts';
import { miniatureCurve, miniatureOf } from '../replay/curves/miniature.ts';
import { selectEntries } from '../replay/curves/select.ts';
import { shards } from '../replay/curves/shards.ts';
import { sizesToReplay } from '../replay/curves/sizes.ts';
import { type DenseTrace, referencesOf } from '../replay/dense.ts';
import { nextUses } from '../replay/next-use.ts';
import type { CurveReport } from '../report/curve-schema.ts';
import { loadPolicy, type PolicyChoice } from './load-policy.ts';
import { fineSizes, type LruCurvePlan, reported } from './lru-curve.ts';
import type { Executor } from './replay.ts';
import { releasesOf, reportedAnomalies } from './replay.ts';
import { type ReadTrace, summaryOf } from './trace.ts';

export interface CurvePlan extends LruCurvePlan {
  readonly policies: readonly PolicyChoice[];
  readonly parts: 'all' | 'kind' | 'process';
}

/** @throws UserError when a policy is unknown or breaks its contract */
export async function curveReport(
  read: ReadTrace,
  plan: CurvePlan,
  executor: Executor,
  onDone: (done: number, all: number) => void = () => undefined,
): Promise<CurveReport> {
  const wanted = partsOf(read.trace, plan.parts).flatMap(({ name, trace }) =>
    plan.policies.map((policy) => ({ name, trace, policy })),
  );
  let done = 0;
  const curves = await Promise.all(
    wanted.map(async ({ name, trace, policy }) => {
      const curve = reported(await curveOf(trace, policy, plan, executor), name, plan);
      onDone(++done, wanted.length);
      return curve;
    }),
  );
  return {
    schema: 'pagewalk.curve/1',
    trace: summaryOf(read.trace, read.format),
    within: plan.within,
    seed: plan.seed,
    curves,
    anomalies: curves.flatMap(anomaliesOf),
  };
}

interface Part {
  readonly name: string;
  readonly trace: DenseTrace;
}

function partsOf(trace: DenseTrace, parts: CurvePlan['parts']): Part[] {
  if (parts === 'all') return [{ name: 'all', trace }];
  const selected =
    parts === 'kind'
      ? (['fetch', 'load', 'store'] as const).map((kind) => ({
          name: kind as string,
          trace: selectEntries(trace, { kinds: [kind] }),
        }))
      : trace.owners.map((owner, index) => ({
          name: `process ${owner}`,
          trace: selectEntries(trace, { owners: [index] }),
        }));
  return selected.filter((part) => referencesOf(part.trace) > 0);
}

async function curveOf(
  trace: DenseTrace,
  policy: PolicyChoice,
  plan: CurvePlan,
  executor: Executor,
): Promise<Curve> {
  const definition = await loadPolicy(policy);
  const references = referencesOf(trace);
  const sizes = sizesToReplay(trace.pages, plan.sizes, plan.always);
  const fine = fineSizes(trace.pages, plan);
  const { name } = definition;
  if (name === 'lru' && plan.sample !== undefined) {
    const sample = shards(trace, { rate: plan.sample, seed: plan.seed });
    return {
      policy: name,
      method: 'sampled',
      references,
      points: pointsAt(fine, sample),
      error: sample.error,
    };
  }
  if ((name === 'lru' || name === 'optimal') && plan.sample === undefined) {
    const { chunks, entries, pages, counts } = trace;
    const faults = await executor.curve({
      trace: { chunks, entries, pages, counts },
      policy: name,
      sizes: fine,
    });
    return {
      policy: name,
      method: 'exact',
      references,
      points: fine.map((frames, k) => ({ frames, faults: faults[k]! })),
    };
  }
  if (plan.sample !== undefined)
    return miniatureCurve(miniatureOf(trace, plan.sample, plan.seed), definition, sizes, plan.seed);
  const points = await simulated(trace, policy, sizes, plan.seed, executor);
  return { policy: name, method: 'simulated', references, points };
}

async function simulated(
  trace: DenseTrace,
  policy: PolicyChoice,
  sizes: readonly number[],
  seed: number,
  executor: Executor,
): Promise<CurvePoint[]> {
  const { needs } = await loadPolicy(policy);
  const next = needs === 'the future' ? nextUses(trace) : undefined;
  const owners = trace.owners.length > 1 ? trace.names.owner : undefined;
  const entries = { chunks: trace.chunks, entries: trace.entries, pages: trace.pages };
  return Promise.all(
    sizes.map(async (frames) => {
      const task = {
        trace: entries,
        owners,
        next,
        releases: releasesOf(trace),
        policy,
        frames,
        seed,
        progress: undefined,
      };
      return { frames, faults: (await executor.run(task)).faults };
    }),
  );
}

/** Of exact curves only: an estimate's bumps are its own. */
function anomaliesOf({ policy, method, points }: CurveReport['curves'][number]): CurveReport['anomalies'] {
  return method === 'sampled' || method === 'miniature' ? [] : reportedAnomalies(policy, points);
}
