/** eventfd(2) and timerfd_create(2). */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { TimerSetting } from '../files/event-contract.ts';
import { O_CLOEXEC, O_NONBLOCK } from '../files/flags.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, SystemCall } from './contract.ts';
import { words } from './layout.ts';
import { readTimespec, untilTime } from './time.ts';

export const eventCalls: readonly SystemCall[] = [
  { number: 19, name: 'eventfd2', arguments: ['uint', 'hex'], handle: eventfd },
  { number: 85, name: 'timerfd_create', arguments: ['clock', 'open-flags'], handle: timerfdCreate },
  {
    number: 86,
    name: 'timerfd_settime',
    arguments: ['fd', 'hex', 'pointer', 'pointer'],
    handle: timerfdSettime,
  },
  { number: 87, name: 'timerfd_gettime', arguments: ['fd', 'pointer'], handle: timerfdGettime },
];

const EFD_SEMAPHORE = 1;
const TFD_TIMER_ABSTIME = 1;
/** The date is never set, so nothing is ever cancelled. */
const TFD_TIMER_CANCEL_ON_SET = 2;
/** CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME. */
const clocks = [0, 1, 7];
/** CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM wake a machine from suspension, which takes CAP_WAKE_ALARM. */
const alarmClocks = [8, 9];
const BILLION = 1e9;

function eventfd(call: CallContext): Result {
  const flags = call.int(1);
  if ((flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK)) !== 0) return Errno.EINVAL;
  const reads = (flags & EFD_SEMAPHORE) !== 0 ? 'one' : 'all';
  return call.files.events.createCounter(call.process, call.uint(0), reads, flags & ~EFD_SEMAPHORE);
}

function timerfdCreate(call: CallContext): Result {
  const [clock, flags] = [call.int(0), call.int(1)];
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) return Errno.EINVAL;
  if (alarmClocks.includes(clock)) return Errno.EPERM;
  if (!clocks.includes(clock)) return Errno.EINVAL;
  return call.files.events.createTimer(call.process, clock, flags);
}

function timerfdSettime(call: CallContext): Result {
  const { events } = call.files;
  const [flags, wanted, old] = [call.int(1), call.address(2), call.address(3)];
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) !== 0) return Errno.EINVAL;
  const interval = readTimespec(call, wanted);
  const value = readTimespec(call, (wanted + 16) as VirtualAddress);
  if (interval < 0 || value < 0) return Errno.EINVAL;
  const clock = events.timerClock(call.process, call.int(0));
  if (clock < 0) return clock;
  if (old !== 0) {
    call.user.prepare(old, 32, 'store');
    call.user.write(old, settingBytes(events.timer(call.process, call.int(0)) as TimerSetting));
  }
  const isAbsolute = (flags & TFD_TIMER_ABSTIME) !== 0 && value > 0;
  // A time that is over expires the timer at once.
  const left = isAbsolute ? Math.max(1, untilTime(call, clock, value)) : value;
  return events.setTimer(call.process, call.int(0), { left, interval });
}

function timerfdGettime(call: CallContext): Result {
  const timer = call.files.events.timer(call.process, call.int(0));
  if (typeof timer === 'number') return timer;
  call.user.write(call.address(1), settingBytes(timer));
  return 0;
}

/** struct itimerspec. */
function settingBytes({ left, interval }: TimerSetting): Uint8Array {
  const parts = (ns: number) => [Math.floor(ns / BILLION), Math.floor(ns % BILLION)];
  return words(...parts(interval), ...parts(left));
}
