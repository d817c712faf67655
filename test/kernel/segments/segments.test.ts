import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { program, World, type WorldOptions } from './world.ts';

const worldOf = (options: WorldOptions) => {
  const world = new World(options);
  const file = world.file(0x40);
  const load = (dataAt?: number): SpaceState => {
    const space = world.load(file, program(dataAt));
    if (typeof space === 'string') throw new Error(space);
    return space;
  };
  return { world, file, load };
};

const DATA = 0x12000;
const store = (world: World, space: SpaceState, address: number, value: number) => {
  const made = world.access(space, address, 'store');
  if (made.kind === 'done') world.machine.ram[made.physical] = value;
  return made;
};
const load = (world: World, space: SpaceState, address: number) => {
  const made = world.access(space, address, 'load');
  return made.kind === 'done' ? world.machine.ram[made.physical] : made;
};
/** MAP_SHARED of memory, where it fits; its address. */
const mapShared = (world: World, space: SpaceState, pages: number): number => {
  const length = pages * PAGE_SIZE;
  const object = world.objects.add(new Uint8Array(length), true);
  const request = {
    address: virtualAddress(0),
    length,
    protection: 3,
    shared: true,
    fixed: 'hint',
    backing: { object, offset: 0, length },
    growLimit: 0,
    name: 'shared',
  } as const;
  return world.call(space, () => world.memory.map(space, request));
};

describe('base and bounds', () => {
  // The trampoline at 0xf000, the program from 0x10000 to 0x14000, eight pages of stack, then the heap.
  const HEAP = 0x14000 + 8 * PAGE_SIZE;

  it('loads a program into one piece, and faults past the bound, to the byte', () => {
    const { world, load: start } = worldOf({ scheme: 'base-bounds', frames: 128 });
    const space = start();
    expect(load(world, space, DATA)).toBe(0x42);
    expect(load(world, space, DATA + PAGE_SIZE)).toBe(0);
    expect(load(world, space, HEAP - 1)).toBe(0);
    expect(load(world, space, HEAP)).toMatchObject({ kind: 'signal', signal: 11, code: 1 });
    expect(world.call(space, () => world.memory.setBreak(space, virtualAddress(HEAP + 5)))).toBe(HEAP + 5);
    expect(load(world, space, HEAP + 4)).toBe(0);
    expect(load(world, space, HEAP + 5)).toMatchObject({
      kind: 'signal',
      detail: `load from 0x1c005, past the bound 0x1c005 (pc 0x1c005)`,
    });
    // The last four bytes below the bound and one beyond.
    expect(world.access(space, HEAP, 'load', 8)).toMatchObject({ kind: 'signal', code: 1 });
    expect(world.kernelRead(space, HEAP + 4)).toBe(0);
    expect(world.kernelRead(space, HEAP + 5)).toBeUndefined();
    world.memory.checkInvariants();
  });

  it('moves a live process, of which only the base changes', () => {
    const { world, load: start } = worldOf({ scheme: 'base-bounds', frames: 128, moveEvery: 1_000 });
    const space = start();
    store(world, space, DATA, 9);
    const before = world.memory.shownSpaces()[0]!.segments[0]!;
    world.root.clock.now = (world.root.clock.now + 1_000) as typeof world.root.clock.now;
    world.memory.background();
    const after = world.memory.shownSpaces()[0]!.segments[0]!;
    expect(after.base).not.toBe(before.base);
    expect({ ...after, base: before.base }).toEqual(before);
    expect(load(world, space, DATA)).toBe(9);
    expect(world.events.filter(({ type }) => type === 'registers').at(-1)).toMatchObject({
      registers: [{ base: after.base, size: after.size }],
    });
    world.memory.checkInvariants();
  });

  it('goes to a larger hole when it grows, or lets others make room where it is', () => {
    // 32 pages a process: 16 below the program and 4 of it, 8 of stack, 4 of room.
    const { world, load: start } = worldOf({ scheme: 'base-bounds', frames: 100 });
    const [first, second] = [start(), start()];
    store(world, first, DATA, 1);
    store(world, second, DATA, 2);
    const grow = (space: SpaceState, pages: number) =>
      world.call(space, () => world.memory.setBreak(space, virtualAddress(HEAP + pages * PAGE_SIZE)));
    // 36 pages are free above: the first goes there, with room for four pages more.
    expect(grow(first, 5)).toBe(HEAP + 5 * PAGE_SIZE);
    expect(world.memory.figures.grown.pieces).toBe(0 + 0 + 1);
    // Now 32 are free below, and the second can't move: 8 more fit only beside it.
    expect(grow(second, 20)).toBe(HEAP + 20 * PAGE_SIZE);
    expect(load(world, first, DATA)).toBe(1);
    expect(load(world, second, DATA)).toBe(2);
    expect(world.memory.figures.rolledOut.pieces).toBe(0);
    world.memory.checkInvariants();
  });
});

