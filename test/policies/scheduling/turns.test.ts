/** FIFO, SJF, STCF and round robin: the tables of "Scheduling: Introduction", and the optimum by brute force. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fifo } from '../../../src/policies/scheduling/fifo.ts';
import { findSchedulingPolicy } from '../../../src/policies/scheduling/registry.ts';
import { sjf } from '../../../src/policies/scheduling/sjf.ts';
import { stcf } from '../../../src/policies/scheduling/stcf.ts';
import { cpuTimes, gantt, type Job, MS, means, play } from './jobs.ts';
import { Mechanism, plain } from './mechanism.ts';

const policy = (name: string) => findSchedulingPolicy(name, 'test');
const job = (name: string, arrival: number, ...bursts: number[]): Job => ({ name, arrival, bursts });

describe('three jobs that arrive together', () => {
  it('FIFO: jobs of 10 take 20 on average', () => {
    // (10 + 20 + 30) / 3 = 20.
    const jobs = [job('A', 0, 10), job('B', 0, 10), job('C', 0, 10)];
    const played = play(fifo, jobs);
    expect(gantt(played)).toBe('A 0–10 | B 10–20 | C 20–30');
    expect(means(jobs, played)).toEqual({ turnaround: 20, response: 10 });
  });

  const convoy = [job('A', 0, 100), job('B', 0, 10), job('C', 0, 10)];

  it('FIFO: a long job in front makes a convoy', () => {
    // (100 + 110 + 120) / 3 = 110.
    const played = play(fifo, convoy);
    expect(gantt(played)).toBe('A 0–100 | B 100–110 | C 110–120');
    expect(means(convoy, played).turnaround).toBe(110);
  });

  it('SJF: the short ones first', () => {
    // (10 + 20 + 120) / 3 = 50.
    const played = play(sjf, convoy);
    expect(gantt(played)).toBe('B 0–10 | C 10–20 | A 20–120');
    expect(means(convoy, played).turnaround).toBe(50);
  });
});

describe('short jobs that arrive after a long one began', () => {
  const late = [job('A', 0, 100), job('B', 10, 10), job('C', 10, 10)];

  it('SJF does not preempt: the convoy is back', () => {
    // (100 + (110 - 10) + (120 - 10)) / 3 = 103.33.
    const played = play(sjf, late);
    expect(gantt(played)).toBe('A 0–100 | B 100–110 | C 110–120');
    expect(means(late, played).turnaround).toBeCloseTo(310 / 3, 9);
  });

  it('STCF preempts', () => {
    // (120 + (20 - 10) + (30 - 10)) / 3 = 50.
    const played = play(stcf, late);
    expect(gantt(played)).toBe('A 0–10 | B 10–20 | C 20–30 | A 30–120');
    expect(means(late, played).turnaround).toBe(50);
  });

  it('STCF goes by what is left, and lets the running one go on when it is as short', () => {
    // At 6 A has 4 left and B takes 4: A goes on. At 8 A has 2 left, C takes 1: C preempts. Then A 2, then B 4.
    const jobs = [job('A', 0, 10), job('B', 6, 4), job('C', 8, 1)];
    expect(gantt(play(stcf, jobs))).toBe('A 0–8 | C 8–9 | A 9–11 | B 11–15');
  });
});

describe('round robin', () => {
  const jobs = [job('A', 0, 5), job('B', 0, 5), job('C', 0, 5)];

  it('answers soon and finishes late', () => {
    // Slices of 1: first runs at 0, 1, 2; ends at 13, 14, 15. SJF: first runs at 0, 5, 10; ends at 5, 10, 15.
    expect(means(jobs, play(policy('rr:1ms'), jobs))).toEqual({ turnaround: 14, response: 1 });
    expect(means(jobs, play(sjf, jobs))).toEqual({ turnaround: 10, response: 5 });
  });

  it('takes turns in the order of the queue, newcomers at its end', () => {
    // Slices of 2. At 2 B arrives before A is put back: queue B A. At 4 A B, at 6 C arrives: B C A.
    const late = [job('A', 0, 5), job('B', 2, 4), job('C', 6, 1)];
    expect(gantt(play(policy('rr:2ms'), late))).toBe('A 0–2 | B 2–4 | A 4–6 | B 6–8 | C 8–9 | A 9–10');
  });

  it('has a default of 10 ms, and takes another from its parameter', () => {
    const mechanism = new Mechanism(policy('rr'));
    mechanism.makeReady(plain(1));
    expect(mechanism.dispatch()?.quantum).toBe(10 * MS);
    const other = new Mechanism(policy('rr:250us'));
    other.makeReady(plain(1));
    expect(other.dispatch()?.quantum).toBe(250_000);
  });
});

describe('overlap of CPU time and waiting', () => {
  // A computes for 10 and waits for 10, five times; B computes for 50.
  const jobs: Job[] = [{ name: 'A', bursts: [10, 10, 10, 10, 10], wait: 10 }, job('B', 0, 50)];

  it('STCF with a burst as a job keeps the CPU busy', () => {
    // A's bursts of 10 are shorter than what B has left, until at 80 B has 10 left too and goes on: 100 of 100 used.
    const played = play(stcf, jobs);
    expect(gantt(played)).toBe(
      'A 0–10 | B 10–20 | A 20–30 | B 30–40 | A 40–50 | B 50–60 | A 60–70 | B 70–90 | A 90–100',
    );
  });

  it('FIFO leaves it idle while A waits alone', () => {
    // B runs 10–60 in A's first wait; then A alone: 60–70, 80–90, 100–110, 120–130: 100 of 130 used.
    const played = play(fifo, jobs);
    expect(gantt(played)).toBe('A 0–10 | B 10–60 | A 60–70 | A 80–90 | A 100–110 | A 120–130');
    expect(cpuTimes(played)).toEqual({ A: 50, B: 50 });
  });
});

describe('undeclared lengths', () => {
  /** Lengths of the next burst as guessed before each of A's bursts, ms. */
  const guesses = (name: string, bursts: readonly number[]) => {
    const mechanism = new Mechanism(policy(name));
    return [...bursts, 1].map((burst) => {
      mechanism.makeReady(plain(1));
      const known = mechanism.policy.describe(1);
      expect(known.length).toBe('estimated');
      mechanism.dispatch();
      mechanism.stop(burst * MS, 'blocked');
      return (known.left as number) / MS;
    });
  };

  it('are estimated by exponential averaging', () => {
    // The textbook's figure: bursts 6 4 6 4 13 13 13, α = 1/2, first guess 10: 10 8 6 6 5 9 11 12.
    expect(guesses('sjf', [6, 4, 6, 4, 13, 13, 13])).toEqual([10, 8, 6, 6, 5, 9, 11, 12]);
  });

  it('with α = 1 are those of the last burst, with α = 0 the first guess', () => {
    expect(guesses('sjf:1', [6, 4, 13])).toEqual([10, 6, 4, 13]);
    expect(guesses('sjf:0', [6, 4, 13])).toEqual([10, 10, 10, 10]);
  });

  it('are whole ns', () => {
    // (10,000,000 + 3) / 2 = 5,000,001.5.
    const mechanism = new Mechanism(stcf);
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    mechanism.stop(3, 'blocked');
    mechanism.makeReady(plain(1));
    expect(mechanism.dispatch()?.quantum).toBe(5_000_002);
  });

  it('that prove longer than guessed are taken to be twice as long', () => {
    // A (30, undeclared) is guessed as 10; at 10 as 20, so 10 left against B's declared 15: A goes on; at 20 as 40,
    // so 20 left: B runs, then A.
    const jobs: Job[] = [{ ...job('A', 0, 30), lengths: 'undeclared' }, job('B', 0, 15)];
    expect(gantt(play(stcf, jobs))).toBe('A 0–20 | B 20–35 | A 35–45');
  });

  it('may be declared later, for the burst that runs too', () => {
    const mechanism = new Mechanism(stcf);
    mechanism.makeReady(plain(1, { length: 50 * MS }));
    mechanism.dispatch();
    mechanism.now = 10 * MS;
    expect(mechanism.makeReady(plain(2, { length: 20 * MS }))).toBe('preempt');
    // 25 in all, of which 10 are used: 15 left.
    mechanism.change(plain(1, { length: 25 * MS }));
    expect(mechanism.makeReady(plain(3, { length: 20 * MS }))).toBe('wait');
    // The same again, as when only the nice value is new, is no new declaration.
    mechanism.change(plain(1, { length: 25 * MS, nice: 3 }));
    mechanism.stop(10 * MS, 'yielded');
    expect(mechanism.policy.describe(1)).toEqual({ left: 15 * MS, length: 'declared' });
  });
});

