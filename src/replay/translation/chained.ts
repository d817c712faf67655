/**
 * Tables for all spaces together beside a trace: inverted, with an entry for each frame of memory, and hashed, with a node for
 * each page that is anywhere. A hash of space and page leads to a chain, at whose head what is new is put.
 *
 *   anchor or bucket ──▶ page ──▶ page ──▶ …        one load for the first, and one for each page up to the one that is wanted
 *
 * Inverted tables without anchors are looked at from the first entry on.
 */
import { ANCHOR_BYTES, INVERTED_ENTRY_BYTES } from '../../translation/inverted.ts';
import { hashOfTag, TAG_SPACES, tagHigh, tagLow } from '../../translation/tag.ts';
import {
  type ReplayedChains,
  type ReplayedPages,
  type ReplayedTables,
  tableUnit,
  wholeUnits,
} from './tables.ts';

const NONE = -1;
const BUCKET_BYTES = 4;
const NODE_BYTES = 24;

/** Anchors or buckets for so many frames, as the kernel makes them. */
const anchorsFor = (frames: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, frames)));

/** Chains of pages. */
class Chains implements ReplayedChains {
  probes = 0;
  longest = 0;
  readonly #heads: Int32Array;
  readonly #mask: number;
  readonly #next: Int32Array;
  readonly #pages: ReplayedPages;

  /** @param anchors a power of two */
  constructor(anchors: number, pages: ReplayedPages) {
    // No more chains than pages are ever in use, but which ones the hash decides.
    this.#heads = new Int32Array(anchors).fill(NONE);
    this.#mask = anchors - 1;
    this.#next = new Int32Array(pages.count).fill(NONE);
    this.#pages = pages;
  }

  /** Links that are read until the page is found, or there are no more. */
  follow(page: number): number {
    let seen = 0;
    for (let at = this.#heads[this.#anchorOf(page)]!; at !== NONE; at = this.#next[at]!) {
      seen++;
      if (at === page) break;
    }
    this.looked(seen);
    return seen;
  }

  looked(entries: number): void {
    this.probes += entries;
    this.longest = Math.max(this.longest, entries);
  }

  insert(page: number): void {
    const anchor = this.#anchorOf(page);
    this.#next[page] = this.#heads[anchor]!;
    this.#heads[anchor] = page;
  }

  remove(page: number): void {
    const anchor = this.#anchorOf(page);
    if (this.#heads[anchor] === page) {
      this.#heads[anchor] = this.#next[page]!;
      return;
    }
    let at = this.#heads[anchor]!;
    while (this.#next[at] !== page) at = this.#next[at]!;
    this.#next[at] = this.#next[page]!;
  }

  #anchorOf(page: number): number {
    const number = this.#pages.numberOf(page);
    const index = this.#pages.spaceOf(page);
    const identifier = this.#pages.spaces[index]!;
    // Tags have 16 bits for a space, which process identifiers may need more of.
    const space = identifier < TAG_SPACES && identifier >= 0 ? identifier : index % TAG_SPACES;
    return hashOfTag(tagLow(number), tagHigh(space, number)) & this.#mask;
  }
}

/** With anchors, or looked at from the first entry on. */
export class ReplayedInverted implements ReplayedTables {
  readonly levels = [];
  readonly chains: Chains;
  readonly bytes: number;
  readonly #search: 'hash' | 'scan';
  readonly #frames: number;
  /** Frame of each page that the table has, or -1; where it is scanned. */
  readonly #frameOf: Int32Array;
  readonly #isIn: Uint8Array;
  readonly #known: Uint8Array;
  readonly #free: number[] = [];
  #fresh = 0;

  /** @param frames of memory */
  constructor(search: 'hash' | 'scan', frames: number, offsetBits: number, pages: ReplayedPages) {
    const anchors = search === 'scan' ? 0 : anchorsFor(frames);
    const bytes = frames * INVERTED_ENTRY_BYTES + anchors * ANCHOR_BYTES;
    this.#search = search;
    this.#frames = frames;
    this.bytes = wholeUnits(bytes, tableUnit(offsetBits));
    this.chains = new Chains(Math.max(1, anchors), pages);
    this.#frameOf = new Int32Array(pages.count).fill(NONE);
    this.#isIn = new Uint8Array(pages.count);
    this.#known = new Uint8Array(pages.count);
  }

  get peakBytes(): number {
    return this.bytes;
  }

  found(page: number): number {
    if (this.#search === 'hash') return 1 + this.chains.follow(page);
    this.chains.looked(this.#frameOf[page]! + 1);
    return this.#frameOf[page]! + 1;
  }

  /** Of a page that was here before, the kernel's records are asked besides. */
  missing(page: number): number {
    const records = this.#known[page]!;
    if (this.#search === 'hash') return 1 + this.chains.follow(page) + records;
    this.chains.looked(this.#frames);
    return this.#frames + records;
  }

  map(page: number): void {
    if (this.#isIn[page] === 1) return;
    this.#isIn[page] = 1;
    this.#known[page] = 1;
    if (this.#search === 'hash') this.chains.insert(page);
    else this.#frameOf[page] = this.#free.pop() ?? this.#fresh++;
  }

  evict(page: number): void {
    if (this.#isIn[page] === 0) return;
    this.#isIn[page] = 0;
    if (this.#search === 'hash') this.chains.remove(page);
    else this.#free.push(this.#frameOf[page]!);
  }

  release(page: number): void {
    this.evict(page);
    this.#known[page] = 0;
  }
}

export class ReplayedHashed implements ReplayedTables {
  readonly levels = [];
  readonly chains: Chains;
  bytes: number;
  peakBytes: number;
  readonly #unit: number;
  readonly #hasNode: Uint8Array;
  #free = 0;

  /** @param frames of memory */
  constructor(frames: number, offsetBits: number, pages: ReplayedPages) {
    const buckets = anchorsFor(frames);
    // Nodes come by the frame; a smaller piece would hold none.
    this.#unit = tableUnit(offsetBits);
    this.bytes = wholeUnits(buckets * BUCKET_BYTES, this.#unit);
    this.peakBytes = this.bytes;
    this.chains = new Chains(buckets, pages);
    this.#hasNode = new Uint8Array(pages.count);
  }

  found(page: number): number {
    return 1 + this.chains.follow(page);
  }

  missing(page: number): number {
    return 1 + this.chains.follow(page);
  }

  map(page: number): void {
    if (this.#hasNode[page] === 1) return;
    this.#hasNode[page] = 1;
    this.chains.insert(page);
    if (this.#free === 0) {
      const piece = Math.max(this.#unit, wholeUnits(NODE_BYTES, this.#unit));
      this.#free = Math.floor(piece / NODE_BYTES);
      this.bytes += piece;
      this.peakBytes = Math.max(this.peakBytes, this.bytes);
    }
    this.#free--;
  }

  evict(): void {}

  release(page: number): void {
    if (this.#hasNode[page] === 0) return;
    this.#hasNode[page] = 0;
    this.chains.remove(page);
    this.#free++;
  }
}
