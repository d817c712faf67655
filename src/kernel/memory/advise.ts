/** madvise(2), msync(2), mincore(2), and the list of areas: what programs ask and say about their pages. */
import { type Frame, PAGE_SIZE, pageOf, roundUp, type VirtualAddress, type Vpn } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Area, ObjectId, SpaceState } from '../state.ts';
import { carve, findArea, isCovered, overlapping, putBack } from './areas.ts';
import type { ReferenceSink, Result } from './contract.ts';
import { backedPage, showsObject } from './fault-site.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { ObjectAreas } from './object-areas.ts';
import type { PageBits } from './page-bits.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { Replacement } from './replacement.ts';
import { LOADING } from './state.ts';
import type { SuperpageTables } from './superpage-tables.ts';
import type { WriteBack } from './writeback.ts';

export interface AdviseParts {
  readonly spaces: readonly (SpaceState | undefined)[];
  readonly tables: PageTables;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly mappings: Mappings;
  readonly pageBits: PageBits;
  readonly replacement: Replacement;
  readonly writeBack: WriteBack;
  readonly references: ReferenceSink | undefined;
  readonly objectAreas: ObjectAreas;
  readonly superpages: SuperpageTables | undefined;
}

const MADV_DONTNEED = 4;
const MADV_FREE = 8;
const MADV_HUGEPAGE = 14;
const MADV_NOHUGEPAGE = 15;
/**
 * Advice without effect here: NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTDUMP, DODUMP, COLD, PAGEOUT
 * (asm-generic/mman-common.h); HUGEPAGE and NOHUGEPAGE too, unless there are superpages.
 */
const HINTS: readonly number[] = [0, 1, 2, 3, 14, 15, 16, 17, 20, 21];

/** 0, EINVAL, or ENOMEM when the range has holes, after the rest was done. */
export function advise(
  parts: AdviseParts,
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
  if (drops) for (const area of areas) drop(parts, space, area, address, end);
  if (advice === MADV_HUGEPAGE) mark(parts, space, address, end, 'wanted');
  if (advice === MADV_NOHUGEPAGE) mark(parts, space, address, end, 'unwanted');
  return isCovered(space.areas, address, end) ? 0 : Errno.ENOMEM;
}

/** What is in memory stays as it is; the next first touch of a range goes by it. */
function mark(
  { superpages, objectAreas }: AdviseParts,
  space: SpaceState,
  from: number,
  to: number,
  how: 'wanted' | 'unwanted',
): void {
  if (superpages === undefined) return;
  for (const area of carve(space.areas, from, to, objectAreas))
    putBack(space.areas, { ...area, superpages: how }, objectAreas);
}

/** Private pages lose what was written to them; shared ones lose only their entries. */
function drop(parts: AdviseParts, space: SpaceState, area: Area, from: number, to: number): void {
  const { tables, superpages, mappings, references } = parts;
  const start = Math.max(from, area.start);
  const end = Math.min(to, area.end);
  superpages?.splitRange(space, start / PAGE_SIZE, end / PAGE_SIZE, 'unmap');
  tables.forEach(space, start / PAGE_SIZE, end / PAGE_SIZE, (page, at) => mappings.clear(space, page, at));
  tables.prune(space, start / PAGE_SIZE, end / PAGE_SIZE);
  if (!area.shared) references?.gone(space.id, (start / PAGE_SIZE) as Vpn, (end - start) / PAGE_SIZE);
}

const MS_ASYNC = 1;
const MS_INVALIDATE = 2;
const MS_SYNC = 4;

