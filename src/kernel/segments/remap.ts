/** mremap(2) where memory comes in pieces: an area grows, shrinks, or moves, and then its bytes are copied. */
import { PAGE_SIZE, roundUp, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { findArea, insertArea, isFreeWithGap, piece as partOf } from '../memory/areas.ts';
import type { Result } from '../memory/contract.ts';
import { LOWEST_ADDRESS } from '../memory/map-calls.ts';
import type { Area, SpaceState } from '../state.ts';
import { shifted, withinRange, withoutRange } from './fills.ts';
import { findPlace, unmap } from './map-calls.ts';
import { beIn, type CallParts, changed, eachPiece, mayShare, reserve, show, takeOut } from './mapping.ts';
import { segmentReach } from './rules.ts';
import type { Fill } from './state.ts';

const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;

export interface RemapRequest {
  readonly address: VirtualAddress;
  readonly oldLength: number;
  readonly newLength: number;
  readonly flags: number;
  readonly newAddress: VirtualAddress;
}

/** mremap(2): the address of the mapping, or EINVAL, EFAULT, ENOMEM, EPERM. What moves is copied. */
export function remap(parts: CallParts, space: SpaceState, request: RemapRequest): Result {
  const { address, flags } = request;
  const oldLength = roundUp(request.oldLength);
  const newLength = roundUp(request.newLength);
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED)) !== 0) return Errno.EINVAL;
  if (isFixed && (flags & MREMAP_MAYMOVE) === 0) return Errno.EINVAL;
  if (address % PAGE_SIZE !== 0 || !(newLength > 0) || !(oldLength > 0)) return Errno.EINVAL;
  if (!(newLength <= space.layout.end)) return isFixed ? Errno.EINVAL : Errno.ENOMEM;
  beIn(parts, space);
  const area = findArea(space.areas, address);
  if (area === undefined || area.end < address + Math.min(oldLength, newLength)) return Errno.EFAULT;
  if (isFixed) return remapToFixed(parts, space, request, { oldLength, newLength });
  if (newLength <= oldLength) {
    if (newLength < oldLength)
      unmap(parts, space, virtualAddress(address + newLength), oldLength - newLength);
    return address;
  }
  if (area.end < address + oldLength) return Errno.EFAULT;
  if (growInPlace(parts, space, area, { from: address + oldLength, to: address + newLength })) return address;
  if ((flags & MREMAP_MAYMOVE) === 0) return Errno.ENOMEM;
  const place = findPlace(parts, space, newLength, 'any');
  return place < 0 ? place : moveMapping(parts, space, { from: address, to: place, oldLength, newLength });
}

function remapToFixed(
  parts: CallParts,
  space: SpaceState,
  { address, newAddress }: RemapRequest,
  { oldLength, newLength }: { oldLength: number; newLength: number },
): Result {
  if (newAddress % PAGE_SIZE !== 0 || !(newAddress + newLength <= space.layout.end)) return Errno.EINVAL;
  if (newAddress < LOWEST_ADDRESS) return Errno.EPERM;
  if (newAddress < address + oldLength && address < newAddress + newLength) return Errno.EINVAL;
  unmap(parts, space, newAddress, newLength);
  if (newLength < oldLength) unmap(parts, space, virtualAddress(address + newLength), oldLength - newLength);
  return moveMapping(parts, space, {
    from: address,
    to: newAddress,
    oldLength: Math.min(oldLength, newLength),
    newLength,
  });
}

/** The part of an area from `from` to `to` that continues its object, as mmap of a longer range would have. */
function extension(area: Area, from: number, to: number): Area {
  const whole = area.backing && { ...area.backing, length: to - area.start };
  return partOf({ ...area, backing: whole }, from, to);
}

function growInPlace(
  parts: CallParts,
  space: SpaceState,
  area: Area,
  { from, to }: { from: number; to: number },
): boolean {
  if (area.end !== from || to > space.layout.end || !isFreeWithGap(space.areas, from, to)) return false;
  const more = extension(area, from, to);
  if (mayShare(parts, space, more) < 0 || reserve(parts, space, changed(space, more)) < 0) return false;
  insertArea(space.areas, more, parts.watch);
  parts.spaces.settle(space);
  show(parts, space, more);
  return true;
}

interface Move {
  readonly from: number;
  readonly to: number;
  readonly oldLength: number;
  readonly newLength: number;
}

function moveMapping(parts: CallParts, space: SpaceState, { from, to, oldLength, newLength }: Move): Result {
  const { watch, pieces, spaces } = parts;
  const old = findArea(space.areas, from)!;
  const whole = extension(partOf(old, from, from + oldLength), from, from + newLength);
  const area = { ...whole, start: virtualAddress(to), end: virtualAddress(to + newLength) };
  const refusal = mayShare(parts, space, area);
  if (refusal < 0) return refusal;
  const failure = reserve(parts, space, changed(space, area));
  if (failure < 0) return failure;
  insertArea(space.areas, area, watch);
  spaces.settle(space);
  show(parts, space, area);
  const pending = pendingFills(parts, space, from, from + oldLength);
  eachPiece(parts, space, to, to + oldLength, (piece, start, end) => {
    piece.fills = [
      ...withoutRange(piece.fills, start, end),
      ...withinRange(shifted(pending, to - from), start, end),
    ];
  });
  for (let done = 0; done < oldLength; done += PAGE_SIZE) {
    const source = physical(parts, space, from + done);
    pieces.duplicate(source, physical(parts, space, to + done), PAGE_SIZE);
  }
  takeOut(parts, space, from, from + oldLength);
  spaces.settle(space);
  return to;
}

function physical({ spaces, pieces, rules }: CallParts, { id }: SpaceState, address: number): number {
  const index = Math.floor(address / segmentReach(rules));
  const own = spaces.record(id).segments.find(({ segment }) => segment === index)!;
  return pieces.physical(pieces.of(own.piece), address);
}

function pendingFills(parts: CallParts, space: SpaceState, from: number, to: number): Fill[] {
  const fills: Fill[] = [];
  eachPiece(parts, space, from, to, (piece) => fills.push(...withinRange(piece.fills, from, to)));
  return fills;
}
