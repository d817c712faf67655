/**
 * Areas of a space: sorted, disjoint ranges of pages, each with one protection and one backing. Functions
 * that act on the plain array; they touch no page.
 *
 *      carve(30, 60)          before   ├── a: 10 ───────────────────────────── 90 ──┤
 *                             after    ├── a: 10 ── 30 ──┤            ├── a: 60 ── 90 ──┤
 *
 * Neighbours that could be one are one: `insert` merges. The number of areas that map an object is told to
 * `AreaWatch` at each change, so that the object lives as long as one does.
 */
import { assert } from '../../base/errors.ts';
import { PAGE_SIZE, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { Area, ObjectId } from '../state.ts';

/** Pages that stay free below a stack, so that running over it faults instead of reaching a neighbour. */
export const GUARD_GAP = 256 * PAGE_SIZE;

/** Is told when an area that maps an object appears or goes. */
export interface AreaWatch {
  appeared(object: ObjectId): void;
  gone(object: ObjectId): void;
}

/** Index of the first area that ends above `address`; `areas.length` when there is none. */
export function indexAbove(areas: readonly Area[], address: number): number {
  let low = 0;
  let high = areas.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (areas[middle]!.end > address) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The area that `address` lies in. */
export function findArea(areas: readonly Area[], address: number): Area | undefined {
  const area = areas[indexAbove(areas, address)];
  return area !== undefined && area.start <= address ? area : undefined;
}

/** The areas that have a byte in common with `start` to `end`, in order. */
export function overlapping(areas: readonly Area[], start: number, end: number): Area[] {
  const found: Area[] = [];
  for (let i = indexAbove(areas, start); i < areas.length && areas[i]!.start < end; i++)
    found.push(areas[i]!);
  return found;
}

export function isFree(areas: readonly Area[], start: number, end: number): boolean {
  const above = areas[indexAbove(areas, start)];
  return above === undefined || above.start >= end;
}

/** Whether every byte of `start` to `end` lies in an area. */
export function isCovered(areas: readonly Area[], start: number, end: number): boolean {
  let reached = start;
  for (let i = indexAbove(areas, start); i < areas.length && reached < end; i++) {
    if (areas[i]!.start > reached) return false;
    reached = areas[i]!.end;
  }
  return reached >= end;
}

/** Adds `area` to a free range and merges it with its neighbours where they could be one. */
export function insertArea(areas: Area[], area: Area, watch: AreaWatch): void {
  assert(area.start < area.end, 'an area is not empty');
  assert(isFree(areas, area.start, area.end), 'areas are disjoint');
  const normal = normalised(area);
  const at = indexAbove(areas, area.start);
  areas.splice(at, 0, normal);
  if (normal.backing !== undefined) watch.appeared(normal.backing.object);
  mergeAt(areas, at + 1, watch);
  mergeAt(areas, at, watch);
}

/**
 * Takes `start` to `end` out of the areas, cutting those that reach over its ends, and gives what was taken,
 * in order. The pieces count as areas still: tell `watch` or insert them again.
 */
export function carve(areas: Area[], start: number, end: number, watch: AreaWatch): Area[] {
  splitAt(areas, start, watch);
  splitAt(areas, end, watch);
  const from = indexAbove(areas, start);
  let to = from;
  while (to < areas.length && areas[to]!.start < end) to++;
  return areas.splice(from, to - from);
}

/** Puts an area that `carve` gave back in its place, changed or not, merging it again. */
export function putBack(areas: Area[], area: Area, watch: AreaWatch): void {
  insertArea(areas, area, watch);
  if (area.backing !== undefined) watch.gone(area.backing.object);
}

function splitAt(areas: Area[], address: number, watch: AreaWatch): void {
  const at = indexAbove(areas, address);
  const area = areas[at];
  if (area === undefined || area.start >= address) return;
  areas.splice(at, 1, piece(area, area.start, address), piece(area, address, area.end));
  if (area.backing !== undefined) watch.appeared(area.backing.object);
}

/** The part of `area` from `start` to `end`, which may also reach beyond its end (mremap). */
export function piece(area: Area, start: number, end: number): Area {
  const { backing } = area;
  const skipped = start - area.start;
  return normalised({
    ...area,
    start: virtualAddress(start),
    end: virtualAddress(end),
    backing: backing && {
      object: backing.object,
      offset: backing.offset + skipped,
      length: Math.max(0, backing.length - skipped),
    },
  });
}

/** The same area with no more of its object visible than it is long. */
function normalised(area: Area): Area {
  const { backing } = area;
  if (backing === undefined) return { ...area };
  return { ...area, backing: { ...backing, length: Math.min(backing.length, area.end - area.start) } };
}

function mergeAt(areas: Area[], at: number, watch: AreaWatch): void {
  const left = areas[at - 1];
  const right = areas[at];
  if (left === undefined || right === undefined || !canMerge(left, right)) return;
  left.end = right.end;
  if (left.backing !== undefined && right.backing !== undefined) {
    left.backing.length += right.backing.length;
    watch.gone(right.backing.object);
  }
  areas.splice(at, 1);
}

function canMerge(left: Area, right: Area): boolean {
  return (
    left.end === right.start &&
    left.protection === right.protection &&
    left.shared === right.shared &&
    left.growLimit === right.growLimit &&
    left.name === right.name &&
    left.superpages === right.superpages &&
    backingsContinue(left, right)
  );
}

function backingsContinue(left: Area, right: Area): boolean {
  const a = left.backing;
  const b = right.backing;
  if (a === undefined || b === undefined) return a === b;
  const size = left.end - left.start;
  return a.object === b.object && a.offset + size === b.offset && (a.length === size || b.length === 0);
}

/** Lowest address that must stay free below an area, for the guard gap of those that grow. */
const lowestBelow = (area: Area): number => (area.growLimit > 0 ? area.start - GUARD_GAP : area.start);

/**
 * Highest start of a hole of `length` bytes between `bottom` and `top`, or -1. Holes keep clear of the guard
 * gap below areas that grow.
 */
export function findHole(
  areas: readonly Area[],
  length: number,
  bottom: number,
  top: number,
): VirtualAddress | -1 {
  let ceiling = top;
  for (let i = indexAbove(areas, top); i >= 0; i--) {
    const above = areas[i];
    if (above !== undefined) ceiling = Math.min(ceiling, lowestBelow(above));
    const floor = Math.max(bottom, areas[i - 1]?.end ?? 0);
    if (ceiling - length >= floor) return virtualAddress(ceiling - length);
  }
  return -1;
}

/** Like `isFree`, and clear of the guard gap of an area above. */
export function isFreeWithGap(areas: readonly Area[], start: number, end: number): boolean {
  const above = areas[indexAbove(areas, start)];
  return above === undefined || lowestBelow(above) >= end;
}

/**
 * The area that grows down to `address` when touched there: the next one above, if it may grow so far, and if
 * the guard gap stays free below. (Linux 6.6, mm/mmap.c, expand_downwards.)
 */
export function growableTo(areas: readonly Area[], address: number): Area | undefined {
  const at = indexAbove(areas, address);
  const area = areas[at];
  if (area === undefined || area.start <= address || area.growLimit === 0) return undefined;
  const start = address - (address % PAGE_SIZE);
  if (area.end - start > area.growLimit) return undefined;
  const below = areas[at - 1];
  if (below === undefined || below.growLimit > 0 || below.protection === 0) return area;
  return start - below.end >= GUARD_GAP ? area : undefined;
}
