/**
 * Spaces whose memory is pieces: made, laid out, brought into memory, kept in step with their areas, and given up.
 *
 *   create ─▶ areas ─▶ bringIn: pieces placed, zeros ─▶ used ─▶ … rolled out ⇄ bringIn … ─▶ destroy
 *                                     └ fills are read when they are touched
 */
import { assert } from '../../base/errors.ts';
import type { Frame, SpaceId, VirtualAddress } from '../../base/numbers.ts';
import { spaceId } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { ElfImage } from '../loader/elf.ts';
import { relocationsOf } from '../loader/relocations.ts';
import { type AreaWatch, carve } from '../memory/areas.ts';
import type { Clock, Outcome, OutOfMemory } from '../memory/contract.ts';
import type { RootState, SpaceState } from '../state.ts';
import type { Arrivals } from './arrivals.ts';
import type { Claim } from './claim.ts';
import { type Extent, extentsOf, framesFor, type IsMemory, type Shape } from './extents.ts';
import { coveredBy, fillsIn } from './fills.ts';
import { type Pieces, usedPages } from './pieces.ts';
import { noRegisters } from './registers.ts';
import type { Rolling } from './rolling.ts';
import type { NoRoom, Room } from './room.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import { showSpace } from './shown.ts';
import { planSpace, type SpaceLayout } from './space-layout.ts';
import type { Piece, SegmentState, SegmentsState, SpaceRecord } from './state.ts';

export interface SpacesParts {
  readonly root: RootState;
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly machine: MachinePort;
  readonly pieces: Pieces;
  readonly room: Room;
  readonly rolling: Rolling;
  readonly arrivals: Arrivals;
  readonly claim: Claim;
  readonly clock: Clock;
  readonly watch: AreaWatch;
  readonly isMemory: IsMemory;
  /** No segment may be writable and executable at once. */
  readonly writeXorExecute: boolean;
}

/** Address-space identifiers of the TLB are 16 bits wide. */
const MOST_SPACES = 65536;
/** Of spaces that have ended, for the report. */
const MOST_SHOWN = 32;
const RESUMED: Outcome = { kind: 'resumed' };
const WRITE_EXECUTE = 6;

export class Spaces {
  readonly #parts: SpacesParts;

  constructor(parts: SpacesParts) {
    this.#parts = parts;
  }

  /** @returns a space without areas; it has to be laid out before it gets any */
  create(layout: SpaceLayout): SpaceState | OutOfMemory {
    const { root, rules, state } = this.#parts;
    const id = this.#freeId();
    if (id === -1) return this.refuse(`there are ${MOST_SPACES} address spaces`);
    if (rules.scheme.addresses === 'physical' && state.spaces.size > 0)
      return this.refuse(
        'a second program has nowhere to be: the first has all of memory, at its own addresses',
      );
    const space: SpaceState = {
      id,
      asid: id,
      root: 0 as Frame,
      translation: rules.scheme.name,
      layout,
      areas: [],
      brkStart: 0 as VirtualAddress,
      brk: 0 as VirtualAddress,
      mmapTop: layout.mmapTop,
      tableFrames: 0,
      resident: 0,
      residentPeak: 0,
    };
    root.spaces[id] = space;
    state.spaces.set(id, {
      layout,
      where: 'unplaced',
      segments: [],
      registers: noRegisters(rules),
      since: 0,
      took: 0,
      used: false,
      relocations: undefined,
    });
    return space;
  }

  /** Lays an empty space out for a program; why it can't be. */
  suit(space: SpaceState, image: ElfImage, bytes: Uint8Array): string | undefined {
    const { rules, state } = this.#parts;
    const plan = planSpace(rules, state.frames * 4096, image);
    if ('refused' in plan) return plan.refused;
    const mixed = this.#mixedSegment(image, plan);
    if (mixed !== undefined) return mixed;
    const record = this.record(space.id);
    if (rules.scheme.addresses === 'physical') {
      const relocations = relocationsOf(image, bytes, plan.pieBase);
      if (typeof relocations === 'string') return relocations;
      record.relocations = relocations;
    }
    space.layout = plan;
    record.layout = plan;
    return undefined;
  }

  record(id: SpaceId): SpaceRecord {
    const record = this.#parts.state.spaces.get(id);
    assert(record !== undefined, `space ${id} has a record`);
    return record;
  }

  /** Takes down that something was refused, for the report. */
  refuse(why: string): OutOfMemory {
    const { refused } = this.#parts.state.figures;
    refused.set(why, (refused.get(why) ?? 0) + 1);
    return { kind: 'out-of-memory', lacks: 'frames', detail: why };
  }

