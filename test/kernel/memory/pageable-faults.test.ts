/** Leaf tables whose transfers fail. */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import { parseFaults } from '../../../src/stores/fault-syntax.ts';
import { FaultyStore } from '../../../src/stores/faulty.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import type { WorldOptions } from './harness.ts';
import { at, filled, leafTables, values } from './sparse-world.ts';

const SIGBUS = { kind: 'signal', signal: 7, code: 2 };

describe('a table that can not be read back', () => {
  // L0 is written to slot 1: see `filled`.
  const broken = (faults: string, more: Partial<WorldOptions> = {}) =>
    filled({ store: new FaultyStore(new MemoryStore(32), parseFaults(faults, ''), 1), ...more });

  it.each([
    ['read:slot=1', {}, /a page table that can't be read from swap/],
    ['corrupt:slot=1', {}, /a page table that came back from swap otherwise than it went: checksum/],
    // The kernel knows what it wrote, whether pages are checked or not.
    [
      'corrupt:slot=1',
      { checksums: 'off' },
      /a page table that came back from swap otherwise than it went \(/,
    ],
  ] as const)('%s %j: is missed by who touches its range, and by nobody else', async (faults, more, why) => {
    const { world, space, memory, counters } = await broken(faults, more);
    for (const offset of [0, 0, 3 * PAGE_SIZE]) {
      expect(await world.access(space, at(0, offset), 'load')).toEqual(SIGBUS);
      memory.checkInvariants();
    }
    expect(memory.fault(space, at(0), 'load', virtualAddress(0x1000))).toHaveProperty(
      'detail',
      expect.stringMatching(why),
    );
    expect(counters).toMatchObject({ lostPages: 1, badSlots: 1, tablePaging: { returned: 0, swapped: 1 } });
    expect(await values(world, space, [1, 2, 3])).toEqual([21, 22, 23]);
    // A range that is mapped anew has a table of its own, and the page's slot is free.
    world.map(space, at(0), 512);
    expect(await world.load(space, at(0))).toBe(0);
    memory.checkInvariants();
    world.end(space);
    memory.checkInvariants();
    expect(counters).toMatchObject({ tableFrames: 0, swapUsed: 0 });
  });

  it('can not be copied: fork fails, and leaves nothing', async () => {
    // As in `filled`, with six pairs: P0 goes to slot 0 and L0 to slot 1.
    const { world, space, memory, counters } = await broken('read:slot=1', { frames: 14 });
    for (let page = 4; page < 7; page++) await world.store1(space, at(page), 20 + page);
    const spaces = world.root.spaces.length;
    expect(await world.fork(space)).toMatchObject({
      kind: 'out-of-memory',
      detail: expect.stringMatching(/a page table that can't be read from swap/),
    });
    expect(world.root.spaces.filter(Boolean)).toHaveLength(spaces);
    expect(counters.lostPages).toBe(1);
    memory.checkInvariants();
    expect(await values(world, space, [1, 2, 3, 4])).toEqual([21, 22, 23, 24]);
  });

  it('that can not be written goes to another slot', async () => {
    const { world, space, memory, counters } = await broken('write:slot=1');
    expect(counters).toMatchObject({ badSlots: 1, writesRetried: 1, tablePaging: { evicted: 1 } });
    expect([...leafTables(world).swapped.keys()]).toEqual([2]);
    expect(await values(world, space, [0, 1, 2, 3])).toEqual([20, 21, 22, 23]);
    memory.checkInvariants();
  });
});
