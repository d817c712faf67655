/**
 * futex(2): waiting for a word of memory to change, and waking those who do. Waiters are in `RootState.futexes`, the
 * longest waiting first; one that is woken finds `process.call.woken` when its call is begun again.
 */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { ALL_BITS, futexKey, stopWaiting, wakeFutex } from '../process/futexes.ts';
import { futexChannel } from '../process/wakeups.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { readTimespec, untilTime } from './time.ts';
import { block, deadlineOf, FOREVER } from './waiting.ts';

export const futexCalls: readonly SystemCall[] = [
  {
    number: 98,
    name: 'futex',
    arguments: ['pointer', 'hex', 'uint', 'timespec', 'pointer', 'hex'],
    handle: futex,
  },
];

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAKE_OP = 5;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_PRIVATE_FLAG = 128;
const FUTEX_CLOCK_REALTIME = 256;

function futex(call: CallContext): CallResult {
  const operation = call.int(1) & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
  const address = call.address(0);
  if (address % 4 !== 0) return Errno.EINVAL;
  const hasBits = operation === FUTEX_WAIT_BITSET || operation === FUTEX_WAKE_BITSET;
  const bits = hasBits ? call.uint(5) : ALL_BITS;
  if (bits === 0) return Errno.EINVAL;
  switch (operation) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      return waitFor(call, operation, bits);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      call.user.prepare(address, 4, 'load');
      return wakeAt(call, address, call.int(2), bits);
    case FUTEX_REQUEUE:
      call.user.prepare(address, 4, 'load');
      return requeue(call);
    case FUTEX_CMP_REQUEUE:
      return call.user.readU32(address) === call.uint(5) ? requeue(call) : Errno.EAGAIN;
    case FUTEX_WAKE_OP:
      return wakeAfterChange(call);
    default:
      return Errno.ENOSYS;
  }
}

function waitFor(call: CallContext, operation: number, bits: number): CallResult {
  const { process, root } = call;
  const stops = (): void => stopWaiting(root, process.pid);
  if (process.call?.woken === true) {
    stops();
    return 0;
  }
  const timeout = call.address(3) === 0 ? FOREVER : readTimespec(call, call.address(3));
  if (timeout < 0) return timeout;
  const isWaiting = root.futexes.some(({ pid }) => pid === process.pid);
  if (!isWaiting && call.user.readU32(call.address(0)) !== call.uint(2)) return Errno.EAGAIN;
  const clock = (call.int(1) & FUTEX_CLOCK_REALTIME) !== 0 ? 0 : 1;
  const until = deadlineOf(call, operation === FUTEX_WAIT ? timeout : untilTime(call, clock, timeout));
  if (call.clock.now >= until) {
    stops();
    return Errno.ETIMEDOUT;
  }
  if (!isWaiting) root.futexes.push({ key: futexKey(call.space, call.address(0)), pid: process.pid, bits });
  const reason = `a lock, or the like, at 0x${call.address(0).toString(16)}`;
  // With a timeout it would wait anew for all of it.
  const afterHandler = until === FOREVER ? 'begins anew' : 'fails';
  const result = block(call, { channels: [futexChannel(process.pid)], until, reason }, afterHandler);
  if (typeof result !== 'object' && result !== 'interrupted') stops();
  return result;
}

/** Wakes at most `count`, and one at least, of those who wait for the word at `address`. */
const wakeAt = (call: CallContext, address: VirtualAddress, count: number, bits = ALL_BITS): Result =>
  wakeFutex(call.root, futexKey(call.space, address), Math.max(count, 1), bits);

/** Wakes some, and has others wait for the second word instead. */
function requeue(call: CallContext): Result {
  const [from, to] = [futexKey(call.space, call.address(0)), futexKey(call.space, call.address(4))];
  const [most, moved] = [call.int(2), call.int(3)];
  if (most < 0 || moved < 0) return Errno.EINVAL;
  const woken = wakeFutex(call.root, from, most);
  const movers = call.root.futexes.filter(({ key }) => key === from).slice(0, moved);
  for (const mover of movers) mover.key = to;
  return woken + movers.length;
}

/** Changes the second word, wakes waiters of the first, and of the second if its old value compares. */
function wakeAfterChange(call: CallContext): Result {
  const [second, how] = [call.address(4), call.uint(5)];
  if (second % 4 !== 0) return Errno.EINVAL;
  call.user.prepare(call.address(0), 4, 'load');
  call.user.prepare(second, 4, 'store');
  const old = call.user.readU32(second) | 0;
  const argument = ((how << 8) >> 20) | 0;
  const changed = changedWord(how >>> 28, old, argument);
  if (changed === undefined) return Errno.ENOSYS;
  const holds = compared((how >>> 24) & 15, old, (how << 20) >> 20);
  if (holds === undefined) return Errno.ENOSYS;
  call.user.writeU32(second, changed >>> 0);
  const woken = wakeAt(call, call.address(0), call.int(2));
  return holds ? woken + wakeAt(call, second, call.int(3)) : woken;
}

const OPARG_SHIFT = 8;

function changedWord(operation: number, old: number, argument: number): number | undefined {
  const by = (operation & OPARG_SHIFT) !== 0 ? 1 << argument : argument;
  return [by, old + by, old | by, old & ~by, old ^ by][operation & ~OPARG_SHIFT];
}

function compared(comparison: number, old: number, argument: number): boolean | undefined {
  const answers = [
    old === argument,
    old !== argument,
    old < argument,
    old <= argument,
    old > argument,
    old >= argument,
  ];
  return answers[comparison];
}