  /** Makes all pieces of a space be in memory; what has to come first. */
  bringIn(space: SpaceState): Outcome {
    const { pieces, arrivals, clock, claim, root } = this.#parts;
    let record = this.record(space.id);
    if (record.where !== 'in') {
      if (record.where === 'unplaced') this.#makePieces(space, record);
      const failure = this.#placeMissing(space, record);
      if (failure !== undefined) return failure;
      record = this.record(space.id);
      record.where = 'in';
      record.since = clock.now;
      pieces.refresh(space.id);
    }
    for (const { piece } of record.segments) {
      const pending = arrivals.pendingFor(pieces.of(piece), 'swap');
      if (pending?.kind !== 'blocked') continue;
      const request = root.requests.find(({ id }) => id === pending.request);
      claim.arrives(space.id, request?.due ?? clock.now);
      return pending;
    }
    if (!record.used) {
      claim.met(space.id);
      record.used = true;
      record.took = Math.max(0, clock.now - record.since);
      record.since = clock.now;
    }
    return RESUMED;
  }

  /** The segments that a shape of this space would need. */
  extents(space: SpaceState, shape: Shape): Extent[] {
    const { rules, isMemory } = this.#parts;
    return extentsOf(rules, this.record(space.id).layout, shape, isMemory);
  }

  /** Makes sure that there is memory for a shape that the space is about to have. Its pieces may move. */
  reserve(space: SpaceState, shape: Shape): NoRoom | undefined {
    const { pieces, room, state } = this.#parts;
    const record = this.record(space.id);
    const made: Piece[] = [];
    for (const extent of this.extents(space, shape)) {
      const own = record.segments.find(({ segment }) => segment === extent.segment);
      if (own === undefined) {
        // Only what a program was loaded with is looked for by others.
        const sharing = extent.sharing === 'code' ? 'private' : extent.sharing;
        made.push(pieces.create({ ...extent, sharing, code: undefined }, space.id));
        continue;
      }
      const failure = this.#fit(space, own, extent);
      if (failure === undefined) continue;
      for (const piece of made) state.pieces.delete(piece.id);
      return failure;
    }
    const failure = made.length === 0 ? undefined : room.place(made, space.id);
    if (failure !== undefined) for (const piece of made) state.pieces.delete(piece.id);
    else for (const piece of made) this.#attach(record, piece, 0);
    this.#countNeeded(record);
    return failure;
  }

  /** The space's areas have changed: bounds and rights follow, and memory that it need not have is given back. */
  settle(space: SpaceState): void {
    const { pieces } = this.#parts;
    const record = this.record(space.id);
    if (record.where === 'unplaced') return;
    const extents = this.extents(space, space);
    for (const own of [...record.segments]) {
      const extent = extents.find(({ segment }) => segment === own.segment);
      if (extent === undefined) this.#detach(space.id, record, own);
      else this.#trim(own, extent);
    }
    pieces.refresh(space.id);
  }

  destroy(id: SpaceId): void {
    const { root, state, machine, watch, claim } = this.#parts;
    const space = root.spaces[id];
    assert(space !== undefined, `space ${id} exists`);
    const record = this.record(id);
    if (record.where !== 'unplaced' && state.ended.length < MOST_SHOWN)
      state.ended.push({ ...showSpace(this.#parts, space, record), where: 'ended' });
    for (const own of [...record.segments]) this.#detach(id, record, own);
    for (const { backing } of carve(space.areas, 0, Number.POSITIVE_INFINITY, watch))
      if (backing !== undefined) watch.gone(backing.object);
    machine.flushSpace(space.asid);
    state.spaces.delete(id);
    claim.end(id);
    root.spaces[id] = undefined;
  }

  /** Enters a piece among the segments of a space. */
  #attach(record: SpaceRecord, piece: Piece, protection: number): void {
    const { segment, id, size } = piece;
    record.segments.push({ segment, piece: id, size, protection });
    record.segments.sort((a, b) => a.segment - b.segment);
  }

  #detach(id: SpaceId, record: SpaceRecord, own: SegmentState): void {
    const { pieces, arrivals, rolling } = this.#parts;
    const piece = pieces.of(own.piece);
    record.segments.splice(record.segments.indexOf(own), 1);
    piece.users = piece.users.filter((user) => user !== id);
    if (piece.users.length > 0) {
      this.#bind(piece);
      return;
    }
    arrivals.abandon(piece);
    rolling.release(piece.slots);
    pieces.forget(piece);
  }

  /** A piece of its own, or one of code that others have, for each segment. */
  #makePieces(space: SpaceState, record: SpaceRecord): void {
    const { pieces, rules, isMemory, state } = this.#parts;
    const reach = segmentReach(rules);
    for (const extent of this.extents(space, space)) {
      const known = extent.code === undefined ? undefined : this.#codeLike(extent.code);
      if (known !== undefined) {
        known.users.push(space.id);
        state.figures.codeShared++;
        state.figures.codeFramesSaved += known.frames;
        this.#attach(record, known, extent.protection);
        continue;
      }
      const piece = pieces.create(extent, space.id);
      const from = extent.segment * reach;
      piece.fills = fillsIn(space.areas, from, from + reach, isMemory);
      this.#attach(record, piece, extent.protection);
    }
    record.where = 'out';
    this.#countNeeded(record);
  }

  #codeLike(code: string): Piece | undefined {
    for (const piece of this.#parts.state.pieces.values()) if (piece.code === code) return piece;
    return undefined;
  }

