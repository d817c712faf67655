/** Who had the CPU when, and what it did in between. */
import { assert } from '../../base/errors.ts';
import type { Slice } from './schema.ts';

/** A span of the CPU's time, ns. */
export interface CpuSpan {
  /**
   * The job that ran; or why none did: nobody wanted to (`idle`), or somebody was ready for at least a part of the
   * span, so that the CPU was taken up by the switch (`switching`).
   */
  readonly by: { readonly pid: number; readonly name: string } | 'idle' | 'switching';
  readonly from: number;
  readonly to: number;
}

/** A span in which a job ran, ns. */
export interface RunningSpan extends CpuSpan {
  readonly by: { readonly pid: number; readonly name: string };
}

/**
 * The spans in which a job ran, in order, neighbours of the same job joined.
 * @throws Error when two jobs run at the same time: there is one CPU
 */
export function runningSpans(slices: readonly Slice[]): RunningSpan[] {
  const running = slices.filter(({ state, from, to }) => state === 'running' && to > from);
  const spans: { by: RunningSpan['by']; from: number; to: number }[] = [];
  for (const { pid, name, from, to } of running.sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    assert(last === undefined || last.to <= from, 'one job runs at a time');
    if (last?.by.pid === pid && last.to === from) last.to = to;
    else spans.push({ by: { pid, name }, from, to });
  }
  return spans;
}

/** The running spans and the gaps between them, without those before the first and after the last. */
export function cpuSpans(slices: readonly Slice[]): CpuSpan[] {
  const spans = runningSpans(slices);
  const somebodyReady = readiness(slices);
  return spans.flatMap((span, i): CpuSpan[] => {
    const gap = { from: spans[i - 1]?.to ?? span.from, to: span.from };
    if (gap.from >= gap.to) return [span];
    return [{ by: somebodyReady(gap.from, gap.to) ? 'switching' : 'idle', ...gap }, span];
  });
}

/** Whether somebody is ready at some time between two times; asked with ascending times. */
function readiness(slices: readonly Slice[]): (from: number, to: number) => boolean {
  const ready = slices.filter(({ state }) => state === 'ready').sort((a, b) => a.from - b.from);
  let next = 0;
  let latest = Number.NEGATIVE_INFINITY;
  return (from, to) => {
    for (; next < ready.length && ready[next]!.from < to; next++) latest = Math.max(latest, ready[next]!.to);
    return latest > from;
  };
}

/** The slices of each job, in their order. */
export function slicesByJob(slices: readonly Slice[]): (pid: number) => readonly Slice[] {
  const byPid = new Map<number, Slice[]>();
  for (const slice of slices) {
    const own = byPid.get(slice.pid);
    if (own === undefined) byPid.set(slice.pid, [slice]);
    else own.push(slice);
  }
  return (pid) => byPid.get(pid) ?? [];
}
