/**
 * What superpages do, worked out by hand: four pages each, in tables whose last level has four entries. Areas begin at
 * an aligned page, and frames 0 to 3 are root and tables, or pages have frames of their own.
 */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Vpn, virtualAddress } from '../../../src/base/numbers.ts';
import type { MemoryState } from '../../../src/kernel/memory/state.ts';
import type { SuperpageRule } from '../../../src/kernel/memory/superpage-state.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { clock } from '../../../src/policies/replacement/clock.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { findReplacementPolicy } from '../../../src/policies/replacement/registry.ts';
import { walk } from '../../../src/translation/radix.ts';
import { anonymous, World, type WorldOptions } from './harness.ts';
import { walkedBy } from './small-schemes.ts';

const BASE = 0x4000_0000;
const at = (page: number) => virtualAddress(BASE + page * PAGE_SIZE);
const scheme = walkedBy(2);
const NONE = { unmap: 0, protect: 0, fork: 0, copyOnWrite: 0, evict: 0, move: 0, setAside: 0 };

/** One space with an area of so many pages, and so many frames for pages. */
function worldOf(pages: number, pageFrames: number, more: Partial<WorldOptions> = {}) {
  const world = new World({
    scheme,
    frames: pageFrames + 60,
    sizing: { mode: 'frames', frames: pageFrames },
    policy: fifo,
    superpages: 'anonymous',
    superpagesHeld: 'whole',
    ...more,
  });
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, pages));
  world.run(space);
  return { world, space, counts: world.memory.counters.superpages };
}

/** The level of a page's leaf, as the hardware finds it: 3 is the last, 2 a superpage's; -1: none. */
function levelOf(world: World, space: SpaceState, page: number): number {
  const found = walk(scheme.radix!, world.machine.ramView, space.root, at(page), 'load');
  return found.kind === 'leaf' ? found.level : -1;
}

const frameOf = (world: World, space: SpaceState, page: number): number => {
  const found = walk(scheme.radix!, world.machine.ramView, space.root, at(page), 'load');
  return found.kind === 'leaf' ? found.frame : -1;
};