describe('segmentation', () => {
  const REACH = 2 ** 28;

  it('gives code and data of their own segments rights, and lets processes share code', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const [first, second] = [start(REACH), start(REACH)];
    for (const space of [first, second]) expect(load(world, space, 0x10000)).toBe(0x40);
    expect(store(world, first, 0x10000, 1)).toMatchObject({ kind: 'signal', code: 2 });
    expect(world.access(first, REACH, 'fetch')).toMatchObject({ kind: 'signal', code: 2 });
    expect(world.access(first, 0x10000, 'fetch').kind).toBe('done');
    store(world, first, REACH, 7);
    expect(load(world, second, REACH)).toBe(0x42);
    expect(world.memory.figures.codeShared).toBe(1);
    const codes = world.memory.shownSpaces().map(({ segments }) => segments[0]!);
    expect(codes[0]!.base).toBe(codes[1]!.base);
    expect(codes[0]!.sharing).toBe('code');
    world.memory.checkInvariants();
  });

  it('faults out of range though other memory lies there', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const space = start(REACH);
    load(world, space, REACH);
    // The data's segment has two pages; what lies behind them in memory is somebody's.
    expect(load(world, space, REACH + 2 * PAGE_SIZE - 1)).toBe(0);
    expect(load(world, space, REACH + 2 * PAGE_SIZE)).toMatchObject({
      kind: 'signal',
      code: 1,
      detail: 'load from 0x10002000, outside of segment 1, which has 0x2000 bytes (pc 0x10002000)',
    });
    expect(load(world, space, 5 * REACH)).toMatchObject({
      detail: 'load from 0x50000000 in segment 5, which has no memory (pc 0x50000000)',
    });
    expect(load(world, space, 2 ** 32)).toMatchObject({
      detail: 'load from 0x100000000, which has more than 32 bits (pc 0x100000000)',
    });
  });

  it('lets the stack grow down to its limit and no further', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const space = start(REACH);
    const top = 2 ** 32;
    expect(load(world, space, top - 3 * PAGE_SIZE)).toBe(0);
    expect(space.areas.at(-1)!.start).toBe(top - 3 * PAGE_SIZE);
    store(world, space, top - 3 * PAGE_SIZE, 5);
    expect(load(world, space, top - 8 * PAGE_SIZE)).toBe(0);
    expect(load(world, space, top - 3 * PAGE_SIZE)).toBe(5);
    expect(load(world, space, top - 8 * PAGE_SIZE - 1)).toMatchObject({ kind: 'signal', code: 1 });
    expect(world.memory.figures.stackGrowths).toBe(2);
    world.memory.checkInvariants();
  });

  it('shares memory by fork where a mapping has a segment of its own', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const space = start(REACH);
    const at = mapShared(world, space, 1);
    expect(at).toBe(2 * REACH);
    const child = world.fork(space) as SpaceState;
    store(world, child, at, 77);
    expect(load(world, space, at)).toBe(77);
    world.memory.checkInvariants();
    world.end(space);
    expect(load(world, child, at)).toBe(77);
    world.end(child);
    world.memory.checkInvariants();
  });

  it('bounds what processes share for each as far as it has it mapped', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const space = start(REACH);
    const at = mapShared(world, space, 3);
    const child = world.fork(space) as SpaceState;
    store(world, child, at + 2 * PAGE_SIZE, 77);
    const drop = (one: SpaceState, address: number, pages: number) =>
      world.call(one, () => world.memory.unmap(one, virtualAddress(address), pages * PAGE_SIZE));
    expect(drop(space, at + PAGE_SIZE, 2)).toBe(0);
    world.memory.checkInvariants();
    expect(load(world, space, at + PAGE_SIZE)).toMatchObject({ kind: 'signal', code: 1 });
    expect(load(world, child, at + 2 * PAGE_SIZE)).toBe(77);
    world.end(child);
    // Nobody has the other two pages any more.
    world.memory.checkInvariants();
    expect(
      world.memory
        .shownSpaces()
        .at(-1)!
        .segments.find(({ sharing }) => sharing === 'memory'),
    ).toMatchObject({ size: PAGE_SIZE });
  });

  it('gives slots back of what the others of its users do not have', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const space = start(REACH);
    const at = mapShared(world, space, 3);
    const child = world.fork(space) as SpaceState;
    store(world, child, at, 5);
    world.call(child, () => world.memory.unmap(child, virtualAddress(at + PAGE_SIZE), 2 * PAGE_SIZE));
    for (const one of [space, child]) expect(world.memory.swapOut(one)).toBeGreaterThan(0);
    world.end(space);
    world.memory.checkInvariants();
    expect(load(world, child, at)).toBe(5);
    world.end(child);
    expect(world.memory.counters.swapUsed).toBe(0);
  });

  it('keeps code whole for others when one of its users unmaps a part before it was read', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const [first, second] = [start(REACH), start(REACH)];
    for (const space of [first, second]) load(world, space, REACH);
    const CODE = 0x10000;
    const drop = (one: SpaceState, address: number) =>
      world.call(one, () => world.memory.unmap(one, virtualAddress(address), PAGE_SIZE));
    expect(drop(first, CODE)).toBe(0);
    expect(load(world, first, CODE + PAGE_SIZE)).toBe(0x41);
    expect(load(world, second, CODE)).toBe(0x40);
    // What is left of the last user's is not what another program was linked with.
    expect(drop(second, CODE + PAGE_SIZE)).toBe(0);
    world.end(first);
    world.memory.checkInvariants();
    const third = start(REACH);
    expect(load(world, third, CODE)).toBe(0x40);
    expect(load(world, third, CODE + PAGE_SIZE)).toBe(0x41);
    world.memory.checkInvariants();
  });

  it('reads code again for all who have it, whoever of them left memory last', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const [first, second] = [start(REACH), start(REACH)];
    for (const space of [first, second]) load(world, space, 0x10000);
    world.call(second, () => world.memory.unmap(second, virtualAddress(0x10000), PAGE_SIZE));
    expect(world.memory.swapOut(first)).toBeGreaterThan(0);
    expect(world.memory.swapOut(second)).toBeGreaterThan(0);
    expect(load(world, first, 0x10000)).toBe(0x40);
    world.memory.checkInvariants();
  });

  it('keeps code apart when one of its users makes it writable', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const [first, second] = [start(REACH), start(REACH)];
    for (const space of [first, second]) load(world, space, 0x10000);
    const all = 7;
    expect(
      world.call(first, () => world.memory.protect(first, virtualAddress(0x10000), PAGE_SIZE, all)),
    ).toBe(0);
    store(world, first, 0x10000, 1);
    expect(load(world, first, 0x10000)).toBe(1);
    expect(load(world, second, 0x10000)).toBe(0x40);
    world.memory.checkInvariants();
  });

  it('leaves no more of code to the last user than it has, when another takes a copy', () => {
    const { world, load: start } = worldOf({ scheme: 'segmented', frames: 128 });
    const [first, second] = [start(REACH), start(REACH)];
    for (const space of [first, second]) load(world, space, REACH);
    world.call(first, () => world.memory.unmap(first, virtualAddress(0x10000), PAGE_SIZE));
    world.call(second, () => world.memory.protect(second, virtualAddress(0x10000), PAGE_SIZE, 7));
    world.memory.checkInvariants();
    expect(load(world, first, 0x11000)).toBe(0x41);
    expect(load(world, second, 0x10000)).toBe(0x40);
  });

  it('refuses a program that does not fit, saying what would', () => {
    const world = new World({ scheme: 'segmented', frames: 128, addressBits: 20, segmentBits: 1 });
    expect(world.load(world.file(1), program(0x90000))).toBe(
      "too large for the scheme: it needs addresses up to 0x92000; with 20 bits of address and 2 segments programs and heaps reach to 0x80000; the last segment is the stack's",
    );
    const strict = new World({ scheme: 'segmented', frames: 128, writeXorExecute: true });
    expect(strict.load(strict.file(1), program())).toBe(
      'has code and data in segment 0, which would be writable and executable',
    );
  });
});

