/**
 * Page tables beside a trace: what a walk reads, and how many bytes there are, without the bytes. Schemes of `translation/`
 * say the same of tables that are there; a trace may want tables that no memory here would hold.
 *
 *   map      the page has come, for the first time or again
 *   evict    it was put elsewhere: its entry stays, and is not valid (an inverted table has none any more)
 *   release  it is gone for good, and with it what only it needed
 */

export interface ReplayedLevel {
  /** Of the index; of what is no table with an index, 0. */
  readonly bits: number;
  /** Bytes of one table. */
  readonly tableBytes: number;
  /** Tables that there are, and the most that there were. */
  readonly tables: number;
  readonly peak: number;
}

/** What following chains came to. */
export interface ReplayedChains {
  /** Entries or nodes that were looked at. */
  readonly probes: number;
  /** Those of the longest look-up. */
  readonly longest: number;
}

export interface ReplayedTables {
  /** Loads of a walk that leads to the page, which is mapped. */
  found(page: number): number;
  /** Loads of a walk that finds out that the page is not mapped. */
  missing(page: number): number;
  map(page: number): void;
  evict(page: number): void;
  release(page: number): void;
  /** Bytes now, and the most at once. */
  readonly bytes: number;
  readonly peakBytes: number;
  /** The root first; none where tables have no levels. */
  readonly levels: readonly ReplayedLevel[];
  readonly chains: ReplayedChains | undefined;
}

/** Pages as the trace numbers them: where each lies. */
export interface ReplayedPages {
  readonly count: number;
  /** Number of the page in its space, 0 to 2^48 - 1. */
  numberOf(page: number): number;
  /** Space of the page: its index, and its identifier. */
  spaceOf(page: number): number;
  readonly spaces: readonly number[];
}

/** Smallest piece of memory that tables are made of, in bytes: a frame of 4 KiB, or a page where pages are smaller. */
export const tableUnit = (offsetBits: number): number => Math.min(4096, 2 ** offsetBits);
export const wholeUnits = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;
