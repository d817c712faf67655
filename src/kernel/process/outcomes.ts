/**
 * What becomes of a process by the outcome of an access to memory: it goes on, sleeps, gets a signal, or somebody is
 * killed so that there is memory again.
 */
import { unreachable } from '../../base/errors.ts';
import type { VirtualClock } from '../clock.ts';
import type { Outcome, OutOfMemory } from '../memory/contract.ts';
import type { ProcessState, RootState } from '../state.ts';
import type { Signals } from './contract.ts';
import { endProcess } from './exit.ts';
import type { LoadControl } from './load-control.ts';
import type { Processes } from './processes.ts';
import type { Scheduler } from './scheduler.ts';
import { Signal } from './signal-table.ts';

export interface OutcomeParts {
  readonly root: RootState;
  readonly clock: VirtualClock;
  readonly scheduler: Scheduler;
  readonly signals: Signals;
  readonly processes: Processes;
  readonly load: LoadControl;
  /** Who has to go when memory lacks for the process that asked. */
  readonly victimFor: (asker: ProcessState, outcome: OutOfMemory) => ProcessState;
  /** A thread that has ended tells others, as far as it can without waiting. */
  readonly saysLastWords: (thread: ProcessState) => void;
}

export class Outcomes {
  readonly #parts: OutcomeParts;

  constructor(parts: OutcomeParts) {
    this.#parts = parts;
  }

  /**
   * What became of an access of a process, which is on the processor or waits for the page. Whether it is to be tried
   * again: now, or when what the process waits for has come.
   */
  settle(process: ProcessState, outcome: Outcome): boolean {
    const { scheduler, signals } = this.#parts;
    switch (outcome.kind) {
      case 'resumed':
        return true;
      case 'blocked':
        if (this.#waitsOnProcessor(process, outcome.request)) return true;
        process.waitsFor = outcome.request;
        if (process.status === 'running') scheduler.leave(process, 'blocked');
        return true;
      case 'signal':
        signals.force(process, outcome.signal, outcome.code, BigInt(outcome.address), outcome.detail);
        return false;
      case 'out-of-memory':
        return this.#relieve(process, outcome);
      default:
        return unreachable(outcome);
    }
  }

  /** Under crude time sharing: lets time pass until the page is there, which is then taken up before anything else. */
  #waitsOnProcessor({ status }: ProcessState, id: number): boolean {
    const { root, load, clock, scheduler } = this.#parts;
    const request = load.keepsProcessor ? root.requests.find((one) => one.id === id) : undefined;
    // Who pauses waits for others to run.
    if (request === undefined || request.kind === 'pause' || status !== 'running') return false;
    scheduler.keepWaiting(Math.max(0, request.due - clock.now));
    clock.idleUntil(request.due);
    return true;
  }

  /** Somebody has to go so that there is memory again. Whether it is not who asked: then that one tries again. */
  #relieve(asker: ProcessState, outcome: OutOfMemory): boolean {
    const { processes, victimFor, saysLastWords } = this.#parts;
    // For the last words of who ends anyway nobody else has to.
    if (asker.group.exit !== undefined) return false;
    const victim = victimFor(asker, outcome);
    endProcess(victim, { code: 0, signal: Signal.SIGKILL, reason: outcome.detail, lacks: outcome.lacks });
    if (victim.group === asker.group) return false;
    for (const thread of processes.threadsOf(victim.group)) {
      saysLastWords(thread);
      processes.bury(thread);
    }
    return true;
  }
}
