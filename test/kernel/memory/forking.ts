/** What tests of forks begin with. */
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import type { Area, SpaceState } from '../../../src/kernel/state.ts';
import { anonymous, World, type WorldOptions } from './harness.ts';

export const BASE = 0x10_0000;
export const at = (page: number, offset = 0) => virtualAddress(BASE + page * PAGE_SIZE + offset);

/** A space whose `pages` pages from `BASE` on hold 1, 2, 3 and so on. */
export async function written(pages: number, options: Partial<WorldOptions> = {}) {
  const world = new World({ frames: 64, ...options });
  const parent = world.memory.createSpace();
  world.memory.addArea(parent, anonymous(BASE, pages));
  for (let page = 0; page < pages; page++) await world.store1(parent, at(page), 1 + page);
  return { world, parent, memory: world.memory };
}

/** The first `pages` pages of an object, at `BASE`. */
export const fileArea = (object: number, pages: number, more: Partial<Area> = {}): Area => ({
  ...anonymous(BASE, pages),
  backing: { object, offset: 0, length: pages * PAGE_SIZE },
  ...more,
});

/** The first bytes of the pages from `BASE` on. */
export async function values(world: World, space: SpaceState, pages: number): Promise<number[]> {
  const found = [];
  for (let page = 0; page < pages; page++) found.push(await world.load(space, at(page)));
  return found;
}
