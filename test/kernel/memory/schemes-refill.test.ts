/** What the miss handler and the fault handler do for a page, step by step, by hand; and tables without room. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { isOutOfMemory } from '../../../src/kernel/memory/contract.ts';
import { PieceTables } from '../../../src/kernel/memory/piece-tables.ts';
import { type PagingScheme, pagingSchemes } from '../../../src/kernel/memory/schemes.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { twoLevel } from '../../../src/translation/two-level.ts';
import { World, type WorldOptions } from './harness.ts';

const scheme = (name: string): PagingScheme => pagingSchemes.find((one) => one.name === name)!;
const at = (page: number) => page * PAGE_SIZE;

/** Segments of 8 MiB, whose tables have two frames at most. */
const hybrid: PagingScheme = {
  ...scheme('hybrid'),
  end: 2 ** 25,
  build: (parts) => new PieceTables(parts, { format: { ...twoLevel, addressBits: 25 }, segmentBits: 2 }),
};

function world(options: WorldOptions): { world: World; space: SpaceState } {
  const made = new World(options);
  return { world: made, space: made.memory.createSpace() };
}

describe('a page that is used for the first time', () => {
  // Sv39: root and two tables; an anonymous page needs both tables, so that the first look-up ends at the root.
  it.each([
    // miss: the root. Fault. Miss: three entries. The first store finds the entry clean: three entries again.
    ['retry', { misses: 2, modifies: 1, reads: 1 + 3 + 3, byHandler: 0 }],
    // The handler of the fault looks up what it has made.
    ['handler', { misses: 1, modifies: 1, reads: 1 + 3 + 3, byHandler: 1 }],
  ] as const)('sv39, %s', async (refill, counts) => {
    const { world: w, space } = world({ frames: 20, scheme: scheme('sv39'), refill });
    w.map(space, at(100), 4);
    expect(await w.load(space, at(100))).toBe(0);
    await w.store1(space, at(100), 7);
    expect(await w.load(space, at(100))).toBe(7);
    expect(w.memory.counters.refills).toEqual(counts);
    expect(w.memory.counters.faults).toEqual({ zero: 1 });
  });

  it.each([
    // No table, then its entry, and the entry again for the store; the neighbour's is there and invalid.
    [hybrid, [0, 1, 1, 1]],
    // No node: its bucket. Then the bucket and the node. Of the neighbour nothing is known (it has another bucket).
    [scheme('hashed'), [1, 2, 1, 2]],
    // The anchor alone; no record. Then the anchor and the entry.
    [scheme('inverted'), [1, 2, 1, 2]],
    // All 20 entries and no record. Frame 1 comes behind the table's own frame, so its entry is the second.
    [scheme('inverted:scan'), [20, 2, 20, 3]],
  ] as const)('$name reads what its structure says', async (one, reads) => {
    const { world: w, space } = world({ frames: 20, scheme: one });
    w.map(space, at(100), 4);
    await w.store1(space, at(100), 1);
    await w.store1(space, at(101), 2);
    expect(w.eventsOf('refill').map((event) => event.reads)).toEqual(reads);
    expect(w.memory.counters.refills.reads).toBe(reads.reduce<number>((sum, count) => sum + count, 0));
  });

  it('a store to a clean page sets its bit where the policy looks', async () => {
    const { world: w, space } = world({ frames: 20, scheme: scheme('hashed') });
    w.map(space, at(100), 3);
    await w.load(space, at(100));
    // What the last instruction needed stays.
    await w.load(space, at(101));
    expect(w.memory.swapOut(space)).toBe(1);
    expect(w.memory.counters.evictionsClean).toBe(1);
    await w.load(space, at(100));
    await w.store1(space, at(100), 9);
    await w.load(space, at(102));
    expect(w.memory.swapOut(space)).toBe(2);
    expect(w.memory.counters).toMatchObject({ evictionsDirty: 1, swapWrites: 1 });
    expect(await w.load(space, at(100))).toBe(9);
  });
});