describe('the first touch', () => {
  it('maps the aligned range by one leaf, in adjacent aligned frames of zeros', async () => {
    const { world, space, counts } = worldOf(10, 16);
    await world.store1(space, at(5), 7);
    expect([3, 4, 5, 6, 7, 8].map((page) => levelOf(world, space, page))).toEqual([-1, 2, 2, 2, 2, -1]);
    expect([4, 5, 6, 7].map((page) => frameOf(world, space, page))).toEqual([0, 1, 2, 3]);
    expect(await world.load(space, at(5))).toBe(7);
    expect(await world.load(space, at(6))).toBe(0);
    expect(world.memory.counters).toMatchObject({ faults: { zero: 1 }, residentPages: 4, zeroedFrames: 4 });
    expect(space.resident).toBe(4);
    expect(counts).toMatchObject({ mapped: 1, fellBack: 0, peak: 1, split: NONE });
    expect(world.eventsOf('superpage')).toMatchObject([
      { vpn: at(4) / PAGE_SIZE, pages: 4, change: 'mapped' },
    ]);
    world.memory.checkInvariants();
  });

  it('maps a page where the range is not all in the area', async () => {
    // Pages 8 and 9 are all of theirs.
    const { world, space, counts } = worldOf(10, 16);
    await world.load(space, at(9));
    expect(levelOf(world, space, 9)).toBe(3);
    expect(counts).toMatchObject({ mapped: 0, fellBack: 0 });
    expect(world.memory.counters.residentPages).toBe(1);
  });

  it('maps a page where no adjacent frames are free, and counts that', async () => {
    // Six frames: 0 to 3 for the first range; 4 and 5 are left.
    const { world, space, counts } = worldOf(12, 6);
    await world.load(space, at(0));
    await world.load(space, at(4));
    expect(levelOf(world, space, 0)).toBe(2);
    expect(levelOf(world, space, 4)).toBe(3);
    expect(counts).toMatchObject({ mapped: 1, fellBack: 1 });
    // The range has been touched: there is nothing to fall back from.
    await world.load(space, at(5));
    expect(counts.fellBack).toBe(1);
  });

  it('goes round a frame in the way, and gives out those passed over before any new one', async () => {
    const { world, space } = worldOf(9, 16);
    await world.load(space, at(8));
    await world.load(space, at(0));
    expect(frameOf(world, space, 8)).toBe(0);
    expect(frameOf(world, space, 0)).toBe(4);
    world.memory.addArea(space, anonymous(at(32), 3));
    for (const page of [32, 33, 34]) await world.load(space, at(page));
    expect([32, 33, 34].map((page) => frameOf(world, space, page))).toEqual([1, 2, 3]);
    world.memory.checkInvariants();
  });

  it.each<[SuperpageRule, number | undefined, number]>([
    ['off', 14, 3],
    ['madvise', undefined, 3],
    ['madvise', 14, 2],
    ['madvise', 15, 3],
    ['anonymous', undefined, 2],
    ['anonymous', 15, 3],
  ])('under %s after madvise %s', async (superpages, advice, level) => {
    const { world, space } = worldOf(8, 16, { superpages });
    if (advice !== undefined) expect(world.memory.advise(space, at(0), 8 * PAGE_SIZE, advice)).toBe(0);
    await world.load(space, at(1));
    expect(levelOf(world, space, 1)).toBe(level);
    world.memory.checkInvariants();
  });

  it('is a page of a stack, a file or shared memory', async () => {
    const { world, space, counts } = worldOf(1, 32);
    const file = world.objects.file(8, 65);
    const shared = world.objects.add(new Uint8Array(8 * PAGE_SIZE), true);
    const backing = (object: number) => ({ object, offset: 0, length: 8 * PAGE_SIZE });
    world.map(space, at(8), 8, { backing: backing(file) });
    world.map(space, at(16), 8, { shared: true, backing: backing(shared) });
    world.map(space, at(24), 8, { growLimit: 8 * PAGE_SIZE, name: '[stack]' });
    for (const page of [8, 16, 24]) await world.load(space, at(page));
    expect([8, 16, 24].map((page) => levelOf(world, space, page))).toEqual([3, 3, 3]);
    expect(counts.mapped).toBe(0);
  });

  it('finds large anonymous mappings aligned', () => {
    const { world, space } = worldOf(1, 16);
    const place = (pages: number, more = {}) =>
      (world.map(space, 0, pages, { fixed: 'hint', ...more }) / PAGE_SIZE) % 4;
    world.map(space, 0, 1, { fixed: 'hint' });
    expect([place(9), place(4), place(5)]).toEqual([0, 0, 0]);
    const backing = { object: world.objects.file(8, 65), offset: 0, length: 8 * PAGE_SIZE };
    expect(place(5, { backing })).not.toBe(0);
  });

  it('leaves a share of the frames what is another process’s', async () => {
    // Two processes with four frames each.
    const policy = findReplacementPolicy('fifo', 'test');
    const { perProcess } = await import('../../../src/policies/replacement/per-process.ts');
    const { world, space, counts } = worldOf(8, 8, { policy: perProcess(policy) });
    world.memory.createSpace();
    await world.load(space, at(0));
    await world.load(space, at(4));
    expect(counts).toMatchObject({ mapped: 1, fellBack: 1 });
    expect(world.memory.counters.residentPages).toBe(4);
  });
});

