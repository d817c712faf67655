/**
 * Leaf tables that may go to swap (`--page-tables pageable`): which there are, where each is, and what those say that
 * are in swap.
 *
 *   upper table ─┬─ V=1, frame ────────▶ resident   counts its entries that lead to pages in memory
 *                │                          └ none ─▶ idle: may go (table-eviction.ts)
 *                └─ V=0, kind 5, slot ─▶ swapped    the hardware faults here; comes back by table-transfers.ts
 *
 * Tables above the leaves stay in memory, and so does a table with a page in memory: whoever finds a page by its frame
 * finds the entry in RAM.
 *
 * A program's own accesses, and a fork, wait until a table has been read. What gives pages up (munmap, exit,
 * truncation) or asks about them (/proc, mincore) does not: it finds the entries of a table in swap on record here,
 * under addresses below -1, which lie in no RAM, and changes them there. The table that comes back is compared with the
 * record as it was written, so that one that differs is lost whoever damaged it, and then gets the changes.
 *
 *   entry address   ≥ 0   physical address in RAM
 *                    -1   there is no table
 *                   <-1   -2 - (slot · 4096 + offset in the table)
 */
import { assert } from '../../base/errors.ts';
import {
  type Frame,
  PAGE_SIZE,
  type Slot,
  type SpaceId,
  slot as slotNumber,
  type Vpn,
} from '../../base/numbers.ts';
import { HIDDEN, kindOf, UNUSED } from '../../translation/invalid-entry.ts';
import { type EntryFormat, hasBit } from '../../translation/radix.ts';
import type { SpaceState } from '../state.ts';
import type { MemoryCounters } from './contract.ts';
import type { LeafTableState, SwappedTable } from './leaf-table-state.ts';
import type { Pins } from './pins.ts';
import type { MemoryState } from './state.ts';
import type { Swap } from './swap.ts';

export interface LeafTableParts {
  readonly state: MemoryState;
  readonly ram: Uint8Array;
  readonly form: EntryFormat;
  readonly swap: Swap;
  readonly pins: Pins;
  readonly counters: MemoryCounters;
}

export class LeafTables {
  readonly state: LeafTableState;
  /** Pages that one table maps. */
  readonly span: number;
  readonly #parts: LeafTableParts;
  readonly #frames: MemoryState['frames'];

  constructor(parts: LeafTableParts) {
    this.#parts = parts;
    this.state = parts.state.leafTables;
    this.#frames = parts.state.frames;
    this.span = PAGE_SIZE / parts.form.entryBytes;
  }

  /** `frame` was made an empty table for `page` and those beside it. */
  made(frame: Frame, space: SpaceState, page: Vpn): void {
    this.#enter(frame, space.id, page);
    this.state.idle.add(frame);
    space.leafTables = (space.leafTables ?? 0) + 1;
    this.#parts.pins.noteNeed();
  }

  /** The table in `frame` is empty and goes for good; nothing happens when it is no leaf. */
  freed(frame: Frame, space: SpaceState): void {
    if (!this.state.resident.delete(frame)) return;
    this.state.idle.delete(frame);
    this.#parts.pins.forget(frame);
    space.leafTables!--;
  }

  /** An entry of the table in `frame` was changed, from one lower half to another. */
  changed(frame: number, before: number, after: number): void {
    const difference = Number(this.isPresent(after)) - Number(this.isPresent(before));
    if (difference === 0) return;
    const table = this.state.resident.get(frame);
    if (table === undefined) return;
    table.present += difference;
    if (table.present === 0) this.state.idle.add(frame);
    else this.state.idle.delete(frame);
  }

  /** Somebody goes through the entry: its table is the last that goes now. */
  used(entryAddress: number): void {
    const { idle } = this.state;
    const frame = Math.floor(entryAddress / PAGE_SIZE);
    if (idle.delete(frame)) idle.add(frame);
  }

