/**
 * mremap(2): an area grows, shrinks or moves. Pages stay where they are; only their entries move.
 *
 *   flags   1 MAYMOVE   2 FIXED (to a given address)   4 DONTUNMAP (refused)
 */
import { assert } from '../../base/errors.ts';
import {
  addressOf,
  type Frame,
  PAGE_SIZE,
  pageOf,
  roundUp,
  type VirtualAddress,
  type Vpn,
  virtualAddress,
} from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { Errno } from '../errno.ts';
import type { Area, RootState, SpaceState } from '../state.ts';
import { carve, findArea, insertArea, isFreeWithGap, piece } from './areas.ts';
import { PageWait, type Result } from './contract.ts';
import type { FrameTable } from './frames.ts';
import { isTableRequest } from './leaf-table-state.ts';
import { findPlace, LOWEST_ADDRESS, type MapParts, removeRange } from './map-calls.ts';
import type { Pins } from './pins.ts';
import type { TableTransfers } from './table-transfers.ts';

export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;

export interface RemapParts extends MapParts {
  readonly root: RootState;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly pins: Pins;
  readonly tableTransfers: TableTransfers;
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
    if (request.space !== space.id || isTableRequest(request)) continue;
    if (address < from || address >= from + oldLength) continue;
    request.vpn = (request.vpn + shift) as Vpn;
  }
  return to;
}

/** All entries, or none when there is no frame for a table. @throws PageWait when a table has to come first */
function moveEntries(
  parts: RemapParts,
  space: SpaceState,
  from: number,
  length: number,
  to: number,
): boolean {
  const { tables, mappings, frames } = parts;
  const first = from / PAGE_SIZE;
  const end = first + length / PAGE_SIZE;
  const shift = (to - from) / PAGE_SIZE;
  const edges = [(first + shift) as Vpn, (end - 1 + shift) as Vpn];
  if (!bringTables(parts, space, edges)) return false;
  const pages: Vpn[] = [];
  tables.forEach(space, first, end, (page) => void pages.push(page));
  const held = new Set<Frame>();
  const targets = pages.map((page) => (page + shift) as Vpn);
  const complete = makeTables(parts, space, { edges, pages: targets, held });
  for (const page of complete ? pages : []) {
    // Making room may have evicted the page; its entry says so now, and moves all the same. Nor need there be one any more.
    const at = tables.find(space, page);
    const newPage = (page + shift) as Vpn;
    if (at !== -1) mappings.move(space, page, at, newPage, tables.find(space, newPage));
  }
  for (const table of held) frames.unpin(table);
  if (!complete) tables.prune(space, first + shift, end + shift);
  return complete;
}

/**
 * Of the tables that pages move to only the first and the last may be there already, and so in swap: they come to
 * memory. False when one is lost.
 */
function bringTables(parts: RemapParts, space: SpaceState, edges: readonly Vpn[]): boolean {
  const { machine, tables, pins, tableTransfers } = parts;
  if (!edges.some((page) => tables.isSwapped(tables.find(space, page)))) return true;
  pins.enter(space, 'kernel', machine.pc);
  for (const page of edges) {
    const entryAddress = tables.find(space, page);
    pins.needTable(entryAddress, 'kernel');
    if (!tables.isSwapped(entryAddress)) continue;
    const outcome = tableTransfers.bring({ space, address: addressOf(page), entryAddress });
    if (outcome.kind === 'blocked') throw new PageWait(outcome);
    return false;
  }
  return true;
}

/**
 * Makes the tables for `pages`, and pins them and those of `edges` that there are, as far as they may go to swap; these get into
 * `held`. False without a frame for one.
 */
function makeTables(
  { tables, frames, pins, ensureEntry }: RemapParts,
  space: SpaceState,
  { edges, pages, held }: { edges: readonly Vpn[]; pages: readonly Vpn[]; held: Set<Frame> },
): boolean {
  const hold = (entryAddress: number) => {
    const table = pins.tableOf(entryAddress);
    if (table === -1 || held.has(table)) return;
    held.add(table);
    frames.pin(table);
  };
  for (const page of edges) hold(tables.find(space, page));
  for (const page of pages) {
    const at = ensureEntry(space, page, 0);
    if (at === -1) return false;
    assert(!tables.isSwapped(at), 'tables that pages move to are in memory');
    hold(at);
  }
  return true;
}
