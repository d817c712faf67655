/** What must hold between any two operations; for tests and for doubt. */
import { assert } from '../../base/errors.ts';
import { addressOf, type Frame, PAGE_SIZE, type Slot, type Vpn } from '../../base/numbers.ts';
import { HIDDEN, kindOf, UNUSED } from '../../translation/invalid-entry.ts';
import type { RootState, SpaceState } from '../state.ts';
import { findArea } from './areas.ts';
import { NO_ASID } from './asids.ts';
import type { FramedTables } from './framed-tables.ts';
import type { FrameTable } from './frames.ts';
import { checkLeafTables } from './leaf-table-invariants.ts';
import { isTableRequest, TABLE_KEY } from './leaf-table-state.ts';
import type { LeafTables } from './leaf-tables.ts';
import type { Mappings } from './mappings.ts';
import type { PageBits } from './page-bits.ts';
import type { PageTables } from './page-tables.ts';
import { checkPaging } from './paging-invariants.ts';
import { isPause } from './pauses.ts';
import {
  AHEAD,
  ASIDE,
  FREE,
  type FramePool,
  LOADING,
  type MemoryState,
  mappingCode,
  PAGE,
  pageOfCode,
  spaceOfCode,
  TABLE,
} from './state.ts';
import { checkSuperpages } from './superpage-invariants.ts';
import type { SuperpageTables } from './superpage-tables.ts';
import type { Swap } from './swap.ts';

export interface InvariantParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly framed: FramedTables | undefined;
  readonly leaves: LeafTables | undefined;
  readonly superpages: SuperpageTables | undefined;
  readonly mappings: Mappings;
  readonly pageBits: PageBits;
  readonly swap: Swap;
}

/** What the tables of all spaces say, taken together. */
interface Census {
  readonly tableFrames: Set<number>;
  /** Mapping codes by frame. */
  readonly mapped: Map<number, Set<number>>;
  /** References by slot. */
  readonly slots: Map<number, number>;
  /** Frames that a private mapping may write, each as often as there are such mappings. */
  readonly written: Map<number, number>;
}

/** @throws Error naming what is broken */
export function checkInvariants(parts: InvariantParts): void {
  const census = takeCensus(parts);
  checkAsids(parts);
  for (const space of parts.root.spaces) if (space !== undefined) checkAreas(space);
  checkFrames(parts, census);
  checkPools(parts);
  checkObjects(parts);
  checkPins(parts);
  checkSwap(parts, census);
  checkWrites(parts, census);
  checkKeys(parts);
  checkRequests(parts);
  checkForks(parts);
  checkPaging(parts);
  checkLeafTables(parts);
  checkSuperpages(parts);
}

function checkAsids({ root }: InvariantParts): void {
  const tags = root.spaces.flatMap((space) =>
    space === undefined || space.asid === NO_ASID ? [] : [space.asid],
  );
  assert(new Set(tags).size === tags.length, 'no two spaces have one address-space identifier');
}

function takeCensus(parts: InvariantParts): Census {
  const census: Census = { tableFrames: new Set(), mapped: new Map(), slots: new Map(), written: new Map() };
  for (const space of parts.root.spaces) if (space !== undefined) countSpace(parts, space, census);
  parts.tables.forEachShared((frame) => {
    assert(!census.tableFrames.has(frame), 'a shared table is in no space');
    census.tableFrames.add(frame);
  });
  // Nothing leads to a table before it has been read.
  for (const request of parts.root.requests)
    if (isTableRequest(request)) census.tableFrames.add(request.frame);
  for (const slot of parts.state.leafTables.swapped.keys()) add(census.slots, slot);
  return census;
}

