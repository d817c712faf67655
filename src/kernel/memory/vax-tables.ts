/**
 * Page tables in virtual memory, as the VAX has them: the two tables of a space, of P0 and of P1, are ranges of pages of the
 * system's region S, and one table for all of S, in adjacent frames, says where those pages are (translation/vax.ts).
 *
 *   system table  │ slot of A                     │ slot of B             │ hole        │     an entry a page of S
 *                   P0 ─▶ 0 1 2 … │ … ◀─ P1            │
 *                         │ │                          └──▶ in swap, where --page-tables pageable says so
 *                         │ └─ 0: nothing is mapped by that page of the table, and it takes no memory
 *                         └──▶ frame: leaf table of 1,024 entries
 *
 * The tables of a space lie in a slot of entries: P0's from its beginning on, P1's at its end, since that one grows down. The
 * length registers follow the furthest page that was used, in whole pages of tables, and are never cut. A slot that is too short grows, and may move
 * (table-region.ts): its entries are copied, 4 bytes for a page of a table, and the base registers change; the leaf tables stay
 * where they are. So an entry's place is its address, as in all tables of frames (framed-tables.ts).
 *
 * VMS, too, has a slot for each process, with its two tables at the ends ("balance set slots", Kenah and Bate, "VAX/VMS
 * Internals and Data Structures", 1984, chapter 13); all of its slots have the same length.
 */
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import { encodePointer } from '../../translation/radix.ts';
import {
  entryInSystem,
  isWithin,
  noRegisters,
  S,
  systemPageOf,
  type VaxFormat,
  type VaxRegisters,
} from '../../translation/vax.ts';
import type { SpaceState } from '../state.ts';
import { FramedTables } from './framed-tables.ts';
import type { EntryVisit, PageTables, TableAllocator } from './page-tables.ts';
import type { TableParts } from './schemes.ts';
import { takeAdjacent } from './shared-tables.ts';
import { emptyRegion, type RegionState, TableRegion } from './table-region.ts';

/** Of an entry of any of the tables. */
export const ENTRY_BYTES = 4;

/** What the regions of all spaces are. */
export interface VaxShape {
  /** Entries of 4 bytes. */
  readonly format: VaxFormat;
  /** Most pages that S can have. */
  readonly systemPages: number;
}

/** Plain data. */
export interface VaxState {
  /** The system table: a unit is an entry of 4 bytes, the slot of a space has its number. */
  system: RegionState;
  /** By space. */
  registers: Map<number, VaxRegisters>;
}

/** Frames of the system table. */
export const systemFrames = ({ system }: VaxState): number =>
  Math.ceil((system.units * ENTRY_BYTES) / PAGE_SIZE);

/** Called for each page of a table that there is: what leads to it, and the first page that it maps. */
type LeadVisit = (lead: number, low: number, first: number) => void;

export class VaxTables extends FramedTables implements PageTables {
  readonly least = 1;
  readonly #format: VaxFormat;
  readonly #state: VaxState;
  readonly #region: TableRegion;

  /** @throws UserError when memory has no room for the system table */
  constructor(parts: TableParts, { format, systemPages }: VaxShape) {
    super(format, parts);
    this.#format = format;
    parts.state.tables.vax ??= emptyState(parts, systemPages);
    this.#state = parts.state.tables.vax;
    this.#region = new TableRegion(this.#state.system, parts.machine, parts.placement, ENTRY_BYTES);
  }

  open({ id }: SpaceState): boolean {
    this.#state.registers.set(id, noRegisters(this.#format));
    return true;
  }

  close({ id }: SpaceState): void {
    this.#region.release(id);
    this.#state.registers.delete(id);
  }

  find(space: SpaceState, page: Vpn): number {
    if (!isWithin(this.#format, this.#registersOf(space), page)) return -1;
    return this.#behind(this.pointerTo(space, page), page);
  }

  walk(space: SpaceState, page: Vpn): number {
    if (!isWithin(this.#format, this.#registersOf(space), page)) return -1;
    const lead = this.pointerTo(space, page);
    this.reads += this.isPointer(this.raw(lead)) ? 2 : 1;
    return this.#behind(lead, page);
  }

  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number {
    if (!this.#reach(space, page)) {
      this.refusals++;
      return -1;
    }
    const lead = this.pointerTo(space, page);
    if (this.raw(lead) !== 0) return this.#behind(lead, page);
    const frame = allocate();
    if (frame === -1) return -1;
    this.leaves?.made(frame, space, page);
    this.initialise(space, frame);
    this.writePointer(lead, encodePointer(this.form.entry, frame).low);
    return this.#behind(lead, page);
  }

  override pointerTo(space: SpaceState, page: number): number {
    const address = entryInSystem(this.#format, this.#registersOf(space), page);
    return this.#region.byteOf(systemPageOf(this.#format, address));
  }

  /** Entries of the system table are not counted. */
  override writePointer(entryAddress: number, low: number): void {
    this.machine.ramView.setUint32(entryAddress, low, true);
  }

  forEach(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    this.#forEachLead(space, from, to, (lead, low, first) => {
      if (!this.isPointer(low)) {
        this.visitSwapped(low, lead, first, from, to, visit);
        return;
      }
      const table = this.target(low, lead) * PAGE_SIZE - first * ENTRY_BYTES;
      const end = Math.min(to, first + this.#format.tableEntries);
      for (let page = Math.max(from, first); page < end; page++) {
        const at = table + page * ENTRY_BYTES;
        if (this.raw(at) !== 0) visit(page as Vpn, at);
      }
    });
  }

  prune(space: SpaceState, from: number, to: number): void {
    this.#forEachLead(space, from, to, (lead, low) => {
      if (!this.isPointer(low)) {
        this.pruneSwapped(space, low, lead);
        return;
      }
      const table = this.target(low, lead);
      if (this.frames.state.index[table] !== 0) return;
      this.writePointer(lead, 0);
      this.free(space, table);
    });
  }

  forEachTable(space: SpaceState, visit: (frame: Frame, level: number) => void): void {
    this.#forEachLead(space, 0, S * this.#format.regionPages, (lead, low) => {
      if (this.isPointer(low)) visit(this.target(low, lead), 1);
    });
  }

