/** Locks on files as the system calls use them. */
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { LockOwner, LockRange, LockType, RecordLock } from './lock-state.ts';

/** What fcntl(2) asks for: a range to be locked or unlocked, by the process or by the open file description. */
export interface RecordRequest extends LockRange {
  readonly type: LockType | 'none';
  readonly owner: LockOwner['kind'];
}

/** Who waits, for a lock on which file. */
export interface LockWish {
  /** Index of the file. */
  file: number;
  lock: RecordLock;
}

export interface Locks {
  /** The first lock that is in the way (F_GETLK); `undefined`: there is none. */
  find(process: ProcessState, descriptor: number, request: RecordRequest): RecordLock | undefined | Result;
  /** Locks or unlocks (F_SETLK): EAGAIN when another lock is in the way, EBADF. */
  set(process: ProcessState, descriptor: number, request: RecordRequest): Result;
  /** What it would wait for after EAGAIN; EDEADLK when whoever it would wait for waits for it (F_SETLKW). */
  wish(process: ProcessState, descriptor: number, request: RecordRequest): LockWish | Result;
  /** flock(2): EAGAIN when another lock is in the way; a lock that was to become another kind is gone then. */
  setWhole(process: ProcessState, descriptor: number, type: LockType | 'none'): Result;
  /** What is woken when a lock on the file is given up, see process/wakeups.ts. */
  channel(process: ProcessState, descriptor: number): string;
}
