/** The job files that are shipped, against the answers of the lecture notes, worked out by hand beside them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import type { ScheduleResult } from '../../src/report/schedule/schema.ts';
import { openFileStore } from '../../src/stores/file.ts';
import { systemConfig } from '../../src/system/config.ts';
import { parseJobs } from '../../src/system/job-file.ts';
import { scheduleJobs } from '../../src/system/schedule.ts';

interface Options {
  readonly memory?: string;
  readonly timer?: string;
  readonly maxTime?: string;
  readonly seed?: number;
  readonly contextSwitch?: number;
}

function run(text: string, scheduler: string, options: Options = {}): Promise<ScheduleResult> {
  const { contextSwitch = 0, ...rest } = options;
  const config = systemConfig({ ...rest, scheduler, swap: 'memory,64M', costs: { contextSwitch, trap: 0 } });
  return scheduleJobs(parseJobs(text, 'test.jobs'), config, {
    files: new MemoryFiles({}),
    streams: new MemoryStreams({}),
    stores: { file: openFileStore, temporary: undefined },
    turn: async () => {},
  });
}

const shipped = (name: string): string =>
  readFileSync(new URL(`../../jobs/${name}.jobs`, import.meta.url), 'utf8');

const SECOND = 1e9;
const MS = 1e6;

/** `A 0-10, B 10-20`, in the unit. */
const gantt = ({ slices }: ScheduleResult, unit: number): string =>
  slices
    .filter(({ state }) => state === 'running')
    .map(({ name, from, to }) => `${name} ${from / unit}-${to / unit}`)
    .join(', ');

const job = (result: ScheduleResult, name: string) => result.jobs.find((one) => one.name === name)!;

describe('the notes', () => {
  it.each([
    // Mean turnaround, response: the comments in the files work them out.
    ['convoy', 'fifo', 110, 70],
    ['convoy', 'sjf', 50, 10],
    ['convoy', 'stcf', 50, 10],
    ['late', 'fifo', 310 / 3, 190 / 3],
    ['late', 'sjf', 310 / 3, 190 / 3],
    ['late', 'stcf', 50, 10 / 3],
    ['response', 'sjf', 10, 5],
    ['response', 'rr:1s', 14, 1],
  ])('%s under %s: mean turnaround %f s, mean response %f s', async (name, policy, turnaround, response) => {
    const { mean } = await run(shipped(name), policy);
    expect(mean.turnaround! / SECOND).toBeCloseTo(turnaround, 9);
    expect(mean.response! / SECOND).toBeCloseTo(response, 9);
  });

  it('bursts as jobs of their own keep the processor in use', async () => {
    const overlapped = await run(shipped('overlap'), 'stcf');
    // A's bursts of 10 ms are shorter than what is left of B until 80 ms, when both are equal and B stays.
    expect(gantt(overlapped, MS)).toBe(
      'A 0-10, B 10-20, A 20-30, B 30-40, A 40-50, B 50-60, A 60-70, B 70-90, A 90-100',
    );
    expect(overlapped.cpu.use).toBe(1);
    // Without overlap, as two machines would have to be bought: A alone leaves the processor idle for half of its time.
    const alone = await run('A : 4 x (cpu 10ms, io 10ms), cpu 10ms', 'stcf');
    expect(alone.cpu.use).toBeCloseTo(50 / 90, 9);
  });

  it('stride: A B C C C A C C, and again', async () => {
    const result = await run(shipped('shares'), 'stride:1s');
    const order = result.slices.filter(({ state }) => state === 'running').map(({ name }) => name);
    // Slices of the same job that follow each other are told apart by the quantum's end.
    expect(order.join(' ')).toBe('A B C C C A C C');
  });

  it('lottery: shares come near the tickets', async () => {
    const text = 'A tickets=100 : cpu 100s\nB tickets=50 : cpu 100s\nC tickets=250 : cpu 100s';
    const { jobs } = await run(text, 'lottery:10ms', { maxTime: '100s' });
    // 10,000 draws: the standard deviation of a share of 1/4 is 43 draws, so 2 % is more than four of them.
    const [a, b, c] = jobs.map(({ running }) => running / (100 * SECOND));
    expect(a).toBeCloseTo(1 / 4, 1.5);
    expect(b).toBeCloseTo(1 / 8, 1.5);
    expect(c).toBeCloseTo(5 / 8, 1.5);
  });

  it('the feedback queue serves the editor at once, and round robin does not', async () => {
    const worst = async (policy: string) => {
      const result = await run(shipped('interactive'), policy);
      const { waiting } = job(result, 'editor');
      return waiting / MS / 20;
    };
    // It waits for batch's first slice to end, and is above it then until it has used 10 ms itself.
    expect(await worst('mlfq:quantum=10ms,boost=none')).toBeLessThan(2);
    expect(await worst('rr:10ms')).toBeGreaterThan(4);
  });

  it('the feedback queue is gamed by rules 4a and 4b, and not by rule 4', async () => {
    const share = async (policy: string) => {
      const { slices } = await run(shipped('gaming'), policy);
      const own = slices.filter(
        ({ name, state, from }) => name === 'gamer' && state === 'running' && from < 100 * MS,
      );
      return own.reduce((sum, { from, to }) => sum + Math.min(to, 100 * MS) - from, 0) / (100 * MS);
    };
    // 0-9; the other's first slice until 19; from then on 9 of every 10 ms: 9 + 8 x 9 + 1.
    expect(await share('mlfq:quantum=10ms,boost=none,rule4=ab')).toBeCloseTo(0.82, 9);
    expect(await share('mlfq:quantum=10ms,boost=none')).toBeLessThan(0.6);
  });

  it('a boost saves the long job from starving', async () => {
    const cpu = async (policy: string) =>
      job(await run(shipped('starvation'), policy, { maxTime: '1s' }), 'long').running / MS;
    // Alone until 100 ms; then the editors take turns and leave nothing.
    expect(await cpu('mlfq:boost=none,rule4=ab')).toBeLessThanOrEqual(110);
    expect(await cpu('mlfq:boost=100ms,rule4=ab')).toBeGreaterThan(150);
  });
});

