/** Mapped files and shared memory: what is read, shared, copied and written back. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import type { Area } from '../../../src/kernel/state.ts';
import { clock } from '../../../src/policies/replacement/clock.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number, offset = 0) => BASE + page * PAGE_SIZE + offset;

const fileArea = (object: number, pages: number, more: Partial<Area> = {}): Area => ({
  ...anonymous(BASE, pages),
  backing: { object, offset: 0, length: pages * PAGE_SIZE },
  name: '/object',
  ...more,
});

describe('files', () => {
  it('are read only where they are touched', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(8, 100);
    const space = world.memory.createSpace();
    world.memory.addArea(space, fileArea(file, 8, { protection: 5 }));
    expect(await world.load(space, at(3))).toBe(103);
    expect(await world.load(space, at(6))).toBe(106);
    expect(world.memory.counters).toMatchObject({ fileReads: 2, majorFaults: 2, residentPages: 2 });
    expect(world.eventsOf('file-in').map(({ index }) => index)).toEqual([3, 6]);
  });

  it('are in memory once for two spaces', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(2, 100);
    const spaces = [world.memory.createSpace(), world.memory.createSpace()];
    for (const space of spaces) {
      world.memory.addArea(space, fileArea(file, 2, { protection: 5 }));
      expect(await world.load(space, at(1))).toBe(101);
    }
    expect(world.memory.counters).toMatchObject({ residentPages: 1, fileReads: 1 });
    expect(world.memory.counters.faults).toEqual({ file: 1, mapped: 1 });
    world.memory.destroySpace(spaces[0]!.id);
    expect(await world.load(spaces[1]!, at(1))).toBe(101);
    expect(world.memory.counters).toMatchObject({ residentPages: 1, fileReads: 1 });
  });

  it('dirty through one mapping are written back when evicted through another', async () => {
    // One file mapped in two spaces, 3 page frames; the first space writes, the second one's accesses evict.
    const world = new World({ frames: 12, sizing: { mode: 'frames', frames: 3 }, policy: fifo });
    const file = world.objects.file(1, 100);
    const spaces = [world.memory.createSpace(), world.memory.createSpace()];
    for (const space of spaces) {
      world.memory.addArea(space, fileArea(file, 1, { shared: true }));
      world.memory.addArea(space, anonymous(at(10), 8));
      await world.load(space, at(0));
    }
    await world.store1(spaces[0]!, at(0, 5), 7);
    expect(world.objects.list[file]!.bytes[5]).toBe(100);
    for (let page = 10; page < 13; page++) await world.load(spaces[1]!, at(page));
    expect(world.objects.list[file]!.bytes[5]).toBe(7);
    expect(world.eventsOf('evict')).toMatchObject([{ frame: 0, written: 'file' }]);
    for (const space of spaces) expect(world.machine.caches(space.asid, at(0) / PAGE_SIZE)).toBe(false);
    world.memory.checkInvariants();
    for (const space of spaces) expect(await world.load(space, at(0, 5))).toBe(7);
  });

  it('are copied on the first write to a private page, unless nobody else has it', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(1, 100);
    const spaces = [world.memory.createSpace(), world.memory.createSpace()];
    for (const space of spaces) {
      world.memory.addArea(space, fileArea(file, 1));
      await world.load(space, at(0));
    }
    await world.store1(spaces[0]!, at(0), 1);
    expect(world.memory.counters.residentPages).toBe(2);
    // The second is the last one that has the file's page: it becomes its own, in its place.
    await world.store1(spaces[1]!, at(0), 2);
    expect(world.memory.counters.residentPages).toBe(2);
    expect(world.memory.counters.faults).toEqual({ file: 1, mapped: 1, 'copy-on-write': 2 });
    expect([await world.load(spaces[0]!, at(0)), await world.load(spaces[1]!, at(0))]).toEqual([1, 2]);
    expect(await world.load(spaces[0]!, at(0, 1))).toBe(100);
    expect(world.objects.list[file]!.bytes[0]).toBe(100);
  });

  it('show zeros behind the data of a program, and SIGBUS behind the end of a mapped file', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(2, 100);
    const space = world.memory.createSpace();
    world.memory.addArea(
      space,
      fileArea(file, 4, { backing: { object: file, offset: 0, length: PAGE_SIZE + 100 } }),
    );
    expect(await world.load(space, at(1, 99))).toBe(101);
    expect(await world.load(space, at(1, 100))).toBe(0);
    expect(await world.load(space, at(2))).toBe(0);
    expect(world.map(space, at(10), 4, { backing: { object: file, offset: 0, length: 1 } })).toBe(at(10));
    expect(await world.load(space, at(11, 4095))).toBe(101);
    expect(await world.access(space, at(12), 'load')).toEqual({ kind: 'signal', signal: 7, code: 2 });
  });

  it('stay dirty in memory when they cannot be written', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(1, 100);
    const space = world.memory.createSpace();
    world.memory.addArea(space, fileArea(file, 1, { shared: true }));
    await world.store1(space, at(0), 1);
    world.objects.fails = (operation) => operation === 'write';
    expect(world.memory.synchronize(space, virtualAddress(BASE), PAGE_SIZE, 4)).toBe(-5);
    world.objects.fails = () => false;
    expect(world.memory.synchronize(space, virtualAddress(BASE), PAGE_SIZE, 4)).toBe(0);
    expect(world.objects.list[file]!.bytes[0]).toBe(1);
    // Clean now: nothing to write until the next store, which the hardware notes in the entry again.
    expect(world.memory.counters.fileWrites).toBe(1);
    await world.store1(space, at(0), 2);
    world.memory.synchronize(space, virtualAddress(BASE), PAGE_SIZE, 4);
    expect(world.objects.list[file]!.bytes[0]).toBe(2);
  });

  it('raise SIGBUS when the host cannot read them', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(1, 100);
    const space = world.memory.createSpace();
    world.memory.addArea(space, fileArea(file, 1));
    world.objects.fails = () => true;
    expect(await world.access(space, at(0), 'load')).toEqual({ kind: 'signal', signal: 7, code: 2 });
    world.memory.checkInvariants();
    expect(world.memory.counters.residentPages).toBe(0);
  });

  it('agree with read and write of the same file', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(2, 100);
    const space = world.memory.createSpace();
    world.memory.addArea(space, fileArea(file, 2, { shared: true }));
    await world.store1(space, at(0, 4095), 1);
    const into = world.objects.list[file]!.bytes.slice(4094, 4098);
    world.memory.readThroughCache(file, 4094, into);
    expect([...into]).toEqual([100, 1, 101, 101]);
    world.memory.writeThroughCache(file, 4093, Uint8Array.of(9, 8));
    expect([await world.load(space, at(0, 4093)), await world.load(space, at(0, 4094))]).toEqual([9, 8]);
  });

  it('lose their pages when they are truncated', async () => {
    const world = new World({ frames: 20 });
    const file = world.objects.file(3, 100);
    const spaces = [world.memory.createSpace(), world.memory.createSpace()];
    world.memory.addArea(spaces[0]!, fileArea(file, 3, { shared: true }));
    world.memory.addArea(spaces[1]!, fileArea(file, 3));
    for (let page = 0; page < 3; page++) await world.load(spaces[0]!, at(page));
    await world.store1(spaces[1]!, at(2), 5);
    world.objects.list[file]!.bytes = world.objects.list[file]!.bytes.slice(0, PAGE_SIZE + 10);
    world.memory.objectTruncated(file, PAGE_SIZE + 10);
    world.memory.checkInvariants();
    expect(await world.load(spaces[0]!, at(1, 9))).toBe(101);
    expect(await world.load(spaces[0]!, at(1, 10))).toBe(0);
    for (const space of spaces) {
      expect(await world.access(space, at(2), 'load')).toEqual({ kind: 'signal', signal: 7, code: 2 });
    }
  });
});

describe('shared anonymous memory', () => {
  it('goes to swap and comes back for everybody', async () => {
    const world = new World({ frames: 12, sizing: { mode: 'frames', frames: 2 }, policy: clock });
    const object = world.objects.add(new Uint8Array(4 * PAGE_SIZE), true);
    const spaces = [world.memory.createSpace(), world.memory.createSpace()];
    for (const space of spaces) world.memory.addArea(space, fileArea(object, 4, { shared: true }));
    for (let page = 0; page < 4; page++) await world.store1(spaces[0]!, at(page), 1 + page);
    for (let page = 0; page < 4; page++) expect(await world.load(spaces[1]!, at(page))).toBe(1 + page);
    world.memory.checkInvariants();
    expect(world.memory.counters.swapReads).toBe(4);
    for (const space of spaces) world.memory.destroySpace(space.id);
    expect(world.memory.counters).toMatchObject({ residentPages: 0, swapUsed: 0 });
  });

  it('lives on when its only mapping is replaced by another of it', async () => {
    const world = new World({ frames: 12 });
    const object = world.objects.add(new Uint8Array(PAGE_SIZE), true);
    const space = world.memory.createSpace();
    world.memory.addArea(space, fileArea(object, 1, { shared: true }));
    await world.store1(space, at(0), 7);
    world.map(space, at(0), 1, { shared: true, backing: { object, offset: 0, length: 1 } });
    expect(await world.load(space, at(0))).toBe(7);
    world.memory.checkInvariants();
  });
});
