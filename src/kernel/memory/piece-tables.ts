/**
 * Linear page tables: adjacent entries of 4 bytes, for a whole space (linear) or for each of its segments (hybrid). They
 * lie in a region of adjacent frames that is taken at the start, in pieces that a placement policy finds holes for.
 *
 *   region  │ table of A, segment 0 │ B, 0 │ hole │ A, 3 │ hole          │
 *
 * A segment's table is as long as the furthest page that was used needs, in whole frames: when it grows it stays if there
 * is room behind it, else it moves to another hole, and when no hole is large enough all tables are moved together, the
 * one that grows behind the others. Nothing but its base register changes with that, so the place of an entry is not its
 * address but a number made of space and page.
 *
 * Source: the lectures on page tables and their size (a base register; a table for each segment).
 */
import { type Frame, NO_HOLE, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { Placement, PlacementDefinition } from '../../policies/placement/contract.ts';
import { EntryCodec, kernelEntries } from '../../translation/entry-codec.ts';
import { type EntryFormat, frameIn, hasBit } from '../../translation/radix.ts';
import type { SpaceState } from '../state.ts';
import { Flushes } from './flushes.ts';
import type { EntryVisit, PageTables } from './page-tables.ts';
import type { TableParts } from './schemes.ts';
import { takeAdjacent } from './shared-tables.ts';

/** What the format and the registers of all spaces are. */
export interface PieceShape {
  /** Entries of 4 bytes. */
  readonly format: EntryFormat;
  /** Top bits that select a segment; 0: the space has one table, of its full length. */
  readonly segmentBits: number;
}

/** A table and the registers that lead to it. Plain data. */
export interface Piece {
  space: number;
  segment: number;
  /** First frame in the region, and frames. */
  start: number;
  frames: number;
}

/** Plain data. */
export interface PieceState {
  /** First frame of the region, and frames. */
  base: number;
  frames: number;
  placement: unknown;
  /** By space * segments + segment. */
  pieces: Map<number, Piece>;
  /** Most frames of tables at once. */
  usedPeak: number;
  moves: number;
  movedBytes: number;
  compactions: number;
}

const ENTRY_BYTES = 4;
const ENTRIES_A_FRAME = PAGE_SIZE / ENTRY_BYTES;

export class PieceTables implements PageTables {
  readonly format = kernelEntries;
  readonly least: number;
  reads = 0;
  refusals = 0;
  readonly #machine: MachinePort;
  readonly #flushes: Flushes;
  readonly #codec: EntryCodec;
  readonly #state: PieceState;
  readonly #policy: PlacementDefinition;
  #placement: Placement;
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
    parts.state.tables.pieces ??= emptyRegion(parts, this.least);
    this.#state = parts.state.tables.pieces;
    this.#policy = parts.placement;
    this.#placement = this.#policy.attach(this.#state.placement);
  }

  open(space: SpaceState): boolean {
    return this.#segments > 1 || this.#grow(space, 0, this.least);
  }

  close(space: SpaceState): void {
    for (let segment = 0; segment < this.#segments; segment++) {
      const piece = this.#pieceOf(space, segment);
      if (piece === undefined) continue;
      this.#placement.release(piece.start, piece.frames);
      space.tableFrames -= piece.frames;
      this.#state.pieces.delete(this.#register(space.id, segment));
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
    for (const { space, start, frames } of this.#state.pieces.values()) {
      if (space !== id) continue;
      for (let frame = 0; frame < frames; frame++) visit((this.#state.base + start + frame) as Frame, 0);
    }
  }

  /** The rest of the region. */
  forEachShared(visit: (frame: Frame) => void): void {
    const { base, frames, pieces } = this.#state;
    const used = new Set<number>();
    for (const { start, frames: count } of pieces.values())
      for (let frame = 0; frame < count; frame++) used.add(start + frame);
    for (let frame = 0; frame < frames; frame++) if (!used.has(frame)) visit((base + frame) as Frame);
  }

  /** Pages of one segment that its table has. */
  #visit(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    const segment = Math.floor(from / this.#segmentPages);
    const length = (this.#pieceOf(space, segment)?.frames ?? 0) * ENTRIES_A_FRAME;
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
    return this.#state.pieces.get(this.#register(space.id, segment));
  }

  /** Physical address of the entry of a page, or -1 when it lies beyond its table. */
  #entryAt(space: number, page: number): number {
    const segment = Math.floor(page / this.#segmentPages);
    const piece = this.#state.pieces.get(this.#register(space, segment));
    const index = this.#indexOf(segment, page);
    if (piece === undefined || index >= piece.frames * ENTRIES_A_FRAME) return -1;
    return (this.#state.base + piece.start) * PAGE_SIZE + index * ENTRY_BYTES;
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
    const piece = this.#pieceOf(space, segment);
    const had = piece?.frames ?? 0;
    const start = piece === undefined ? this.#placeFor(frames) : this.#lengthen(piece, frames);
    if (start === NO_HOLE) {
      this.refusals++;
      return false;
    }
    this.#clear(start + had, frames - had);
    this.#state.pieces.set(this.#register(space.id, segment), { space: space.id, segment, start, frames });
    space.tableFrames += frames - had;
    const { free } = this.#placement.figures();
    this.#state.usedPeak = Math.max(this.#state.usedPeak, this.#state.frames - free);
    return true;
  }

  #lengthen(piece: Piece, frames: number): number {
    if (this.#placement.resize(piece.start, piece.frames, piece.start, frames)) return piece.start;
    const start = this.#placement.place(frames);
    if (start === NO_HOLE) return this.#compact(frames, piece);
    this.#move(piece.start, start, piece.frames);
    this.#placement.release(piece.start, piece.frames);
    return start;
  }

  #placeFor(frames: number): number {
    const start = this.#placement.place(frames);
    return start === NO_HOLE ? this.#compact(frames) : start;
  }

  /**
   * Moves all tables together, the lowest first, and finds a place behind them for one of so many frames: a new one, or
   * `grown` in its new length. Without room for that nothing is changed.
   */
  #compact(frames: number, grown?: Piece): number {
    // Tried out first, because only the policy knows whether there is room: it may round lengths up.
    const trial = structuredClone(this.#state.placement);
    const placement = this.#policy.attach(trial);
    if (grown !== undefined) placement.release(grown.start, grown.frames);
    const others = [...this.#state.pieces.values()].filter((piece) => piece !== grown);
    others.sort((a, b) => a.start - b.start);
    const starts = others.map((piece) => {
      placement.release(piece.start, piece.frames);
      return placement.placeLowest(piece.frames);
    });
    const start = placement.place(frames);
    if (start === NO_HOLE) return NO_HOLE;
    this.#state.compactions++;
    this.#state.placement = trial;
    this.#placement = placement;
    this.#moveAll(others, starts, grown, start);
    return start;
  }

  /** The one that grows waits outside of the region while the others move over its place. */
  #moveAll(others: readonly Piece[], starts: readonly number[], grown: Piece | undefined, end: number): void {
    const { ram } = this.#machine;
    const held = grown && ram.slice(this.#byteOf(grown.start), this.#byteOf(grown.start + grown.frames));
    others.forEach((piece, at) => {
      const start = starts[at]!;
      if (start !== piece.start) this.#move(piece.start, start, piece.frames);
      piece.start = start;
    });
    if (held === undefined) return;
    ram.set(held, this.#byteOf(end));
    this.#countMove(held.length);
  }

  #move(from: number, to: number, frames: number): void {
    this.#machine.ram.copyWithin(this.#byteOf(to), this.#byteOf(from), this.#byteOf(from + frames));
    this.#countMove(frames * PAGE_SIZE);
  }

  #countMove(bytes: number): void {
    this.#state.moves++;
    this.#state.movedBytes += bytes;
  }

  #clear(start: number, frames: number): void {
    this.#machine.ram.fill(0, this.#byteOf(start), this.#byteOf(start + frames));
  }

  /** Physical address of a frame of the region. */
  #byteOf(frame: number): number {
    return (this.#state.base + frame) * PAGE_SIZE;
  }
}

/**
 * Room for four whole tables, or an eighth of memory, whatever is more; at most half of it. Of frames that pages can't
 * have: all but an eighth, which is for tables of other schemes.
 */
function emptyRegion({ state, frames, placement }: TableParts, least: number): PieceState {
  const { tables, pages } = state.frames;
  const all = tables ?? pages;
  const room = all.limit - all.fresh;
  const most = Math.min(room >> 1, Math.max(4 * least, room >> 3));
  const wanted = Math.max(least, tables === undefined ? most : room - (room >> 3));
  const taken = takeAdjacent(frames, wanted * PAGE_SIZE);
  return {
    base: taken[0]!,
    frames: wanted,
    placement: placement.initial(wanted),
    pieces: new Map(),
    usedPeak: 0,
    moves: 0,
    movedBytes: 0,
    compactions: 0,
  };
}
