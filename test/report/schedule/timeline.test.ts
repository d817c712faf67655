import { expect, it } from 'vitest';
import { scheduleResult } from '../../../src/report/schedule/metrics.ts';
import { scheduleTimeline } from '../../../src/report/schedule/timeline.ts';

it('a schedule is a row a job for Perfetto, in microseconds', () => {
  const jobs = [{ pid: 7, name: 'A', arrival: 0, end: 3000 }];
  const slices = [
    { pid: 7, name: 'A', from: 0, to: 1000, state: 'ready' as const },
    { pid: 7, name: 'A', from: 1000, to: 3000, state: 'running' as const },
  ];
  const results = [scheduleResult('fifo', slices, jobs)];
  expect(JSON.parse(scheduleTimeline({ schema: 'pagewalk.schedule/1', seed: 1, results }))).toEqual([
    { name: 'process_name', ph: 'M', pid: 1, args: { name: 'fifo' } },
    { name: 'thread_name', ph: 'M', pid: 1, tid: 7, args: { name: 'A' } },
    { name: 'ready', ph: 'X', pid: 1, tid: 7, ts: 0, dur: 1 },
    { name: 'running', ph: 'X', pid: 1, tid: 7, ts: 1, dur: 2 },
  ]);
});
