/**
 * Who holds how many tickets, in which currency, and who gets the good of them. Source: Waldspurger and Weihl,
 * "Lottery scheduling: flexible proportional-share resource management", OSDI 1994.
 */
import { assert } from '../../base/errors.ts';
import type { Schedulable } from './contract.ts';

/** Upper bound of tickets that one process has, or that back one currency. */
export const MOST_TICKETS = 1_000_000;

/** What a process owns. */
export interface Holding {
  /** What it has; what it declared unless that was inflated or deflated since. */
  tickets: number;
  declared: number;
  currency: string | undefined;
  /** The process that has the good of its tickets, and of those lent to it, while it is blocked. */
  lentTo: number | undefined;
}

export interface TicketState {
  /** By pid, of every process that is not gone, in the order in which they arrived. */
  readonly holdings: Map<number, Holding>;
  /** By name of a currency that was issued: the base tickets that it is worth as a whole. */
  readonly backing: Map<string, number>;
}

/** Tickets that take part in a lottery together, and what they are worth as a whole. */
export interface Pool {
  /** `undefined`: base tickets, whose pool has one member. */
  readonly currency: string | undefined;
  /** In base tickets. */
  readonly worth: number;
  /** In tickets of the pool's own currency. */
  tickets: number;
  /** Whose tickets they are, and who gets the good of them; in the order of the holdings. */
  readonly members: { readonly pid: number; readonly tickets: number }[];
}

const checkTickets = (tickets: number): void =>
  assert(
    Number.isInteger(tickets) && tickets >= 1 && tickets <= MOST_TICKETS,
    `tickets are a whole number from 1 to ${MOST_TICKETS}`,
  );

/** The process's tickets and currency are as it declares them; a number that it declared before changes nothing. */
export function declareTickets({ holdings }: TicketState, { pid, tickets, currency }: Schedulable): Holding {
  checkTickets(tickets);
  const known = holdings.get(pid);
  const holding = known ?? { tickets, declared: tickets, currency, lentTo: undefined };
  if (holding.declared !== tickets) holding.tickets = tickets;
  holding.declared = tickets;
  holding.currency = currency;
  holdings.set(pid, holding);
  return holding;
}

export function inflate(state: TicketState, pid: number, tickets: number): void {
  checkTickets(tickets);
  holdingOf(state, pid).tickets = tickets;
}

export function issue({ backing }: TicketState, currency: string, baseTickets: number): void {
  checkTickets(baseTickets);
  backing.set(currency, baseTickets);
}

/** Lends what `from` has to `to`, unless that would make a circle of loans, from which nobody would gain. */
export function lend(state: TicketState, from: number, to: number): void {
  const holding = holdingOf(state, from);
  const before = holding.lentTo;
  // An older loan must not hide the circle.
  holding.lentTo = undefined;
  holding.lentTo = beneficiary(state, to) === from ? before : to;
}

/** What was lent to a process that is gone is its owners' again. */
export function forgetHolder({ holdings }: TicketState, pid: number): void {
  holdings.delete(pid);
  for (const holding of holdings.values()) if (holding.lentTo === pid) holding.lentTo = undefined;
}

export function holdingOf({ holdings }: TicketState, pid: number): Holding {
  const holding = holdings.get(pid);
  assert(holding !== undefined, 'only a process that has arrived and is not gone has tickets');
  return holding;
}

/** Who has the good of a process's tickets in the end. */
function beneficiary(state: TicketState, pid: number): number {
  let at = pid;
  let next = holdingOf(state, at).lentTo;
  while (next !== undefined) {
    at = next;
    next = holdingOf(state, at).lentTo;
  }
  return at;
}

/**
 * The tickets of the processes that `takesPart` accepts, own and lent: each base holding a pool of its own, each
 * issued currency one. Tickets of a currency that nobody issued count as base tickets.
 */
export function poolsOf(state: TicketState, takesPart: (pid: number) => boolean): Pool[] {
  const pools: Pool[] = [];
  const byCurrency = new Map<string, Pool>();
  for (const [owner, { tickets, currency }] of state.holdings) {
    const pid = beneficiary(state, owner);
    if (!takesPart(pid)) continue;
    const backing = currency === undefined ? undefined : state.backing.get(currency);
    if (currency === undefined || backing === undefined) {
      pools.push({ currency: undefined, worth: tickets, tickets, members: [{ pid, tickets }] });
      continue;
    }
    const pool = byCurrency.get(currency) ?? { currency, worth: backing, tickets: 0, members: [] };
    if (pool.tickets === 0) pools.push(pool);
    byCurrency.set(currency, pool);
    pool.tickets += tickets;
    pool.members.push({ pid, tickets });
  }
  return pools;
}

/** What the tickets of process `pid` in `pools` are worth, in base tickets. */
export function worthIn(pools: readonly Pool[], pid: number): number {
  let worth = 0;
  for (const pool of pools) {
    for (const member of pool.members) {
      if (member.pid === pid) worth += (pool.worth * member.tickets) / pool.tickets;
    }
  }
  return worth;
}
