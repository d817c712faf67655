/** What the kernel does with pages beyond what a fault asks for: read-ahead, page daemon, clusters, cleaning. */
import type { PageKey } from '../../policies/replacement/contract.ts';

export interface PagingRules {
  /** Pages that are read beside the one that was asked for, at most. */
  readonly readAhead: number;
  /** Watermarks in frames; `undefined`: frames come free only when somebody wants one. */
  readonly daemon: Watermarks | undefined;
  /** Pages that one write holds, at most. */
  readonly cluster: number;
  /** ns from one cleaning to the next; `undefined`: pages are written only when they go. */
  readonly cleanEvery: number | undefined;
}

export interface Watermarks {
  /** With fewer free frames the daemon wakes. */
  readonly low: number;
  /** With so many it goes back to sleep. */
  readonly high: number;
  /** Which of the policy's victims go: all in order, or those first that need no write. */
  readonly first: 'any' | 'clean';
}

/** Pages come when they are asked for, and go one at a time when a frame is. */
export const DEMAND_PAGING: PagingRules = {
  readAhead: 0,
  daemon: undefined,
  cluster: 1,
  cleanEvery: undefined,
};

export interface PagingState {
  /** When dirty pages are looked for next, ns. */
  nextCleaning: number;
  /** Dirty pages that the last cleaning saw, and which cleaning saw each first. */
  dirtySince: Map<PageKey, number>;
}

export const initialPagingState = (): PagingState => ({ nextCleaning: 0, dirtySince: new Map() });

/** Counted of all this; pages where nothing else is said. */
export interface PagingCounters {
  readAhead: {
    read: number;
    /** Used before they went. */
    useful: number;
    /** Evicted or freed unused. */
    useless: number;
    /** Of the useful ones: they were wanted while they were still on their way. */
    late: number;
  };
  daemon: {
    wakeUps: number;
    dropped: number;
    written: number;
    /** Frames that were free when somebody wanted one, and those that had to be freed then. */
    found: number;
    missed: number;
  };
  /** Writes of several pages at once, and their pages. */
  clusters: { writes: number; pages: number };
  cleaning: {
    runs: number;
    pages: number;
    /** Most pages that a cleaning found dirty. */
    dirtyPeak: number;
  };
  /** Dirty pages that were freed, so that they never had to be written. */
  neverWritten: { swap: number; file: number };
}

export const initialPagingCounters = (): PagingCounters => ({
  readAhead: { read: 0, useful: 0, useless: 0, late: 0 },
  daemon: { wakeUps: 0, dropped: 0, written: 0, found: 0, missed: 0 },
  clusters: { writes: 0, pages: 0 },
  cleaning: { runs: 0, pages: 0, dirtyPeak: 0 },
  neverWritten: { swap: 0, file: 0 },
});
