/** Admission policies: cases worked out by hand, and what holds for all of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pid } from '../../../src/base/numbers.ts';
import type { Competitor, LoadView, Suspended } from '../../../src/policies/admission/contract.ts';
import { isThrashing, lifetime } from '../../../src/policies/admission/fault-rate.ts';
import { admissionPolicies } from '../../../src/policies/admission/registry.ts';
import { PATIENCE } from '../../../src/policies/admission/turns.ts';

const MS = 1e6;
const policy = (name: string) => admissionPolicies.find((one) => one.name === name)!;

/** By default each of them used 40 pages and computed 30 ms between two faults. */
const competitor = (pid: number, given: Partial<Competitor> = {}): Competitor => ({
  pid: pid as Pid,
  admitted: pid * MS,
  workingSet: 40,
  cpu: 90 * MS,
  faults: 3,
  ...given,
});
const suspended = (pid: number, given: Partial<Suspended> = {}): Suspended => ({
  pid: pid as Pid,
  since: 400 * MS,
  workingSet: 40,
  ...given,
});
/** At 1 s, with a look every 500 ms, 100 frames and a disk that takes 10 ms. */
const view = (given: Partial<LoadView>): LoadView => ({
  now: 1000 * MS,
  interval: 500 * MS,
  frames: 100,
  transfer: 10 * MS,
  evictions: 20,
  competing: [],
  waiting: [],
  ...given,
});

describe('working-set', () => {
  const decide = (given: Partial<LoadView>) => policy('working-set').decide(view(given));

  it('suspends the one let in last when three of 40 pages are to share 100 frames', () => {
    expect(decide({ competing: [1, 2, 3].map((pid) => competitor(pid)) })).toEqual({
      kind: 'suspend',
      pid: 3,
    });
  });

  it('leaves two of them, and the third waiting', () => {
    const competing = [1, 2].map((pid) => competitor(pid));
    expect(decide({ competing, waiting: [suspended(3)] })).toEqual({ kind: 'none' });
  });

  it('lets the longest waiting go on when its 40 pages fit beside 60, and not beside 61', () => {
    const beside = (workingSet: number) =>
      decide({ competing: [competitor(1, { workingSet })], waiting: [suspended(3), suspended(2)] });
    expect(beside(60)).toEqual({ kind: 'resume', pid: 3 });
    expect(beside(61)).toEqual({ kind: 'none' });
  });

  it('does not suspend the only one that runs beside one that sleeps', () => {
    const competing = [competitor(1, { cpu: 0, faults: 0 }), competitor(2, { workingSet: 90 })];
    expect(decide({ competing })).toEqual({ kind: 'none' });
  });

  it('does not suspend the only one, however large', () => {
    expect(decide({ competing: [competitor(1, { workingSet: 1000 })] })).toEqual({ kind: 'none' });
  });
});

describe('fault-rate', () => {
  const decide = (given: Partial<LoadView>) => policy('fault-rate').decide(view(given));

  it('takes the mean over all processes: 90 ms and 30 ms in 4 faults are 30 ms each', () => {
    const competing = [competitor(1), competitor(2, { cpu: 30 * MS, faults: 1 })];
    expect(lifetime({ competing })).toBe(30 * MS);
    expect(lifetime({ competing: [competitor(1, { faults: 0 })] })).toBe(Number.POSITIVE_INFINITY);
  });

  it('suspends below 10 ms between faults, not at 10 ms', () => {
    const at = (cpu: number) =>
      decide({ competing: [1, 2].map((pid) => competitor(pid, { cpu: cpu * MS, faults: 10 })) });
    expect(at(99)).toEqual({ kind: 'suspend', pid: 2 });
    expect(at(100)).toEqual({ kind: 'none' });
  });

  it('does not suspend the only one that runs beside one that sleeps: it would get no further than its next fault', () => {
    const sleeping = competitor(1, { cpu: 0, faults: 0 });
    const competing = [sleeping, competitor(2, { cpu: MS, faults: 10 })];
    expect(isThrashing(view({ competing }))).toBe(false);
    expect(decide({ competing, waiting: [suspended(3)] })).toEqual({ kind: 'none' });
  });

  it('takes faults of programs that begin, while no page has to go, for nothing bad', () => {
    const competing = [1, 2].map((pid) => competitor(pid, { cpu: MS, faults: 50 }));
    expect(isThrashing(view({ competing }))).toBe(true);
    expect(isThrashing(view({ competing, evictions: 0 }))).toBe(false);
  });

  it('lets one more in above 20 ms', () => {
    const at = (cpu: number) =>
      decide({ competing: [competitor(1, { cpu: cpu * MS, faults: 1 })], waiting: [suspended(2)] });
    expect(at(20)).toEqual({ kind: 'none' });
    expect(at(21)).toEqual({ kind: 'resume', pid: 2 });
  });
});

describe('nobody waits for ever', () => {
  it.each(['working-set', 'fault-rate'])('under %s', (name) => {
    const competing = [competitor(1, { workingSet: 80 }), competitor(2, { workingSet: 20, cpu: 45 * MS })];
    const at = (intervals: number) =>
      policy(name).decide(
        view({ now: (400 + 500 * intervals) * MS, competing, waiting: [suspended(3, { workingSet: 90 })] }),
      );
    expect(at(PATIENCE)).toEqual({ kind: 'suspend', pid: 1 });
    expect(at(PATIENCE - 1)).not.toMatchObject({ kind: 'suspend' });
  });
});

it.each(admissionPolicies)('$name suspends who competes and another stays, and resumes who waits', ({
  decide,
}) => {
  const times = fc.nat(20_000).map((ms) => ms * MS);
  const competing = fc.array(
    fc.record({ admitted: times, workingSet: fc.nat(200), cpu: times, faults: fc.nat(50) }),
    { maxLength: 6 },
  );
  const waiting = fc.array(fc.record({ since: times, workingSet: fc.nat(200) }), { maxLength: 4 });
  fc.assert(
    fc.property(competing, waiting, fc.nat(300), (some, others, frames) => {
      const given = view({
        now: 20_000 * MS,
        frames,
        competing: some.map((one, i) => competitor(i + 1, one)),
        waiting: others.map((one, i) => suspended(i + 100, one)),
      });
      const decision = decide(given);
      if (decision.kind === 'suspend') {
        expect(given.competing.map(({ pid }) => pid)).toContain(decision.pid);
        if (given.waiting.length === 0) expect(given.competing.length).toBeGreaterThan(1);
      }
      if (decision.kind === 'resume') expect(given.waiting[0]!.pid).toBe(decision.pid);
    }),
  );
});
