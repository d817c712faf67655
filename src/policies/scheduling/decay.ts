/** Decay-usage scheduling: who used much CPU time lately has to wait, and what was used is forgotten by and by. */
import type {
  Choice,
  Known,
  ReadyReason,
  Schedulable,
  SchedulingDefinition,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from './contract.ts';
import { quantumParameter } from './quantum.ts';
import { append, drop, leastKey, putBack, type ReadyList, takeLeast } from './ready-list.ts';

/** CPU time that counts as one unit of usage, ns: 4.4BSD's clock tick. */
const TICK = 10e6;
/** Time between two decays, ns. */
const PERIOD = 1e9;
const MOST_USAGE = 255;
/** 4.4BSD's PUSER, the best priority that a process has in user mode, and the worst. */
const BEST_PRIORITY = 50;
const WORST_PRIORITY = 127;

interface Usage {
  /** CPU time in ticks, decayed; 4.4BSD's p_estcpu. 0 to `MOST_USAGE`. */
  ticks: number;
  nice: number;
}

export interface DecayState {
  readonly ready: ReadyList;
  readonly usages: Map<number, Usage>;
  running: { readonly pid: number; readonly since: number } | undefined;
  decayAt: number;
}

/** @param more CPU time that was not charged yet, ns */
function priorityOf({ ticks, nice }: Usage, more = 0): number {
  const usage = Math.min(MOST_USAGE, ticks + more / TICK);
  const priority = BEST_PRIORITY + Math.floor(usage / 4) + 2 * nice;
  return Math.min(WORST_PRIORITY, Math.max(BEST_PRIORITY, priority));
}

class DecayUsage implements SchedulingPolicy {
  readonly #state: DecayState;
  readonly #quantum: number;

  constructor(state: DecayState, quantum: number) {
    this.#state = state;
    this.#quantum = quantum;
  }

  ready({ pid, nice }: Schedulable, _why: ReadyReason, now: number): Verdict {
    const { ready, usages } = this.#state;
    if (usages.size === 0) this.#state.decayAt = nextDecay(now);
    append(ready, pid);
    usages.set(pid, { ticks: usages.get(pid)?.ticks ?? 0, nice });
    return this.#verdict(now);
  }

  next(now: number): Choice | undefined {
    const pid = takeLeast(this.#state.ready, this.#priority);
    if (pid === undefined) return undefined;
    this.#state.running = { pid, since: now };
    return { pid, quantum: this.#quantum };
  }

  ran(pid: number, used: number, why: StopReason): void {
    const usage = this.#state.usages.get(pid)!;
    usage.ticks = Math.min(MOST_USAGE, usage.ticks + used / TICK);
    this.#state.running = undefined;
    putBack(this.#state.ready, pid, why);
  }

  gone(pid: number): void {
    drop(this.#state.ready, pid);
    this.#state.usages.delete(pid);
  }

  changed({ pid, nice }: Schedulable): void {
    this.#state.usages.get(pid)!.nice = nice;
  }

  nextEvent(): number | undefined {
    return this.#state.usages.size === 0 ? undefined : this.#state.decayAt;
  }

  event(now: number): Verdict {
    const { ready, usages, running } = this.#state;
    const load = Math.max(1, ready.length + (running === undefined ? 0 : 1));
    for (; this.#state.decayAt <= now; this.#state.decayAt += PERIOD) {
      for (const usage of usages.values()) usage.ticks = decayed(usage, load);
    }
    return this.#verdict(now);
  }

  describe(pid: number): Known {
    const usage = this.#state.usages.get(pid);
    return usage === undefined ? {} : { priority: priorityOf(usage), usage: usage.ticks, nice: usage.nice };
  }

  readonly #priority = (pid: number): number => priorityOf(this.#state.usages.get(pid)!);

  #verdict(now: number): Verdict {
    const { ready, usages, running } = this.#state;
    if (running === undefined) return 'wait';
    const own = priorityOf(usages.get(running.pid)!, now - running.since);
    return leastKey(ready, this.#priority) < own ? 'preempt' : 'wait';
  }
}

const nextDecay = (now: number): number => (Math.floor(now / PERIOD) + 1) * PERIOD;

function decayed({ ticks, nice }: Usage, load: number): number {
  const kept = (2 * load) / (2 * load + 1);
  return Math.min(MOST_USAGE, Math.max(0, kept * ticks + nice));
}

const variant = (quantum: number, name: string): SchedulingDefinition<DecayState> => ({
  name,
  summary: 'priority falls with CPU time used, which decays every second, and with the nice value',
  source:
    'McKusick, Bostic, Karels and Quarterman, "The Design and Implementation of the 4.4BSD Operating System", 1996, ' +
    'section "Process scheduling"',
  ties: 'of equal priorities the running process goes on; else who became ready first, one who was preempted before all',
  parameter: quantumParameter('decay', '100ms', variant),
  initial: () => ({ ready: [], usages: new Map(), running: undefined, decayAt: PERIOD }),
  attach: (state) => new DecayUsage(state, quantum),
});

/**
 * priority = 50 + usage/4 + 2·nice, kept within 50 and 127; the lowest number runs. Usage is CPU time in ticks of
 * 10 ms, at most 255; at every full second it becomes 2·load/(2·load + 1) · usage + nice, 0 or more.
 *
 * What differs from 4.4BSD: the load is the number of processes that are ready or running at that moment, 1
 * at least, there an average over a minute; usage is no whole number, and counts when a process stops and when it is compared with one
 * that becomes ready, there every 40 ms; priorities are compared as they are, there four of them share a queue; those
 * who wait for more than a second decay with the others, there when they are woken. As there, a process with a high
 * nice value starves beside some that use all the CPU time: while it waits its own usage grows with the value.
 *
 * `describe` gives `priority`, `usage` in ticks and `nice`, without what the running process used in this turn.
 */
export const decay = variant(100e6, 'decay');
