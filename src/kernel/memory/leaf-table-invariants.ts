/** What must hold of leaf tables that may go to swap; see invariants.ts. */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Slot } from '../../base/numbers.ts';
import { kindOf, payloadOf, TABLE_SWAPPED } from '../../translation/invalid-entry.ts';
import { frameIn } from '../../translation/radix.ts';
import type { RootState, SpaceState } from '../state.ts';
import type { FramedTables } from './framed-tables.ts';
import type { FrameTable } from './frames.ts';
import { isTableRequest, TABLE_KEY } from './leaf-table-state.ts';
import type { LeafTables } from './leaf-tables.ts';
import type { PageTables } from './page-tables.ts';
import { type MemoryState, TABLE } from './state.ts';
import type { Swap } from './swap.ts';

export interface LeafTableInvariantParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  /** The same, where leaf tables may go to swap. */
  readonly framed: FramedTables | undefined;
  readonly leaves: LeafTables | undefined;
  readonly swap: Swap;
}

/** @throws Error naming what is broken */
export function checkLeafTables(parts: LeafTableInvariantParts): void {
  const { root, state, leaves, swap } = parts;
  const { resident, swapped, idle } = state.leafTables;
  if (leaves === undefined) {
    assert(resident.size + swapped.size + idle.size === 0, 'all tables stay in memory');
    return;
  }
  const known = new Map<number, number>();
  for (const { space } of [...resident.values(), ...swapped.values()])
    known.set(space, (known.get(space) ?? 0) + 1);
  const coming = root.requests.filter(isTableRequest);
  for (const { space, slot, frame } of coming) {
    assert(resident.has(frame) && !idle.has(frame), `frame ${frame} is kept for a table on its way`);
    // Here and there it is one table; one that has gone meanwhile is none.
    known.set(space, known.get(space)! - 1);
    assert(swap.key(slot) === TABLE_KEY, `slot ${slot} holds a table`);
  }
  for (const space of root.spaces)
    if (space !== undefined)
      assert(
        (space.leafTables ?? 0) === (known.get(space.id) ?? 0),
        `space ${space.id} counts its leaf tables`,
      );
  const unread = new Set<number>(coming.map(({ frame }) => frame));
  for (const frame of resident.keys()) if (!unread.has(frame)) checkResident(parts, leaves, frame as Frame);
  for (const frame of idle) assert(resident.has(frame), `frame ${frame} holds an idle table`);
  for (const slot of swapped.keys()) checkSwapped(parts, leaves, slot as Slot);
  assert(state.counters.tablePaging.swapped === swapped.size, 'tables in swap are counted');
}

function checkResident(
  { root, state, tables, framed }: LeafTableInvariantParts,
  leaves: LeafTables,
  frame: Frame,
): void {
  const { space: id, first, present } = state.leafTables.resident.get(frame)!;
  const space = spaceOf(root, id);
  const entry = framed!.pointerAt(framed!.pointerTo(space, first));
  assert(
    frameIn(framed!.form.entry, entry.low, entry.high) === frame && tables.isValid(entry.low),
    `the table in frame ${frame} is where its first page says`,
  );
  assert(state.frames.use[frame] === TABLE, `frame ${frame} holds a table`);
  let used = 0;
  let found = 0;
  for (let at = frame * PAGE_SIZE; at < (frame + 1) * PAGE_SIZE; at += framed!.form.entryBytes) {
    const { low } = framed!.pointerAt(at);
    if (low !== 0) used++;
    if (leaves.isPresent(low)) found++;
  }
  assert(used === state.frames.index[frame], `the table in frame ${frame} counts its entries`);
  assert(found === present, `the table in frame ${frame} counts its pages in memory`);
  assert(
    state.leafTables.idle.has(frame) === (present === 0),
    `the table in frame ${frame} is idle without a page in memory`,
  );
}

function checkSwapped(
  { root, state, tables, framed, swap }: LeafTableInvariantParts,
  leaves: LeafTables,
  slot: Slot,
): void {
  const { space: id, first, words, used } = state.leafTables.swapped.get(slot)!;
  const space = spaceOf(root, id);
  const { low, high } = framed!.pointerAt(framed!.pointerTo(space, first));
  assert(
    !tables.isValid(low) && kindOf(low) === TABLE_SWAPPED,
    `the hardware faults where the table of slot ${slot} was`,
  );
  assert(
    payloadOf(framed!.form, low, high) === slot,
    `the table of slot ${slot} is where its first page says`,
  );
  assert(swap.key(slot) === TABLE_KEY, `slot ${slot} holds a table`);
  const step = framed!.form.entryBytes / 4;
  let found = 0;
  let present = 0;
  for (let at = 0; at < words.length; at += step) {
    if (leaves.isPresent(words[at]!)) present++;
    if (words[at] !== 0) found++;
  }
  assert(present === 0, `the table of slot ${slot} leads to no page in memory`);
  assert(found === used, `the table of slot ${slot} counts its entries`);
}

function spaceOf({ spaces }: RootState, id: number): SpaceState {
  const space = spaces[id];
  assert(space !== undefined, `space ${id}, whose table it is, exists`);
  return space;
}
