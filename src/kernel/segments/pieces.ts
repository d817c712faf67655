/**
 * Pieces of memory: which frames each has, and the bytes in them. Whoever takes or gives frames asks the placement policy
 * and tells the piece; every piece whose place or size changes is forgotten by the TLB, and the registers of those who
 * use it are worked out anew.
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type SpaceId } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { Placement } from '../../policies/placement/contract.ts';
import type { EventSink } from '../events.ts';
import type { Clock } from '../memory/contract.ts';
import type { Costs, RootState } from '../state.ts';
import { type Extent, framesFor } from './extents.ts';
import { noRegisters, registersFor, shownRegisters } from './registers.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Piece, PieceId, SegmentsState, SpaceRecord } from './state.ts';

export interface PieceParts {
  readonly root: RootState;
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly machine: MachinePort;
  readonly placement: Placement;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly costs: Pick<Costs, 'copyPage'>;
}

/** Why a piece is somewhere else. */
export type MoveReason = 'grown' | 'compacted' | 'asked';

/** Pages that it uses: as far as its bound. */
export const usedPages = ({ size }: Piece): number => framesFor(size);

/** First frame of those that it uses. */
export const usedStart = (piece: Piece): number =>
  piece.grows === 'up' ? piece.start : piece.start + piece.frames - usedPages(piece);

export class Pieces {
  readonly #parts: PieceParts;

  constructor(parts: PieceParts) {
    this.#parts = parts;
  }

  of(id: PieceId): Piece {
    const piece = this.#parts.state.pieces.get(id);
    assert(piece !== undefined, `piece ${id} exists`);
    return piece;
  }

