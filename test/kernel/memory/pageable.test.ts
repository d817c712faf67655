/** Leaf tables that go to swap and come back, step by step. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type Slot, type Vpn, virtualAddress } from '../../../src/base/numbers.ts';
import { PageWait } from '../../../src/kernel/memory/contract.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { walk } from '../../../src/translation/radix.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { DISK, World } from './harness.ts';
import { at, filled, leafTables, PAGES, RANGE, small, state, swapOut, values } from './sparse-world.ts';

const tableChanges = (world: World) => world.eventsOf('table').map(({ change }) => change);

describe('a leaf table', () => {
  it('goes when no frame is free and none of its pages is in memory', async () => {
    const { world, space, memory, counters } = await filled();
    expect(counters).toMatchObject({
      evictionsDirty: 1,
      residentPages: 3,
      tableFrames: 5,
      swapUsed: 2,
      swapWrites: 2,
      tablePaging: { evicted: 1, returned: 0, swapped: 1, swappedPeak: 1, dropped: 0, parted: 0 },
    });
    expect(space).toMatchObject({ tableFrames: 5, leafTables: 4 });
    expect([...leafTables(world).swapped.keys()]).toEqual([1]);
    // One more for the root, at the beginning.
    expect(tableChanges(world).filter((change) => change === 'evicted')).toHaveLength(1);
    memory.checkInvariants();
  });

  it('is in its slot as the hardware would have read it, and the hardware faults above it', async () => {
    const { world, space } = await filled();
    const bytes = new Uint8Array(PAGE_SIZE);
    await world.store.read([1 as Slot], bytes);
    const words = new Uint32Array(bytes.buffer);
    // Page 0 is in slot 0: kind 1, payload 0. Nothing else was ever there.
    expect([...words.subarray(0, 4)]).toEqual([1 << 1, 0, 0, 0]);
    expect(words.subarray(2).every((word) => word === 0)).toBe(true);
    const result = walk(sv39, world.machine.ramView, space.root, at(0), 'load');
    expect(result).toEqual({ kind: 'fault', rule: 'valid', level: 1, loads: 2 });
  });

  it('comes back when a page of it is touched, and the page after it', async () => {
    const { world, space, memory, counters } = await filled();
    world.machine.pc = virtualAddress(0x1000);
    world.run(space);
    const before = world.clock.now;
    // L0 needs a frame: P1 goes, to slot 2, and L1 is idle.
    const first = memory.fault(space, at(0), 'load', world.machine.pc);
    expect(first).toMatchObject({ kind: 'blocked' });
    expect(world.root.requests).toMatchObject([{ kind: 'table-in', slot: 1, vpn: at(0) / PAGE_SIZE }]);
    expect(counters.tableFrames).toBe(6);
    memory.checkInvariants();
    await world.settle(first);
    // Two writes are before the read on the disk, and one after it was asked for.
    expect(world.clock.now - before).toBeGreaterThanOrEqual(DISK);
    expect(counters.tablePaging).toMatchObject({ returned: 1, swapped: 0 });
    memory.checkInvariants();
    // P0 needs a frame: L1 goes, to slot 3; L0 is idle as well, but needed.
    const second = memory.fault(space, at(0), 'load', world.machine.pc);
    expect(world.root.requests).toMatchObject([{ kind: 'swap-in', slot: 0 }]);
    await world.settle(second);
    expect(world.machine.access(at(0), 'load')).toBeDefined();
    expect(counters).toMatchObject({
      faults: { zero: 4, table: 1, swapped: 1 },
      majorFaults: 1,
      tablePaging: { evicted: 2, returned: 1, swapped: 1, swappedPeak: 1 },
    });
    expect([...leafTables(world).swapped.keys()]).toEqual([3]);
    expect(await values(world, space, [0, 1, 2, 3])).toEqual([20, 21, 22, 23]);
    memory.checkInvariants();
  });

  it('goes before any page, the one that was idle for longest first', async () => {
    // Victims leave two at a time, so that two tables are idle.
    const { world, space, memory, counters } = small({ frames: 12, paging: { cluster: 2 } });
    for (let page = 0; page < 6; page++) await world.store1(space, at(page), 20 + page);
    const tables = leafTables(world);
    const idle = [...tables.idle].map((frame) => tables.resident.get(frame)!.first);
    expect(idle).toEqual([at(0) / PAGE_SIZE, at(1) / PAGE_SIZE]);
    expect(counters).toMatchObject({ evictionsDirty: 2, tablePaging: { evicted: 0 } });
    await world.store1(space, at(6), 26);
    // L6 and P6 have the frames of L0 and L1, and no page had to go.
    expect([...tables.swapped.values()].map(({ first }) => first)).toEqual(idle);
    expect(counters).toMatchObject({ evictionsDirty: 2, tablePaging: { evicted: 2 } });
    expect(await values(world, space, [0, 1, 2, 3, 4, 5, 6])).toEqual([20, 21, 22, 23, 24, 25, 26]);
    memory.checkInvariants();
  });

  it('goes with its process when that is swapped out', async () => {
    const { world, space, memory, counters } = small({ frames: 12 });
    for (let page = 0; page < 5; page++) await world.store1(space, at(page), 20 + page);
    expect(swapOut(world, space)).toBe(5);
    expect(counters.tablePaging).toMatchObject({ evicted: 5, swapped: 5 });
    expect(counters).toMatchObject({ tableFrames: 2, residentPages: 0, swapUsed: 10 });
    memory.checkInvariants();
    expect(await values(world, space, [0, 1, 2, 3, 4])).toEqual([20, 21, 22, 23, 24]);
  });

  it('is given up without a write when it is empty and nobody needs it', async () => {
    const { world, space, memory, counters } = small({ swap: 1 });
    for (let page = 0; page < 3; page++) await world.store1(space, at(page), 20 + page);
    // P0 takes the only slot, so that L0 can't follow it, and no page can: L3 has its frame, and P3 gets none.
    expect(await world.access(space, at(3), 'store')).toEqual({ kind: 'out-of-memory' });
    expect(counters).toMatchObject({ tableFrames: 6, tablePaging: { evicted: 0, dropped: 0 } });
    memory.checkInvariants();
    expect(await world.load(space, at(1))).toBe(21);
    // P0 comes back into the frame of L3, which the program does not need any more.
    expect(await world.load(space, at(0))).toBe(20);
    expect(counters).toMatchObject({ tableFrames: 5, tablePaging: { evicted: 0, dropped: 1 } });
    expect(space.leafTables).toBe(3);
    memory.checkInvariants();
  });

  it('stays where all stay', async () => {
    const { world, space, counters } = await filled({ pageTables: 'resident', frames: 10 });
    for (let page = 4; page < 7; page++) await world.store1(space, at(page), 20 + page);
    expect(counters.tablePaging).toMatchObject({ evicted: 0, returned: 0 });
    expect(counters.tableFrames).toBe(9);
    expect(space.leafTables).toBeUndefined();
    expect(leafTables(world).resident.size).toBe(0);
  });
});

describe('least memory', () => {
  it('is the upper tables, and the pages of an instruction with their tables', async () => {
    const run = async (frames: number, pageTables: 'resident' | 'pageable') => {
      const { world, space, memory, counters } = small({ frames, pageTables });
      for (let step = 0; step < 60; step++) await world.store1(space, at((step * 5) % PAGES), step + 1);
      memory.checkInvariants();
      return counters.neededPeak;
    };
    // Root and middle; 8 leaf tables or, of them, 4; 4 pages.
    expect(await run(64, 'resident')).toBe(2 + 8 + 4);
    expect(await run(64, 'pageable')).toBe(2 + 4 + 4);
    expect(await run(2 + 4 + 4, 'pageable')).toBe(2 + 4 + 4);
  });

  it('is no more than with resident tables for a program with few', async () => {
    const needed = async (pageTables: 'resident' | 'pageable') => {
      const { world, space, counters } = small({ frames: 20, pageTables });
      for (let page = 0; page < 6; page++) await world.store1(space, at(0, page * PAGE_SIZE), page);
      return counters.neededPeak;
    };
    expect(await needed('resident')).toBe(3 + 4);
    expect(await needed('pageable')).toBe(2 + 1 + 4);
  });
});

describe('what gives pages up or asks about them', () => {
  it('does so without reading the table', async () => {
    const { world, space, memory, counters } = await filled();
    const { swapReads } = counters;
    expect(memory.listAreas(space)).toMatchObject([{ resident: 3, swapped: 1 }]);
    expect(memory.residency(space, at(0), 2 * PAGE_SIZE)).toEqual(Uint8Array.of(0, 0));
    expect(memory.protect(space, at(0), PAGE_SIZE, 1)).toBe(0);
    expect(memory.advise(space, at(0), PAGE_SIZE, 4)).toBe(0);
    expect(counters).toMatchObject({ swapUsed: 0, swapReads, tablePaging: { swapped: 0 } });
    expect(space.leafTables).toBe(3);
    memory.checkInvariants();
    expect(await world.load(space, at(0))).toBe(0);
    expect(await world.access(space, at(0), 'store')).toMatchObject({ kind: 'signal', signal: 11, code: 2 });
  });

  it('keeps what remains in it', async () => {
    const { world, space, memory, counters } = small();
    for (let page = 0; page < 3; page++) await world.store1(space, at(0, page * PAGE_SIZE), 30 + page);
    for (let page = 1; page < 4; page++) await world.store1(space, at(page), 20 + page);
    expect(leafTables(world).swapped.size).toBe(1);
    const used = counters.swapUsed;
    expect(memory.unmap(space, at(0, PAGE_SIZE), PAGE_SIZE)).toBe(0);
    expect(counters.swapUsed).toBe(used - 1);
    memory.checkInvariants();
    // It is read as it was written, without page 1 of it.
    expect(await world.load(space, at(0, 2 * PAGE_SIZE))).toBe(32);
    expect(await world.access(space, at(0, PAGE_SIZE), 'load')).toMatchObject({ signal: 11, code: 1 });
    expect(await world.load(space, at(0))).toBe(30);
    expect(counters).toMatchObject({ lostPages: 0, tablePaging: { returned: 1 } });
    memory.checkInvariants();
  });

  it('moves entries out of it and into it', async () => {
    const { world, space, memory, counters } = await filled();
    // Out of L0, which becomes empty, to the second page of L1, which is in memory.
    const move = (from: number, to: number) =>
      world.call(space, () =>
        memory.remap(space, virtualAddress(from), PAGE_SIZE, PAGE_SIZE, 3, virtualAddress(to)),
      );
    const to = at(1, 5 * PAGE_SIZE);
    memory.unmap(space, to, PAGE_SIZE);
    expect(await move(at(0), to)).toBe(to);
    memory.checkInvariants();
    expect(leafTables(world).swapped.size).toBe(0);
    expect(await world.load(space, to)).toBe(20);
    // Pages 1 and 2 leave; a page in memory moves into a table in swap, which has to come first.
    for (const page of [4, 5, 6, 7, 4]) await world.store1(space, at(page), 20 + page);
    const { returned } = counters.tablePaging;
    const swapped = [...leafTables(world).swapped.values()].map(({ first }) => first);
    const target = at(2, 7 * PAGE_SIZE);
    expect(swapped).toContain((at(2) / PAGE_SIZE) as Vpn);
    memory.unmap(space, target, PAGE_SIZE);
    expect(await move(at(4), target)).toBe(target);
    expect(counters.tablePaging.returned).toBe(returned + 1);
    memory.checkInvariants();
    expect(await world.load(space, target)).toBe(24);
    expect(await values(world, space, [1, 2, 3, 5])).toEqual([21, 22, 23, 25]);
  });

  it('frees everything at the end', async () => {
    const { world, space, memory, counters } = await filled();
    world.end(space);
    memory.checkInvariants();
    expect(counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0, swapReads: 0 });
    expect(leafTables(world)).toMatchObject({ resident: new Map(), idle: new Set(), swapped: new Map() });
  });
});

describe('a table on its way', () => {
  async function coming() {
    const all = await filled();
    const { world, space, memory } = all;
    const { pid } = world.run(space);
    const outcome = memory.fault(space, at(0), 'load', virtualAddress(0x1000));
    expect(outcome.kind).toBe('blocked');
    return { ...all, pid, request: world.root.requests[0]! };
  }

  it('is one for all who wait for it', async () => {
    const { world, space, memory, counters } = await coming();
    const thread = world.run(space);
    const other = { ...thread, pid: (thread.pid + 50) as typeof thread.pid };
    world.root.processes.push(other);
    world.root.running = other.pid;
    const outcome = memory.fault(space, at(0, 3 * PAGE_SIZE), 'load', virtualAddress(0x2000));
    expect(outcome).toEqual({ kind: 'blocked', request: world.root.requests[0]!.id });
    await world.settle(outcome);
    expect(counters.tablePaging.returned).toBe(1);
    expect(await world.load(space, at(0))).toBe(20);
    memory.checkInvariants();
  });

  it('is not wanted when its pages are given up', async () => {
    const { world, space, memory, counters, request } = await coming();
    memory.unmap(space, at(0), RANGE);
    memory.checkInvariants();
    expect(leafTables(world).swapped.size).toBe(0);
    await world.settle({ kind: 'blocked', request: request.id });
    expect(world.root.requests).toEqual([]);
    expect(counters.tablePaging).toMatchObject({ returned: 0, swapped: 0 });
    memory.checkInvariants();
    expect(await values(world, space, [1, 2, 3])).toEqual([21, 22, 23]);
  });

  it('goes with its space', async () => {
    const { world, space, memory, counters } = await coming();
    world.end(space);
    memory.checkInvariants();
    expect(world.root.requests).toEqual([]);
    expect(counters).toMatchObject({ residentPages: 0, tableFrames: 0, swapUsed: 0 });
  });

  it('is in a snapshot, and what is in swap too', async () => {
    const { world, space } = await coming();
    const store = new MemoryStore(32);
    store.load((await world.store.save())!);
    const copy = new World({ ...world.options, store }, world);
    copy.memory.checkInvariants();
    world.events.length = 0;
    const play = async (on: World) => {
      const found = await values(on, on.space(space.id), [0, 3, 1, 2, 0, 5, 1]);
      on.memory.checkInvariants();
      return found;
    };
    expect(await play(world)).toEqual([20, 23, 21, 22, 20, 0, 21]);
    expect(await play(copy)).toEqual([20, 23, 21, 22, 20, 0, 21]);
    expect(copy.events).toEqual(world.events);
    expect(copy.machine.ram).toEqual(world.machine.ram);
  });
});

describe('fork with tables in swap', () => {
  it.each(['copy-on-write', 'eager'] as const)('%s: reads them, and both have the contents', async (mode) => {
    const { world, space, memory, counters } = await filled({ frames: 14 });
    swapOut(world, space);
    expect(leafTables(world).swapped.size).toBe(4);
    const child = await world.child(space, mode);
    expect(counters.tablePaging.returned).toBeGreaterThanOrEqual(4);
    memory.checkInvariants();
    await world.store1(child, at(1), 99);
    expect(await values(world, space, [0, 1, 2, 3])).toEqual([20, 21, 22, 23]);
    expect(await values(world, child, [0, 1, 2, 3])).toEqual([20, 99, 22, 23]);
    memory.checkInvariants();
  });
});

describe('the page daemon', () => {
  it('frees idle tables first, in the background', async () => {
    const daemon = { low: 2, high: 3, first: 'any' } as const;
    const { world, space, memory, counters } = small({ frames: 10, paging: { daemon } });
    for (let page = 0; page < 7; page++) await world.store1(space, at(page), 20 + page);
    await world.betweenSteps();
    expect(counters.tablePaging.evicted).toBeGreaterThan(0);
    expect(state(world).frames.pages.freed.length).toBeGreaterThanOrEqual(2);
    expect(await values(world, space, [0, 1, 2, 3, 4, 5, 6])).toEqual([20, 21, 22, 23, 24, 25, 26]);
    memory.checkInvariants();
  });
});

describe('a system call', () => {
  it('waits for a table as for a page, and goes on where it was', async () => {
    const { world, space, memory } = await filled();
    world.run(space);
    const user = memory.user(space);
    expect(() => user.readU32(at(0))).toThrow(PageWait);
    expect(world.root.requests).toMatchObject([{ kind: 'table-in' }]);
    expect(await world.call(space, () => user.readU32(at(0)))).toBe(20);
    await world.call(space, () => user.writeU32(at(1), 7));
    expect(await values(world, space, [0, 1])).toEqual([20, 7]);
    memory.checkInvariants();
  });
});
