/** Lottery scheduling: before each turn a ticket is drawn, and whoever holds it runs. */
import { DURATION_SYNTAX, parseDuration } from '../../base/durations.ts';
import { assert } from '../../base/errors.ts';
import { nextBelow, type RandomState } from '../../base/random.ts';
import { type Compensations, compensate, compensationPools } from './compensation.ts';
import type {
  Choice,
  Known,
  Schedulable,
  SchedulingDefinition,
  SchedulingParameter,
  SchedulingPolicy,
  StopReason,
  TicketOperations,
  Verdict,
} from './contract.ts';
import { append, drop, putBack, type ReadyList } from './ready-list.ts';
import {
  declareTickets,
  forgetHolder,
  holdingOf,
  inflate,
  issue,
  lend,
  poolsOf,
  type TicketState,
  worthIn,
} from './tickets.ts';

/** Who runs, and how the lottery went. */
interface Drawing {
  readonly pid: number;
  /** The winning ticket, 0 to `of` - 1, in base tickets. */
  readonly draw: number;
  readonly of: number;
  /** When that ticket backs a currency: the same among its tickets. */
  readonly within: { readonly currency: string; readonly draw: number; readonly of: number } | undefined;
}

export interface LotteryState extends TicketState {
  readonly random: RandomState;
  readonly ready: ReadyList;
  running: Drawing | undefined;
  /** Stays empty without compensation tickets. */
  readonly compensations: Compensations;
}

/** What can be tuned. */
interface Tuning {
  /** ns. */
  readonly quantum: number;
  readonly compensation: 'off' | 'on';
}

class Lottery implements SchedulingPolicy {
  readonly ticketOperations: TicketOperations;
  readonly #state: LotteryState;
  readonly #tuning: Tuning;

