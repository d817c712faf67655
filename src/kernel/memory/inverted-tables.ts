/**
 * An inverted page table: an entry for each frame of memory says whose page it holds. It is all that the miss handler looks
 * at; what it has no room for the kernel knows apart:
 *
 *   inverted table (in frames)      frame ─▶ (space, page), permissions, referenced, dirty
 *   records (the kernel's own)      (space, page) ─▶ entry: of pages in memory the same, of others where they are
 *
 * The place of an entry is the number of its record. A frame that is mapped more than once is in the table as the page
 * that was looked up last, or as none since that one went: the handler finds no entry for the other, asks the records,
 * and enters that one instead.
 */
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { newWalk } from '../../translation/contract.ts';
import { kernelEntries } from '../../translation/entry-codec.ts';
import {
  ANCHOR_BYTES,
  clearInverted,
  INVERTED_ENTRY_BYTES,
  type InvertedTable,
  invertedEntryAt,
  invertedFind,
  invertedInsert,
  invertedRemove,
  isTaken,
  setInvertedFlags,
} from '../../translation/inverted.ts';
import { frameIn, hasBit } from '../../translation/radix.ts';
import { tagHigh, tagLow } from '../../translation/tag.ts';
import type { SpaceState } from '../state.ts';
import { Flushes } from './flushes.ts';
import type { EntryVisit, PageTables } from './page-tables.ts';
import type { TableParts } from './schemes.ts';
import { takeAdjacent } from './shared-tables.ts';

/** Plain data. */
export interface InvertedState {
  table: InvertedTable;
  /** Of the table and its anchors. */
  frames: number[];
  /** Records by number; 0 is none. */
  low: number[];
  high: number[];
  space: number[];
  page: number[];
  free: number[];
  /** Numbers of records by space and page. */
  byPage: Map<number, Map<number, number>>;
  /** Times that a frame was entered as another of its pages. */
  reentered: number;
}

/** V to D. */
const FLAGS = 0x3ff;

export class InvertedTables implements PageTables {
  readonly format = kernelEntries;
  readonly least = 2;
  reads = 0;
  readonly refusals = 0;
  readonly #machine: MachinePort;
  readonly #flushes: Flushes;
  readonly #state: InvertedState;
  readonly #found = newWalk();

  /** @param search how an entry is found: along the chain of a hash, or among all */
  constructor(parts: TableParts, search: 'hash' | 'scan') {
    this.#machine = parts.machine;
    this.#flushes = new Flushes(parts.machine, parts.events);
    const { tables } = parts.state;
    // Each has a table of its own where both are side by side.
    const name = search === 'scan' ? 'scanned' : 'inverted';
    tables[name] ??= emptyTable(parts, search);
    this.#state = tables[name];
  }

  open({ id }: SpaceState): boolean {
    this.#state.byPage.set(id, new Map());
    return true;
  }

