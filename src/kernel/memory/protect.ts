/** mprotect(2): areas are cut and merged, and the entries of their pages made to agree. */
import { PAGE_SIZE, roundUp, type VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE, type SpaceState } from '../state.ts';
import { carve, findArea, indexAbove, insertArea } from './areas.ts';
import type { Result } from './contract.ts';
import { isForbidden, type MapParts } from './map-calls.ts';
import { mayHaveSuperpages } from './superpage-state.ts';

const ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
/** Accepted and without effect: atomic access is always possible (asm-generic/mman-common.h). */
const PROT_SEM = 8;

/**
 * 0, EINVAL, EACCES (write xor execute), or ENOMEM when the range has a hole; what lies before the hole has its
 * new protection then, as in Linux.
 */
export function protect(
  parts: MapParts,
  space: SpaceState,
  address: VirtualAddress,
  length: number,
  protection: number,
): Result {
  const bytes = roundUp(length);
  if (address % PAGE_SIZE !== 0 || (protection & ~(ALL | PROT_SEM)) !== 0) return Errno.EINVAL;
  if (bytes === 0) return 0;
  if (!(address + bytes <= space.layout.end)) return Errno.ENOMEM;
  if (isForbidden(parts, protection)) return Errno.EACCES;
  const end = address + bytes;
  const covered = Math.min(end, coveredUntil(space, address));
  if (covered > address) apply(parts, space, address, covered, protection & ALL);
  return covered < end ? Errno.ENOMEM : 0;
}

/** First address from `address` on that lies in no area. */
function coveredUntil(space: SpaceState, address: number): number {
  let reached = address;
  for (let i = indexAbove(space.areas, address); i < space.areas.length; i++) {
    const area = space.areas[i]!;
    if (area.start > reached) break;
    reached = area.end;
  }
  return reached;
}

function apply(parts: MapParts, space: SpaceState, start: number, end: number, protection: number): void {
  const { tables, superpages, mappings, objectAreas } = parts;
  superpages?.splitRange(space, start / PAGE_SIZE, end / PAGE_SIZE, 'protect');
  for (const area of carve(space.areas, start, end, objectAreas)) {
    const { backing } = area;
    insertArea(space.areas, { ...area, protection }, objectAreas);
    if (backing !== undefined) objectAreas.gone(backing.object);
    const now = findArea(space.areas, area.start)!;
    tables.forEach(space, area.start / PAGE_SIZE, area.end / PAGE_SIZE, (page, at) => {
      mappings.rederive(space, now, page, at);
    });
  }
  superpages?.joinRange(space, start / PAGE_SIZE, end / PAGE_SIZE, (first) => {
    const area = findArea(space.areas, first * PAGE_SIZE);
    if (area === undefined || !mayHaveSuperpages(parts.superpageRule, area)) return false;
    return area.end >= (first + superpages.span) * PAGE_SIZE;
  });
}
