/**
 * Linear page tables: adjacent entries of 4 bytes, for a whole space (linear) or for each of its segments (hybrid). They
 * lie in a region of adjacent frames that is taken at the start, in pieces that a placement policy finds holes for.
 *
 *   region  │ table of A, segment 0 │ B, 0 │ hole │ A, 3 │ hole          │
 *
 * A segment's table is as long as the furthest page that was used needs, in whole frames. It moves when it grows and when
 * others do (table-region.ts); nothing but its base register changes with that, so the place of an entry is not its
 * address but a number made of space and page.
 *
 * Source: the lectures on page tables and their size (a base register; a table for each segment).
 */
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { EntryCodec, kernelEntries } from '../../translation/entry-codec.ts';
import { type EntryFormat, frameIn, hasBit } from '../../translation/radix.ts';
import type { SpaceState } from '../state.ts';
import { Flushes } from './flushes.ts';
import type { EntryVisit, PageTables } from './page-tables.ts';
import type { TableParts } from './schemes.ts';
import { takeAdjacent } from './shared-tables.ts';
import { emptyRegion, type Piece, type RegionState, TableRegion } from './table-region.ts';

/** What the format and the registers of all spaces are. */
export interface PieceShape {
  /** Entries of 4 bytes. */
  readonly format: EntryFormat;
  /** Top bits that select a segment; 0: the space has one table, of its full length. */
  readonly segmentBits: number;
}

const ENTRY_BYTES = 4;
const ENTRIES_A_FRAME = PAGE_SIZE / ENTRY_BYTES;

export class PieceTables implements PageTables {
  readonly format = kernelEntries;
  readonly least: number;
  reads = 0;
  readonly #machine: MachinePort;
  readonly #flushes: Flushes;
  readonly #codec: EntryCodec;
  readonly #state: RegionState;
  readonly #region: TableRegion;
  readonly #segments: number;
  readonly #segmentPages: number;

