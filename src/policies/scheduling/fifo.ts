/** First in, first out: who became ready first runs until it blocks. */
import type {
  Choice,
  Known,
  Schedulable,
  SchedulingDefinition,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from './contract.ts';
import { append, drop, placeOf, putBack, type ReadyList } from './ready-list.ts';

class Fifo implements SchedulingPolicy {
  readonly #queue: ReadyList;

  constructor(queue: ReadyList) {
    this.#queue = queue;
  }

  ready({ pid }: Schedulable): Verdict {
    append(this.#queue, pid);
    return 'wait';
  }

  next(): Choice | undefined {
    const pid = this.#queue.shift();
    return pid === undefined ? undefined : { pid, quantum: Number.POSITIVE_INFINITY };
  }

  ran(pid: number, _used: number, why: StopReason): void {
    putBack(this.#queue, pid, why);
  }

  gone(pid: number): void {
    drop(this.#queue, pid);
  }

  changed(): void {}

  nextEvent(): undefined {}

  event(): Verdict {
    return 'wait';
  }

  describe(pid: number): Known {
    return placeOf(this.#queue, pid);
  }
}

/**
 * Never preempts, so short jobs behind a long one wait for all of it (the convoy effect). `describe` gives the
 * `position` in the queue, 0 for the first.
 */
export const fifo: SchedulingDefinition<ReadyList> = {
  name: 'fifo',
  summary: 'runs processes in the order in which they became ready, each until it blocks',
  source: 'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 7, "Scheduling: Introduction"',
  ties: 'none: the queue is in the order of the calls; who yields goes to its end',
  initial: () => [],
  attach: (queue) => new Fifo(queue),
};
