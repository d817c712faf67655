/** Read-ahead, clusters, the page daemon, cleaning and laziness: small cases worked out by hand. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, pid, virtualAddress } from '../../../src/base/numbers.ts';
import type { PagingRules } from '../../../src/kernel/memory/paging-rules.ts';
import type { MemoryState } from '../../../src/kernel/memory/state.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { anonymous, DISK, World, type WorldOptions } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number) => BASE + page * PAGE_SIZE;
const SECOND = 1_000_000_000;

/** A space of 32 anonymous pages and so many frames for them, under FIFO; tables have frames of their own. */
function worldOf(frames: number, paging: Partial<PagingRules>, more: Partial<WorldOptions> = {}) {
  const sizing = { mode: 'frames', frames } as const;
  const world = new World({ frames: frames + 8, sizing, policy: fifo, paging, ...more });
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, 32));
  const { counters } = world.memory;
  return { world, space, counters, paging: counters.paging, disk: world.root.disk.counts };
}

/** Writes to pages `first` to `last`, in order; byte 0 of each becomes its number + 1. */
async function write(world: World, space: SpaceState, first: number, last: number): Promise<void> {
  for (let page = first; page <= last; page++) await world.store1(space, at(page), page + 1);
}

/** Reads pages, and checks that each holds what `write` put there. */
async function read(world: World, space: SpaceState, ...pages: number[]): Promise<void> {
  for (const page of pages) expect(await world.load(space, at(page))).toBe(page + 1);
  world.memory.checkInvariants();
}

const unmap = (world: World, space: SpaceState, page: number, pages = 1) =>
  world.memory.unmap(space, virtualAddress(at(page)), pages * PAGE_SIZE);

const outOf = (world: World) => world.eventsOf('swap-out').map(({ slot }) => slot as number);

/** Lets time pass until `ns`, as between two steps of a program. */
async function until(world: World, ns: number): Promise<void> {
  world.clock.state.now = Math.max(world.clock.now, ns);
  await world.betweenSteps();
}

