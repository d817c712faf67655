/** Decay-usage scheduling: the formula worked out by hand, and what follows from it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decay } from '../../../src/policies/scheduling/decay.ts';
import { cpuTimes, gantt, type Job, MS, play } from './jobs.ts';
import { Mechanism, plain } from './mechanism.ts';

const long = { until: 20_000, checks: 'answers' } as const;
const bursts = (length: number, times: number) => Array.from({ length: times }, () => length);

describe('the formula', () => {
  it('adds usage and nice to the base', () => {
    // 600 ms are 60 ticks: 50 + 60/4 + 2·3 = 71.
    const mechanism = new Mechanism(decay);
    mechanism.makeReady(plain(1, { nice: 3 }));
    expect(mechanism.policy.describe(1)).toEqual({ priority: 56, usage: 0, nice: 3 });
    mechanism.dispatch();
    mechanism.now = 600 * MS;
    mechanism.stop(600 * MS, 'blocked');
    expect(mechanism.policy.describe(1)).toEqual({ priority: 71, usage: 60, nice: 3 });
  });

  it('rounds a part of a priority down', () => {
    // 70 ms are 7 ticks: 50 + 1.
    const mechanism = new Mechanism(decay);
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    mechanism.stop(70 * MS, 'yielded');
    expect(mechanism.policy.describe(1).priority).toBe(51);
  });

  it('counts what the running process has used in its turn when it is compared', () => {
    // At 30 ms 1 has used 3 ticks: 50, as good as 2's. At 40 ms, 4 ticks: 51, and 3 preempts.
    const mechanism = new Mechanism(decay);
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    mechanism.now = 30 * MS;
    expect(mechanism.makeReady(plain(2))).toBe('wait');
    mechanism.now = 40 * MS;
    expect(mechanism.makeReady(plain(3))).toBe('preempt');
  });

  it('forgets 90 % of the usage in some five seconds at a load of 1', () => {
    // 60 ticks, each second times 2/3: 40, 26.67, 17.78, 11.85, 7.90.
    const mechanism = new Mechanism(decay);
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    mechanism.now = 600 * MS;
    mechanism.stop(600 * MS, 'blocked');
    const usage = [1, 2, 3, 4, 5].map((second) => {
      mechanism.now = second * 1000 * MS;
      mechanism.event();
      return Number((mechanism.policy.describe(1).usage as number).toFixed(2));
    });
    expect(usage).toEqual([40, 26.67, 17.78, 11.85, 7.9]);
  });

  it('decays more slowly the more processes want the CPU, towards the nice value', () => {
    // Load 3: 60 · 6/7 = 51.43; with nice 4: 4, then 4 · 6/7 + 4 = 7.43. Two seconds in one call are the same.
    const mechanism = new Mechanism(decay);
    for (const pid of [1, 2, 3]) mechanism.makeReady(plain(pid, { nice: pid === 3 ? 4 : 0 }));
    expect(mechanism.dispatch()?.pid).toBe(1);
    mechanism.now = 600 * MS;
    mechanism.stop(600 * MS, 'expired');
    mechanism.now = 1000 * MS;
    mechanism.event();
    expect(mechanism.policy.describe(1).usage).toBeCloseTo(360 / 7, 9);
    expect(mechanism.policy.describe(3).usage).toBe(4);
    mechanism.now = 2000 * MS;
    mechanism.event();
    expect(mechanism.policy.describe(3).usage).toBeCloseTo(52 / 7, 9);
  });

  it('decays at full seconds, and not while nobody is there', () => {
    const mechanism = new Mechanism(decay);
    expect(mechanism.policy.nextEvent()).toBeUndefined();
    mechanism.now = 7300 * MS;
    mechanism.makeReady(plain(1));
    expect(mechanism.policy.nextEvent()).toBe(8000 * MS);
    mechanism.end(1);
    expect(mechanism.policy.nextEvent()).toBeUndefined();
  });

  it('keeps priorities within 50 and 127', () => {
    const mechanism = new Mechanism(decay);
    mechanism.makeReady(plain(1, { nice: -20 }));
    mechanism.makeReady(plain(2, { nice: 19 }));
    mechanism.dispatch();
    mechanism.stop(0, 'blocked');
    mechanism.dispatch();
    mechanism.now = 3000 * MS;
    // 300 ticks count as 255: 50 + 63 + 38 = 151.
    mechanism.stop(3000 * MS, 'blocked');
    expect([1, 2].map((pid) => mechanism.policy.describe(pid).priority)).toEqual([50, 127]);
  });
});

describe('what follows', () => {
  it('a process that waits much preempts one that computes', () => {
    // At 100 H has used 10 ticks: 50 + 10/4 = 52 (rounded down) against 50. At 200 H has run 95 ms more: 19.5 ticks,
    // 54; I, with half a tick, has 50 and preempts.
    const jobs: Job[] = [
      { name: 'H', bursts: [400] },
      { name: 'I', bursts: bursts(5, 3), wait: 95 },
    ];
    expect(gantt(play(decay, jobs, { until: 350 }))).toBe(
      'H 0–100 | I 100–105 | H 105–200 | I 200–205 | H 205–300 | I 300–305 | H 305–350',
    );
  });

  it('equal processes take turns, and nice ones have less', () => {
    const hogs = (nice: number): Job[] => [
      { name: 'A', bursts: [99_000] },
      { name: 'B', bursts: [99_000], nice },
    ];
    expect(gantt(play(decay, hogs(0), { until: 400 }))).toBe('A 0–100 | B 100–200 | A 200–300 | B 300–400');
    const equal = cpuTimes(play(decay, hogs(0), long));
    expect(Math.abs(equal.A! - equal.B!)).toBeLessThanOrEqual(100);
    const shares = [0, 2, 4, 6].map((nice) => cpuTimes(play(decay, hogs(nice), long)).B!);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares[3]).toBeGreaterThan(0);
    expect(shares[3]).toBeLessThan(shares[0]! * 0.8);
  });

  it('nobody starves, within moderate nice values', () => {
    const jobs = fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(100), fc.nat(5)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(jobs, (list) => {
        const others = list.map(([burst, wait, nice], i) => ({
          name: `${i}`,
          bursts: bursts(burst, 9000),
          wait,
          nice,
        }));
        const played = play(decay, [...others, { name: 'H', bursts: [99_000] }], long);
        for (const from of [0, 5000, 10_000, 15_000]) {
          const times = cpuTimes(played, from, from + 5000);
          for (const { name } of [...others, { name: 'H' }]) expect(times[name] ?? 0).toBeGreaterThan(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('a high nice value can starve beside two processes that compute, as in 4.4BSD', () => {
    // Load 3: usage is multiplied by 6/7 each second. Each of the two uses 50 ticks a second: 50·7 = 350, so 255, at
    // which 50 + 63 = 113. The third waits at usage 19·7 = 133: 50 + 33 + 38 = 121, which is worse.
    const jobs: Job[] = [
      { name: 'A', bursts: [99_000] },
      { name: 'B', bursts: [99_000] },
      { name: 'N', bursts: [99_000], nice: 19 },
    ];
    expect(cpuTimes(play(decay, jobs, { ...long, until: 30_000 }), 20_000).N ?? 0).toBe(0);
  });
});
