/** Clocks and sleeping. Time is virtual: when everybody sleeps it passes at once. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { processUse, threadUse } from '../process/use.ts';
import type { ProcessState } from '../state.ts';
import type { CallContext, CallResult, SystemCall } from './contract.ts';
import { timespec, words } from './layout.ts';
import { block, deadlineOf } from './waiting.ts';

export const timeCalls: readonly SystemCall[] = [
  { number: 101, name: 'nanosleep', arguments: ['timespec', 'pointer'], handle: nanosleep },
  { number: 112, name: 'clock_settime', arguments: ['clock', 'timespec'], handle: () => Errno.EPERM },
  { number: 113, name: 'clock_gettime', arguments: ['clock', 'timespec'], handle: clockGettime },
  { number: 114, name: 'clock_getres', arguments: ['clock', 'timespec'], handle: clockGetres },
  {
    number: 115,
    name: 'clock_nanosleep',
    arguments: ['clock', 'hex', 'timespec', 'pointer'],
    handle: clockNanosleep,
  },
  { number: 153, name: 'times', arguments: ['pointer'], handle: times },
  { number: 169, name: 'gettimeofday', arguments: ['pointer', 'pointer'], handle: gettimeofday },
  { number: 170, name: 'settimeofday', arguments: ['pointer', 'pointer'], handle: () => Errno.EPERM },
];

export const BILLION = 1e9;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;
const CLOCK_TAI = 11;
/** CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID. */
export const CLOCK_THREAD = 3;
const cpuClocks = [2, CLOCK_THREAD];
export const THREAD_CLOCK = 4;
/** CLOCK_MONOTONIC, _RAW, _COARSE, CLOCK_BOOTTIME. */
const uptimeClocks = [1, 4, 6, 7];
/** CLOCK_REALTIME, _COARSE, CLOCK_TAI. */
const dateClocks = [0, 5, CLOCK_TAI];
/** The clocks that clock_nanosleep(2) waits by. */
export const sleepClocks = [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI];

/** The date, ns since 1970. */
export function realTime(call: CallContext): bigint {
  return BigInt(call.root.files.bootTime) * 1_000_000_000n + BigInt(Math.floor(call.clock.now));
}

/** A clock's time as whole seconds since its start, which come apart from `ns` so that both are exact. */
function readClock(call: CallContext, clock: number): { seconds: number; ns: number } | undefined {
  if (uptimeClocks.includes(clock)) return { seconds: 0, ns: call.clock.now };
  if (dateClocks.includes(clock)) return { seconds: call.root.files.bootTime, ns: call.clock.now };
  const timed = timedBy(call, clock);
  if (timed === undefined) return undefined;
  const isThread = clock === CLOCK_THREAD || (clock < 0 && (clock & THREAD_CLOCK) !== 0);
  const { user, system } = isThread ? threadUse(call.root, timed) : processUse(call.root, timed);
  return { seconds: 0, ns: user + system };
}

/** The thread that a clock of CPU time is of, or one of its process; clock_getcpuclockid(3) makes them: ~pid << 3 | 2, or | 6 for a thread. */
export function timedBy(call: CallContext, clock: number): ProcessState | undefined {
  if (cpuClocks.includes(clock)) return call.process;
  if (clock >= 0 || (clock & 3) !== 2) return undefined;
  const pid = ~(clock >> 3);
  const found = pid === 0 ? call.process : call.processes.find(pid);
  // Of a process by its first thread's number; threads only of its own.
  const isThread = (clock & THREAD_CLOCK) !== 0;
  if (found === undefined || (isThread && found.group !== call.process.group)) return undefined;
  return isThread || found.pid === found.group.id || pid === 0 ? found : undefined;
}

function clockGettime(call: CallContext): Result {
  const time = readClock(call, call.int(0));
  if (time === undefined) return Errno.EINVAL;
  const seconds = Math.floor(time.ns / BILLION);
  call.user.write(call.address(1), timespec(time.seconds + seconds, Math.floor(time.ns - seconds * BILLION)));
  return 0;
}

function clockGetres(call: CallContext): Result {
  if (readClock(call, call.int(0)) === undefined) return Errno.EINVAL;
  if (call.address(1) !== 0) call.user.write(call.address(1), timespec(0, 1));
  return 0;
}

function gettimeofday(call: CallContext): Result {
  const micros = Math.floor(call.clock.now / 1000);
  const seconds = Math.floor(micros / 1e6);
  if (call.address(0) !== 0) {
    call.user.write(call.address(0), words(call.root.files.bootTime + seconds, micros - seconds * 1e6));
  }
  if (call.address(1) !== 0) call.user.write(call.address(1), new Uint8Array(8));
  return 0;
}

/** struct timespec at `address` in ns; EINVAL when it is none. */
export function readTimespec(call: CallContext, address: VirtualAddress): Result {
  const bytes = new Uint8Array(16);
  call.user.read(address, bytes);
  const view = new DataView(bytes.buffer);
  const [seconds, rest] = [view.getBigInt64(0, true), view.getBigInt64(8, true)];
  if (seconds < 0n || rest < 0n || rest > 999_999_999n) return Errno.EINVAL;
  return Number(seconds) * BILLION + Number(rest);
}

function nanosleep(call: CallContext): CallResult {
  const ns = readTimespec(call, call.address(0));
  return ns < 0 ? ns : sleepFor(call, ns, call.address(1));
}

/** Sleeps; when it is interrupted, what is left goes to `rest`, if that is not null. */
function sleepFor(call: CallContext, ns: number, rest: VirtualAddress): CallResult {
  if (rest !== 0) call.user.prepare(rest, 16, 'store');
  const until = deadlineOf(call, ns);
  const left = until - call.clock.now;
  if (left <= 0) return 0;
  const result = block(call, { channels: [], until, reason: 'its sleep to be over' }, 'fails');
  if (result === Errno.EINTR && rest !== 0)
    call.user.write(rest, timespec(Math.floor(left / BILLION), Math.floor(left % BILLION)));
  return result;
}

const TIMER_ABSTIME = 1;

function clockNanosleep(call: CallContext): CallResult {
  const [clock, flags] = [call.int(0), call.int(1)];
  if (!sleepClocks.includes(clock)) return cpuClocks.includes(clock) ? Errno.EOPNOTSUPP : Errno.EINVAL;
  if ((flags & ~TIMER_ABSTIME) !== 0) return Errno.EINVAL;
  const ns = readTimespec(call, call.address(2));
  if (ns < 0) return ns;
  if (flags !== TIMER_ABSTIME) return sleepFor(call, ns, call.address(3));
  return sleepFor(call, untilTime(call, clock, ns), 0 as VirtualAddress);
}

/** From now until a clock shows `ns`; 0 when it has. */
export function untilTime(call: CallContext, clock: number, ns: number): number {
  const start = dateClocks.includes(clock) ? call.root.files.bootTime * BILLION : 0;
  return Math.max(0, ns - start - call.clock.now);
}

/** times(2), in ticks of 10 ms since the start. */
function times(call: CallContext): Result {
  const ticks = (ns: number) => Math.floor((ns / BILLION) * 100);
  const { user, system } = processUse(call.root, call.process);
  const { children } = call.process.group;
  const all = [user, system, children.user, children.system].map(ticks);
  if (call.address(0) !== 0) call.user.write(call.address(0), words(...all));
  return ticks(call.clock.now);
}
