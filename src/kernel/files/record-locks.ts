/**
 * The list of record locks on a file, as fs/locks.c keeps it: a new lock takes the place of its owner's others where
 * they overlap, those are cut, and ranges of one type that touch become one.
 *
 *      before   rrrrrrrrrrrr....        after a write lock   rrrrwwwwrrrr....
 *      set          wwww                after unlocking      rrrr....rrrr....
 */
import type { LockOwner, LockRange, LockType, RecordLock } from './lock-state.ts';

const isSame = (a: LockOwner, b: LockOwner): boolean => a.kind === b.kind && a.id === b.id;

const overlaps = (a: LockRange, b: LockRange): boolean => a.start <= b.end && b.start <= a.end;

/** Whether one ends where the other begins, or they overlap. */
const touches = (a: LockRange, b: LockRange): boolean => a.start <= b.end + 1n && b.start <= a.end + 1n;

/** Whether two locks can't be held at once. */
export const conflicts = (a: RecordLock, b: RecordLock): boolean =>
  !isSame(a.owner, b.owner) && overlaps(a, b) && (a.type === 'write' || b.type === 'write');

/** The locks that are in the way of a new one, the longest held owner's first. */
export const obstacles = (locks: readonly RecordLock[], wanted: RecordLock): RecordLock[] =>
  locks.filter((lock) => conflicts(lock, wanted));

/** The list with a range of one owner's locked, or unlocked. Nobody else's may be in the way. */
export function withRange(
  locks: readonly RecordLock[],
  owner: LockOwner,
  range: LockRange,
  type: LockType | 'none',
): RecordLock[] {
  const first = locks.findIndex((lock) => isSame(lock.owner, owner));
  const own = locks.filter((lock) => isSame(lock.owner, owner)).flatMap((lock) => cut(lock, range));
  const kept = locks.filter((lock) => !isSame(lock.owner, owner));
  const wanted = type === 'none' ? own : join(own, { ...range, type, owner });
  kept.splice(first < 0 ? kept.length : first, 0, ...wanted);
  return kept;
}

/** What is left of a lock outside of a range. */
function cut(lock: RecordLock, range: LockRange): RecordLock[] {
  if (!overlaps(lock, range)) return [lock];
  const left: RecordLock[] = [];
  if (lock.start < range.start) left.push({ ...lock, end: range.start - 1n });
  if (lock.end > range.end) left.push({ ...lock, start: range.end + 1n });
  return left;
}

/** Adds a lock to those of its owner, which it does not overlap. */
function join(own: readonly RecordLock[], lock: RecordLock): RecordLock[] {
  let { start, end } = lock;
  const apart: RecordLock[] = [];
  for (const other of own) {
    if (other.type !== lock.type || !touches(other, lock)) {
      apart.push(other);
      continue;
    }
    if (other.start < start) start = other.start;
    if (other.end > end) end = other.end;
  }
  return [...apart, { ...lock, start, end }].sort((a, b) => (a.start < b.start ? -1 : 1));
}
