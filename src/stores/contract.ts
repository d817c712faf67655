/**
 * Where evicted pages live. A store holds `capacity` slots of one page each. Calls take many pages; what
 * goes wrong is a value, never an exception. Whether a page comes back as it was written is for the kernel to
 * check, end to end: it keeps the checksums (kernel/memory/swap-io.ts).
 */
import type { Slot } from '../base/numbers.ts';

export type StoreFailure =
  /** The page read back is not the one that was written. */
  | { readonly kind: 'corrupt'; readonly slot: Slot; readonly detail: string }
  /** The device or the other side failed. */
  | { readonly kind: 'input-output'; readonly slot: Slot; readonly detail: string }
  /** A write that ended early: what the slot holds now is neither the old page nor the new one. */
  | { readonly kind: 'short'; readonly slot: Slot; readonly detail: string }
  /** No room where the pages would go. */
  | { readonly kind: 'full'; readonly slot: Slot; readonly detail: string };

/** `undefined` is success. */
export type StoreResult = StoreFailure | undefined;

/**
 * A store answers at once when it can (memory, local file) and with a promise when it must (remote). The
 * kernel awaits a promise only when virtual time says that the transfer is due, so which of the two it is
 * changes no result.
 */
export type Eventually<T> = T | Promise<T>;

export type StoreOperation = 'read' | 'write';

export interface PageStore {
  /** Shown in the report, e.g. `file:/tmp/swap`. */
  readonly name: string;
  /** Number of slots, 0 to 2^32 - 1. */
  readonly capacity: number;
  /**
   * Reads the pages in `slots` into `into`, 4096 bytes each, in order. A failure names the first slot that failed;
   * of the others nothing is known.
   */
  read(slots: readonly Slot[], into: Uint8Array): Eventually<StoreResult>;
  /** Writes 4096 bytes of `from` to each of `slots`, in order. `from` may be reused once the call returns. */
  write(slots: readonly Slot[], from: Uint8Array): Eventually<StoreResult>;
  /** The contents of `slots` are not needed any more. */
  free(slots: readonly Slot[]): void;
  /** Contents of every written slot, for a snapshot; `undefined` when the store can't be copied. */
  save(): Eventually<StoreContents | undefined>;
  /** Replaces all contents. */
  load(contents: StoreContents): Eventually<StoreResult>;
  /** Gives up handles and deletes what the store made for itself. */
  close(): void;
  /**
   * Virtual time that the next transfer takes beyond that of the modelled disk, ns; asked once for each transfer, when
   * it begins. Absent: none.
   */
  delay?(operation: StoreOperation, slots: readonly Slot[]): number;
  /** Failures that the store made up itself, by kind; absent when it makes up none. */
  readonly injected?: Readonly<Record<string, number>>;
}

/** Plain data: pages by slot. */
export interface StoreContents {
  readonly slots: Uint32Array;
  readonly pages: Uint8Array;
  /** What else a store has to know to go on as it would have: plain data of its own. */
  readonly more?: unknown;
}
