/** Multi-level feedback queue: learns from what a process did how urgent it is. */
import type {
  Choice,
  Known,
  ReadyReason,
  Schedulable,
  SchedulingDefinition,
  SchedulingParameter,
  SchedulingPolicy,
  StopReason,
  Verdict,
} from './contract.ts';
import { MLFQ_SUMMARY, MLFQ_SYNTAX, type MlfqTuning, parseMlfqTuning } from './mlfq-parameter.ts';
import { append, drop, putBack, type ReadyList } from './ready-list.ts';

interface Standing {
  /** 0 is the top. */
  level: number;
  /** CPU time used at this level, ns, less than the allotment. */
  used: number;
  /** What is left of its time slice, ns. */
  slice: number;
  /** The highest level that it may be at. */
  top: number;
}

export interface MlfqState {
  /** By level: the ready processes. */
  readonly queues: readonly ReadyList[];
  readonly standings: Map<number, Standing>;
  /** `boosted`: everybody was boosted since it was chosen. */
  running: { readonly pid: number; readonly boosted: boolean } | undefined;
  /** When everybody is boosted next. */
  boostAt: number | undefined;
}

class MultiLevelFeedbackQueue implements SchedulingPolicy {
  readonly #state: MlfqState;
  readonly #tuning: MlfqTuning;

  constructor(state: MlfqState, tuning: MlfqTuning) {
    this.#state = state;
    this.#tuning = tuning;
  }

  ready(process: Schedulable, _why: ReadyReason, now: number): Verdict {
    const { queues, standings, running } = this.#state;
    if (standings.size === 0) this.#skipBoosts(now);
    const standing = standings.get(process.pid) ?? this.#entered(process);
    append(queues[standing.level]!, process.pid);
    if (running === undefined) return 'wait';
    return standing.level < standings.get(running.pid)!.level ? 'preempt' : 'wait';
  }

  next(): Choice | undefined {
    const pid = this.#state.queues.find((queue) => queue.length > 0)?.shift();
    if (pid === undefined) return undefined;
    this.#state.running = { pid, boosted: false };
    const { level, used, slice } = this.#state.standings.get(pid)!;
    const allotted = this.#isLowest(level) ? Number.POSITIVE_INFINITY : this.#tuning.allotment[level]! - used;
    return { pid, quantum: Math.min(slice, allotted) };
  }

  ran(pid: number, used: number, why: StopReason): void {
    const standing = this.#state.standings.get(pid)!;
    const boosted = this.#state.running?.boosted === true;
    this.#state.running = undefined;
    // What was used before a boost is forgotten, and the turn is over: else who runs would always run on.
    const turn = boosted ? 'over' : this.#charge(standing, used, why);
    putBack(
      this.#state.queues[standing.level]!,
      pid,
      turn === 'over' && why === 'preempted' ? 'expired' : why,
    );
  }

