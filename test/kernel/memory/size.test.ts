/** How little memory is enough, which policies are refused, and snapshots. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import type { PolicyDefinition } from '../../../src/policies/replacement/contract.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { anonymous, World, type WorldOptions } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number, offset = 0) => virtualAddress(BASE + page * PAGE_SIZE + offset);

function fresh(options: Partial<WorldOptions> = {}) {
  const world = new World({ frames: 32, ...options });
  return { world, space: world.memory.createSpace(), memory: world.memory };
}

describe('the size of memory', () => {
  it('must have room for a table', () => {
    const world = new World({ frames: 1 });
    world.memory.createSpace();
    expect(() => world.memory.createSpace()).toThrow(UserError);
    expect(() => world.memory.createSpace()).toThrow(/--memory.*16K/);
  });

  // Tables: root, middle, leaf at 0x100000, and middle and leaf for the stack at 0x40000000.
  it.each(livePolicies)('$name: is least at tables + pinned pages, and that is enough', async (policy) => {
    const run = async (frames: number) => {
      const { world, space, memory } = fresh({ frames, policy });
      world.map(space, at(0), 30);
      world.map(space, 0x4000_0000, 10);
      let seed = 1;
      for (let step = 0; step < 600; step++) {
        seed = (seed * 1103515245 + 12345) % 2 ** 31;
        const page = Math.floor(seed / 4096) % 40;
        const address = page < 30 ? at(page) : 0x4000_0000 + (page - 30) * PAGE_SIZE;
        if (step % 7 === 0) {
          await world.call(space, (user) => user.write(virtualAddress(address), Uint8Array.of(1)));
        }
        await world.access(space, address, step % 2 === 0 ? 'load' : 'store', 0x1000);
      }
      memory.checkInvariants();
      return memory.counters.tableFramesPeak + memory.counters.pinnedPeak;
    };
    const least = await run(64);
    expect(least).toBe(5 + 4);
    expect(await run(least)).toBe(least);
  });

  it('gives ASIDs and spaces again', () => {
    const { world, space, memory } = fresh();
    const second = memory.createSpace();
    memory.destroySpace(space.id);
    expect(memory.createSpace().id).toBe(0);
    memory.destroySpace(second.id);
    memory.destroySpace(world.space(0).id);
    expect(memory.counters.tableFrames).toBe(0);
    memory.checkInvariants();
  });
});

describe('policies that cannot run live', () => {
  it('are refused', () => {
    const policy: PolicyDefinition = { ...fifo, name: 'other', needs: 'the future' } as PolicyDefinition;
    expect(() => new World({ frames: 8, policy })).toThrow(/--replacement: other .*record the run/);
  });
});

describe('a snapshot', () => {
  it.each(livePolicies)('goes on exactly where it was taken: $name', async (policy) => {
    const options: WorldOptions = { frames: 14, policy, swap: 64 };
    const world = new World(options);
    const { memory } = world;
    const file = world.objects.file(6, 50);
    const space = memory.createSpace();
    memory.addArea(space, anonymous(BASE, 12));
    memory.addArea(space, {
      ...anonymous(at(20), 6),
      shared: true,
      backing: { object: file, offset: 0, length: 6 * PAGE_SIZE },
    });
    const play = async (on: World, from: number, to: number) => {
      for (let step = from; step < to; step++) {
        // A linear congruential generator's high bits, for a sequence without a pattern.
        const page = Math.floor((((step * 1103515245 + 12345) * 69069) % 2 ** 31) / 65536) % 18;
        const address = page < 12 ? at(page) : at(8 + page);
        await (step % 3 === 0 ? on.load(on.space(0), address) : on.store1(on.space(0), address, step % 256));
      }
    };
    await play(world, 0, 60);
    const store = new World(options).store;
    store.load((await world.store.save())!);
    const copy = new World({ ...options, store }, world);
    copy.memory.checkInvariants();
    world.events.length = 0;
    await play(world, 60, 160);
    await play(copy, 60, 160);
    expect(copy.events).toEqual(world.events);
    expect(copy.events.length).toBeGreaterThan(100);
    expect(copy.machine.ram).toEqual(world.machine.ram);
  });
});
