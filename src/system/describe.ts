/** What a trace is like, whatever policy serves it. */
import { lruDistances } from '../replay/curves/lru.ts';
import { referencesOf } from '../replay/dense.ts';
import { footprint } from '../replay/metrics/footprint.ts';
import { reuseDistances, reuseTimes } from '../replay/metrics/reuse.ts';
import { workingSets } from '../replay/metrics/working-set.ts';
import type { Description } from '../report/describe-schema.ts';
import { type ReadTrace, summaryOf } from './trace.ts';

/** Points of a working set over time. */
const SAMPLES = 200;

/** @param windows in references; shares of the trace's length when there are none */
export function describeTrace({ trace, format }: ReadTrace, windows: readonly number[]): Description {
  const { byKind, neverStored, once, released, byOwner } = footprint(trace);
  const chosen = windows.length > 0 ? windows : usualWindows(referencesOf(trace));
  return {
    schema: 'pagewalk.describe/1',
    trace: summaryOf(trace, format),
    footprint: { byKind, neverStored, once, released, byOwner: [...byOwner] },
    reuseDistances: plain(reuseDistances(lruDistances(trace))),
    reuseTimes: plain(reuseTimes(trace)),
    workingSets: chosen.map((window) => {
      const { mean, largest, times, sizes } = workingSets(trace, window, SAMPLES);
      return { window, mean, largest, times: [...times], sizes: [...sizes] };
    }),
  };
}

const plain = ({ buckets, none }: { buckets: readonly number[]; none: number }) => ({
  buckets: [...buckets],
  none,
});

const usualWindows = (references: number): number[] => [
  ...new Set([1000, 100].map((share) => Math.max(1, Math.round(references / share)))),
];
