/** Processes that use a part of their quantum only: their share of the CPU by lottery, with compensation tickets, and by stride. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomState } from '../../../src/base/random.ts';
import type { SchedulingDefinition } from '../../../src/policies/scheduling/contract.ts';
import { lottery } from '../../../src/policies/scheduling/lottery.ts';
import { findSchedulingPolicy } from '../../../src/policies/scheduling/registry.ts';
import { stride } from '../../../src/policies/scheduling/stride.ts';
import { MS } from './jobs.ts';
import { Mechanism, plain } from './mechanism.ts';

const QUANTUM = 10 * MS;

interface PartialUse {
  /** Of a quantum. */
  readonly part: number;
  readonly how: 'yielded' | 'blocked';
  readonly turns: number;
  readonly tickets: number;
  readonly seed: number;
}

/**
 * CPU time of one who always uses its whole quantum and of one who gives the CPU up after `part` of it and is ready
 * again at once, as of all CPU time, over `turns` turns; both have `tickets`.
 */
function shareOfPartial(
  definition: SchedulingDefinition,
  { part, how, turns, tickets, seed }: PartialUse,
): number {
  const policy = definition.attach(definition.initial(randomState(seed)));
  const processes = [plain(1, { tickets }), plain(2, { tickets })];
  for (const process of processes) policy.ready(process, 'arrived', 0);
  const cpu = [0, 0];
  for (let now = 0, turn = 0; turn < turns; turn++) {
    const { pid, quantum } = policy.next(now)!;
    const used = pid === 1 ? quantum : Math.round(quantum * part);
    now += used;
    cpu[pid - 1]! += used;
    policy.ran(pid, used, pid === 1 ? 'expired' : how, now);
    if (pid === 2 && how === 'blocked') policy.ready(processes[1]!, 'woken', now);
  }
  return cpu[1]! / (cpu[0]! + cpu[1]!);
}

const partial = fc.record({
  part: fc.integer({ min: 50, max: 500 }).map((thousandths) => thousandths / 1000),
  how: fc.constantFrom('yielded' as const, 'blocked' as const),
  turns: fc.constant(20_000),
  tickets: fc.integer({ min: 1, max: 1000 }),
  seed: fc.nat(),
});

describe('who uses a part of its quantum', () => {
  const compensated = findSchedulingPolicy('lottery:compensation=on', 'test');

  it("has the paper's inflation: 20 ms of 100, 400 tickets, a compensation ticket of 1,600", () => {
    // OSDI 1994, section 4.5: "B uses only 20 milliseconds … a compensation ticket valued at 1600 base units".
    const mechanism = new Mechanism(findSchedulingPolicy('lottery:100ms,compensation=on', 'test'));
    for (const pid of [1, 2]) mechanism.makeReady(plain(pid, { tickets: 400 }));
    while (mechanism.dispatch()!.pid !== 2) mechanism.stop(100 * MS, 'expired');
    mechanism.stop(20 * MS, 'yielded');
    expect(mechanism.policy.describe(2)).toEqual({ tickets: 400, worth: 400, inflation: 5 });
    const { pid } = mechanism.dispatch()!;
    // 400 + 400 + 1,600 tickets are drawn among.
    expect(mechanism.policy.describe(pid).of).toBe(2400);
    if (pid === 2) expect(mechanism.policy.describe(2).inflation).toBeUndefined();
  });

  it('has its share of the CPU by lottery with compensation tickets, and less without', () => {
    fc.assert(
      fc.property(partial, (one) => {
        // B wins 1/(1 + f) of n turns in which it has an n-th of f: its share varies by less than √(f/n) or so.
        expect(Math.abs(shareOfPartial(compensated, one) - 0.5)).toBeLessThan(0.05);
        // As many turns each: f / (1 + f), a third at most.
        const { part } = one;
        expect(Math.abs(shareOfPartial(lottery, one) - part / (1 + part))).toBeLessThan(0.02);
      }),
      { numRuns: 30 },
    );
  });

  it('has its share by stride, to a quantum', () => {
    fc.assert(
      fc.property(partial, (one) => {
        const turns = 2000;
        const share = shareOfPartial(stride, { ...one, turns, how: 'yielded' });
        // Both passes grow by the CPU time that was used, so that they are never more than a quantum apart; CPU time
        // in all is `turns` · f quanta at least.
        expect(Math.abs(share - 0.5)).toBeLessThan(1 / (turns * one.part));
      }),
      { numRuns: 50 },
    );
  });

  it('and nothing of it is owed when it used nothing, or is gone', () => {
    const mechanism = new Mechanism(compensated);
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    mechanism.stop(0, 'blocked');
    expect(mechanism.policy.describe(1)).toEqual({ tickets: 1 });
    mechanism.makeReady(plain(1));
    mechanism.dispatch();
    mechanism.stop(1, 'blocked');
    expect(mechanism.policy.describe(1).inflation).toBe(QUANTUM);
    mechanism.end(1);
    mechanism.makeReady(plain(1));
    expect(mechanism.policy.describe(1)).toEqual({ tickets: 1, worth: 1 });
  });

  it('can be compensated beyond what there are numbers for', () => {
    // Ten with a million tickets that used a nanosecond of 10 ms: 10^14 compensation tickets, scaled down to 2^32.
    const mechanism = new Mechanism(compensated, { checks: 'answers' });
    for (let pid = 0; pid < 10; pid++) mechanism.makeReady(plain(pid, { tickets: 1_000_000 }));
    let most = 0;
    for (let turn = 0; turn < 400; turn++) {
      const { pid } = mechanism.dispatch()!;
      most = Math.max(most, mechanism.policy.describe(pid).of as number);
      mechanism.stop(1, 'yielded');
    }
    expect(most).toBeLessThanOrEqual(2 ** 32);
    expect(most).toBeGreaterThan(2 ** 32 - 20);
  });
});
