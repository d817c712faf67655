/**
 * The example of the lecture "Virtual Memory and Paging": 4 frames, 8 virtual pages. VP1, VP2, VP4 and VP7 are in memory, VP3 and VP6
 * on the backing store, VP0 and VP5 nowhere. VP2 is found in frame 1; VP6 takes frame 3 from VP4, which is written
 * back only if it was changed.
 *
 * ```
 *  frame      0    1    2    3
 *  before   VP7  VP2  VP1  VP4
 *  after    VP7  VP2  VP1  VP6
 * ```
 */
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { anonymous, World } from './harness.ts';

const BASE = 0x10_0000;
const at = (page: number, offset = 0) => BASE + page * PAGE_SIZE + offset;

/** Pages 3, 2, 6 and 4 fill the frames in this order; then 2 is used, 7 takes 3's frame and 1 takes 6's. */
async function lectureMemory() {
  const world = new World({ frames: 12, sizing: { mode: 'frames', frames: 4 }, policy: lru });
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, 8));
  for (const page of [3, 2, 6, 4]) await world.store1(space, at(page, page), 0x10 + page);
  const first = await frameOf(world, space, 2);
  for (const page of [7, 1]) await world.store1(space, at(page, page), 0x10 + page);
  return { world, space, frameOf: async (page: number) => (await frameOf(world, space, page)) - first + 1 };
}

async function frameOf(world: World, space: SpaceState, page: number): Promise<number> {
  const result = await world.access(space, at(page), 'load');
  if (result.kind !== 'done') throw new Error('no page');
  return Math.floor(result.physical / PAGE_SIZE);
}

const residentPages = (world: World, space: SpaceState): number[] => {
  const resident = world.memory.residency(space, virtualAddress(BASE), 8 * PAGE_SIZE) as Uint8Array;
  return [...resident.keys()].filter((page) => resident[page] === 1);
};

describe("the lecture's memory of 4 frames and 8 virtual pages", () => {
  it('finds VP2 in frame 1 without the kernel', async () => {
    const { world, space, frameOf } = await lectureMemory();
    expect(residentPages(world, space)).toEqual([1, 2, 4, 7]);
    expect(world.memory.counters).toMatchObject({ swapUsed: 2, swapWrites: 2 });
    const before = { ...world.memory.counters.faults };
    expect(await frameOf(2)).toBe(1);
    expect(world.memory.counters.faults).toEqual(before);
  });

  it('writes VP4 back, which was changed, and puts VP6 into frame 3, where the instruction is tried again', async () => {
    const { world, space, frameOf } = await lectureMemory();
    expect(await world.load(space, at(6, 6))).toBe(0x16);
    expect(world.memory.counters).toMatchObject({ swapWrites: 3, swapReads: 1, evictionsDirty: 3 });
    expect(residentPages(world, space)).toEqual([1, 2, 6, 7]);
    expect([await frameOf(6), await frameOf(2), await frameOf(7), await frameOf(1)]).toEqual([3, 1, 0, 2]);
    expect(await world.load(space, at(4, 4))).toBe(0x14);
    world.memory.checkInvariants();
  });

  it('drops VP4 without a write when the copy on the backing store is still good', async () => {
    const { world, space, frameOf } = await lectureMemory();
    // Once there and back: VP4 has its copy, and is only read from then on.
    for (const page of [2, 7, 1, 6, 2, 7, 1, 4]) await world.load(space, at(page));
    for (const page of [2, 7, 1]) await world.load(space, at(page));
    const { swapWrites, evictionsClean } = world.memory.counters;
    const frame = await frameOf(4);
    for (const page of [2, 7, 1]) await world.load(space, at(page));
    expect(await world.load(space, at(6, 6))).toBe(0x16);
    expect(world.memory.counters).toMatchObject({ swapWrites, evictionsClean: evictionsClean + 1 });
    expect(await frameOf(6)).toBe(frame);
    world.memory.checkInvariants();
  });
});