describe('relocation by the loader', () => {
  it('gives one program all of memory, at physical addresses', () => {
    const world = new World({ scheme: 'relocated', frames: 128 });
    const space = world.load(world.file(0x20), program(0, 'position-independent')) as SpaceState;
    expect(load(world, space, 0x10000)).toBe(0x20);
    expect(load(world, space, 0x12000)).toBe(0x22);
    const made = world.access(space, 0x12000, 'load');
    expect(made).toEqual({ kind: 'done', physical: 0x12000 });
    // Nothing keeps it from anything.
    expect(world.access(space, 0, 'store').kind).toBe('done');
    expect(world.access(space, 0x10000, 'store').kind).toBe('done');
    expect(load(world, space, 128 * PAGE_SIZE)).toMatchObject({ kind: 'signal' });
    expect(world.fork(space)).toMatchObject({
      detail: 'fork: a copy would have to be at the same physical addresses as its parent',
    });
    expect(world.load(world.file(1), program())).toContain('a second program has nowhere to be');
  });

  it('refuses what is linked at fixed addresses', () => {
    const world = new World({ scheme: 'relocated', frames: 128 });
    expect(world.load(world.file(1), program())).toBe(
      "linked at 0x10000, with addresses that can't be rewritten; link it with -static-pie to have it relocated",
    );
  });
});
