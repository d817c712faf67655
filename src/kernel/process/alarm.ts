/** The timer of alarm(2) and setitimer(2) with ITIMER_REAL, in virtual time. */
import type { ProcessState } from '../state.ts';
import type { Signals } from './contract.ts';
import { Signal, SignalCode } from './signal-table.ts';

/** Sends SIGALRM when the timer has run out by `now`, ns, and sets it again if it repeats. To be called at each stop. */
export function expireAlarm(process: ProcessState, now: number, signals: Signals): void {
  const { alarm } = process.group;
  if (alarm === undefined || now < alarm.due) return;
  signals.send(process, Signal.SIGALRM, SignalCode.kernel, 0n);
  if (alarm.interval === 0) process.group.alarm = undefined;
  else alarm.due += alarm.interval * (Math.floor((now - alarm.due) / alarm.interval) + 1);
}
