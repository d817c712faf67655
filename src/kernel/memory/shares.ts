/**
 * How the frames for pages are divided among the processes where each replaces its own (`--replacement-scope local`):
 * in equal parts, or by the sizes of their address spaces. Counted anew at each question, so that the parts change
 * as soon as a process starts or ends. (Silberschatz, Galvin, Gagne, "Operating System Concepts", "Allocation of
 * frames".)
 */
import { PAGE_SIZE } from '../../base/numbers.ts';
import type { SpaceState } from '../state.ts';

export type ShareRule = 'equal' | 'proportional';

/** Frames of `room` that are the share of space `owner`: at least 1, and 0 when there is no such space. */
export function sharesOf(
  spaces: readonly (SpaceState | undefined)[],
  room: number,
  owner: number,
  rule: ShareRule,
): number {
  const own = spaces[owner];
  if (own === undefined) return 0;
  const weigh = rule === 'equal' ? () => 1 : pagesOf;
  let all = 0;
  for (const space of spaces) if (space !== undefined) all += weigh(space);
  return Math.max(1, Math.floor((room * weigh(own)) / all));
}

/** Pages of its areas, whether they have been touched or not; 1 before it has any. */
function pagesOf({ areas }: SpaceState): number {
  let bytes = PAGE_SIZE;
  for (const { start, end } of areas) bytes += end - start;
  return bytes / PAGE_SIZE;
}
