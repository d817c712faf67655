/**
 * Who waits for which word of memory (futex(2)). A word is known by its address in its space, or, in a shared mapping,
 * by its place in what is mapped, so that processes meet at it.
 */
import type { Pid, VirtualAddress } from '../../base/numbers.ts';
import type { RootState, SpaceState } from '../state.ts';
import { rouse } from './wakeups.ts';

export const ALL_BITS = 0xffff_ffff;

/** The word's name: of the space, or of the object that is mapped there and shared. */
export function futexKey(space: SpaceState, address: VirtualAddress): string {
  const area = space.areas.find(({ start, end }) => start <= address && address < end);
  if (area?.shared !== true || area.backing === undefined) return `${space.id}:${address}`;
  return `o${area.backing.object}:${area.backing.offset + address - area.start}`;
}

/** Wakes at most `count` of those who wait for a word with one of `bits`, the longest waiting first; gives how many. */
export function wakeFutex(root: RootState, key: string, count: number, bits = ALL_BITS): number {
  const chosen = root.futexes
    .filter((waiter) => waiter.key === key && (waiter.bits & bits) !== 0)
    .slice(0, count);
  if (chosen.length === 0) return 0;
  root.futexes = root.futexes.filter((waiter) => !chosen.includes(waiter));
  for (const { pid } of chosen) {
    const waiter = root.processes.find((process) => process.pid === pid);
    if (waiter === undefined) continue;
    waiter.call = { ...(waiter.call ?? { done: 0 }), woken: true };
    if (waiter.sleep !== undefined) rouse(root, waiter);
  }
  return chosen.length;
}

/** A thread waits for no word any more. */
export function stopWaiting(root: RootState, waiter: Pid): void {
  root.futexes = root.futexes.filter(({ pid }) => pid !== waiter);
}
