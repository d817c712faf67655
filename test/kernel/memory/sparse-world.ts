/** Little memory with pages that each lie in a leaf table of their own, which may go to swap. */
import { PAGE_SIZE, type VirtualAddress, virtualAddress } from '../../../src/base/numbers.ts';
import type { MemoryState } from '../../../src/kernel/memory/state.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import { fifo } from '../../../src/policies/replacement/fifo.ts';
import { anonymous, World, type WorldOptions } from './harness.ts';

const BASE = 0x4000_0000;
/** What one leaf table maps: each page of these tests is the first of a table of its own. */
export const RANGE = 512 * PAGE_SIZE;
export const PAGES = 8;
export const at = (page: number, offset = 0): VirtualAddress => virtualAddress(BASE + page * RANGE + offset);

/** Eight frames: a root, a table in the middle, and three leaf tables each with its page. First in, first out. */
export function small(more: Partial<WorldOptions> = {}) {
  const world = new World({ frames: 8, policy: fifo, pageTables: 'pageable', swap: 32, ...more });
  const space = world.memory.createSpace();
  world.memory.addArea(space, anonymous(BASE, PAGES * 512));
  return { world, space, memory: world.memory, counters: world.memory.counters };
}

/**
 * The same after stores to pages 0 to 3, each of which is zero before.
 *
 *   0, 1, 2   take tables L0 L1 L2 and pages P0 P1 P2: all frames
 *   3         L3 needs a frame: no table is idle, so P0 goes, to slot 0; L0 is idle now
 *             P3 needs a frame: L0 goes, to slot 1
 */
export async function filled(more: Partial<WorldOptions> = {}) {
  const small_ = small(more);
  for (let page = 0; page < 4; page++) await small_.world.store1(small_.space, at(page), 20 + page);
  return small_;
}

export const state = (world: World) => world.root.memory as MemoryState;
export const leafTables = (world: World) => state(world).leafTables;

/** Between two instructions, so that none of its pages is needed. */
export function swapOut(world: World, space: SpaceState): number {
  world.memory.forgetProcess(world.run(space).pid);
  return world.memory.swapOut(space);
}

export async function values(world: World, space: SpaceState, pages: readonly number[]): Promise<number[]> {
  const found = [];
  for (const page of pages) found.push(await world.load(space, at(page)));
  return found;
}
