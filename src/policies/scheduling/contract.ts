/**
 * CPU scheduling: which process runs next, for how long, and whether one that becomes ready takes the CPU.
 *
 * A policy decides and nothing else: it never sees registers, timers or what a process waits for, and never writes a
 * process's state. The mechanism switches, sets the timer, counts CPU time and tells the policy what happened.
 *
 *            ready('arrived')            next
 *   (new) ───────────────────▶ (ready) ───────▶ (running)
 *                               ▲   ▲             │    │
 *               ready('woken')  │   └─────────────┘    │ ran('blocked')
 *                               │   ran('expired', 'yielded', 'preempted')
 *                           (blocked) ◀────────────────┘
 *
 * `gone` leads out of ready and blocked; who ends while it runs is blocked first. A ready process that can't run any
 * more, because it was stopped, stays where it is until it is chosen, and is then told `ran(pid, 0, 'blocked', now)`.
 *
 * Times are virtual and in ns, never decreasing from call to call. What becomes ready at the very time at which the
 * running process stops is reported before that process is, so that it is ahead of it in queues. Who has used its
 * whole quantum is reported as 'expired' even if a preemption was asked for at that time.
 */
import type { RandomState } from '../../base/random.ts';

/**
 * What a policy may know of a process: kernel processes, threads and scripted jobs alike. A policy copies what it
 * remembers; it is told by `changed` when something is new.
 */
export interface Schedulable {
  /** Identifies it as long as it lives; another one may have the number after `gone`. */
  readonly pid: number;
  /**
   * Declared CPU time of a burst, from the first instruction to the next wait, ns, 0 or more: the burst that it is in
   * when it is ready or running (all of it, not what is left), else its next one. `undefined`: not declared.
   */
  readonly length: number | undefined;
  /** 1 to 1,000,000, a whole number. For lottery and stride. */
  readonly tickets: number;
  /** What its tickets are denominated in; `undefined` is the base currency. */
  readonly currency: string | undefined;
  /** -20 to 19; the higher, the more it leaves to others. */
  readonly nice: number;
}

/** Whether the running process is to give up the CPU now. */
export type Verdict = 'preempt' | 'wait';

/** How a process became ready: it is new, or what it waited for has happened. */
export type ReadyReason = 'arrived' | 'woken';

/**
 * Why the running process stopped: its quantum was used up; it has to wait, or ended; it gave up the CPU of its own
 * accord; the policy asked for the CPU.
 */
export type StopReason = 'expired' | 'blocked' | 'yielded' | 'preempted';

/** Who runs next. */
export interface Choice {
  readonly pid: number;
  /** CPU time after which the timer takes the CPU back, ns, above 0; `Infinity`: it runs until it blocks. */
  readonly quantum: number;
}

/** What is known of a process, e.g. `{level: 2, used: 4000000}`, for the log of decisions. */
export type Known = Readonly<Record<string, number | string>>;

/** What owners of tickets may do with them. */
export interface TicketOperations {
  /**
   * `from`, which is blocked because it waits for `to`, lends it all of its tickets, with those lent to it, until they
   * are given back, `from` is woken, or one of the two is gone. Changes nothing if `to` has lent its own to `from`.
   */
  transfer(from: number, to: number): void;
  /** What `from` lent is its own again. Changes nothing if it has lent nothing. */
  giveBack(from: number): void;
  /** Process `pid` has `tickets` of its currency from now on, 1 to 1,000,000, whatever it has declared. */
  inflate(pid: number, tickets: number): void;
  /**
   * `currency` is backed by `baseTickets` tickets of the base currency from now on, 1 to 1,000,000. Before it is
   * issued, a ticket of it counts as a base ticket.
   */
  issue(currency: string, baseTickets: number): void;
}

export interface SchedulingPolicy {
  /**
   * The process can run from now on.
   * @returns whether it should have the CPU of the running process at once; means nothing when none is running
   */
  ready(process: Schedulable, why: ReadyReason, now: number): Verdict;
  /**
   * Chooses who runs; that process is running until `ran` is told. Asked only when none is running.
   * @returns `undefined` if and only if nobody is ready
   */
  next(now: number): Choice | undefined;
  /**
   * The running process stopped, having used `used` ns of CPU time since `next`; unless it blocked it is still ready,
   * and the policy has it back.
   */
  ran(pid: number, used: number, why: StopReason, now: number): void;
  /** The process, which is ready or blocked, ended or was killed. */
  gone(pid: number): void;
  /** The process's length, tickets, currency or nice are new, in whatever state it is; nothing else of it is. */
  changed(process: Schedulable): void;
  /** When `event` is to be called: at that time, or as soon after as can be. `undefined`: never. May change at any call. */
  nextEvent(): number | undefined;
  /**
   * The time that `nextEvent` named has come, e.g. for a priority boost.
   * @returns as `ready` does
   */
  event(now: number): Verdict;
  /** What is known of a process that has arrived and is not gone; changes nothing. */
  describe(pid: number): Known;
  /** Only of policies in which tickets can be lent, inflated and issued. */
  readonly ticketOperations?: TicketOperations;
}

/** What may follow a policy's name behind a colon, e.g. the quantum of `rr:10ms`. */
export interface SchedulingParameter {
  /** As help shows it: `rr:QUANTUM`. */
  readonly syntax: string;
  /** What it means, its range and its default. */
  readonly summary: string;
  /**
   * The policy with that parameter, under its full name (`rr:20ms`); `undefined` when `text` is none.
   * @param place where it was given, for messages
   * @throws UserError where more can be said than that
   */
  parse(text: string, place: string): SchedulingDefinition | undefined;
}

/**
 * A policy as the registry knows it. `State` is plain data (numbers, arrays, maps, nested records) that survives
 * `structuredClone`; `attach` on a clone continues exactly where the original was.
 */
export interface SchedulingDefinition<State = unknown> {
  /** Lower-case name used by `--scheduler` and `--policy`. */
  readonly name: string;
  readonly summary: string;
  /** Paper, book or lecture that defines it. */
  readonly source: string;
  /** How ties are broken, as part of the definition. */
  readonly ties: string;
  readonly parameter?: SchedulingParameter | undefined;
  /** Fresh state, without processes. `random` is copied, not drawn from. */
  initial(random: RandomState): State;
  /** A policy that acts on `state`. */
  attach(state: State): SchedulingPolicy;
}
