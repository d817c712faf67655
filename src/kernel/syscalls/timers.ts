/** Timers: setitimer(2) and timer_create(2), by virtual time and by CPU time. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import { LAST_SIGNAL, Signal } from '../process/signal-table.ts';
import type { IntervalTimer, PosixTimer } from '../process/state.ts';
import { cpuTime, isCpuClock, PROCESS_CLOCK, threadClock } from '../process/timers.ts';
import { processUse } from '../process/use.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { words } from './layout.ts';
import {
  BILLION,
  CLOCK_THREAD,
  readTimespec,
  sleepClocks,
  THREAD_CLOCK,
  timedBy,
  untilTime,
} from './time.ts';

export const timerCalls: readonly SystemCall[] = [
  { number: 102, name: 'getitimer', arguments: ['int', 'pointer'], handle: getitimer },
  { number: 103, name: 'setitimer', arguments: ['int', 'pointer', 'pointer'], handle: setitimer },
  { number: 107, name: 'timer_create', arguments: ['clock', 'pointer', 'pointer'], handle: timerCreate },
  { number: 108, name: 'timer_gettime', arguments: ['int', 'pointer'], handle: timerGettime },
  { number: 109, name: 'timer_getoverrun', arguments: ['int'], handle: timerGetoverrun },
  {
    number: 110,
    name: 'timer_settime',
    arguments: ['int', 'hex', 'pointer', 'pointer'],
    handle: timerSettime,
  },
  { number: 111, name: 'timer_delete', arguments: ['int'], handle: timerDelete },
];

/** A timer of setitimer(2): where it is kept, and the time that it runs by. */
interface Alarm {
  get(): IntervalTimer | undefined;
  set(timer: IntervalTimer | undefined): void;
  readonly now: number;
}

/** ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF; `undefined`: there is none by that number. */
function alarmOf(call: CallContext, which: number): Alarm | undefined {
  const { group } = call.process;
  const { user, system } = processUse(call.root, call.process);
  const ofCpu = (kind: 'virtual' | 'profile', now: number): Alarm => ({
    get: () => group.cpuAlarms[kind],
    set: (timer) => {
      group.cpuAlarms[kind] = timer;
    },
    now,
  });
  switch (which) {
    case 0:
      return {
        get: () => group.alarm,
        set: (timer) => {
          group.alarm = timer;
        },
        now: call.clock.now,
      };
    case 1:
      return ofCpu('virtual', user);
    case 2:
      return ofCpu('profile', user + system);
    default:
      return undefined;
  }
}

function getitimer(call: CallContext): Result {
  const alarm = alarmOf(call, call.uint(0));
  if (alarm === undefined) return Errno.EINVAL;
  call.user.write(call.address(1), alarmLeft(alarm));
  return 0;
}

function setitimer(call: CallContext): Result {
  const { user } = call;
  const [wanted, old] = [call.address(1), call.address(2)];
  const alarm = alarmOf(call, call.uint(0));
  if (alarm === undefined) return Errno.EINVAL;
  const bytes = new Uint8Array(32);
  if (wanted !== 0) user.read(wanted, bytes);
  const [interval, value] = [readMicros(bytes, 0), readMicros(bytes, 16)];
  if (interval === undefined || value === undefined) return Errno.EINVAL;
  if (old !== 0) user.write(old, alarmLeft(alarm));
  alarm.set(value === 0 ? undefined : { due: alarm.now + value, interval });
  return 0;
}

/** struct timeval at `at` in ns; `undefined` when it is none. */
function readMicros(bytes: Uint8Array, at: number): number | undefined {
  const view = new DataView(bytes.buffer);
  const [seconds, micros] = [view.getBigInt64(at, true), view.getBigInt64(at + 8, true)];
  return seconds < 0n || micros < 0n || micros > 999_999n
    ? undefined
    : Number(seconds) * BILLION + Number(micros) * 1000;
}

/** struct itimerval; of a timer that is set at least a microsecond is left. */
function alarmLeft(alarm: Alarm): Uint8Array {
  const timer = alarm.get();
  const left = timer === undefined ? 0 : Math.max(1000, timer.due - alarm.now);
  const timeval = (ns: number): [number, number] => [
    Math.floor(ns / BILLION),
    Math.floor((ns % BILLION) / 1000),
  ];
  return words(...timeval(timer?.interval ?? 0), ...timeval(left));
}

const SIGEVENT_BYTES = 64;
const SIGEV_SIGNAL = 0;
const SIGEV_NONE = 1;
const SIGEV_THREAD = 2;
const SIGEV_THREAD_ID = 4;

type Teller = Pick<PosixTimer, 'tells' | 'signal' | 'value'>;

