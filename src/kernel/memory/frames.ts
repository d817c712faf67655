/**
 * The frame table: what each frame of RAM holds, and who maps it.
 *
 *              allocatePage                    allocateTable
 *        ┌───────────────────── free ─────────────────────────┐
 *        ▼                       ▲ ▲                          ▼
 *      page ─────────────────────┘ └────────────────────── table
 *        key                page's identity across evictions
 *        slot               swap slot that holds a copy; good while the page is clean
 *        object, index      the page of a file or of shared memory that this is; else it is anonymous
 *        mappers            (space, page) of every entry that leads here: the reverse map
 *        flags, pins        MODIFIED, USED, LOADING; the number of reasons to keep it
 *
 * Page and table frames come from one pool, or from two when the number of page frames is fixed. Frames given
 * back are used again last in, first out; frames never used follow in order of their numbers.
 */
import { assert } from '../../base/errors.ts';
import type { Frame, Slot, SpaceId, Vpn } from '../../base/numbers.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import type { ObjectId } from '../state.ts';
import type { MemoryCounters } from './contract.ts';
import { AHEAD, FREE, type FramePool, type FrameTableState, mappingCode, PAGE, TABLE } from './state.ts';

const NO_MAPPERS: readonly number[] = [];

export class FrameTable {
  readonly state: FrameTableState;
  readonly #counters: MemoryCounters;

  constructor(state: FrameTableState, counters: MemoryCounters) {
    this.state = state;
    this.#counters = counters;
  }

  /** A free frame for a page, which is now a page without identity; -1 when there is none. */
  allocatePage(key: PageKey): Frame | -1 {
    const frame = take(this.state.pages);
    if (frame === -1) return -1;
    this.state.use[frame] = PAGE;
    this.state.key[frame] = key;
    const counters = this.#counters;
    counters.residentPages++;
    if (counters.residentPages > counters.residentPeak) counters.residentPeak = counters.residentPages;
    return frame;
  }

  /**
   * `count` adjacent free frames for pages, the first of which is a multiple of `count`, and which are pages without
   * identity or keys now; the lowest ones. -1 when there are none.
   */
  allocateRun(count: number): Frame | -1 {
    const { pages, use } = this.state;
    for (let first = 0; first + count <= pages.limit; first += count) {
      let taken = 0;
      while (taken < count && use[first + taken] === FREE) taken++;
      if (taken < count) continue;
      takeRun(pages, first, count);
      use.fill(PAGE, first, first + count);
      const counters = this.#counters;
      counters.residentPages += count;
      counters.residentPeak = Math.max(counters.residentPeak, counters.residentPages);
      return first as Frame;
    }
    return -1;
  }

  allocateTable(): Frame | -1 {
    const frame = take(this.state.tables ?? this.state.pages);
    if (frame === -1) return -1;
    this.state.use[frame] = TABLE;
    const counters = this.#counters;
    counters.tableFrames++;
    if (counters.tableFrames > counters.tableFramesPeak) counters.tableFramesPeak = counters.tableFrames;
    return frame;
  }

  /** Frames that pages could have at once. */
  get free(): number {
    const { freed, fresh, limit } = this.state.pages;
    return freed.length + limit - fresh;
  }

  freePage(frame: Frame): void {
    const { state } = this;
    assert(state.use[frame] === PAGE, 'only a page is freed as one');
    assert(state.mapper[frame] === 0, 'a page is freed when nobody maps it');
    assert(state.pins[frame] === 0, 'a pinned page is not freed');
    assert(
      state.slot[frame] === 0 && state.object[frame] === 0,
      'a page is freed after its copy and its object let go',
    );
    if (this.has(frame, AHEAD)) this.#counters.paging.readAhead.useless++;
    state.use[frame] = FREE;
    state.flags[frame] = 0;
    state.index[frame] = 0;
    state.pages.freed.push(frame);
    this.#counters.residentPages--;
  }

  freeTable(frame: Frame): void {
    const { state } = this;
    assert(state.use[frame] === TABLE && state.index[frame] === 0, 'only an empty table is freed');
    state.use[frame] = FREE;
    (state.tables ?? state.pages).freed.push(frame);
    this.#counters.tableFrames--;
  }

  has(frame: Frame, flag: number): boolean {
    return (this.state.flags[frame]! & flag) !== 0;
  }

  set(frame: Frame, flag: number): void {
    this.state.flags[frame]! |= flag;
  }

  clear(frame: Frame, flag: number): void {
    this.state.flags[frame]! &= ~flag;
  }

