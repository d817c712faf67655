/** fork(2)'s part of memory: what is shared and copied, and when; counts derived by hand. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { type ForkMode, isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import type { MemoryState } from '../../../src/kernel/memory/state.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { fileArea, values, written } from './forking.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number, offset = 0) => virtualAddress(BASE + page * PAGE_SIZE + offset);
const MODES: ForkMode[] = ['copy-on-write', 'eager'];

const statesOf = (world: World) => world.root.memory as MemoryState;

describe('a fork that copies on write', () => {
  it('shares every page until one of the two writes it', async () => {
    const { world, parent, memory } = await written(4);
    const child = await world.child(parent);
    memory.checkInvariants();
    // Four pages; root, middle and leaf table for each.
    expect(memory.counters).toMatchObject({ residentPages: 4, tableFrames: 6, forkTables: 3 });
    expect(memory.counters).toMatchObject({
      forks: { eager: 0, 'copy-on-write': 1 },
      forkShared: 4,
      forkCopied: 0,
    });
    expect(world.eventsOf('fork')).toEqual([
      { type: 'fork', space: 0, child: 1, mode: 'copy-on-write', shared: 4, copied: 0 },
    ]);
    expect(await values(world, child, 4)).toEqual([1, 2, 3, 4]);
    await world.store1(child, at(1), 20);
    await world.store1(parent, at(2), 30);
    expect(memory.counters).toMatchObject({ residentPages: 6, copiedOnWrite: 2, takenOver: 0 });
    expect(await values(world, parent, 4)).toEqual([1, 2, 30, 4]);
    expect(await values(world, child, 4)).toEqual([1, 20, 3, 4]);
    memory.checkInvariants();
  });

  it('needs no copy for the one sharer that is left', async () => {
    const { world, parent, memory } = await written(2);
    const child = await world.child(parent);
    // The child copies page 0, so the parent has it alone; page 1 becomes the parent's when the child ends.
    await world.store1(child, at(0), 10);
    await world.store1(parent, at(0), 11);
    world.end(child);
    await world.store1(parent, at(1), 12);
    expect(memory.counters).toMatchObject({ copiedOnWrite: 1, takenOver: 2, residentPages: 2 });
    expect(world.eventsOf('copy-on-write').map(({ space, vpn, how }) => [space, vpn - 256, how])).toEqual([
      [1, 0, 'copied'],
      [0, 0, 'taken-over'],
      [0, 1, 'taken-over'],
    ]);
    expect(await values(world, parent, 2)).toEqual([11, 12]);
    memory.checkInvariants();
  });

  it('makes the TLB forget that the parent may write', async () => {
    const { world, parent } = await written(1);
    expect(world.machine.caches(parent.asid, at(0) / PAGE_SIZE)).toBe(true);
    const child = await world.child(parent);
    expect(world.machine.caches(parent.asid, at(0) / PAGE_SIZE)).toBe(false);
    await world.store1(parent, at(0), 9);
    expect(await world.load(child, at(0))).toBe(1);
  });

  it('lets both count on a slot, and reads it once as long as nobody writes', async () => {
    // FIFO with 3 frames: pages 0 to 4 are in slots 0 to 4.
    const { world, parent, memory } = await written(8, {
      frames: 20,
      sizing: { mode: 'frames', frames: 3 },
      policy: fifo,
    });
    const child = await world.child(parent);
    expect(memory.counters).toMatchObject({ forkShared: 8, swapReads: 0, swapUsed: 5 });
    expect(statesOf(world).swap.references[0]).toBe(2);
    expect(await world.load(parent, at(0))).toBe(1);
    expect(await world.load(child, at(0))).toBe(1);
    expect(memory.counters.swapReads).toBe(1);
    // Now nobody else counts on slot 0; the write of the one is still not seen by the other.
    await world.store1(child, at(0), 50);
    expect(await values(world, parent, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await values(world, child, 8)).toEqual([50, 2, 3, 4, 5, 6, 7, 8]);
    memory.checkInvariants();
  });

  it('writes back what either has made dirty, whoever maps it last', async () => {
    const { world, parent, memory } = await written(1, { frames: 12, sizing: { mode: 'frames', frames: 2 } });
    const child = await world.child(parent);
    world.end(parent);
    // The page is dirty by the parent's entry alone, which is gone.
    memory.addArea(child, anonymous(at(10), 3));
    for (const page of [10, 11, 12]) await world.load(child, at(page));
    expect(memory.counters.swapWrites).toBe(1);
    expect(await world.load(child, at(0))).toBe(1);
  });

  it('gives a page that was dropped an identity of its own in the child', async () => {
    // One page frame: page 0, of zeros, is dropped for page 1, and the parent's entry keeps its key.
    const world = new World({ frames: 12, sizing: { mode: 'frames', frames: 1 }, policy: fifo });
    const parent = world.memory.createSpace();
    world.memory.addArea(parent, anonymous(BASE, 2));
    await world.load(parent, at(0));
    await world.load(parent, at(1));
    const child = await world.child(parent);
    for (const space of [child, parent]) expect(await world.load(space, at(0))).toBe(0);
    expect(world.eventsOf('map').map(({ space, vpn, page }) => [space, vpn - 256, page])).toEqual([
      [0, 0, 0],
      [0, 1, 1],
      [1, 1, 1],
      [1, 0, 2],
      [0, 0, 0],
    ]);
    world.memory.checkInvariants();
  });

  it('keeps pages that may not be accessed', async () => {
    const { world, parent, memory } = await written(2);
    memory.protect(parent, at(0), 2 * PAGE_SIZE, 0);
    const child = await world.child(parent);
    for (const space of [parent, child]) memory.protect(space, at(0), 2 * PAGE_SIZE, 3);
    await world.store1(parent, at(0), 99);
    expect(await values(world, child, 2)).toEqual([1, 2]);
    memory.checkInvariants();
  });
});

describe('an eager fork', () => {
  it('copies what was written and may be written, and no more', async () => {
    const world = new World({ frames: 64 });
    const { memory } = world;
    const parent = memory.createSpace();
    const text = world.objects.file(2, 50);
    const data = world.objects.file(2, 60);
    memory.addArea(parent, fileArea(text, 2, { protection: 5 }));
    memory.addArea(parent, fileArea(data, 2, { start: at(10), end: at(12) }));
    memory.addArea(parent, anonymous(at(20), 4));
    for (const page of [0, 1, 10, 11]) await world.load(parent, at(page));
    await world.store1(parent, at(11), 7);
    for (const page of [20, 21, 22]) await world.store1(parent, at(page), page);
    const child = await world.child(parent, 'eager');
    // Two pages of text are shared; two of data and three of the heap are copied, the fourth never was there.
    expect(memory.counters).toMatchObject({ forks: { eager: 1 }, forkShared: 2, forkCopied: 5 });
    const copied = memory.counters.faults['copy-on-write'];
    for (const page of [10, 11, 20, 21, 22]) await world.store1(child, at(page), 100 + page);
    expect(memory.counters.faults['copy-on-write']).toBe(copied);
    expect(await Promise.all([10, 11, 20].map((page) => world.load(parent, at(page))))).toEqual([60, 7, 20]);
    memory.checkInvariants();
  });

  it('reads what is in swap, in the fewest frames that the parent can run in', async () => {
    // Root, middle and leaf for each of the two, and the 4 pages that an instruction needs.
    const { world, parent, memory } = await written(20, { frames: 10 });
    const child = await world.child(parent, 'eager');
    expect(memory.counters.forkCopied).toBe(20);
    expect(memory.hasRoom).toBe(true);
    expect(await values(world, child, 20)).toEqual(await values(world, parent, 20));
    memory.checkInvariants();
  });

  it('drops its copies of pages of zeros as it would any', async () => {
    const world = new World({ frames: 12, sizing: { mode: 'frames', frames: 2 } });
    const parent = world.memory.createSpace();
    world.memory.addArea(parent, anonymous(BASE, 4));
    for (let page = 0; page < 4; page++) await world.load(parent, at(page));
    const child = await world.child(parent, 'eager');
    expect(await values(world, child, 4)).toEqual([0, 0, 0, 0]);
    // Pages 2 and 3 are in memory; the copy of page 2 takes the frame of page 3, which is then there no more.
    expect(world.memory.counters).toMatchObject({ forkCopied: 1, swapWrites: 0 });
  });
});

describe.each(MODES)('a fork, %s,', (mode) => {
  it('counts the pages of 64 MiB', async () => {
    const pages = 16_384;
    const { world, parent, memory } = await written(pages, { frames: 2 * pages + 200, watched: false });
    const child = await world.child(parent, mode);
    const [shared, copied] = mode === 'eager' ? [0, pages] : [pages, 0];
    expect(memory.counters).toMatchObject({ forkShared: shared, forkCopied: copied });
    // 64 MiB from 1 MiB on lie in 33 leaf tables of 2 MiB.
    expect(memory.counters.forkTables).toBe(2 + 33);
    expect(memory.counters.residentPages).toBe(pages + copied);
    expect(await world.load(child, at(4321))).toBe(4322 % 256);
  });

  it('shares what is shared: both see each other write', async () => {
    const world = new World({ frames: 64 });
    const parent = world.memory.createSpace();
    const memory = world.objects.add(new Uint8Array(2 * PAGE_SIZE), true);
    world.memory.addArea(parent, fileArea(memory, 2, { shared: true }));
    await world.store1(parent, at(0), 1);
    const child = await world.child(parent, mode);
    await world.store1(child, at(0), 2);
    await world.store1(child, at(1), 3);
    expect(await values(world, parent, 2)).toEqual([2, 3]);
    expect(world.memory.counters).toMatchObject({ residentPages: 2, copiedOnWrite: 0, forkCopied: 0 });
    world.end(parent);
    expect(await values(world, child, 2)).toEqual([2, 3]);
    world.memory.checkInvariants();
  });

  it('copies areas, break and the place of mappings', async () => {
    const { world, parent, memory } = await written(2);
    parent.brkStart = parent.brk = at(100);
    memory.setBreak(parent, at(103));
    parent.mmapTop = at(1000);
    const child = await world.child(parent, mode);
    expect(child).toMatchObject({ brkStart: at(100), brk: at(103), mmapTop: at(1000), resident: 2 });
    expect(child.areas).toEqual(parent.areas);
    memory.unmap(parent, at(0), PAGE_SIZE);
    expect(child.areas).toHaveLength(2);
    expect(await values(world, child, 2)).toEqual([1, 2]);
  });

  it('a thousand times over leaves every frame and slot free', async () => {
    const { world, parent, memory } = await written(12, {
      frames: 40,
      sizing: { mode: 'frames', frames: 8 },
      swap: 100,
      watched: false,
    });
    const living: SpaceState[] = [parent];
    for (let i = 0; i < 1000; i++) {
      const from = living[(i * 7) % living.length]!;
      const child = await world.child(from, mode);
      await world.store1(child, at(i % 12), i % 256);
      await world.store1(from, at((i * 5) % 12), i % 256);
      living.push(child);
      if (living.length > 4) world.end(living.splice((i * 3) % living.length, 1)[0]!);
      if (i % 50 === 0) memory.checkInvariants();
    }
    for (const space of living) world.end(space);
    memory.checkInvariants();
    expect(memory.counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
    expect(memory.counters.forks[mode]).toBe(1000);
    const { pages, tables } = statesOf(world).frames;
    // Tables have the frames from 8 on.
    expect([pages.freed.length, tables!.freed.length + 8]).toEqual([pages.fresh, tables!.fresh]);
  });

  it('fails with nothing left when there is no frame for its tables', async () => {
    // The parent's three tables and four pages: the child's three do not fit beside.
    const { world, parent, memory } = await written(12, { frames: 9 });
    expect(await world.fork(parent, mode)).toMatchObject({ kind: 'out-of-memory', lacks: 'frames' });
    memory.checkInvariants();
    expect(memory.counters).toMatchObject({ tableFrames: 3, forks: { eager: 0, 'copy-on-write': 0 } });
    expect(memory.hasRoom).toBe(true);
    expect(world.root.spaces.filter(Boolean)).toHaveLength(1);
    expect(await values(world, parent, 12)).toEqual(Array.from({ length: 12 }, (_, i) => 1 + i));
    await world.store1(parent, at(0), 99);
    expect(await world.load(parent, at(0))).toBe(99);
  });

  it('fails with nothing left when there is no space', async () => {
    const { world, parent, memory } = await written(1);
    const { spaces } = world.root;
    // As many as there are identifiers; the others are none of memory's affair here.
    const others = Array.from({ length: 65_535 }, () => parent);
    spaces.push(...others);
    expect(isOutOfMemory(await world.fork(parent, mode))).toBe(true);
    spaces.length = 1;
    memory.checkInvariants();
  });
});

describe('an eager fork without enough swap', () => {
  it('fails with nothing left', async () => {
    const { world, parent, memory } = await written(8, {
      frames: 20,
      sizing: { mode: 'frames', frames: 4 },
      swap: 8,
    });
    expect(await world.fork(parent, 'eager')).toMatchObject({ kind: 'out-of-memory', lacks: 'swap' });
    memory.checkInvariants();
    expect(memory.counters.tableFrames).toBe(3);
    expect(await values(world, parent, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(isOutOfMemory(await world.fork(parent))).toBe(false);
  });
});
