/**
 * Referenced and dirty bits three ways: kept by the hardware, by traps, and beside stamps. What programs see is the
 * same, and so is what a policy that goes by bits decides.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE } from '../../../src/base/numbers.ts';
import type { BitsMode } from '../../../src/kernel/memory/page-bits.ts';
import type { PolicyDefinition } from '../../../src/policies/replacement/contract.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { findReplacementPolicy } from '../../../src/policies/replacement/registry.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { anonymous, World, type WorldOptions } from './harness.ts';
import { lifeAndDeath, operation, Trial } from './trial.ts';

const BASE = 0x4000_0000;
const at = (page: number): number => BASE + page * PAGE_SIZE;

/** A world with one space, and its pages in an area. */
function worldOf(options: WorldOptions, pages: number) {
  const world = new World(options);
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, pages));
  return { world, space };
}

const faultsOf = (world: World): Record<string, number> => ({ ...world.memory.counters.faults });

describe('bits kept by traps', () => {
  it('traps at the first store to a page, and not at a load or the second store', async () => {
    const { world, space } = worldOf({ frames: 20, bits: 'traps' }, 4);
    await world.load(space, at(0));
    expect(faultsOf(world)).toEqual({ zero: 1 });
    await world.store1(space, at(0), 7);
    expect(faultsOf(world)).toEqual({ zero: 1, 'first-write': 1 });
    await world.store1(space, at(0), 8);
    // A store that brings the page is its first store: it has trapped already.
    await world.store1(space, at(1), 9);
    expect(faultsOf(world)).toEqual({ zero: 2, 'first-write': 1 });
    expect([await world.load(space, at(0)), await world.load(space, at(1))]).toEqual([8, 9]);
    world.memory.checkInvariants();
  });

  it('has no traps of this kind when the hardware keeps the bits', async () => {
    const { world, space } = worldOf({ frames: 20, bits: 'hardware' }, 4);
    await world.load(space, at(0));
    await world.store1(space, at(0), 7);
    expect(faultsOf(world)).toEqual({ zero: 1 });
  });

  it('makes an entry invalid when its referenced bit is cleared, forgets it in the TLB, and sees the next use', async () => {
    // Clock, 3 frames for 4 pages: the hand clears all bits, then takes page 0.
    const policy = findReplacementPolicy('clock', 'test');
    const { world, space } = worldOf(
      { frames: 13, sizing: { mode: 'frames', frames: 3 }, policy, bits: 'traps' },
      4,
    );
    for (const page of [0, 1, 2]) await world.store1(space, at(page), 10 + page);
    expect(world.machine.caches(space.asid, at(1) / PAGE_SIZE)).toBe(true);
    await world.store1(space, at(3), 13);
    expect(world.eventsOf('evict').map(({ written }) => written)).toEqual(['swap']);
    expect(world.machine.caches(space.asid, at(1) / PAGE_SIZE)).toBe(false);
    // Pages 1 and 2 are in their frames all the same.
    expect(space.resident).toBe(3);
    const before = faultsOf(world);
    expect(await world.load(space, at(1))).toBe(11);
    expect(await world.load(space, at(1))).toBe(11);
    expect(faultsOf(world)).toEqual({ ...before, 'first-use': 1 });
    // It was modified before its entry was made invalid, so that this is no first write.
    await world.store1(space, at(1), 21);
    expect(faultsOf(world)).toEqual({ ...before, 'first-use': 1 });
    world.memory.checkInvariants();
  });

  it('traps again at the first store after the page was written to its file', async () => {
    // FIFO: no samples are taken while the page is waited for.
    const { world, space } = worldOf({ frames: 20, bits: 'traps', policy: fifo }, 1);
    const object = world.objects.file(1, 65);
    world.map(space, at(4), 1, { shared: true, backing: { object, offset: 0, length: PAGE_SIZE } });
    const file = world.objects.list[object]!.bytes;
    for (const value of [1, 2]) {
      await world.store1(space, at(4), value);
      expect(world.memory.synchronize(space, at(4) as never, PAGE_SIZE, 4)).toBe(0);
      expect(file[0]).toBe(value);
    }
    // One write each: what was clean is not written again.
    expect(world.memory.synchronize(space, at(4) as never, PAGE_SIZE, 4)).toBe(0);
    expect(world.memory.counters.fileWrites).toBe(2);
    // The first store found no page, and trapped again when it was there; the second found it clean.
    expect(faultsOf(world)).toEqual({ file: 1, 'first-write': 2 });
    world.memory.checkInvariants();
  });

  it('has a child of fork see its own uses, and its own first stores', async () => {
    const { world, space } = worldOf({ frames: 30, bits: 'traps' }, 2);
    for (const page of [0, 1]) await world.store1(space, at(page), page + 1);
    const child = await world.child(space);
    const before = faultsOf(world);
    expect(await world.load(child, at(0))).toBe(1);
    expect(faultsOf(world)).toEqual({ ...before, 'first-use': 1 });
    await world.store1(child, at(0), 9);
    expect(faultsOf(world)).toEqual({ ...before, 'first-use': 1, 'copy-on-write': 1 });
    expect(await world.load(space, at(0))).toBe(1);
    world.memory.checkInvariants();
  });
});

