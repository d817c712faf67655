/** State of file locks: plain data off `RootState.files`. */

export type LockType = 'read' | 'write';

/** A range of bytes, both ends included, as off_t: 64 bits. */
export interface LockRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** The last byte that a lock can cover: OFFSET_MAX. */
export const LAST_BYTE = 0x7fff_ffff_ffff_ffffn;

/** Whose a record lock is: a process's (F_SETLK), or an open file description's (F_OFD_SETLK), by number. */
export interface LockOwner {
  readonly kind: 'process' | 'description';
  readonly id: number;
}

/** A lock on a range of bytes. */
export interface RecordLock extends LockRange {
  readonly type: LockType;
  readonly owner: LockOwner;
}

/** Locks on one file; the two kinds do not see each other. */
export interface FileLocks {
  /** Those of one owner stand together, sorted, neither overlapping nor touching where they are of one type. */
  records: RecordLock[];
  /** flock(2): at most one a description, by its index. */
  whole: { description: number; type: LockType }[];
}
