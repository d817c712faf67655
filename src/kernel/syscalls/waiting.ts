/** Calls that wait: for time, which passes at once, or for somebody else, who is not there. */
import { type Nanoseconds, nanoseconds } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { Signal, SignalCode } from '../process/signal-table.ts';
import type { CallContext } from './contract.ts';

/** Lets `ns` of virtual time pass. */
export function sleep(call: CallContext, ns: number): void {
  call.clock.idleUntil(nanoseconds(call.clock.now + ns) as Nanoseconds);
}

/**
 * The call would wait for ever: no other process, thread or timer is there that could end the wait. The process
 * is killed, since a run that stands still tells nobody why.
 */
export function deadLock(call: CallContext, detail: string): Result {
  if (call.events.watched) call.events.emit({ type: 'dead-lock', detail });
  call.signals.force(call.process, Signal.SIGKILL, SignalCode.kernel, 0n);
  return Errno.EDEADLK;
}
