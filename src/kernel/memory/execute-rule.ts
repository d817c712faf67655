/**
 * Which pages may be executed.
 *
 *   nx         those that were mapped so: each entry has a bit of its own (X here, the inverse of NX on x86)
 *   readable   every page that may be read, as on processors that had no such bit: asking for less, by mprotect(2)
 *              or in the program's headers (PT_GNU_STACK), changes nothing
 *
 * What a program asked for stays in its areas, and in /proc/PID/maps; the rule decides what its entries allow.
 */
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../state.ts';

export type ExecuteRule = 'nx' | 'readable';

/** What an area's protection (mmap(2)'s bits) comes to under a rule. Writable means readable, as always. */
export function granted(protection: number, rule: ExecuteRule): number {
  if (rule === 'nx' || (protection & (PROT_READ | PROT_WRITE)) === 0) return protection;
  return protection | PROT_EXEC;
}
