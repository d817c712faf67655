/** Locks on files: flock(2), and the record locks of fcntl(2). Source: fs/locks.c. */
import { Errno } from '../errno.ts';
import { O_ACCMODE, O_RDONLY, O_WRONLY, SEEK_CUR, SEEK_END, SEEK_SET } from '../files/flags.ts';
import type { RecordRequest } from '../files/lock-contract.ts';
import { LAST_BYTE, type LockOwner, type LockType, type RecordLock } from '../files/lock-state.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { block } from './waiting.ts';

export const lockCalls: readonly SystemCall[] = [
  { number: 32, name: 'flock', arguments: ['fd', 'hex'], handle: flock },
];

/** By command: F_GETLK, F_SETLK, F_SETLKW, and the same of open file descriptions (F_OFD_*). */
export const lockCommands: Readonly<Record<number, (call: CallContext) => CallResult>> = {
  5: (call) => ask(call, 'process'),
  6: (call) => set(call, 'process', 'fails'),
  7: (call) => set(call, 'process', 'waits'),
  36: (call) => ask(call, 'description'),
  37: (call) => set(call, 'description', 'fails'),
  38: (call) => set(call, 'description', 'waits'),
};

const LOCK_NB = 4;
/** LOCK_SH, LOCK_EX, LOCK_UN. */
const operations: Readonly<Record<number, LockType | 'none'>> = { 1: 'read', 2: 'write', 8: 'none' };

function flock(call: CallContext): CallResult {
  const type = operations[call.int(1) & ~LOCK_NB];
  if (type === undefined) return Errno.EINVAL;
  const result = call.files.locks.setWhole(call.process, call.int(0), type);
  const waits = result === Errno.EAGAIN && (call.int(1) & LOCK_NB) === 0;
  return waits ? waitForLock(call) : result;
}

/** l_type by name: F_RDLCK, F_WRLCK, F_UNLCK. */
const types: readonly RecordRequest['type'][] = ['read', 'write', 'none'];

/** struct flock. */
const FLOCK_BYTES = 32;
const WHENCE_AT = 2;
const START_AT = 8;
const LENGTH_AT = 16;
const PID_AT = 24;

interface Asked {
  readonly view: DataView<ArrayBuffer>;
  readonly request: RecordRequest;
}

/** The lock that argument 2 describes: EINVAL, EOVERFLOW. */
function asked(call: CallContext, owner: LockOwner['kind']): Asked | Result {
  const view = new DataView(new ArrayBuffer(FLOCK_BYTES));
  call.user.read(call.address(2), new Uint8Array(view.buffer));
  const range = rangeOf(call, view);
  if (typeof range === 'number') return range;
  const type = types[view.getInt16(0, true)];
  if (type === undefined) return Errno.EINVAL;
  // What is not asked for is to be zero, for who knows what will be some day.
  if (owner === 'description' && view.getInt32(PID_AT, true) !== 0) return Errno.EINVAL;
  return { view, request: { ...range, type, owner } };
}

/** l_start and l_len, from the beginning, the position or the end; a length below zero is what lies before. */
function rangeOf(call: CallContext, view: DataView): { start: bigint; end: bigint } | Result {
  const from = originOf(call, view.getInt16(WHENCE_AT, true));
  if (typeof from === 'number') return from;
  const start = from + view.getBigInt64(START_AT, true);
  const length = view.getBigInt64(LENGTH_AT, true);
  if (start > LAST_BYTE) return Errno.EOVERFLOW;
  if (start < 0n) return Errno.EINVAL;
  if (length === 0n) return { start, end: LAST_BYTE };
  if (length > 0n)
    return start + length - 1n > LAST_BYTE ? Errno.EOVERFLOW : { start, end: start + length - 1n };
  return start + length < 0n ? Errno.EINVAL : { start: start + length, end: start - 1n };
}

/** Where l_start counts from: SEEK_SET, SEEK_CUR, SEEK_END. */
function originOf(call: CallContext, whence: number): bigint | Result {
  if (whence === SEEK_SET) return 0n;
  if (whence === SEEK_CUR) {
    const description = call.files.descriptors.description(call.process, call.int(0));
    return typeof description === 'number' ? description : BigInt(description.position);
  }
  if (whence !== SEEK_END) return Errno.EINVAL;
  const stat = call.files.statDescriptor(call.process, call.int(0));
  return typeof stat === 'number' ? stat : BigInt(stat.size);
}

function ask(call: CallContext, owner: LockOwner['kind']): CallResult {
  call.user.prepare(call.address(2), FLOCK_BYTES, 'store');
  const found = asked(call, owner);
  if (typeof found === 'number') return found;
  const { view, request } = found;
  if (request.type === 'none' && owner === 'process') return Errno.EINVAL;
  const lock = call.files.locks.find(call.process, call.int(0), request);
  if (typeof lock === 'number') return lock;
  tell(view, lock);
  call.user.write(call.address(2), new Uint8Array(view.buffer));
  return 0;
}

/** Without a lock in the way only the type is told, F_UNLCK. */
function tell(view: DataView, lock: RecordLock | undefined): void {
  view.setInt16(0, types.indexOf(lock?.type ?? 'none'), true);
  if (lock === undefined) return;
  const { start, end, owner } = lock;
  view.setInt16(WHENCE_AT, 0, true);
  view.setBigInt64(START_AT, start, true);
  view.setBigInt64(LENGTH_AT, end === LAST_BYTE ? 0n : end - start + 1n, true);
  view.setInt32(PID_AT, owner.kind === 'process' ? owner.id : -1, true);
}

function set(call: CallContext, owner: LockOwner['kind'], when: 'fails' | 'waits'): CallResult {
  const { files, process } = call;
  const found = asked(call, owner);
  if (typeof found === 'number') return found;
  const { request } = found;
  const refusal = checkAccess(call, request);
  if (refusal < 0) return refusal;
  const result = files.locks.set(process, call.int(0), request);
  if (result !== Errno.EAGAIN || when === 'fails') return result;
  const lock = files.locks.wish(process, call.int(0), request);
  if (typeof lock === 'number') return lock;
  process.call = { ...(process.call ?? { done: 0 }), lock };
  return waitForLock(call);
}

/** To lock for reading takes a descriptor that can be read, and so on. */
function checkAccess(call: CallContext, { type }: RecordRequest): Result {
  const description = call.files.descriptors.description(call.process, call.int(0));
  if (typeof description === 'number') return description;
  const access = description.flags & O_ACCMODE;
  const isRefused = (type === 'read' && access === O_WRONLY) || (type === 'write' && access === O_RDONLY);
  return isRefused ? Errno.EBADF : 0;
}

function waitForLock(call: CallContext): CallResult {
  const channels = [call.files.locks.channel(call.process, call.int(0))];
  return block(call, { channels, reason: `a lock through descriptor ${call.int(0)}` }, 'begins anew');
}
