/**
 * Radix tables of one space, built in plain memory: the upkeep that `walk` needs when there is no kernel. Frames for tables
 * come from the caller; a table that lost its last entry gives its frame back.
 */
import type { Frame } from '../base/numbers.ts';
import {
  clearWalk,
  type MapOutcome,
  type OnLoad,
  type PagedScheme,
  splitFields,
  type Walk,
} from './contract.ts';
import { protectPage, type WalkFormat, walkFormat, writePage } from './page-entry.ts';
import {
  type AccessKind,
  encodePointer,
  frameIn,
  indexAt,
  isLeaf,
  type Permissions,
  type RadixFormat,
  readEntry,
  walk,
  writeEntry,
} from './radix.ts';

/** Frames for tables. */
export interface TableFrames {
  /** A frame, or -1 when there is none. */
  take(): number;
  give(frame: number): void;
}

/** Frames from `first` on, in order; one that was given back is the next. */
export class CountedFrames implements TableFrames {
  readonly #end: number;
  readonly #given: number[] = [];
  #next: number;

  constructor(first: number, count: number) {
    this.#next = first;
    this.#end = first + count;
  }

  take(): number {
    return this.#given.pop() ?? (this.#next < this.#end ? this.#next++ : -1);
  }

  give(frame: number): void {
    this.#given.push(frame);
  }
}

/** Bytes of one table of a level; it takes whole frames. */
export const tableBytes = (format: RadixFormat, level: number): number =>
  2 ** format.indexBits[level]! * format.entryBytes;

export class RadixScheme implements PagedScheme {
  readonly name: string;
  readonly addressBits: number;
  readonly granule: number;
  readonly root: number;
  readonly #format: RadixFormat;
  readonly #walkFormat: WalkFormat;
  readonly #ram: DataView;
  readonly #frames: TableFrames;
  #tables = 1;

  /** @param root frame of the root table, which the caller took */
  constructor(format: RadixFormat, ram: DataView, root: number, frames: TableFrames) {
    this.name = format.name;
    this.addressBits = format.addressBits;
    this.granule = 2 ** format.offsetBits;
    this.root = root;
    this.#format = format;
    this.#walkFormat = walkFormat(format);
    this.#ram = ram;
    this.#frames = frames;
    this.#clear(root);
  }

  fields(address: number) {
    const { indexBits, offsetBits } = this.#format;
    const levels = indexBits.map((bits, i) => [`index ${indexBits.length - 1 - i}`, bits] as const);
    return splitFields(address, [...levels, ['offset', offsetBits]]);
  }

  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void {
    clearWalk(out);
    const result = walk(this.#format, this.#ram, this.root as Frame, address, access);
    out.loads = result.loads;
    const at = this.#report(address, result.loads, onLoad);
    if (at !== -1) {
      const { low, high } = readEntry(this.#format, this.#ram, at);
      out.entryAddress = at;
      out.low = low;
      out.high = high;
    }
    if (result.kind === 'fault') out.fault = result.rule;
    else out.physical = result.frame * this.granule + (address % this.granule);
  }

  /** Tells of the first `loads` entries on the way to an address; the physical address of the last one, or -1. */
  #report(address: number, loads: number, onLoad: OnLoad | undefined): number {
    let at = -1;
    let table = this.root;
    for (let level = 0; level < loads; level++) {
      const index = indexAt(this.#format, level, address);
      at = table * this.granule + index * this.#format.entryBytes;
      const { low, high } = readEntry(this.#format, this.#ram, at);
      const last = level === this.#format.indexBits.length - 1;
      onLoad?.(last ? 'page entry' : 'table entry', index, at, this.#format.entryBytes);
      table = frameIn(this.#format.entry, low, high);
    }
    return at;
  }

  footprint(): number {
    return this.#tables * this.granule;
  }

  /** Physical address of the entry of `page` in the last level, or -1 when there is no table for it. */
  find(page: number): number {
    return this.#path(page).at(-1) ?? -1;
  }

  map(page: number, frame: number, allowed: Permissions): MapOutcome {
    const { indexBits, entry } = this.#format;
    const made: { table: number; link: number }[] = [];
    let table = this.root;
    for (let level = 0; level < indexBits.length - 1; level++) {
      const link = this.#entryAt(table, level, page);
      const { low, high } = readEntry(this.#format, this.#ram, link);
      if ((low | high) !== 0) {
        table = frameIn(entry, low, high);
        continue;
      }
      table = this.#frames.take();
      if (table === -1) {
        for (const one of made.reverse()) this.#drop(one.table, one.link);
        return 'no room';
      }
      this.#clear(table);
      this.#tables++;
      made.push({ table, link });
      writeEntry(this.#format, this.#ram, link, encodePointer(entry, table as Frame));
    }
    writePage(this.#walkFormat, this.#ram, this.#entryAt(table, indexBits.length - 1, page), frame, allowed);
    return 'mapped';
  }

  unmap(page: number): void {
    const path = this.#path(page);
    writeEntry(this.#format, this.#ram, path.at(-1)!, { low: 0, high: 0 });
    for (let level = path.length - 1; level > 0; level--) {
      const table = Math.floor(path[level]! / this.granule);
      if (!this.#isEmpty(table, level)) return;
      this.#drop(table, path[level - 1]!);
    }
  }

  protect(page: number, allowed: Permissions): void {
    protectPage(this.#walkFormat, this.#ram, this.find(page), allowed);
  }

  /** Addresses of the entries on the way to a page, all levels; none when a table is missing. */
  #path(page: number): number[] {
    const { indexBits, entry } = this.#format;
    const path: number[] = [];
    let table = this.root;
    for (let level = 0; level < indexBits.length; level++) {
      const at = this.#entryAt(table, level, page);
      path.push(at);
      const { low, high } = readEntry(this.#format, this.#ram, at);
      if (level === indexBits.length - 1) return path;
      if ((low | high) === 0 || isLeaf(entry, low)) return [];
      table = frameIn(entry, low, high);
    }
    return path;
  }

  #entryAt(table: number, level: number, page: number): number {
    const index = indexAt(this.#format, level, page * this.granule);
    return table * this.granule + index * this.#format.entryBytes;
  }

  #isEmpty(table: number, level: number): boolean {
    return this.#bytesOf(table, tableBytes(this.#format, level)).every((byte) => byte === 0);
  }

  #drop(table: number, link: number): void {
    writeEntry(this.#format, this.#ram, link, { low: 0, high: 0 });
    this.#frames.give(table);
    this.#tables--;
  }

  #clear(table: number): void {
    this.#bytesOf(table, this.granule).fill(0);
  }

  #bytesOf(table: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#ram.buffer, this.#ram.byteOffset + table * this.granule, bytes);
  }
}