function countSpace(parts: InvariantParts, space: SpaceState, census: Census): void {
  const { tables, mappings, frames } = parts;
  let tableCount = 0;
  tables.forEachTable(space, (frame) => {
    assert(!census.tableFrames.has(frame), 'a table has one place in one space');
    census.tableFrames.add(frame);
    tableCount++;
  });
  assert(tableCount === space.tableFrames, `space ${space.id} counts its table frames`);
  let resident = 0;
  tables.forEach(space, 0, 2 ** (tables.format.addressBits - 12), (page, at) => {
    assert(
      findArea(space.areas, addressOf(page)) !== undefined,
      `page ${page} of space ${space.id} lies in an area`,
    );
    const frame = mappings.frameOf(at);
    const slot = mappings.slotOf(at);
    if (slot !== -1) add(census.slots, slot);
    if (frame === -1) return;
    resident++;
    assert(!frames.has(frame, LOADING), 'a page is mapped when it has arrived');
    const codes = census.mapped.get(frame) ?? new Set();
    census.mapped.set(frame, codes.add(mappingCode(space.id, page)));
    checkEntry(parts, census, space, page, at, frame);
  });
  assert(resident === space.resident, `space ${space.id} counts its resident pages`);
}

function checkEntry(
  { tables, mappings, frames, pageBits }: InvariantParts,
  { written }: Census,
  space: SpaceState,
  page: Vpn,
  at: number,
  frame: Frame,
): void {
  const area = findArea(space.areas, addressOf(page))!;
  const low = tables.low(at);
  const isValid = tables.isValid(low);
  const expected = area.protection === 0 ? HIDDEN : UNUSED;
  assert(isValid ? area.protection !== 0 : kindOf(low) === expected, `page ${page} is hidden for its reason`);
  if (!isValid) return;
  const { read, write, execute, user, accessed, dirty } = tables.format.entry;
  const has = (bit: number) => (low >>> bit) & 1;
  assert(!frames.has(frame, ASIDE), `nobody can access the page in frame ${frame}, which was set aside`);
  const isTold = pageBits.mode === 'traps';
  assert(!isTold || has(accessed) === 1, 'the hardware has no referenced bit to set');
  assert(!isTold || has(write) <= has(dirty), 'the hardware has no dirty bit to set');
  assert(has(user) === 1, 'entries of programs allow user mode');
  assert(has(read) === ((area.protection & 3) !== 0 ? 1 : 0), 'R agrees with the area');
  const isExecutable = (mappings.granted(area) & 4) !== 0;
  assert(has(execute) === (isExecutable ? 1 : 0), 'X agrees with the area and the rule');
  if (has(write) === 0) return;
  assert(
    (area.protection & 2) !== 0 && mappings.isWritable(area, frame),
    'W only where a store needs no copy',
  );
  if (!area.shared) add(written, frame);
}

/** A key is one page's: in one frame, in one slot, or in a frame and the slot that holds the same. */
function checkKeys({ state, frames, swap, root }: InvariantParts): void {
  const inFrames = new Map<number, number>();
  for (let frame = 0; frame < state.frames.count; frame++) {
    if (state.frames.use[frame] !== PAGE) continue;
    const key = frames.key(frame as Frame);
    assert(!inFrames.has(key), `page ${key} is in one frame`);
    inFrames.set(key, frame);
  }
  const inSlots = new Set<number>();
  state.swap.references.forEach((count, slot) => {
    if (count === 0) return;
    const key = swap.key(slot as Slot);
    if (key === TABLE_KEY) return;
    const frame = inFrames.get(key);
    assert(!inSlots.has(key), `page ${key} is in one slot`);
    inSlots.add(key);
    const agrees = frame === undefined || frames.slot(frame as Frame) === slot;
    assert(
      agrees || root.requests.some((r) => r.frame === frame && r.slot === slot),
      `page ${key} is the same in frame ${frame} and in slot ${slot}`,
    );
  });
}

/** Counted anew, and not by what the mechanism goes by: what one may write, nobody else has. */
function checkWrites({ frames }: InvariantParts, { written, mapped, slots }: Census): void {
  for (const [frame, writers] of written) {
    assert(
      writers === 1 && mapped.get(frame)!.size === 1,
      `frame ${frame} has one mapping if that may write`,
    );
    assert(
      frames.object(frame as Frame) === -1,
      `frame ${frame} is no object's page if a private mapping may write`,
    );
    const slot = frames.slot(frame as Frame);
    assert(
      slot === -1 || slots.get(slot) === 1,
      `slot ${slot} is nobody's but its frame's, which may be written`,
    );
  }
}

