/**
 * Page tables as they lie in RAM, in the format that the architecture defines, written by the kernel and
 * walked by the hardware.
 *
 *   root ──▶ table ──▶ table ──▶ leaf entry:  page in memory   V=1, frame, R W X U, A and D
 *                                             elsewhere        V=0, see translation/invalid-entry.ts
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
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { EntryCodec, kernelEntries } from '../../translation/entry-codec.ts';
import { encodePointer, frameIn, hasBit, indexShift, type RadixFormat } from '../../translation/radix.ts';
import { riscvEntries } from '../../translation/sv39.ts';
import type { EventSink } from '../events.ts';
import type { SpaceState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import type { EntryVisit, PageTables, TableAllocator } from './page-tables.ts';

/** Leaf tables, each with its frame of stamps; `undefined`: entries have no stamps. */
export type StampFrames = Map<number, Frame>;

export class RadixTables implements PageTables {
  readonly format = kernelEntries;
  readonly least: number;
  readonly #radix: RadixFormat;
  /** `undefined`: entries are in the kernel's form. */
  readonly #codec: EntryCodec | undefined;
  readonly #machine: MachinePort;
  readonly #frames: FrameTable;
  readonly #events: EventSink;
  readonly #stamps: StampFrames | undefined;
  /** Pages that one entry of each level covers; 1 at the last. */
  readonly #span: readonly number[];
  readonly #entries: readonly number[];

  constructor(
    format: RadixFormat,
    machine: MachinePort,
    frames: FrameTable,
    events: EventSink,
    stamps?: StampFrames,
  ) {
    this.#stamps = stamps;
    this.#radix = format;
    this.least = format.indexBits.length;
    this.#codec = format.entry === riscvEntries ? undefined : new EntryCodec(format);
    this.#machine = machine;
    this.#frames = frames;
    this.#events = events;
    const levels = format.indexBits;
    this.#span = levels.map((_, level) => 2 ** (indexShift(format, level) - format.offsetBits));
    this.#entries = levels.map((bits) => 2 ** bits);
    assert(
      this.#entries.every((count) => count * format.entryBytes <= PAGE_SIZE),
      'a table fits into a frame',
    );
  }

  reads = 0;

  open(space: SpaceState, allocate: TableAllocator): boolean {
    const root = allocate();
    if (root === -1) return false;
    space.root = root;
    this.#initialise(space, root);
    return true;
  }

  close(space: SpaceState): void {
    this.#free(space, space.root);
  }

  /** Makes an empty table of `frame`, which was just allocated. */
  #initialise(space: SpaceState, frame: Frame): void {
    this.#machine.ram.fill(0, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    this.#machine.codeChanged(frame);
    space.tableFrames++;
    if (this.#events.watched)
      this.#events.emit({ type: 'table', space: space.id, frame, change: 'allocated' });
  }

