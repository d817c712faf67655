/** Rules 1 to 5, rules 4a and 4b and how to game them, reserved levels, and the syntax of all that. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { parseMlfqTuning } from '../../../src/policies/scheduling/mlfq-parameter.ts';
import { findSchedulingPolicy } from '../../../src/policies/scheduling/registry.ts';
import { cpuTimes, gantt, type Job, MS, type Played, play } from './jobs.ts';
import { Mechanism, plain } from './mechanism.ts';

const mlfq = (parameter: string) => findSchedulingPolicy(`mlfq:${parameter}`, 'test');
const levels = ({ decisions }: Played, name: string) =>
  decisions.filter(({ chosen }) => chosen === name).map(({ known }) => known[name]!.level);

const bursts = (length: number, times: number) => Array.from({ length: times }, () => length);

describe('rules 1 to 4', () => {
  it('a long job sinks to the bottom', () => {
    const played = play(mlfq('quantum=10ms,boost=none'), [{ name: 'A', bursts: [50] }]);
    expect(levels(played, 'A')).toEqual([0, 1, 2, 2, 2]);
  });

  it('a short job that comes later goes before it', () => {
    // A is at the bottom when B arrives at 100; B runs its 20 at the top two levels.
    const jobs: Job[] = [
      { name: 'A', bursts: [180] },
      { name: 'B', arrival: 100, bursts: [20] },
    ];
    const played = play(mlfq('quantum=10ms,boost=none'), jobs);
    expect(gantt(played)).toBe('A 0–100 | B 100–120 | A 120–200');
    expect(levels(played, 'B')).toEqual([0, 1]);
  });

  it('a job that waits much stays at the top until its allotment is used', () => {
    // B computes for 1 and waits for 4. Its tenth burst uses up the allotment of 10: from then on it is at level 1.
    const jobs: Job[] = [
      { name: 'B', bursts: bursts(1, 12), wait: 4 },
      { name: 'A', bursts: [200] },
    ];
    const played = play(mlfq('levels=2,quantum=10ms,boost=none'), jobs, { until: 100 });
    // A starts at the top as well, so its first turn is whole: B is woken at 5 and runs at 11, then every 5.
    expect(gantt(played)).toMatch(/^B 0–1 \| A 1–11 \| B 11–12 \| A 12–16 \| B 16–17 \| A 17–21 \| B 21–22/);
    expect(levels(played, 'B').slice(0, 12)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  it('quantum and allotment are those of the level', () => {
    // Level 0: slices of 2 until 4 are used; level 1: slices of 3 until 6; level 2: slices of 5.
    const jobs: Job[] = [
      { name: 'A', bursts: [20] },
      { name: 'B', bursts: [20] },
    ];
    const played = play(mlfq('quantum=2ms/3ms/5ms,allotment=4ms/6ms/1s,boost=none'), jobs);
    expect(gantt(played)).toBe(
      'A 0–2 | B 2–4 | A 4–6 | B 6–8 | A 8–11 | B 11–14 | A 14–17 | B 17–20 | ' +
        'A 20–25 | B 25–30 | A 30–35 | B 35–40',
    );
  });

  it('who is preempted comes back first, with the rest of its slice', () => {
    // A 0–4 and B 4–8 use up the top's 4; A begins a slice of 10 at level 1; K, at the top, preempts it at 11; A has
    // used 3 of the 10 and goes on for 7; then it is B's turn, and A's again.
    const jobs: Job[] = [
      { name: 'A', bursts: [20] },
      { name: 'B', bursts: [14] },
      { name: 'K', arrival: 11, bursts: [2] },
    ];
    const played = play(mlfq('quantum=4ms/10ms,boost=none'), jobs);
    expect(gantt(played)).toBe('A 0–4 | B 4–8 | A 8–11 | K 11–13 | A 13–20 | B 20–30 | A 30–36');
  });

  it('only a higher level preempts', () => {
    const mechanism = new Mechanism(mlfq('quantum=10ms,boost=none'));
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    expect(mechanism.makeReady(plain(2))).toBe('wait');
    mechanism.now = 10 * MS;
    mechanism.stop(10 * MS, 'expired');
    mechanism.dispatch();
    mechanism.now = 20 * MS;
    mechanism.stop(10 * MS, 'expired');
    expect(mechanism.dispatch()?.pid).toBe(1);
    expect(mechanism.makeReady(plain(3))).toBe('preempt');
  });
});

describe('gaming', () => {
  // G gives up the CPU for 1 ms after 9 of 10, A never does.
  const jobs: Job[] = [
    { name: 'G', bursts: bursts(9, 50), wait: 1 },
    { name: 'A', bursts: [1000] },
  ];

  it('works under rules 4a and 4b', () => {
    // A uses a whole slice and moves down; from 19 on G has 9 of every 10.
    const played = play(mlfq('levels=2,quantum=10ms,boost=none,rule4=ab'), jobs, { until: 219 });
    expect(gantt(played)).toMatch(/^G 0–9 \| A 9–19 \| G 19–28 \| A 28–29 \| G 29–38 \| A 38–39 \| G 39–48/);
    expect(cpuTimes(played, 19)).toEqual({ G: 180, A: 20 });
  });

  it('does not under rule 4', () => {
    // G has used 9 of 10 at 9, and is moved down when it has run from 19 to 20, its burst not ended (8 left).
    // Then both are at level 1 and take turns: A 20–30, G 30–38, and G 9 for each 10 of A.
    const played = play(mlfq('levels=2,quantum=10ms,boost=none'), jobs, { until: 86 });
    expect(gantt(played)).toBe(
      'G 0–9 | A 9–19 | G 19–20 | A 20–30 | G 30–38 | A 38–48 | G 48–57 | A 57–67 | G 67–76 | A 76–86',
    );
  });
});

describe('rule 5', () => {
  // From 30 on B and C leave no CPU time over: each computes for 5 while the other one waits.
  const jobs: Job[] = [
    { name: 'A', bursts: [1000] },
    { name: 'B', arrival: 30, bursts: bursts(5, 100), wait: 5 },
    { name: 'C', arrival: 30, bursts: bursts(5, 100), wait: 5 },
  ];
  const windows = (played: Played) => [50, 100, 150, 200].map((from) => cpuTimes(played, from, from + 50).A);

  it('without it a long job starves', () => {
    const played = play(mlfq('quantum=10ms,boost=none,rule4=ab'), jobs, { until: 250 });
    expect(windows(played)).toEqual([0, 0, 0, 0]);
  });

  it('with it the job has a slice at the top after each boost', () => {
    const played = play(mlfq('quantum=10ms,boost=50ms,rule4=ab'), jobs, { until: 250 });
    expect(windows(played)).toEqual([10, 10, 10, 10]);
  });

  it('notices that a job has become interactive', () => {
    // A sinks to the bottom in its first 40, and then computes for 1 and waits for 9. At 100 it is at the top again.
    const changing: Job[] = [
      { name: 'A', bursts: [40, ...bursts(1, 30)], wait: 9 },
      { name: 'H', bursts: [500] },
    ];
    const played = play(mlfq('levels=3,quantum=10ms,boost=100ms'), changing, { until: 200 });
    const at = (ms: number) => played.slices.filter(({ name, from }) => name === 'A' && from >= ms);
    // Until the boost it waits for H's slices of 10; after it, it runs as soon as it is woken: 10 from end to end.
    const gaps = at(120).map(({ to }, i, all) => (all[i + 1]?.to ?? Number.NaN) - to);
    expect(gaps.slice(0, -1).every((gap) => gap === 10)).toBe(true);
    expect(gaps.length).toBeGreaterThan(5);
  });

  it('forgets what was used before it, for the running process too, and ends its turn', () => {
    const mechanism = new Mechanism(mlfq('quantum=20ms,boost=50ms'));
    mechanism.makeReady(plain(1));
    mechanism.makeReady(plain(2));
    mechanism.now = 35 * MS;
    expect(mechanism.dispatch()).toEqual({ pid: 1, quantum: 20 * MS });
    mechanism.now = 50 * MS;
    expect(mechanism.event()).toBe('preempt');
    mechanism.stop(15 * MS, 'preempted');
    expect(mechanism.policy.describe(1)).toMatchObject({ level: 0, used: 0, slice: 20 * MS });
    expect(mechanism.dispatch()?.pid).toBe(2);
  });

  it('takes the queues from the top down', () => {
    // 1 sinks to the bottom, 2 to the middle, 3 has not run.
    const mechanism = new Mechanism(mlfq('levels=3,quantum=10ms,boost=100ms'));
    for (const pid of [1, 2]) mechanism.makeReady(plain(pid));
    for (let turn = 0; turn < 3; turn++) {
      mechanism.dispatch();
      mechanism.now += 10 * MS;
      mechanism.stop(10 * MS, 'expired');
    }
    mechanism.makeReady(plain(3));
    expect([1, 2, 3].map((pid) => mechanism.policy.describe(pid).level)).toEqual([2, 1, 0]);
    mechanism.now = 100 * MS;
    expect(mechanism.event()).toBe('wait');
    const order = [1, 2, 3].map(() => {
      const { pid } = mechanism.dispatch()!;
      mechanism.stop(1, 'blocked');
      return pid;
    });
    expect(order).toEqual([3, 2, 1]);
  });

  it('happens at multiples of the period, and not while nobody is there', () => {
    const mechanism = new Mechanism(mlfq('boost=100ms'));
    expect(mechanism.policy.nextEvent()).toBeUndefined();
    mechanism.now = 730 * MS;
    mechanism.makeReady(plain(1));
    expect(mechanism.policy.nextEvent()).toBe(800 * MS);
    mechanism.now = 1010 * MS;
    mechanism.event();
    expect(mechanism.policy.nextEvent()).toBe(1100 * MS);
    mechanism.end(1);
    expect(mechanism.policy.nextEvent()).toBeUndefined();
  });

  it('lets nobody starve', () => {
    // After each boost everybody is in the top queue, and at most six are before one, each for 10 at most.
    const scripts = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(12)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(scripts, fc.constantFrom('', ',rule4=ab'), (list, rule) => {
        const others = list.map(([burst, wait], i) => ({ name: `${i}`, bursts: bursts(burst, 900), wait }));
        const played = play(
          mlfq(`quantum=10ms,boost=100ms${rule}`),
          [...others, { name: 'H', bursts: [9000] }],
          {
            until: 600,
            checks: 'answers',
          },
        );
        for (let from = 0; from < 600; from += 100) {
          expect(cpuTimes(played, from, from + 100).H).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('reserved levels', () => {
  it('are above all others, for negative nice values only', () => {
    // U starts at level 1; K at 0, so it preempts at 5; U comes back with 5 of its slice, V follows.
    const jobs: Job[] = [
      { name: 'U', bursts: [20] },
      { name: 'V', bursts: [10], nice: 3 },
      { name: 'K', arrival: 5, bursts: [3], nice: -1 },
    ];
    const played = play(mlfq('levels=3,quantum=10ms,boost=none,reserved=1'), jobs);
    expect(gantt(played)).toBe('U 0–5 | K 5–8 | U 8–13 | V 13–23 | U 23–33');
    expect([levels(played, 'U'), levels(played, 'V'), levels(played, 'K')]).toEqual([[1, 1, 2], [1], [0]]);
  });

  it('are left at once by who becomes ordinary, and entered at a boost', () => {
    const mechanism = new Mechanism(mlfq('levels=3,boost=100ms,reserved=1'));
    for (const pid of [1, 2]) mechanism.makeReady(plain(pid, { nice: pid === 1 ? -5 : 0 }));
    expect([1, 2].map((pid) => mechanism.policy.describe(pid).level)).toEqual([0, 1]);
    mechanism.change(plain(1, { nice: 0 }));
    mechanism.change(plain(2, { nice: -5 }));
    expect([1, 2].map((pid) => mechanism.policy.describe(pid).level)).toEqual([1, 1]);
    mechanism.now = 100 * MS;
    mechanism.event();
    expect([1, 2].map((pid) => mechanism.policy.describe(pid).level)).toEqual([1, 0]);
  });
});

describe('the parameter', () => {
  const tuning = (text: string) => parseMlfqTuning(text, '--scheduler');

  it('has defaults', () => {
    expect(tuning('')).toEqual({
      quantum: [10 * MS, 20 * MS, 40 * MS],
      allotment: [10 * MS, 20 * MS, 40 * MS],
      boost: 1000 * MS,
      accounting: 'allotment',
      reserved: 0,
    });
    expect(tuning('levels=8').quantum.map((ns) => ns / MS)).toEqual([10, 20, 40, 80, 160, 320, 640, 640]);
  });

  it('has a time for all levels or one a level, which tells how many there are', () => {
    expect(tuning('quantum=5ms').quantum).toEqual([5 * MS, 5 * MS, 5 * MS]);
    expect(tuning('quantum=5ms/9ms,allotment=20ms')).toMatchObject({
      quantum: [5 * MS, 9 * MS],
      allotment: [20 * MS, 20 * MS],
    });
    expect(tuning('allotment=1ms/2ms/3ms/4ms').quantum).toHaveLength(4);
  });

  it.each([
    [
      'depth=3',
      "'depth=3' is no setting of mlfq; known: levels=, quantum=, allotment=, boost=, rule4=, reserved=",
    ],
    ['levels', "'levels' is no setting"],
    ['levels=0', "mlfq's levels is 1 to 64, not '0'"],
    ['levels=65', "mlfq's levels is 1 to 64, not '65'"],
    ['levels=2,levels=3', "mlfq's levels is given twice"],
    ['quantum=5', "mlfq's quantum is a time from 100ns to 1000s such as 10ms, not '5'"],
    ['levels=3,quantum=5ms/6ms', "mlfq's quantum has 2 times for 3 levels; give one, or one a level"],
    ['quantum=5ms/6ms,allotment=1ms/2ms/3ms', "mlfq's allotment has 3 times for 2 levels"],
    ['boost=0', "mlfq's boost is none, or a time"],
    ['rule4=c', "mlfq's rule4 is allotment or ab, not 'c'"],
    ['rule4=ab,allotment=5ms', 'rule4=ab goes by the quantum'],
    ['reserved=3', "mlfq's reserved is 0 to 2, not '3'"],
    ['levels=1,reserved=1', "mlfq's reserved is 0, not '1'"],
    ['quantum=10ms,', "'' is no setting of mlfq"],
  ])('%s is refused', (text, message) => {
    expect(() => findSchedulingPolicy(`mlfq:${text}`, '--scheduler')).toThrow(UserError);
    expect(() => findSchedulingPolicy(`mlfq:${text}`, '--scheduler')).toThrow(`--scheduler: ${message}`);
  });
});