function checkRequests({ root, state }: InvariantParts): void {
  const frames = new Set<number>();
  const numbers = new Set<number>();
  for (const request of root.requests) {
    numbers.add(request.id);
    if (isPause(request)) continue;
    assert(!frames.has(request.frame), `frame ${request.frame} is loaded by one request`);
    frames.add(request.frame);
    assert(state.askers.has(request.id), `somebody made request ${request.id}`);
  }
  for (const id of state.askers.keys()) assert(numbers.has(id), `request ${id} is under way`);
}

function checkForks({ root, state }: InvariantParts): void {
  const children = new Set<number>();
  for (const [pid, { parent, child }] of state.forks) {
    assert(root.spaces[parent] !== undefined, `the fork of process ${pid} has a parent`);
    assert(
      root.spaces[child] !== undefined && !children.has(child),
      `the fork of process ${pid} has its own child`,
    );
    children.add(child);
  }
}

function checkAreas(space: SpaceState): void {
  let end = 0;
  for (const area of space.areas) {
    assert(area.start >= end && area.end > area.start, `areas of space ${space.id} are sorted and disjoint`);
    assert(area.start % PAGE_SIZE === 0 && area.end % PAGE_SIZE === 0, 'areas are whole pages');
    end = area.end;
  }
}

function checkFrames(parts: InvariantParts, census: Census): void {
  const { state, frames, root, tables } = parts;
  const { use, flags } = state.frames;
  let pages = 0;
  let tableFrames = 0;
  for (let number = 0; number < state.frames.count; number++) {
    const frame = number as Frame;
    const mapped = census.mapped.get(frame);
    if (use[frame] !== PAGE) assert(mapped === undefined, `frame ${frame} is mapped, so it is a page`);
    assert(
      (use[frame] === TABLE) === census.tableFrames.has(frame),
      `frame ${frame} is a table where one is reached`,
    );
    if (use[frame] === TABLE) tableFrames++;
    if (use[frame] !== PAGE) continue;
    pages++;
    const known = frames.mappersOf(frame);
    assert(known.length === (mapped?.size ?? 0), `the reverse map of frame ${frame} has each mapping once`);
    for (const code of known) {
      const at = `page ${pageOfCode(code)} of space ${spaceOfCode(code)}`;
      assert(mapped!.has(code), `the reverse map of frame ${frame} says ${at}`);
    }
    const loading = (flags[frame]! & LOADING) !== 0;
    assert(
      loading === root.requests.some((r) => r.frame === frame),
      `frame ${frame} is loading for a request`,
    );
    const sole = frames.soleEntry(frame);
    if (sole !== 0) {
      const [code] = known;
      const found = tables.find(root.spaces[spaceOfCode(code!)]!, pageOfCode(code!));
      assert(found === sole, `the entry of frame ${frame} is where it is remembered`);
    }
    const isAhead = (flags[frame]! & AHEAD) !== 0;
    const owned = known.length > 0 || frames.object(frame) !== -1 || loading || isAhead;
    assert(owned, `anonymous page in frame ${frame} belongs to somebody`);
  }
  assert(pages === state.counters.residentPages, 'resident pages are counted');
  assert(tableFrames === state.counters.tableFrames, 'table frames are counted');
}

function checkPools({ state }: InvariantParts): void {
  const { pages, tables, use, count } = state.frames;
  const free = new Set<number>();
  for (const pool of tables === undefined ? [pages] : [pages, tables]) checkPool(pool, free);
  for (const frame of free) assert(use[frame] === FREE, `frame ${frame} of a free list is free`);
  let used = 0;
  for (let frame = 0; frame < count; frame++) if (use[frame] !== FREE) used++;
  const untouched = pages.limit - pages.fresh + (tables === undefined ? 0 : tables.limit - tables.fresh);
  assert(used + free.size + untouched === count, 'no frame is lost');
}

