/** Leaf tables that may go to swap, as plain data; see leaf-tables.ts. */
import type { SpaceId, Vpn } from '../../base/numbers.ts';
import type { RequestState } from '../state.ts';

/** A leaf table in memory, or on its way there. */
export interface ResidentTable {
  readonly space: SpaceId;
  /** First page that it maps. */
  readonly first: Vpn;
  /** Entries that lead to pages in memory. */
  present: number;
}

/** A leaf table in swap. */
export interface SwappedTable {
  readonly space: SpaceId;
  readonly first: Vpn;
  /** What it says now, 32 bits each. */
  readonly words: Uint32Array;
  /** Its entries that are not zero. */
  used: number;
  /** Entries that have changed since it was written, by their offsets in the table. */
  readonly changed: Set<number>;
}

export interface LeafTableState {
  /** By frame. */
  resident: Map<number, ResidentTable>;
  /** Resident tables without a page in memory; the one that was not gone through for longest is first. */
  idle: Set<number>;
  /** By slot. */
  swapped: Map<number, SwappedTable>;
}

export const initialLeafTables = (): LeafTableState => ({
  resident: new Map(),
  idle: new Set(),
  swapped: new Map(),
});

export interface TableCounters {
  /** Leaf tables written to swap, and those read back. */
  evicted: number;
  returned: number;
  /** In swap now, each in a slot of its own. */
  swapped: number;
  swappedPeak: number;
  /** Empty tables that were given up for their frames. */
  dropped: number;
  /** Entries for pages in memory that were made invalid so that their table could go. */
  parted: number;
}

export const initialTableCounters = (): TableCounters => ({
  evicted: 0,
  returned: 0,
  swapped: 0,
  swappedPeak: 0,
  dropped: 0,
  parted: 0,
});

/** The page in a slot that is a table's is no page of any program. */
export const TABLE_KEY = 2 ** 32 - 1;

/** Whether what is on its way is a table, and not a page. */
export const isTableRequest = ({ kind }: RequestState): boolean => kind === 'table-in';
