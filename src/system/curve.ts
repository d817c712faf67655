/** Faults over memory size: for each policy the best method that there is for it. */
import type { Consume } from '../replay/builder.ts';
import { type Curve, type CurvePoint, exactCurve, pointsAt, sampledCurve } from '../replay/curves/curve.ts';
import { kneeOf, leastMemoryWithin } from '../replay/curves/knee.ts';
import { LruPass } from '../replay/curves/lru.ts';
import { miniatureCurve, miniatureOf } from '../replay/curves/miniature.ts';
import { selectEntries } from '../replay/curves/select.ts';
import { Shards, shards } from '../replay/curves/shards.ts';
import { sizesToReplay } from '../replay/curves/sizes.ts';
import { type DenseTrace, referencesOf } from '../replay/dense.ts';
import { nextUses } from '../replay/next-use.ts';
import type { CurveReport, ReportedCurve } from '../report/curve-schema.ts';
import { loadPolicy, type PolicyChoice } from './load-policy.ts';
import type { Executor } from './replay.ts';
import { releasesOf, reportedAnomalies, summaryOf } from './replay.ts';

import type { ReadTrace } from './trace.ts';

export interface CurvePlan {
  readonly policies: readonly PolicyChoice[];
  /** How many sizes are replayed for policies without a one-pass method. */
  readonly sizes: number;
  /** Frames that must be among them. */
  readonly always: readonly number[];
  /** Share of pages that estimates follow, above 0 up to 1; `undefined`: no estimates. */
  readonly sample: number | undefined;
  readonly parts: 'all' | 'kind' | 'process';
  /** % above the fewest faults that `enough` allows. */
  readonly within: number;
  readonly seed: number;
}

/** Points that one-pass methods are read at. */
const FINE = 400;
/** Pages that a streamed estimate follows at most. */
const MOST_SAMPLED = 32_768;

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

/** Reads a trace, giving its entries to `consume`. */
type ReadInto = (consume: Consume) => Promise<ReadTrace>;

/**
 * LRU's curve from a sample of pages of a trace that is read and not kept: memory is bounded by its number of pages.
 * @throws UserError what `read` throws
 */
export async function streamedCurve(
  read: ReadInto,
  plan: Pick<CurvePlan, 'sample' | 'always' | 'within' | 'seed'>,
): Promise<CurveReport> {
  const sample = new Shards({ rate: plan.sample ?? 1, mostPages: MOST_SAMPLED, seed: plan.seed });
  const found = await read((entries) => sample.feed(entries, 0, entries.length));
  return reportOfOne(found, sampledCurve(sample, sizesToReplay(found.trace.pages, FINE, plan.always)), plan);
}

/**
 * LRU's exact curve of a trace that is read and not kept: what `curveReport` gives of one that is.
 * @throws UserError what `read` throws
 */
export async function lruCurve(
  read: ReadInto,
  plan: Pick<CurvePlan, 'sizes' | 'always' | 'within' | 'seed'>,
): Promise<CurveReport> {
  const pass = new LruPass();
  const found = await read((entries, soFar) => pass.feed(entries, soFar));
  return reportOfOne(found, exactCurve('lru', pass.distances, fineSizes(found.trace.pages, plan)), plan);
}

function reportOfOne(
  { trace, format }: ReadTrace,
  curve: Curve,
  plan: Pick<CurvePlan, 'within' | 'seed'>,
): CurveReport {
  const only = reported(curve, 'all', plan);
  return {
    schema: 'pagewalk.curve/1',
    trace: summaryOf(trace, format),
    within: plan.within,
    seed: plan.seed,
    curves: [only],
    anomalies: anomaliesOf(only),
  };
}

/** Sizes that one-pass methods are read at: those of replays among them, so that curves can be compared there. */
const fineSizes = (pages: number, { sizes, always }: Pick<CurvePlan, 'sizes' | 'always'>): number[] =>
  sizesToReplay(pages, FINE, sizesToReplay(pages, sizes, always));

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

function reported(curve: Curve, part: string, { within }: Pick<CurvePlan, 'within'>): ReportedCurve {
  const { policy, method, references, points, error } = curve;
  const knee = kneeOf(points);
  return {
    policy,
    part,
    method,
    references,
    points: [...points],
    ...(knee === undefined ? {} : { knee }),
    enough: leastMemoryWithin(points, within),
    ...(error === undefined ? {} : { error }),
  };
}

/** Of exact curves only: an estimate's bumps are its own. */
function anomaliesOf({ policy, method, points }: ReportedCurve): CurveReport['anomalies'] {
  return method === 'sampled' || method === 'miniature' ? [] : reportedAnomalies(policy, points);
}