function checkPool(pool: FramePool, free: Set<number>): void {
  for (const frame of pool.freed) {
    assert(frame < pool.fresh && !free.has(frame), `frame ${frame} is in one free list once`);
    free.add(frame);
  }
}

function checkObjects({ state, root, frames }: InvariantParts): void {
  const areas = new Map<number, number>();
  for (const space of root.spaces) {
    for (const { backing } of space?.areas ?? []) if (backing !== undefined) add(areas, backing.object);
  }
  for (const [object, known] of state.objects) {
    assert(areas.get(object) === known.areas, `object ${object} counts the areas that map it`);
    for (const [index, frame] of known.frames) {
      const agrees = frames.object(frame as Frame) === object && frames.index(frame as Frame) === index;
      assert(agrees, `frame ${frame} holds page ${index} of object ${object}`);
      const isComing = frames.has(frame as Frame, LOADING);
      assert(isComing || !known.slots.has(index), 'a page of shared memory is in a frame or in a slot');
    }
  }
  for (const object of areas.keys()) assert(state.objects.has(object), `object ${object} is known`);
  for (let frame = 0; frame < state.frames.count; frame++) {
    if (state.frames.use[frame] !== PAGE) continue;
    const object = frames.object(frame as Frame);
    if (object === -1) continue;
    const found = state.objects.get(object)?.frames.get(frames.index(frame as Frame));
    assert(found === frame, `the page cache knows frame ${frame}`);
  }
}

function checkPins({ state, root }: InvariantParts): void {
  const pins = new Map<number, number>();
  for (const { guest, kernel, since } of state.episodes.values()) {
    for (const frame of [...guest, ...kernel]) add(pins, frame);
    assert(since < state.nextEpisode, 'episodes are numbered as they begin');
  }
  for (const request of root.requests) if (!isPause(request)) add(pins, request.frame);
  for (let frame = 0; frame < state.frames.count; frame++) {
    assert(state.frames.pins[frame] === (pins.get(frame) ?? 0), `frame ${frame} is pinned for known reasons`);
  }
}

function checkSwap({ state, root, frames, swap }: InvariantParts, { slots }: Census): void {
  for (let frame = 0; frame < state.frames.count; frame++) {
    if (state.frames.use[frame] !== PAGE) continue;
    const slot = frames.slot(frame as Frame);
    if (slot === -1) continue;
    add(slots, slot);
    assert(swap.frame(slot) === frame, `slot ${slot} knows its frame`);
  }
  for (const known of state.objects.values()) for (const slot of known.slots.values()) add(slots, slot);
  for (const request of root.requests) if (request.slot >= 0) add(slots, request.slot);
  let used = 0;
  state.swap.references.forEach((count, slot) => {
    if (count > 0) used++;
    assert(count === (slots.get(slot) ?? 0), `slot ${slot} has ${count} references`);
    const frame = swap.frame(slot as Slot);
    if (frame !== -1) assert(frames.slot(frame) === slot, `frame ${frame} holds the page of slot ${slot}`);
  });
  assert(used === state.swap.used, 'slots in use are counted');
  checkBadSlots(state);
  for (const slot of slots.keys()) assert(slot < state.swap.references.length, `slot ${slot} exists`);
}

function checkBadSlots({ swap, counters, refusals }: MemoryState): void {
  const { bad, lost, retired, references, frames } = swap;
  assert(bad.size === counters.badSlots, 'bad slots are counted');
  const unused = [...bad].filter((slot) => references[slot] === 0).length;
  assert(unused === retired, 'bad slots that are in use no more are counted');
  for (const slot of lost.keys()) {
    assert(bad.has(slot) && references[slot] !== 0, `slot ${slot}, whose page is lost, is bad and in use`);
    assert(frames[slot] === 0, `the page of slot ${slot}, which is lost, is in no frame`);
  }
  for (const { why } of refusals.values()) assert(why !== '', 'a refusal has a reason');
}

function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
