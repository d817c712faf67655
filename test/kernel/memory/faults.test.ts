/** Counts and states derived by hand for small sequences of accesses. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Slot, virtualAddress } from '../../../src/base/numbers.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import type { PolicyDefinition } from '../../../src/policies/replacement/contract.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { FaultyStore, LateStore } from '../../support/stores.ts';
import { anonymous, DISK, World } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number, offset = 0) => BASE + page * PAGE_SIZE + offset;

/** A space with `pages` anonymous pages from `BASE` on. */
function worldWith(
  pages: number,
  options: ConstructorParameters<typeof World>[0],
): { world: World; space: SpaceState } {
  const world = new World(options);
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, pages));
  return { world, space };
}

describe("the notes' reference string 0 1 2 3 0 1 4 0 1 2 3 4", () => {
  const string = [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4];

  // The tables of the notes: FIFO has more faults with four frames than with three (Belady's anomaly).
  it.each<[string, PolicyDefinition, number, number]>([
    ['FIFO', fifo, 3, 9],
    ['FIFO', fifo, 4, 10],
    ['LRU', lru, 3, 10],
    ['LRU', lru, 4, 8],
  ])('%s, policy %o, %i frames: %i faults', async (_name, policy, frames, faults) => {
    const { world, space } = worldWith(5, { frames: frames + 5, sizing: { mode: 'frames', frames }, policy });
    for (const page of string) await world.load(space, at(page));
    expect(world.memory.counters.faults).toEqual({ zero: faults });
    expect(world.memory.counters).toMatchObject({
      evictionsClean: faults - frames,
      evictionsDirty: 0,
      swapWrites: 0,
    });
    world.memory.checkInvariants();
  });

  it('keeps the same pages resident as LRU does, step by step', async () => {
    const { world, space } = worldWith(9, { frames: 8, sizing: { mode: 'frames', frames: 3 }, policy: lru });
    let order: number[] = [];
    let seed = 7;
    for (let step = 0; step < 400; step++) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      const page = Math.floor(seed / 65536) % 9;
      await (step % 3 === 0 ? world.store1(space, at(page), step % 256) : world.load(space, at(page)));
      order = [page, ...order.filter((other) => other !== page)].slice(0, 3);
      const resident = world.memory.residency(space, virtualAddress(BASE), 9 * PAGE_SIZE) as Uint8Array;
      expect([...resident.keys()].filter((p) => resident[p] === 1)).toEqual([...order].sort((a, b) => a - b));
    }
  });
});

describe('demand zero', () => {
  it('takes no frame before a page is touched, and zeroes the frame it takes', async () => {
    const { world, space } = worldWith(1000, { frames: 40 });
    expect(world.memory.counters).toMatchObject({ residentPages: 0, tableFrames: 1 });
    expect(await world.load(space, at(500, 17))).toBe(0);
    expect(world.memory.counters).toMatchObject({ residentPages: 1, tableFrames: 3, zeroedFrames: 1 });
    expect(world.memory.counters.faults).toEqual({ zero: 1 });
  });

  it('shows nobody what another left in a frame', async () => {
    const { world, space } = worldWith(4, { frames: 12 });
    for (let page = 0; page < 4; page++) await world.store1(space, at(page, 99), 0x55);
    world.memory.destroySpace(space.id);
    const other = world.memory.createSpace();
    world.memory.addArea(other, anonymous(BASE, 8));
    for (let page = 0; page < 8; page++) {
      const result = await world.access(other, at(page), 'load');
      if (result.kind !== 'done') throw new Error('no page');
      const frame = result.physical - (result.physical % PAGE_SIZE);
      expect(world.machine.ram.subarray(frame, frame + PAGE_SIZE).every((byte) => byte === 0)).toBe(true);
    }
  });

  it("gives signals for addresses that are no area's, and for what is not allowed", async () => {
    const { world, space } = worldWith(1, { frames: 20 });
    world.memory.addArea(space, anonymous(at(5), 1, 1));
    expect(await world.access(space, at(2), 'load')).toEqual({ kind: 'signal', signal: 11, code: 1 });
    expect(await world.access(space, 2 ** 40, 'load')).toEqual({ kind: 'signal', signal: 11, code: 1 });
    expect(await world.access(space, at(5), 'store')).toEqual({ kind: 'signal', signal: 11, code: 2 });
    expect(await world.access(space, at(0), 'fetch')).toEqual({ kind: 'signal', signal: 11, code: 2 });
    expect(world.memory.counters.faults).toEqual({ invalid: 2, protection: 2 });
  });

  it('grows a stack', async () => {
    const { world, space } = worldWith(1, { frames: 20 });
    const stack = { ...anonymous(0x4000_0000, 2), growLimit: 64 * PAGE_SIZE, name: '[stack]' };
    world.memory.addArea(space, stack);
    await world.store1(space, 0x4000_0000 - 3 * PAGE_SIZE + 8, 1);
    const grown = world.memory.listAreas(space).find(({ area }) => area.name === '[stack]')!;
    expect(grown).toMatchObject({ resident: 1, swapped: 0 });
    expect(grown.area.start).toBe(0x4000_0000 - 3 * PAGE_SIZE);
    const beyond = await world.access(space, 0x4000_0000 + 2 * PAGE_SIZE - 65 * PAGE_SIZE, 'store');
    expect(beyond).toEqual({ kind: 'signal', signal: 11, code: 1 });
  });
});