  close({ id }: SpaceState): void {
    for (const record of this.#state.byPage.get(id)!.values()) this.#state.free.push(record);
    this.#state.byPage.delete(id);
  }

  find({ id }: SpaceState, page: Vpn): number {
    return this.#state.byPage.get(id)!.get(page) ?? -1;
  }

  ensure(space: SpaceState, page: Vpn): number {
    const found = this.find(space, page);
    if (found !== -1) return found;
    const { byPage, free, low, high, space: spaces, page: pages } = this.#state;
    const record = free.pop() ?? low.length;
    low[record] = 0;
    high[record] = 0;
    spaces[record] = space.id;
    pages[record] = page;
    byPage.get(space.id)!.set(page, record);
    return record;
  }

  walk(space: SpaceState, page: Vpn): number {
    const { table } = this.#state;
    const frame = invertedFind(this.#machine.ramView, table, space.id, page, this.#found);
    this.reads += this.#found.loads;
    const record = this.find(space, page);
    if (frame !== -1 || record === -1) return record;
    this.reads++;
    if (this.isValid(this.low(record))) this.#reenter(record);
    return record;
  }

  /** The frame is in the table as another page that it is mapped as, or is not since that one went. */
  #reenter(record: number): void {
    const { table } = this.#state;
    const { ramView } = this.#machine;
    const frame = this.frameAt(record);
    this.reads += isTaken(ramView, table, frame) ? invertedRemove(ramView, table, frame) : 1;
    this.#enter(record, frame);
    this.#state.reentered++;
  }

  isSwapped(): boolean {
    return false;
  }

  noteUse(): void {}

  low(place: number): number {
    return this.#state.low[place]!;
  }

  high(place: number): number {
    return this.#state.high[place]!;
  }

  write(place: number, low: number, high: number): void {
    const state = this.#state;
    const wasValid = this.isValid(state.low[place]!);
    const frameBefore = wasValid ? this.frameAt(place) : -1;
    state.low[place] = low;
    state.high[place] = high;
    const frame = this.isValid(low) ? this.frameAt(place) : -1;
    if (frameBefore !== frame && frameBefore !== -1) this.#leave(place, frameBefore);
    if (frame === -1) return;
    if (this.#isEntered(place, frame)) this.#setFlags(frame, low);
    else if (!isTaken(this.#machine.ramView, state.table, frame)) this.#enter(place, frame);
  }

  setBits(place: number, bits: number): void {
    this.write(place, (this.low(place) | bits) >>> 0, this.high(place));
  }

  clearBits(place: number, bits: number): void {
    this.write(place, (this.low(place) & ~bits) >>> 0, this.high(place));
  }

  frameAt(place: number): Frame {
    return frameIn(kernelEntries.entry, this.low(place), this.high(place));
  }

  isValid(low: number): boolean {
    return hasBit(low, kernelEntries.entry.valid);
  }

  flushSpace(space: SpaceState): void {
    this.#flushes.space(space);
  }

  flush(space: SpaceState, page: Vpn): void {
    this.#flushes.page(space, page);
  }

  forEach(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    for (const [page, record] of this.#recordsOf(space, from, to))
      if (this.low(record) !== 0) visit(page as Vpn, record);
  }

  prune(space: SpaceState, from: number, to: number): void {
    const records = this.#state.byPage.get(space.id)!;
    for (const [page, record] of this.#recordsOf(space, from, to)) {
      if (this.low(record) !== 0) continue;
      records.delete(page);
      this.#state.free.push(record);
    }
  }

  forEachTable(): void {}

  forEachShared(visit: (frame: Frame) => void): void {
    for (const frame of this.#state.frames) visit(frame as Frame);
  }

  /** Pages of a range that have records, in order. */
  #recordsOf({ id }: SpaceState, from: number, to: number): [page: number, record: number][] {
    const records = this.#state.byPage.get(id)!;
    const found: [number, number][] = [];
    if (to - from <= records.size) {
      for (let page = from; page < to; page++) {
        const record = records.get(page);
        if (record !== undefined) found.push([page, record]);
      }
      return found;
    }
    for (const [page, record] of records) if (page >= from && page < to) found.push([page, record]);
    return found.sort(([a], [b]) => a - b);
  }

  #isEntered(record: number, frame: number): boolean {
    const { space, page, table } = this.#state;
    const { ramView } = this.#machine;
    const at = invertedEntryAt(table, frame);
    if (!isTaken(ramView, table, frame) || ramView.getUint32(at, true) !== tagLow(page[record]!))
      return false;
    return ramView.getUint32(at + 4, true) === tagHigh(space[record]!, page[record]!);
  }

  #enter(record: number, frame: number): void {
    const { space, page, table, low } = this.#state;
    const flags = low[record]! & FLAGS;
    invertedInsert(this.#machine.ramView, table, frame, space[record]!, page[record]!, flags);
  }

  #leave(record: number, frame: number): void {
    if (this.#isEntered(record, frame)) invertedRemove(this.#machine.ramView, this.#state.table, frame);
  }

  #setFlags(frame: number, low: number): void {
    const { table } = this.#state;
    setInvertedFlags(this.#machine.ramView, invertedEntryAt(table, frame), low & FLAGS);
  }
}

function emptyTable({ state, machine, frames }: TableParts, search: 'hash' | 'scan'): InvertedState {
  const entries = state.frames.pages.limit;
  const anchorCount = search === 'scan' ? 0 : 2 ** Math.ceil(Math.log2(Math.max(2, entries)));
  const bytes = entries * INVERTED_ENTRY_BYTES;
  const taken = takeAdjacent(frames, bytes + anchorCount * ANCHOR_BYTES);
  const base = taken[0]! * PAGE_SIZE;
  const table: InvertedTable = { base, frames: entries, anchors: base + bytes, anchorCount };
  clearInverted(machine.ramView, table);
  return {
    table,
    frames: taken,
    low: [0],
    high: [0],
    space: [0],
    page: [0],
    free: [],
    byPage: new Map(),
    reentered: 0,
  };
}