  /** Those in memory, in order of their places. */
  placed(): Piece[] {
    return [...this.#parts.state.pieces.values()]
      .filter(({ start }) => start !== -1)
      .sort((a, b) => a.start - b.start);
  }

  /** A piece for a segment of `user`, which has no memory yet. */
  create({ segment, grows, size, room, sharing, code }: Extent, user: SpaceId): Piece {
    const { state } = this.#parts;
    const piece: Piece = {
      id: state.nextPiece++,
      segment,
      grows,
      size,
      frames: framesFor(size + room),
      start: -1,
      slots: [],
      fills: [],
      lost: new Map(),
      sharing,
      code,
      users: [user],
    };
    state.pieces.set(piece.id, piece);
    return piece;
  }

  /** A piece for `user` that is to hold what another holds. */
  createLike({ segment, grows, size, frames, fills, lost, sharing, code }: Piece, user: SpaceId): Piece {
    const made = this.create({ segment, grows, size, protection: 0, room: 0, sharing, code }, user);
    made.frames = frames;
    made.fills = structuredClone(fills);
    made.lost = new Map(lost);
    return made;
  }

  /** The frames from `start` on, which the placement has given, are the piece's, and hold zeros. */
  put(piece: Piece, start: number): void {
    const { events } = this.#parts;
    piece.start = start;
    this.#zeroFrames(start, piece.frames);
    this.#noteHoles();
    if (events.watched) events.emit({ type: 'piece', change: 'placed', ...this.#shown(piece) });
    this.changed(piece);
  }

  /** Gives its frames back. */
  remove(piece: Piece): void {
    const { events, placement } = this.#parts;
    placement.release(piece.start, piece.frames);
    if (events.watched) events.emit({ type: 'piece', change: 'removed', ...this.#shown(piece) });
    piece.start = -1;
    this.changed(piece);
  }

  /** Its bytes are those at `start` from now on, where the placement has given `frames`; the old ones are given back. */
  move(piece: Piece, start: number, frames: number, why: MoveReason): void {
    const { placement } = this.#parts;
    const from = { start: piece.start, frames: piece.frames };
    const keep = Math.min(piece.frames, frames);
    const source = piece.grows === 'up' ? piece.start : piece.start + piece.frames - keep;
    const to = piece.grows === 'up' ? start : start + frames - keep;
    this.#zeroFrames(start, frames);
    this.#copyFrames(source, to, keep);
    piece.start = start;
    piece.frames = frames;
    placement.release(from.start, from.frames);
    this.#noteHoles();
    this.#tellMove(piece, from.start, why);
  }

  #noteHoles(): void {
    const { figures } = this.#parts.state;
    figures.worstExternal = Math.max(figures.worstExternal, this.#parts.placement.figures().external);
  }

  /** The same for a place that may have frames in common with the old one; the placement knows of both already. */
  slide(piece: Piece, start: number, why: MoveReason): void {
    const from = piece.start;
    this.#copyFrames(from, start, piece.frames);
    piece.start = start;
    this.#tellMove(piece, from, why);
  }

  /** It has so many frames from `start` on now, which the placement has given it where it was. */
  resized(piece: Piece, start: number, frames: number): void {
    const { events } = this.#parts;
    const end = piece.start + piece.frames;
    if (start < piece.start) this.#zeroFrames(start, piece.start - start);
    if (start + frames > end) this.#zeroFrames(end, start + frames - end);
    piece.start = start;
    piece.frames = frames;
    if (events.watched) events.emit({ type: 'piece', change: 'resized', ...this.#shown(piece) });
    this.changed(piece);
  }

  /** Gives frames back that it need not have. */
  shrink(piece: Piece, frames: number): void {
    if (frames >= piece.frames) return;
    const start = piece.grows === 'up' ? piece.start : piece.start + piece.frames - frames;
    if (this.#parts.placement.resize(piece.start, piece.frames, start, frames))
      this.resized(piece, start, frames);
  }

  /** Copies what one piece holds into another that was made like it. */
  copy(from: Piece, to: Piece, component: 'moves' | 'forks'): void {
    const { clock, costs } = this.#parts;
    const pages = usedPages(from);
    this.#copyFrames(usedStart(from), usedStart(to), pages);
    clock.charge(component, pages * costs.copyPage);
  }

  /** Copies bytes from one place of memory to another. */
  duplicate(from: number, to: number, bytes: number): void {
    const { machine, clock, costs } = this.#parts;
    machine.ram.copyWithin(to, from, from + bytes);
    this.wrote(to, bytes);
    clock.charge('moves', (bytes / PAGE_SIZE) * costs.copyPage);
  }

  /** Where in memory the byte is that programs see at `address`, which lies in the piece. */
  physical(piece: Piece, address: number): number {
    const reach = segmentReach(this.#parts.rules);
    const from = piece.segment * reach;
    return piece.grows === 'up'
      ? piece.start * PAGE_SIZE + address - from
      : (piece.start + piece.frames) * PAGE_SIZE - (from + reach - address);
  }

  /** The page, by its address / 4096, that programs see at a place of memory in the piece. */
  pageAt(piece: Piece, physical: number): number {
    const first = piece.segment * segmentReach(this.#parts.rules);
    return Math.floor((first + physical - this.physical(piece, first)) / PAGE_SIZE);
  }

  /** Bytes of a piece in memory become zeros. */
  zero(piece: Piece, from: number, to: number): void {
    const at = this.physical(piece, from);
    this.#parts.machine.ram.fill(0, at, at + to - from);
    this.wrote(at, to - from);
  }

  /** The kernel has written bytes of memory. */
  wrote(at: number, bytes: number): void {
    const last = Math.floor((at + bytes - 1) / PAGE_SIZE);
    for (let frame = Math.floor(at / PAGE_SIZE); frame <= last; frame++)
      this.#parts.machine.codeChanged(frame as Frame);
  }

  /** The TLB and the registers follow what has happened to a piece. */
  changed(piece: Piece): void {
    for (const user of piece.users) this.refresh(user);
    this.#count();
  }

  /** Works the registers of a space out anew. */
  refresh(id: SpaceId): void {
    const { state, machine, root, rules } = this.#parts;
    const record = state.spaces.get(id);
    const space = root.spaces[id];
    if (record === undefined || space === undefined) return;
    machine.flushSpace(space.asid);
    space.resident = this.framesIn(record);
    space.residentPeak = Math.max(space.residentPeak, space.resident);
    record.registers = this.isIn(record)
      ? registersFor(rules, record.segments, (one) => this.of(one))
      : noRegisters(rules);
    if (id === state.active) this.tellRegisters(id, 'changed');
  }

  /** What the machine translates by from now on. */
  tellRegisters(id: SpaceId, why: 'switch' | 'changed'): void {
    const { events, state } = this.#parts;
    if (!events.watched) return;
    const registers = shownRegisters(state.spaces.get(id)!.registers);
    events.emit({ type: 'registers', space: id, why, registers });
  }

  /** Whether all pieces of a space are in memory. */
  isIn(record: SpaceRecord): boolean {
    return record.where !== 'unplaced' && record.segments.every(({ piece }) => this.of(piece).start !== -1);
  }

  /** Frames of a space's pieces that are in memory. */
  framesIn({ segments }: SpaceRecord): number {
    return segments.reduce(
      (sum, { piece }) => sum + (this.of(piece).start === -1 ? 0 : this.of(piece).frames),
      0,
    );
  }

  /** Gives a piece up that nobody uses any more. */
  forget(piece: Piece): void {
    if (piece.start !== -1) this.remove(piece);
    this.#parts.state.pieces.delete(piece.id);
  }

  #tellMove(piece: Piece, from: number, why: MoveReason): void {
    const { state, clock, costs, events } = this.#parts;
    const pages = usedPages(piece);
    state.figures[why].pieces++;
    state.figures[why].pages += pages;
    clock.charge('moves', pages * costs.copyPage);
    if (events.watched) events.emit({ type: 'piece', change: 'moved', from, why, ...this.#shown(piece) });
    this.changed(piece);
  }

  #count(): void {
    const { counters, pieces } = this.#parts.state;
    let frames = 0;
    for (const piece of pieces.values()) if (piece.start !== -1) frames += piece.frames;
    counters.residentPages = frames;
    counters.residentPeak = Math.max(counters.residentPeak, frames);
  }

  /** A fresh frame never shows what was in it before. */
  #zeroFrames(start: number, count: number): void {
    const { machine, state } = this.#parts;
    machine.ram.fill(0, start * PAGE_SIZE, (start + count) * PAGE_SIZE);
    this.wrote(start * PAGE_SIZE, count * PAGE_SIZE);
    state.counters.zeroedFrames += count;
  }

  #copyFrames(from: number, to: number, count: number): void {
    this.#parts.machine.ram.copyWithin(to * PAGE_SIZE, from * PAGE_SIZE, (from + count) * PAGE_SIZE);
    this.wrote(to * PAGE_SIZE, count * PAGE_SIZE);
  }

  #shown({ id, segment, start, frames, users }: Piece) {
    return { piece: id, segment, start: start as Frame, frames, spaces: [...users] };
  }
}
