/**
 * mmap(2), munmap(2) and brk(2): areas come and go; pages follow.
 *
 *   0        64 KiB                                                mmapTop          2^38
 *   ├─ never ─┼─ program ─ heap ▶ …                 ◀ mmap ─────────┤   ◀ stack ─────┤
 */
import { assert } from '../../base/errors.ts';
import {
  PAGE_SIZE,
  pageOf,
  roundDown,
  roundUp,
  type VirtualAddress,
  virtualAddress,
} from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { type Area, PROT_EXEC, PROT_READ, PROT_WRITE, type SpaceState } from '../state.ts';
import { carve, findHole, insertArea, isFree, isFreeWithGap } from './areas.ts';
import type { ReferenceSink, Result, VirtualMemory } from './contract.ts';
import type { Mappings } from './mappings.ts';
import type { ObjectAreas } from './object-areas.ts';
import type { PageTables } from './page-tables.ts';
import type { SuperpageRule } from './superpage-state.ts';
import type { SuperpageTables } from './superpage-tables.ts';

/** Lowest address that a program may map, vm.mmap_min_addr of Linux. */
export const LOWEST_ADDRESS = 65536;

export interface MapParts {
  readonly tables: PageTables;
  readonly superpages: SuperpageTables | undefined;
  readonly superpageRule: SuperpageRule;
  readonly mappings: Mappings;
  readonly objectAreas: ObjectAreas;
  readonly references: ReferenceSink | undefined;
  /** No page may be writable and executable at once. */
  readonly writeXorExecute: boolean;
}

export type MapRequest = Parameters<VirtualMemory['map']>[1];

/** Whether a protection asks for what write-xor-execute forbids. */
export function isForbidden(parts: Pick<MapParts, 'writeXorExecute'>, protection: number): boolean {
  const both = PROT_WRITE | PROT_EXEC;
  return parts.writeXorExecute && (protection & both) === both;
}

/** Adds an area to a free range. A range that is not free is a bug of the caller. */
export function addArea(parts: MapParts, space: SpaceState, area: Area): void {
  assert(area.start % PAGE_SIZE === 0 && area.end % PAGE_SIZE === 0, 'areas are whole pages');
  assert(area.end <= space.layout.end, 'areas lie in the user half of the address space');
  insertArea(space.areas, area, parts.objectAreas);
}

/** mmap(2): the address, or EINVAL, EEXIST, ENOMEM, EPERM (below 64 KiB), EACCES (write xor execute). */
export function map(parts: MapParts, space: SpaceState, request: MapRequest): Result {
  const length = roundUp(request.length);
  if (!(length > 0)) return Errno.EINVAL;
  if (request.backing !== undefined && request.backing.offset % PAGE_SIZE !== 0) return Errno.EINVAL;
  if (length > space.layout.end) return Errno.ENOMEM;
  if (isForbidden(parts, request.protection)) return Errno.EACCES;
  const start = placeOf(parts, space, request, length);
  if (start < 0) return start;
  const { protection, shared, growLimit, name, backing } = request;
  // What is replaced may be the last that maps the object, which must live on.
  if (backing !== undefined) parts.objectAreas.appeared(backing.object);
  if (request.fixed === 'replace') removeRange(parts, space, start, start + length);
  insertArea(
    space.areas,
    {
      start: virtualAddress(start),
      end: virtualAddress(start + length),
      protection: protection & (PROT_READ | PROT_WRITE | PROT_EXEC),
      shared,
      growLimit,
      backing: backing && { ...backing, length },
      name,
    },
    parts.objectAreas,
  );
  if (backing !== undefined) parts.objectAreas.gone(backing.object);
  return start;
}

function placeOf(parts: MapParts, space: SpaceState, request: MapRequest, length: number): Result {
  const { address, fixed, backing, shared } = request;
  const alignment = backing === undefined && !shared ? alignmentOf(parts, length) : PAGE_SIZE;
  if (fixed === 'hint') return placeNear(space, address, length, alignment);
  if (address % PAGE_SIZE !== 0) return Errno.EINVAL;
  if (!(address + length <= space.layout.end)) return Errno.ENOMEM;
  if (address < LOWEST_ADDRESS) return Errno.EPERM;
  if (fixed === 'noreplace' && !isFree(space.areas, address, address + length)) return Errno.EEXIST;
  return address;
}

