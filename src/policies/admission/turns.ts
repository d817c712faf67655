/** What admission policies have in common: who goes, who comes, and that nobody waits for ever. */
import { type Decision, type LoadView, NO_CHANGE } from './contract.ts';

/** Intervals that a process waits at most before another one has to make room for it. */
export const PATIENCE = 20;

/**
 * Whether several processes did anything since the last look. The others sleep: were the only one that does not suspended
 * because of them, nobody would get on.
 */
export const severalRun = ({ competing }: LoadView): boolean =>
  competing.filter(({ cpu, faults }) => cpu > 0 || faults > 0).length > 1;

/** Suspends the process that was let in last: those that have been at it longer get done. */
export function suspendLast({ competing }: LoadView): Decision {
  const last = competing.at(-1);
  return last === undefined || competing.length < 2 ? NO_CHANGE : { kind: 'suspend', pid: last.pid };
}

/** Lets the longest waiting go on. */
export function resumeFirst({ waiting }: LoadView): Decision {
  const [first] = waiting;
  return first === undefined ? NO_CHANGE : { kind: 'resume', pid: first.pid };
}

/** Has the process that competes longest make room when one has waited for too long. */
export function takeTurns({ now, interval, competing, waiting }: LoadView): Decision | undefined {
  const [longest] = competing;
  const [first] = waiting;
  if (longest === undefined || first === undefined) return undefined;
  const enough = PATIENCE * interval;
  if (now - first.since < enough || now - longest.admitted < enough) return undefined;
  return { kind: 'suspend', pid: longest.pid };
}
