/** madvise(2) and msync(2) where memory comes in pieces, and what becomes of mappings when their file changes. */
import { PAGE_SIZE, roundDown, roundUp, type VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { isCovered, overlapping, piece as partOf } from '../memory/areas.ts';
import type { Result } from '../memory/contract.ts';
import type { Area, SpaceState } from '../state.ts';
import { fillsIn, withinRange, withoutRange } from './fills.ts';
import { beIn, type CallParts, eachPiece, show } from './mapping.ts';

const MADV_DONTNEED = 4;
const MADV_FREE = 8;
/** Advice without effect: NORMAL, RANDOM, SEQUENTIAL, WILLNEED, HUGEPAGE, … (asm-generic/mman-common.h). */
const HINTS: readonly number[] = [0, 1, 2, 3, 14, 15, 16, 17, 20, 21];

/** madvise(2): 0, EINVAL, or ENOMEM when the range has holes, after the rest was done. */
export function advise(
  parts: CallParts,
  space: SpaceState,
  address: VirtualAddress,
  length: number,
  advice: number,
): Result {
  const bytes = roundUp(length);
  const drops = advice === MADV_DONTNEED || advice === MADV_FREE;
  if (address % PAGE_SIZE !== 0 || !(drops || HINTS.includes(advice))) return Errno.EINVAL;
  if (bytes === 0) return 0;
  const end = address + bytes;
  if (!(end <= space.layout.end)) return Errno.ENOMEM;
  const areas = overlapping(space.areas, address, end);
  if (advice === MADV_FREE && areas.some((area) => area.shared || area.backing !== undefined))
    return Errno.EINVAL;
  if (drops) {
    beIn(parts, space);
    for (const area of areas)
      if (!area.shared)
        show(parts, space, partOf(area, Math.max(address, area.start), Math.min(end, area.end)));
  }
  return isCovered(space.areas, address, end) ? 0 : Errno.ENOMEM;
}

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;

/** msync(2): there is nothing that could be written. 0, EINVAL, ENOMEM when the range has holes. */
export function synchronize(
  space: SpaceState,
  address: VirtualAddress,
  length: number,
  flags: number,
): Result {
  const both = MS_ASYNC | MS_SYNC;
  const end = address + roundUp(length);
  if (address % PAGE_SIZE !== 0 || (flags & ~(both | MS_INVALIDATE)) !== 0) return Errno.EINVAL;
  if ((flags & both) === both) return Errno.EINVAL;
  return end <= space.layout.end && isCovered(space.areas, address, end) ? 0 : Errno.ENOMEM;
}

/**
 * The bytes of a file have changed, or their number: mappings of it that are shared show what it has now, when they are
 * next touched.
 */
export function showAgain(parts: CallParts, space: SpaceState, area: Area, from: number, to: number): void {
  const { backing } = area;
  if (backing === undefined || !area.shared || parts.spaces.record(space.id).where === 'unplaced') return;
  const start = Math.max(area.start, roundDown(area.start + from - backing.offset));
  const end = Math.min(area.end, roundUp(area.start + to - backing.offset));
  if (start >= end) return;
  const fills = fillsIn([area], start, end, parts.isMemory);
  eachPiece(parts, space, start, end, (piece, low, high) => {
    piece.fills = [...withoutRange(piece.fills, low, high), ...withinRange(fills, low, high)];
    parts.pieces.changed(piece);
  });
}
