/**
 * Compensation tickets: a process that used the fraction f of its quantum has its tickets inflated by 1/f until it
 * runs next, so that it is drawn as much more often as its turns are shorter. Source: Waldspurger and Weihl, "Lottery
 * scheduling: flexible proportional-share resource management", OSDI 1994, section 4.5.
 */
import type { StopReason } from './contract.ts';
import { type Pool, worthIn } from './tickets.ts';

/** By pid: 1/f of who gave the CPU up early and has not run since. */
export type Compensations = Map<number, number>;

/** Tickets that there can be in a drawing. */
const MOST_IN_ALL = 2 ** 32;

/** The process's turn is over; who used nothing of it has no fraction to be compensated for. */
export function compensate(
  compensations: Compensations,
  pid: number,
  turn: { readonly used: number; readonly quantum: number; readonly why: StopReason },
): void {
  const { used, quantum, why } = turn;
  const gaveUp = why === 'blocked' || why === 'yielded';
  if (gaveUp && used > 0 && used < quantum) compensations.set(pid, quantum / used);
}

/**
 * The compensation tickets of `ready`, in base tickets, as pools of their own: 1/f - 1 times what a process's tickets in
 * `pools` are worth, to the nearest whole number. All are scaled down alike where they would be more than can be drawn.
 */
export function compensationPools(
  compensations: Compensations,
  pools: readonly Pool[],
  ready: readonly number[],
): Pool[] {
  if (compensations.size === 0) return [];
  const wanted = ready.map((pid) => ({ pid, tickets: extra(compensations, pools, pid) }));
  const sum = wanted.reduce((total, { tickets }) => total + tickets, 0);
  const room = MOST_IN_ALL - pools.reduce((total, { worth }) => total + worth, 0);
  const scale = sum > room ? room / sum : 1;
  return wanted
    .map(({ pid, tickets }) => ({ pid, tickets: Math.floor(tickets * scale) }))
    .filter(({ tickets }) => tickets > 0)
    .map((member) => ({
      currency: undefined,
      worth: member.tickets,
      tickets: member.tickets,
      members: [member],
    }));
}

const extra = (compensations: Compensations, pools: readonly Pool[], pid: number): number => {
  const inflation = compensations.get(pid);
  return inflation === undefined ? 0 : Math.round(worthIn(pools, pid) * (inflation - 1));
};