describe('an address that no space of the scheme has', () => {
  it.each(['two-level', 'hashed', 'inverted'])('%s: is a segmentation fault', async (name) => {
    const { world: w, space } = world({ frames: 20, scheme: scheme(name) });
    const { end } = space.layout;
    for (const address of [end, end + 0x1000, 2 ** 47, 2 ** 52])
      expect(await w.access(space, address, 'load')).toEqual({ kind: 'signal', signal: 11, code: 1 });
  });
});

describe('a frame that is mapped twice in an inverted table', () => {
  it('is found as either page, in turns, and as the one that is left', async () => {
    const { world: w, space } = world({ frames: 20, scheme: scheme('inverted') });
    const file = w.objects.file(1, 40);
    for (const page of [100, 200])
      w.map(space, at(page), 1, { shared: true, backing: { object: file, offset: 0, length: 1 } });
    const inverted = () => (w.root.memory as { tables: { inverted: { reentered: number } } }).tables.inverted;
    await w.store1(space, at(100), 5);
    expect(await w.load(space, at(200))).toBe(5);
    expect(inverted().reentered).toBe(1);
    w.machine.flushAll();
    expect(await w.load(space, at(100))).toBe(5);
    expect(inverted().reentered).toBe(2);
    w.memory.unmap(space, virtualAddress(at(100)), PAGE_SIZE);
    w.machine.flushAll();
    expect(await w.load(space, at(200))).toBe(5);
    expect(inverted().reentered).toBe(3);
    expect(await w.access(space, at(100), 'load')).toMatchObject({ kind: 'signal', signal: 11 });
  });
});

describe('a region of tables that is full', () => {
  /** 16 frames: 8 are the tables', which two spaces take up; both have pages that they are in the middle of using. */
  async function full() {
    const w = new World({ frames: 16, scheme: hybrid });
    const spaces = [w.memory.createSpace(), w.memory.createSpace()];
    // The last page but one of each segment, whose table has two frames then.
    for (const space of spaces)
      for (const page of [2046, 4094]) {
        w.map(space, at(page), 1);
        await w.store1(space, at(page), page % 251);
      }
    const [one, two] = spaces as [SpaceState, SpaceState];
    return { w, one, two };
  }

  it('lets nobody wait for what does not come, and says what is lacking', async () => {
    const { w, one, two } = await full();
    w.map(two, at(7000), 1);
    w.run(one);
    w.memory.fault(one, virtualAddress(at(2046)), 'load', virtualAddress(0x1000));
    expect(await w.access(two, at(7000), 'load')).toEqual({ kind: 'out-of-memory' });
    w.run(two);
    expect(w.memory.fault(two, virtualAddress(at(7000)), 'load', virtualAddress(0x1000))).toMatchObject({
      kind: 'out-of-memory',
      lacks: 'tables',
      detail: 'the 8 frames of the page tables have no room for another piece',
    });
    expect(w.root.requests).toEqual([]);
    w.memory.checkInvariants();
    w.end(one);
    expect(await w.load(two, at(7000))).toBe(0);
    expect(await w.load(two, at(4094))).toBe(4094 % 251);
    w.memory.checkInvariants();
  });

  it('fails a fork, which leaves nothing behind', async () => {
    const { w, one } = await full();
    const child = await w.fork(one);
    expect(isOutOfMemory(child) && child.lacks).toBe('tables');
    w.memory.checkInvariants();
    expect(await w.load(one, at(2046))).toBe(2046 % 251);
  });

  it('fails a move of pages, which stay where they are', async () => {
    const { w, two } = await full();
    const moved = w.memory.remap(
      two,
      virtualAddress(at(2046)),
      PAGE_SIZE,
      PAGE_SIZE,
      3,
      virtualAddress(at(7000)),
    );
    expect(moved).toBe(-12);
    expect(await w.load(two, at(2046))).toBe(2046 % 251);
    w.memory.checkInvariants();
  });
});
