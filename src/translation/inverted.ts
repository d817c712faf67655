/**
 * An inverted page table: one entry for each frame of memory, for all spaces together, which says whose page the frame
 * holds. Its size depends on the memory alone. To translate is to find the entry whose tag is (space, page): its index is
 * the frame. All entries are looked at in turn, or those of a chain that a hash of the tag leads to.
 *
 *    hash(space, page) ──▶ anchors │ frame + 1 or 0 │ … │         4 bytes each
 *                                      │
 *                                      ▼
 *    entry of the frame, 16 bytes:  │ tag, 8 bytes │ flags, 4 │ next frame of the chain + 1, or 0 │
 *
 *    flags   31     30        8 7 6 5 4 3 2 1 0
 *           ┌──────┬───────────┬─┬─┬─┬─┬─┬─┬─┬─┐
 *           │in use│ the       │D│A│G│U│X│W│R│V│      tag.ts has the tag
 *           │      │ kernel's  │ │ │ │ │ │ │ │ │
 *           └──────┴───────────┴─┴─┴─┴─┴─┴─┴─┴─┘
 *
 * A frame has one entry, so it can be found as one page at a time: of pages that share a frame the kernel enters the one
 * that is used.
 *
 * Source: "Virtual Memory" (CS/COE 0449), Inverted Page Tables; Arpaci-Dusseau, "Operating Systems: Three Easy Pieces",
 * chapter 20 (a hash table built over the base structure).
 */
import { assert } from '../base/errors.ts';
import { clearWalk, type OnLoad, type Walk } from './contract.ts';
import { brokenRule, type WalkFormat, walkFormat } from './page-entry.ts';
import { type AccessKind, type Permissions, pageEntry } from './radix.ts';
import { sv39 } from './sv39.ts';
import { assertPowerOfTwo, assertTag, hashOfTag, pageIn, spaceIn, tagHigh, tagLow } from './tag.ts';

export const INVERTED_ENTRY_BYTES = 16;
export const ANCHOR_BYTES = 4;
const FLAGS = 8;
const NEXT = 12;
const IN_USE = 2 ** 31;

/** What a table is; all else is in memory. Plain data. */
export interface InvertedTable {
  /** Physical address of the entry of frame 0. */
  readonly base: number;
  /** Frames of memory, and so entries. */
  readonly frames: number;
  /** Physical address of the first anchor. */
  readonly anchors: number;
  /** A power of two; 0: there are none, and all entries are looked at. */
  readonly anchorCount: number;
}

/**
 * How addresses are split; flags are those of entries of RISC-V, without a frame.
 * @param addresses `signed`: the upper half of the range is the kernel's
 */
export const invertedFormat = (
  addressBits: number,
  offsetBits: number,
  addresses: 'signed' | 'unsigned',
): WalkFormat =>
  walkFormat({
    ...sv39,
    name: 'inverted',
    addressBits,
    offsetBits,
    addresses,
    entryBytes: 4,
    entry: { ...sv39.entry, reservedMask: 0n },
  });

/** Bytes of a table for so many frames. @param entryBytes of a described form; the live one has 16 */
export const invertedBytes = (
  frames: number,
  anchorCount: number,
  entryBytes: number = INVERTED_ENTRY_BYTES,
): number => frames * entryBytes + anchorCount * ANCHOR_BYTES;

/** Empties a table: no frame holds a page. */
export function clearInverted(ram: DataView, table: InvertedTable): void {
  if (table.anchorCount > 0) assertPowerOfTwo(table.anchorCount);
  new Uint8Array(ram.buffer, ram.byteOffset + table.base, table.frames * INVERTED_ENTRY_BYTES).fill(0);
  new Uint8Array(ram.buffer, ram.byteOffset + table.anchors, table.anchorCount * ANCHOR_BYTES).fill(0);
}

