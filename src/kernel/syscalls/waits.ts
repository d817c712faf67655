/** Waiting for descriptors and for memory to change: ppoll(2), pselect6(2), futex(2). */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDNORM, POLLWRNORM } from '../files/flags.ts';
import { limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import { UNBLOCKABLE } from '../process/signal-table.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { readTimespec, untilTime } from './time.ts';
import { FOREVER, wait, waitUnderMask } from './waiting.ts';

export const waitCalls: readonly SystemCall[] = [
  {
    number: 72,
    name: 'pselect6',
    arguments: ['int', 'pointer', 'pointer', 'pointer', 'timespec', 'pointer'],
    handle: pselect6,
  },
  { number: 73, name: 'ppoll', arguments: ['pointer', 'uint', 'timespec', 'pointer', 'size'], handle: ppoll },
  {
    number: 98,
    name: 'futex',
    arguments: ['pointer', 'hex', 'uint', 'timespec', 'pointer', 'hex'],
    handle: futex,
  },
];

/** What a descriptor can do now, in poll's terms. Standard input counts as readable: reading it waits for the user. */
function eventsOf(call: CallContext, descriptor: number): number {
  const ready = call.files.descriptors.readiness(call.process, descriptor);
  if (typeof ready === 'number') return POLLNVAL;
  const normal =
    ((ready.events & POLLIN) !== 0 ? POLLRDNORM : 0) | ((ready.events & POLLOUT) !== 0 ? POLLWRNORM : 0);
  return ready.events | normal;
}

/** The timeout in argument `i`, ns, or EINVAL; for ever when there is none. */
function readTimeout(call: CallContext, i: number): number {
  return call.address(i) === 0 ? FOREVER : readTimespec(call, call.address(i));
}

/** The signal mask at `address`, to wait under; `undefined` when there is none. */
function readMask(call: CallContext, address: VirtualAddress): bigint | undefined {
  return address === 0 ? undefined : call.user.readU64(address) & ~UNBLOCKABLE;
}

/** Nothing is ready: the time passes, or a signal comes; otherwise the process is stuck. */
function waitInVain(call: CallContext, timeout: number, mask: bigint | undefined): CallResult {
  if (mask !== undefined) waitUnderMask(call, mask);
  return wait(call, timeout, 0, 'it waits for descriptors that only it could make ready');
}

const POLLFD_BYTES = 8;

function ppoll(call: CallContext): CallResult {
  const count = call.uint(1);
  if (BigInt(count) > limitOf(call.process, 'NOFILE')[0]) return Errno.EINVAL;
  if (call.address(3) !== 0 && call.size(4) !== 8) return Errno.EINVAL;
  const timeout = readTimeout(call, 2);
  if (timeout < 0) return timeout;
  const mask = readMask(call, call.address(3));
  const bytes = new Uint8Array(count * POLLFD_BYTES);
  if (count > 0) call.user.read(call.address(0), bytes);
  const view = new DataView(bytes.buffer);
  let ready = 0;
  for (let at = 0; at < bytes.length; at += POLLFD_BYTES) {
    const descriptor = view.getInt32(at, true);
    const wanted = view.getInt16(at + 4, true) | POLLERR | POLLHUP | POLLNVAL;
    const events = descriptor < 0 ? 0 : eventsOf(call, descriptor) & wanted;
    view.setInt16(at + 6, events, true);
    if (events !== 0) ready++;
  }
  if (count > 0) call.user.write(call.address(0), bytes);
  return ready > 0 ? ready : waitInVain(call, timeout, mask);
}

/** Argument number and events of select's three sets. */
const sets: readonly (readonly [argument: number, events: number])[] = [
  [1, POLLIN | POLLHUP | POLLERR],
  [2, POLLOUT | POLLERR],
  [3, 0],
];

function pselect6(call: CallContext): CallResult {
  const count = call.int(0);
  if (count < 0) return Errno.EINVAL;
  const timeout = readTimeout(call, 4);
  if (timeout < 0) return timeout;
  const mask = selectMask(call);
  if (typeof mask === 'number') return mask;
  const bytes = Math.ceil(Math.min(count, 1024) / 64) * 8;
  let ready = 0;
  const results: [VirtualAddress, Uint8Array][] = [];
  for (const [argument, events] of sets) {
    const address = call.address(argument);
    if (address === 0 || bytes === 0) continue;
    const set = new Uint8Array(bytes);
    call.user.read(address, set);
    const found = selected(call, set, count, events);
    if (found === undefined) return Errno.EBADF;
    ready += found.count;
    results.push([address, found.set]);
  }
  for (const [address, set] of results) call.user.prepare(address, set.length, 'store');
  for (const [address, set] of results) call.user.write(address, set);
  return ready > 0 ? ready : waitInVain(call, timeout, mask);
}

/** pselect6's last argument: the address of a mask and its size. */
function selectMask(call: CallContext): bigint | undefined | Result {
  const at = call.address(5);
  if (at === 0) return undefined;
  const [mask, size] = [call.user.readU64(at), call.user.readU64((at + 8) as VirtualAddress)];
  if (mask === 0n) return undefined;
  return size === 8n ? readMask(call, Number(mask) as VirtualAddress) : Errno.EINVAL;
}

/** The members of a set that are ready; `undefined` when one is closed. */
function selected(
  call: CallContext,
  wanted: Uint8Array,
  count: number,
  events: number,
): { set: Uint8Array; count: number } | undefined {
  const set = new Uint8Array(wanted.length);
  let ready = 0;
  for (let descriptor = 0; descriptor < Math.min(count, wanted.length * 8); descriptor++) {
    if (((wanted[descriptor >> 3]! >> (descriptor & 7)) & 1) === 0) continue;
    const now = eventsOf(call, descriptor);
    if ((now & POLLNVAL) !== 0) return undefined;
    if ((now & events) === 0) continue;
    set[descriptor >> 3]! |= 1 << (descriptor & 7);
    ready++;
  }
  return { set, count: ready };
}

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_PRIVATE_FLAG = 128;
const FUTEX_CLOCK_REALTIME = 256;

/** futex(2) of a process with one thread: waking finds nobody, and a wait ends by its timeout only. */
function futex(call: CallContext): CallResult {
  const operation = call.int(1) & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  const address = call.address(0);
  if (address % 4 !== 0) return Errno.EINVAL;
  if (operation === FUTEX_WAIT_BITSET || operation === FUTEX_WAKE_BITSET) {
    if (call.uint(5) === 0) return Errno.EINVAL;
  }
  switch (operation) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      return futexWait(call, operation);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_REQUEUE:
      call.user.prepare(address, 4, 'load');
      return 0;
    case FUTEX_CMP_REQUEUE:
      return call.user.readU32(address) === call.uint(5) ? 0 : Errno.EAGAIN;
    default:
      return Errno.ENOSYS;
  }
}

function futexWait(call: CallContext, operation: number): CallResult {
  const timeout = readTimeout(call, 3);
  if (timeout < 0) return timeout;
  if (call.user.readU32(call.address(0)) !== call.uint(2)) return Errno.EAGAIN;
  const CLOCK_MONOTONIC = 1;
  const clock = (call.int(1) & FUTEX_CLOCK_REALTIME) !== 0 ? 0 : CLOCK_MONOTONIC;
  const ns = operation === FUTEX_WAIT ? timeout : untilTime(call, clock, timeout);
  return wait(call, ns, Errno.ETIMEDOUT, 'it waits for a lock that only it could release');
}
