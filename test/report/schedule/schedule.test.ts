/** Turnaround, response and the rest, Gantt charts and tables of schedules worked out by hand. */
import { describe, expect, it } from 'vitest';
import { ganttSvg } from '../../../src/report/schedule/gantt-svg.ts';
import { ganttLine, ganttText } from '../../../src/report/schedule/gantt-text.ts';
import { jainIndex, scheduleResult } from '../../../src/report/schedule/metrics.ts';
import {
  type ScheduledJob,
  type ScheduleReport,
  type ScheduleResult,
  type Slice,
  scheduleReportSchema,
} from '../../../src/report/schedule/schema.ts';
import { scheduleText } from '../../../src/report/schedule/text.ts';

const MS = 1e6;
const states = { X: 'running', '.': 'ready', '-': 'blocked' } as const;

/**
 * A schedule drawn by hand: a line a job, `NAME ROW` with a sign for each 10 ms: `X` running, `.` ready, `-` blocked,
 * `_` not there. A job that is there in the last column has not ended.
 */
function drawn(
  picture: string,
  tickets: Readonly<Record<string, number>> = {},
  sign = 10 * MS,
): ScheduleResult {
  const rows = picture
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/) as [string, string]);
  const last = Math.max(...rows.map(([, row]) => row.length));
  const slices: Slice[] = [];
  const jobs = rows.map(([name, row], i): ScheduledJob => {
    for (const match of row.matchAll(/X+|\.+|-+/g)) {
      const [from, to] = [match.index * sign, (match.index + match[0].length) * sign];
      slices.push({ pid: i + 1, name, from, to, state: states[match[0][0] as keyof typeof states] });
    }
    const end = row.length < last || row.endsWith('_') ? row.replace(/_+$/, '').length * sign : undefined;
    return {
      pid: i + 1,
      name,
      arrival: row.search(/[^_]/) * sign,
      ...(end === undefined ? {} : { end }),
      ...(tickets[name] === undefined ? {} : { tickets: tickets[name] }),
    };
  });
  return scheduleResult('test', slices, jobs);
}

/** The lecture's STCF: A (100) preempted by B and C (10 each), which arrive at 10. */
const preempted = () =>
  drawn(`
    A X..XXXXXXXXX_
    B _X___________
    C _.X__________`);

/** A computes for 10 and waits for 10, B computes for 30. Nobody runs from 50 to 60. */
const overlap = () =>
  drawn(`
    A X-X-.-X_
    B .X.XX___`);

describe('metrics', () => {
  it('turnaround, response and waiting time of each job, and their means', () => {
    // Ends at 120, 20, 30; arrivals 0, 10, 10; first runs 0, 10, 20; ready for 20, 0, 10.
    const { jobs, mean } = preempted();
    const inMs = jobs.map(({ turnaround, response, waiting, running }) =>
      [turnaround, response, waiting, running].map((time) => time! / MS),
    );
    expect(inMs).toEqual([
      [120, 0, 20, 100],
      [10, 0, 0, 10],
      [20, 10, 10, 10],
    ]);
    expect(mean).toEqual({ turnaround: 50 * MS, response: (10 * MS) / 3, waiting: 10 * MS });
  });

  it('throughput, CPU use and switches', () => {
    // Three jobs in 120 ms: 25 a second. A B C A: three switches.
    expect(preempted()).toMatchObject({
      span: { from: 0, to: 120 * MS },
      ended: 3,
      throughput: 25,
      cpu: { busy: 120 * MS, switching: 0, use: 1 },
      switches: 3,
    });
    // 60 of 70 are used. A B A B A, B's two turns in a row being one.
    expect(overlap()).toMatchObject({ cpu: { busy: 60 * MS, use: 6 / 7, switching: 0 }, switches: 4 });
  });

  it('time between two jobs is switching when somebody is ready, else idle', () => {
    // 10–20: B is ready. 30–40: A is blocked, nobody is ready.
    const result = drawn(`
      A X---X_
      B ..X___`);
    expect(result.cpu).toEqual({ busy: 30 * MS, switching: 10 * MS, use: 0.6 });
    expect(ganttLine(result)).toBe('A 0–10 | switching 10–20 | B 20–30 | idle 30–40 | A 40–50 (ms)');
  });

  it('of a schedule that was cut off count only what is known', () => {
    // A has not ended; C never ran; B ended at 20.
    const { jobs, mean, ended } = drawn(`
      A X.X
      B .X_
      C ...`);
    expect(jobs.map(({ turnaround }) => turnaround)).toEqual([undefined, 20 * MS, undefined]);
    expect(jobs.map(({ response }) => response)).toEqual([0, 10 * MS, undefined]);
    expect(mean).toEqual({ turnaround: 20 * MS, response: 5 * MS, waiting: (10 + 10 + 30) * (MS / 3) });
    expect(ended).toBe(1);
  });

  it('of nothing are nothing', () => {
    expect(scheduleResult('none', [], [])).toEqual({
      policy: 'none',
      span: { from: 0, to: 0 },
      jobs: [],
      mean: { turnaround: undefined, response: undefined, waiting: undefined },
      ended: 0,
      throughput: 0,
      cpu: { busy: 0, switching: 0, use: 0 },
      switches: 0,
      slices: [],
    });
  });

  it('refuses two jobs at a time, and slices of nobody', () => {
    const job = (pid: number): ScheduledJob => ({ pid, name: `${pid}`, arrival: 0 });
    const slice = (pid: number, from: number, to: number): Slice => ({
      pid,
      name: '',
      from,
      to,
      state: 'running',
    });
    expect(() => scheduleResult('', [slice(1, 0, 10), slice(2, 9, 12)], [job(1), job(2)])).toThrow(
      'one job runs',
    );
    expect(() => scheduleResult('', [slice(1, 0, 10)], [job(2)])).toThrow('of one of the jobs');
    expect(() => scheduleResult('', [slice(1, 10, 0)], [job(1)])).toThrow('does not end before');
  });
});