  #placeMissing(space: SpaceState, { segments }: SpaceRecord): NoRoom | undefined {
    const { pieces, room, arrivals, state, root } = this.#parts;
    const missing = segments.map(({ piece }) => pieces.of(piece)).filter(({ start }) => start === -1);
    const wasOut = missing.some(({ slots }) => slots.length > 0);
    const failure = room.place(missing, space.id);
    if (failure !== undefined) return failure;
    if (wasOut) {
      const pages = missing.reduce((sum, { slots }) => sum + slots.length, 0);
      state.figures.rolledIn.pieces++;
      state.figures.rolledIn.pages += pages;
      state.counters.majorFaults++;
    }
    for (const piece of missing) {
      arrivals.fromSwap(piece, space.id);
      arrivals.readNow(piece, space.layout.trampoline);
    }
    assert(root.spaces[space.id] === space, 'a space that is brought in exists');
    return undefined;
  }

  /** Makes the piece of a segment large enough, and its space's own if it is to be written. */
  #fit(space: SpaceState, own: SegmentState, extent: Extent): NoRoom | undefined {
    const { pieces, room } = this.#parts;
    const { sharing, code } = pieces.of(own.piece);
    if (sharing === 'code' && extent.code !== code) {
      const failure = this.#unshare(space, own);
      if (failure !== undefined) return failure;
    }
    const piece = pieces.of(own.piece);
    const needed = framesFor(extent.size);
    if (needed <= piece.frames) return undefined;
    return room.grow(piece, needed, framesFor(extent.size + extent.room), space.id);
  }

  /** Gives a space a copy of code that others have too. */
  #unshare(space: SpaceState, own: SegmentState): NoRoom | undefined {
    const { pieces, room, state } = this.#parts;
    const shared = pieces.of(own.piece);
    const fills = coveredBy(shared.fills, space.areas);
    if (shared.users.length === 1) {
      shared.fills = fills;
      shared.sharing = 'private';
      shared.code = undefined;
      return undefined;
    }
    const copy = pieces.createLike({ ...shared, fills, sharing: 'private', code: undefined }, space.id);
    const failure = room.place([copy], space.id);
    if (failure !== undefined) {
      state.pieces.delete(copy.id);
      return failure;
    }
    pieces.copy(shared, copy, 'moves');
    shared.users = shared.users.filter((user) => user !== space.id);
    own.piece = copy.id;
    this.#bind(shared);
    return undefined;
  }

  #trim(own: SegmentState, extent: Extent): void {
    const { pieces } = this.#parts;
    const piece = pieces.of(own.piece);
    own.protection = extent.protection;
    own.size = extent.size;
    this.#bind(piece);
    pieces.shrink(piece, framesFor(piece.size + extent.room));
  }

  /** A piece reaches as far as any of its users does, and code is what any of them has of it. */
  #bind(piece: Piece): void {
    const { root, rolling } = this.#parts;
    const sizes = piece.users.map((user) => {
      const own = this.record(user).segments.find(({ piece: id }) => id === piece.id);
      return own?.size ?? 0;
    });
    piece.size = Math.max(...sizes);
    // What several have grows up, so that pages that nobody has any more are its last ones.
    if (piece.slots.length > 0) rolling.release(piece.slots.splice(usedPages(piece)));
    if (piece.sharing !== 'code') return;
    const spaces = piece.users.map((user) => root.spaces[user]!);
    piece.fills = coveredBy(
      piece.fills,
      spaces.flatMap(({ areas }) => areas),
    );
    // Once nobody has the whole of it, it is not what a program that starts would look for.
    const isWhole = (space: SpaceState) => this.extents(space, space).some(({ code }) => code === piece.code);
    if (piece.code !== undefined && !spaces.some(isWhole)) piece.code = undefined;
  }

  #countNeeded({ segments }: SpaceRecord): void {
    const { pieces, state } = this.#parts;
    const frames = segments.reduce((sum, { piece }) => sum + pieces.of(piece).frames, 0);
    state.counters.neededPeak = Math.max(state.counters.neededPeak, frames);
  }

  /** Under write xor execute: the segment in which a program has both code and data. */
  #mixedSegment(image: ElfImage, { pieBase }: SpaceLayout): string | undefined {
    const { rules, writeXorExecute } = this.#parts;
    if (!writeXorExecute) return undefined;
    const reach = segmentReach(rules);
    const bias = image.kind === 'fixed' ? 0 : pieBase;
    const rights = new Map<number, number>();
    for (const { address, memoryBytes, protection } of image.segments) {
      const first = Math.floor((address + bias) / reach);
      for (let index = first; index * reach < address + bias + memoryBytes; index++)
        rights.set(index, (rights.get(index) ?? 0) | protection);
    }
    for (const [index, protection] of rights)
      if ((protection & WRITE_EXECUTE) === WRITE_EXECUTE)
        return `has code and data in segment ${index}, which would be writable and executable`;
    return undefined;
  }

  #freeId(): SpaceId | -1 {
    const { spaces } = this.#parts.root;
    const hole = spaces.indexOf(undefined);
    if (hole !== -1) return spaceId(hole);
    return spaces.length < MOST_SPACES ? spaceId(spaces.length) : -1;
  }
}