describe('optimal turnaround, by brute force', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  const named = (i: number, arrival: number, length: number) =>
    job(String.fromCharCode(65 + i), arrival, length);

  /** Least sum of completion times without preemption, all jobs there from the start. */
  const leastInOrder = (left: readonly number[], now = 0): number =>
    left.length === 0
      ? 0
      : Math.min(...left.map((length, i) => now + length + leastInOrder(left.toSpliced(i, 1), now + length)));

  it('SJF has it when all arrive together', () => {
    fc.assert(
      fc.property(lengths, (list) => {
        const jobs = list.map((length, i) => named(i, 0, length));
        const sum = means(jobs, play(sjf, jobs)).turnaround * jobs.length;
        expect(sum).toBeCloseTo(leastInOrder(list), 6);
      }),
      { numRuns: 40 },
    );
  });

  /** Least sum of completion times when at each whole ms any job may be chosen. */
  const leastPreemptive = (jobs: readonly Job[]): number => {
    const known = new Map<string, number>();
    const least = (left: readonly number[], now: number): number => {
      if (left.every((one) => one === 0)) return 0;
      const key = `${left.join()} ${now}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const choices = jobs.flatMap((one, i) => (left[i]! > 0 && one.arrival! <= now ? [i] : []));
      const after = (i: number) => (left[i] === 1 ? now + 1 : 0) + least(left.with(i, left[i]! - 1), now + 1);
      const sum = choices.length === 0 ? least(left, now + 1) : Math.min(...choices.map(after));
      known.set(key, sum);
      return sum;
    };
    return least(
      jobs.map(({ bursts }) => bursts[0]!),
      0,
    );
  };

  it('STCF has it whenever they arrive', () => {
    const arrivals = fc.array(fc.tuple(fc.nat(8), fc.integer({ min: 1, max: 6 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(arrivals, (list) => {
        const jobs = list.map(([arrival, length], i) => named(i, arrival, length));
        const { ends } = play(stcf, jobs);
        expect(Object.values(ends).reduce((sum, end) => sum + end, 0)).toBe(leastPreemptive(jobs));
      }),
      { numRuns: 40 },
    );
  });
});
