/**
 * What a record says of its references beyond which pages they touch, for those who go by its TLB: whose they are, and when
 * entries changed. Each remark stands before a reference.
 */
export const REMARK = { kernel: 0, refused: 1, flush: 2, flushSpace: 3 } as const;

export interface TraceRemarks {
  /** Number of the reference that each remark stands before, from 0; ascending. */
  readonly references: Float64Array;
  /** Of `REMARK`. */
  readonly kinds: Uint8Array;
  /** The page, as the trace numbers it; of `flushSpace` the space, by index; of `kernel` nothing. */
  readonly pages: Uint32Array;
}
