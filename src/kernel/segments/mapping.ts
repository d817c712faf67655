/**
 * What the calls on mappings have in common, where memory comes in pieces: before areas change there has to be memory for
 * all that the segments would reach over, and afterwards bounds and rights follow.
 */
import { PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { type AreaWatch, carve, insertArea } from '../memory/areas.ts';
import { PageWait, type ReferenceSink, type Result, type VirtualMemory } from '../memory/contract.ts';
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE, type SpaceState } from '../state.ts';
import type { Extent, IsMemory, Shape } from './extents.ts';
import { fillsIn, withinRange, withoutRange } from './fills.ts';
import type { Pieces } from './pieces.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Spaces } from './spaces.ts';
import type { Piece } from './state.ts';

export interface CallParts {
  readonly rules: SegmentRules;
  readonly spaces: Spaces;
  readonly pieces: Pieces;
  readonly watch: AreaWatch;
  readonly isMemory: IsMemory;
  readonly references: ReferenceSink | undefined;
  readonly writeXorExecute: boolean;
}

export type MapRequest = Parameters<VirtualMemory['map']>[1];

export const ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
const WRITE_EXECUTE = PROT_WRITE | PROT_EXEC;
/** For areas that are only thought of. */
export const NO_WATCH: AreaWatch = { appeared: () => {}, gone: () => {} };

/** The space is in memory. @throws PageWait when that takes time */
export function beIn({ spaces }: CallParts, space: SpaceState): void {
  const outcome = spaces.bringIn(space);
  if (outcome.kind !== 'resumed') throw new PageWait(outcome);
}

/** 0, ENOMEM or EACCES. @throws PageWait */
export function reserve({ spaces, writeXorExecute }: CallParts, space: SpaceState, shape: Shape): Result {
  const isMixed = ({ protection }: Extent) => (protection & WRITE_EXECUTE) === WRITE_EXECUTE;
  if (writeXorExecute && spaces.extents(space, shape).some(isMixed)) return Errno.EACCES;
  const failure = spaces.reserve(space, shape);
  if (failure === undefined) return 0;
  spaces.settle(space);
  if (failure.kind === 'blocked') throw new PageWait(failure);
  return Errno.ENOMEM;
}

export const shapeOf = ({ areas, brk, brkStart }: SpaceState): Shape => ({ areas, brk, brkStart });

/** What the space would be with an area more, in the place of what is there. */
export function changed(space: SpaceState, area: Area): Shape {
  const areas = structuredClone(space.areas);
  carve(areas, area.start, area.end, NO_WATCH);
  insertArea(areas, structuredClone(area), NO_WATCH);
  return { ...shapeOf(space), areas };
}

/** Takes areas, and what was to be shown in them, out of a range. */
export function takeOut(parts: CallParts, space: SpaceState, start: number, end: number): void {
  const taken = carve(space.areas, start, end, parts.watch);
  eachPiece(parts, space, start, end, (piece, from, to) => {
    // Others may have it of code still: `Spaces.settle` finds out.
    if (piece.sharing !== 'code') piece.fills = withoutRange(piece.fills, from, to);
  });
  for (const area of taken) {
    if (area.backing !== undefined) parts.watch.gone(area.backing.object);
    const pages = (area.end - area.start) / PAGE_SIZE;
    parts.references?.gone(space.id, (area.start / PAGE_SIZE) as Vpn, pages);
  }
}

/** Gives the memory of an area what the area shows: zeros, and its file when that is touched. */
export function show(parts: CallParts, space: SpaceState, area: Area): void {
  const fills = fillsIn([area], area.start, area.end, parts.isMemory);
  eachPiece(parts, space, area.start, area.end, (piece, from, to) => {
    parts.pieces.zero(piece, from, to);
    piece.fills = [...withoutRange(piece.fills, from, to), ...withinRange(fills, from, to)];
    for (const page of piece.lost.keys())
      if (page * PAGE_SIZE >= from && page * PAGE_SIZE < to) piece.lost.delete(page);
    parts.pieces.changed(piece);
  });
}

/** The pieces that a range lies in, each with its part. */
export function eachPiece(
  { rules, spaces, pieces }: CallParts,
  { id }: SpaceState,
  start: number,
  end: number,
  each: (piece: Piece, from: number, to: number) => void,
): void {
  const reach = segmentReach(rules);
  for (const { segment, piece } of spaces.record(id).segments) {
    const from = Math.max(start, segment * reach);
    const to = Math.min(end, (segment + 1) * reach);
    if (from < to) each(pieces.of(piece), from, to);
  }
}

/**
 * Memory can be shared by fork where it has a segment to itself. Files can be written through a mapping only where pages
 * are known to be dirty, which nothing here tells.
 */
export function mayShare(
  { rules, isMemory, spaces, pieces }: CallParts,
  space: SpaceState,
  area: Area,
): Result {
  const reach = segmentReach(rules);
  const isMemoryOfMany = area.shared && area.backing !== undefined && isMemory(area.backing.object);
  if (area.shared && !isMemoryOfMany && (area.protection & PROT_WRITE) !== 0) return Errno.ENODEV;
  if (isMemoryOfMany && space.layout.end <= reach) return Errno.ENODEV;
  for (const { segment, piece } of spaces.record(space.id).segments) {
    if (area.start >= (segment + 1) * reach || area.end <= segment * reach) continue;
    if (isMemoryOfMany || pieces.of(piece).sharing === 'memory') return Errno.ENODEV;
  }
  return 0;
}