  constructor(state: LotteryState, tuning: Tuning) {
    this.#state = state;
    this.#tuning = tuning;
    this.ticketOperations = {
      transfer: (from, to) => {
        assert(!this.#takesPart(from), 'only a blocked process lends its tickets');
        lend(state, from, to);
      },
      giveBack: (from) => {
        holdingOf(state, from).lentTo = undefined;
      },
      inflate: (pid, tickets) => inflate(state, pid, tickets),
      issue: (currency, baseTickets) => issue(state, currency, baseTickets),
    };
  }

  ready(process: Schedulable): Verdict {
    append(this.#state.ready, process.pid);
    // Who can run has its own tickets: without them it would never be drawn.
    declareTickets(this.#state, process).lentTo = undefined;
    return 'wait';
  }

  next(): Choice | undefined {
    const { ready } = this.#state;
    if (ready.length === 0) return undefined;
    const drawing = drawTicket(this.#state);
    drop(ready, drawing.pid);
    this.#state.running = drawing;
    this.#state.compensations.delete(drawing.pid);
    return { pid: drawing.pid, quantum: this.#tuning.quantum };
  }

  ran(pid: number, used: number, why: StopReason): void {
    const { quantum, compensation } = this.#tuning;
    this.#state.running = undefined;
    if (compensation === 'on') compensate(this.#state.compensations, pid, { used, quantum, why });
    putBack(this.#state.ready, pid, why);
  }

  gone(pid: number): void {
    drop(this.#state.ready, pid);
    this.#state.compensations.delete(pid);
    forgetHolder(this.#state, pid);
  }

  changed(process: Schedulable): void {
    declareTickets(this.#state, process);
  }

  nextEvent(): undefined {}

  event(): Verdict {
    return 'wait';
  }

  describe(pid: number): Known {
    const { holdings, running, compensations } = this.#state;
    const holding = holdings.get(pid);
    if (holding === undefined) return {};
    const { tickets, currency, lentTo } = holding;
    const worth = worthIn(poolsOf(this.#state, this.#takesPart), pid);
    const inflation = compensations.get(pid);
    const won = running?.pid === pid ? running : undefined;
    return {
      tickets,
      ...(currency === undefined ? {} : { currency }),
      ...(lentTo === undefined ? {} : { lentTo }),
      ...(this.#takesPart(pid) ? { worth } : {}),
      ...(inflation === undefined ? {} : { inflation }),
      ...(won === undefined ? {} : { draw: won.draw, of: won.of }),
      ...(won?.within === undefined ? {} : { drawWithin: won.within.draw, ofWithin: won.within.of }),
    };
  }

  /** Whose tickets are worth something: those of who is ready or running. */
  readonly #takesPart = (pid: number): boolean =>
    pid === this.#state.running?.pid || this.#state.ready.includes(pid);
}

/** Draws among the ready processes, of which there is one at least; changes nothing but `random`. */
function drawTicket(state: LotteryState): Drawing {
  const ready = new Set(state.ready);
  const held = poolsOf(state, (pid) => ready.has(pid));
  const pools = [...held, ...compensationPools(state.compensations, held, state.ready)];
  const of = pools.reduce((sum, { worth }) => sum + worth, 0);
  assert(of <= 2 ** 32, 'there are at most 2^32 base tickets');
  const draw = nextBelow(state.random, of);
  const { currency, tickets, members } = holderOfTicket(pools, ({ worth }) => worth, draw);
  if (currency === undefined) return { pid: members[0]!.pid, draw, of, within: undefined };
  const drawWithin = nextBelow(state.random, tickets);
  const { pid } = holderOfTicket(members, (member) => member.tickets, drawWithin);
  return { pid, draw, of, within: { currency, draw: drawWithin, of: tickets } };
}

/** Counts through `holders` until the ticket with number `ticket`, from 0, is found. */
function holderOfTicket<T>(holders: readonly T[], tickets: (holder: T) => number, ticket: number): T {
  let counted = 0;
  for (const holder of holders) {
    counted += tickets(holder);
    if (ticket < counted) return holder;
  }
  throw new Error('invariant broken: a ticket is drawn among those that there are');
}

const COMPENSATION = 'compensation=';

/** `QUANTUM`, `compensation=on`, or both with a comma between them. */
const parameter: SchedulingParameter = {
  syntax: 'lottery:QUANTUM,compensation=on',
  summary: `either or both: how long a turn is, ${DURATION_SYNTAX} (default 10ms); on: who uses a part of its turn only has more tickets until it runs next (default off)`,
  parse: (text) => {
    const [first = '', second, ...rest] = text.split(',');
    const hasQuantum = !first.startsWith(COMPENSATION);
    const quantum = hasQuantum ? parseDuration(first) : STANDARD.quantum;
    const setting = hasQuantum ? (second ?? `${COMPENSATION}${STANDARD.compensation}`) : first;
    const isTooMuch = rest.length > 0 || (!hasQuantum && second !== undefined);
    const compensation = (['off', 'on'] as const).find((one) => setting === COMPENSATION + one);
    if (quantum === undefined || compensation === undefined || isTooMuch) return undefined;
    return variant({ quantum, compensation }, `lottery:${text}`);
  },
};

const STANDARD: Tuning = { quantum: 10e6, compensation: 'off' };

const variant = (tuning: Tuning, name: string): SchedulingDefinition<LotteryState> => ({
  name,
  summary: 'draws a ticket before each turn: shares of the CPU in proportion to tickets, by chance',
  source:
    'Waldspurger and Weihl, "Lottery scheduling: flexible proportional-share resource management", OSDI 1994',
  ties: 'every ticket is equally likely; the seed decides',
  parameter,
  initial: (random) => ({
    random: { ...random },
    ready: [],
    running: undefined,
    holdings: new Map(),
    backing: new Map(),
    compensations: new Map(),
  }),
  attach: (state) => new Lottery(state, tuning),
});

/**
 * Only the tickets of ready processes take part. A currency that was issued takes part with the base tickets that
 * back it, as long as one of its holders is ready; when it wins, a second ticket is drawn among those of its own, so
 * that every share is an exact fraction.
 *
 * The paper's compensation tickets are off unless asked for, as in most textbooks: then turns are shared by tickets, and
 * a process that gives the CPU up early gets less of it than its share. With `compensation=on` such a process has its
 * tickets inflated by 1/f until it runs next, f being the part of the quantum that it used, and CPU time is shared by
 * tickets among those that want it: 1/f times the turns, each f of a quantum.
 *
 * `describe` gives `tickets`, their `currency`, `lentTo`, and of who is ready or running what the tickets that it has
 * the good of are `worth` in base tickets; the `inflation` 1/f that is due to it; of who is running also the winning
 * ticket's number, `draw`, from 0, among how many (`of`), and `drawWithin` and `ofWithin` for the drawing within a
 * currency.
 */
export const lottery = variant(STANDARD, 'lottery');
