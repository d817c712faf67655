/**
 * A hashed page table: one for all spaces. A hash of (space, page) selects a bucket, whose chain of nodes has the entry,
 * as large as in a radix table; so pages that are elsewhere keep what an invalid entry says of them.
 *
 *    hash(space, page) ──▶ buckets │ node or 0 │ …       4 bytes each
 *                                      │
 *                                      ▼
 *    node, 24 bytes:  │ entry, 8 bytes │ tag, 8 │ next node or 0, 4 │ unused, 4 │      tag.ts has the tag
 *
 * Nodes lie in frames that are handed in as the table grows, 170 in one of 4 KiB; those that are free form a list. A node is
 * named by its physical address / 8 + 1.
 *
 * Source: named in "Process Virtual Memory Part 2" (CS124, lecture 16); the structure is that of Silberschatz, Galvin and
 * Gagne, "Operating System Concepts", 10th edition, section 9.4.2.
 */
import { assert } from '../base/errors.ts';
import { clearWalk, type OnLoad, type Walk } from './contract.ts';
import { decide, type WalkFormat } from './page-entry.ts';
import type { AccessKind } from './radix.ts';
import { assertPowerOfTwo, assertTag, hashOfTag, pageIn, spaceIn, tagHigh, tagLow } from './tag.ts';

export const HASHED_NODE_BYTES = 24;
export const BUCKET_BYTES = 4;
const TAG = 8;
const NEXT = 16;
/** A node's address is a multiple of it. */
const UNIT = 8;

/** What a table is besides what is in memory. Plain data. */
export interface HashedTable {
  /** Physical address of the first bucket. */
  readonly buckets: number;
  /** A power of two. */
  readonly bucketCount: number;
  /** Name of the first free node, or 0. */
  free: number;
  /** Nodes that there are, and those on chains. */
  nodes: number;
  used: number;
  /** Bytes that were handed in for nodes. */
  nodeBytes: number;
}

/** An empty table without nodes. @param buckets physical address of `bucketCount` * 4 bytes */
export function makeHashed(ram: DataView, buckets: number, bucketCount: number): HashedTable {
  assertPowerOfTwo(bucketCount);
  new Uint8Array(ram.buffer, ram.byteOffset + buckets, bucketCount * BUCKET_BYTES).fill(0);
  return { buckets, bucketCount, free: 0, nodes: 0, used: 0, nodeBytes: 0 };
}

/** Bytes of the buckets and of all that was handed in for nodes. */
export const hashedBytes = (table: HashedTable): number => table.bucketCount * BUCKET_BYTES + table.nodeBytes;

const addressOfNode = (name: number): number => (name - 1) * UNIT;
const nameOfNode = (address: number): number => address / UNIT + 1;

/** Hands in memory for nodes: `bytes` from `address`, a multiple of 8. They are used from the lowest on. */
export function addNodes(ram: DataView, table: HashedTable, address: number, bytes: number): void {
  assert(address % UNIT === 0, 'nodes are aligned to 8 bytes');
  const count = Math.floor(bytes / HASHED_NODE_BYTES);
  for (let node = count - 1; node >= 0; node--) {
    const at = address + node * HASHED_NODE_BYTES;
    ram.setUint32(at + NEXT, table.free, true);
    table.free = nameOfNode(at);
  }
  table.nodes += count;
  table.nodeBytes += bytes;
}

const bucketIndex = (table: HashedTable, low: number, high: number): number =>
  hashOfTag(low, high) & (table.bucketCount - 1);

/**
 * Finds the entry of a page, valid or not: its physical address, or -1.
 * @param out `entryAddress` and `loads` are set: each node that is looked at is a load, and so is the bucket
 */
export function hashedFind(
  ram: DataView,
  table: HashedTable,
  space: number,
  page: number,
  out: Walk,
  onLoad?: OnLoad,
): number {
  const low = tagLow(page);
  const high = tagHigh(space, page);
  const bucket = bucketIndex(table, low, high);
  const bucketAt = table.buckets + bucket * BUCKET_BYTES;
  clearWalk(out);
  out.loads = 1;
  if (onLoad !== undefined) onLoad('bucket', bucket, bucketAt, BUCKET_BYTES);
  let name = ram.getUint32(bucketAt, true);
  while (name !== 0) {
    const at = addressOfNode(name);
    out.loads++;
    if (onLoad !== undefined) onLoad('node', at, at, HASHED_NODE_BYTES);
    if (ram.getUint32(at + TAG, true) === low && ram.getUint32(at + TAG + 4, true) === high) {
      out.entryAddress = at;
      return at;
    }
    name = ram.getUint32(at + NEXT, true);
  }
  return -1;
}

