/**
 * Page tables as they lie in RAM, in the format that the architecture defines, written by the kernel and
 * walked by the hardware.
 *
 *   root ──▶ table ──▶ table ──▶ leaf entry:  page in memory   V=1, frame, R W X U, A and D
 *                                             elsewhere        V=0, see translation/invalid-entry.ts
 *
 * Leaf tables may be in swap, where `--page-tables pageable` says so. Their entries have addresses below -1, and say
 * what the kernel has on record: see leaf-tables.ts. Nothing but the kernel's own bookkeeping goes by that.
 *
 * A table frame counts its entries that are not zero; when the last one goes, the frame goes, and with it the
 * entry that led to it. The root stays. The TLB forgets a page before its valid entry changes hands.
 *
 * With stamps each leaf entry has a field for the time of its last use: a frame of stamps goes with each leaf table,
 * as long as that, with a field of 8 bytes for each entry (as page-status tables lie behind the page tables of
 * z/Architecture). The machine keeps the times themselves by frame.
 *
 *   leaf table │ 512 entries │      frame of stamps │ 512 times │
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Slot, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { EntryCodec, kernelEntries } from '../../translation/entry-codec.ts';
import { payloadOf } from '../../translation/invalid-entry.ts';
import { encodePointer, frameIn, hasBit, indexShift, type RadixFormat } from '../../translation/radix.ts';
import { riscvEntries } from '../../translation/sv39.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import { Flushes } from './flushes.ts';
import type { FrameTable } from './frames.ts';
import type { LeafTables } from './leaf-tables.ts';
import type { EntryVisit, PageTables, TableAllocator } from './page-tables.ts';
import type { Pins } from './pins.ts';

/** Leaf tables, each with its frame of stamps; `undefined`: entries have no stamps. */
export type StampFrames = Map<number, Frame>;

export interface RadixTableParts {
  readonly radix: RadixFormat;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly pins: Pins;
  readonly events: EventSink;
  readonly stamps: StampFrames | undefined;
  /** `undefined`: all tables stay in memory. */
  readonly leaves: LeafTables | undefined;
}

export class RadixTables implements PageTables {
  readonly format = kernelEntries;
  /** Form of the tables themselves. */
  readonly radix: RadixFormat;
  readonly least: number;
  reads = 0;
  readonly refusals = 0;
  /** `undefined`: entries are in the kernel's form. */
  readonly #codec: EntryCodec | undefined;
  readonly #machine: MachinePort;
  readonly #frames: FrameTable;
  readonly #pins: Pins;
  readonly #events: EventSink;
  readonly #flushes: Flushes;
  readonly #stamps: StampFrames | undefined;
  readonly #leaves: LeafTables | undefined;
  /** Pages that one entry of each level covers; 1 at the last. */
  readonly #span: readonly number[];
  readonly #entries: readonly number[];

  constructor({ radix, machine, frames, pins, events, stamps, leaves }: RadixTableParts) {
    this.#stamps = stamps;
    this.#leaves = leaves;
    this.radix = radix;
    this.least = radix.indexBits.length;
    this.#codec = radix.entry === riscvEntries ? undefined : new EntryCodec(radix);
    this.#flushes = new Flushes(machine, events);
    this.#machine = machine;
    this.#frames = frames;
    this.#pins = pins;
    this.#events = events;
    const levels = radix.indexBits;
    this.#span = levels.map((_, level) => 2 ** (indexShift(radix, level) - radix.offsetBits));
    this.#entries = levels.map((bits) => 2 ** bits);
    assert(
      this.#entries.every((count) => count * radix.entryBytes <= PAGE_SIZE),
      'a table fits into a frame',
    );
  }

  open(space: SpaceState, allocate: TableAllocator): boolean {
    const root = allocate();
    if (root === -1) return false;
    space.root = root;
    this.#initialise(space, root);
    return true;
  }

  close(space: SpaceState): void {
    this.free(space, space.root);
  }

  /** Makes an empty table of `frame`, which was just allocated. */
  #initialise(space: SpaceState, frame: Frame): void {
    this.#machine.ram.fill(0, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    this.#machine.codeChanged(frame);
    space.tableFrames++;
    this.#pins.noteNeed();
    if (this.#events.watched)
      this.#events.emit({ type: 'table', space: space.id, frame, change: 'allocated' });
  }

  find(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      const low = this.#raw(at);
      if (!this.#isPointer(low)) return low === 0 ? -1 : this.#inSwap(low, at, page);
      table = this.target(low, at);
    }
    return this.#entryAt(table, last, page);
  }

  isSwapped(entryAddress: number): boolean {
    return entryAddress < -1;
  }

  noteUse(entryAddress: number): void {
    if (entryAddress >= 0) this.#leaves?.used(entryAddress);
  }

  walk(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      this.reads++;
      const low = this.#raw(at);
      if (!this.#isPointer(low)) return low === 0 ? -1 : this.#inSwap(low, at, page);
      table = this.target(low, at);
    }
    this.reads++;
    return this.#entryAt(table, last, page);
  }

