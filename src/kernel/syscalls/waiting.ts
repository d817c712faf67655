/** Calls that wait: for time, which passes at once, or for somebody else, who is not there. */
import { nanoseconds } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { expireAlarm, isInterrupted } from '../process/alarm.ts';
import { endProcess } from '../process/exit.ts';
import { Signal } from '../process/signal-table.ts';
import type { CallContext, CallResult } from './contract.ts';

/** Waiting for ever. */
export const FOREVER = Number.POSITIVE_INFINITY;

/** How a wait ended. `never`: nothing can end it. */
export type WaitEnd = 'over' | 'interrupted' | 'never';

/** Lets `ns` of virtual time pass, or less when the process's timer interrupts it. */
export function sleep(call: CallContext, ns: number): WaitEnd {
  const { process, clock, signals } = call;
  if (isInterrupted(process)) return 'interrupted';
  const until = clock.now + ns;
  const due = process.alarm?.due;
  if (due !== undefined && due < until) {
    clock.idleUntil(nanoseconds(due));
    expireAlarm(process, clock.now, signals);
    if (isInterrupted(process)) return 'interrupted';
  }
  if (until === FOREVER) return 'never';
  clock.idleUntil(nanoseconds(until));
  return 'over';
}

/** As `sleep`, for a call that a signal ends with EINTR; `over` is its result when the time is over. */
export function wait(call: CallContext, ns: number, over: number, reason: string): CallResult {
  switch (sleep(call, ns)) {
    case 'over':
      return over;
    case 'interrupted':
      return Errno.EINTR;
    case 'never':
      return deadLock(call, reason);
  }
}

/**
 * The call would wait for ever: no other process, thread or timer is there that could end the wait. The process
 * is killed, since a run that stands still tells nobody why.
 */
export function deadLock(call: CallContext, reason: string): 'exited' {
  endProcess(call.process, { code: 0, signal: Signal.SIGKILL, reason });
  return 'exited';
}

/** Puts another signal mask in place until the signals have been looked at (rt_sigsuspend(2), ppoll(2)). */
export function waitUnderMask(call: CallContext, mask: bigint): void {
  const { signals } = call.process;
  signals.saved = signals.mask;
  signals.mask = mask;
}
