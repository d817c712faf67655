/** LRU's faults over memory size, of a trace that is read and not kept. */
import type { Consume } from '../replay/builder.ts';
import { type Curve, exactCurve, sampledCurve } from '../replay/curves/curve.ts';
import { kneeOf, leastMemoryWithin } from '../replay/curves/knee.ts';
import { LruPass } from '../replay/curves/lru.ts';
import { Shards } from '../replay/curves/shards.ts';
import { sizesToReplay } from '../replay/curves/sizes.ts';
import type { CurveReport, ReportedCurve } from '../report/curve-schema.ts';
import { type ReadTrace, summaryOf } from './trace.ts';

export interface LruCurvePlan {
  /** How many sizes are replayed for policies without a one-pass method. */
  readonly sizes: number;
  /** Frames that must be among them. */
  readonly always: readonly number[];
  /** Share of pages that estimates follow, above 0 up to 1; `undefined`: no estimates. */
  readonly sample: number | undefined;
  /** % above the fewest faults that `enough` allows. */
  readonly within: number;
  readonly seed: number;
}

/** Points that one-pass methods are read at. */
const FINE = 400;
/** Pages that an estimate follows at most. */
const MOST_SAMPLED = 32_768;

/** Reads a trace, giving its entries to `consume`. */
type ReadInto = (consume: Consume) => Promise<ReadTrace>;

/**
 * LRU's curve from a sample of pages of a trace that is read and not kept: memory is bounded by its number of pages.
 * @throws UserError what `read` throws
 */
export async function streamedCurve(read: ReadInto, plan: LruCurvePlan): Promise<CurveReport> {
  const sample = new Shards({ rate: plan.sample ?? 1, mostPages: MOST_SAMPLED, seed: plan.seed });
  const found = await read((entries) => sample.feed(entries, 0, entries.length));
  return reportOfOne(found, sampledCurve(sample, sizesToReplay(found.trace.pages, FINE, plan.always)), plan);
}

/**
 * LRU's exact curve of a trace that is read and not kept: what `curveReport` gives of one that is.
 * @throws UserError what `read` throws
 */
export async function lruCurve(read: ReadInto, plan: LruCurvePlan): Promise<CurveReport> {
  const pass = new LruPass();
  const found = await read((entries, soFar) => pass.feed(entries, soFar));
  return reportOfOne(found, exactCurve('lru', pass.distances, fineSizes(found.trace.pages, plan)), plan);
}

const reportOfOne = ({ trace, format }: ReadTrace, curve: Curve, plan: LruCurvePlan): CurveReport => ({
  schema: 'pagewalk.curve/1',
  trace: summaryOf(trace, format),
  within: plan.within,
  seed: plan.seed,
  curves: [reported(curve, 'all', plan)],
  // More memory never costs LRU a fault.
  anomalies: [],
});

/** Sizes that one-pass methods are read at: those of replays among them, so that curves can be compared there. */
export const fineSizes = (pages: number, { sizes, always }: LruCurvePlan): number[] =>
  sizesToReplay(pages, FINE, sizesToReplay(pages, sizes, always));

/** The curve with what people want to know of it. */
export function reported(curve: Curve, part: string, { within }: LruCurvePlan): ReportedCurve {
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