  /** Physical address of the entry that leads to the leaf table of `page`, which there is, in memory or in swap. */
  pointerTo(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let at = this.#entryAt(space.root, 0, page);
    for (let level = 1; level < last; level++)
      at = this.#entryAt(this.target(this.#raw(at), at), level, page);
    return at;
  }

  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      const low = this.#raw(at);
      if (low !== 0) {
        if (!this.#isPointer(low)) return this.#inSwap(low, at, page);
        table = this.target(low, at);
        continue;
      }
      const frame = this.#make(space, page, level + 1, allocate);
      if (frame === -1) return -1;
      const { low: pointer, high } = encodePointer(this.radix.entry, frame);
      this.#writeRaw(at, pointer, high);
      table = frame;
    }
    return this.#entryAt(table, last, page);
  }

  /** An empty table for a level, with its frame of stamps if it needs one; all or nothing. */
  #make(space: SpaceState, page: Vpn, level: number, allocate: TableAllocator): Frame | -1 {
    const table = allocate();
    if (table === -1) return -1;
    const isLeaf = level === this.#span.length - 1;
    if (isLeaf) this.#leaves?.made(table, space, page);
    const stamps = isLeaf && this.#stamps !== undefined ? allocate() : undefined;
    if (stamps === -1) {
      this.#frames.freeTable(table);
      return -1;
    }
    this.#initialise(space, table);
    if (stamps === undefined) return table;
    this.#initialise(space, stamps);
    this.#stamps!.set(table, stamps);
    return table;
  }

  low(entryAddress: number): number {
    const low = this.#raw(entryAddress);
    if (this.#codec === undefined || low === 0) return low;
    this.#codec.toKernel(low, this.#rawHigh(entryAddress));
    return this.#codec.low;
  }

  high(entryAddress: number): number {
    const high = this.#rawHigh(entryAddress);
    if (this.#codec === undefined) return high;
    this.#codec.toKernel(this.#raw(entryAddress), high);
    return this.#codec.high;
  }

  write(entryAddress: number, low: number, high: number): void {
    if (this.#codec === undefined) {
      this.#writeRaw(entryAddress, low, high);
      return;
    }
    this.#codec.toTable(low, high);
    this.#writeRaw(entryAddress, this.#codec.low, this.#codec.high);
  }

  setBits(entryAddress: number, bits: number): void {
    this.write(entryAddress, (this.low(entryAddress) | bits) >>> 0, this.high(entryAddress));
  }

  clearBits(entryAddress: number, bits: number): void {
    this.write(entryAddress, (this.low(entryAddress) & ~bits) >>> 0, this.high(entryAddress));
  }

  frameAt(entryAddress: number): Frame {
    return frameIn(kernelEntries.entry, this.low(entryAddress), this.high(entryAddress));
  }

  isValid(low: number): boolean {
    return hasBit(low, kernelEntries.entry.valid);
  }

  /** Halves of an entry as the table has them. */
  #raw(entryAddress: number): number {
    if (entryAddress < 0) return this.#leaves!.low(entryAddress);
    return this.#machine.ramView.getUint32(entryAddress, true);
  }

  #rawHigh(entryAddress: number): number {
    if (entryAddress < 0) return this.#leaves!.high(entryAddress);
    return this.radix.entryBytes === 8 ? this.#machine.ramView.getUint32(entryAddress + 4, true) : 0;
  }

  /** Writes an entry that leads to a table, in the table's own form. */
  writePointer(entryAddress: number, low: number, high: number): void {
    this.#writeRaw(entryAddress, low, high);
  }

  /** Halves of an entry that leads to a table, or to nothing. */
  pointerAt(entryAddress: number): { readonly low: number; readonly high: number } {
    return { low: this.#raw(entryAddress), high: this.#rawHigh(entryAddress) };
  }

  /** Changes an entry, in the table's own form, and keeps the count of its table. */
  #writeRaw(entryAddress: number, low: number, high: number): void {
    if (entryAddress < 0) {
      this.#leaves!.write(entryAddress, low, high);
      return;
    }
    const view = this.#machine.ramView;
    const before = view.getUint32(entryAddress, true);
    view.setUint32(entryAddress, low, true);
    if (this.radix.entryBytes === 8) view.setUint32(entryAddress + 4, high, true);
    const table = Math.floor(entryAddress / PAGE_SIZE);
    if (before === 0 && low !== 0) this.#frames.state.index[table]!++;
    if (before !== 0 && low === 0) this.#frames.state.index[table]!--;
    this.#leaves?.changed(table, before, low);
  }

  /** Whether an entry above the leaves leads to a table in memory. */
  #isPointer(low: number): boolean {
    return hasBit(low, this.radix.entry.valid);
  }

  flushSpace(space: SpaceState): void {
    this.#flushes.space(space);
  }

  flush(space: SpaceState, page: Vpn): void {
    this.#flushes.page(space, page);
  }

  /** A table has to stay where it is while its entries are visited. */
  forEach(space: SpaceState, from: number, to: number, visit: EntryVisit): void {
    this.#visitTable(space.root, 0, 0, from, to, visit);
  }

  prune(space: SpaceState, from: number, to: number): void {
    this.#pruneTable(space, space.root, 0, 0, from, to);
  }

  /** The root first; a leaf table's stamps follow it. */
  forEachTable(space: SpaceState, visit: (frame: Frame, level: number) => void): void {
    this.#visitTables(space.root, 0, visit);
  }

  forEachShared(): void {}

  #visitTables(table: Frame, level: number, visit: (frame: Frame, level: number) => void): void {
    visit(table, level);
    const stamps = this.#stamps?.get(table);
    if (stamps !== undefined) visit(stamps, level);
    if (level === this.#span.length - 1) return;
    for (let index = 0; index < this.#entries[level]!; index++) {
      const at = table * PAGE_SIZE + index * this.radix.entryBytes;
      if (this.#isPointer(this.#raw(at))) this.#visitTables(this.target(this.#raw(at), at), level + 1, visit);
    }
  }

  #visitTable(table: number, level: number, base: number, from: number, to: number, visit: EntryVisit): void {
    const span = this.#span[level]!;
    const isLast = level === this.#span.length - 1;
    const last = Math.min(this.#entries[level]! - 1, Math.floor((to - 1 - base) / span));
    for (let index = Math.max(0, Math.floor((from - base) / span)); index <= last; index++) {
      const at = table * PAGE_SIZE + index * this.radix.entryBytes;
      const low = this.#raw(at);
      if (low === 0) continue;
      const page = base + index * span;
      if (isLast) visit(page as Vpn, at);
      else if (!this.#isPointer(low)) this.#visitSwapped(low, at, page, from, to, visit);
      else this.#visitTable(this.target(low, at), level + 1, page, from, to, visit);
    }
  }

  /** The same for a leaf table in swap, whose first page is `base`. */
  #visitSwapped(low: number, at: number, base: number, from: number, to: number, visit: EntryVisit): void {
    const first = this.#inSwap(low, at, base);
    this.#leaves!.forEach(first, (index, entryAddress) => {
      const page = base + index;
      if (page >= from && page < to) visit(page as Vpn, entryAddress);
    });
  }

  #pruneTable(space: SpaceState, table: number, level: number, base: number, from: number, to: number): void {
    if (level === this.#span.length - 1) return;
    const span = this.#span[level]!;
    const last = Math.min(this.#entries[level]! - 1, Math.floor((to - 1 - base) / span));
    for (let index = Math.max(0, Math.floor((from - base) / span)); index <= last; index++) {
      const at = table * PAGE_SIZE + index * this.radix.entryBytes;
      const low = this.#raw(at);
      if (low === 0) continue;
      if (!this.#isPointer(low)) {
        this.#pruneSwapped(space, low, at);
        continue;
      }
      const below = this.target(low, at);
      this.#pruneTable(space, below, level + 1, base + index * span, from, to);
      if (this.#frames.state.index[below] !== 0) continue;
      this.#writeRaw(at, 0, 0);
      this.free(space, below);
    }
  }

  #pruneSwapped(space: SpaceState, low: number, at: number): void {
    const slot = payloadOf(this.radix, low, this.#rawHigh(at)) as Slot;
    if (this.#leaves!.swapped(slot).used !== 0) return;
    this.#writeRaw(at, 0, 0);
    this.#leaves!.dropSwapped(slot, space);
  }

  /** Gives back an empty table that nothing leads to any more. */
  free(space: SpaceState, table: Frame): void {
    this.#leaves?.freed(table, space);
    const stamps = this.#stamps?.get(table);
    if (stamps !== undefined) {
      this.#stamps!.delete(table);
      this.free(space, stamps);
    }
    this.#frames.freeTable(table);
    space.tableFrames--;
    if (this.#events.watched)
      this.#events.emit({ type: 'table', space: space.id, frame: table, change: 'freed' });
  }

  #entryAt(table: number, level: number, page: number): number {
    const index = Math.floor(page / this.#span[level]!) % this.#entries[level]!;
    return table * PAGE_SIZE + index * this.radix.entryBytes;
  }

  /** Address of the entry of `page` in the table in swap that the entry at `at` leads to. */
  #inSwap(low: number, at: number, page: number): number {
    const { entryBytes } = this.radix;
    const index = page % this.#entries.at(-1)!;
    return this.#leaves!.addressIn(payloadOf(this.radix, low, this.#rawHigh(at)), index * entryBytes);
  }

  /** The table that an entry above the leaves leads to. */
  protected target(low: number, entryAddress: number): Frame {
    return frameIn(this.radix.entry, low, this.#rawHigh(entryAddress));
  }
}