/** Flags of a page that programs may use. @param bits to be set besides: referenced, dirty, the kernel's own */
export const invertedFlags = (format: WalkFormat, allowed: Permissions, bits: number): number =>
  pageEntry(format.entry, 0, allowed, bits).low;

/** Physical address of the entry of `frame`. */
export const invertedEntryAt = (table: InvertedTable, frame: number): number =>
  table.base + frame * INVERTED_ENTRY_BYTES;

const isInUse = (ram: DataView, at: number): boolean => ram.getUint32(at + FLAGS, true) >= IN_USE;

/** Whether a frame holds a page. */
export const isTaken = (ram: DataView, table: InvertedTable, frame: number): boolean =>
  isInUse(ram, invertedEntryAt(table, frame));

const isTagged = (ram: DataView, at: number, low: number, high: number): boolean =>
  ram.getUint32(at, true) === low && ram.getUint32(at + 4, true) === high && isInUse(ram, at);

const anchorIndex = (table: InvertedTable, low: number, high: number): number =>
  hashOfTag(low, high) & (table.anchorCount - 1);

/**
 * Finds the frame of a page, whether its entry is valid or not; -1: none has it.
 * @param out `entryAddress` and `loads` are set: each entry that is looked at is a load, and so is the anchor
 */
export function invertedFind(
  ram: DataView,
  table: InvertedTable,
  space: number,
  page: number,
  out: Walk,
  onLoad?: OnLoad,
): number {
  const low = tagLow(page);
  const high = tagHigh(space, page);
  clearWalk(out);
  const frame =
    table.anchorCount === 0
      ? scan(ram, table, low, high, out, onLoad)
      : follow(ram, table, low, high, out, onLoad);
  if (frame !== -1) out.entryAddress = invertedEntryAt(table, frame);
  return frame;
}

function scan(
  ram: DataView,
  table: InvertedTable,
  low: number,
  high: number,
  out: Walk,
  onLoad?: OnLoad,
): number {
  for (let frame = 0; frame < table.frames; frame++) {
    const at = invertedEntryAt(table, frame);
    out.loads++;
    if (onLoad !== undefined) onLoad('frame entry', frame, at, INVERTED_ENTRY_BYTES);
    if (isTagged(ram, at, low, high)) return frame;
  }
  return -1;
}

function follow(
  ram: DataView,
  table: InvertedTable,
  low: number,
  high: number,
  out: Walk,
  onLoad?: OnLoad,
): number {
  const anchor = anchorIndex(table, low, high);
  const anchorAt = table.anchors + anchor * ANCHOR_BYTES;
  out.loads = 1;
  if (onLoad !== undefined) onLoad('anchor', anchor, anchorAt, ANCHOR_BYTES);
  let next = ram.getUint32(anchorAt, true);
  while (next !== 0) {
    const at = invertedEntryAt(table, next - 1);
    out.loads++;
    if (onLoad !== undefined) onLoad('frame entry', next - 1, at, INVERTED_ENTRY_BYTES);
    if (isTagged(ram, at, low, high)) return next - 1;
    next = ram.getUint32(at + NEXT, true);
  }
  return -1;
}

/**
 * Translates `address` of a space as a program's access.
 * @param ram all of physical memory; the table must lie in it
 * @param address 0 to 2^53 - 1
 * @param out filled with the answer; `low` has the flags
 */
export function invertedWalk(
  format: WalkFormat,
  ram: DataView,
  table: InvertedTable,
  space: number,
  address: number,
  access: AccessKind,
  out: Walk,
  onLoad?: OnLoad,
): void {
  if (address >= format.limit) {
    clearWalk(out);
    out.fault = 'canonical address';
    return;
  }
  const frame = invertedFind(ram, table, space, Math.floor(address / format.pageSize), out, onLoad);
  if (frame === -1) {
    out.fault = 'no entry';
    return;
  }
  out.low = invertedFlagsAt(ram, out.entryAddress);
  out.fault = brokenRule(format, out.low, 0, access);
  if (out.fault === undefined) out.physical = frame * format.pageSize + (address % format.pageSize);
}