  /** Whether an entry leads to a page in memory. */
  isPresent(low: number): boolean {
    if (hasBit(low, this.#parts.form.entry.valid)) return true;
    const kind = kindOf(low);
    return kind === HIDDEN || kind === UNUSED;
  }

  /** The table in `frame` was written to `slot`, and leaves memory. */
  toSwap(frame: Frame, slot: Slot): void {
    const { state } = this;
    const { space, first, present } = state.resident.get(frame)!;
    const { index, pins } = this.#frames;
    assert(present === 0 && pins[frame] === 0, 'a table that is needed stays in memory');
    const words = new Uint32Array(this.#bytes(frame).slice().buffer);
    state.swapped.set(slot, { space, first, words, used: index[frame]!, changed: new Set() });
    index[frame] = 0;
    state.resident.delete(frame);
    state.idle.delete(frame);
    this.#count();
  }

  /** A table of `space` is being read into `frame`, which nothing leads to before it is there. */
  coming(frame: Frame, { space, first }: SwappedTable): void {
    this.#enter(frame, space, first);
  }

  /** What was being read into `frame` is not wanted, or could not be read. */
  notComing(frame: Frame): void {
    this.state.resident.delete(frame);
  }

  /**
   * The table of `slot` has been read into `frame`, and is made what it has become since it was written. False, and
   * nothing is changed, when it is not what was written.
   */
  fromSwap(slot: Slot, frame: Frame): boolean {
    const { state } = this;
    const { words, used, changed } = this.swapped(slot);
    const bytes = this.#bytes(frame);
    const read = new Uint32Array(bytes.slice().buffer);
    const entryWords = this.#parts.form.entryBytes / 4;
    for (const [at, word] of words.entries()) {
      const entry = at - (at % entryWords);
      if (word !== read[at] && !changed.has(entry * 4)) return false;
    }
    bytes.set(new Uint8Array(words.buffer));
    this.#frames.index[frame] = used;
    state.swapped.delete(slot);
    state.idle.add(frame);
    this.#count();
    return true;
  }

  /** The table in `slot`, which is empty by now, goes for good. */
  dropSwapped(slot: Slot, space: SpaceState): void {
    assert(this.state.swapped.delete(slot), 'a table that goes is known');
    this.#parts.swap.release(slot);
    space.leafTables!--;
    this.#count();
  }

  swapped(slot: number): SwappedTable {
    const table = this.state.swapped.get(slot);
    assert(table !== undefined, 'an entry leads to a table that is known');
    return table;
  }

  /** The address of an entry of a table in swap. */
  addressIn(slot: number, offset: number): number {
    return -2 - (slot * PAGE_SIZE + offset);
  }

  /**
   * Visits the entries that are not zero of a table in swap, given the address of its first one. `visit` may zero the
   * entry.
   */
  forEach(first: number, visit: (index: number, entryAddress: number) => void): void {
    const { words } = this.swapped(this.slotOf(first));
    const { entryBytes } = this.#parts.form;
    for (let index = 0; index < this.span; index++)
      if (words[(index * entryBytes) / 4] !== 0) visit(index, first - index * entryBytes);
  }

  /** The slot of the table that such an address lies in. */
  slotOf(entryAddress: number): Slot {
    return slotNumber(Math.floor((-2 - entryAddress) / PAGE_SIZE));
  }

  low(entryAddress: number): number {
    return this.swapped(this.slotOf(entryAddress)).words[this.#offset(entryAddress) / 4]!;
  }

  high(entryAddress: number): number {
    if (this.#parts.form.entryBytes === 4) return 0;
    return this.swapped(this.slotOf(entryAddress)).words[this.#offset(entryAddress) / 4 + 1]!;
  }

  write(entryAddress: number, low: number, high: number): void {
    assert(!this.isPresent(low), 'a table in swap leads to no page in memory');
    const table = this.swapped(this.slotOf(entryAddress));
    const offset = this.#offset(entryAddress);
    table.used += Number(low !== 0) - Number(table.words[offset / 4] !== 0);
    table.words[offset / 4] = low;
    if (this.#parts.form.entryBytes === 8) table.words[offset / 4 + 1] = high;
    table.changed.add(offset);
  }

  #offset(entryAddress: number): number {
    return (-2 - entryAddress) % PAGE_SIZE;
  }

  #enter(frame: Frame, space: SpaceId, page: Vpn): void {
    const first = (page - (page % this.span)) as Vpn;
    this.state.resident.set(frame, { space, first, present: 0 });
  }

  #bytes(frame: Frame): Uint8Array {
    return this.#parts.ram.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
  }

  #count(): void {
    const { tablePaging } = this.#parts.counters;
    tablePaging.swapped = this.state.swapped.size;
    tablePaging.swappedPeak = Math.max(tablePaging.swappedPeak, tablePaging.swapped);
  }
}
