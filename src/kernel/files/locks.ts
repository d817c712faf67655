/**
 * Locks that keep others out: record locks of processes and of open file descriptions (fcntl(2)), and locks on whole
 * files (flock(2)). A process's go when it closes any descriptor of the file, as POSIX has it; a description's when
 * its last descriptor is closed. Source: fs/locks.c.
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { lockChannel, wake } from '../process/wakeups.ts';
import type { ProcessState, RootState } from '../state.ts';
import type { Descriptors } from './descriptors.ts';
import type { Locks, LockWish, RecordRequest } from './lock-contract.ts';
import { type FileLocks, LAST_BYTE, type LockOwner, type LockType, type RecordLock } from './lock-state.ts';
import { obstacles, withRange } from './record-locks.ts';

const WHOLE = { start: 0n, end: LAST_BYTE };

export class LockCalls implements Locks {
  readonly #root: RootState;
  readonly #descriptors: Pick<Descriptors, 'opened'>;

  constructor(root: RootState, descriptors: Pick<Descriptors, 'opened'>) {
    this.#root = root;
    this.#descriptors = descriptors;
  }

  find(process: ProcessState, descriptor: number, request: RecordRequest): RecordLock | undefined | Result {
    const file = this.#file(process, descriptor);
    if (file < 0) return file;
    const { type, start, end } = request;
    const owner = ownerOf(process, descriptor, request);
    const records = this.#of(file)?.records ?? [];
    if (type !== 'none') return obstacles(records, { type, start, end, owner })[0];
    // F_OFD_GETLK asks so for a lock of the description's own (since Linux 6.7).
    return records.find(
      (lock) =>
        lock.owner.id === owner.id &&
        lock.owner.kind === owner.kind &&
        lock.end >= start &&
        lock.start <= end,
    );
  }

  set(process: ProcessState, descriptor: number, request: RecordRequest): Result {
    const file = this.#file(process, descriptor);
    if (file < 0) return file;
    const { type, start, end } = request;
    const owner = ownerOf(process, descriptor, request);
    const locks = this.#of(file) ?? { records: [], whole: [] };
    if (type !== 'none' && obstacles(locks.records, { type, start, end, owner }).length > 0)
      return Errno.EAGAIN;
    locks.records = withRange(locks.records, owner, { start, end }, type);
    this.#keep(file, locks);
    // To lock for reading what was locked for writing lets readers in.
    if (type !== 'write') wake(this.#root, lockChannel(file));
    return 0;
  }

  wish(
    process: ProcessState,
    descriptor: number,
    { type, start, end, owner }: RecordRequest,
  ): LockWish | Result {
    const file = this.#file(process, descriptor);
    if (file < 0) return file;
    if (type === 'none') return Errno.EINVAL;
    const lock: RecordLock = { type, start, end, owner: ownerOf(process, descriptor, { owner }) };
    const wish = { file, lock };
    return owner === 'process' && this.#isCircle(process, wish) ? Errno.EDEADLK : wish;
  }

  setWhole(process: ProcessState, descriptor: number, type: LockType | 'none'): Result {
    const file = this.#file(process, descriptor);
    if (file < 0) return file;
    const { description } = process.descriptors[descriptor]!;
    const locks = this.#of(file) ?? { records: [], whole: [] };
    const held = locks.whole.find((lock) => lock.description === description);
    if (held?.type === type) return 0;
    if (held !== undefined) {
      locks.whole.splice(locks.whole.indexOf(held), 1);
      wake(this.#root, lockChannel(file));
    }
    const isRefused = locks.whole.some(
      (lock) => type === 'write' || (type === 'read' && lock.type === 'write'),
    );
    if (type !== 'none' && !isRefused) locks.whole.push({ description, type });
    this.#keep(file, locks);
    return isRefused ? Errno.EAGAIN : 0;
  }

  channel(process: ProcessState, descriptor: number): string {
    return lockChannel(this.#file(process, descriptor));
  }

  /** A process has closed a descriptor of a file. */
  closedBy(process: ProcessState, file: number): void {
    if (this.#of(file) !== undefined) this.#release(file, { kind: 'process', id: process.group.id });
  }

  /** A description has gone for good. */
  closed(description: number, file: number): void {
    const locks = this.#of(file);
    if (locks === undefined) return;
    locks.whole = locks.whole.filter((lock) => lock.description !== description);
    this.#release(file, { kind: 'description', id: description });
  }

  #release(file: number, owner: LockOwner): void {
    const locks = this.#of(file)!;
    locks.records = withRange(locks.records, owner, WHOLE, 'none');
    this.#keep(file, locks);
    wake(this.#root, lockChannel(file));
  }

  /** Whether somebody in whose way a process is holds it up, directly or by others that wait (posix_locks_deadlock). */
  #isCircle(process: ProcessState, wish: LockWish): boolean {
    const wishes: LockWish[] = [wish];
    const seen = new Set<number>();
    for (let next = wishes.pop(); next !== undefined; next = wishes.pop()) {
      for (const { owner } of obstacles(this.#of(next.file)?.records ?? [], next.lock)) {
        if (owner.kind !== 'process') continue;
        if (owner.id === process.group.id) return true;
        if (seen.has(owner.id)) continue;
        seen.add(owner.id);
        wishes.push(...this.#wishesOf(owner.id));
      }
    }
    return false;
  }

  /** What the threads of a process wait for as owners of process locks. */
  #wishesOf(id: number): LockWish[] {
    return this.#root.processes.flatMap(({ group, sleep, call }) => {
      const lock = group.id === id && sleep !== undefined ? call?.lock : undefined;
      return lock?.lock.owner.kind === 'process' ? [lock] : [];
    });
  }

  /** Index of the file behind a descriptor: EBADF. */
  #file(process: ProcessState, descriptor: number): number {
    const opened = this.#descriptors.opened(process, descriptor);
    return typeof opened === 'number' ? opened : opened.description.file;
  }

  #of(file: number): FileLocks | undefined {
    return this.#root.files.locks[file];
  }

  #keep(file: number, locks: FileLocks): void {
    const { locks: all } = this.#root.files;
    if (locks.records.length + locks.whole.length > 0) all[file] = locks;
    else delete all[file];
  }
}

function ownerOf(
  process: ProcessState,
  descriptor: number,
  { owner }: Pick<RecordRequest, 'owner'>,
): LockOwner {
  const id = owner === 'process' ? process.group.id : process.descriptors[descriptor]!.description;
  return { kind: owner, id };
}
