/** What is done to all pages of a space: swapped out together, or asked which of them were used. */
import type { Frame, Vpn } from '../../base/numbers.ts';
import type { SpaceState } from '../state.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { Reclaim } from './reclaim.ts';
import { LOADING, type MemoryState, USED } from './state.ts';
import type { TableEviction } from './table-eviction.ts';

export interface WholeSpaceParts {
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly mappings: Mappings;
  readonly reclaim: Reclaim;
  readonly tableEviction: TableEviction;
}

/** One more than the highest page there can be. */
const ALL_PAGES = 2 ** 52;

/**
 * Evicts all pages of a space that nobody else maps and no step under way holds, until swap is full; dirty ones are
 * written, and then its tables that may go. Gives how many pages went.
 */
export function swapOut(parts: WholeSpaceParts, space: SpaceState): number {
  const { frames, tables, mappings, reclaim, tableEviction } = parts;
  const pages: Frame[] = [];
  tables.forEach(space, 0, ALL_PAGES, (_page, at) => {
    const frame = mappings.frameOf(at);
    if (frame === -1 || frames.mapperCount(frame) !== 1) return;
    if (!frames.isPinned(frame) && !frames.has(frame, LOADING)) pages.push(frame);
  });
  let gone = 0;
  for (const frame of pages) {
    if (!reclaim.evictPage(frame)) break;
    gone++;
  }
  tableEviction.ofSpace(space);
  return gone;
}

/**
 * Pages of the space that were used since this was last asked, those among them that were evicted since: what is read
 * in is used. That they were stays known to the replacement policy.
 * Source: the working set of Denning, "The Working Set Model for Program Behavior", CACM 11(5), 1968, by sampling.
 */
export function sampleWorkingSet({ state, frames, tables }: WholeSpaceParts, space: SpaceState): number {
  const accessed = 1 << tables.format.entry.accessed;
  const used = state.evictedLately.get(space.id) ?? new Set<Vpn>();
  tables.forEach(space, 0, ALL_PAGES, (page, at) => {
    const low = tables.low(at);
    if (!tables.isValid(low) || (low & accessed) === 0) return;
    used.add(page);
    frames.set(tables.frameAt(at), USED);
    tables.clearBits(at, accessed);
    tables.flush(space, page);
  });
  state.evictedLately.set(space.id, new Set());
  return used.size;
}
