/** Many messages with one call: sendmmsg(2), recvmmsg(2). */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { words } from './layout.ts';
import { receiveMessage, sendMessage } from './messages.ts';
import { deadlineOf, FOREVER } from './waiting.ts';
import { readTimeout } from './waits.ts';

export const manyMessageCalls: readonly SystemCall[] = [
  {
    number: 243,
    name: 'recvmmsg',
    arguments: ['fd', 'pointer', 'uint', 'hex', 'timespec'],
    handle: recvmmsg,
  },
  { number: 269, name: 'sendmmsg', arguments: ['fd', 'pointer', 'uint', 'hex'], handle: sendmmsg },
];

/** struct mmsghdr: struct msghdr, and the bytes that went. */
const ENTRY_BYTES = 64;
const LENGTH_AT = 56;
/** The most messages (UIO_MAXIOV). */
const MOST_MESSAGES = 1024;
const MSG_DONTWAIT = 0x40;
const MSG_WAITFORONE = 0x1_0000;
const BILLION = 1e9;

type Transfer = (call: CallContext, at: VirtualAddress) => CallResult;

/**
 * Makes one transfer after another; how many is kept in `process.call`, so that a wait for one repeats none. What
 * stops it after the first is told by the next call.
 * @param isOver whether to stop after so many
 */
function each(call: CallContext, transfer: Transfer, isOver: (done: number) => boolean): CallResult {
  const count = Math.min(call.uint(2), MOST_MESSAGES);
  for (let done = call.process.call?.messages ?? 0; ; ) {
    if (done >= count || isOver(done)) return done;
    const at = (call.address(1) + done * ENTRY_BYTES) as VirtualAddress;
    const lengthAt = (at + LENGTH_AT) as VirtualAddress;
    call.user.prepare(lengthAt, 4, 'store');
    const result = call.process.call?.transferred ?? transfer(call, at);
    if (typeof result !== 'number' && result !== 'restarted') return result;
    if (result === 'restarted' || result < 0) return done > 0 ? done : result;
    call.process.call = { done: 0, ...call.process.call, transferred: result };
    call.user.writeU32(lengthAt, result);
    call.files.abandon(call.process);
    done++;
    const { deadline } = call.process.call ?? {};
    call.process.call = { done: 0, messages: done, ...(deadline === undefined ? {} : { deadline }) };
  }
}

function sendmmsg(call: CallContext): CallResult {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  return each(
    call,
    (_, at) => sendMessage(call, at, call.int(3)),
    () => false,
  );
}

/** The time is looked at after each message, and no wait for one ends with it, as recvmmsg(2) warns. */
function recvmmsg(call: CallContext): CallResult {
  const socket = call.files.sockets.find(call.process, call.int(0));
  if (typeof socket === 'number') return socket;
  const flags = call.int(3);
  if (call.address(4) !== 0) call.user.prepare(call.address(4), 16, 'store');
  const timeout = readTimeout(call, 4);
  if (timeout < 0) return Errno.EINVAL;
  const deadline = timeout === FOREVER ? FOREVER : deadlineOf(call, timeout);
  const result = each(
    call,
    (_, at) => {
      const isFirst = (call.process.call?.messages ?? 0) === 0;
      const waits = (flags & MSG_WAITFORONE) === 0 || isFirst;
      return receiveMessage(call, at, (flags & ~MSG_WAITFORONE) | (waits ? 0 : MSG_DONTWAIT));
    },
    (done) => done > 0 && call.clock.now >= deadline,
  );
  if (timeout === FOREVER || typeof result !== 'number' || result <= 0) return result;
  const left = Math.max(0, deadline - call.clock.now);
  call.user.write(call.address(4), words(Math.floor(left / BILLION), Math.floor(left % BILLION)));
  return result;
}
