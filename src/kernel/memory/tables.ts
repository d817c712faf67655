/**
 * Page tables as they lie in RAM, in the format that the architecture defines, written by the kernel and
 * walked by the hardware.
 *
 *   root ──▶ table ──▶ leaf table ──▶ page
 *
 * Leaf tables, and those of them that are in swap, are as framed-tables.ts says. Every table frame counts its entries that
 * are not zero; when the last one goes, the frame goes, and with it the entry that led to it. The root stays.
 *
 * With stamps each leaf entry has a field for the time of its last use: a frame of stamps goes with each leaf table,
 * as long as that, with a field of 8 bytes for each entry (as page-status tables lie behind the page tables of
 * z/Architecture). The machine keeps the times themselves by frame.
 *
 *   leaf table │ 512 entries │      frame of stamps │ 512 times │
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Vpn } from '../../base/numbers.ts';
import { encodePointer, indexShift, type RadixFormat } from '../../translation/radix.ts';
import type { SpaceState } from '../state.ts';
import { type FramedTableParts, FramedTables } from './framed-tables.ts';
import type { EntryVisit, PageTables, TableAllocator } from './page-tables.ts';

/** Leaf tables, each with its frame of stamps; `undefined`: entries have no stamps. */
export type StampFrames = Map<number, Frame>;

export interface RadixTableParts extends FramedTableParts {
  readonly radix: RadixFormat;
  readonly stamps: StampFrames | undefined;
}

export class RadixTables extends FramedTables implements PageTables {
  /** Form of the tables themselves. */
  readonly radix: RadixFormat;
  readonly least: number;
  readonly #stamps: StampFrames | undefined;
  /** Pages that one entry of each level covers; 1 at the last. */
  readonly #span: readonly number[];
  readonly #entries: readonly number[];

  constructor({ radix, stamps, ...parts }: RadixTableParts) {
    super(radix, parts);
    this.#stamps = stamps;
    this.radix = radix;
    this.least = radix.indexBits.length;
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
    this.initialise(space, root);
    return true;
  }

  close(space: SpaceState): void {
    this.free(space, space.root);
  }

  find(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      const low = this.raw(at);
      if (!this.isPointer(low)) return low === 0 ? -1 : this.inSwap(low, at, page);
      table = this.target(low, at);
    }
    return this.#entryAt(table, last, page);
  }

  walk(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      this.reads++;
      const low = this.raw(at);
      if (!this.isPointer(low)) return low === 0 ? -1 : this.inSwap(low, at, page);
      table = this.target(low, at);
    }
    this.reads++;
    return this.#entryAt(table, last, page);
  }

  override pointerTo(space: SpaceState, page: Vpn): number {
    const last = this.#span.length - 1;
    let at = this.#entryAt(space.root, 0, page);
    for (let level = 1; level < last; level++) at = this.#entryAt(this.target(this.raw(at), at), level, page);
    return at;
  }

  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number {
    const last = this.#span.length - 1;
    let table: number = space.root;
    for (let level = 0; level < last; level++) {
      const at = this.#entryAt(table, level, page);
      const low = this.raw(at);
      if (low !== 0) {
        if (!this.isPointer(low)) return this.inSwap(low, at, page);
        table = this.target(low, at);
        continue;
      }
      const frame = this.#make(space, page, level + 1, allocate);
      if (frame === -1) return -1;
      const { low: pointer, high } = encodePointer(this.radix.entry, frame);
      this.writePointer(at, pointer, high);
      table = frame;
    }
    return this.#entryAt(table, last, page);
  }

  /** An empty table for a level, with its frame of stamps if it needs one; all or nothing. */
  #make(space: SpaceState, page: Vpn, level: number, allocate: TableAllocator): Frame | -1 {
    const table = allocate();
    if (table === -1) return -1;
    const isLeaf = level === this.#span.length - 1;
    if (isLeaf) this.leaves?.made(table, space, page);
    const stamps = isLeaf && this.#stamps !== undefined ? allocate() : undefined;
    if (stamps === -1) {
      this.frames.freeTable(table);
      return -1;
    }
    this.initialise(space, table);
    if (stamps === undefined) return table;
    this.initialise(space, stamps);
    this.#stamps!.set(table, stamps);
    return table;
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
      if (this.isPointer(this.raw(at))) this.#visitTables(this.target(this.raw(at), at), level + 1, visit);
    }
  }

  #visitTable(table: number, level: number, base: number, from: number, to: number, visit: EntryVisit): void {
    const span = this.#span[level]!;
    const isLast = level === this.#span.length - 1;
    const last = Math.min(this.#entries[level]! - 1, Math.floor((to - 1 - base) / span));
    for (let index = Math.max(0, Math.floor((from - base) / span)); index <= last; index++) {
      const at = table * PAGE_SIZE + index * this.radix.entryBytes;
      const low = this.raw(at);
      if (low === 0) continue;
      const page = base + index * span;
      if (isLast) visit(page as Vpn, at);
      else if (!this.isPointer(low)) this.visitSwapped(low, at, page, from, to, visit);
      else this.#visitTable(this.target(low, at), level + 1, page, from, to, visit);
    }
  }

  #pruneTable(space: SpaceState, table: number, level: number, base: number, from: number, to: number): void {
    if (level === this.#span.length - 1) return;
    const span = this.#span[level]!;
    const last = Math.min(this.#entries[level]! - 1, Math.floor((to - 1 - base) / span));
    for (let index = Math.max(0, Math.floor((from - base) / span)); index <= last; index++) {
      const at = table * PAGE_SIZE + index * this.radix.entryBytes;
      const low = this.raw(at);
      if (low === 0) continue;
      if (!this.isPointer(low)) {
        this.pruneSwapped(space, low, at);
        continue;
      }
      const below = this.target(low, at);
      this.#pruneTable(space, below, level + 1, base + index * span, from, to);
      if (this.frames.state.index[below] !== 0) continue;
      this.writePointer(at, 0, 0);
      this.free(space, below);
    }
  }

  /** A leaf table's stamps go with it. */
  override free(space: SpaceState, table: Frame): void {
    const stamps = this.#stamps?.get(table);
    if (stamps !== undefined) {
      this.#stamps!.delete(table);
      super.free(space, stamps);
    }
    super.free(space, table);
  }

  #entryAt(table: number, level: number, page: number): number {
    const index = Math.floor(page / this.#span[level]!) % this.#entries[level]!;
    return table * PAGE_SIZE + index * this.radix.entryBytes;
  }
}
