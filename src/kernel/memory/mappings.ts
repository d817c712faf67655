/**
 * Leaf entries and reverse map together: whatever makes, changes or removes an entry goes through here, so that
 * both always agree.
 *
 *      entry (space, page) ───────▶ frame          hardware's direction
 *      entry (space, page) ◀─────── frame.mappers  the kernel's
 *
 * When an entry goes, its referenced and dirty bits stay known in the frame's flags.
 */
import type { Frame, Slot, Vpn } from '../../base/numbers.ts';
import { slot as slotNumber } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import {
  DROPPED,
  encodeInvalid,
  HIDDEN,
  kindOf,
  payloadOf,
  SWAPPED,
  UNUSED,
} from '../../translation/invalid-entry.ts';
import { type EntryFormat, hasBit, pageEntry } from '../../translation/radix.ts';
import type { EventSink } from '../events.ts';
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE, type SpaceState } from '../state.ts';
import type { MemoryCounters, ReferenceSink } from './contract.ts';
import { type ExecuteRule, granted } from './execute-rule.ts';
import type { FrameTable } from './frames.ts';
import type { PageBits } from './page-bits.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { Pins } from './pins.ts';
import type { Replacement } from './replacement.ts';
import { AHEAD, ASIDE, LOADING, MODIFIED, USED } from './state.ts';
import type { SuperpageTables } from './superpage-tables.ts';
import type { Swap } from './swap.ts';

export interface MappingParts {
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly superpages: SuperpageTables | undefined;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly pins: Pins;
  readonly counters: MemoryCounters;
  readonly pageBits: PageBits;
  readonly replacement: Replacement;
  readonly events: EventSink;
  readonly execute: ExecuteRule;
  readonly references: ReferenceSink | undefined;
}

/** A leaf entry: of which page, and its physical address. */
export interface LeafEntry {
  readonly space: SpaceState;
  readonly page: Vpn;
  readonly at: number;
}

export class Mappings {
  readonly #parts: MappingParts;
  readonly #format: EntryFormat;
  readonly #accessed: number;
  readonly #dirty: number;

  constructor(parts: MappingParts) {
    this.#parts = parts;
    this.#format = parts.tables.format;
    this.#accessed = 1 << this.#format.entry.accessed;
    this.#dirty = 1 << this.#format.entry.dirty;
  }

  /**
   * Maps `frame` at an entry that is empty or invalid; what the entry held is the caller's affair.
   * @param access what is known to be going to be done, as soon as the program goes on
   */
  map(
    space: SpaceState,
    area: Area,
    page: Vpn,
    entryAddress: number,
    frame: Frame,
    access: Access = 'load',
  ): void {
    const { frames, events } = this.#parts;
    frames.addMapper(frame, space.id, page, entryAddress);
    countResident(space);
    this.#used(space, area, frame, entryAddress, access);
    if (events.watched)
      events.emit({ type: 'map', space: space.id, vpn: page, frame, page: frames.key(frame) });
  }

  /** Maps `frame`, which nobody has used here yet, at an empty entry. */
  place(space: SpaceState, area: Area, page: Vpn, at: number, frame: Frame): void {
    const { frames, tables, events } = this.#parts;
    frames.addMapper(frame, space.id, page, at);
    countResident(space);
    const { low, high } = this.#leaf(area, frame, 0);
    tables.write(at, low, high);
    if (events.watched)
      events.emit({ type: 'map', space: space.id, vpn: page, frame, page: frames.key(frame) });
  }

  /**
   * Gives `child` the page that `parent` has in `frame` at the same place: neither may write a private page from
   * now on, and the child has not used it yet. Whether the parent's entry lost its write permission, so that the
   * TLB must forget it before the parent runs.
   *
   *   parent  RW A D ─▶ frame           parent  R- A D ─▶ frame ◀─ R- - -  child
   */
  share(parent: LeafEntry, child: LeafEntry, area: Area, frame: Frame): boolean {
    const { tables } = this.#parts;
    const { space, page } = child;
    this.place(space, area, page, child.at, frame);
    const before = tables.low(parent.at);
    const { write } = this.#format.entry;
    if (area.shared || !tables.isValid(before) || !hasBit(before, write)) return false;
    this.#parts.superpages?.split(parent.at, 'fork');
    tables.clearBits(parent.at, 1 << write);
    return true;
  }

  /** The next access to a page that waits in its frame for it is made now: its entry becomes valid. */
  reveal({ space, page, at }: LeafEntry, area: Area, access: Access): Frame {
    const frame = this.frameOf(at) as Frame;
    this.#used(space, area, frame, at, access);
    const { events } = this.#parts;
    if (events.watched) events.emit({ type: 'reveal', space: space.id, vpn: page, frame });
    return frame;
  }

