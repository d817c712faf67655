/** What must always hold of memory in pieces. */
import { assert } from '../../base/errors.ts';
import type { Placement } from '../../policies/placement/contract.ts';
import type { RootState, SpaceState } from '../state.ts';
import { extentsOf, framesFor, type IsMemory } from './extents.ts';
import { type Pieces, usedPages } from './pieces.ts';
import { noRegisters, registersFor } from './registers.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Piece, SegmentsState, SpaceRecord } from './state.ts';

export interface InvariantParts {
  readonly root: RootState;
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly placement: Placement;
  readonly pieces: Pieces;
  readonly isMemory: IsMemory;
}

/** Throws, naming what is broken. */
export function checkInvariants(parts: InvariantParts): void {
  checkFrames(parts);
  for (const piece of parts.state.pieces.values()) checkPiece(parts, piece);
  for (const [id, record] of parts.state.spaces) {
    const space = parts.root.spaces[id];
    assert(space !== undefined, `space ${id} has a record and exists`);
    if (record.where !== 'unplaced') checkSpace(parts, space, record);
  }
  checkSwap(parts);
}

/** Each frame is in one piece or in one hole, or lost inside of a block. */
function checkFrames({ state, placement, pieces }: InvariantParts): void {
  const owner = new Uint8Array(state.frames);
  const take = (start: number, count: number, what: string) => {
    assert(start >= 0 && start + count <= state.frames, `${what} lies in memory`);
    for (let frame = start; frame < start + count; frame++) {
      assert(owner[frame] === 0, `frame ${frame} of ${what} is nobody else's`);
      owner[frame] = 1;
    }
  };
  for (const piece of pieces.placed()) take(piece.start, piece.frames, `piece ${piece.id}`);
  for (const { start, size } of placement.holes()) take(start, size, `the hole at ${start}`);
  const left = owner.filter((one) => one === 0).length;
  assert(left === placement.figures().internal, `${left} frames are in no piece and no hole`);
}

function checkPiece({ root, state, rules }: InvariantParts, piece: Piece): void {
  const name = `piece ${piece.id}`;
  assert(piece.users.length > 0, `${name} is somebody's`);
  assert(piece.sharing !== 'private' || piece.users.length === 1, `${name} is private and has one user`);
  assert(new Set(piece.users).size === piece.users.length, `${name} knows each user once`);
  assert(usedPages(piece) <= piece.frames, `${name} has the frames that its bound needs`);
  assert(piece.size <= segmentReach(rules), `${name} is as large as a segment can be`);
  assert(piece.slots.length === 0 || piece.start === -1, `${name} is in memory or in swap`);
  assert(
    piece.slots.length === 0 || piece.slots.length === usedPages(piece),
    `all pages of ${name} are in swap, or none`,
  );
  for (const user of piece.users) {
    const record = state.spaces.get(user);
    const own = record?.segments.find(({ segment }) => segment === piece.segment);
    assert(own?.piece === piece.id, `space ${user} has ${name} as its segment ${piece.segment}`);
  }
  const areas = piece.users.flatMap((user) => root.spaces[user]!.areas);
  for (const { address, bytes, offset } of piece.fills) {
    assert(address % 4096 === 0 && offset % 4096 === 0 && bytes > 0, `${name} is filled by pages`);
    for (let at = address; at < address + bytes; at += 4096)
      assert(
        areas.some(({ start, end }) => start <= at && at < end),
        `${name} is filled where somebody sees it`,
      );
  }
}

function checkSpace(parts: InvariantParts, space: SpaceState, record: SpaceRecord): void {
  const { rules, pieces, isMemory } = parts;
  const extents = extentsOf(rules, record.layout, space, isMemory);
  const name = `space ${space.id}`;
  assert(extents.length === record.segments.length, `${name} has a segment for each that its areas are in`);
  for (const [i, extent] of extents.entries()) {
    const own = record.segments[i]!;
    const piece = pieces.of(own.piece);
    assert(own.segment === extent.segment, `segments of ${name} are in order`);
    assert(own.protection === extent.protection, `segment ${own.segment} of ${name} has its areas' rights`);
    assert(piece.users.includes(space.id), `a piece of ${name} knows it`);
    assert(own.size === extent.size, `segment ${own.segment} of ${name} is bound by its areas`);
    assert(piece.size >= own.size, `the piece of segment ${own.segment} of ${name} reaches as far`);
    assert(piece.frames >= framesFor(extent.size), `segment ${own.segment} of ${name} has frames`);
    assert(piece.sharing !== 'code' || (own.protection & 2) === 0, `nobody may write the code of ${name}`);
  }
  const isIn = pieces.isIn(record);
  assert(record.where !== 'in' || isIn, `${name} is in memory with all of its pieces`);
  const due = isIn ? registersFor(rules, record.segments, (id) => pieces.of(id)) : noRegisters(rules);
  assert(
    JSON.stringify(due) === JSON.stringify(record.registers),
    `the registers of ${name} lead to its pieces`,
  );
}

/** Each slot in use is one piece's, or on its way. */
function checkSwap({ state }: InvariantParts): void {
  const slots = new Set<number>();
  const take = (slot: number) => {
    assert(!slots.has(slot), `slot ${slot} holds one page`);
    assert(state.swap.references[slot] === 1, `slot ${slot} is in use`);
    slots.add(slot);
  };
  for (const piece of state.pieces.values()) piece.slots.forEach(take);
  for (const { what } of state.arrivals.values()) if (what.kind === 'swap') what.slots.forEach(take);
  assert(slots.size === state.swap.used, `${slots.size} slots hold pages and ${state.swap.used} are in use`);
}
