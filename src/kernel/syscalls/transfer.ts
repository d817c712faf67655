/**
 * Bytes between files and user memory, a page at a time: a step's page is in memory before the file is touched,
 * and what has been done is kept in `process.call`, so that a call tried again after a wait repeats nothing.
 */
import { PAGE_SIZE, type VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { BadAddress, type Result } from '../memory/contract.ts';
import type { CallContext } from './contract.ts';

/** A piece of user memory. */
export interface Segment {
  readonly address: VirtualAddress;
  readonly length: number;
}

/** The most that one read or write moves (MAX_RW_COUNT). */
export const MOST_BYTES = 0x7fff_f000;
/** The most pieces that readv(2) takes. */
const IOV_MAX = 1024;
const IOVEC_BYTES = 16;

/** Moves one piece, at most a page; the count. `done` is what was moved before. */
export type Step = (part: Uint8Array, done: number) => Result;

const page = new Uint8Array(PAGE_SIZE);

/** Fills user memory with what `step` puts into its argument; stops when that is less than asked for. */
export function fillUser(call: CallContext, segments: readonly Segment[], step: Step): Result {
  return move(call, segments, (address, bytes, done) => {
    if (bytes > 0) call.user.prepare(address, bytes, 'store');
    const part = page.subarray(0, bytes);
    const count = step(part, done);
    if (count > 0) call.user.write(address, count === bytes ? part : part.subarray(0, count));
    return count;
  });
}

/**
 * One read of at most 4096 bytes into the first segments, for what gives what it has and would wait for more:
 * a terminal, a pipe.
 */
export function receive(call: CallContext, segments: readonly Segment[], step: Step): Result {
  const places = firstPlaces(segments);
  for (const { address, length } of places) call.user.prepare(address, length, 'store');
  const total = places.reduce((sum, { length }) => sum + length, 0);
  const count = step(page.subarray(0, total), 0);
  let done = 0;
  for (const { address, length } of places) {
    const part = page.subarray(done, Math.min(done + length, Math.max(done, count)));
    if (part.length > 0) call.user.write(address, part);
    done += part.length;
  }
  return count;
}

/** Few, so that they take few pages at a time: libraries pass their caller's buffer and one of their own. */
const MOST_PLACES = 2;

function firstPlaces(segments: readonly Segment[]): Segment[] {
  const places: Segment[] = [];
  let left = PAGE_SIZE;
  for (const { address, length } of segments) {
    const taken = Math.min(length, left);
    if (taken > 0) places.push({ address, length: taken });
    left -= taken;
    if (left === 0 || places.length === MOST_PLACES) break;
  }
  return places;
}

/** Gives user memory to `step`; stops when that takes less than it was given. */
export function drainUser(call: CallContext, segments: readonly Segment[], step: Step): Result {
  return move(call, segments, (address, bytes, done) => {
    const part = page.subarray(0, bytes);
    if (bytes > 0) call.user.read(address, part);
    return step(part, done);
  });
}

/**
 * At most a page of what segments hold from `done` on, put together in `process.call.piece`, a page of the program at a
 * time; fewer bytes where memory ends, EFAULT when there are none.
 */
export function gather(
  call: CallContext,
  segments: readonly Segment[],
  done: number,
  bytes: number,
): Uint8Array | Result {
  const piece = call.process.call?.piece ?? { bytes: new Uint8Array(bytes), filled: 0 };
  call.process.call = { ...call.process.call, done, piece };
  let start = 0;
  try {
    for (const { address, length } of segments) {
      while (piece.filled < bytes && done + piece.filled < start + length) {
        const from = (address + done + piece.filled - start) as VirtualAddress;
        const left = Math.min(bytes - piece.filled, start + length - done - piece.filled);
        const count = Math.min(left, PAGE_SIZE - (from % PAGE_SIZE));
        call.user.read(from, piece.bytes.subarray(piece.filled, piece.filled + count));
        piece.filled += count;
      }
      start += length;
    }
  } catch (error) {
    if (!(error instanceof BadAddress)) throw error;
    return piece.filled > 0 ? piece.bytes.subarray(0, piece.filled) : Errno.EFAULT;
  }
  return piece.bytes;
}

/** Writes bytes of the kernel's, of any length; a count short of theirs, or EFAULT, where memory ends. */
export function writeLong(call: CallContext, address: VirtualAddress, bytes: Uint8Array): Result {
  return fillUser(call, [{ address, length: bytes.length }], (part, done) => {
    part.set(bytes.subarray(done, done + part.length));
    return part.length;
  });
}

/** A step takes what is left when that is at most 4096 bytes, in two pages at most; otherwise up to the page's end. */
function move(
  call: CallContext,
  segments: readonly Segment[],
  step: (address: VirtualAddress, bytes: number, done: number) => Result,
): Result {
  let done = call.process.call?.done ?? 0;
  let skip = done;
  for (const { address, length } of segments) {
    if (skip > 0 && skip >= length) {
      skip -= length;
      continue;
    }
    for (let at = skip; at < length; ) {
      if (done > 0) call.process.call = { ...call.process.call, done };
      const from = (address + at) as VirtualAddress;
      const left = length - at;
      const bytes = left <= PAGE_SIZE ? left : PAGE_SIZE - (from % PAGE_SIZE);
      const count = guarded(step, from, bytes, done);
      if (count < 0) return done > 0 ? done : count;
      done += count;
      at += count;
      if (count < bytes) return done;
    }
    skip = 0;
  }
  return done > 0 || segments.some(({ length }) => length > 0)
    ? done
    : step((segments[0]?.address ?? 0) as VirtualAddress, 0, 0);
}

function guarded(
  step: (address: VirtualAddress, bytes: number, done: number) => Result,
  address: VirtualAddress,
  bytes: number,
  done: number,
): Result {
  try {
    return step(address, bytes, done);
  } catch (error) {
    if (error instanceof BadAddress) return Errno.EFAULT;
    throw error;
  }
}

/** One buffer: its address and length in arguments `i` and `i + 1`. */
export function bufferArgument(call: CallContext, i: number): readonly Segment[] {
  return [{ address: call.address(i), length: Math.min(call.size(i + 1), MOST_BYTES) }];
}

/** An array of struct iovec and its length in arguments `i` and `i + 1`; EINVAL when it is too long. */
export function vectorArgument(call: CallContext, i: number): readonly Segment[] | Result {
  return vectorAt(call, call.address(i), call.int(i + 1));
}

/** The same by address and length. */
export function vectorAt(
  call: CallContext,
  address: VirtualAddress,
  count: number,
): readonly Segment[] | Result {
  if (count < 0 || count > IOV_MAX) return Errno.EINVAL;
  const bytes = new Uint8Array(count * IOVEC_BYTES);
  if (count > 0) call.user.read(address, bytes);
  const view = new DataView(bytes.buffer);
  const segments: Segment[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length; at += IOVEC_BYTES) {
    const start = Math.min(Number(view.getBigUint64(at, true)), 2 ** 52) as VirtualAddress;
    const length = view.getBigUint64(at + 8, true);
    if (length > 0x7fff_ffff_ffff_ffffn) return Errno.EINVAL;
    const taken = Math.min(Number(length), MOST_BYTES - total);
    total += taken;
    segments.push({ address: start, length: taken });
  }
  return segments;
}