  gone(pid: number): void {
    for (const queue of this.#state.queues) drop(queue, pid);
    this.#state.standings.delete(pid);
  }

  changed(process: Schedulable): void {
    const standing = this.#state.standings.get(process.pid)!;
    standing.top = this.#topFor(process);
    if (standing.level >= standing.top) return;
    const queue = this.#state.queues[standing.level]!;
    const isReady = queue.includes(process.pid);
    drop(queue, process.pid);
    this.#moveTo(standing, standing.top);
    if (isReady) append(this.#state.queues[standing.level]!, process.pid);
  }

  nextEvent(): number | undefined {
    return this.#state.standings.size === 0 ? undefined : this.#state.boostAt;
  }

  /** Rule 5. */
  event(now: number): Verdict {
    const { queues, standings, running, boostAt } = this.#state;
    if (boostAt === undefined || now < boostAt) return 'wait';
    this.#skipBoosts(now);
    const order = queues.flatMap((queue) => queue.splice(0));
    for (const standing of standings.values()) this.#moveTo(standing, standing.top);
    for (const pid of order) queues[standings.get(pid)!.level]!.push(pid);
    if (running === undefined) return 'wait';
    this.#state.running = { pid: running.pid, boosted: true };
    return 'preempt';
  }

  describe(pid: number): Known {
    const standing = this.#state.standings.get(pid);
    if (standing === undefined) return {};
    const { level, used, slice } = standing;
    return this.#isLowest(level)
      ? { level, slice }
      : { level, slice, used, allotment: this.#tuning.allotment[level]! };
  }

  /** Rule 3. */
  #entered(process: Schedulable): Standing {
    const standing = { level: 0, used: 0, slice: 0, top: this.#topFor(process) };
    this.#moveTo(standing, standing.top);
    this.#state.standings.set(process.pid, standing);
    return standing;
  }

  /** Rule 4, or 4a and 4b. @returns whether its turn is over, or goes on after a preemption */
  #charge(standing: Standing, used: number, why: StopReason): 'over' | 'goes on' {
    standing.used += used;
    standing.slice -= used;
    const { level } = standing;
    if (!this.#isLowest(level) && standing.used >= this.#tuning.allotment[level]!) {
      this.#moveTo(standing, level + 1);
      return 'over';
    }
    if (why === 'preempted' && standing.slice > 0) return 'goes on';
    standing.slice = this.#tuning.quantum[level]!;
    if (this.#tuning.accounting === 'slices') standing.used = 0;
    return 'over';
  }

  #moveTo(standing: Standing, level: number): void {
    standing.level = level;
    standing.used = 0;
    standing.slice = this.#tuning.quantum[level]!;
  }

  #isLowest(level: number): boolean {
    return level === this.#tuning.quantum.length - 1;
  }

  #topFor({ nice }: Schedulable): number {
    return nice < 0 ? 0 : this.#tuning.reserved;
  }

  /** The next boost is the first multiple of the period after `now`. */
  #skipBoosts(now: number): void {
    const { boost } = this.#tuning;
    if (boost !== undefined) this.#state.boostAt = (Math.floor(now / boost) + 1) * boost;
  }
}

const parameter: SchedulingParameter = {
  syntax: MLFQ_SYNTAX,
  summary: MLFQ_SUMMARY,
  parse: (text, place) => (text === '' ? undefined : variant(parseMlfqTuning(text, place), `mlfq:${text}`)),
};

function variant(tuning: MlfqTuning, name: string): SchedulingDefinition<MlfqState> {
  return {
    name,
    summary:
      'several queues by priority; who uses much CPU time moves down, and everybody is boosted now and then',
    source:
      'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", chapter 8, "Scheduling: The Multi-Level Feedback Queue"; ' +
      'Corbató, Merwin-Daggett and Daley, "An experimental time-sharing system", AFIPS SJCC 1962',
    ties:
      'within a level in the order of its queue: newcomers, woken and moved processes at its end, one who was ' +
      'preempted in front with the rest of its time slice; a boost takes the queues from the top down',
    parameter,
    initial: () => ({
      queues: tuning.quantum.map(() => []),
      standings: new Map(),
      running: undefined,
      boostAt: tuning.boost,
    }),
    attach: (state) => new MultiLevelFeedbackQueue(state, tuning),
  };
}

/**
 * The rules: 1, the highest level that is not empty runs; 2, within a level processes take turns; 3, a newcomer starts
 * at the top; 4, who has used its allotment at a level moves down, however often it gave up the CPU; 5, at every
 * multiple of the boost's period all go to the top with a fresh allotment, and the running one to the end of its
 * queue. With `rule4=ab` the older ones: 4a, who uses a whole time slice moves down; 4b, who gives up the CPU before
 * stays, and what it used is forgotten, so that giving it up in time keeps a process at the top.
 *
 * Levels that are reserved take the place of the top for processes with a negative nice value only; all others start
 * and are boosted to the first level below. One with a negative value may be moved down to any level; one whose value
 * becomes 0 or more leaves the reserved levels at once, one whose value becomes negative enters them at the next boost.
 *
 * `describe` gives the `level`, 0 at the top, what is left of the time `slice`, and above the lowest level what was
 * `used` of the `allotment`, ns.
 */
export const mlfq = variant(parseMlfqTuning('', ''), 'mlfq');
