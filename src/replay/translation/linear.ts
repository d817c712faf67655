/**
 * Linear tables beside a trace: one for the whole of a space, or one for each of its segments, as long as the furthest page
 * needs that was used. One entry is read; none beyond the length of a table. They go when all pages of their space have.
 */
import { type ReplayedPages, type ReplayedTables, tableUnit, wholeUnits } from './tables.ts';

export interface LinearShape {
  readonly addressBits: number;
  readonly offsetBits: number;
  readonly entryBytes: number;
  /** Top bits that select a segment; 0: the space has one table, of its full length. */
  readonly segmentBits: number;
}

export class ReplayedLinear implements ReplayedTables {
  readonly chains = undefined;
  readonly levels = [];
  bytes = 0;
  peakBytes = 0;
  readonly #pages: ReplayedPages;
  readonly #entryBytes: number;
  readonly #unit: number;
  readonly #segments: number;
  readonly #segmentPages: number;
  /** Bytes by space * segments + segment. */
  readonly #lengths: Float64Array;
  /** Pages with an entry, by space. */
  readonly #entries: Float64Array;
  readonly #hasEntry: Uint8Array;

  constructor({ addressBits, offsetBits, entryBytes, segmentBits }: LinearShape, pages: ReplayedPages) {
    this.#pages = pages;
    this.#entryBytes = entryBytes;
    this.#unit = tableUnit(offsetBits);
    this.#segments = 2 ** segmentBits;
    this.#segmentPages = 2 ** (addressBits - offsetBits - segmentBits);
    this.#lengths = new Float64Array(pages.spaces.length * this.#segments);
    this.#entries = new Float64Array(pages.spaces.length);
    this.#hasEntry = new Uint8Array(pages.count);
  }

  found(): number {
    return 1;
  }

  missing(page: number): number {
    if (this.#segments === 1) return 1;
    return this.#needs(page) <= this.#lengths[this.#table(page)]! ? 1 : 0;
  }

  map(page: number): void {
    if (this.#hasEntry[page] === 1) return;
    this.#hasEntry[page] = 1;
    this.#entries[this.#pages.spaceOf(page)]!++;
    const table = this.#table(page);
    const needed = this.#needs(page);
    if (needed <= this.#lengths[table]!) return;
    this.bytes += needed - this.#lengths[table]!;
    this.#lengths[table] = needed;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  evict(): void {}

  release(page: number): void {
    if (this.#hasEntry[page] === 0) return;
    this.#hasEntry[page] = 0;
    const space = this.#pages.spaceOf(page);
    if (--this.#entries[space]! > 0) return;
    for (let table = space * this.#segments; table < (space + 1) * this.#segments; table++) {
      this.bytes -= this.#lengths[table]!;
      this.#lengths[table] = 0;
    }
  }

  #table(page: number): number {
    const segment = Math.floor(this.#pages.numberOf(page) / this.#segmentPages);
    return this.#pages.spaceOf(page) * this.#segments + segment;
  }

  /** Bytes that the page's table has to have. */
  #needs(page: number): number {
    if (this.#segments === 1) return wholeUnits(this.#segmentPages * this.#entryBytes, this.#unit);
    const number = this.#pages.numberOf(page);
    const inside = number % this.#segmentPages;
    // The last segment holds the stack; its table begins with its last page.
    const growsDown = Math.floor(number / this.#segmentPages) === this.#segments - 1;
    const index = growsDown ? this.#segmentPages - 1 - inside : inside;
    return wholeUnits((index + 1) * this.#entryBytes, this.#unit);
  }
}