describe('swap', () => {
  const three = { frames: 8, sizing: { mode: 'frames', frames: 3 } as const, policy: fifo };

  it('writes dirty victims, drops clean ones, and saves the write while the copy is good', async () => {
    const { world, space } = worldWith(8, three);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 10 + page);
    // FIFO: page 0 went to slot 0.
    expect(world.memory.counters).toMatchObject({
      evictionsDirty: 1,
      swapWrites: 1,
      swapUsed: 1,
      writesSaved: 0,
    });
    // Page 0 comes back for page 1 and is only read; then pages 2 and 3 are pushed out by 4 and 5.
    expect(await world.load(space, at(0))).toBe(10);
    await world.store1(space, at(4), 14);
    await world.store1(space, at(5), 15);
    expect(world.memory.counters).toMatchObject({
      evictionsDirty: 4,
      swapWrites: 4,
      swapReads: 1,
      writesSaved: 0,
    });
    // Next in turn is page 0, clean, with its copy in slot 0.
    await world.store1(space, at(6), 16);
    expect(world.memory.counters).toMatchObject({
      evictionsDirty: 4,
      evictionsClean: 1,
      swapWrites: 4,
      writesSaved: 1,
    });
    const values = [];
    for (let page = 0; page < 8; page++) values.push(await world.load(space, at(page)));
    expect(values).toEqual([10, 11, 12, 13, 14, 15, 16, 0]);
    world.memory.checkInvariants();
  });

  it('writes a page again that was written after it came back, into its own slot', async () => {
    const { world, space } = worldWith(4, { ...three, swap: 4 });
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 10 + page);
    await world.load(space, at(0));
    await world.store1(space, at(0), 99);
    for (const page of [1, 2, 3]) await world.load(space, at(page));
    expect(
      world
        .eventsOf('swap-out')
        .filter(({ page }) => page === 0)
        .map(({ slot }) => slot),
    ).toEqual([0, 0]);
    expect(await world.load(space, at(0))).toBe(99);
  });

  it('puts the slot into the invalid entry', async () => {
    const { world, space } = worldWith(4, three);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 1);
    // 0x100000: index 0 in root and middle table, 256 in the leaf table, the third table frame: 3 + 2.
    const low = world.machine.ramView.getUint32(5 * PAGE_SIZE + 256 * 8, true);
    const high = world.machine.ramView.getUint32(5 * PAGE_SIZE + 256 * 8 + 4, true);
    expect([low, high]).toEqual([1 << 1, 0]);
    expect(world.eventsOf('swap-out')).toMatchObject([{ slot: 0, page: 0, frame: 0 }]);
  });

  it('takes disk time: the victim is written before the page is read', async () => {
    const { world, space } = worldWith(4, three);
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 1);
    expect(world.clock.now).toBe(0);
    // One write was queued at time 0; page 1 is written now, and page 0 read after both.
    await world.load(space, at(0));
    expect(world.clock.now).toBe(3 * DISK);
    expect(world.memory.counters.majorFaults).toBe(1);
  });

  it('ends in out of memory when nothing can go, and loses nothing', async () => {
    // 3 frames and 2 slots hold 5 dirty pages; the sixth finds no room.
    const { world, space } = worldWith(8, { ...three, swap: 2 });
    for (let page = 0; page < 5; page++) await world.store1(space, at(page), 20 + page);
    expect(await world.access(space, at(5), 'store')).toEqual({ kind: 'out-of-memory' });
    world.memory.checkInvariants();
    expect(world.eventsOf('out-of-memory')).toHaveLength(1);
    // The pages that are in memory are all there; and with one page given up the others come back.
    for (const page of [2, 3, 4]) expect(await world.load(space, at(page))).toBe(20 + page);
    world.memory.unmap(space, virtualAddress(at(4)), PAGE_SIZE);
    for (const page of [0, 1, 2, 3]) expect(await world.load(space, at(page))).toBe(20 + page);
    world.memory.checkInvariants();
  });

  it('takes clean pages when swap is full', async () => {
    // Slots 0 and 1 hold pages 0 and 1. Pages 2 and 3 are dirty; page 4 was only read and can be dropped.
    const { world, space } = worldWith(8, { ...three, swap: 2 });
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    await world.load(space, at(4));
    await world.load(space, at(5));
    expect(world.eventsOf('evict').map(({ page, written }) => [page, written])).toEqual([
      [0, 'swap'],
      [1, 'swap'],
      [4, 'dropped'],
    ]);
    for (const page of [2, 3]) expect(await world.load(space, at(page))).toBe(20 + page);
  });

  it('takes back slots of pages in memory when no other is free', async () => {
    // After page 0 came back its slot is only a copy. Page 3 needs a slot: both are in use, 0's is taken.
    const { world, space } = worldWith(8, { ...three, swap: 2 });
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    await world.load(space, at(0));
    await world.store1(space, at(4), 24);
    expect(world.memory.counters).toMatchObject({ swapUsed: 2, swapPeak: 2 });
    world.memory.checkInvariants();
    for (const page of [3, 0, 4]) expect(await world.load(space, at(page))).toBe(20 + page);
  });

  it('writes a page whose write failed to another slot', async () => {
    const store = new FaultyStore(new MemoryStore(8), (operation, call, slots) =>
      operation === 'write' && call === 0
        ? { kind: 'input-output', slot: slots[0]!, detail: 'no answer' }
        : undefined,
    );
    const { world, space } = worldWith(8, { ...three, store });
    for (let page = 0; page < 4; page++) await world.store1(space, at(page), 20 + page);
    const counts = { storeFailures: 1, evictionsDirty: 1, writesRetried: 1, badSlots: 1 };
    expect(world.memory.counters).toMatchObject(counts);
    expect(world.eventsOf('evict').map(({ page }) => page)).toEqual([0]);
    expect(world.eventsOf('swap-out').map(({ slot }) => slot)).toEqual([1]);
    world.memory.checkInvariants();
    for (let page = 0; page < 4; page++) expect(await world.load(space, at(page))).toBe(20 + page);
  });

  it('keeps a page for good when a slow store says too late that it could not write it', async () => {
    const failing = new FaultyStore(new MemoryStore(8), (operation, call, slots) =>
      operation === 'write' && call === 0
        ? { kind: 'input-output', slot: slots[0]!, detail: 'no answer' }
        : undefined,
    );
    const { world, space } = worldWith(8, { ...three, store: new LateStore(failing) });
    for (let page = 0; page < 5; page++) await world.store1(space, at(page), 20 + page);
    for (let page = 0; page < 5; page++) expect(await world.load(space, at(page))).toBe(20 + page);
    expect(world.memory.counters.storeFailures).toBe(1);
    world.memory.checkInvariants();
  });

  it('raises SIGBUS in the one process whose page came back corrupt', async () => {
    const bad: Slot[] = [];
    const store = new FaultyStore(new MemoryStore(16), (operation, _call, slots) =>
      operation === 'read' && bad.includes(slots[0]!)
        ? { kind: 'corrupt', slot: slots[0]!, detail: 'checksum' }
        : undefined,
    );
    const { world, space } = worldWith(4, { ...three, frames: 10, store });
    const other = world.memory.createSpace();
    world.memory.addArea(other, anonymous(BASE, 4));
    await world.store1(space, at(0), 1);
    for (let page = 0; page < 4; page++) await world.store1(other, at(page), 50 + page);
    bad.push(0 as Slot);
    expect(await world.access(space, at(0), 'load')).toEqual({ kind: 'signal', signal: 7, code: 2 });
    world.memory.checkInvariants();
    expect(world.memory.counters.storeFailures).toBe(1);
    expect(world.eventsOf('store-failure')).toMatchObject([{ slot: 0, failure: 'corrupt' }]);
    for (let page = 0; page < 4; page++) expect(await world.load(other, at(page))).toBe(50 + page);
    world.memory.destroySpace(space.id);
    world.memory.checkInvariants();
  });
});
