/** epoll(7). */
import { Errno } from '../errno.ts';
import type { EpollEvent, InterestRequest } from '../files/event-contract.ts';
import { O_CLOEXEC } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { structure } from './layout.ts';
import { block, deadlineOf, FOREVER, waitUnderMask } from './waiting.ts';
import { readMask, readTimeout } from './waits.ts';

export const epollCalls: readonly SystemCall[] = [
  { number: 20, name: 'epoll_create1', arguments: ['open-flags'], handle: epollCreate },
  { number: 21, name: 'epoll_ctl', arguments: ['fd', 'int', 'fd', 'pointer'], handle: epollControl },
  {
    number: 22,
    name: 'epoll_pwait',
    arguments: ['fd', 'pointer', 'int', 'int', 'pointer', 'size'],
    handle: (call) => epollWait(call, milliseconds(call.int(3))),
  },
  {
    number: 441,
    name: 'epoll_pwait2',
    arguments: ['fd', 'pointer', 'int', 'timespec', 'pointer', 'size'],
    handle: (call) => epollWait(call, readTimeout(call, 3)),
  },
];

const operations: Readonly<Record<number, InterestRequest['operation']>> = {
  1: 'add',
  2: 'delete',
  3: 'modify',
};
/** struct epoll_event, which is packed on x86-64 only. */
const EVENT_BYTES = 16;
/** Told at once at most: no more than two pages of them. */
const MOST_EVENTS = 256;

const milliseconds = (count: number): number => (count < 0 ? FOREVER : count * 1e6);

function epollCreate(call: CallContext): Result {
  const flags = call.int(0);
  return (flags & ~O_CLOEXEC) !== 0 ? Errno.EINVAL : call.files.events.createEpoll(call.process, flags);
}

function epollControl(call: CallContext): Result {
  const operation = operations[call.int(1)];
  const bytes = new Uint8Array(EVENT_BYTES);
  if (operation !== 'delete') call.user.read(call.address(3), bytes);
  const view = new DataView(bytes.buffer);
  return call.files.events.control(call.process, call.int(0), {
    operation: operation ?? 'none',
    descriptor: call.int(2),
    events: view.getUint32(0, true),
    data: view.getBigUint64(8, true),
  });
}

/** @param timeout ns, or an error */
function epollWait(call: CallContext, timeout: number): CallResult {
  const { files, process, user } = call;
  const [epoll, address, most] = [call.int(0), call.address(1), call.int(2)];
  if (timeout < 0) return timeout;
  if (call.address(4) !== 0 && call.size(5) !== 8) return Errno.EINVAL;
  const mask = readMask(call, call.address(4));
  if (most <= 0) return Errno.EINVAL;
  const queued = files.events.queued(process, epoll);
  if (queued < 0) return queued;
  const room = Math.min(most, queued, MOST_EVENTS);
  if (room > 0) {
    user.prepare(address, room * EVENT_BYTES, 'store');
    const found = files.events.collect(process, epoll, room);
    if (found.length > 0) user.write(address, eventBytes(found));
    if (found.length > 0) return found.length;
  }
  return waitForEvent(call, epoll, timeout, mask);
}

function waitForEvent(
  call: CallContext,
  epoll: number,
  timeout: number,
  mask: bigint | undefined,
): CallResult {
  const { descriptors } = call.files;
  const deadline = deadlineOf(call, timeout);
  if (call.clock.now >= deadline) return 0;
  if (mask !== undefined) waitUnderMask(call, mask);
  const channels = descriptors.channels(call.process, epoll);
  const until = Math.min(deadline, descriptors.changesAt(call.process, epoll));
  return block(call, { channels, until, reason: `events of epoll ${epoll}` }, 'fails');
}

const eventBytes = (found: readonly EpollEvent[]): Uint8Array =>
  structure(found.length * EVENT_BYTES, (view) => {
    found.forEach(({ events, data }, i) => {
      view.setUint32(i * EVENT_BYTES, events, true);
      view.setBigUint64(i * EVENT_BYTES + 8, data, true);
    });
  });
