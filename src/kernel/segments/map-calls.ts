/**
 * mmap(2), munmap(2), brk(2) and mprotect(2) where memory comes in pieces. Areas are kept as with pages. What can't be had
 * without waiting throws `PageWait`, with nothing changed, and the call is made again.
 */
import { assert } from '../../base/errors.ts';
import { PAGE_SIZE, roundDown, roundUp, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import {
  type AreaWatch,
  carve,
  findHole,
  insertArea,
  isFree,
  isFreeWithGap,
  overlapping,
} from '../memory/areas.ts';
import type { Result } from '../memory/contract.ts';
import { isForbidden, LOWEST_ADDRESS } from '../memory/map-calls.ts';
import { type Area, PROT_READ, PROT_WRITE, type SpaceState } from '../state.ts';
import { findLowHole, freeSegments } from './holes.ts';
import {
  ALL,
  beIn,
  type CallParts,
  changed,
  type MapRequest,
  mayShare,
  NO_WATCH,
  reserve,
  shapeOf,
  show,
  takeOut,
} from './mapping.ts';
import { segmentReach } from './rules.ts';

/** Accepted and without effect (asm-generic/mman-common.h). */
const PROT_SEM = 8;

/** The loader's: adds an area to a free range of a space that has no pieces yet. */
export function addArea({ rules, spaces, watch }: CallParts, space: SpaceState, area: Area): void {
  assert(spaces.record(space.id).where === 'unplaced', 'a space is laid out before it is used');
  assert(area.end <= space.layout.end, 'areas lie in the address space');
  insertArea(space.areas, rules.scheme.stack === 'set aside' ? wholeStack(space, area) : area, watch);
}

/** Where the stack can't grow it has all that it may have from the beginning. */
function wholeStack({ layout }: SpaceState, area: Area): Area {
  if (area.growLimit === 0) return area;
  return { ...area, start: virtualAddress(layout.stackTop - layout.stackLimit), growLimit: 0 };
}

/** mmap(2): the address, or EINVAL, EEXIST, ENOMEM, EPERM, EACCES; ENODEV for what can't be shared. */
export function map(parts: CallParts, space: SpaceState, request: MapRequest): Result {
  const length = roundUp(request.length);
  const { backing, protection } = request;
  if (!(length > 0) || (backing !== undefined && backing.offset % PAGE_SIZE !== 0)) return Errno.EINVAL;
  if (length > space.layout.end) return Errno.ENOMEM;
  if (isForbidden(parts, protection)) return Errno.EACCES;
  beIn(parts, space);
  const start = placeOf(parts, space, request, length);
  if (start < 0) return start;
  const area: Area = {
    start: virtualAddress(start),
    end: virtualAddress(start + length),
    protection: protection & ALL,
    shared: request.shared,
    growLimit: 0,
    backing: backing && { ...backing, length },
    name: request.name,
  };
  const refusal = mayShare(parts, space, area);
  if (refusal < 0) return refusal;
  const failure = reserve(parts, space, changed(space, area));
  if (failure < 0) return failure;
  // What is replaced may be the last that maps the object, which must live on.
  if (backing !== undefined) parts.watch.appeared(backing.object);
  takeOut(parts, space, start, start + length);
  insertArea(space.areas, area, parts.watch);
  if (backing !== undefined) parts.watch.gone(backing.object);
  parts.spaces.settle(space);
  show(parts, space, area);
  return start;
}

function placeOf(parts: CallParts, space: SpaceState, request: MapRequest, length: number): Result {
  const { address, fixed } = request;
  const { heapEnd: end } = parts.spaces.record(space.id).layout;
  if (fixed === 'hint') return placeNear(parts, space, request, length);
  if (address % PAGE_SIZE !== 0) return Errno.EINVAL;
  if (!(address + length <= end)) return Errno.ENOMEM;
  if (address < LOWEST_ADDRESS) return Errno.EPERM;
  if (fixed === 'noreplace' && !isFree(space.areas, address, address + length)) return Errno.EEXIST;
  return address;
}

function placeNear(
  parts: CallParts,
  space: SpaceState,
  { address, shared, backing }: MapRequest,
  length: number,
): Result {
  const isMemory = shared && backing !== undefined && parts.isMemory(backing.object);
  const wished = roundDown(address);
  const { window } = parts.spaces.record(space.id).layout;
  const fits = wished >= window.from && wished + length <= window.to;
  if (!isMemory && wished > 0 && fits && isFreeWithGap(space.areas, wished, wished + length)) return wished;
  return findPlace(parts, space, length, isMemory ? 'a segment of its own' : 'any');
}

/** Where a mapping of that length goes by itself; ENOMEM, or ENODEV when it can't have a segment of its own. */
export function findPlace(
  { rules, spaces }: CallParts,
  { id, areas }: SpaceState,
  length: number,
  what: 'any' | 'a segment of its own',
): Result {
  const { window, heapEnd } = spaces.record(id).layout;
  const reach = segmentReach(rules);
  if (window.order === 'segments') {
    const free = freeSegments(areas, length, window, reach);
    if (free !== -1) return free;
  }
  if (what === 'a segment of its own') return Errno.ENODEV;
  if (window.order !== 'down') {
    const taken = areas.map((area) => withSegments(area, reach));
    return orNoMemory(findLowHole(taken, length, window.from, window.to));
  }
  const inside = findHole(areas, length, window.from, window.to);
  return inside !== -1 ? inside : orNoMemory(findLowHole(areas, length, window.to, heapEnd));
}

/** Memory that others share keeps its segments to itself. */
const withSegments = ({ start, end, shared }: Area, reach: number): Pick<Area, 'start' | 'end'> => ({
  start: shared ? virtualAddress(Math.floor(start / reach) * reach) : start,
  end: shared ? virtualAddress(Math.ceil(end / reach) * reach) : end,
});

const orNoMemory = (place: number): Result => (place === -1 ? Errno.ENOMEM : place);

/** munmap(2): 0 or EINVAL. */
export function unmap(parts: CallParts, space: SpaceState, address: VirtualAddress, length: number): Result {
  const bytes = roundUp(length);
  if (address % PAGE_SIZE !== 0 || !(bytes > 0) || !(address + bytes <= space.layout.end))
    return Errno.EINVAL;
  beIn(parts, space);
  takeOut(parts, space, address, address + bytes);
  parts.spaces.settle(space);
  return 0;
}

/** brk(2): the new break, or the present one when it can't be moved so. */
export function setBreak(parts: CallParts, space: SpaceState, address: VirtualAddress): VirtualAddress {
  if (!(address >= space.brkStart && address <= space.layout.end)) return space.brk;
  beIn(parts, space);
  const oldEnd = roundUp(space.brk);
  const newEnd = roundUp(address);
  if (newEnd < oldEnd) takeOut(parts, space, newEnd, oldEnd);
  if (newEnd > oldEnd) {
    // As in Linux, one free page stays between the heap and what follows.
    const { heapEnd } = parts.spaces.record(space.id).layout;
    if (newEnd + PAGE_SIZE > heapEnd || !isFreeWithGap(space.areas, oldEnd, newEnd + PAGE_SIZE))
      return space.brk;
    const area = heapArea(oldEnd, newEnd);
    if (reserve(parts, space, { ...changed(space, area), brk: address }) < 0) return space.brk;
    insertArea(space.areas, area, parts.watch);
    space.brk = address;
    parts.spaces.settle(space);
    show(parts, space, area);
    return address;
  }
  space.brk = address;
  parts.spaces.settle(space);
  return address;
}

const heapArea = (from: number, to: number): Area => ({
  start: virtualAddress(from),
  end: virtualAddress(to),
  protection: PROT_READ | PROT_WRITE,
  shared: false,
  growLimit: 0,
  backing: undefined,
  name: '[heap]',
});

/** mprotect(2): 0, EINVAL, EACCES, or ENOMEM when the range has a hole; then what lies before it has its rights. */
export function protect(
  parts: CallParts,
  space: SpaceState,
  address: VirtualAddress,
  length: number,
  protection: number,
): Result {
  const bytes = roundUp(length);
  if (address % PAGE_SIZE !== 0 || (protection & ~(ALL | PROT_SEM)) !== 0) return Errno.EINVAL;
  if (bytes === 0) return 0;
  const end = address + bytes;
  if (!(end <= space.layout.end)) return Errno.ENOMEM;
  if (isForbidden(parts, protection)) return Errno.EACCES;
  beIn(parts, space);
  const writes = (protection & PROT_WRITE) !== 0;
  const areas = overlapping(space.areas, address, end);
  const isFile = ({ shared, backing }: Area) =>
    shared && backing !== undefined && !parts.isMemory(backing.object);
  if (writes && areas.some(isFile)) return Errno.EACCES;
  const covered = Math.min(end, coveredUntil(space.areas, address));
  const copy = structuredClone(space.areas);
  applyProtection(copy, address, covered, protection & ALL, NO_WATCH);
  const failure = reserve(parts, space, { ...shapeOf(space), areas: copy });
  if (failure < 0) return failure;
  applyProtection(space.areas, address, covered, protection & ALL, parts.watch);
  parts.spaces.settle(space);
  return covered < end ? Errno.ENOMEM : 0;
}

function applyProtection(
  areas: Area[],
  from: number,
  to: number,
  protection: number,
  watch: AreaWatch,
): void {
  for (const area of carve(areas, from, to, watch)) {
    insertArea(areas, { ...area, protection }, watch);
    if (area.backing !== undefined) watch.gone(area.backing.object);
  }
}

/** First address from `address` on that lies in no area. */
function coveredUntil(areas: readonly Area[], address: number): number {
  let reached = address;
  for (const area of overlapping(areas, address, Number.POSITIVE_INFINITY)) {
    if (area.start > reached) break;
    reached = area.end;
  }
  return reached;
}