/** Where a superpage fits into a mapping, and there may be any, it is laid so that one does. */
function alignmentOf({ superpages }: MapParts, length: number): number {
  const bytes = (superpages?.span ?? 1) * PAGE_SIZE;
  return length >= bytes ? bytes : PAGE_SIZE;
}

function placeNear(space: SpaceState, hint: number, length: number, alignment: number): Result {
  const wished = roundDown(hint);
  const fits = wished >= LOWEST_ADDRESS && wished + length <= space.layout.end;
  if (fits && isFreeWithGap(space.areas, wished, wished + length)) return wished;
  // Room enough that an aligned place is in it. (Linux 6.7, mm/huge_memory.c, __thp_get_unmapped_area.)
  const room = alignment === PAGE_SIZE ? -1 : findPlace(space, length + alignment - PAGE_SIZE);
  return room < 0 ? findPlace(space, length) : Math.ceil(room / alignment) * alignment;
}

/** The highest place below `mmapTop`, else the highest anywhere; ENOMEM when there is none. */
export function findPlace(space: SpaceState, length: number): Result {
  const low = findHole(space.areas, length, LOWEST_ADDRESS, space.mmapTop);
  if (low !== -1) return low;
  const high = findHole(space.areas, length, LOWEST_ADDRESS, space.layout.end);
  return high !== -1 ? high : Errno.ENOMEM;
}

/** munmap(2): 0 or EINVAL. Ranges without areas are no error. */
export function unmap(parts: MapParts, space: SpaceState, address: VirtualAddress, length: number): Result {
  const bytes = roundUp(length);
  if (address % PAGE_SIZE !== 0 || !(bytes > 0) || !(address + bytes <= space.layout.end))
    return Errno.EINVAL;
  removeRange(parts, space, address, address + bytes);
  return 0;
}

/** Takes areas and pages out of a range. */
export function removeRange(parts: MapParts, space: SpaceState, start: number, end: number): void {
  const { tables, superpages, mappings, objectAreas, references } = parts;
  const taken = carve(space.areas, start, end, objectAreas);
  if (taken.length === 0) return;
  superpages?.splitRange(space, start / PAGE_SIZE, end / PAGE_SIZE, 'unmap');
  for (const area of taken) {
    tables.forEach(space, area.start / PAGE_SIZE, area.end / PAGE_SIZE, (page, at) =>
      mappings.clear(space, page, at),
    );
    references?.gone(space.id, pageOf(area.start), (area.end - area.start) / PAGE_SIZE);
  }
  tables.prune(space, start / PAGE_SIZE, end / PAGE_SIZE);
  for (const { backing } of taken) if (backing !== undefined) objectAreas.gone(backing.object);
}

/** brk(2): the new break, or the present one when it can't be moved so. */
export function setBreak(parts: MapParts, space: SpaceState, address: VirtualAddress): VirtualAddress {
  if (!(address >= space.brkStart && address <= space.layout.end)) return space.brk;
  const oldEnd = roundUp(space.brk);
  const newEnd = roundUp(address);
  if (newEnd < oldEnd) removeRange(parts, space, newEnd, oldEnd);
  if (newEnd > oldEnd && !growHeap(parts, space, oldEnd, newEnd)) return space.brk;
  space.brk = address;
  return address;
}

function growHeap(parts: MapParts, space: SpaceState, from: number, to: number): boolean {
  // As in Linux, one free page stays between the heap and what follows.
  if (to + PAGE_SIZE > space.layout.end || !isFreeWithGap(space.areas, from, to + PAGE_SIZE)) return false;
  insertArea(
    space.areas,
    {
      start: virtualAddress(from),
      end: virtualAddress(to),
      protection: PROT_READ | PROT_WRITE,
      shared: false,
      growLimit: 0,
      backing: undefined,
      name: '[heap]',
    },
    parts.objectAreas,
  );
  return true;
}