  setKey(frame: Frame, key: PageKey): void {
    this.state.key[frame] = key;
  }

  key(frame: Frame): PageKey {
    return this.state.key[frame]!;
  }

  /** Slot with a copy of the page, or -1. */
  slot(frame: Frame): Slot | -1 {
    return (this.state.slot[frame]! - 1) as Slot | -1;
  }

  setSlot(frame: Frame, slot: Slot | -1): void {
    this.state.slot[frame] = slot + 1;
  }

  /** Object whose page the frame holds, or -1 when it is anonymous. */
  object(frame: Frame): ObjectId | -1 {
    return this.state.object[frame]! - 1;
  }

  /** Index of the page in its object. */
  index(frame: Frame): number {
    return this.state.index[frame]!;
  }

  setObject(frame: Frame, object: ObjectId | -1, index: number): void {
    this.state.object[frame] = object + 1;
    this.state.index[frame] = index;
  }

  isPinned(frame: Frame): boolean {
    return this.state.pins[frame] !== 0;
  }

  pin(frame: Frame): void {
    this.state.pins[frame]!++;
  }

  unpin(frame: Frame): void {
    assert(this.state.pins[frame]! > 0, 'only a pinned frame is unpinned');
    this.state.pins[frame]!--;
  }

  /** The first mapping, as `mappingCode`; 0: none. */
  firstMapper(frame: Frame): number {
    return this.state.mapper[frame]!;
  }

  /** The mappings but the first; not to be kept while mappings change. */
  furtherMappers(frame: Frame): readonly number[] {
    return this.state.mappers.size === 0 ? NO_MAPPERS : (this.state.mappers.get(frame) ?? NO_MAPPERS);
  }

  /** All mappings, as a list of its own. */
  mappersOf(frame: Frame): number[] {
    const first = this.firstMapper(frame);
    return first === 0 ? [] : [first, ...this.furtherMappers(frame)];
  }

  mapperCount(frame: Frame): number {
    return this.firstMapper(frame) === 0 ? 0 : 1 + this.furtherMappers(frame).length;
  }

  /** Entry of a frame that is mapped once, as far as it is known; else 0. */
  soleEntry(frame: Frame): number {
    const { mappers, entry } = this.state;
    return mappers.size === 0 || !mappers.has(frame) ? entry[frame]! : 0;
  }

  addMapper(frame: Frame, space: SpaceId, page: Vpn, entryAddress: number): void {
    const { state } = this;
    this.noteUse(frame);
    const code = mappingCode(space, page);
    if (state.mapper[frame] === 0) {
      state.mapper[frame] = code;
      state.entry[frame] = entryAddress;
      return;
    }
    const further = state.mappers.get(frame);
    if (further === undefined) state.mappers.set(frame, [code]);
    else further.push(code);
  }

  /** The page is used for the first time, if it was read ahead. */
  noteUse(frame: Frame): void {
    if (!this.has(frame, AHEAD)) return;
    this.clear(frame, AHEAD);
    this.#counters.paging.readAhead.useful++;
  }

  removeMapper(frame: Frame, space: SpaceId, page: Vpn): void {
    const { state } = this;
    const code = mappingCode(space, page);
    const further = state.mappers.get(frame);
    if (further === undefined) {
      assert(state.mapper[frame] === code, 'the reverse map knows every mapping');
      state.mapper[frame] = 0;
      state.entry[frame] = 0;
      return;
    }
    const last = further.pop()!;
    if (state.mapper[frame] === code) {
      state.mapper[frame] = last;
      state.entry[frame] = 0;
    } else if (last !== code) {
      const at = further.indexOf(code);
      assert(at >= 0, 'the reverse map knows every mapping');
      further[at] = last;
    }
    if (further.length === 0) state.mappers.delete(frame);
  }
}

/** Takes free frames out of the middle of a pool. Those never used that lie before them are given out next, in order. */
function takeRun(pool: FramePool, first: number, count: number): void {
  const end = first + count;
  if (first < pool.fresh) pool.freed = pool.freed.filter((frame) => frame < first || frame >= end);
  if (end <= pool.fresh) return;
  for (let frame = first - 1; frame >= pool.fresh; frame--) pool.freed.push(frame);
  pool.fresh = end;
}

function take(pool: FramePool): Frame | -1 {
  const freed = pool.freed.pop();
  if (freed !== undefined) return freed as Frame;
  return pool.fresh < pool.limit ? (pool.fresh++ as Frame) : -1;
}