  /** @throws UserError when memory has no room for the region */
  constructor(parts: TableParts, { format, segmentBits }: PieceShape) {
    this.#machine = parts.machine;
    this.#flushes = new Flushes(parts.machine, parts.events);
    this.#codec = new EntryCodec(format);
    this.#segments = 2 ** segmentBits;
    this.#segmentPages = 2 ** (format.addressBits - format.offsetBits - segmentBits);
    this.least = segmentBits === 0 ? Math.ceil(this.#segmentPages / ENTRIES_A_FRAME) : 2;
    const { tables } = parts.state;
    const name = segmentBits === 0 ? 'linear' : 'hybrid';
    tables[name] ??= firstRegion(parts, this.least);
    this.#state = tables[name];
    this.#region = new TableRegion(this.#state, parts.machine, parts.placement, PAGE_SIZE);
  }

  open(space: SpaceState): boolean {
    return this.#segments > 1 || this.#grow(space, 0, this.least);
  }

  close(space: SpaceState): void {
    for (let segment = 0; segment < this.#segments; segment++) {
      const piece = this.#pieceOf(space, segment);
      if (piece === undefined) continue;
      space.tableFrames -= piece.units;
      this.#region.release(this.#register(space.id, segment));
    }
  }

  find(space: SpaceState, page: Vpn): number {
    return this.#entryAt(space.id, page) === -1 ? -1 : this.#place(space.id, page);
  }

  walk(space: SpaceState, page: Vpn): number {
    const place = this.find(space, page);
    if (place !== -1) this.reads++;
    return place;
  }

  ensure(space: SpaceState, page: Vpn): number {
    if (this.#entryAt(space.id, page) === -1) {
      const segment = Math.floor(page / this.#segmentPages);
      const frames = Math.floor(this.#indexOf(segment, page) / ENTRIES_A_FRAME) + 1;
      if (!this.#grow(space, segment, frames)) return -1;
    }
    return this.#place(space.id, page);
  }

  get refusals(): number {
    return this.#state.refusals;
  }

  isSwapped(): boolean {
    return false;
  }

  noteUse(): void {}

  low(place: number): number {
    const raw = this.#raw(place);
    if (raw === 0) return 0;
    this.#codec.toKernel(raw, 0);
    return this.#codec.low;
  }

  high(place: number): number {
    this.#codec.toKernel(this.#raw(place), 0);
    return this.#codec.high;
  }

  write(place: number, low: number, high: number): void {
    this.#codec.toTable(low, high);
    this.#machine.ramView.setUint32(this.#addressOf(place), this.#codec.low, true);
  }

  setBits(place: number, bits: number): void {
    this.write(place, (this.low(place) | bits) >>> 0, this.high(place));
  }

  clearBits(place: number, bits: number): void {
    this.write(place, (this.low(place) & ~bits) >>> 0, this.high(place));
  }

  frameAt(place: number): Frame {
    return frameIn(kernelEntries.entry, this.low(place), 0);
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
    const end = Math.min(to, this.#segments * this.#segmentPages);
    for (let page = from; page < end; ) {
      const segment = Math.floor(page / this.#segmentPages);
      const stop = Math.min(end, (segment + 1) * this.#segmentPages);
      this.#visit(space, page, stop, visit);
      page = stop;
    }
  }

  /** Tables are as long as they were once. */
  prune(): void {}

  forEachTable({ id }: SpaceState, visit: (frame: Frame, level: number) => void): void {
    for (const { space, start, units } of this.#state.pieces.values()) {
      if (space !== id) continue;
      for (let frame = 0; frame < units; frame++) visit((this.#state.base + start + frame) as Frame, 0);
    }
  }

  /** The rest of the region. */
  forEachShared(visit: (frame: Frame) => void): void {
    const { base, units: frames, pieces } = this.#state;
    const used = new Set<number>();
    for (const { start, units: count } of pieces.values())
      for (let frame = 0; frame < count; frame++) used.add(start + frame);
    for (let frame = 0; frame < frames; frame++) if (!used.has(frame)) visit((base + frame) as Frame);
  }

  /** Pages of one segment that its table has. */
  #visit(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    const segment = Math.floor(from / this.#segmentPages);
    const length = (this.#pieceOf(space, segment)?.units ?? 0) * ENTRIES_A_FRAME;
    const first = segment * this.#segmentPages;
    const low = this.#growsDown(segment) ? first + Math.max(0, this.#segmentPages - length) : first;
    const high = this.#growsDown(segment) ? to : first + length;
    const begin = Math.max(from, low);
    const end = Math.min(to, high);
    if (begin >= end) return;
    const step = this.#growsDown(segment) ? -ENTRY_BYTES : ENTRY_BYTES;
    let at = this.#entryAt(space.id, begin);
    for (let page = begin; page < end; page++, at += step) {
      if (this.#machine.ramView.getUint32(at, true) === 0) continue;
      visit(page as Vpn, this.#place(space.id, page));
      // It may have moved for what was visited.
      at = this.#entryAt(space.id, page);
    }
  }

  /** The last segment holds the stack; its table begins with its last page. */
  #growsDown(segment: number): boolean {
    return this.#segments > 1 && segment === this.#segments - 1;
  }

  #indexOf(segment: number, page: number): number {
    const inside = page % this.#segmentPages;
    return this.#growsDown(segment) ? this.#segmentPages - 1 - inside : inside;
  }

  #register(space: number, segment: number): number {
    return space * this.#segments + segment;
  }

  #pieceOf(space: { readonly id: number }, segment: number): Piece | undefined {
    return this.#region.piece(this.#register(space.id, segment));
  }

  /** Physical address of the entry of a page, or -1 when it lies beyond its table. */
  #entryAt(space: number, page: number): number {
    const segment = Math.floor(page / this.#segmentPages);
    const piece = this.#region.piece(this.#register(space, segment));
    const index = this.#indexOf(segment, page);
    if (piece === undefined || index >= piece.units * ENTRIES_A_FRAME) return -1;
    return this.#region.byteOf(piece.start) + index * ENTRY_BYTES;
  }

  #place(space: number, page: number): number {
    return space * this.#segments * this.#segmentPages + page + 1;
  }

  #addressOf(place: number): number {
    const pages = this.#segments * this.#segmentPages;
    return this.#entryAt(Math.floor((place - 1) / pages), (place - 1) % pages);
  }

  #raw(place: number): number {
    return this.#machine.ramView.getUint32(this.#addressOf(place), true);
  }

  /** Makes the table of a segment so many frames long; false when the region has no room. */
  #grow(space: SpaceState, segment: number, frames: number): boolean {
    const had = this.#pieceOf(space, segment)?.units ?? 0;
    if (!this.#region.grow(this.#register(space.id, segment), { space: space.id, segment }, frames)) {
      return false;
    }
    space.tableFrames += frames - had;
    return true;
  }
}

/**
 * Room for four whole tables, or an eighth of memory, whatever is more; at most half of it. Of frames that pages can't
 * have: all but an eighth, which is for tables of other schemes.
 */
function firstRegion({ state, frames, placement }: TableParts, least: number): RegionState {
  const { tables, pages } = state.frames;
  const all = tables ?? pages;
  const room = all.limit - all.fresh;
  const most = Math.min(room >> 1, Math.max(4 * least, room >> 3));
  const wanted = Math.max(least, tables === undefined ? most : room - (room >> 3));
  const taken = takeAdjacent(frames, wanted * PAGE_SIZE);
  return emptyRegion(taken[0]!, wanted, placement);
}