  walk(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      this.reads++;
      const low = this.#raw(at);
      if (low === 0) return -1;
      table = this.#target(low, at);
    }
    this.reads++;
    return this.#entryAt(table, last, page);
  }

  find(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      const low = this.#raw(at);
      if (low === 0) return -1;
      table = this.#target(low, at);
    }
    return this.#entryAt(table, last, page);
  }

  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      const low = this.#raw(at);
      if (low !== 0) {
        table = this.#target(low, at);
        continue;
      }
      const frame = this.#make(space, level + 1, allocate);
      if (frame === -1) return -1;
      const { low: pointer, high } = encodePointer(this.#radix.entry, frame);
      this.#writeRaw(at, pointer, high);
      table = frame;
    }
    return this.#entryAt(table, last, page);
  }

  /** An empty table for a level, with its frame of stamps if it needs one; all or nothing. */
  #make(space: SpaceState, level: number, allocate: TableAllocator): Frame | -1 {
    const table = allocate();
    if (table === -1) return -1;
    const isStamped = this.#stamps !== undefined && level === this.#span.length - 1;
    const stamps = isStamped ? allocate() : undefined;
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

  #raw(entryAddress: number): number {
    return this.#machine.ramView.getUint32(entryAddress, true);
  }

  #rawHigh(entryAddress: number): number {
    return this.#radix.entryBytes === 8 ? this.#machine.ramView.getUint32(entryAddress + 4, true) : 0;
  }

  write(entryAddress: number, low: number, high: number): void {
    if (this.#codec === undefined) {
      this.#writeRaw(entryAddress, low, high);
      return;
    }
    this.#codec.toTable(low, high);
    this.#writeRaw(entryAddress, this.#codec.low, this.#codec.high);
  }

  /** Changes an entry, in the table's own form, and keeps the count of its table. */
  #writeRaw(entryAddress: number, low: number, high: number): void {
    const view = this.#machine.ramView;
    const before = view.getUint32(entryAddress, true);
    view.setUint32(entryAddress, low, true);
    if (this.#radix.entryBytes === 8) view.setUint32(entryAddress + 4, high, true);
    if (before === 0 && low !== 0) this.#frames.state.index[Math.floor(entryAddress / PAGE_SIZE)]!++;
    if (before !== 0 && low === 0) this.#frames.state.index[Math.floor(entryAddress / PAGE_SIZE)]!--;
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

  flushSpace(space: SpaceState): void {
    const before = this.#machine.counters().flushed;
    this.#machine.flushSpace(space.asid);
    const entries = this.#machine.counters().flushed - before;
    if (this.#events.watched) this.#events.emit({ type: 'flush', what: 'space', entries });
  }

  flush(space: SpaceState, page: Vpn): void {
    if (!this.#events.watched) {
      this.#machine.flushPage(space.asid, page);
      return;
    }
    const before = this.#machine.counters().flushed;
    this.#machine.flushPage(space.asid, page);
    const entries = this.#machine.counters().flushed - before;
    this.#events.emit({ type: 'flush', what: 'page', entries });
  }

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
      const at = table * PAGE_SIZE + index * this.#radix.entryBytes;
      const low = this.#raw(at);
      if (low !== 0) this.#visitTables(this.#target(low, at), level + 1, visit);
    }
  }

  #visitTable(table: number, level: number, base: number, from: number, to: number, visit: EntryVisit): void {
    const span = this.#span[level]!;
    const isLast = level === this.#span.length - 1;
    const last = Math.min(this.#entries[level]! - 1, Math.floor((to - 1 - base) / span));
    for (let index = Math.max(0, Math.floor((from - base) / span)); index <= last; index++) {
      const at = table * PAGE_SIZE + index * this.#radix.entryBytes;
      const low = this.#raw(at);
      if (low === 0) continue;
      const page = base + index * span;
      if (isLast) visit(page as Vpn, at);
      else this.#visitTable(this.#target(low, at), level + 1, page, from, to, visit);
    }
  }

  #pruneTable(space: SpaceState, table: number, level: number, base: number, from: number, to: number): void {
    if (level === this.#span.length - 1) return;
    const span = this.#span[level]!;
    const last = Math.min(this.#entries[level]! - 1, Math.floor((to - 1 - base) / span));
    for (let index = Math.max(0, Math.floor((from - base) / span)); index <= last; index++) {
      const at = table * PAGE_SIZE + index * this.#radix.entryBytes;
      const low = this.#raw(at);
      if (low === 0) continue;
      const below = this.#target(low, at);
      this.#pruneTable(space, below, level + 1, base + index * span, from, to);
      if (this.#frames.state.index[below] !== 0) continue;
      this.#writeRaw(at, 0, 0);
      this.#free(space, below);
    }
  }

  /** Gives back an empty table that nothing leads to any more. */
  #free(space: SpaceState, table: Frame): void {
    const stamps = this.#stamps?.get(table);
    if (stamps !== undefined) {
      this.#stamps!.delete(table);
      this.#free(space, stamps);
    }
    this.#frames.freeTable(table);
    space.tableFrames--;
    if (this.#events.watched)
      this.#events.emit({ type: 'table', space: space.id, frame: table, change: 'freed' });
  }

  #entryAt(table: number, level: number, page: number): number {
    const index = Math.floor(page / this.#span[level]!) % this.#entries[level]!;
    return table * PAGE_SIZE + index * this.#radix.entryBytes;
  }

  #target(low: number, entryAddress: number): Frame {
    return frameIn(this.#radix.entry, low, this.#rawHigh(entryAddress));
  }
}
