/** Waiting for descriptors: ppoll(2), pselect6(2). */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDNORM, POLLWRNORM } from '../files/flags.ts';
import { limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import { UNBLOCKABLE } from '../process/signal-table.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { readTimespec } from './time.ts';
import { block, deadlineOf, FOREVER, waitUnderMask } from './waiting.ts';

export const waitCalls: readonly SystemCall[] = [
  {
    number: 72,
    name: 'pselect6',
    arguments: ['int', 'pointer', 'pointer', 'pointer', 'timespec', 'pointer'],
    handle: pselect6,
  },
  { number: 73, name: 'ppoll', arguments: ['pointer', 'uint', 'timespec', 'pointer', 'size'], handle: ppoll },
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
export function readTimeout(call: CallContext, i: number): number {
  return call.address(i) === 0 ? FOREVER : readTimespec(call, call.address(i));
}

/** The signal mask at `address`, to wait under; `undefined` when there is none. */
export function readMask(call: CallContext, address: VirtualAddress): bigint | undefined {
  return address === 0 ? undefined : call.user.readU64(address) & ~UNBLOCKABLE;
}

/** Nothing is ready: waits for one of the descriptors, a signal, or the time to be over. */
function waitForAny(
  call: CallContext,
  timeout: number,
  mask: bigint | undefined,
  descriptors: readonly number[],
): CallResult {
  const until = deadlineOf(call, timeout);
  if (call.clock.now >= until) return 0;
  if (mask !== undefined) waitUnderMask(call, mask);
  const channels = descriptors.flatMap((descriptor) =>
    call.files.descriptors.channels(call.process, descriptor),
  );
  const changes = descriptors.map((descriptor) => call.files.descriptors.changesAt(call.process, descriptor));
  const next = Math.min(until, ...changes);
  const reason = `descriptors ${descriptors.join(', ')} to become ready`;
  return block(
    call,
    { channels, until: next, reason: descriptors.length === 0 ? 'a signal' : reason },
    'fails',
  );
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
  const descriptors: number[] = [];
  for (let at = 0; at < bytes.length; at += POLLFD_BYTES) {
    const descriptor = view.getInt32(at, true);
    if (descriptor >= 0) descriptors.push(descriptor);
    const wanted = view.getInt16(at + 4, true) | POLLERR | POLLHUP | POLLNVAL;
    const events = descriptor < 0 ? 0 : eventsOf(call, descriptor) & wanted;
    view.setInt16(at + 6, events, true);
    if (events !== 0) ready++;
  }
  if (count > 0) call.user.write(call.address(0), bytes);
  return ready > 0 ? ready : waitForAny(call, timeout, mask, descriptors);
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
  const descriptors: number[] = [];
  for (const [argument, events] of sets) {
    const address = call.address(argument);
    if (address === 0 || bytes === 0) continue;
    const set = new Uint8Array(bytes);
    call.user.read(address, set);
    const found = selected(call, set, count, events);
    if (found === undefined) return Errno.EBADF;
    ready += found.count;
    descriptors.push(...found.wanted);
    results.push([address, found.set]);
  }
  for (const [address, set] of results) call.user.prepare(address, set.length, 'store');
  // While it waits the sets still say what is wanted.
  const waits = ready === 0 ? waitForAny(call, timeout, mask, descriptors) : 0;
  if (waits !== 0) return waits;
  for (const [address, set] of results) call.user.write(address, set);
  return ready;
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
): { set: Uint8Array; count: number; wanted: number[] } | undefined {
  const set = new Uint8Array(wanted.length);
  let ready = 0;
  const asked: number[] = [];
  for (let descriptor = 0; descriptor < Math.min(count, wanted.length * 8); descriptor++) {
    if (((wanted[descriptor >> 3]! >> (descriptor & 7)) & 1) === 0) continue;
    asked.push(descriptor);
    const now = eventsOf(call, descriptor);
    if ((now & POLLNVAL) !== 0) return undefined;
    if ((now & events) === 0) continue;
    set[descriptor >> 3]! |= 1 << (descriptor & 7);
    ready++;
  }
  return { set, count: ready, wanted: asked };
}
