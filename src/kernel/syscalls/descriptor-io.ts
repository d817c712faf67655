/** Bytes from and to descriptors, with all that files, pipes, terminals and sockets do differently about waiting. */
import { PAGE_SIZE } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { POLLERR, POLLIN, POLLOUT } from '../files/flags.ts';
import { nothingTaken } from '../files/socket-ancillary.ts';
import type { Taken } from '../files/socket-state.ts';
import type { CallContext, CallResult } from './contract.ts';
import { receiveDatagram, sendDatagram } from './datagrams.ts';
import { type Manner, mayWait, refusedWrite, waitFor, wouldWait } from './descriptor-waits.ts';
import { drainUser, fillUser, gather, receive, type Segment, type Step } from './transfer.ts';

/** Reads from a descriptor into user memory. */
export function receiveFrom(
  call: CallContext,
  descriptor: number,
  segments: readonly Segment[],
  manner: Manner,
): CallResult {
  const { files, process } = call;
  const isOneStep = segments.length === 1 && segments[0]!.length <= PAGE_SIZE;
  const ready = isOneStep ? undefined : files.descriptors.readiness(process, descriptor);
  const kind = typeof ready === 'object' ? ready.kind : undefined;
  if (kind === 'datagram') return receiveDatagram(call, descriptor, segments, manner).result;
  const { offset } = manner;
  const isStream = kind === 'stream' || manner.ancillary === 'taken';
  const taken = isStream ? takenBy(call) : undefined;
  const read: Step = (part, done) => {
    if (manner.bytes === 'stay') return files.sockets.peek(process, descriptor, part, done, taken);
    // What a socket says once, it says to who has got nothing yet.
    if (done > 0 && isStream && isDrained(call, descriptor)) return 0;
    if (taken !== undefined) return files.sockets.receiveBytes(process, descriptor, part, taken);
    return files.read(process, descriptor, part, offset === undefined ? undefined : offset + done);
  };
  const isOneThing = typeof ready === 'object' && !ready.fillsReads;
  const count = isOneThing ? receive(call, segments, read) : fillUser(call, segments, read);
  if (count === Errno.EAGAIN) return wouldWait(call, descriptor, 'receive', manner);
  const total = totalOf(segments);
  return manner.waits === 'for all' && count > 0 && count < total && taken?.until === undefined
    ? receivedSome(call, descriptor, count, manner)
    : count;
}

/** Writes user memory to a descriptor; on the way it may send SIGPIPE or SIGXFSZ. */
export function sendTo(
  call: CallContext,
  descriptor: number,
  segments: readonly Segment[],
  manner: Manner,
): CallResult {
  const { files, process } = call;
  const isOneStep = segments.length === 1 && segments[0]!.length <= PAGE_SIZE;
  const ready = isOneStep ? undefined : files.descriptors.readiness(process, descriptor);
  if (typeof ready === 'object' && ready.kind === 'datagram')
    return sendDatagram(call, descriptor, segments, undefined, manner);
  if (typeof ready === 'object' && ready.kind === 'pipe')
    return sendPieces(call, descriptor, segments, manner);
  const { offset } = manner;
  const before = process.call?.done ?? 0;
  const { sending } = manner;
  const count = drainUser(call, segments, (part, done) =>
    done === 0 && sending !== undefined
      ? files.sockets.sendBytes(process, descriptor, part, sending)
      : files.write(process, descriptor, part, offset === undefined ? undefined : offset + done),
  );
  if (count < 0) return refusedWrite(call, descriptor, count, manner);
  return count < totalOf(segments) ? wroteSome(call, descriptor, count, before, manner) : count;
}

/** A pipe takes a page at a time, wherever segments and the pages of the program end. */
function sendPieces(
  call: CallContext,
  descriptor: number,
  segments: readonly Segment[],
  manner: Manner,
): CallResult {
  const { files, process } = call;
  if (manner.offset !== undefined) return Errno.ESPIPE;
  const total = totalOf(segments);
  const before = process.call?.done ?? 0;
  for (let done = before; ; ) {
    const size =
      done === 0
        ? files.descriptors.firstPiece(process, descriptor, total)
        : Math.min(total - done, PAGE_SIZE);
    const piece = gather(call, segments, done, size);
    if (typeof piece === 'number') return done > 0 ? done : piece;
    const count = files.write(process, descriptor, piece);
    if (count === Errno.EPIPE || (count < 0 && done === 0)) {
      const refusal = refusedWrite(call, descriptor, count, manner);
      return done > 0 ? done : refusal;
    }
    if (count >= 0) {
      done += count;
      process.call = { done };
    }
    if (done === total) return total;
    if (count < piece.length) return wroteSome(call, descriptor, done, before, manner);
  }
}

/** A pipe or a stream takes all or waits, unless it is not to block, or nobody can read any more. */
function wroteSome(
  call: CallContext,
  descriptor: number,
  count: number,
  before: number,
  manner: Manner,
): CallResult {
  const ready = call.files.descriptors.readiness(call.process, descriptor);
  if (typeof ready === 'number' || (ready.kind !== 'pipe' && ready.kind !== 'stream')) return count;
  if (!mayWait(call, descriptor, manner) || (ready.events & POLLERR) !== 0) return count;
  if (count === before && (ready.events & POLLOUT) !== 0) return count;
  return goOn(call, descriptor, count, 'send');
}

/** With MSG_WAITALL a read goes on until there is no more to come. */
function receivedSome(call: CallContext, descriptor: number, count: number, manner: Manner): CallResult {
  const ready = call.files.descriptors.readiness(call.process, descriptor);
  const isOver = typeof ready === 'number' || (ready.events & (POLLIN | POLLERR)) !== 0;
  return isOver || !mayWait(call, descriptor, manner) ? count : goOn(call, descriptor, count, 'receive');
}

/** Waits to go on behind what was done; that is the result when something interrupts it. */
function goOn(
  call: CallContext,
  descriptor: number,
  count: number,
  direction: 'receive' | 'send',
): CallResult {
  call.process.call = { ...call.process.call, done: count };
  const result = waitFor(call, descriptor, direction);
  return typeof result === 'number' || result === 'restarted' ? count : result;
}

/** Where what comes beside the bytes of this call goes; its pieces may be read at different times. */
function takenBy(call: CallContext): Taken {
  const taken = call.process.call?.taken ?? nothingTaken();
  call.process.call = { done: 0, ...call.process.call, taken };
  return taken;
}

function isDrained(call: CallContext, descriptor: number): boolean {
  const ready = call.files.descriptors.readiness(call.process, descriptor);
  return typeof ready === 'number' || ready.available === 0;
}

const totalOf = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { length }) => sum + length, 0);