function timerCreate(call: CallContext): Result {
  const { process, user } = call;
  const { timers } = process.group;
  const clock = clockOf(call, call.int(0));
  if (clock === undefined) return Errno.EINVAL;
  const id = Math.max(-1, ...timers.map((timer) => timer.id)) + 1;
  const teller = call.address(1) === 0 ? byDefault(id) : readEvent(call, call.address(1));
  if (teller === undefined) return Errno.EINVAL;
  if (BigInt(timers.length) >= limitOf(process, 'SIGPENDING')[0]) return Errno.EAGAIN;
  user.writeU32(call.address(2), id);
  timers.push({
    id,
    clock,
    ...teller,
    due: Number.POSITIVE_INFINITY,
    interval: 0,
    overrun: 0,
    lastOverrun: 0,
  });
  return 0;
}

/** A clock that timers can run by: of time, of this process, or of one of its threads. */
function clockOf(call: CallContext, clock: number): number | undefined {
  if (sleepClocks.includes(clock)) return clock;
  const timed =
    clock >= 0 && clock !== PROCESS_CLOCK && clock !== CLOCK_THREAD ? undefined : timedBy(call, clock);
  if (timed === undefined || timed.group !== call.process.group) return undefined;
  const isThread = clock === CLOCK_THREAD || (clock < 0 && (clock & THREAD_CLOCK) !== 0);
  return isThread ? threadClock(timed.pid) : PROCESS_CLOCK;
}

const byDefault = (id: number): Teller => ({ tells: 'process', signal: Signal.SIGALRM, value: BigInt(id) });

/** struct sigevent: value, signal, how to tell, thread. */
function readEvent(call: CallContext, at: VirtualAddress): Teller | undefined {
  const bytes = new Uint8Array(SIGEVENT_BYTES);
  call.user.read(at, bytes);
  const view = new DataView(bytes.buffer);
  const [value, signal, how] = [view.getBigUint64(0, true), view.getInt32(8, true), view.getInt32(12, true)];
  if (how === SIGEV_NONE) return { tells: 'nobody', signal, value };
  if (signal < 1 || signal > LAST_SIGNAL) return undefined;
  if (how === SIGEV_SIGNAL || how === SIGEV_THREAD) return { tells: 'process', signal, value };
  const thread = call.processes.find(view.getInt32(16, true));
  const isOwn = thread?.group === call.process.group && thread?.exit === undefined;
  return how === (SIGEV_SIGNAL | SIGEV_THREAD_ID) && isOwn
    ? { tells: thread!.pid, signal, value }
    : undefined;
}

const timerOf = (call: CallContext): PosixTimer | undefined =>
  call.process.group.timers.find(({ id }) => id === call.int(0));

function timerGettime(call: CallContext): Result {
  const timer = timerOf(call);
  if (timer === undefined) return Errno.EINVAL;
  call.user.write(call.address(1), timerLeft(call, timer));
  return 0;
}

function timerGetoverrun(call: CallContext): Result {
  return timerOf(call)?.lastOverrun ?? Errno.EINVAL;
}

function timerDelete(call: CallContext): Result {
  const timer = timerOf(call);
  if (timer === undefined) return Errno.EINVAL;
  const { group } = call.process;
  group.timers = group.timers.filter((other) => other !== timer);
  return 0;
}

const TIMER_ABSTIME = 1;

function timerSettime(call: CallContext): Result {
  const timer = timerOf(call);
  const [wanted, old] = [call.address(2), call.address(3)];
  if (timer === undefined || wanted === 0) return Errno.EINVAL;
  const interval = readTimespec(call, wanted);
  const value = readTimespec(call, (wanted + 16) as VirtualAddress);
  if (interval < 0 || value < 0) return Errno.EINVAL;
  if (old !== 0) call.user.write(old, timerLeft(call, timer));
  const isAbsolute = (call.uint(1) & TIMER_ABSTIME) !== 0;
  Object.assign(timer, { interval, overrun: 0, lastOverrun: 0 });
  timer.due = value === 0 ? Number.POSITIVE_INFINITY : dueOf(call, timer, value, isAbsolute ? 'at' : 'in');
  return 0;
}

/** What the timer's clock will show, for one of virtual time as that has it. */
function dueOf(call: CallContext, { clock }: PosixTimer, value: number, how: 'at' | 'in'): number {
  if (isCpuClock(clock)) return how === 'at' ? value : value + nowOf(call, clock);
  return call.clock.now + (how === 'at' ? untilTime(call, clock, value) : value);
}

const nowOf = (call: CallContext, clock: number): number =>
  isCpuClock(clock) ? (cpuTime(call.root, call.process, clock) ?? 0) : call.clock.now;

/** struct itimerspec; of a timer that is set at least a nanosecond is left. */
function timerLeft(call: CallContext, { clock, due, interval }: PosixTimer): Uint8Array {
  const left = Number.isFinite(due) ? Math.max(1, due - nowOf(call, clock)) : 0;
  const split = (ns: number): [number, number] => [Math.floor(ns / BILLION), Math.floor(ns % BILLION)];
  return words(...split(interval), ...split(left));
}
