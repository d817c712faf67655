/** Local replacement and bits kept by traps, under the programs and schedulers that mean harm. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE } from '../../../src/base/numbers.ts';
import { nextBelow, type RandomState, randomState } from '../../../src/base/random.ts';
import type { BitsMode } from '../../../src/kernel/memory/page-bits.ts';
import type { ShareRule } from '../../../src/kernel/memory/shares.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { perProcess } from '../../../src/policies/replacement/per-process.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { type Chooser, Crowd, type Instruction } from './crowd.ts';
import { anonymous, World } from './harness.ts';
import { lifeAndDeath, operation, Trial } from './trial.ts';

const BASE = 0x10_0000;
const at = (page: number): number => BASE + page * PAGE_SIZE;

interface Way {
  readonly scope: 'global' | 'local';
  readonly bits: BitsMode;
  readonly shares: ShareRule;
}

const ways: readonly Way[] = [
  { scope: 'local', bits: 'hardware', shares: 'equal' },
  { scope: 'local', bits: 'traps', shares: 'proportional' },
  { scope: 'global', bits: 'traps', shares: 'equal' },
];

const cases = livePolicies.map((policy, i) => ({ policy, name: policy.name, ...ways[i % ways.length]! }));

describe.each(cases)('$name, $scope, bits by $bits', ({ policy, scope, bits, shares }) => {
  const definition = scope === 'local' ? perProcess(policy) : policy;

  it('agrees with the model while processes come and go', async () => {
    const steps = fc.array(
      fc.tuple(
        fc.nat(3),
        fc.oneof({ weight: 6, arbitrary: operation }, { weight: 1, arbitrary: lifeAndDeath }),
      ),
      { minLength: 10, maxLength: 120, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const sizing = { mode: 'frames', frames: 9 } as const;
        const trial = new Trial({ frames: 45, sizing, bits, shares, policy: definition }, 2, true);
        for (const [which, step] of script) await trial.step(which, step);
        trial.end();
      }),
      { numRuns: 15 },
    );
  });

  const program = (random: RandomState, length: number): Instruction[] =>
    Array.from({ length }, () =>
      Array.from({ length: 4 }, (_, i) => [
        at(nextBelow(random, 12)) + nextBelow(random, PAGE_SIZE),
        i % 2 === 0 ? 'load' : 'store',
      ]),
    );
  const schedulers: Record<string, (random: RandomState) => Chooser> = {
    'anybody at random': (random) => (ready) => ready[nextBelow(random, ready.length)]!,
    'anybody but the last':
      () =>
      (ready, { last }) =>
        ready.find((member) => member !== last) ?? ready[0]!,
    'whoever is first': () => (ready) => ready[0]!,
  };

  it.each(Object.keys(schedulers))('six processes go on in the frames that one needs: %s', async (name) => {
    const random = randomState(11);
    const world = new World({
      frames: 24,
      sizing: { mode: 'frames', frames: 4 },
      policy: definition,
      bits,
      shares,
      watched: false,
    });
    const crowd = new Crowd(world);
    for (let i = 0; i < 6; i++) {
      const space = world.memory.createSpace();
      world.memory.addArea(space, anonymous(BASE, 12));
      crowd.add(space, program(random, 8));
    }
    await crowd.run(schedulers[name]!(random), 60_000);
    expect(crowd.members.every(({ end }) => end === undefined)).toBe(true);
    world.memory.checkInvariants();
  });
});

describe('local replacement', () => {
  it('lets a process have its share while frames are free, and divides anew when one comes or goes', async () => {
    const sizing = { mode: 'frames', frames: 12 } as const;
    const world = new World({ frames: 40, sizing, policy: perProcess(fifo) });
    const spaces = [world.memory.createSpace()];
    const [first] = spaces;
    world.memory.addArea(first!, anonymous(BASE, 20));
    for (let page = 0; page < 10; page++) await world.store1(first!, at(page), page);
    expect(first!.resident).toBe(10);
    // Two processes: six frames each. The first is over, gives up a page for each that it gets, and pays for the second.
    const second = world.memory.createSpace();
    world.memory.addArea(second, anonymous(BASE, 20));
    await world.store1(first!, at(10), 10);
    expect(first!.resident).toBe(10);
    for (let page = 0; page < 9; page++) await world.store1(second, at(page), page);
    expect([first!.resident, second.resident]).toEqual([6, 6]);
    // All twelve again for one.
    world.end(second);
    for (let page = 0; page < 20; page++) await world.store1(first!, at(page), page);
    expect(first!.resident).toBe(12);
    world.memory.checkInvariants();
  });

  it('divides by size if it is told to', async () => {
    const sizing = { mode: 'frames', frames: 12 } as const;
    const world = new World({ frames: 40, sizing, policy: perProcess(fifo), shares: 'proportional' });
    const [small, large] = [world.memory.createSpace(), world.memory.createSpace()];
    // 20 pages and 60, and one for each that keeps an empty space from having none: 12 × 21 / 82 = 3, 12 × 61 / 82 = 8.
    world.memory.addArea(small, anonymous(BASE, 20));
    world.memory.addArea(large, anonymous(BASE, 60));
    for (let page = 0; page < 20; page++) {
      await world.store1(small, at(page), page);
      await world.store1(large, at(page), page);
    }
    expect([small.resident, large.resident]).toEqual([3, 8]);
    world.memory.checkInvariants();
  });
});