describe('clusters', () => {
  it('evict the next dirty victims together, to adjacent slots with one write', async () => {
    const { world, space, counters, paging, disk } = worldOf(8, { cluster: 4 });
    await write(world, space, 0, 7);
    expect(disk.writes).toEqual({ requests: 0, pages: 0 });
    // Page 8 needs a frame: 0, the oldest, goes, and 1, 2 and 3 with it. 9, 10 and 11 find frames.
    await write(world, space, 8, 11);
    expect(outOf(world)).toEqual([0, 1, 2, 3]);
    await write(world, space, 12, 12);
    expect(outOf(world)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(disk.writes).toEqual({ requests: 2, pages: 8 });
    expect(paging.clusters).toEqual({ writes: 2, pages: 8 });
    expect(paging.daemon).toMatchObject({ found: 8 + 3, missed: 2 });
    expect(counters).toMatchObject({ evictionsDirty: 8, evictionsClean: 0, swapWrites: 8 });
    await read(world, space, ...Array.from({ length: 13 }, (_, page) => page));
  });

  it('are written in the order of their addresses, whatever order they were used in', async () => {
    const { world, space } = worldOf(4, { cluster: 4 });
    for (const page of [7, 2, 9, 4]) await write(world, space, page, page);
    await write(world, space, 20, 20);
    const keys = world.eventsOf('swap-out').map(({ page }) => page);
    // Pages 2, 4, 7, 9 got their keys as second, fourth, first and third.
    expect(keys).toEqual([1, 3, 0, 2]);
    expect(outOf(world)).toEqual([0, 1, 2, 3]);
  });

  it('end at a victim that needs no write', async () => {
    const { world, space, disk } = worldOf(4, { cluster: 4 });
    await write(world, space, 0, 1);
    await world.load(space, at(2));
    await write(world, space, 3, 4);
    // 0 and 1 went; 2 was never written and stays.
    expect(disk.writes).toEqual({ requests: 1, pages: 2 });
    expect(world.memory.residency(space, virtualAddress(BASE), 5 * PAGE_SIZE)).toEqual(
      Uint8Array.of(0, 0, 1, 1, 1),
    );
  });

  it('are split where there is no run of free slots that is long enough', async () => {
    const { world, space, paging, disk } = worldOf(4, { cluster: 4 }, { swap: 8 });
    await write(world, space, 0, 11);
    expect(outOf(world)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // Free are 1, 4, 5 and 7. Pages 8 to 11: two to 4 and 5, then one each, next fit: 7, and 1.
    for (const page of [1, 4, 5, 7]) unmap(world, space, page);
    await write(world, space, 12, 12);
    expect(outOf(world).slice(8)).toEqual([4, 5, 7, 1]);
    expect(disk.writes).toEqual({ requests: 2 + 3, pages: 12 });
    expect(paging.clusters).toEqual({ writes: 3, pages: 10 });
    await read(world, space, 0, 2, 3, 6, 8, 9, 10, 11, 12);
  });

  it('write dirty neighbours of a file at once', async () => {
    const { world, space, disk } = worldOf(4, { cluster: 4 });
    const object = world.objects.file(8, 50);
    const backing = { object, offset: 0, length: 8 * PAGE_SIZE };
    world.map(space, at(100), 8, { shared: true, backing });
    // Pages 1, 2 and 4 of the file: two pieces.
    for (const page of [1, 2, 4]) await world.store1(space, at(100 + page), 200 + page);
    await world.load(space, at(0));
    await world.load(space, at(1));
    expect(disk.writes).toEqual({ requests: 2, pages: 3 });
    const { bytes } = world.objects.list[object]!;
    expect([1, 2, 4].map((page) => bytes[page * PAGE_SIZE])).toEqual([201, 202, 204]);
  });
});

describe('read-ahead', () => {
  it('brings the pages behind in one request, each of them useful when they are read in order', async () => {
    const { world, space, counters, paging, disk } = worldOf(8, { cluster: 4, readAhead: 3 });
    await write(world, space, 0, 12);
    // 0 to 7 are in slots 0 to 7, 8 to 12 in memory, three frames are free: 0 comes with 1 and 2. The next frame would
    // have to be 8's, which is dirty.
    await read(world, space, 0);
    expect(disk.reads).toEqual({ requests: 1, pages: 3 });
    expect(paging.readAhead).toEqual({ read: 2, useful: 0, useless: 0, late: 0 });
    await read(world, space, 1, 2);
    expect(paging.readAhead).toMatchObject({ read: 2, useful: 2 });
    expect(counters.majorFaults).toBe(1);
    // 8 to 11 go together for 3, so that 4, 5 and 6 find frames.
    await read(world, space, 3, 4, 5, 6);
    expect(disk.reads).toEqual({ requests: 2, pages: 3 + 4 });
    expect(paging.readAhead).toEqual({ read: 5, useful: 5, useless: 0, late: 0 });
    expect(counters).toMatchObject({ majorFaults: 2, swapReads: 7 });
  });

  it('brings pages in vain when they are not read in order', async () => {
    const { world, space, paging, disk } = worldOf(4, { cluster: 4, readAhead: 1 });
    await write(world, space, 0, 7);
    // 0 to 3 are in slots 0 to 3. For page 0, 4 to 7 go; two frames are left when 0 and 1 have come.
    await read(world, space, 0, 2);
    expect(paging.readAhead).toEqual({ read: 2, useful: 0, useless: 0, late: 0 });
    // For 4 page 0 goes, and nothing for 5: the next victim is 1, which was read ahead itself.
    await read(world, space, 4);
    // For 6 that goes, unused, and for 7 page 2, which is clean.
    await read(world, space, 6);
    expect(paging.readAhead).toEqual({ read: 3, useful: 0, useless: 1, late: 0 });
    expect(disk.reads).toEqual({ requests: 4, pages: 7 });
    await read(world, space, 3);
    expect(paging.readAhead).toMatchObject({ useful: 1 });
    // The space goes, and 7 has not been used.
    world.end(space);
    expect(paging.readAhead).toEqual({ read: 3, useful: 1, useless: 2, late: 0 });
    expect(world.memory.counters).toMatchObject({ residentPages: 0, swapUsed: 0 });
  });

  it('goes to the end of a file and of its area, and counts what comes too late', async () => {
    const { world, space, paging, disk, counters } = worldOf(8, { readAhead: 5 });
    const object = world.objects.file(4, 50);
    world.map(space, at(100), 8, { protection: 1, backing: { object, offset: 0, length: 8 * PAGE_SIZE } });
    const first = world.memory.fault(space, virtualAddress(at(101)), 'load', virtualAddress(0x1000));
    // Pages 2 and 3 are on their way with 1; 4 is beyond the file's end.
    expect(disk.reads).toEqual({ requests: 1, pages: 3 });
    const second = world.memory.fault(space, virtualAddress(at(103)), 'load', virtualAddress(0x1004));
    expect(second.kind === 'blocked' && first.kind === 'blocked' && second.request !== first.request).toBe(
      true,
    );
    await world.settle(first);
    expect(await world.load(space, at(103))).toBe(53);
    expect(paging.readAhead).toEqual({ read: 2, useful: 1, useless: 0, late: 1 });
    expect(await world.load(space, at(102))).toBe(52);
    expect(paging.readAhead).toEqual({ read: 2, useful: 2, useless: 0, late: 1 });
    expect(counters).toMatchObject({ majorFaults: 1, fileReads: 3 });
  });

  it('takes no frame while somebody waits for one', async () => {
    const { world, space, disk } = worldOf(8, { readAhead: 3 });
    const object = world.objects.file(6, 50);
    world.map(space, at(100), 6, { protection: 1, backing: { object, offset: 0, length: 6 * PAGE_SIZE } });
    const { starving } = world.root.memory as MemoryState;
    starving.add(pid(999));
    expect(await world.load(space, at(100))).toBe(50);
    expect(disk.reads.pages).toBe(1);
    starving.clear();
    expect(await world.load(space, at(101))).toBe(51);
    expect(disk.reads.pages).toBe(1 + 4);
    world.memory.checkInvariants();
  });
});

describe('the page daemon', () => {
  it('wakes below the low mark, and frees frames up to the high one', async () => {
    const { world, space, paging, disk } = worldOf(8, { daemon: { low: 2, high: 4, first: 'any' } });
    await write(world, space, 0, 5);
    await world.betweenSteps();
    expect(paging.daemon).toEqual({ wakeUps: 0, dropped: 0, written: 0, found: 6, missed: 0 });
    // One frame is left: 0, 1 and 2 go.
    await write(world, space, 6, 6);
    await world.betweenSteps();
    expect(paging.daemon).toEqual({ wakeUps: 1, dropped: 0, written: 3, found: 7, missed: 0 });
    expect(disk.writes).toEqual({ requests: 3, pages: 3 });
    // 4 frames are free, then 3, 2, 1: it wakes again, and no fault has had to free a frame.
    await write(world, space, 7, 9);
    await world.betweenSteps();
    expect(paging.daemon).toEqual({ wakeUps: 2, dropped: 0, written: 6, found: 10, missed: 0 });
    await read(world, space, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(paging.daemon.missed).toBe(0);
  });

  it('writes what it frees in clusters', async () => {
    const { world, space, disk } = worldOf(8, { daemon: { low: 2, high: 5, first: 'any' }, cluster: 3 });
    await write(world, space, 0, 6);
    await world.betweenSteps();
    // Four are to go: three with one write, and one.
    expect(disk.writes).toEqual({ requests: 2, pages: 4 });
    expect(outOf(world)).toEqual([0, 1, 2, 3]);
  });

  it.each([
    { first: 'any' as const, dropped: 1, left: [0, 0, 1, 1, 1] },
    { first: 'clean' as const, dropped: 2, left: [1, 0, 1, 0, 1] },
  ])('takes first: $first', async ({ first, dropped, left }) => {
    const { world, space, paging } = worldOf(6, { daemon: { low: 2, high: 3, first }, cluster: 2 });
    // 1 and 3 are zeros that nobody has written to.
    for (const page of [0, 1, 2, 3, 4]) {
      if (page % 2 === 0) await write(world, space, page, page);
      else await world.load(space, at(page));
    }
    await world.betweenSteps();
    expect(paging.daemon).toMatchObject({ wakeUps: 1, dropped, written: 2 - dropped });
    expect([...(world.memory.residency(space, virtualAddress(BASE), 5 * PAGE_SIZE) as Uint8Array)]).toEqual(
      left,
    );
  });

  it('goes back to sleep when nothing may go', async () => {
    const { world, space, paging } = worldOf(4, { daemon: { low: 3, high: 3, first: 'any' } }, { swap: 1 });
    await write(world, space, 0, 1);
    await world.betweenSteps();
    await write(world, space, 2, 2);
    await world.betweenSteps();
    // There is one slot: one page went, and what follows needs another.
    expect(paging.daemon.written).toBe(1);
    world.memory.checkInvariants();
    await read(world, space, 1, 2);
  });
});

describe('cleaning', () => {
  it('writes what was dirty at two looks, and keeps it in memory', async () => {
    const { world, space, counters, paging, disk } = worldOf(4, { cleanEvery: SECOND });
    // The first look, at 0, sees nothing; the second sees page 0, and the third writes it.
    await write(world, space, 0, 0);
    await until(world, SECOND);
    expect(paging.cleaning).toEqual({ runs: 2, pages: 0, dirtyPeak: 1 });
    await until(world, 2 * SECOND);
    expect(paging.cleaning).toEqual({ runs: 3, pages: 1, dirtyPeak: 1 });
    expect(disk.writes).toEqual({ requests: 1, pages: 1 });
    await until(world, 4 * SECOND);
    expect(paging.cleaning.pages).toBe(1);
    await read(world, space, 0);
    // Its slot is as good as it is: nothing is written when it goes.
    await write(world, space, 1, 4);
    expect(counters).toMatchObject({ evictionsClean: 1, writesSaved: 1, swapWrites: 1 });
    await read(world, space, 0);
  });

  it('writes no more than the disk can in a period, the longest dirty first', async () => {
    // 25 ms, and 10 ms a page: the third write is begun before they are over.
    const { world, space, paging } = worldOf(8, { cleanEvery: 2.5 * DISK });
    await write(world, space, 3, 6);
    await until(world, 2.5 * DISK);
    await write(world, space, 0, 1);
    await until(world, 5 * DISK);
    expect(paging.cleaning).toEqual({ runs: 3, pages: 3, dirtyPeak: 6 });
    await until(world, 7.5 * DISK);
    // The disk was busy until 8: one of the oldest is written, and 0 and 1 after it as there is time.
    const keys = world.eventsOf('swap-out').map(({ page }) => page);
    expect(keys.slice(0, 4)).toEqual([0, 1, 2, 3]);
    for (let period = 4; period < 8; period++) await until(world, period * 2.5 * DISK);
    expect(paging.cleaning.pages).toBe(6);
  });

  it('writes pages of files to their files, before msync(2) or the end', async () => {
    const { world, space } = worldOf(4, { cleanEvery: SECOND });
    const object = world.objects.file(2, 50);
    world.map(space, at(100), 2, { shared: true, backing: { object, offset: 0, length: 2 * PAGE_SIZE } });
    await world.store1(space, at(101), 99);
    await until(world, 2 * SECOND);
    await until(world, 3 * SECOND);
    const { bytes } = world.objects.list[object]!;
    expect(bytes[PAGE_SIZE]).toBe(99);
    // What is written after that is not lost either.
    await world.store1(space, at(101), 98);
    world.end(space);
    expect(bytes[PAGE_SIZE]).toBe(98);
    expect(world.memory.counters.paging.neverWritten).toEqual({ swap: 0, file: 0 });
  });
});

describe('laziness', () => {
  it('never writes pages that are given up, by munmap, madvise or exit', async () => {
    const { world, space, paging, disk } = worldOf(8, {});
    await write(world, space, 0, 5);
    await world.load(space, at(6));
    unmap(world, space, 0, 2);
    expect(paging.neverWritten).toEqual({ swap: 2, file: 0 });
    world.memory.advise(space, virtualAddress(at(2)), PAGE_SIZE, 4);
    expect(paging.neverWritten).toEqual({ swap: 3, file: 0 });
    // Of 3 to 6, 6 was never written to.
    world.end(space);
    expect(paging.neverWritten).toEqual({ swap: 6, file: 0 });
    expect(disk.writes.requests).toBe(0);
  });

  it('never writes pages of a file that are cut off, or of one that nobody can read any more', async () => {
    const { world, space, paging, disk } = worldOf(8, {});
    const object = world.objects.file(4, 50);
    world.map(space, at(100), 4, { shared: true, backing: { object, offset: 0, length: 4 * PAGE_SIZE } });
    for (const page of [0, 1, 2, 3]) await world.store1(space, at(100 + page), 7);
    const file = world.objects.list[object]!;
    file.bytes = file.bytes.slice(0, 3 * PAGE_SIZE);
    world.memory.objectTruncated(object, 3 * PAGE_SIZE);
    expect(paging.neverWritten).toEqual({ swap: 0, file: 1 });
    file.unlinked = true;
    world.end(space);
    expect(paging.neverWritten).toEqual({ swap: 0, file: 4 });
    expect(disk.writes.requests).toBe(0);
  });

  it('takes background writes back that have not begun when their pages go', async () => {
    const { world, space, disk } = worldOf(8, { daemon: { low: 2, high: 4, first: 'any' } });
    await write(world, space, 0, 6);
    await world.betweenSteps();
    expect(disk.writes).toEqual({ requests: 3, pages: 3 });
    // The write of 0 has begun.
    unmap(world, space, 0, 3);
    expect(disk.writes).toEqual({ requests: 1, pages: 1 });
    expect(disk.cancelled).toEqual({ requests: 2, pages: 2 });
    expect(world.root.clock.disk).toBe(DISK);
    world.memory.checkInvariants();
  });
});