describe('fairness', () => {
  it("is Jain's index", () => {
    // (1+1+1)² / (3·3) = 1; (1)² / (4·1) = 1/4; (1+3)² / (2·10) = 0.8.
    expect(jainIndex([5, 5, 5])).toBe(1);
    expect(jainIndex([1, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([1, 3])).toBe(0.8);
    expect([jainIndex([]), jainIndex([0, 0])]).toEqual([undefined, undefined]);
  });

  it('compares what jobs had of the CPU while they wanted it', () => {
    // Taking turns: ½ and ½. One after the other: 1 and ½ (10 of 20): (1.5)² / (2·1.25) = 0.9.
    expect(drawn('A X.X.\nB .X.X').fairness).toBe(1);
    expect(drawn('A X_\nB .X').fairness).toBe(0.9);
    // Time that a job was blocked doesn't count: A had all that it wanted, B half.
    expect(drawn('A X---X\nB .X----').fairness).toBe(0.9);
  });

  it('by tickets, where all have some', () => {
    // ¾ and ¼: by 3 and 1 tickets the same, by none 1² / (2·(9 + 1)/16) = 0.8.
    const picture = 'A XXX.\nB ...X';
    expect(drawn(picture, { A: 3, B: 1 }).fairness).toBe(1);
    expect(drawn(picture).fairness).toBe(0.8);
    expect(drawn(picture, { A: 3 }).fairness).toBe(0.8);
  });
});

describe('a Gantt chart in one line', () => {
  it('is as lecture notes write it', () => {
    expect(ganttLine(preempted())).toBe('A 0–10 | B 10–20 | C 20–30 | A 30–120 (ms)');
    expect(ganttLine(overlap())).toBe('A 0–10 | B 10–20 | A 20–30 | B 30–50 | idle 50–60 | A 60–70 (ms)');
  });

  it('says how much it leaves out, and when there is nothing', () => {
    expect(ganttLine(preempted(), 2)).toBe('A 0–10 | B 10–20 | … 2 more (ms)');
    expect(ganttLine(scheduleResult('none', [], []))).toBe('nobody ran');
  });

  it.each([
    ['A X-X', 5e8, 'A 0–500 | idle 500–1000 | A 1000–1500 (ms)'],
    ['A X', 1e9, 'A 0–1 (s)'],
    ['A X', 2500, 'A 0–2500 (ns)'],
    ['A X', 1_234_567, 'A 0–1234.567 (µs)'],
    ['A X', 123_456_789_012, 'A 0–123.457 (s)'],
  ])('writes times in one unit: %s of %d ns', (picture, sign, line) => {
    expect(ganttLine(drawn(picture, {}, sign))).toBe(line);
  });
});

/** Lines without the first and the last one of a template. */
const lines = (text: string) => `${text.split('\n').slice(1, -1).join('\n')}\n`;

describe('a Gantt chart in rows', () => {
  it('has a row a job and an axis of time', () => {
    // 120 ms in 78 columns: 2 ms each, the least of 1, 2, 5, 10 … that fits; every tenth column has a time.
    expect(ganttText(preempted(), 80)).toBe(
      lines(`
A █████··········█████████████████████████████████████████████
B      █████
C      ·····█████
  |0        |20       |40       |60       |80       |100      |120 ms
`),
    );
  });

  it('tells blocked from ready, and fits any width', () => {
    // 70 ms in 38 columns: 2 ms each.
    expect(ganttText(overlap(), 40)).toBe(
      lines(`
A █████-----█████-----·····-----█████
B ·····█████·····██████████
  |0        |20       |40       |60 ms
`),
    );
    for (const width of [0, 30, 57, 80, 200]) {
      for (const line of ganttText(overlap(), width).trimEnd().split('\n')) {
        expect(line.length).toBeLessThanOrEqual(Math.max(22, width));
      }
    }
  });

  it('shows a cell that a job had in part', () => {
    // 1,000 ms in 20 columns: each 50 ms hold 3 turns of one and 2 of the other.
    const text = ganttText(drawn(`A ${'X.'.repeat(50)}\nB ${'.X'.repeat(50)}`), 22);
    expect(text.split('\n').slice(0, 2)).toEqual([`A ${'█▒'.repeat(10)}`, `B ${'▒█'.repeat(10)}`]);
  });

  it('cuts long names, and takes nothing that moves the cursor', () => {
    const name = 'a-very-long-name-indeed';
    expect(ganttText(drawn(`${name} X`), 40)).toMatch(/^a-very-long-nam… █/);
    const result = scheduleResult('x', [], [{ pid: 1, name: 'a\u001b[2Jb', arrival: 0 }]);
    expect(ganttText(result, 40)).toMatch(/^a \[2Jb/);
  });
});

describe('a Gantt chart as SVG', () => {
  it('has a bar for each slice at its place', () => {
    // 120 ms on 660 pixels from 110 on: 10 ms are 55.
    const svg = ganttSvg([preempted()]);
    expect(svg).toContain('<rect x="110" y="69" width="55" height="18" fill="#4269d0"/>');
    expect(svg).toContain(
      '<rect x="165" y="69" width="110" height="18" fill="#4269d0" fill-opacity="0.25"/>',
    );
    expect(svg).toContain('<rect x="275" y="69" width="495" height="18" fill="#4269d0"/>');
    expect(svg).toContain('<rect x="165" y="97" width="55" height="18" fill="#efb118"/>');
    expect(ganttSvg([overlap()])).toContain('<path d="M204.29,78H298.57" stroke="#777777"');
    expect(ganttSvg([preempted()])).toBe(svg);
  });

  it('has a panel for each of several schedules, over the same times', () => {
    // 64 + 3 · 28 + 44 = 192 pixels, then 64 + 2 · 28 + 44 = 164. 70 of the 120 ms are 385 pixels: A's last 10 end there.
    const svg = ganttSvg([preempted(), overlap()]);
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="356"')).toBe(true);
    const [first, second] = svg.split('<g transform="translate(0,192)">');
    expect(first).toContain('<rect x="275" y="69" width="495" height="18" fill="#4269d0"/>');
    expect(second).toContain('<rect x="440" y="69" width="55" height="18" fill="#4269d0"/>');
    expect(svg.match(/>test</g)).toHaveLength(2);
    expect(svg.match(/<svg/g)).toHaveLength(1);
  });

  it('escapes names', () => {
    const job = { pid: 1, name: '<b>&"', arrival: 0 };
    const svg = ganttSvg([scheduleResult('rr:<1', [{ ...job, from: 0, to: 5, state: 'running' }], [job])]);
    expect(svg).toContain('>&lt;b&gt;&amp;&quot;</text>');
    expect(svg).toContain('>rr:&lt;1</text>');
  });

  it('stays small with many slices', () => {
    // 5,000 turns each: every pixel is half A's, half B's: ½·1 + ½·¼ = 0.625, rounded to a twentieth.
    const svg = ganttSvg([drawn(`A ${'X.'.repeat(5000)}\nB ${'.X'.repeat(5000)}`)]);
    expect(svg.length).toBeLessThan(100_000);
    expect(svg).toMatch(/fill-opacity="0.6[05]?"/);
  });
});

describe('the whole report', () => {
  const report = (...results: ScheduleResult[]): ScheduleReport => ({
    schema: 'pagewalk.schedule/1',
    seed: 1,
    results,
  });

  it('meets its schema, and survives JSON', () => {
    const whole = report(preempted(), overlap(), drawn('A X.X\nB .X_\nC ...', { A: 1, B: 2, C: 3 }));
    expect(scheduleReportSchema.parse(JSON.parse(JSON.stringify(whole)))).toEqual(
      JSON.parse(JSON.stringify(whole)),
    );
    expect(scheduleReportSchema.parse(report(scheduleResult('none', [], [])))).toBeDefined();
  });

  it('is a chart and a table for people', () => {
    expect(scheduleText(report(preempted()))).toBe(
      lines(`
test: 3 jobs ended, 25 a second · CPU in use 100.0 % · 3 switches · fairness 0.933
A 0–10 | B 10–20 | C 20–30 | A 30–120 (ms)

A █████··········█████████████████████████████████████████████
B      █████
C      ·····█████
  |0        |20       |40       |60       |80       |100      |120 ms
█ running  ▒ part of the time  · ready  - blocked

job (ms)  arrival  first run  end  turnaround  response  waiting  CPU  blocked
A               0          0  120         120         0       20  100        0
B              10         10   20          10         0        0   10        0
C              10         20   30          20        10       10   10        0
mean                                       50     3.333       10
`),
    );
  });

  it('compares policies, and says what is not known', () => {
    const cut = drawn('A XX.\nB ..X', { A: 2, B: 1 });
    const text = scheduleText(report(preempted(), cut));
    expect(text).toContain('0 jobs of 2 ended, 0 a second');
    expect(text).toMatch(/job \(ms\) {2}tickets {2}arrival .*\nA +2 +0 +0 +– +– +0 +10 +20 +0\n/);
    expect(text).toContain(
      lines(`
policy (means in ms)  turnaround  response  waiting  jobs a second  CPU in use  switches  fairness
test                          50     3.333       10             25     100.0 %         3     0.933
test                           –        10       15              0     100.0 %         1     1.000
`),
    );
  });
});
