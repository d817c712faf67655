/** One space's view of the tables that all spaces share: inverted and hashed. */
import {
  type MapOutcome,
  newWalk,
  type OnLoad,
  type PagedScheme,
  splitFields,
  type Walk,
} from './contract.ts';
import {
  type HashedTable,
  hashedBytes,
  hashedFind,
  hashedInsert,
  hashedRemove,
  hashedWalk,
} from './hashed.ts';
import {
  type InvertedTable,
  invertedBytes,
  invertedFind,
  invertedFlags,
  invertedFlagsAt,
  invertedInsert,
  invertedRemove,
  invertedWalk,
  isTaken,
  setInvertedFlags,
} from './inverted.ts';
import { protectPage, type WalkFormat, writePage } from './page-entry.ts';
import type { AccessKind, Permissions } from './radix.ts';

const fieldsOf = ({ addressBits, offsetBits }: WalkFormat, address: number) =>
  splitFields(address, [
    ['page', addressBits - offsetBits],
    ['offset', offsetBits],
  ]);

/** A space in an inverted table. A frame holds one page, so that a frame that is taken is no room. */
export class InvertedScheme implements PagedScheme {
  readonly name = 'inverted';
  readonly addressBits: number;
  readonly granule: number;
  readonly #format: WalkFormat;
  readonly #ram: DataView;
  readonly #table: InvertedTable;
  readonly #space: number;
  readonly #found = newWalk();

  constructor(format: WalkFormat, ram: DataView, table: InvertedTable, space: number) {
    this.addressBits = format.addressBits;
    this.granule = format.pageSize;
    this.#format = format;
    this.#ram = ram;
    this.#table = table;
    this.#space = space;
  }

  fields(address: number) {
    return fieldsOf(this.#format, address);
  }

  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void {
    invertedWalk(this.#format, this.#ram, this.#table, this.#space, address, access, out, onLoad);
  }

  footprint(): number {
    return invertedBytes(this.#table.frames, this.#table.anchorCount);
  }

  map(page: number, frame: number, allowed: Permissions): MapOutcome {
    if (frame >= this.#table.frames || isTaken(this.#ram, this.#table, frame)) return 'no room';
    const flags = invertedFlags(this.#format, allowed, 0);
    invertedInsert(this.#ram, this.#table, frame, this.#space, page, flags);
    return 'mapped';
  }

  unmap(page: number): void {
    invertedRemove(this.#ram, this.#table, this.#frameOf(page));
  }

  protect(page: number, allowed: Permissions): void {
    this.#frameOf(page);
    const { entry } = this.#format;
    const at = this.#found.entryAddress;
    const kept =
      invertedFlagsAt(this.#ram, at) &
      ((1 << entry.global) | (1 << entry.accessed) | (1 << entry.dirty) | 0x7fff_ff00);
    setInvertedFlags(this.#ram, at, invertedFlags(this.#format, allowed, kept));
  }

  #frameOf(page: number): number {
    return invertedFind(this.#ram, this.#table, this.#space, page, this.#found);
  }
}

/** A space in a hashed table. */
export class HashedScheme implements PagedScheme {
  readonly name = 'hashed';
  readonly addressBits: number;
  readonly granule: number;
  readonly #format: WalkFormat;
  readonly #ram: DataView;
  readonly #table: HashedTable;
  readonly #space: number;
  readonly #found = newWalk();

  constructor(format: WalkFormat, ram: DataView, table: HashedTable, space: number) {
    this.addressBits = format.addressBits;
    this.granule = format.pageSize;
    this.#format = format;
    this.#ram = ram;
    this.#table = table;
    this.#space = space;
  }

  fields(address: number) {
    return fieldsOf(this.#format, address);
  }

  walk(address: number, access: AccessKind, out: Walk, onLoad?: OnLoad): void {
    hashedWalk(this.#format, this.#ram, this.#table, this.#space, address, access, out, onLoad);
  }

  footprint(): number {
    return hashedBytes(this.#table);
  }

  map(page: number, frame: number, allowed: Permissions): MapOutcome {
    const at = hashedInsert(this.#ram, this.#table, this.#space, page);
    if (at === -1) return 'no room';
    writePage(this.#format, this.#ram, at, frame, allowed);
    return 'mapped';
  }

  unmap(page: number): void {
    hashedRemove(this.#ram, this.#table, this.#space, page);
  }

  protect(page: number, allowed: Permissions): void {
    const at = hashedFind(this.#ram, this.#table, this.#space, page, this.#found);
    protectPage(this.#format, this.#ram, at, allowed);
  }
}
