/** What must hold of superpages; see invariants.ts. */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import { frameIn, hasBit, indexAt, isLeaf } from '../../translation/radix.ts';
import type { RootState, SpaceState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import { type MemoryState, PAGE } from './state.ts';
import type { Superpage } from './superpage-state.ts';
import type { SuperpageTables } from './superpage-tables.ts';

export interface SuperpageInvariantParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  /** `undefined`: there are no superpages. */
  readonly superpages: SuperpageTables | undefined;
}

/** @throws Error naming what is broken */
export function checkSuperpages(parts: SuperpageInvariantParts): void {
  const { root, state, superpages } = parts;
  const { mapped } = state.superpages;
  if (superpages === undefined) {
    assert(mapped.size === 0, 'there are no superpages where none may be');
    return;
  }
  let leaves = 0;
  for (const space of root.spaces)
    if (space !== undefined) leaves += countLeaves(parts, superpages, space.root, 0);
  assert(leaves === mapped.size, 'every leaf above the last level is known');
  for (const [table, superpage] of mapped) checkSuperpage(parts, superpages, table as Frame, superpage);
  const counts = state.counters.superpages;
  const split = Object.values(counts.split).reduce((sum, n) => sum + n, 0);
  assert(
    counts.mapped + counts.joined === mapped.size + counts.freed + split,
    'superpages that were made are there, or were split or freed',
  );
}

/** Found by walking all tables, deposited ones aside. */
function countLeaves(
  parts: SuperpageInvariantParts,
  tables: SuperpageTables,
  table: Frame,
  level: number,
): number {
  const { indexBits, entry, entryBytes } = tables.radix;
  if (level === indexBits.length - 1) return 0;
  let leaves = 0;
  let left = parts.state.frames.index[table]!;
  for (let index = 0; left > 0; index++) {
    const { low, high } = tables.pointerAt(table * PAGE_SIZE + index * entryBytes);
    if (low !== 0) left--;
    if (!hasBit(low, entry.valid)) continue;
    if (!isLeaf(entry, low)) leaves += countLeaves(parts, tables, frameIn(entry, low, high), level + 1);
    else {
      leaves++;
      assert(level === indexBits.length - 2, 'a superpage is a leaf just above the last level');
    }
  }
  return leaves;
}

/**
 * The leaf is where the pages are looked up, and says of all of them what the deposited table says of each, A and D
 * aside.
 */
function checkSuperpage(
  { root, frames }: SuperpageInvariantParts,
  tables: SuperpageTables,
  table: Frame,
  superpage: Superpage,
): void {
  const { space: id, first, at } = superpage;
  const { radix, span } = tables;
  const { entry, entryBytes } = radix;
  const space = root.spaces[id];
  assert(space !== undefined && first % span === 0, `a superpage of space ${id} is aligned`);
  assert(walkTo(tables, space, first) === at, `the leaf of page ${first} is where that is looked up`);
  const { low, high } = tables.pointerAt(at);
  const base = frameIn(entry, low, high);
  assert(isLeaf(entry, low) && base % span === 0, `the leaf of page ${first} has aligned frames`);
  assert(
    tables.find(space, first) === table * PAGE_SIZE,
    `page ${first} has its place in the deposited table`,
  );
  const noted = (1 << entry.accessed) | (1 << entry.dirty);
  const kept = noted | (entry.leaf === undefined ? 0 : 1 << entry.leaf);
  const flags = 2 ** entry.ppnShift - 1;
  for (let i = 0; i < span; i++) {
    const own = tables.pointerAt(table * PAGE_SIZE + i * entryBytes);
    const frame = frameIn(entry, own.low, own.high);
    assert(frame === base + i, `page ${first + i} has frame ${base + i}`);
    assert(
      (own.low & flags & ~kept) === (low & flags & ~kept) && nx(own.high) === nx(high),
      `page ${first + i} may be used as its superpage may`,
    );
    const isOwn = frames.state.use[frame] === PAGE && frames.object(frame) === -1;
    assert(isOwn, `frame ${frame} of a superpage holds an anonymous page`);
  }
}

const nx = (high: number): number => high >>> 31;

/** The entry above the last level, by the definition of the walk. */
function walkTo(tables: SuperpageTables, space: SpaceState, page: Vpn): number {
  const { radix } = tables;
  let table: Frame = space.root;
  for (let level = 0; ; level++) {
    const at = table * PAGE_SIZE + indexAt(radix, level, page * PAGE_SIZE) * radix.entryBytes;
    if (level === radix.indexBits.length - 2) return at;
    const { low, high } = tables.pointerAt(at);
    table = frameIn(radix.entry, low, high);
  }
}
