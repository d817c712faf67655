/** The timer of alarm(2) and setitimer(2) with ITIMER_REAL, in virtual time. */
import type { ProcessState } from '../state.ts';
import type { Signals } from './contract.ts';
import { SignalCode, signalBit } from './signal-table.ts';

const SIGALRM = 14;

/** Sends SIGALRM when the timer has run out by `now`, ns, and sets it again if it repeats. To be called at each stop. */
export function expireAlarm(process: ProcessState, now: number, signals: Signals): void {
  const { alarm } = process;
  if (alarm === undefined || now < alarm.due) return;
  signals.send(process, SIGALRM, SignalCode.kernel, 0n);
  if (alarm.interval === 0) process.alarm = undefined;
  else alarm.due += alarm.interval * (Math.floor((now - alarm.due) / alarm.interval) + 1);
}

/** Whether a signal is pending that the mask lets through. */
export function isInterrupted({ signals }: ProcessState): boolean {
  return signals.pending.some(({ signal }) => (signals.mask & signalBit(signal)) === 0n);
}
