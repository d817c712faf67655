/** When a transfer through a descriptor can't be made now: to wait, or to say so. */
import { Errno } from '../errno.ts';
import { O_NONBLOCK } from '../files/flags.ts';
import type { Sending } from '../files/socket-ancillary.ts';
import type { Result } from '../memory/contract.ts';
import { SignalCode } from '../process/signal-table.ts';
import type { CallContext, CallResult } from './contract.ts';
import { block, deadlineOf, FOREVER } from './waiting.ts';

const SIGPIPE = 13;
const SIGXFSZ = 25;

/** How a transfer is made where it is not as read(2) and write(2) make it. */
export interface Manner {
  /** Where in the file; the description's position without it. */
  readonly offset?: number | undefined;
  /** `never`: EAGAIN instead, as with O_NONBLOCK (MSG_DONTWAIT); `for all`: until it has what it asks for (MSG_WAITALL). */
  readonly waits?: 'never' | 'for all' | undefined;
  /** `stay`: what is read can be read again (MSG_PEEK). */
  readonly bytes?: 'stay' | undefined;
  /** What goes beside the bytes (sendmsg(2)). */
  readonly sending?: Sending | undefined;
  /** `taken`: what comes beside them is kept in `process.call.taken` (recvmsg(2)). */
  readonly ancillary?: 'taken' | undefined;
  /** `silent`: no SIGPIPE (MSG_NOSIGNAL). */
  readonly brokenPipe?: 'silent' | undefined;
}

/** What a write that nothing came of does beyond its errno. */
export function refusedWrite(
  call: CallContext,
  descriptor: number,
  errno: Result,
  manner: Manner,
): CallResult {
  switch (errno) {
    case Errno.EPIPE:
      if (manner.brokenPipe !== 'silent') call.signals.send(call.process, SIGPIPE, SignalCode.user, 0n);
      return errno;
    case Errno.EFBIG:
      call.signals.send(call.process, SIGXFSZ, SignalCode.user, 0n);
      return errno;
    case Errno.EAGAIN:
      return wouldWait(call, descriptor, 'send', manner);
    default:
      return errno;
  }
}

/** EAGAIN for a descriptor that does not block; otherwise it waits. */
export function wouldWait(
  call: CallContext,
  descriptor: number,
  direction: 'receive' | 'send',
  manner: Manner,
): CallResult {
  return mayWait(call, descriptor, manner) ? waitFor(call, descriptor, direction) : Errno.EAGAIN;
}

/** Whether a transfer may wait at all. */
export function mayWait(call: CallContext, descriptor: number, manner: Manner): boolean {
  const description = call.files.descriptors.description(call.process, descriptor);
  return (
    manner.waits !== 'never' && typeof description === 'object' && (description.flags & O_NONBLOCK) === 0
  );
}

/** Waits until a descriptor may be ready; EAGAIN when SO_RCVTIMEO or SO_SNDTIMEO is over. */
export function waitFor(call: CallContext, descriptor: number, direction: 'receive' | 'send'): CallResult {
  const { files, process } = call;
  const socket = files.sockets.find(process, descriptor);
  const timeout = typeof socket === 'number' ? FOREVER : socket.timeouts[direction];
  const deadline = timeout === FOREVER ? FOREVER : deadlineOf(call, timeout);
  if (call.clock.now >= deadline) return Errno.EAGAIN;
  const channels = files.descriptors.channels(process, descriptor);
  const until = Math.min(deadline, files.descriptors.changesAt(process, descriptor));
  const reason = `${direction === 'receive' ? 'bytes from' : 'room in'} descriptor ${descriptor}`;
  return block(call, { channels, until, reason }, timeout === FOREVER ? 'begins anew' : 'fails');
}
