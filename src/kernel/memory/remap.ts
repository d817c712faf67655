/**
 * mremap(2): an area grows, shrinks or moves. Pages stay where they are; only their entries move.
 *
 *   flags   1 MAYMOVE   2 FIXED (to a given address)   4 DONTUNMAP (refused)
 */
import {
  PAGE_SIZE,
  pageOf,
  roundUp,
  type VirtualAddress,
  type Vpn,
  virtualAddress,
} from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Area, RootState, SpaceState } from '../state.ts';
import { carve, findArea, insertArea, isFreeWithGap, piece } from './areas.ts';
import type { Result } from './contract.ts';
import { findPlace, LOWEST_ADDRESS, type MapParts, removeRange } from './map-calls.ts';

export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;

export interface RemapParts extends MapParts {
  readonly root: RootState;
  /** Gives the leaf entry's address, making tables; -1 without a frame for them. */
  readonly ensureEntry: (space: SpaceState, page: Vpn, key: number) => number;
}

export interface RemapRequest {
  readonly address: VirtualAddress;
  readonly oldLength: number;
  readonly newLength: number;
  readonly flags: number;
  readonly newAddress: VirtualAddress;
}

/** The address of the mapping, or EINVAL, EFAULT (not one mapping), ENOMEM (no room, no frames for tables). */
export function remap(parts: RemapParts, space: SpaceState, request: RemapRequest): Result {
  const { address, flags } = request;
  const oldLength = roundUp(request.oldLength);
  const newLength = roundUp(request.newLength);
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) !== 0) return Errno.EINVAL;
  if (isFixed && (flags & MREMAP_MAYMOVE) === 0) return Errno.EINVAL;
  if (address % PAGE_SIZE !== 0 || !(newLength > 0) || !(oldLength > 0)) return Errno.EINVAL;
  if (!(newLength <= space.layout.end)) return isFixed ? Errno.EINVAL : Errno.ENOMEM;
  const area = findArea(space.areas, address);
  if (area === undefined) return Errno.EFAULT;
  if (isFixed) return moveToFixed(parts, space, request, oldLength, newLength);
  if (newLength < oldLength) removeRange(parts, space, address + newLength, address + oldLength);
  if (newLength <= oldLength) return address;
  if (area.end < address + oldLength) return Errno.EFAULT;
  if (growInPlace(parts, space, area, address + oldLength, address + newLength)) return address;
  if ((flags & MREMAP_MAYMOVE) === 0) return Errno.ENOMEM;
  const place = findPlace(space, newLength);
  return place < 0 ? place : move(parts, space, address, oldLength, place, newLength);
}

function moveToFixed(
  parts: RemapParts,
  space: SpaceState,
  { address, newAddress }: RemapRequest,
  oldLength: number,
  newLength: number,
): Result {
  if (newAddress % PAGE_SIZE !== 0 || !(newAddress + newLength <= space.layout.end)) return Errno.EINVAL;
  if (newAddress < LOWEST_ADDRESS) return Errno.EPERM;
  if (newAddress < address + oldLength && address < newAddress + newLength) return Errno.EINVAL;
  const moved = Math.min(oldLength, newLength);
  const area = findArea(space.areas, address);
  if (area === undefined || area.end < address + moved) return Errno.EFAULT;
  removeRange(parts, space, newAddress, newAddress + newLength);
  if (newLength < oldLength) removeRange(parts, space, address + newLength, address + oldLength);
  return move(parts, space, address, moved, newAddress, newLength);
}

function growInPlace(parts: RemapParts, space: SpaceState, area: Area, from: number, to: number): boolean {
  if (area.end !== from || to > space.layout.end || !isFreeWithGap(space.areas, from, to)) return false;
  insertArea(space.areas, extension(area, from, to), parts.objectAreas);
  return true;
}

/** The part of an area from `from` to `to` that continues its object, as mmap of a longer range would have. */
function extension(area: Area, from: number, to: number): Area {
  const whole = area.backing && { ...area.backing, length: to - area.start };
  return piece({ ...area, backing: whole }, from, to);
}

/** Moves `oldLength` bytes of one area to a free range of `newLength` bytes. */
function move(
  parts: RemapParts,
  space: SpaceState,
  from: number,
  oldLength: number,
  to: number,
  newLength: number,
): Result {
  const { tables, objectAreas } = parts;
  if (!moveEntries(parts, space, from, oldLength, to)) return Errno.ENOMEM;
  const [taken] = carve(space.areas, from, from + oldLength, objectAreas);
  const area = taken!;
  const grown = newLength > oldLength ? extension(area, area.start, area.start + newLength) : area;
  const placed = { ...grown, start: virtualAddress(to), end: virtualAddress(to + newLength) };
  insertArea(space.areas, placed, objectAreas);
  if (area.backing !== undefined) objectAreas.gone(area.backing.object);
  tables.prune(space, from / PAGE_SIZE, (from + oldLength) / PAGE_SIZE);
  // A recording knows pages by their addresses: at the old ones there are none now.
  parts.references?.gone(space.id, pageOf(virtualAddress(from)), oldLength / PAGE_SIZE);
  const shift = (to - from) / PAGE_SIZE;
  for (const request of parts.root.requests) {
    const address = request.vpn * PAGE_SIZE;
    if (request.space !== space.id || address < from || address >= from + oldLength) continue;
    request.vpn = (request.vpn + shift) as Vpn;
  }
  return to;
}

/** All entries, or none when there is no frame for a table. */
function moveEntries(
  parts: RemapParts,
  space: SpaceState,
  from: number,
  length: number,
  to: number,
): boolean {
  const { tables, mappings, ensureEntry } = parts;
  const first = from / PAGE_SIZE;
  const shift = (to - from) / PAGE_SIZE;
  const moved: Vpn[] = [];
  let complete = true;
  tables.forEach(space, first, first + length / PAGE_SIZE, (page, at) => {
    if (!complete) return;
    const newPage = (page + shift) as Vpn;
    const newAt = ensureEntry(space, newPage, 0);
    if (newAt === -1) {
      complete = false;
      return;
    }
    // Making room may have evicted the page; its entry says so now, and moves all the same.
    mappings.move(space, page, at, newPage, newAt);
    moved.push(page);
  });
  if (complete) return true;
  for (const page of moved) {
    const newPage = (page + shift) as Vpn;
    mappings.move(space, newPage, tables.find(space, newPage), page, tables.find(space, page));
  }
  tables.prune(space, to / PAGE_SIZE, (to + length) / PAGE_SIZE);
  return false;
}
