/**
 * What virtual memory asks of page tables, whatever their shape: a place for the entry of each page, and entries in
 * the kernel's own form (translation/entry-codec.ts). A place is a number: the physical address of an entry, or another
 * that the structure knows; it stays the same as long as the entry is not zero.
 */
import type { Frame, Vpn } from '../../base/numbers.ts';
import type { KernelFormat } from '../../translation/entry-codec.ts';
import type { SpaceState } from '../state.ts';

/** Called for each leaf entry that is not zero, with its place. */
export type EntryVisit = (page: Vpn, entryAddress: number) => void;

/** Gives a frame for a table, or -1. */
export type TableAllocator = () => Frame | -1;

export interface PageTables {
  /** Form of the entries that are read and written here. */
  readonly format: KernelFormat;
  /** Table frames that an empty space and its first page need, for messages. */
  readonly least: number;

  /** Makes what a new space needs before it has pages; false when there is no frame for it. */
  open(space: SpaceState, allocate: TableAllocator): boolean;
  /** Gives back what is left of the tables of a space whose pages were all cleared and pruned. */
  close(space: SpaceState): void;

  /** Place of the entry of `page`, or -1 when there is no table for it. */
  find(space: SpaceState, page: Vpn): number;
  /** Like `find`, making the tables on the way; -1 when `allocate` has no frame. */
  ensure(space: SpaceState, page: Vpn, allocate: TableAllocator): number;
  /** Like `find`, as the hardware or the kernel's miss handler does it; `reads` counts the words that it takes. */
  walk(space: SpaceState, page: Vpn): number;
  /** Whether an entry belongs to a table in swap, of which the kernel has a record alone. */
  isSwapped(place: number): boolean;
  /** A fault goes through the entry: of tables that may go to swap, its own is the last now. */
  noteUse(place: number): void;
  /** Words that were read by walks so far. */
  readonly reads: number;
  /** Times that `open` or `ensure` failed because of a room that is not made of single frames, and asked for none. */
  readonly refusals: number;

  low(place: number): number;
  high(place: number): number;
  /** Changes an entry. Does not touch the TLB. */
  write(place: number, low: number, high: number): void;
  setBits(place: number, bits: number): void;
  clearBits(place: number, bits: number): void;
  /** Frame in a valid entry. */
  frameAt(place: number): Frame;
  isValid(low: number): boolean;

  /** The TLB forgets all pages of a space. */
  flushSpace(space: SpaceState): void;
  /** The TLB forgets the page. */
  flush(space: SpaceState, page: Vpn): void;

  /**
   * Visits the leaf entries of pages `from` to `to` - 1 that are not zero, in order. Costs nothing for ranges
   * without tables. `visit` may zero the entry, not those of other pages of the range.
   */
  forEach(space: SpaceState, from: number, to: number, visit: EntryVisit): void;
  /** Frees the tables under `from` to `to` - 1 that have become empty. */
  prune(space: SpaceState, from: number, to: number): void;
  /** Calls `visit` for each table frame of a space. */
  forEachTable(space: SpaceState, visit: (frame: Frame, level: number) => void): void;
  /** Calls `visit` for each table frame that is no single space's. */
  forEachShared(visit: (frame: Frame) => void): void;
}
