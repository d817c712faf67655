/**
 * Ready processes as a list of their pids, in the order in which they became ready. Nobody is in it twice, and
 * nobody who runs or is blocked.
 */
import { assert } from '../../base/errors.ts';
import type { StopReason } from './contract.ts';

export type ReadyList = number[];

/** Puts a process that became ready behind all others. */
export function append(list: ReadyList, pid: number): void {
  assert(!list.includes(pid), 'a process becomes ready only when it is not');
  list.push(pid);
}

/**
 * Takes back a process that stopped running: in front of all others when it was preempted, because its turn was not
 * over; not at all when it blocked; behind all others otherwise.
 */
export function putBack(list: ReadyList, pid: number, why: StopReason): void {
  if (why === 'preempted') list.unshift(pid);
  else if (why !== 'blocked') append(list, pid);
}

/** Takes out the process with the least `key`, among equals the one that is first; `undefined` when nobody is ready. */
export function takeLeast(list: ReadyList, key: (pid: number) => number): number | undefined {
  const least = leastKey(list, key);
  const at = list.findIndex((pid) => key(pid) === least);
  return at < 0 ? undefined : list.splice(at, 1)[0];
}

/** The least `key` of all, `Infinity` when nobody is ready. */
export const leastKey = (list: ReadyList, key: (pid: number) => number): number =>
  list.reduce((least, pid) => Math.min(least, key(pid)), Number.POSITIVE_INFINITY);

/** Takes a process out, if it is in. */
export function drop(list: ReadyList, pid: number): void {
  const at = list.indexOf(pid);
  if (at >= 0) list.splice(at, 1);
}

/** Its place in the list, 0 for the first, for the log of decisions; nothing for one that is not ready. */
export function placeOf(list: ReadyList, pid: number): { readonly position?: number } {
  const position = list.indexOf(pid);
  return position < 0 ? {} : { position };
}
