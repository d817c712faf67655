/**
 * How far the machine runs before somebody looks. A stretch ends near the next event, and where it ends follows from the
 * state at its beginning alone. Limits and a full reference ring may cut it short; what is left of it is part of the
 * state, and gone through before anything is looked at. So pausing, snapshots and recording leave no trace in a run.
 */
import type { TimerStop } from '../machine/contract.ts';

/** Up to which instruction, counted from the first of all, and between which instructions it may end. */
export interface Stretch {
  readonly until: number;
  readonly stop: TimerStop;
}

/** Where to stop a run that has not ended; both are reached at the first stop after them. */
export interface RunLimits {
  /** Instructions retired since the start. */
  readonly instructions?: number | undefined;
  /** Virtual time, ns. */
  readonly time?: number | undefined;
}

/** What it is worked out from; times in ns. */
export interface Moment {
  readonly now: number;
  /** Instructions so far. */
  readonly instructions: number;
  /** What one takes at least, and took on average so far; above 0. */
  readonly least: number;
  readonly average: number;
}

/** Longest run without a look at limits and host. */
const QUANTUM = 200_000;
/** So near to the next event a process that is not alone is run instruction by instruction. */
const WALK = 128;
/** The part of the likely way that is gone at once: instructions may take longer than they did so far. */
const LEAP = 0.75;

const atLeastOne = (count: number): number => Math.max(1, Math.floor(count));
/** Part of the way that is gone at once, in instructions. */
const leapOf = (likely: number): number => (likely > 2 * WALK ? likely * LEAP : likely);

/**
 * Up to the next event. Where others want the processor it comes near it in leaps, and executes the last
 * instructions before it one by one: a timer interrupt comes between any two instructions, and not only behind jumps.
 * @param due time to the next event, Infinity when there is none
 * @param interrupt time to the next clock interrupt of the memory
 */
export function stretchTo(
  { instructions, least, average }: Moment,
  { due, interrupt, company }: { due: number; interrupt: number; company: 'alone' | 'others' },
): Stretch {
  const most = atLeastOne(Math.min(QUANTUM, due / least, interrupt / least));
  if (due === Number.POSITIVE_INFINITY || company === 'alone')
    return { until: instructions + most, stop: 'behind jumps' };
  const likely = due / average;
  const stop = likely > 2 * WALK ? 'behind jumps' : 'at any instruction';
  return { until: instructions + Math.min(most, atLeastOne(leapOf(likely))), stop };
}

/** Instructions of a stretch to run now: no further than a limit. */
export function fuelOf({ until }: Stretch, moment: Moment, limits: RunLimits): number {
  const { now, instructions, average } = moment;
  let fuel = until - instructions;
  if (limits.instructions !== undefined) fuel = Math.min(fuel, limits.instructions - instructions);
  if (limits.time !== undefined) fuel = Math.min(fuel, leapOf((limits.time - now) / average));
  return atLeastOne(fuel);
}
