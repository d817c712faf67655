/**
 * Schedules as trace events for Perfetto: a policy is a process there, and each job a row in it with a slice for
 * each time that it ran, was ready or blocked. Source: "Trace Event Format", JSON array form.
 */
import type { ScheduleReport, ScheduleResult } from './schema.ts';

const NS_A_MICROSECOND = 1000;

/** @returns a JSON array, one event a line */
export function scheduleTimeline({ results }: ScheduleReport): string {
  const events = results.flatMap((result, i) => eventsOf(result, i + 1));
  return `[\n${events.map((event) => JSON.stringify(event)).join(',\n')}\n]\n`;
}

function eventsOf({ policy, jobs, slices }: ScheduleResult, pid: number): object[] {
  return [
    { name: 'process_name', ph: 'M', pid, args: { name: policy } },
    ...jobs.map(({ pid: tid, name }) => ({ name: 'thread_name', ph: 'M', pid, tid, args: { name } })),
    ...slices.map(({ pid: tid, state, from, to }) => ({
      name: state,
      ph: 'X',
      pid,
      tid,
      ts: from / NS_A_MICROSECOND,
      dur: (to - from) / NS_A_MICROSECOND,
    })),
  ];
}
