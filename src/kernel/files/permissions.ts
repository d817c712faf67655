/** Permission bits, as for the guest's one user. */
import type { FileStat } from './contract.ts';
import { GUEST_GID, GUEST_UID } from './flags.ts';

/** Whether the guest may access a file in every way of `wanted` (R_OK, W_OK, X_OK). */
export function permits(stat: FileStat, wanted: number): boolean {
  const shift = stat.uid === GUEST_UID ? 6 : stat.gid === GUEST_GID ? 3 : 0;
  return ((stat.mode >>> shift) & wanted) === wanted;
}
