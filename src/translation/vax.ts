/**
 * The layout of the VAX: the top two bits of an address select a region. P0 (program and heap) grows up, P1 (stack) grows
 * down, S is the system's, and the last is reserved. P0 and P1 have a linear table each, whose base register is an address
 * in S: the table lies in virtual memory. S has one, whose base register is a physical address, for all spaces.
 *
 *    address   │ region │ page                │ offset │     P0 0   P1 1   S 2   reserved 3
 *
 *    page of P0 ──▶ below P0LR? ──▶ P0BR + 4 * page, an address in S:  │ 2 │ page of S │ offset │
 *                                                                             │ below SLR?
 *    SBR ──▶ │ 0 │ 1 │ … entries of pages of S … │ ── load 1 ◀────────────────┘
 *                                │
 *                                └─▶ frame of a page of the table ── load 2 ──▶ frame of the page
 *
 *    P1 has entries for its upper end: page not below P1LR; P1BR is where the entry of its page 0 would be, and may lie
 *    before S.
 *
 * So a table as long as its region takes memory only for those of its pages that lead anywhere; the page of a table may be
 * as absent as any other, which is a fault of its own (`table page`), in one load.
 *
 * Not as on the VAX: the page size is the format's (512 bytes there), and entries are those of Sv32 (there they have four bits
 * of protection, none for execution, and no referenced bit).
 *
 * Source: VAX Architecture Reference Manual (Leonard, 1987), chapter 5, Memory Management; the review of "Operating Systems:
 * Three Easy Pieces", chapter 23.
 */
import { assert } from '../base/errors.ts';
import type { Frame } from '../base/numbers.ts';
import {
  clearWalk,
  type MapOutcome,
  type OnLoad,
  type PagedScheme,
  splitFields,
  type Walk,
} from './contract.ts';
import { decide, protectPage, type WalkFormat, walkFormat, writePage } from './page-entry.ts';
import {
  type AccessKind,
  type EntryFormat,
  encodePointer,
  frameIn,
  hasBit,
  type Permissions,
  writeEntry,
} from './radix.ts';
import type { TableFrames } from './radix-tables.ts';
import { twoLevel } from './two-level.ts';

export const P0 = 0;
export const P1 = 1;
export const S = 2;

export interface VaxFormat extends WalkFormat {
  /** Pages of a region. */
  readonly regionPages: number;
  /** Entries that a page of a table has. */
  readonly tableEntries: number;
  /** First address of S, behind the last that a program can have. */
  readonly systemStart: number;
}

/** The system's registers. Plain data. */
export interface SystemTable {
  /** SBR: physical address of the entry of the first page of S. */
  base: number;
  /** SLR: entries that there are. */
  length: number;
}

/** The registers of a space. Plain data. */
export interface VaxRegisters {
  /** P0BR: address in S of the entry of page 0 of P0, which is the first of a page of S. */
  p0Base: number;
  /** P0LR: entries that there are. */
  p0Length: number;
  /** P1BR: address in S where the entry of page 0 of P1 would be; it may lie before S. */
  p1Base: number;
  /** P1LR: pages that have no entry; all from there on have one. */
  p1Length: number;
}

/** Pages of 4 KiB in 32 bits. */
const vaxEntries: EntryFormat = {
  name: 'vax',
  addressBits: 32,
  addresses: 'unsigned',
  offsetBits: 12,
  entryBytes: 4,
  entry: twoLevel.entry,
};

/** @param changed what is another than in 32 bits with pages of 4 KiB */
export function vaxFormat(changed: Partial<EntryFormat> = {}): VaxFormat {
  const format = walkFormat({ ...vaxEntries, ...changed });
  const regionPages = 2 ** (format.addressBits - format.offsetBits - 2);
  const tableEntries = format.pageSize / format.entryBytes;
  assert(regionPages >= tableEntries && tableEntries >= 1, 'a region fills a page of its table');
  return { ...format, regionPages, tableEntries, systemStart: S * regionPages * format.pageSize };
}

/** Registers of a space without pages. */
export const noRegisters = ({ systemStart, regionPages }: VaxFormat): VaxRegisters => ({
  p0Base: systemStart,
  p0Length: 0,
  p1Base: systemStart,
  p1Length: regionPages,
});

/** Whether `page` has an entry in the table of P0 or P1. */
export function isWithin(format: VaxFormat, registers: VaxRegisters, page: number): boolean {
  const { regionPages } = format;
  if (page < regionPages) return page < registers.p0Length;
  return page < S * regionPages && page - regionPages >= registers.p1Length;
}

/** Address in S of the entry of `page`, of P0 or P1, whether there is one or not. */
export function entryInSystem(format: VaxFormat, registers: VaxRegisters, page: number): number {
  if (page < format.regionPages) return registers.p0Base + page * format.entryBytes;
  return registers.p1Base + (page - format.regionPages) * format.entryBytes;
}

/** Page of S that an address in S lies in. */
export const systemPageOf = (format: VaxFormat, address: number): number =>
  Math.floor((address - format.systemStart) / format.pageSize);

/**
 * Translates `address` as a program's access, in two loads; one when the page of the table is not in memory, or the address
 * is the system's.
 * @param ram all of physical memory; the system table and all valid pages of tables must lie in it
 * @param address 0 to 2^53 - 1
 * @param out filled with the answer
 */
