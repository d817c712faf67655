/**
 * A linear page table: one array of entries, indexed by the page number. A base register says where it begins and a
 * length register how many entries it has; a page beyond it faults without a load.
 *
 *    address  │ page           │ offset │
 *                 │ < length?
 *                 ▼
 *    base ──▶ │ 0 │ 1 │ 2 │ … │ length - 1 │     entries of 4 or 8 bytes
 *
 * Source: "Virtual Memory" (CS/COE 0449), Page Tables and Addressing the granularity issue.
 */
import {
  clearWalk,
  type MapOutcome,
  type OnLoad,
  type PagedScheme,
  splitFields,
  type Walk,
} from './contract.ts';
import { decide, pagesOf, protectPage, type WalkFormat, writePage } from './page-entry.ts';
import { type AccessKind, type Permissions, writeEntry } from './radix.ts';

/** The registers of a space. Plain data. */
export interface LinearTable {
  /** Physical address of the first entry. */
  base: number;
  /** Entries that there are. */
  length: number;
}

/** Bytes of a table of so many entries. */
export const linearBytes = (format: WalkFormat, entries: number): number => entries * format.entryBytes;

/** Entries of a table for every page that a program can have. */
export const linearLength = (format: WalkFormat): number => pagesOf(format);

/** Physical address of the entry of `page`, or -1 when it lies beyond the table. */
export function linearEntryAt(format: WalkFormat, table: LinearTable, page: number): number {
  return page < table.length ? table.base + page * format.entryBytes : -1;
}

/**
 * Translates `address` as a program's access, in one load.
 * @param ram all of physical memory; the table must lie in it
 * @param address 0 to 2^53 - 1
 * @param out filled with the answer
 */
export function linearWalk(
  format: WalkFormat,
  ram: DataView,
  table: LinearTable,
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
  const at = linearEntryAt(format, table, page);
  if (at === -1) {
    out.fault = 'table length';
    return;
  }
  out.loads = 1;
  if (onLoad !== undefined) onLoad('page entry', page, at, format.entryBytes);
  decide(format, ram, at, address, access, out);
}

/** A space with a linear table, which the caller has cleared. */
export class LinearScheme implements PagedScheme {
  readonly name: string;
  readonly addressBits: number;
  readonly granule: number;
  readonly #format: WalkFormat;
  readonly #ram: DataView;
  readonly #table: LinearTable;

  constructor(format: WalkFormat, ram: DataView, table: LinearTable) {
    this.name = format.name;
    this.addressBits = format.addressBits;
    this.granule = format.pageSize;
    this.#format = format;
    this.#ram = ram;
    this.#table = table;
  }

  fields(address: number) {
    const { offsetBits } = this.#format;
    return splitFields(address, [
      ['page', this.addressBits - offsetBits],
      ['offset', offsetBits],
    ]);
  }

  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void {
    linearWalk(this.#format, this.#ram, this.#table, address, access, out, onLoad);
  }

  footprint(): number {
    return linearBytes(this.#format, this.#table.length);
  }

  map(page: number, frame: number, allowed: Permissions): MapOutcome {
    const at = linearEntryAt(this.#format, this.#table, page);
    if (at === -1) return 'no room';
    writePage(this.#format, this.#ram, at, frame, allowed);
    return 'mapped';
  }

  unmap(page: number): void {
    const at = linearEntryAt(this.#format, this.#table, page);
    writeEntry(this.#format, this.#ram, at, { low: 0, high: 0 });
  }

  protect(page: number, allowed: Permissions): void {
    protectPage(this.#format, this.#ram, linearEntryAt(this.#format, this.#table, page), allowed);
  }
}
