/**
 * A trace in the form in which it is replayed: one 32-bit entry a reference, pages numbered from 0 in order of
 * their first reference. It lies in shared memory, so that every worker reads the same one.
 *
 *    31 30 29                                    0
 *   ┌─────┬───────────────────────────────────────┐
 *   │kind │ page                                  │   kind: 0 fetch, 1 load, 2 store, 3 release (the page is gone)
 *   └─────┴───────────────────────────────────────┘
 *
 * A page that is referenced after its release is a new page with a number of its own. Pages of different
 * processes are different pages.
 */
import type { TraceRemarks } from './remarks.ts';

export const PAGE_MASK = 0x3fff_ffff;
export const KIND_SHIFT = 30;
export const KIND = { fetch: 0, load: 1, store: 2, release: 3 } as const;
export type TraceKind = keyof typeof KIND;
export const TRACE_KINDS: readonly TraceKind[] = ['fetch', 'load', 'store', 'release'];

/** Entries of every chunk but the last: 16 MiB. */
export const CHUNK_ENTRIES = 1 << 22;

/** Room for `count` entries, in memory that workers share where there is such a thing. */
export const sharedEntries = (count: number): Uint32Array =>
  new Uint32Array(
    typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(count * 4) : new SharedArrayBuffer(count * 4),
  );

/** Where pages come from: numbers of 64 bits in two halves, by page. */
export interface PageNames {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** Index into `owners`. */
  readonly owner: Uint32Array;
}

export interface DenseTrace {
  /** As the user named it, for messages. */
  readonly name: string;
  /** Bytes of a page; 0 when the trace names pages or objects and no addresses. */
  readonly pageSize: number;
  /** All of `CHUNK_ENTRIES` but the last; on shared memory. */
  readonly chunks: readonly Uint32Array[];
  /** References and releases. */
  readonly entries: number;
  /** By kind, indexed by `KIND`. */
  readonly counts: readonly [fetch: number, load: number, store: number, release: number];
  /** Different pages: they are 0 to `pages` - 1. */
  readonly pages: number;
  readonly names: PageNames;
  /** Process or address-space identifiers that the trace has; `[0]` when it has none. */
  readonly owners: readonly number[];
  /** What a reader should know, e.g. that the trace is a sample. */
  readonly notes: readonly string[];
  /** For those who go by the TLB of a record; `undefined`: there is nothing to be said. */
  readonly remarks: TraceRemarks | undefined;
  /** Whether processes share pages, so that a page has more names than the one that is kept. */
  readonly sharing: 'some' | 'none';
}

/** References without releases. */
export const referencesOf = ({ counts }: DenseTrace): number => counts[0] + counts[1] + counts[2];