/** msync(2): 0, EINVAL, EIO when a page could not be written, ENOMEM when the range has holes. */
export function synchronize(
  parts: AdviseParts,
  space: SpaceState,
  address: VirtualAddress,
  length: number,
  flags: number,
): Result {
  const both = MS_ASYNC | MS_SYNC;
  const bytes = roundUp(length);
  if (address % PAGE_SIZE !== 0 || (flags & ~(both | MS_INVALIDATE)) !== 0) return Errno.EINVAL;
  if ((flags & both) === both) return Errno.EINVAL;
  if (bytes === 0) return 0;
  const end = address + bytes;
  if (!(end <= space.layout.end)) return Errno.ENOMEM;
  let failures = 0;
  for (const area of overlapping(space.areas, address, end)) {
    if (area.shared && area.backing !== undefined) failures += writeArea(parts, area, address, end);
  }
  if (failures > 0) return Errno.EIO;
  return isCovered(space.areas, address, end) ? 0 : Errno.ENOMEM;
}

/** Number of pages that could not be written. */
function writeArea(parts: AdviseParts, area: Area, from: number, to: number): number {
  const { object, offset } = area.backing!;
  const first = (offset + Math.max(from, area.start) - area.start) / PAGE_SIZE;
  const last = (offset + Math.min(to, area.end) - area.start) / PAGE_SIZE;
  return writePages(parts, object, first, last);
}

/** fsync(2)'s part of memory: 0, or EIO when a page could not be written. */
export const synchronizeObject = (parts: AdviseParts, object: ObjectId): Result =>
  writePages(parts, object, 0, Number.POSITIVE_INFINITY) === 0 ? 0 : Errno.EIO;

/** Number of an object's pages, from `first` to before `last`, that could not be written. */
function writePages(parts: AdviseParts, object: ObjectId, first: number, last: number): number {
  const { cache, frames, pageBits, replacement, writeBack } = parts;
  const known = cache.object(object);
  if (known === undefined || known.anonymous) return 0;
  let failures = 0;
  for (const [index, number] of [...known.frames].sort(([a], [b]) => a - b)) {
    const frame = number as Frame;
    if (index < first || index >= last || frames.has(frame, LOADING) || !replacement.isDirty(frame)) continue;
    if (writeBack.write(frame) === 'written') pageBits.clean(frame);
    else failures++;
  }
  return failures;
}

/** mincore(2): one byte a page, 1 when it is in memory; EINVAL, or ENOMEM when the range has holes. */
export function residency(
  parts: AdviseParts,
  space: SpaceState,
  address: VirtualAddress,
  length: number,
): Uint8Array | Result {
  const bytes = roundUp(length);
  if (address % PAGE_SIZE !== 0) return Errno.EINVAL;
  if (!(address + bytes <= space.layout.end) || !isCovered(space.areas, address, address + bytes))
    return Errno.ENOMEM;
  const first = pageOf(address);
  return Uint8Array.from({ length: bytes / PAGE_SIZE }, (_, i) =>
    isResident(parts, space, (first + i) as Vpn) ? 1 : 0,
  );
}

function isResident({ tables, mappings, cache, frames }: AdviseParts, space: SpaceState, page: Vpn): boolean {
  const at = tables.find(space, page);
  if (at !== -1 && tables.low(at) !== 0) return mappings.frameOf(at) !== -1;
  const area = findArea(space.areas, page * PAGE_SIZE)!;
  const backed = backedPage(area, page);
  if (backed === undefined || !showsObject(area, backed)) return false;
  const frame = cache.frame(backed.object, backed.index);
  return frame !== -1 && !frames.has(frame, LOADING);
}

/** The areas with the number of pages of each that are mapped, and in swap. */
export function listAreas(
  { tables, mappings }: AdviseParts,
  space: SpaceState,
): { area: Area; resident: number; swapped: number }[] {
  return space.areas.map((area) => {
    let resident = 0;
    let swapped = 0;
    tables.forEach(space, area.start / PAGE_SIZE, area.end / PAGE_SIZE, (_page, at) => {
      if (mappings.frameOf(at) !== -1) resident++;
      if (mappings.slotOf(at) !== -1) swapped++;
    });
    return { area, resident, swapped };
  });
}