/**
 * Translates `address` of a space as a program's access.
 * @param ram all of physical memory; the table must lie in it
 * @param address 0 to 2^53 - 1
 * @param out filled with the answer
 */
export function hashedWalk(
  format: WalkFormat,
  ram: DataView,
  table: HashedTable,
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
  const at = hashedFind(ram, table, space, Math.floor(address / format.pageSize), out, onLoad);
  if (at === -1) out.fault = 'no entry';
  else decide(format, ram, at, address, access, out);
}

/**
 * Makes an entry for a page that has none: its physical address, its bits all zero; or -1 when no node is free, and
 * nothing was changed.
 */
export function hashedInsert(ram: DataView, table: HashedTable, space: number, page: number): number {
  assertTag(space, page);
  if (table.free === 0) return -1;
  const name = table.free;
  const at = addressOfNode(name);
  const low = tagLow(page);
  const high = tagHigh(space, page);
  const bucketAt = table.buckets + bucketIndex(table, low, high) * BUCKET_BYTES;
  table.free = ram.getUint32(at + NEXT, true);
  table.used++;
  ram.setUint32(at, 0, true);
  ram.setUint32(at + 4, 0, true);
  ram.setUint32(at + TAG, low, true);
  ram.setUint32(at + TAG + 4, high, true);
  ram.setUint32(at + NEXT, ram.getUint32(bucketAt, true), true);
  ram.setUint32(bucketAt, name, true);
  return at;
}

/** Gives up the entry of a page, which must have one. Answers how many links and nodes were read for that. */
export function hashedRemove(ram: DataView, table: HashedTable, space: number, page: number): number {
  const low = tagLow(page);
  const high = tagHigh(space, page);
  let link = table.buckets + bucketIndex(table, low, high) * BUCKET_BYTES;
  for (let loads = 2; ; loads++) {
    const name = ram.getUint32(link, true);
    assert(name !== 0, 'the page has an entry');
    const at = addressOfNode(name);
    if (ram.getUint32(at + TAG, true) === low && ram.getUint32(at + TAG + 4, true) === high) {
      ram.setUint32(link, ram.getUint32(at + NEXT, true), true);
      ram.setUint32(at + NEXT, table.free, true);
      table.free = name;
      table.used--;
      return loads;
    }
    link = at + NEXT;
  }
}

/** Called for a page that has an entry. */
export type HashedVisit = (space: number, page: number, entryAddress: number) => void;

/** Visits the entries of one space, or of all (`undefined`), by bucket; the visited one may be removed. */
export function eachHashed(
  ram: DataView,
  table: HashedTable,
  space: number | undefined,
  visit: HashedVisit,
): void {
  for (let bucket = 0; bucket < table.bucketCount; bucket++) {
    let name = ram.getUint32(table.buckets + bucket * BUCKET_BYTES, true);
    while (name !== 0) {
      const at = addressOfNode(name);
      name = ram.getUint32(at + NEXT, true);
      const high = ram.getUint32(at + TAG + 4, true);
      if (space !== undefined && spaceIn(high) !== space) continue;
      visit(spaceIn(high), pageIn(ram.getUint32(at + TAG, true), high), at);
    }
  }
}

/** Entries for each bucket, on average. */
export const loadFactor = (table: HashedTable): number => table.used / table.bucketCount;

/** Length of the chain of each bucket. */
export function hashedChains(ram: DataView, table: HashedTable): number[] {
  return Array.from({ length: table.bucketCount }, (_, bucket) => {
    let length = 0;
    let name = ram.getUint32(table.buckets + bucket * BUCKET_BYTES, true);
    for (; name !== 0; length++) name = ram.getUint32(addressOfNode(name) + NEXT, true);
    return length;
  });
}