  /** A page that stores need no copy of is written for the first time. */
  modify({ space, page, at }: LeafEntry, area: Area): Frame {
    const { tables } = this.#parts;
    const frame = this.frameOf(at) as Frame;
    tables.flush(space, page);
    this.#used(space, area, frame, at, 'store');
    return frame;
  }

  /** Whether a store to the page of a valid entry would only have to be noted. */
  isUnmodified(area: Area, entryAddress: number): boolean {
    const { pageBits, tables } = this.#parts;
    return pageBits.mode === 'traps' && this.isWritable(area, tables.frameAt(entryAddress));
  }

  /** Makes the entry of a page that is in memory agree with the area's protection again. */
  rederive(space: SpaceState, area: Area, page: Vpn, entryAddress: number): void {
    const { tables } = this.#parts;
    const before = tables.low(entryAddress);
    const frame = this.frameOf(entryAddress);
    if (frame === -1) return;
    const wasValid = tables.isValid(before);
    const kept = wasValid ? before & (this.#accessed | this.#dirty) : 0;
    const { low, high } = this.#leaf(area, frame, kept);
    if (low === before && high === tables.high(entryAddress)) return;
    if (wasValid) {
      tables.flush(space, page);
      this.#parts.references?.changed(space.id, page);
      if (area.protection === 0) this.#remember(frame, before);
    }
    tables.write(entryAddress, low, high);
  }

  /** The frame that an entry leads to, valid or hidden; -1 when the page is not in memory for it. */
  frameOf(entryAddress: number): Frame | -1 {
    const { tables } = this.#parts;
    const low = tables.low(entryAddress);
    if (tables.isValid(low)) return tables.frameAt(entryAddress);
    const kind = kindOf(low);
    if (kind !== HIDDEN && kind !== UNUSED) return -1;
    return payloadOf(this.#format, low, tables.high(entryAddress)) as Frame;
  }

  /** The slot that an entry leads to, or -1. */
  slotOf(entryAddress: number): number {
    const { tables } = this.#parts;
    const low = tables.low(entryAddress);
    if (tables.isValid(low) || kindOf(low) !== SWAPPED) return -1;
    return payloadOf(this.#format, low, tables.high(entryAddress));
  }

  /** Takes a mapping away and leaves an invalid entry (`NOTHING` and 0: none) in its place. The frame stays. */
  unmap(space: SpaceState, page: Vpn, entryAddress: number, kind: 0 | 1 | 2, payload: number): Frame {
    const { frames, tables } = this.#parts;
    const frame = this.frameOf(entryAddress) as Frame;
    const low = tables.low(entryAddress);
    if (tables.isValid(low)) {
      tables.flush(space, page);
      this.#remember(frame, tables.low(entryAddress));
    }
    const entry = encodeInvalid(this.#format, kind, payload);
    tables.write(entryAddress, entry.low, entry.high);
    frames.removeMapper(frame, space.id, page);
    space.resident--;
    return frame;
  }

  /** The program gives the page up: clears its entry, and lets go what only the entry kept. */
  clear(space: SpaceState, page: Vpn, entryAddress: number): void {
    const { frames, tables, swap, pins, events } = this.#parts;
    const slot = this.slotOf(entryAddress);
    if (this.frameOf(entryAddress) !== -1) {
      const frame = this.unmap(space, page, entryAddress, 0, 0);
      const key = frames.key(frame);
      if (events.watched) events.emit({ type: 'unmap', space: space.id, vpn: page, frame, page: key });
      if (frames.object(frame) === -1 && frames.mapperCount(frame) === 0) this.release(frame);
      else pins.letGo(frame, space.id);
      return;
    }
    tables.write(entryAddress, 0, 0);
    if (slot === -1) return;
    swap.release(slotNumber(slot));
    this.#releaseUnused(slotNumber(slot));
  }

  /** A page that was read ahead is gone for good when no entry leads to its slot any more. */
  #releaseUnused(slot: Slot): void {
    const { frames, swap } = this.#parts;
    const frame = swap.frame(slot);
    if (frame === -1 || !frames.has(frame, AHEAD) || frames.object(frame) !== -1) return;
    if (swap.references(slot) === 1) this.release(frame);
  }

  /** The page in `frame`, which nobody maps, is gone for good, and its copy with it. */
  release(frame: Frame): void {
    const { frames, cache, pins, replacement } = this.#parts;
    pins.forget(frame);
    this.#noteUnwritten(frame);
    this.dropCopy(frame);
    if (!frames.has(frame, LOADING)) replacement.released(frame);
    frames.clear(frame, LOADING);
    cache.remove(frame);
    frames.freePage(frame);
  }

  /** A dirty page that goes never has to be written: laziness has paid. */
  #noteUnwritten(frame: Frame): void {
    const { frames, cache, replacement, counters } = this.#parts;
    if (frames.has(frame, LOADING) || !replacement.isDirty(frame)) return;
    counters.paging.neverWritten[cache.livesInSwap(frame) ? 'swap' : 'file']++;
  }

  /**
   * The page in `frame` is going to differ from its copy in swap, which others count on: from now on these are two
   * pages. The one in swap gets a key of its own; the one in memory, which the policy knows, keeps its own.
   */
  part(frame: Frame, newKey: () => PageKey): void {
    const { frames, swap } = this.#parts;
    const slot = frames.slot(frame);
    if (slot === -1 || swap.references(slot) === 1) return;
    this.dropCopy(frame);
    swap.rename(slot, newKey());
    frames.set(frame, MODIFIED);
  }

  /** Lets go the swap slot that a frame keeps. */
  dropCopy(frame: Frame): void {
    const { frames, swap } = this.#parts;
    const slot = frames.slot(frame);
    if (slot === -1) return;
    frames.setSlot(frame, -1);
    if (swap.frame(slot) === frame) swap.setFrame(slot, -1);
    swap.release(slot);
  }

  /** Moves whatever `from` says to `to`, which is empty: the page itself stays where it is. */
  move(space: SpaceState, page: Vpn, from: number, newPage: Vpn, to: number): void {
    const { frames, tables, superpages } = this.#parts;
    superpages?.split(from, 'move');
    const frame = this.frameOf(from);
    if (frame !== -1) {
      if (tables.isValid(tables.low(from))) tables.flush(space, page);
      frames.removeMapper(frame, space.id, page);
      frames.addMapper(frame, space.id, newPage, to);
    }
    tables.write(to, tables.low(from), tables.high(from));
    tables.write(from, 0, 0);
  }

  /** Whether a store needs no copy first. */
  isWritable(area: Area, frame: Frame): boolean {
    if (area.shared) return true;
    const { frames, swap } = this.#parts;
    if (frames.object(frame) !== -1 || frames.mapperCount(frame) !== 1) return false;
    const slot = frames.slot(frame);
    return slot === -1 || swap.references(slot) === 1;
  }

  /** Key in an entry that says that its page was dropped, or -1. */
  droppedKey(low: number, high: number): number {
    if (this.#parts.tables.isValid(low) || kindOf(low) !== DROPPED) return -1;
    return payloadOf(this.#format, low, high);
  }

  /** What an area's entries allow, stores aside that need a copy first: mmap(2)'s bits. */
  granted(area: Area): number {
    return granted(area.protection, this.#parts.execute);
  }

  /** Writes the entry of a page that is going to be used, which the access that faulted has told already. */
  #used(space: SpaceState, area: Area, frame: Frame, entryAddress: number, access: Access): void {
    const { frames, tables, replacement, pageBits } = this.#parts;
    if (frames.has(frame, ASIDE)) replacement.rescue(frame, space.id);
    const before = tables.low(entryAddress);
    if (kindOf(before) === UNUSED && !tables.isValid(before)) replacement.seen(frame);
    const isNoted = pageBits.mode === 'traps' && access === 'store' && this.isWritable(area, frame);
    const kept = tables.isValid(before) ? before & this.#dirty : 0;
    const { low, high } = this.#leaf(area, frame, kept | this.#accessed | (isNoted ? this.#dirty : 0));
    tables.write(entryAddress, low, high);
  }

  /** The entry for `frame` under the area's protection; `kept`: its A and D bits. */
  #leaf(area: Area, frame: Frame, kept: number): { low: number; high: number } {
    if (area.protection === 0) return encodeInvalid(this.#format, HIDDEN, frame);
    const { frames, pageBits } = this.#parts;
    const isTrapped = pageBits.mode === 'traps';
    if (frames.has(frame, ASIDE) || (isTrapped && (kept & this.#accessed) === 0))
      return encodeInvalid(this.#format, UNUSED, frame);
    const allowed = this.granted(area);
    const mayStore = (allowed & PROT_WRITE) !== 0 && this.isWritable(area, frame);
    // Under traps only a page that is known to be modified may be written without one.
    const isKnown = (kept & this.#dirty) !== 0 || frames.has(frame, MODIFIED);
    const write = mayStore && (!isTrapped || isKnown);
    return pageEntry(
      this.#format.entry,
      frame,
      // Writable means readable: the architecture reserves W without R.
      { read: (allowed & (PROT_READ | PROT_WRITE)) !== 0, write, execute: (allowed & PROT_EXEC) !== 0 },
      write && isTrapped ? kept | this.#dirty : kept,
    );
  }

  #remember(frame: Frame, low: number): void {
    const { frames } = this.#parts;
    if ((low & this.#dirty) !== 0) frames.set(frame, MODIFIED);
    if ((low & this.#accessed) !== 0) frames.set(frame, USED);
  }
}

function countResident(space: SpaceState): void {
  space.resident++;
  if (space.resident > space.residentPeak) space.residentPeak = space.resident;
}
