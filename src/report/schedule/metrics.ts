/** What a schedule is judged by. */
import { assert } from '../../base/errors.ts';
import type { JobMetrics, ScheduledJob, ScheduleResult, Slice } from './schema.ts';
import { type CpuSpan, cpuSpans, slicesByJob } from './spans.ts';

const NS_A_SECOND = 1e9;

/**
 * A policy's schedule with all that can be said of it. Every slice is of one of the jobs; jobs keep their order,
 * slices are put in order of time.
 * @throws Error when two jobs run at the same time, or a slice is of none of the jobs
 */
export function scheduleResult(
  policy: string,
  slices: readonly Slice[],
  jobs: readonly ScheduledJob[],
): ScheduleResult {
  const ordered = slices.toSorted((a, b) => a.from - b.from || a.pid - b.pid);
  const known = new Set(jobs.map(({ pid }) => pid));
  for (const { pid, from, to } of ordered) {
    assert(known.has(pid), 'a slice is of one of the jobs');
    assert(from <= to, 'a slice does not end before it begins');
  }
  const spans = cpuSpans(ordered);
  const running = spans.filter(({ by }) => typeof by === 'object');
  const span = spanOf(ordered, jobs);
  const length = span.to - span.from;
  const busy = timeOf(running);
  const slicesOf = slicesByJob(ordered);
  const all = jobs.map((job) => jobMetrics(job, slicesOf(job.pid)));
  const ended = jobs.filter(({ end }) => end !== undefined).length;
  const fairness = fairnessOf(all);
  return {
    policy,
    span,
    jobs: all,
    mean: {
      turnaround: meanOf(all.map(({ turnaround }) => turnaround)),
      response: meanOf(all.map(({ response }) => response)),
      waiting: meanOf(all.map(({ waiting }) => waiting)),
    },
    ended,
    throughput: length === 0 ? 0 : (ended * NS_A_SECOND) / length,
    cpu: {
      busy,
      switching: timeOf(spans.filter(({ by }) => by === 'switching')),
      use: length === 0 ? 0 : busy / length,
    },
    switches: switchesIn(running),
    ...(fairness === undefined ? {} : { fairness }),
    slices: ordered,
  };
}

const timeOf = (spans: readonly CpuSpan[]): number => spans.reduce((sum, { from, to }) => sum + to - from, 0);

const switchesIn = (running: readonly CpuSpan[]): number => {
  const pids = running.map(({ by }) => (typeof by === 'object' ? by.pid : undefined));
  return pids.filter((pid, i) => i > 0 && pid !== pids[i - 1]).length;
};

function spanOf(slices: readonly Slice[], jobs: readonly ScheduledJob[]): { from: number; to: number } {
  if (jobs.length === 0) return { from: 0, to: 0 };
  const from = jobs.reduce((least, { arrival }) => Math.min(least, arrival), Number.POSITIVE_INFINITY);
  return { from, to: slices.reduce((most, { to }) => Math.max(most, to), from) };
}

/** @param own the job's slices, in order of time */
function jobMetrics(job: ScheduledJob, own: readonly Slice[]): JobMetrics {
  const time = (state: Slice['state']): number =>
    own.reduce((sum, slice) => (slice.state === state ? sum + slice.to - slice.from : sum), 0);
  const firstRun = own.find(({ state }) => state === 'running')?.from;
  return {
    ...job,
    ...(firstRun === undefined ? {} : { firstRun, response: firstRun - job.arrival }),
    ...(job.end === undefined ? {} : { turnaround: job.end - job.arrival }),
    waiting: time('ready'),
    running: time('running'),
    blocked: time('blocked'),
  };
}

function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/**
 * Jain's index of the shares of the CPU that jobs had of the time in which they wanted it, running / (running +
 * waiting), each divided by its tickets if all have tickets. `undefined` when nobody wanted the CPU.
 */
function fairnessOf(jobs: readonly JobMetrics[]): number | undefined {
  const wanting = jobs.filter(({ running, waiting }) => running + waiting > 0);
  const weighted = wanting.every(({ tickets }) => tickets !== undefined);
  return jainIndex(
    wanting.map(({ running, waiting, tickets }) => running / (running + waiting) / (weighted ? tickets! : 1)),
  );
}

/**
 * (Σx)² / (n Σx²): 1 when all shares are equal, 1/n when one has everything; `undefined` of no shares, or when all
 * are 0. Source: Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource allocation
 * in shared computer systems", DEC research report TR-301, 1984.
 * @param shares each 0 or more
 */
export function jainIndex(shares: readonly number[]): number | undefined {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return squares === 0 ? undefined : Math.min(1, (sum * sum) / (shares.length * squares));
}
