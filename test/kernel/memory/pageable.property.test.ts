/**
 * Leaf tables that go to swap, under random operations on pages that lie in many tables, against the model of trial.ts,
 * which knows nothing of tables, and against a twin whose tables stay in memory. Invariants are checked after each
 * operation.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { DEFAULT_ARM, type DiskModel } from '../../../src/kernel/disk.ts';
import type { ForkMode } from '../../../src/kernel/memory/contract.ts';
import type { PagingRules } from '../../../src/kernel/memory/paging-rules.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { LateStore } from '../../support/stores.ts';
import { World, type WorldOptions } from './harness.ts';
import { smallVax } from './small-schemes.ts';
import { lifeAndDeath, type Operation, operation, Trial } from './trial.ts';

/** Three pages of a window in a table. */
const STRIDE = 171;

const script = fc.array(
  fc.tuple(fc.nat(3), fc.oneof({ weight: 12, arbitrary: operation }, { weight: 1, arbitrary: lifeAndDeath })),
  { minLength: 40, maxLength: 120, size: 'max' },
);

/** Two spaces with something at every page of the window, so that most of what follows meets something. */
const beginning: readonly [which: number, step: Operation][] = [0, 1].flatMap((which) =>
  (['anonymous', 'shared memory', 'anonymous', 'private file'] as const).map(
    (kind, i): [number, Operation] => [
      which,
      { op: 'map', at: 5 * i, pages: 5, kind, index: 0, protection: 3 },
    ],
  ),
);

const rules: fc.Arbitrary<Partial<PagingRules>> = fc.constantFrom<Partial<PagingRules>>(
  {},
  { readAhead: 3, cluster: 3 },
  { daemon: { low: 1, high: 3, first: 'any' }, cluster: 2 },
  { daemon: { low: 2, high: 4, first: 'clean' }, cleanEvery: 15_000_000, readAhead: 1 },
);

const disks: fc.Arbitrary<DiskModel> = fc.constantFrom<DiskModel>(
  { kind: 'flat' },
  { ...DEFAULT_ARM, trackPages: 4, order: 'elevator' },
);

/** Runs random scripts; gives how many tables were read back in all of them. */
async function check(options: () => WorldOptions, runs: number, base?: number): Promise<number> {
  let returned = 0;
  await fc.assert(
    fc.asyncProperty(script, rules, disks, async (steps, paging, disk) => {
      const trial = new Trial({ pageTables: 'pageable', paging, disk, ...options() }, 2, true, {
        stride: STRIDE,
        ...(base === undefined ? {} : { base }),
      });
      for (const [which, step] of [...beginning, ...steps]) {
        trial.world.clock.state.now += 3_000_000;
        await trial.step(which, step);
      }
      trial.end();
      const { tablePaging, lostPages } = trial.world.memory.counters;
      expect(lostPages).toBe(0);
      returned += tablePaging.returned;
    }),
    { numRuns: runs },
  );
  return returned;
}

describe.each(livePolicies.map((policy) => ({ name: policy.name, policy })))('pageable tables under $name', ({
  policy,
}) => {
  it('agree with the model', async () => {
    const bits = policy.needs === 'every reference' ? 'hardware' : 'traps';
    await check(() => ({ frames: 18, policy, bits, swap: 60 }), 3);
  });
});

describe('pageable tables in a store that takes its time', () => {
  it('agree with the model', async () => {
    const store = () => new LateStore(new MemoryStore(400));
    expect(await check(() => ({ frames: 18, store: store() }), 8)).toBeGreaterThan(5);
  });
});

describe('pageable tables of the VAX', () => {
  // Four pages of a table on each side of the border between P0 and P1.
  const base = 2 ** 24 - 10 * STRIDE * PAGE_SIZE;
  const options = { scheme: smallVax(26, 4 * 8), refill: 'retry', frames: 18 } as const;

  it('agree with the model', async () => {
    expect(await check(() => options, 6, base)).toBeGreaterThan(5);
  });

  it('agree with the model in a store that takes its time', async () => {
    const store = () => new LateStore(new MemoryStore(400));
    await check(() => ({ ...options, store: store() }), 3, base);
  });
});