/** Loads and stores of a few pages by two processes, one of which was forked from the other. */
const accesses = fc.array(
  fc.record({
    who: fc.nat(1),
    page: fc.nat(7),
    access: fc.constantFrom('load' as const, 'store' as const),
    pause: fc.constantFrom(0, 0, 300_000),
  }),
  { minLength: 20, maxLength: 120, size: 'max' },
);

type Accesses = typeof accesses extends fc.Arbitrary<infer T> ? T : never;

/** The decisions that a policy comes to: which page went when, and whether it had to be written. */
async function decisions(steps: Accesses, options: WorldOptions): Promise<string[]> {
  const { world, space } = worldOf(options, 8);
  for (let page = 0; page < 8; page += 2) await world.store1(space, at(page), page);
  const spaces = [space, await world.child(space)];
  for (const { who, page, access, pause } of steps) {
    world.clock.idleUntil((world.clock.now + pause) as never);
    await world.access(spaces[who]!, at(page), access);
    world.memory.checkInvariants();
  }
  return world.eventsOf('evict').map(({ page, written, incoming }) => `${page} ${written} for ${incoming}`);
}

const byBits = livePolicies.filter(
  ({ needs }) => needs === 'bits' || needs === 'nothing' || needs === 'rescues',
);

describe.each(byBits.map((policy) => ({ name: policy.name, policy })))('$name', ({ policy }) => {
  it('decides the same whoever keeps the bits', async () => {
    const frames = { frames: 24, sizing: { mode: 'frames', frames: 7 }, policy } as const;
    await fc.assert(
      fc.asyncProperty(accesses, async (steps) => {
        const expected = await decisions(steps, { ...frames, bits: 'hardware' });
        expect(await decisions(steps, { ...frames, bits: 'traps' })).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the order of last uses from samples', () => {
  /** Pages evicted when `pages` are loaded one after the other, with a millisecond between two loads. */
  async function evicted(pages: readonly number[], options: Partial<WorldOptions>): Promise<number[]> {
    const sizing = { mode: 'frames', frames: 6 } as const;
    const { world, space } = worldOf({ frames: 24, sizing, policy: lru, ...options }, 16);
    for (const page of pages) {
      world.clock.state.now += 1_000_000;
      await world.load(space, at(page));
    }
    return world.eventsOf('evict').map(({ page }) => page);
  }

  const pages = fc.array(fc.nat(11), { minLength: 40, maxLength: 120, size: 'max' });

  it('is exact when every reference is sampled', async () => {
    await fc.assert(
      fc.asyncProperty(pages, async (list) => {
        const exact = await evicted(list, { bits: 'hardware' });
        expect(await evicted(list, { bits: 'traps', sampleEvery: 1_000_000 })).toEqual(exact);
        expect(await evicted(list, { bits: 'stamps' })).toEqual(exact);
      }),
      { numRuns: 10 },
    );
  });

  it('is the order of admission when nothing is ever sampled', async () => {
    await fc.assert(
      fc.asyncProperty(pages, async (list) => {
        const byAdmission = await evicted(list, { policy: fifo });
        expect(await evicted(list, { bits: 'traps', sampleEvery: 1e12 })).toEqual(byAdmission);
      }),
      { numRuns: 10 },
    );
  });
});

describe('stamps in entries', () => {
  it('take a frame beside each leaf table, which comes and goes with it', async () => {
    const tables = async (bits: BitsMode) => {
      const { world, space } = worldOf({ frames: 20, bits }, 4);
      await world.load(space, at(0));
      // Another leaf table: one covers 2 MiB.
      world.map(space, BASE + 0x20_0000, 1);
      await world.load(space, BASE + 0x20_0000);
      const peak = world.memory.counters.tableFrames;
      world.memory.unmap(space, (BASE + 0x20_0000) as never, PAGE_SIZE);
      world.memory.checkInvariants();
      const left = world.memory.counters.tableFrames;
      world.end(space);
      expect(world.memory.counters.tableFrames).toBe(0);
      return { peak, left };
    };
    // A root, a table of the second level, two leaf tables; and two frames of stamps.
    expect(await tables('hardware')).toEqual({ peak: 4, left: 3 });
    expect(await tables('stamps')).toEqual({ peak: 6, left: 4 });
  });
});

const script = fc.array(
  fc.tuple(fc.nat(3), fc.oneof({ weight: 8, arbitrary: operation }, { weight: 1, arbitrary: lifeAndDeath })),
  { minLength: 10, maxLength: 120, size: 'max' },
);

const modes: readonly { bits: BitsMode; policy: PolicyDefinition }[] = [
  ...(
    ['lru', 'fifo', 'clock', 'clock-clean', 'aging', 'sampled-lru', 'wsclock', 'vms:limit=3+dirty=1'] as const
  ).map((name) => ({ bits: 'traps' as const, policy: findReplacementPolicy(name, 'test') })),
  { bits: 'stamps', policy: lru },
  { bits: 'stamps', policy: findReplacementPolicy('clock', 'test') },
];

describe.each(modes.map((mode) => ({ ...mode, name: mode.policy.name })))('memory with $bits under $name', ({
  bits,
  policy,
}) => {
  it('agrees with the model', async () => {
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const trial = new Trial({ frames: 40, sizing: { mode: 'frames', frames: 8 }, bits, policy }, 2, true);
        for (const [which, step] of steps) await trial.step(which, step);
        trial.end();
      }),
      { numRuns: 10 },
    );
  });
});
