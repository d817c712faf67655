/**
 * Radix tables beside a trace. A table is a number: how many of its entries are in use, and which table leads to it.
 *
 *   page ──▶ its leaf table ──▶ the table above ──▶ … ──▶ the root of its space        used[table] counts entries
 *
 * A table is there while it has entries in use, so one that loses its last entry goes, and the entry above it with it.
 */
import {
  type ReplayedLevel,
  type ReplayedPages,
  type ReplayedTables,
  tableUnit,
  wholeUnits,
} from './tables.ts';

export interface RadixShape {
  /** Width of each level's index, root first. */
  readonly indexBits: readonly number[];
  readonly offsetBits: number;
  readonly entryBytes: number;
}

const NONE = -1;

export class ReplayedRadix implements ReplayedTables {
  readonly chains = undefined;
  bytes = 0;
  peakBytes = 0;
  readonly #pages: ReplayedPages;
  readonly #last: number;
  /** Pages that one table of each level covers. */
  readonly #covers: readonly number[];
  readonly #tableBytes: readonly number[];
  readonly #tables: number[];
  readonly #peaks: number[];
  readonly #bits: readonly number[];
  /** By level and space: tables by the first of what they cover / what they cover. */
  readonly #known: Map<number, number>[][];
  readonly #leafOf: Int32Array;
  /** Whether a page has an entry. */
  readonly #hasEntry: Uint8Array;
  readonly #used: number[] = [];
  readonly #parent: number[] = [];

  constructor({ indexBits, offsetBits, entryBytes }: RadixShape, pages: ReplayedPages) {
    const unit = tableUnit(offsetBits);
    this.#pages = pages;
    this.#bits = indexBits;
    this.#last = indexBits.length - 1;
    this.#covers = indexBits.map((_, level) => 2 ** indexBits.slice(level).reduce((sum, n) => sum + n, 0));
    this.#tableBytes = indexBits.map((bits) => wholeUnits(2 ** bits * entryBytes, unit));
    this.#tables = indexBits.map(() => 0);
    this.#peaks = indexBits.map(() => 0);
    this.#known = indexBits.map(() => pages.spaces.map(() => new Map()));
    this.#leafOf = new Int32Array(pages.count).fill(NONE);
    this.#hasEntry = new Uint8Array(pages.count);
  }

  get levels(): ReplayedLevel[] {
    return this.#bits.map((bits, level) => ({
      bits,
      tableBytes: this.#tableBytes[level]!,
      tables: this.#tables[level]!,
      peak: this.#peaks[level]!,
    }));
  }

  found(): number {
    return this.#last + 1;
  }

  /** The root is read always, each other table if it is there. */
  missing(page: number): number {
    let loads = this.#last + 1;
    for (let table = this.#leaf(page); loads > 1 && this.#used[table] === 0; loads--)
      table = this.#parent[table]!;
    return loads;
  }

  map(page: number): void {
    if (this.#hasEntry[page] === 1) return;
    this.#hasEntry[page] = 1;
    let level = this.#last;
    for (let table = this.#leaf(page); table !== NONE; table = this.#parent[table]!) {
      if (this.#used[table]!++ > 0) return;
      this.#tables[level]!++;
      this.#peaks[level] = Math.max(this.#peaks[level]!, this.#tables[level]!);
      this.bytes += this.#tableBytes[level--]!;
      this.peakBytes = Math.max(this.peakBytes, this.bytes);
    }
  }

  evict(): void {}

  release(page: number): void {
    if (this.#hasEntry[page] === 0) return;
    this.#hasEntry[page] = 0;
    let level = this.#last;
    for (let table = this.#leafOf[page]!; table !== NONE; table = this.#parent[table]!) {
      if (--this.#used[table]! > 0) return;
      this.#tables[level]!--;
      this.bytes -= this.#tableBytes[level--]!;
    }
  }

  /** Number of the leaf table that has the page's entry, whether it is there or not. */
  #leaf(page: number): number {
    const known = this.#leafOf[page]!;
    if (known !== NONE) return known;
    const number = this.#pages.numberOf(page);
    const space = this.#pages.spaceOf(page);
    let table = NONE;
    for (let level = 0; level <= this.#last; level++) {
      const part = Math.floor(number / this.#covers[level]!);
      const tables = this.#known[level]![space]!;
      const found = tables.get(part);
      if (found === undefined) {
        this.#parent.push(table);
        table = this.#used.push(0) - 1;
        tables.set(part, table);
      } else table = found;
    }
    this.#leafOf[page] = table;
    return table;
  }
}