type Step =
  | { readonly op: 'touch'; at: number; value: number }
  | { readonly op: 'unmap' | 'drop' | 'map'; at: number; pages: number }
  | { readonly op: 'move'; at: number; to: number; pages: number }
  | { readonly op: 'fork'; mode: ForkMode }
  | { readonly op: 'end' };

const WINDOW = 24;
const address = (at: number) => virtualAddress(0x4000_0000 + (at - WINDOW / 2) * STRIDE * PAGE_SIZE);
const place = fc.nat(WINDOW - 1);
const few = fc.integer({ min: 1, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      op: fc.constant('touch'),
      at: place,
      value: fc.integer({ min: 1, max: 255 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constantFrom('unmap', 'drop', 'map'), at: place, pages: few }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('move'), at: place, to: place, pages: few }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('fork'),
      mode: fc.constantFrom<ForkMode>('copy-on-write', 'eager'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('end') }) },
) as fc.Arbitrary<Step>;

/** What a step gives: the result of a call, or what a page held before it is written. */
async function perform(world: World, spaces: SpaceState[], which: number, step: Step): Promise<unknown> {
  const space = spaces[which]!;
  switch (step.op) {
    case 'fork':
      if (spaces.length < 3) spaces.push(await world.child(space, step.mode));
      return spaces.length;
    case 'end':
      if (spaces.length > 1) world.end(...(spaces.splice(which, 1) as [SpaceState]));
      return spaces.length;
    case 'move':
      return world.call(space, () => {
        const bytes = step.pages * STRIDE * PAGE_SIZE;
        return world.memory.remap(space, address(step.at), bytes, bytes, 3, address(step.to));
      });
    case 'map':
      return world.map(space, address(step.at), step.pages * STRIDE);
    case 'unmap':
      return world.memory.unmap(space, address(step.at), step.pages * STRIDE * PAGE_SIZE);
    case 'drop':
      return world.memory.advise(space, address(step.at), step.pages * STRIDE * PAGE_SIZE, 4);
    case 'touch': {
      const access = await world.access(space, address(step.at), 'store');
      if (access.kind !== 'done') return access;
      const before = world.machine.ram[access.physical];
      world.machine.ram[access.physical] = step.value;
      return before;
    }
  }
}

/** Areas, and how many pages have contents, in memory or in swap: all were written. */
const described = (world: World, space: SpaceState) =>
  world.memory.listAreas(space).map(({ area, resident, swapped }) => [area, resident + swapped]);

describe('pageable tables and resident ones', () => {
  it('say the same, operation by operation', async () => {
    let returned = 0;
    const steps = fc.array(fc.tuple(fc.nat(5), step), { minLength: 60, maxLength: 200, size: 'max' });
    await fc.assert(
      fc.asyncProperty(steps, async (play) => {
        const few = new World({ frames: 24, pageTables: 'pageable', watched: false });
        const all = new World({ frames: 300, pageTables: 'resident', watched: false });
        const worlds = [few, all].map((world) => ({ world, spaces: [world.memory.createSpace()] }));
        for (const { world, spaces } of worlds) world.map(spaces[0]!, address(0), WINDOW * STRIDE);
        for (const [which, step] of play) {
          const [a, b] = worlds as [(typeof worlds)[0], (typeof worlds)[0]];
          const at = which % a.spaces.length;
          const said = await perform(a.world, a.spaces, at, step);
          expect(said).toEqual(await perform(b.world, b.spaces, at, step));
          few.memory.checkInvariants();
          expect(a.spaces.map((space) => described(few, space))).toEqual(
            b.spaces.map((space) => described(all, space)),
          );
        }
        for (const { world, spaces } of worlds) for (const space of spaces) world.end(space);
        expect(few.memory.counters).toMatchObject({ tableFrames: 0, residentPages: 0, swapUsed: 0 });
        returned += few.memory.counters.tablePaging.returned;
      }),
      { numRuns: 6 },
    );
    expect(returned).toBeGreaterThan(5);
  });
});