/**
 * Enters the page that a frame holds from now on. The frame must hold none, and the page must be in no frame.
 * @param flags without the bit that says that the entry is in use
 */
export function invertedInsert(
  ram: DataView,
  table: InvertedTable,
  frame: number,
  space: number,
  page: number,
  flags: number,
): void {
  assertTag(space, page);
  const at = invertedEntryAt(table, frame);
  assert(frame < table.frames && !isInUse(ram, at), 'a frame that holds no page');
  const low = tagLow(page);
  const high = tagHigh(space, page);
  ram.setUint32(at, low, true);
  ram.setUint32(at + 4, high, true);
  ram.setUint32(at + FLAGS, (flags | IN_USE) >>> 0, true);
  if (table.anchorCount === 0) return;
  const anchorAt = table.anchors + anchorIndex(table, low, high) * ANCHOR_BYTES;
  ram.setUint32(at + NEXT, ram.getUint32(anchorAt, true), true);
  ram.setUint32(anchorAt, frame + 1, true);
}

/** Takes out the page that a frame holds; it must hold one. Answers how many links and entries were read for that. */
export function invertedRemove(ram: DataView, table: InvertedTable, frame: number): number {
  const at = invertedEntryAt(table, frame);
  assert(isInUse(ram, at), 'a frame that holds a page');
  let loads = 1;
  if (table.anchorCount > 0) {
    const anchor = anchorIndex(table, ram.getUint32(at, true), ram.getUint32(at + 4, true));
    let link = table.anchors + anchor * ANCHOR_BYTES;
    for (loads++; ram.getUint32(link, true) !== frame + 1; loads++) {
      assert(ram.getUint32(link, true) !== 0, 'an entry in use is on the chain of its tag');
      link = invertedEntryAt(table, ram.getUint32(link, true) - 1) + NEXT;
    }
    ram.setUint32(link, ram.getUint32(at + NEXT, true), true);
  }
  for (let word = 0; word < INVERTED_ENTRY_BYTES; word += 4) ram.setUint32(at + word, 0, true);
  return loads;
}

/** Flags of the entry at `entryAddress`, without the bit that says that it is in use. */
export const invertedFlagsAt = (ram: DataView, entryAddress: number): number =>
  ram.getUint32(entryAddress + FLAGS, true) % IN_USE;

/** Changes the flags of an entry that is in use. */
export function setInvertedFlags(ram: DataView, entryAddress: number, flags: number): void {
  assert(isInUse(ram, entryAddress), 'a frame that holds a page');
  ram.setUint32(entryAddress + FLAGS, (flags | IN_USE) >>> 0, true);
}

/** Called for a page that is in memory. */
export type InvertedVisit = (frame: number, space: number, page: number, entryAddress: number) => void;

/** Visits the pages of one space, or of all (`undefined`), by frame; the visited one may be removed. */
export function eachInverted(
  ram: DataView,
  table: InvertedTable,
  space: number | undefined,
  visit: InvertedVisit,
): void {
  for (let frame = 0; frame < table.frames; frame++) {
    const at = invertedEntryAt(table, frame);
    if (!isInUse(ram, at)) continue;
    const high = ram.getUint32(at + 4, true);
    if (space !== undefined && spaceIn(high) !== space) continue;
    visit(frame, spaceIn(high), pageIn(ram.getUint32(at, true), high), at);
  }
}

/** Length of the chain of each anchor. */
export function invertedChains(ram: DataView, table: InvertedTable): number[] {
  return Array.from({ length: table.anchorCount }, (_, anchor) => {
    let length = 0;
    let next = ram.getUint32(table.anchors + anchor * ANCHOR_BYTES, true);
    for (; next !== 0; length++) next = ram.getUint32(invertedEntryAt(table, next - 1) + NEXT, true);
    return length;
  });
}