  /** The system table. */
  forEachShared(visit: (frame: Frame) => void): void {
    const { base } = this.#state.system;
    for (let i = 0; i < systemFrames(this.#state); i++) visit((base + i) as Frame);
  }

  /** Place of the entry of `page` behind an entry of the system table. */
  #behind(lead: number, page: number): number {
    const low = this.raw(lead);
    if (!this.isPointer(low)) return low === 0 ? -1 : this.inSwap(low, lead, page);
    return this.target(low, lead) * PAGE_SIZE + (page % this.#format.tableEntries) * ENTRY_BYTES;
  }

  /** The pages of tables that map `from` to `to` - 1, in order. A visit may make tables of others, so that slots move. */
  #forEachLead(space: SpaceState, from: number, to: number, visit: LeadVisit): void {
    const { regionPages, tableEntries } = this.#format;
    const { p0Length, p1Length } = this.#registersOf(space);
    const ranges = [
      [0, p0Length],
      [regionPages + p1Length, S * regionPages],
    ] as const;
    for (const [start, end] of ranges) {
      const begin = Math.max(from, start);
      for (let first = begin - (begin % tableEntries); first < Math.min(to, end); first += tableEntries) {
        const lead = this.pointerTo(space, first);
        const low = this.raw(lead);
        if (low !== 0) visit(lead, low, first);
      }
    }
  }

  /** Has the tables of a space be so long that `page` has an entry; false when the system table has no room for that. */
  #reach(space: SpaceState, page: Vpn): boolean {
    const registers = this.#registersOf(space);
    if (isWithin(this.#format, registers, page)) return true;
    const { regionPages, tableEntries } = this.#format;
    const { p0Length, p1Length } = registers;
    const first = page - (page % tableEntries);
    const longer =
      page < regionPages
        ? { p0Length: first + tableEntries, p1Length }
        : { p0Length, p1Length: first - regionPages };
    const had = this.#tablePages(registers);
    const needed = this.#tablePages(longer);
    if (!this.#lengthen(space, had, needed)) return false;
    Object.assign(registers, longer);
    return true;
  }

  /** Makes a slot longer, in the middle. */
  #lengthen({ id }: SpaceState, had: number, needed: number): boolean {
    const { regionPages } = this.#format;
    const upper = this.#tablePages({ p0Length: 0, p1Length: this.#state.registers.get(id)!.p1Length });
    if (!this.#region.grow(id, { space: id, segment: 0 }, needed)) return false;
    const { start } = this.#region.piece(id)!;
    const { ram } = this.machine;
    const byteOf = (unit: number) => this.#region.byteOf(start + unit);
    ram.copyWithin(byteOf(needed - upper), byteOf(had - upper), byteOf(had));
    ram.fill(0, byteOf(had - upper), byteOf(needed - upper));
    // Others may have moved as well.
    for (const { space, start: first, units } of this.#state.system.pieces.values()) {
      const registers = this.#state.registers.get(space)!;
      registers.p0Base = this.#format.systemStart + first * PAGE_SIZE;
      registers.p1Base = this.#format.systemStart + (first + units) * PAGE_SIZE - regionPages * ENTRY_BYTES;
    }
    return true;
  }

  /** Pages of tables of such lengths. */
  #tablePages({ p0Length, p1Length }: Pick<VaxRegisters, 'p0Length' | 'p1Length'>): number {
    const { regionPages, tableEntries } = this.#format;
    return (p0Length + regionPages - p1Length) / tableEntries;
  }

  #registersOf({ id }: SpaceState): VaxRegisters {
    return this.#state.registers.get(id)!;
  }
}

/** The system table has a 32nd of memory, at least a frame, at most what all of S needs. */
function emptyState({ state, frames, placement }: TableParts, systemPages: number): VaxState {
  const { tables, pages } = state.frames;
  const { limit, fresh } = tables ?? pages;
  const most = (Math.max(1, (limit - fresh) >> 5) * PAGE_SIZE) / ENTRY_BYTES;
  const entries = Math.min(most, systemPages);
  const taken = takeAdjacent(frames, entries * ENTRY_BYTES);
  return { system: emptyRegion(taken[0]!, entries, placement), registers: new Map() };
}
