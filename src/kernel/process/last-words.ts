/**
 * What a thread that has ended, or runs another program, still has to tell by words of its memory: that the robust
 * futexes it holds have lost their owner (set_robust_list(2)), and that its number is free (set_tid_address(2)).
 * Source: exit_robust_list and handle_futex_death in kernel/futex/core.c of Linux, Documentation/robust-futexes.rst.
 *
 *     head:  next ──▶ entry ──▶ entry ──▶ head       each entry lies `offset` bytes from its futex
 *            offset
 *            pending ──▶ an entry that was being put in or taken out when the thread ended
 */
import { type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import { BadAddress, type UserMemory } from '../memory/contract.ts';
import type { ProcessState, RootState, SpaceState } from '../state.ts';
import { futexKey, wakeFutex } from './futexes.ts';
import type { LastWords } from './state.ts';

const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_OWNER_DIED = 0x4000_0000;
const FUTEX_TID_MASK = 0x3fff_ffff;
/** Entries looked at before the list is taken for a circle (ROBUST_LIST_LIMIT). */
const ROBUST_LIST_LIMIT = 2048;
/** The pointer's bit that says that a futex inherits priority; nobody is woken for those. */
const PRIORITY = 1n;
const HEAD_BYTES = 24;

/** Whether there is anything to tell. */
export const hasLastWords = ({ robustList, clearChildTid }: ProcessState): boolean =>
  robustList !== 0 || clearChildTid !== 0;

/**
 * Tells it. The memory is read and written a step at a time, with the progress in `lastWords` and in `call.done`, so
 * that it goes on where it was after a wait. @throws PageWait
 */
export function writeLastWords(
  root: RootState,
  thread: ProcessState,
  space: SpaceState,
  user: UserMemory,
): void {
  if (thread.robustList !== 0) unlessBad(() => walk({ root, thread, space, user }));
  thread.robustList = virtualAddress(0);
  thread.lastWords = undefined;
  const others = root.processes.some(
    (other) => other !== thread && other.space === thread.space && other.exit === undefined,
  );
  const at = thread.clearChildTid;
  // Nobody joins a thread of a process that ends with it.
  if (at !== 0 && others) {
    unlessBad(() => {
      user.writeU32(at, 0);
      wakeFutex(root, futexKey(space, at), 1);
    });
  }
  thread.clearChildTid = virtualAddress(0);
}

/** A bad pointer ends the walk, and nobody is told: as in Linux. */
function unlessBad(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
  }
}

interface Walk {
  readonly root: RootState;
  readonly thread: ProcessState;
  readonly space: SpaceState;
  readonly user: UserMemory;
}

function walk(on: Walk): void {
  const { thread, user } = on;
  thread.lastWords ??= start(thread.robustList, user);
  const words = thread.lastWords;
  while (withoutBit(words.entry) !== BigInt(thread.robustList) && words.left > 0) {
    const [entry, next] = [words.entry, nextOf(words.entry, user)];
    if (withoutBit(entry) !== withoutBit(words.pending) && !die(on, entry, words, 'held')) return;
    if (next === undefined) return;
    words.entry = next;
    words.left--;
    step(thread);
  }
  if (withoutBit(words.pending) !== 0n) die(on, words.pending, words, 'pending');
}

/** What was done is not done again, and the pages of it are let go. */
function step(thread: ProcessState): void {
  thread.call ??= { done: 0 };
  thread.call.done++;
}

function start(head: VirtualAddress, user: UserMemory): LastWords {
  const bytes = new Uint8Array(HEAD_BYTES);
  user.read(head, bytes);
  const view = new DataView(bytes.buffer);
  return {
    entry: view.getBigUint64(0, true),
    offset: view.getBigUint64(8, true),
    pending: view.getBigUint64(16, true),
    left: ROBUST_LIST_LIMIT,
  };
}

/** Read before the entry's futex is given up: whoever takes it puts the entry into a list of its own. */
function nextOf(entry: bigint, user: UserMemory): bigint | undefined {
  try {
    return user.readU64(addressOf(withoutBit(entry)));
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
    return undefined;
  }
}

/** The futex of an entry has lost its owner, if that was the thread. False when it is none. */
function die(on: Walk, entry: bigint, { offset }: LastWords, as: 'held' | 'pending'): boolean {
  const { root, thread, space, user } = on;
  const address = addressOf(BigInt.asUintN(64, withoutBit(entry) + offset));
  if (address % 4 !== 0) return false;
  const word = user.readU32(address);
  const owner = word & FUTEX_TID_MASK;
  const inherits = (entry & PRIORITY) !== 0n;
  // It may have unlocked the futex, and ended before it could wake anybody.
  if (as === 'pending' && owner === 0 && !inherits) wakeFutex(root, futexKey(space, address), 1);
  else if (owner === thread.pid) {
    user.writeU32(address, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0);
    if ((word & FUTEX_WAITERS) !== 0 && !inherits) wakeFutex(root, futexKey(space, address), 1);
  }
  return true;
}

const withoutBit = (pointer: bigint): bigint => pointer & ~PRIORITY;

/** Addresses beyond 2^52 are nobody's. */
const addressOf = (pointer: bigint): VirtualAddress =>
  virtualAddress(pointer < 2n ** 52n ? Number(pointer) : 2 ** 52);