describe('the mechanism', () => {
  it('a job that never gives the processor up keeps it without a timer, and does not with it', async () => {
    const text = 'endless : cpu 10s\nother arrive=1ms : cpu 1ms';
    const cooperative = await run(text, 'rr:10ms', { timer: 'off', maxTime: '5s' });
    expect(job(cooperative, 'other').firstRun).toBeUndefined();
    const preemptive = await run(text, 'rr:10ms', { maxTime: '5s' });
    expect(job(preemptive, 'other').end).toBe(11 * MS);
  });

  it('yields let others run without a timer', async () => {
    const text = 'A : 2 x (cpu 10ms, yield)\nB : 2 x (cpu 10ms, yield)';
    expect(gantt(await run(text, 'rr:1ms', { timer: 'off' }), MS)).toBe('A 0-10, B 10-20, A 20-30, B 30-40');
  });

  it('switches take their time', async () => {
    const text = 'A : cpu 10ms\nB : cpu 10ms';
    const { cpu, switches, span } = await run(text, 'rr:5ms', { contextSwitch: MS });
    // A B A B: three switches of 1 ms; nobody had to make way for A at first.
    expect([cpu.busy / MS, switches, (span.to - span.from) / MS]).toEqual([20, 3, 23]);
  });

  it('jobs fault into one memory', async () => {
    const roomy = await run(shipped('paging'), 'rr:1ms', { memory: '2M' });
    const tight = await run(shipped('paging'), 'rr:1ms', { memory: '512K' });
    expect(roomy.ended).toBe(3);
    expect(tight.ended).toBe(3);
    // 210 pages and their tables don't fit into 128 frames, so jobs wait for the disk.
    expect(tight.span.to).toBeGreaterThan(4 * roomy.span.to);
  });

  it('jobs that memory can not hold are no answer', async () => {
    await expect(run(shipped('paging'), 'fifo', { memory: '16K' })).rejects.toThrow(
      /^--memory 16K: .*too small for the jobs/,
    );
  });

  it('the same seed gives the same schedule, another one another', async () => {
    const text = 'A : cpu 1s\nB : cpu 1s\nC : cpu 1s';
    const [first, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => run(text, 'lottery:10ms', { seed })),
    );
    expect(again).toEqual(first);
    expect(other!.slices).not.toEqual(first!.slices);
  });
});

describe('job files', () => {
  it.each([
    ['', 'test.jobs: holds no job'],
    ['# nothing', 'test.jobs: holds no job'],
    ['A cpu 3ms', "test.jobs:1: expected 'NAME : BURST"],
    ['\nA : cpu', 'test.jobs:2: expected a time, found the end'],
    ['A : cpu soon', "test.jobs:1: 'soon' is not a duration"],
    ['A : run 3ms', "test.jobs:1: unknown burst 'run'"],
    ['A : 3 x cpu 1ms', "test.jobs:1: expected '3 x ('"],
    ['A : 3 x (cpu 1ms', "test.jobs:1: expected ')', found the end"],
    ['A : cpu 1ms io 1ms', 'test.jobs:1: expected a comma between bursts'],
    ['A : touch 9-3', "test.jobs:1: '9-3' are no pages"],
    ['A tickets=0 : cpu 1ms', "test.jobs:1: '0' is not a whole number from 1"],
    ['A size=3 : cpu 1ms', "test.jobs:1: 'size=3' is none of"],
    ['A : cpu 1ms\nA : cpu 1ms', "test.jobs:2: a second job 'A'"],
    ['A : lend B', "test.jobs: A lends to 'B', which is no job"],
    ['A : 1000000 x (1000000 x (cpu 1ms))', 'test.jobs:1: more than 1000000 bursts'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseJobs(text, 'test.jobs')).toThrow(message);
  });

  it('repetitions are nested, and may end with a wait', () => {
    const { jobs } = parseJobs('A : 2 x (cpu 1ms, 2 x (io 1ms)), touch 3', 'test.jobs');
    expect(jobs[0]!.bursts.map(({ kind }) => kind)).toEqual(['cpu', 'io', 'io', 'cpu', 'io', 'io', 'touch']);
  });
});
