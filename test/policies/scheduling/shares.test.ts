/** Lottery and stride: shares in proportion to tickets, the lecture's table, and what may be done with tickets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomState } from '../../../src/base/random.ts';
import type { Schedulable, SchedulingDefinition } from '../../../src/policies/scheduling/contract.ts';
import { lottery } from '../../../src/policies/scheduling/lottery.ts';
import { stride } from '../../../src/policies/scheduling/stride.ts';
import { MS } from './jobs.ts';
import { Mechanism, plain } from './mechanism.ts';

const QUANTUM = 10 * MS;

/** Who runs in each of `turns` whole quanta, when all of `processes` always want to. */
function winners(
  definition: SchedulingDefinition,
  processes: readonly Schedulable[],
  turns: number,
  seed = 1,
) {
  const policy = definition.attach(definition.initial(randomState(seed)));
  for (const process of processes) policy.ready(process, 'arrived', 0);
  return Array.from({ length: turns }, (_, turn) => {
    const { pid } = policy.next(turn * QUANTUM)!;
    policy.ran(pid, QUANTUM, 'expired', (turn + 1) * QUANTUM);
    return pid;
  });
}

const wins = (list: readonly number[], pid: number) => list.filter((one) => one === pid).length;

describe('stride', () => {
  const [A, B, C] = [plain(1, { tickets: 100 }), plain(2, { tickets: 50 }), plain(3, { tickets: 250 })];

  it("gives the lecture's table: strides 100, 200 and 40", () => {
    // Pass values before each turn, and who runs: the lowest, of equals who has waited longest.
    const table = [
      [0, 0, 0, 'A'],
      [100, 0, 0, 'B'],
      [100, 200, 0, 'C'],
      [100, 200, 40, 'C'],
      [100, 200, 80, 'C'],
      [100, 200, 120, 'A'],
      [200, 200, 120, 'C'],
      [200, 200, 160, 'C'],
      [200, 200, 200, 'B'],
    ];
    const mechanism = new Mechanism(stride);
    for (const process of [A!, B!, C!]) mechanism.makeReady(process);
    expect([1, 2, 3].map((pid) => mechanism.policy.describe(pid).stride)).toEqual([100, 200, 40]);
    const found = table.map(() => {
      const passes = [1, 2, 3].map((pid) => mechanism.policy.describe(pid).pass);
      const { pid } = mechanism.dispatch()!;
      mechanism.now += QUANTUM;
      mechanism.stop(QUANTUM, 'expired');
      return [...passes, 'ABC'[pid - 1]];
    });
    expect(found).toEqual(table);
  });

  it('is exact at the end of each cycle', () => {
    // 100 : 50 : 250 tickets are 2 : 1 : 5 turns of each 8.
    const list = winners(stride, [A!, B!, C!], 80);
    for (let cycle = 0; cycle < 80; cycle += 8) {
      expect([1, 2, 3].map((pid) => wins(list.slice(cycle, cycle + 8), pid))).toEqual([2, 1, 5]);
    }
  });

  it('is never off by more than a quantum between any two processes', () => {
    const tickets = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(tickets, (list) => {
        const turns = winners(
          stride,
          list.map((one, i) => plain(i + 1, { tickets: one })),
          200,
        );
        const counts = list.map(() => 0);
        let worst = 0;
        for (const pid of turns) {
          counts[pid - 1]!++;
          // Of the turns that two had between them, each had its share, give or take one.
          for (const [i, own] of counts.entries()) {
            for (const [j, other] of counts.entries()) {
              const due = ((own + other) * list[i]!) / (list[i]! + list[j]!);
              worst = Math.max(worst, Math.abs(own - due));
            }
          }
        }
        expect(worst).toBeLessThanOrEqual(1 + 1e-9);
      }),
    );
  });

  /** A mechanism in which 1 and 2, with 100 tickets each, had five turns each: both passes are 500. */
  const afterTenTurns = () => {
    const mechanism = new Mechanism(stride);
    for (const pid of [1, 2]) mechanism.makeReady(plain(pid, { tickets: 100 }));
    for (let turn = 0; turn < 10; turn++) {
      mechanism.dispatch();
      mechanism.now += QUANTUM;
      mechanism.stop(QUANTUM, 'expired');
    }
    return mechanism;
  };
  const pass = (mechanism: Mechanism, pid: number) => mechanism.policy.describe(pid).pass;

  it('gives a newcomer the lowest pass there is, so that it does not have the CPU to itself', () => {
    const mechanism = afterTenTurns();
    mechanism.makeReady(plain(3, { tickets: 100 }));
    expect(pass(mechanism, 3)).toBe(500);
    const next = Array.from({ length: 6 }, () => {
      const { pid } = mechanism.dispatch()!;
      mechanism.stop(QUANTUM, 'expired');
      return pid;
    });
    expect(next).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('counts the running process among those that there are', () => {
    const mechanism = new Mechanism(stride);
    mechanism.makeReady(plain(1, { tickets: 100 }));
    for (let turn = 0; turn < 3; turn++) {
      mechanism.dispatch();
      mechanism.stop(QUANTUM, 'expired');
    }
    mechanism.dispatch();
    mechanism.makeReady(plain(2, { tickets: 100 }));
    expect(pass(mechanism, 2)).toBe(300);
    // 1 is at 400 and waits while 2 runs at 300: the lowest is 300.
    mechanism.stop(QUANTUM, 'expired');
    expect(mechanism.dispatch()?.pid).toBe(2);
    mechanism.makeReady(plain(3, { tickets: 100 }));
    expect([1, 2, 3].map((pid) => pass(mechanism, pid))).toEqual([400, 300, 300]);
  });

  it('gives who was blocked no credit, and forgives no debt', () => {
    const mechanism = afterTenTurns();
    // 1 blocks after a turn at 600; 2 goes on to 800. Woken, 1 stands at 800 beside it, not at 600.
    expect(mechanism.dispatch()?.pid).toBe(1);
    mechanism.stop(QUANTUM, 'blocked');
    for (let turn = 0; turn < 3; turn++) {
      mechanism.dispatch();
      mechanism.stop(QUANTUM, 'expired');
    }
    mechanism.makeReady(plain(1, { tickets: 100 }));
    expect([pass(mechanism, 1), pass(mechanism, 2)]).toEqual([800, 800]);
    // 2, the first in the queue, runs to 900 and blocks; woken at once it is still 100 ahead of 1.
    expect(mechanism.dispatch()?.pid).toBe(2);
    mechanism.stop(QUANTUM, 'blocked');
    mechanism.makeReady(plain(2, { tickets: 100 }));
    expect([pass(mechanism, 1), pass(mechanism, 2)]).toEqual([800, 900]);
  });

  it('remembers how far everybody has come when nobody is there', () => {
    const mechanism = afterTenTurns();
    for (const pid of [1, 2]) mechanism.end(pid);
    mechanism.makeReady(plain(3));
    // The last turn began at 400.
    expect(pass(mechanism, 3)).toBe(400);
  });

  it('charges the part of a quantum that was used', () => {
    const mechanism = new Mechanism(stride);
    mechanism.makeReady(plain(1, { tickets: 50 }));
    mechanism.dispatch();
    mechanism.stop(QUANTUM / 4, 'yielded');
    expect(pass(mechanism, 1)).toBe(50);
  });

  it('scales what is ahead when tickets change', () => {
    const mechanism = afterTenTurns();
    mechanism.dispatch();
    mechanism.stop(QUANTUM, 'expired');
    // 1 is at 600, everybody at 500. With four times the tickets it has to wait a quarter of the 100.
    mechanism.change(plain(1, { tickets: 400 }));
    expect(mechanism.policy.describe(1)).toEqual({ tickets: 400, stride: 25, pass: 525 });
  });
});

describe('lottery', () => {
  it('gives shares in proportion to tickets, by chance', () => {
    // A has 75 of 100 tickets. Of n = 10,000 turns 7,500 are expected; the standard deviation is √(n·0.75·0.25) = 43.
    for (const seed of [1, 2, 3, 4]) {
      const list = winners(lottery, [plain(1, { tickets: 75 }), plain(2, { tickets: 25 })], 10_000, seed);
      expect(Math.abs(wins(list, 1) - 7500)).toBeLessThan(4 * 43.3);
    }
  });

  it('comes close only in the long run', () => {
    /** Mean distance of one's share of the turns from the half that is due, over 50 seeds. */
    const meanDistance = (turns: number) => {
      const distances = Array.from({ length: 50 }, (_, seed) => {
        const list = winners(lottery, [plain(1), plain(2)], turns, seed);
        return Math.abs(wins(list, 1) / turns - 0.5);
      });
      return distances.reduce((sum, one) => sum + one, 0) / distances.length;
    };
    // The mean distance of a binomial share is about √(2/π)·√(0.25/n): 0.1 for 16 turns, 0.01 for 1,600.
    expect(meanDistance(16)).toBeGreaterThan(0.05);
    expect(meanDistance(1600)).toBeLessThan(0.02);
  });

  it('is decided by the seed', () => {
    const processes = [plain(1), plain(2), plain(3)];
    expect(winners(lottery, processes, 50, 7)).toEqual(winners(lottery, processes, 50, 7));
    expect(winners(lottery, processes, 50, 7)).not.toEqual(winners(lottery, processes, 50, 8));
  });

  it('says which ticket won', () => {
    // Tickets 0 to 74 are A's, 75 to 99 B's.
    const mechanism = new Mechanism(lottery);
    mechanism.makeReady(plain(1, { tickets: 75 }));
    mechanism.makeReady(plain(2, { tickets: 25 }));
    for (let turn = 0; turn < 20; turn++) {
      // Who ran goes to the end of the queue, but holdings keep the order of arrival.
      const { pid } = mechanism.dispatch()!;
      const { draw, of } = mechanism.policy.describe(pid);
      expect(of).toBe(100);
      expect(pid).toBe((draw as number) < 75 ? 1 : 2);
      mechanism.stop(QUANTUM, 'expired');
    }
  });

  const made = (...processes: Schedulable[]) => {
    const mechanism = new Mechanism(lottery);
    for (const process of processes) mechanism.makeReady(process);
    return { mechanism, operations: mechanism.policy.ticketOperations! };
  };
  const worth = (mechanism: Mechanism, ...pids: number[]) =>
    pids.map((pid) => mechanism.policy.describe(pid).worth);
  /** Blocks a process, whoever is drawn before it. */
  const block = (mechanism: Mechanism, pid: number) => {
    while (mechanism.dispatch()!.pid !== pid) mechanism.stop(1, 'yielded');
    mechanism.stop(1, 'blocked');
  };

  const alice = { tickets: 500, currency: 'alice' };
  const bob = { tickets: 10, currency: 'bob' };

  it('converts currencies into base tickets', () => {
    // Alice and Bob have 100 base tickets each. Alice gave each of two jobs 500 of her 1,000, Bob his one job 10 of
    // his 10: worth 50, 50 and 100.
    const { mechanism, operations } = made(plain(1, alice), plain(2, alice), plain(3, bob));
    operations.issue('alice', 100);
    operations.issue('bob', 100);
    expect(worth(mechanism, 1, 2, 3)).toEqual([50, 50, 100]);
    const counts = [0, 0, 0];
    for (let turn = 0; turn < 4000; turn++) {
      const { pid } = mechanism.policy.next(0)!;
      counts[pid - 1]!++;
      mechanism.policy.ran(pid, 1, 'expired', 0);
    }
    // 1,000, 1,000 and 2,000 expected; standard deviations √(4000·¼·¾) = 27 and √(4000·½·½) = 32.
    expect(Math.abs(counts[0]! - 1000)).toBeLessThan(4 * 27.4);
    expect(Math.abs(counts[2]! - 2000)).toBeLessThan(4 * 31.7);
  });

  it('counts tickets of a currency that nobody issued as base tickets', () => {
    const { mechanism } = made(plain(1, { tickets: 30, currency: 'carol' }), plain(2, { tickets: 10 }));
    expect(worth(mechanism, 1, 2)).toEqual([30, 10]);
  });

  it('gives what a currency is worth to those of its holders that are ready', () => {
    const { mechanism, operations } = made(plain(1, alice), plain(2, alice), plain(3, bob));
    operations.issue('alice', 100);
    operations.issue('bob', 100);
    block(mechanism, 2);
    expect(worth(mechanism, 1, 2, 3)).toEqual([100, undefined, 100]);
  });

  it('lets a client lend its tickets to the server it waits for', () => {
    // The client has 90, the server 10, a third 100: while it waits, the server has 100 of 200.
    const { mechanism, operations } = made(
      plain(1, { tickets: 90 }),
      plain(2, { tickets: 10 }),
      plain(3, { tickets: 100 }),
    );
    expect(() => operations.transfer(1, 2)).toThrow('only a blocked process lends');
    block(mechanism, 1);
    operations.transfer(1, 2);
    expect(worth(mechanism, 1, 2, 3)).toEqual([undefined, 100, 100]);
    expect(mechanism.policy.describe(1)).toEqual({ tickets: 90, lentTo: 2 });
    operations.giveBack(1);
    expect(worth(mechanism, 2, 3)).toEqual([10, 100]);
    operations.transfer(1, 2);
    mechanism.makeReady(plain(1, { tickets: 90 }));
    expect(worth(mechanism, 1, 2, 3)).toEqual([90, 10, 100]);
  });

  it('lends on what was lent, keeps its currency, and lends nothing in a circle', () => {
    // 1 (alice, 500 of 1,000, worth 50) waits for 2 (base, 20), which waits for 3 (base, 30): 3 has 50 + 20 + 30.
    const { mechanism, operations } = made(
      plain(1, alice),
      plain(2, { tickets: 20 }),
      plain(3, { tickets: 30 }),
      plain(4, alice),
    );
    operations.issue('alice', 100);
    for (const pid of [1, 2]) block(mechanism, pid);
    operations.transfer(1, 2);
    operations.transfer(2, 3);
    expect(worth(mechanism, 3, 4)).toEqual([100, 50]);
    operations.transfer(2, 1);
    expect(worth(mechanism, 3, 4)).toEqual([100, 50]);
    // 3 blocks, so what it has takes no part; when it is gone, the others' tickets are their own again.
    block(mechanism, 3);
    expect(worth(mechanism, 4)).toEqual([100]);
    mechanism.end(3);
    mechanism.makeReady(plain(2, { tickets: 20 }));
    expect(worth(mechanism, 2, 4)).toEqual([70, 50]);
  });

  it('lets a process inflate its tickets, until it declares another number', () => {
    const { mechanism, operations } = made(plain(1, { tickets: 10 }), plain(2, { tickets: 10 }));
    operations.inflate(1, 30);
    expect(worth(mechanism, 1, 2)).toEqual([30, 10]);
    block(mechanism, 1);
    mechanism.makeReady(plain(1, { tickets: 10 }));
    mechanism.change(plain(1, { tickets: 10, nice: 4 }));
    expect(worth(mechanism, 1, 2)).toEqual([30, 10]);
    mechanism.change(plain(1, { tickets: 20 }));
    expect(worth(mechanism, 1, 2)).toEqual([20, 10]);
    // Within a currency inflation takes from its other holders only.
    const shared = made(plain(1, alice), plain(2, alice), plain(3, { tickets: 100 }));
    shared.operations.issue('alice', 100);
    shared.operations.inflate(1, 1500);
    expect(worth(shared.mechanism, 1, 2, 3)).toEqual([75, 25, 100]);
  });

  it('keeps giving each ready process once, whatever is done with tickets', () => {
    const operations = fc.array(
      fc.tuple(
        fc.constantFrom('lend', 'back', 'inflate', 'issue', 'block', 'wake', 'end', 'resume'),
        fc.nat(5),
        fc.nat(5),
      ),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(operations, fc.nat(), (list, seed) => {
        const mechanism = new Mechanism(lottery, { seed });
        const process = (pid: number) =>
          plain(pid, { tickets: pid + 1, currency: ['x', 'y', undefined][pid % 3] });
        for (let pid = 0; pid < 6; pid++) mechanism.makeReady(process(pid));
        for (const [what, one, other] of list) {
          const tickets = mechanism.policy.ticketOperations!;
          const { blocked, processes, ready } = mechanism;
          if (what === 'resume') mechanism.resume();
          if (what === 'issue') tickets.issue(one % 2 === 0 ? 'x' : 'y', other + 1);
          if (!processes.has(one) || !processes.has(other)) continue;
          if (what === 'lend' && blocked.has(one)) tickets.transfer(one, other);
          if (what === 'back') tickets.giveBack(one);
          if (what === 'inflate') tickets.inflate(one, 1 + other * 100);
          if (what === 'wake' && blocked.has(one)) mechanism.makeReady(process(one));
          if (what === 'block' && ready.has(one)) block(mechanism, one);
          if (what === 'end') mechanism.end(one);
          // All that is worth anything is shared by those who are ready, if there is one.
          const sum = [...ready].reduce((total, pid) => total + (worth(mechanism, pid)[0] as number), 0);
          expect(sum > 0).toBe(ready.size > 0);
        }
      }),
    );
  });
});
