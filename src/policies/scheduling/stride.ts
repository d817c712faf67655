/** Stride scheduling: shares of the CPU in proportion to tickets, exact at the end of each cycle. */
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

/** Stride of a process with one ticket. */
const STRIDE_ONE = 10_000;

interface Walk {
  tickets: number;
  /** How far it has come; a whole quantum is one stride. */
  pass: number;
}

export interface StrideState {
  readonly ready: ReadyList;
  readonly walks: Map<number, Walk>;
  running: number | undefined;
  /** Pass of the process that was chosen last: how far everybody has come. */
  reached: number;
}

const strideOf = ({ tickets }: Walk): number => STRIDE_ONE / tickets;

class Stride implements SchedulingPolicy {
  readonly #state: StrideState;
  readonly #quantum: number;

  constructor(state: StrideState, quantum: number) {
    this.#state = state;
    this.#quantum = quantum;
  }

  ready({ pid, tickets }: Schedulable, _why: ReadyReason): Verdict {
    const { ready, walks } = this.#state;
    // What it did not use while it was away is not owed to it; what it is ahead by is still owed to the others.
    const pass = Math.max(walks.get(pid)?.pass ?? 0, this.#leastPass());
    append(ready, pid);
    walks.set(pid, { tickets, pass });
    return 'wait';
  }

  next(): Choice | undefined {
    const { ready, walks } = this.#state;
    const pid = takeLeast(ready, this.#passOf);
    if (pid === undefined) return undefined;
    this.#state.running = pid;
    this.#state.reached = walks.get(pid)!.pass;
    return { pid, quantum: this.#quantum };
  }

  ran(pid: number, used: number, why: StopReason): void {
    const walk = this.#state.walks.get(pid)!;
    walk.pass += (strideOf(walk) * used) / this.#quantum;
    this.#state.running = undefined;
    putBack(this.#state.ready, pid, why);
  }

  gone(pid: number): void {
    drop(this.#state.ready, pid);
    this.#state.walks.delete(pid);
  }

  changed({ pid, tickets }: Schedulable): void {
    const walk = this.#state.walks.get(pid)!;
    const ahead = Math.max(0, walk.pass - this.#state.reached);
    walk.pass += (ahead * walk.tickets) / tickets - ahead;
    walk.tickets = tickets;
  }

  nextEvent(): undefined {}

  event(): Verdict {
    return 'wait';
  }

  describe(pid: number): Known {
    const walk = this.#state.walks.get(pid);
    return walk === undefined ? {} : { tickets: walk.tickets, stride: strideOf(walk), pass: walk.pass };
  }

  readonly #passOf = (pid: number): number => this.#state.walks.get(pid)!.pass;

  /** Of those ready and running: the running one was chosen for it. When there is none, what was reached. */
  #leastPass(): number {
    const { ready, running, reached } = this.#state;
    return running !== undefined || ready.length === 0 ? reached : leastKey(ready, this.#passOf);
  }
}

const variant = (quantum: number, name: string): SchedulingDefinition<StrideState> => ({
  name,
  summary: 'gives shares of the CPU in proportion to tickets, by counting what each has had',
  source:
    'Waldspurger and Weihl, "Stride scheduling: deterministic proportional-share resource management", MIT/LCS/TM-528, 1995',
  ties: 'of equal pass values who became ready first; one whose quantum expired counts as ready from then on',
  parameter: quantumParameter('stride', '10ms', variant),
  initial: () => ({ ready: [], walks: new Map(), running: undefined, reached: 0 }),
  attach: (state) => new Stride(state, quantum),
});

/**
 * A process's stride is 10,000 divided by its tickets, as a real number; the one with the lowest pass value runs, and
 * its pass grows by its stride, or by the part of it that it used of the quantum. Currencies are left aside: a ticket
 * is a ticket.
 *
 * A newcomer's pass is the lowest of those ready or running; with 0 it would have the CPU to itself until it had
 * caught up. A blocked process keeps its pass, and is woken with it or with the lowest of those ready or running,
 * whichever is higher: waiting earns nothing. When nobody is ready or running, the pass that was chosen last stands
 * for the lowest. When tickets change, what the process is ahead of that pass is scaled to its new stride, as in the
 * paper.
 *
 * `describe` gives `tickets`, `stride` and `pass`.
 */
export const stride = variant(10e6, 'stride');
