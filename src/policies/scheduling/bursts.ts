/**
 * How long bursts of CPU time are, for the policies that want the shortest: as declared, or else estimated by
 * exponential averaging of the process's bursts so far: after a burst of t the next guess is αt + (1 - α) of the
 * last one. Source: Silberschatz, Galvin and Gagne, "Operating System Concepts", section "Shortest-job-first
 * scheduling".
 */
import type { Schedulable, SchedulingDefinition, SchedulingParameter, StopReason } from './contract.ts';

/** The guess for the first burst of a process that declares nothing, ns. */
const FIRST_GUESS = 10e6;
/** The α of the average, unless another is given. */
export const STANDARD_WEIGHT = 0.5;

/** The burst that a process is in, or its next one when it is blocked. */
export interface Burst {
  /** As the process declared it; `undefined`: it did not. */
  declared: number | undefined;
  /** CPU time that it takes in all, as far as is known; ns. */
  total: number;
  /** CPU time that was used of it, ns. */
  used: number;
  /** The exponential average of the bursts before, ns. */
  guess: number;
}

/** By pid, of every process that is not gone. */
export type Bursts = Map<number, Burst>;

/** A process became ready to begin a burst. */
export function beginBurst(bursts: Bursts, { pid, length }: Schedulable): Burst {
  const guess = bursts.get(pid)?.guess ?? FIRST_GUESS;
  const burst: Burst = { declared: length, total: length ?? Math.ceil(guess), used: 0, guess };
  bursts.set(pid, burst);
  return burst;
}

/** A process ran for `used` ns; when it blocked, its burst is over and counts in the average with weight `weight`. */
export function chargeBurst(burst: Burst, used: number, why: StopReason, weight: number): void {
  burst.used += used;
  if (why !== 'blocked') return;
  // Who was stopped before it ran had no burst.
  if (burst.used > 0) burst.guess = weight * burst.used + (1 - weight) * burst.guess;
  burst.used = 0;
  burst.total = burst.declared ?? Math.ceil(burst.guess);
}

/** A process declares how long its burst is in all, or takes its declaration back. */
export function declareBurst(burst: Burst, length: number | undefined): void {
  burst.declared = length;
  burst.total = length ?? Math.ceil(burst.guess);
}

/**
 * CPU time that the burst still takes when `more` ns have been used since it was last charged; above 0. One that is
 * not over when it should be is taken to be twice as long, and so on: who says too little gains nothing for long.
 */
export function leftOf({ total, used }: Burst, more = 0): number {
  let expected = Math.max(total, 1);
  while (expected <= used + more) expected *= 2;
  return expected - used - more;
}

/** What `describe` gives of a burst: what is left of it, and whether its length was declared or is a guess. */
export const describeBurst = (burst: Burst): { readonly left: number; readonly length: string } => ({
  left: leftOf(burst),
  length: burst.declared === undefined ? 'estimated' : 'declared',
});

/** `NAME:ALPHA`. */
export const weightParameter = (
  name: string,
  variant: (weight: number, name: string) => SchedulingDefinition,
): SchedulingParameter => ({
  syntax: `${name}:ALPHA`,
  summary: 'weight of the last burst in the estimate of an undeclared one, 0 to 1 (default 0.5)',
  parse: (text) => (/^(0(\.\d{1,6})?|1)$/.test(text) ? variant(Number(text), `${name}:${text}`) : undefined),
});