describe('referenced and dirty bits of a superpage', () => {
  it('are every part’s once the hardware has set them, and each part’s own when they are cleared', async () => {
    // Clock, eight frames for nine pages: the hand clears the bits of all, and takes the first to come, page 1.
    const { world, space } = worldOf(9, 8, { policy: clock });
    const tables = () => (world.root.memory as MemoryState).counters;
    await world.load(space, at(0));
    await world.store1(space, at(4), 1);
    await world.load(space, at(8));
    // It is clean, and was never used but beside page 0, which came last.
    expect(tables()).toMatchObject({ evictionsClean: 1, evictionsDirty: 0 });
    expect([0, 1, 4].map((page) => levelOf(world, space, page))).toEqual([3, -1, 2]);
    world.memory.checkInvariants();
    // Every part of the other one is dirty, though one was written.
    for (const page of [0, 1, 2, 3]) world.memory.advise(space, at(page), PAGE_SIZE, 4);
    world.memory.swapOut(space);
    expect(tables()).toMatchObject({ evictionsDirty: 4, swapWrites: 4 });
    expect(await world.load(space, at(4))).toBe(1);
    expect(await world.load(space, at(5))).toBe(0);
  });
});

describe('a superpage is split', () => {
  it('when a part is unmapped, and freed when all of it is', async () => {
    const { world, space, counts } = worldOf(8, 16);
    await world.store1(space, at(0), 1);
    await world.store1(space, at(4), 2);
    world.memory.unmap(space, at(1), PAGE_SIZE);
    expect([0, 1, 2, 4].map((page) => levelOf(world, space, page))).toEqual([3, -1, 3, 2]);
    expect(counts).toMatchObject({ split: { ...NONE, unmap: 1 }, freed: 0, zeroPages: 3 });
    world.memory.unmap(space, at(4), 4 * PAGE_SIZE);
    expect(counts).toMatchObject({ split: { ...NONE, unmap: 1 }, freed: 1, zeroPages: 6 });
    expect(await world.access(space, at(5), 'load')).toEqual({ kind: 'signal', signal: 11, code: 1 });
    expect(await world.load(space, at(0))).toBe(1);
    world.memory.checkInvariants();
  });

  it('when a part is given up by madvise(2)', async () => {
    const { world, space, counts } = worldOf(4, 16);
    await world.store1(space, at(2), 1);
    world.memory.advise(space, at(2), PAGE_SIZE, 4);
    expect(counts.split).toEqual({ ...NONE, unmap: 1 });
    expect(await world.load(space, at(2))).toBe(0);
  });

  it('when a part is protected, and joined when it may be written again', async () => {
    const { world, space, counts } = worldOf(4, 16);
    for (const page of [0, 1, 2, 3]) await world.store1(space, at(page), 10 + page);
    world.memory.protect(space, at(3), PAGE_SIZE, 1);
    expect(await world.access(space, at(3), 'store')).toMatchObject({ kind: 'signal', code: 2 });
    await world.store1(space, at(0), 20);
    expect(levelOf(world, space, 0)).toBe(3);
    world.memory.checkInvariants();
    world.memory.protect(space, at(3), PAGE_SIZE, 3);
    expect(levelOf(world, space, 0)).toBe(2);
    expect(counts).toMatchObject({ split: { ...NONE, protect: 1 }, joined: 1 });
    await world.store1(space, at(3), 23);
    expect(await Promise.all([0, 1, 2, 3].map((page) => world.load(space, at(page))))).toEqual([
      20, 11, 12, 23,
    ]);
    world.memory.checkInvariants();
  });

  it('in the TLB as well, whatever is done then', async () => {
    const { world, space, counts } = worldOf(4, 16);
    await world.store1(space, at(1), 1);
    const caches = () => world.machine.cachesWhole(space.asid, at(1) / PAGE_SIZE);
    expect(caches()).toBe(true);
    // Nothing changes by it.
    world.memory.protect(space, at(0), PAGE_SIZE, 3);
    expect(counts).toMatchObject({ split: { ...NONE, protect: 1 }, joined: 1 });
    expect(caches()).toBe(false);
    expect(await world.load(space, at(1))).toBe(1);
    expect(caches()).toBe(true);
  });

  it('at a fork, whose child has pages; what is written is copied a page at a time', async () => {
    const { world, space, counts } = worldOf(4, 16);
    for (const page of [0, 1, 2, 3]) await world.store1(space, at(page), 10 + page);
    const child = await world.child(space);
    expect(counts.split).toEqual({ ...NONE, fork: 1 });
    await world.store1(child, at(1), 99);
    expect(world.memory.counters).toMatchObject({ copiedOnWrite: 1, residentPages: 5 });
    expect(await world.load(space, at(1))).toBe(11);
    expect(await world.load(child, at(2))).toBe(12);
    world.memory.checkInvariants();
  });

  it('when a page that an eager fork shares is written after all', async () => {
    const { world, space, counts } = worldOf(4, 16);
    world.memory.protect(space, at(0), 4 * PAGE_SIZE, 1);
    await world.load(space, at(0));
    const child = await world.child(space, 'copy-on-write');
    // Nobody could write, so nothing was withdrawn.
    expect(levelOf(world, space, 0)).toBe(2);
    world.memory.protect(space, at(0), 4 * PAGE_SIZE, 3);
    expect(counts).toMatchObject({ split: { ...NONE, protect: 1 }, joined: 1 });
    await world.store1(space, at(1), 5);
    expect(counts.split).toEqual({ ...NONE, protect: 1, copyOnWrite: 1 });
    expect(await world.load(child, at(1))).toBe(0);
    world.memory.checkInvariants();
  });

  it('when a part is evicted, and nothing is read to split it', async () => {
    // FIFO: the pages came in order, the touched one last.
    const { world, space, counts } = worldOf(5, 4);
    await world.store1(space, at(0), 1);
    await world.store1(space, at(4), 2);
    expect(counts.split).toEqual({ ...NONE, evict: 1 });
    expect([0, 1, 2, 3, 4].map((page) => levelOf(world, space, page))).toEqual([3, -1, 3, 3, 3]);
    expect(await world.load(space, at(0))).toBe(1);
    expect(await world.load(space, at(1))).toBe(0);
    world.memory.checkInvariants();
  });

  it('when a part is moved', async () => {
    const { world, space, counts } = worldOf(4, 16);
    await world.store1(space, at(1), 1);
    world.memory.remap(space, at(1), PAGE_SIZE, PAGE_SIZE, 3, at(64));
    expect(counts.split).toEqual({ ...NONE, move: 1 });
    expect(await world.load(space, at(64))).toBe(1);
    world.memory.checkInvariants();
  });

  it('when a part leaves the resident set of its process', async () => {
    const policy = findReplacementPolicy('vms:limit=2+dirty=9', 'test');
    const { world, space, counts } = worldOf(4, 16, { policy });
    await world.store1(space, at(0), 1);
    expect(counts.split).toEqual({ ...NONE, setAside: 1 });
    expect(world.memory.counters.setAside).toBe(2);
    expect(await world.load(space, at(1))).toBe(0);
    expect(world.memory.counters.rescues).toBe(1);
    world.memory.checkInvariants();
  });
});

describe('software that refills the TLB', () => {
  it('reads an entry less for a page of a superpage', async () => {
    const { world, space } = worldOf(5, 16, { refill: 'handler', superpagesHeld: 'pieces' });
    await world.load(space, at(0));
    await world.load(space, at(4));
    const { refills } = world.memory.counters;
    const before = refills.reads;
    await world.load(space, at(1));
    expect(refills.reads - before).toBe(3);
    const found = world.memory.counters.superpages;
    expect(found).toMatchObject({ mapped: 1 });
    const { superpages } = world.root.memory as MemoryState;
    expect([...superpages.mapped.values()].map(({ first }) => first)).toEqual([(at(0) / PAGE_SIZE) as Vpn]);
  });
});
