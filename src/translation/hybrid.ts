/**
 * Paging and segments: the top bits of an address select a segment, and each segment has a linear page table of its own,
 * with a base and a length register. What lies between the segments takes no table.
 *
 *    address  │ segment │ page          │ offset │
 *                  │        │ < length?
 *                  ▼        ▼
 *    registers  base ──▶ │ 0 │ 1 │ … │ length - 1 │
 *
 * The table of a segment that grows down begins with the segment's last page and goes on downward, so that both kinds
 * grow at the end of their tables: entry i is page i, or page (pages of a segment - 1 - i).
 *
 * Source: Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 20, Hybrid Approach: Paging and Segments.
 */
import { assert } from '../base/errors.ts';
import {
  clearWalk,
  type MapOutcome,
  type OnLoad,
  type PagedScheme,
  splitFields,
  type Walk,
} from './contract.ts';
import { decide, protectPage, type WalkFormat, walkFormat, writePage } from './page-entry.ts';
import { type AccessKind, type EntryFormat, type Permissions, writeEntry } from './radix.ts';

export interface HybridFormat extends WalkFormat {
  /** Top bits that select a segment, 1 to 4. */
  readonly segmentBits: number;
  /** Pages of the largest segment. */
  readonly segmentPages: number;
}

/** A segment's registers. Plain data. */
export interface HybridSegment {
  /** Physical address of the first entry of its table. */
  base: number;
  /** Entries that there are; 0: the segment is not in use. */
  length: number;
  readonly grows: 'up' | 'down';
}

/** The registers of a space, one set for each of the 2^segmentBits segments. Plain data. */
export interface HybridTable {
  readonly segments: readonly HybridSegment[];
}

/** @param segmentBits 1 to 4 */
export function hybridFormat(format: EntryFormat, segmentBits: number): HybridFormat {
  const pageBits = format.addressBits - format.offsetBits - segmentBits;
  assert(segmentBits >= 1 && segmentBits <= 4 && pageBits >= 1, 'a segment number of 1 to 4 bits, and pages');
  return { ...walkFormat(format), segmentBits, segmentPages: 2 ** pageBits };
}

/** Bytes of all tables of a space. */
export function hybridBytes(format: HybridFormat, table: HybridTable): number {
  let entries = 0;
  for (const segment of table.segments) entries += segment.length;
  return entries * format.entryBytes;
}

/** Segment that `page` lies in. */
export const segmentOf = (format: HybridFormat, page: number): number =>
  Math.floor(page / format.segmentPages);

/** Index of `page` in the table of its segment; not below its length when the table does not have it. */
export function indexInSegment(format: HybridFormat, segment: HybridSegment, page: number): number {
  const inside = page % format.segmentPages;
  return segment.grows === 'up' ? inside : format.segmentPages - 1 - inside;
}

/** Physical address of the entry of `page`, or -1 when it lies beyond its segment's table. */
export function hybridEntryAt(format: HybridFormat, table: HybridTable, page: number): number {
  const segment = table.segments[segmentOf(format, page)]!;
  const index = indexInSegment(format, segment, page);
  return index < segment.length ? segment.base + index * format.entryBytes : -1;
}

/**
 * Translates `address` as a program's access, in one load.
 * @param ram all of physical memory; the tables must lie in it
 * @param address 0 to 2^53 - 1
 * @param out filled with the answer
 */
export function hybridWalk(
  format: HybridFormat,
  ram: DataView,
  table: HybridTable,
  address: number,
  access: AccessKind,
  out: Walk,
  onLoad?: OnLoad,
): void {
  clearWalk(out);
  if (address >= format.limit) {
    out.fault = 'canonical address';
    return;
  }
  const page = Math.floor(address / format.pageSize);
  const segment = table.segments[segmentOf(format, page)]!;
  const index = indexInSegment(format, segment, page);
  if (index >= segment.length) {
    out.fault = segment.length === 0 ? 'segment' : 'table length';
    return;
  }
  const at = segment.base + index * format.entryBytes;
  out.loads = 1;
  if (onLoad !== undefined) onLoad('page entry', index, at, format.entryBytes);
  decide(format, ram, at, address, access, out);
}

/** A space with a table for each segment, which the caller has cleared. */
export class HybridScheme implements PagedScheme {
  readonly name: string;
  readonly addressBits: number;
  readonly granule: number;
  readonly #format: HybridFormat;
  readonly #ram: DataView;
  readonly #table: HybridTable;

  constructor(format: HybridFormat, ram: DataView, table: HybridTable) {
    assert(table.segments.length === 2 ** format.segmentBits, 'registers for every segment');
    this.name = format.name;
    this.addressBits = format.addressBits;
    this.granule = format.pageSize;
    this.#format = format;
    this.#ram = ram;
    this.#table = table;
  }

  fields(address: number) {
    const { offsetBits, segmentBits } = this.#format;
    return splitFields(address, [
      ['segment', segmentBits],
      ['page', this.addressBits - segmentBits - offsetBits],
      ['offset', offsetBits],
    ]);
  }

  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void {
    hybridWalk(this.#format, this.#ram, this.#table, address, access, out, onLoad);
  }

  footprint(): number {
    return hybridBytes(this.#format, this.#table);
  }

  map(page: number, frame: number, allowed: Permissions): MapOutcome {
    const at = hybridEntryAt(this.#format, this.#table, page);
    if (at === -1) return 'no room';
    writePage(this.#format, this.#ram, at, frame, allowed);
    return 'mapped';
  }

  unmap(page: number): void {
    const at = hybridEntryAt(this.#format, this.#table, page);
    writeEntry(this.#format, this.#ram, at, { low: 0, high: 0 });
  }

  protect(page: number, allowed: Permissions): void {
    protectPage(this.#format, this.#ram, hybridEntryAt(this.#format, this.#table, page), allowed);
  }
}
