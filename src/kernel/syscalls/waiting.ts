/**
 * Calls that wait. A call that has to wait changes nothing but `process.call` and is begun again when something may
 * have changed: when one of its channels was woken, its time is over, or a signal came.
 */
import { Errno } from '../errno.ts';
import { interruption } from '../process/pending-signals.ts';
import type { CallContext, CallResult } from './contract.ts';

/** Waiting for ever. */
export const FOREVER = Number.POSITIVE_INFINITY;

export interface Wait {
  /** See process/wakeups.ts. */
  readonly channels: readonly string[];
  /** Virtual time; for ever without it. */
  readonly until?: number;
  /** What it waits for, in words that end a sentence: "a child to end". */
  readonly reason: string;
}

/**
 * Waits, unless a signal is there that ends the wait.
 * @param afterHandler whether a handler that was set with SA_RESTART has the call begun anew; otherwise it fails with EINTR
 */
export function block(call: CallContext, wait: Wait, afterHandler: 'begins anew' | 'fails'): CallResult {
  switch (interruption(call.process)) {
    case 'none':
      return { sleep: { channels: [...wait.channels], until: wait.until ?? FOREVER, reason: wait.reason } };
    case 'default':
      return 'interrupted';
    case 'restart':
      return afterHandler === 'begins anew' ? 'restarted' : Errno.EINTR;
    case 'handler':
      return Errno.EINTR;
  }
}

/**
 * When a wait of `ns` is over that began with the call's first try: later than asked for by the thread's timer slack.
 * Source: prctl(2), PR_SET_TIMERSLACK. Exactly on time, a thread that sleeps for as long as a quantum lasts would wake
 * up at the end of every quantum of the thread that it disturbs; see "Scheduling" in docs/ARCHITECTURE.md.
 */
export function deadlineOf(call: CallContext, ns: number): number {
  call.process.call ??= { done: 0 };
  call.process.call.deadline ??= call.clock.now + (ns > 0 ? ns + call.process.timerSlack.current : 0);
  return call.process.call.deadline;
}

/** Puts another signal mask in place until the signals have been looked at (rt_sigsuspend(2), ppoll(2)). */
export function waitUnderMask(call: CallContext, mask: bigint): void {
  const { signals } = call.process;
  signals.saved ??= signals.mask;
  signals.mask = mask;
}
