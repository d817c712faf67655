/**
 * Read-ahead: with a page that is asked for come the next ones, if they lie behind it on the disk, so that one request
 * fetches them all.
 *
 *   program   … page 7   8   9   10 …           file   page 7   8   9 │ end
 *   slots         40    41   42  17             place      90  91  92
 *                  ▲ asked for
 *                  └─────────┴ one request, of 3 pages          └───┴
 *
 * Pages of the program follow each other in its area, and their slots do too, as slots given out in a run or one after
 * the other do (clusters.ts). Pages of a file go as far as the area and the file do, into the page cache. The first page that is
 * there, on its way, or lies elsewhere ends it. Frames are taken only as `Reclaim.spare` gives them.
 *
 * What was read ahead is in memory and mapped by nobody; the first use maps it, by a fault without a transfer. A program
 * that wants it while it is on its way waits for the same request.
 *
 * (By addresses and not by slots, as Linux does where a seek is cheap: 6.6, mm/swap_state.c, swap_vma_readahead; only
 * along adjacent slots, as for a disk: swap_cluster_readahead. Prefetching: lecture "Other VM policies".)
 */
import { addressOf, type Frame, PAGE_SIZE, type Slot, type SpaceId, type Vpn } from '../../base/numbers.ts';
import type { Area, ObjectId, SpaceState } from '../state.ts';
import type { BackingObjects } from './contract.ts';
import { backedPage, showsObject } from './fault-site.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { PagingRules } from './paging-rules.ts';
import type { DiskPlaces } from './places.ts';
import type { Reclaim } from './reclaim.ts';
import type { Swap } from './swap.ts';
import type { Companion, Origin, Transfers } from './transfers.ts';

export interface ReadAheadParts {
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly mappings: Mappings;
  readonly reclaim: Reclaim;
  readonly transfers: Transfers;
  readonly objects: BackingObjects;
  readonly places: DiskPlaces;
  readonly rules: PagingRules;
}

/** Where the page is that was asked for. */
export interface Asked {
  readonly space: SpaceState;
  readonly area: Area;
  readonly page: Vpn;
}

export class ReadAhead {
  readonly #parts: ReadAheadParts;

  constructor(parts: ReadAheadParts) {
    this.#parts = parts;
  }

  /** The pages to read behind the one that is going to be read from `origin`, each with a frame for it. */
  beside({ space, area, page }: Asked, origin: Origin): Companion[] {
    const { rules, transfers } = this.#parts;
    const found: Companion[] = [];
    const first = rules.readAhead === 0 ? 0 : transfers.placeOf(origin);
    for (let i = 1; i <= rules.readAhead; i++) {
      const next = (page + i) as Vpn;
      if (addressOf(next) >= area.end) break;
      const source =
        origin.kind === 'swap-in' ? this.#inSwap(space, area, next) : this.#inFile(space, area, next);
      if (source === undefined || transfers.placeOf(source) !== first + i) break;
      const frame = this.#frameFor(space.id, area, next, source);
      if (frame === -1) break;
      found.push({ page: next, frame, origin: source });
    }
    return found;
  }

  /** The slot that a page is in and nowhere else. */
  #inSwap(space: SpaceState, area: Area, page: Vpn): Origin | undefined {
    const { tables, cache, swap, mappings, transfers } = this.#parts;
    const at = tables.find(space, page);
    // It would have to be read to know.
    if (tables.isSwapped(at)) return undefined;
    const own = at === -1 ? -1 : mappings.slotOf(at);
    const backed = at === -1 || tables.low(at) === 0 ? backedPage(area, page) : undefined;
    const slot = own !== -1 ? own : backed === undefined ? -1 : cache.slot(backed.object, backed.index);
    if (slot === -1 || swap.frame(slot as Slot) !== -1 || swap.whyLost(slot as Slot) !== undefined)
      return undefined;
    return transfers.isComing(slot as Slot) ? undefined : { kind: 'swap-in', slot: slot as Slot };
  }

  /** The page of a file that an area shows and that is not in memory. */
  #inFile(space: SpaceState, area: Area, page: Vpn): Origin | undefined {
    const { tables, cache, objects } = this.#parts;
    const at = tables.find(space, page);
    if (tables.isSwapped(at) || (at !== -1 && tables.low(at) !== 0)) return undefined;
    const backed = backedPage(area, page);
    if (backed === undefined || !showsObject(area, backed)) return undefined;
    const { object, index } = backed;
    if (index * PAGE_SIZE >= objects.size(object) || cache.object(object)?.anonymous !== false)
      return undefined;
    return cache.frame(object, index) === -1 ? { kind: 'file-in', object, index } : undefined;
  }

  #frameFor(space: SpaceId, area: Area, page: Vpn, source: Origin): Frame | -1 {
    const { cache, swap, reclaim } = this.#parts;
    const shared = this.#objectOf(area, page, source);
    const key = source.kind === 'swap-in' ? swap.key(source.slot) : cache.key(shared!.object, shared!.index);
    const frame = reclaim.spare(key, space);
    if (frame !== -1 && shared !== undefined) cache.insert(shared.object, shared.index, frame);
    return frame;
  }

  /** The object whose page it is; `undefined`: the program's own. */
  #objectOf(area: Area, page: Vpn, source: Origin): { object: ObjectId; index: number } | undefined {
    if (source.kind === 'file-in') return source;
    const backed = backedPage(area, page);
    return backed !== undefined && this.#parts.cache.slot(backed.object, backed.index) === source.slot
      ? backed
      : undefined;
  }
}