export function vaxWalk(
  format: VaxFormat,
  ram: DataView,
  system: SystemTable,
  registers: VaxRegisters,
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
  const region = Math.floor(page / format.regionPages);
  if (region > S || (region < S && !isWithin(format, registers, page))) {
    out.fault = region > S ? 'segment' : 'table length';
    return;
  }
  const wanted = region === S ? address : entryInSystem(format, registers, page);
  const systemPage = systemPageOf(format, wanted);
  if (systemPage < 0 || systemPage >= system.length) {
    out.fault = 'table length';
    return;
  }
  const at = system.base + systemPage * format.entryBytes;
  out.loads = 1;
  if (region === S) {
    if (onLoad !== undefined) onLoad('page entry', systemPage, at, format.entryBytes);
    decide(format, ram, at, address, access, out);
    return;
  }
  if (onLoad !== undefined) onLoad('table entry', systemPage, at, format.entryBytes);
  out.entryAddress = at;
  out.low = ram.getUint32(at, true);
  out.high = format.entryBytes === 8 ? ram.getUint32(at + 4, true) : 0;
  if (!hasBit(out.low, format.entry.valid)) {
    out.fault = 'table page';
    return;
  }
  const frame = frameIn(format.entry, out.low, out.high);
  const entryAt = frame * format.pageSize + (wanted % format.pageSize);
  out.loads = 2;
  if (onLoad !== undefined) onLoad('page entry', page % format.regionPages, entryAt, format.entryBytes);
  decide(format, ram, entryAt, address, access, out);
}

/** A space with its registers. Pages of tables come from the caller; one that lost its last entry is given back. */
export class VaxScheme implements PagedScheme {
  readonly name: string;
  readonly addressBits: number;
  readonly granule: number;
  readonly #format: VaxFormat;
  readonly #ram: DataView;
  readonly #system: SystemTable;
  readonly #registers: VaxRegisters;
  readonly #frames: TableFrames;
  #tablePages = 0;

  /** @param system its entries of the space's tables are all zero */
  constructor(
    format: VaxFormat,
    ram: DataView,
    system: SystemTable,
    registers: VaxRegisters,
    frames: TableFrames,
  ) {
    this.name = format.name;
    this.addressBits = format.addressBits;
    this.granule = format.pageSize;
    this.#format = format;
    this.#ram = ram;
    this.#system = system;
    this.#registers = registers;
    this.#frames = frames;
  }

  fields(address: number) {
    const { offsetBits } = this.#format;
    return splitFields(address, [
      ['region', 2],
      ['page', this.addressBits - offsetBits - 2],
      ['offset', offsetBits],
    ]);
  }

  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void {
    vaxWalk(this.#format, this.#ram, this.#system, this.#registers, address, access, out, onLoad);
  }

  /** Of the pages of the space's own tables; the system table is everybody's. */
  footprint(): number {
    return this.#tablePages * this.granule;
  }

  map(page: number, frame: number, allowed: Permissions): MapOutcome {
    const lead = this.#leadTo(page);
    if (lead === -1) return 'no room';
    if (!this.#isPresent(lead) && !this.#make(lead)) return 'no room';
    writePage(this.#format, this.#ram, this.#entryAt(lead, page), frame, allowed);
    return 'mapped';
  }

  unmap(page: number): void {
    const lead = this.#leadTo(page);
    writeEntry(this.#format, this.#ram, this.#entryAt(lead, page), { low: 0, high: 0 });
    const table = this.#frameAt(lead);
    if (!this.#bytesOf(table).every((byte) => byte === 0)) return;
    writeEntry(this.#format, this.#ram, lead, { low: 0, high: 0 });
    this.#frames.give(table);
    this.#tablePages--;
  }

  protect(page: number, allowed: Permissions): void {
    protectPage(this.#format, this.#ram, this.#entryAt(this.#leadTo(page), page), allowed);
  }

  /** Physical address of the system's entry of the page of the table that has the entry of `page`; -1: there is none. */
  #leadTo(page: number): number {
    const { entryBytes } = this.#format;
    if (!isWithin(this.#format, this.#registers, page)) return -1;
    const systemPage = systemPageOf(this.#format, entryInSystem(this.#format, this.#registers, page));
    if (systemPage < 0 || systemPage >= this.#system.length) return -1;
    return this.#system.base + systemPage * entryBytes;
  }

  #isPresent(lead: number): boolean {
    return hasBit(this.#ram.getUint32(lead, true), this.#format.entry.valid);
  }

  #make(lead: number): boolean {
    const frame = this.#frames.take();
    if (frame === -1) return false;
    this.#bytesOf(frame).fill(0);
    this.#tablePages++;
    writeEntry(this.#format, this.#ram, lead, encodePointer(this.#format.entry, frame as Frame));
    return true;
  }

  #entryAt(lead: number, page: number): number {
    const inside = entryInSystem(this.#format, this.#registers, page) % this.granule;
    return this.#frameAt(lead) * this.granule + inside;
  }

  #frameAt(lead: number): number {
    const { entry, entryBytes } = this.#format;
    const high = entryBytes === 8 ? this.#ram.getUint32(lead + 4, true) : 0;
    return frameIn(entry, this.#ram.getUint32(lead, true), high);
  }

  #bytesOf(frame: number): Uint8Array {
    return new Uint8Array(this.#ram.buffer, this.#ram.byteOffset + frame * this.granule, this.granule);
  }
}
