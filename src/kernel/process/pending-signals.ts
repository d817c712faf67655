/** Signals that were sent and have not been taken: which is next, and what they do to a wait. */
import type { PendingSignal, ProcessState } from '../state.ts';
import {
  defaultAction,
  FIRST_REAL_TIME,
  isSynchronous,
  SA_RESTART,
  SIG_DFL,
  SIG_IGN,
  Signal,
  signalBit,
} from './signal-table.ts';
import { signalChannel } from './wakeups.ts';

/** Whether the process does nothing about a signal: it said so, or said nothing about one that does nothing. */
export function isIgnored(process: ProcessState, signal: number): boolean {
  if (signal === Signal.SIGKILL || signal === Signal.SIGSTOP) return false;
  const handler = process.signals.actions[signal]?.handler ?? SIG_DFL;
  return handler === SIG_IGN || (handler === SIG_DFL && defaultAction(signal) === 'ignore');
}

/** Only real-time signals queue, and those of timers; of the others one is pending or none. Whether it was added. */
export function queue(pending: PendingSignal[], added: PendingSignal): boolean {
  if (
    added.signal < FIRST_REAL_TIME &&
    added.timer === undefined &&
    pending.some(({ signal }) => signal === added.signal)
  )
    return false;
  pending.push(added);
  return true;
}

/** Whether it is in rt_sigtimedwait(2), which takes signals that are blocked. */
export const waitsForSignals = ({ sleep, pid }: ProcessState): boolean =>
  sleep?.channels.includes(signalChannel(pid)) === true;

/** Among those not blocked: the ones an instruction raised first, then the lowest number, oldest first, the thread's own first. */
export function nextPending({ signals, group }: ProcessState): PendingSignal | undefined {
  let best: PendingSignal | undefined;
  for (const pending of [...signals.pending, ...group.pending]) {
    if ((signals.mask & signalBit(pending.signal)) !== 0n && pending.signal !== Signal.SIGKILL) continue;
    if (best === undefined || rank(pending) < rank(best)) best = pending;
  }
  return best;
}

/** Whether there is anything for `deliver` to do. */
export const hasPending = ({ signals, group }: ProcessState): boolean =>
  signals.pending.length > 0 || group.pending.length > 0;

/**
 * What interrupts a wait, if anything does: a handler that wants the call begun again afterwards (SA_RESTART), one
 * that does not, or a stop or the end, after which a call goes on if anything does.
 */
export function interruption(process: ProcessState): 'none' | 'restart' | 'handler' | 'default' {
  const { signals, group } = process;
  let found: PendingSignal | undefined;
  for (const pending of [...signals.pending, ...group.pending]) {
    const isOpen = (signals.mask & signalBit(pending.signal)) === 0n || pending.signal === Signal.SIGKILL;
    if (!isOpen || isIgnored(process, pending.signal)) continue;
    if (found === undefined || rank(pending) < rank(found)) found = pending;
  }
  if (found === undefined) return 'none';
  const action = signals.actions[found.signal];
  if (action === undefined || action.handler <= SIG_IGN) return 'default';
  return (action.flags & SA_RESTART) !== 0 ? 'restart' : 'handler';
}

const rank = ({ signal }: PendingSignal): number =>
  signal === Signal.SIGKILL ? -1000 : isSynchronous(signal) ? signal - 100 : signal;

/** A pending signal is taken: it is pending no more, and its timer counts anew. */
export function takeSignal({ signals, group }: ProcessState, taken: PendingSignal): void {
  const list = signals.pending.includes(taken) ? signals.pending : group.pending;
  list.splice(list.indexOf(taken), 1);
  const timer = group.timers.find(({ id }) => id === taken.timer);
  if (timer === undefined) return;
  timer.lastOverrun = timer.overrun;
  timer.overrun = 0;
}

/** What siginfo_t tells in the place of the sender: of a timer's signal its number and how often it ran out again. */
export function senderOf(
  { group }: ProcessState,
  { sender, timer }: PendingSignal,
  uid: number,
): { pid: number; uid: number } {
  if (timer === undefined) return { pid: sender, uid };
  return { pid: timer, uid: group.timers.find(({ id }) => id === timer)?.overrun ?? 0 };
}
