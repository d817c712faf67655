/** Shortest job first: of the ready processes the one whose burst is shortest runs until it blocks. */
import {
  type Bursts,
  beginBurst,
  chargeBurst,
  declareBurst,
  describeBurst,
  leftOf,
  STANDARD_WEIGHT,
  weightParameter,
} from './bursts.ts';
import type {
  Choice,
  Known,
  Schedulable,
  SchedulingDefinition,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from './contract.ts';
import { append, drop, putBack, type ReadyList, takeLeast } from './ready-list.ts';

export interface ShortestState {
  readonly ready: ReadyList;
  readonly bursts: Bursts;
}

class ShortestJobFirst implements SchedulingPolicy {
  readonly #state: ShortestState;
  readonly #weight: number;

  constructor(state: ShortestState, weight: number) {
    this.#state = state;
    this.#weight = weight;
  }

  ready(process: Schedulable): Verdict {
    append(this.#state.ready, process.pid);
    beginBurst(this.#state.bursts, process);
    return 'wait';
  }

  next(): Choice | undefined {
    const { ready, bursts } = this.#state;
    const pid = takeLeast(ready, (one) => leftOf(bursts.get(one)!));
    return pid === undefined ? undefined : { pid, quantum: Number.POSITIVE_INFINITY };
  }

  ran(pid: number, used: number, why: StopReason): void {
    chargeBurst(this.#state.bursts.get(pid)!, used, why, this.#weight);
    putBack(this.#state.ready, pid, why);
  }

  gone(pid: number): void {
    drop(this.#state.ready, pid);
    this.#state.bursts.delete(pid);
  }

  changed({ pid, length }: Schedulable): void {
    declareBurst(this.#state.bursts.get(pid)!, length);
  }

  nextEvent(): undefined {}

  event(): Verdict {
    return 'wait';
  }

  describe(pid: number): Known {
    const burst = this.#state.bursts.get(pid);
    return burst === undefined ? {} : describeBurst(burst);
  }
}

const variant = (weight: number, name: string): SchedulingDefinition<ShortestState> => ({
  name,
  summary: 'runs the process whose burst is shortest until it blocks',
  source:
    'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 7, "Scheduling: Introduction"; estimates: ' +
    'Silberschatz, Galvin and Gagne, "Operating System Concepts", section "Shortest-job-first scheduling"',
  ties: 'of equal lengths who became ready first; one who yields counts as ready from then on',
  parameter: weightParameter('sjf', variant),
  initial: () => ({ ready: [], bursts: new Map() }),
  attach: (state) => new ShortestJobFirst(state, weight),
});

/**
 * A burst is a job; one that yields competes with what is left of it. The length of an undeclared burst is estimated,
 * for the first one as 10 ms. `describe` gives what is `left` of the burst, ns, and whether its `length` was
 * `declared` or `estimated`.
 */
export const sjf = variant(STANDARD_WEIGHT, 'sjf');
