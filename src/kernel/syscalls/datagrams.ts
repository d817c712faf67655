/**
 * Datagrams between sockets and user memory. One goes whole or not at all, and may be more pages than memory can hold
 * at a time, so it is put together, or handed over, in `process.call`, a page at a time.
 */
import { PAGE_SIZE, type VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Message, SocketName } from '../files/socket-state.ts';
import { SOCKET_CAPACITY } from '../files/socket-table.ts';
import { NO_PARENT } from '../process/create.ts';
import type { CallProgress } from '../state.ts';
import type { CallContext, CallResult } from './contract.ts';
import { type Manner, refusedWrite, wouldWait } from './descriptor-waits.ts';
import type { Segment } from './transfer.ts';

/** What recvmsg(2) wants to know of a datagram. */
export interface Received {
  /** Bytes that were handed over, or why none were. */
  readonly result: CallResult;
  /** Bytes of the whole datagram, which may have been more. */
  readonly length: number;
  readonly message: Message | undefined;
}

/** Sends all the segments as one datagram; without a name to where the socket is connected. */
export function sendDatagram(
  call: CallContext,
  descriptor: number,
  segments: readonly Segment[],
  to: SocketName | undefined,
  manner: Manner,
): CallResult {
  const length = segments.reduce((sum, segment) => sum + segment.length, 0);
  if (length > SOCKET_CAPACITY) return Errno.EMSGSIZE;
  const progress = progressOf(call);
  progress.message ??= { bytes: new Uint8Array(length), from: undefined, rights: [], sender: NO_PARENT };
  const { bytes } = progress.message;
  eachPage(segments, progress, (address, at, count) => {
    call.user.read(address, bytes.subarray(at, at + count));
  });
  const result = call.files.sockets.send(call.process, descriptor, bytes, to, manner.sending);
  // A signal for who writes to nobody is for streams and pipes.
  return result < 0 ? refusedWrite(call, descriptor, result, { ...manner, brokenPipe: 'silent' }) : result;
}

/** Receives one datagram; what has no room is lost. */
export function receiveDatagram(
  call: CallContext,
  descriptor: number,
  segments: readonly Segment[],
  manner: Manner,
): Received {
  const progress = call.process.call;
  const how = manner.bytes === 'stay' ? 'peek' : 'take';
  const message = progress?.message ?? call.files.sockets.receive(call.process, descriptor, how);
  if (typeof message === 'number') {
    const result = message === Errno.EAGAIN ? wouldWait(call, descriptor, 'receive', manner) : message;
    return { result, length: 0, message: undefined };
  }
  const { bytes } = message;
  const now = progressOf(call);
  now.message = message;
  eachPage(segments, now, (address, at, count) => {
    const part = bytes.subarray(at, at + count);
    if (part.length > 0) call.user.write(address, part);
  });
  return { result: Math.min(now.done, bytes.length), length: bytes.length, message };
}

const progressOf = (call: CallContext): CallProgress => (call.process.call ??= { done: 0 });

/** Goes through the pages of segments from where the call has got to. */
function eachPage(
  segments: readonly Segment[],
  progress: CallProgress,
  move: (address: VirtualAddress, at: number, count: number) => void,
): void {
  let start = 0;
  for (const { address, length } of segments) {
    while (progress.done < start + length) {
      const from = (address + progress.done - start) as VirtualAddress;
      const count = Math.min(start + length - progress.done, PAGE_SIZE - (from % PAGE_SIZE));
      move(from, progress.done, count);
      progress.done += count;
    }
    start += length;
  }
}
