/**
 * Frames when they are wanted: a free one, or one that the policy gives up.
 *
 *   free list ──────────────────────────────────────────────────▶ frame
 *       └ empty: policy.victim ─▶ dirty? write to swap or file ─▶ every mapping made invalid ─▶ frame
 *                    ▲                  └ no slot left, or the write failed: the page stays,
 *                    └──────────────────── another victim
 *
 * When swap is full, pages that would need a slot count as pinned, so that the policy chooses among those that
 * can go. A failed write pins its page until the frame is found. Tables that may go to swap come before the policy's
 * victims: see table-eviction.ts.
 */
import type { Frame, SpaceId } from '../../base/numbers.ts';
import type { PageKey, Why } from '../../policies/replacement/contract.ts';
import { DROPPED, NOTHING, SWAPPED } from '../../translation/invalid-entry.ts';
import type { Candidate, EventSink } from '../events.ts';
import type { RequestState, RootState } from '../state.ts';
import type { Clusters } from './clusters.ts';
import type { Clock, MemoryCounters, Outcome, OutOfMemory } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import type { PagingRules } from './paging-rules.ts';
import { isPause, pause } from './pauses.ts';
import type { Pins } from './pins.ts';
import type { Replacement } from './replacement.ts';
import { AHEAD, FREE, type MemoryState, MODIFIED, pageOfCode, spaceOfCode } from './state.ts';
import type { SuperpageTables } from './superpage-tables.ts';
import type { Swap } from './swap.ts';
import type { TableEviction } from './table-eviction.ts';
import type { Urgency, WriteBack } from './writeback.ts';

export interface ReclaimParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly pins: Pins;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly writeBack: WriteBack;
  readonly clusters: Clusters;
  readonly tableEviction: TableEviction;
  readonly superpages: SuperpageTables | undefined;
  readonly rules: PagingRules;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Failed writes to look past before giving up. */
const MOST_FAILURES = 16;

function swapText(swap: Swap): string {
  if (swap.capacity === 0) return 'there is no swap';
  const bad = swap.bad === 0 ? '' : ` (${swap.bad} slots are bad)`;
  return `${swap.isFull ? 'swap is full' : 'swap is not full'}${bad}`;
}

export type Shortage = Outcome & { readonly kind: 'blocked' | 'out-of-memory' };

type Search = 'found' | 'nothing' | 'no slot';

export class Reclaim {
  readonly #parts: ReclaimParts;
  /** What was asked for last; `shortage` is called at once when it could not be had. */
  #lacked: 'page' | 'table' = 'page';
  /** What the tables had refused until then. */
  #refusals = 0;

  constructor(parts: ReclaimParts) {
    this.#parts = parts;
  }

  /** A frame for page `key` of space `owner`, as a page; -1 when none can be had: see `shortage`. */
  page(key: PageKey, owner: SpaceId): Frame | -1 {
    const { frames, pins, replacement, tableEviction } = this.#parts;
    this.#asks('page');
    if (pins.isOutranked) return -1;
    const { daemon } = this.#parts.counters.paging;
    let frame = replacement.isFull(owner) ? -1 : frames.allocatePage(key);
    if (frame === -1) {
      daemon.missed++;
      const goes = !replacement.isFull(owner) && tableEviction.oldest('free');
      if (!goes) this.#evictOne(key, owner);
      frame = frames.allocatePage(key);
    } else daemon.found++;
    if (frame !== -1) pins.fed();
    return frame;
  }

  /** Adjacent free frames for pages of a space, as `FrameTable.allocateRun` gives them; -1 when there are none to spare. */
  run(count: number, owner: SpaceId): Frame | -1 {
    const { frames, pins, replacement } = this.#parts;
    if (pins.areAnyStarving || replacement.isFull(owner, count)) return -1;
    return frames.allocateRun(count);
  }

  /** A frame for a table, wanted to map page `key` of space `owner`; -1 when none can be had. */
  table(key: PageKey, owner: SpaceId): Frame | -1 {
    const { frames, pins, tableEviction } = this.#parts;
    this.#asks('table');
    const isPage = frames.state.tables === undefined;
    if (isPage && pins.isOutranked) return -1;
    let frame = frames.allocateTable();
    const goes = () => tableEviction.oldest('free') || this.#evictOne(key, owner);
    if (frame === -1 && isPage && goes()) frame = frames.allocateTable();
    if (frame === -1) return -1;
    pins.fed();
    return frame;
  }

  #asks(what: 'page' | 'table'): void {
    this.#lacked = what;
    this.#refusals = this.#parts.tables.refusals;
  }

  /** What the running process can do without a frame: wait for a page on its way, let others go first, or give up. */
  shortage(): Shortage {
    const { root, frames, tables, pins, clock } = this.#parts;
    // No page that goes makes room where tables have a room of their own.
    if (tables.refusals > this.#refusals) return this.#noRoomForTables();
    let first: RequestState | undefined;
    for (const request of root.requests) {
      if (!isPause(request) && (first === undefined || request.due < first.due)) first = request;
    }
    const canCome = first !== undefined || pins.othersHold || pins.isOutranked;
    // No page that goes makes room for a table where tables have frames of their own.
    if (!canCome || (this.#lacked === 'table' && frames.state.tables !== undefined))
      return this.#outOfMemory();
    pins.starves();
    return { kind: 'blocked', request: first?.id ?? pause(root, clock) };
  }

  #noRoomForTables(): OutOfMemory {
    const { counters, events } = this.#parts;
    const detail = `the ${counters.tableFrames} frames of the page tables have no room for another piece`;
    if (events.watched) events.emit({ type: 'out-of-memory', detail });
    return { kind: 'out-of-memory', lacks: 'tables', detail };
  }

  #outOfMemory(): OutOfMemory {
    const { frames, swap, counters, events } = this.#parts;
    const { tables } = frames.state;
    const why =
      tables !== undefined && tables.freed.length === 0 && tables.fresh >= tables.limit
        ? 'no frame is left for tables'
        : 'no frame can be freed';
    const detail = `${why}: ${counters.residentPages} page frames and ${counters.tableFrames} table frames in use, ${swapText(swap)}`;
    if (events.watched) events.emit({ type: 'out-of-memory', detail });
    return { kind: 'out-of-memory', lacks: swap.isFull ? 'swap' : 'frames', detail };
  }

  /** Evicts a page that may go, for none in particular; false when it can't be written. */
  evictPage(frame: Frame): boolean {
    return this.#evict(frame, 0, []) === 'written';
  }

  /**
   * A frame that costs nobody anything: a free one, or the policy's next victim if that needs no write and was not read
   * ahead itself; -1 when there is none, or when somebody waits for a frame.
   */
  spare(key: PageKey, owner: SpaceId): Frame | -1 {
    const { frames, pins, replacement, clock } = this.#parts;
    if (pins.areAnyStarving) return -1;
    const free = replacement.isFull(owner) ? -1 : frames.allocatePage(key);
    if (free !== -1) return free;
    const why: Candidate[] = [];
    const victim = replacement.victim(key, clock.busy, this.#why(why), owner);
    if (victim === -1 || frames.has(victim, AHEAD) || replacement.isDirty(victim)) return -1;
    this.#evict(victim, key, why);
    return frames.allocatePage(key);
  }

  /**
   * The policy's next victims, in order, for whatever comes. They stay as they are.
   * @param goesOn whether to ask for another, given those that there are
   */
  victims(owner: number, found: Frame[], goesOn: (found: readonly Frame[]) => boolean): Frame[] {
    const { state, frames, replacement, clock } = this.#parts;
    for (const frame of found) frames.pin(frame);
    while (goesOn(found)) {
      // A page that has never been.
      const victim = replacement.victim(state.nextKey, clock.busy, undefined, owner);
      if (victim === -1) break;
      frames.pin(victim);
      found.push(victim);
    }
    for (const frame of found) frames.unpin(frame);
    return found;
  }

  /** Evicts pages that may go, those that are dirty with as few writes as can be; gives how many went. */
  evictTogether(pages: readonly Frame[], urgency: Urgency): number {
    const { replacement, clusters, rules } = this.#parts;
    const isDirty = (frame: Frame) => replacement.isDirty(frame);
    let gone = 0;
    for (const frame of pages.filter((page) => !isDirty(page))) {
      this.#leave(frame, 0, [], 'dropped');
      gone++;
    }
    const written = (frame: Frame) => {
      this.#leave(frame, 0, [], this.#homeOf(frame));
      gone++;
    };
    clusters.write({ frames: pages.filter(isDirty), most: rules.cluster, urgency, written });
    return gone;
  }

  #evictOne(incoming: PageKey, owner: SpaceId): boolean {
    const { frames, replacement, tableEviction } = this.#parts;
    const failed: Frame[] = [];
    let found = this.#search(incoming, owner, failed);
    if (found === 'no slot') found = replacement.withoutSlots(() => this.#search(incoming, owner, failed));
    for (const frame of failed) frames.unpin(frame);
    return found === 'found' || tableEviction.oldest('taken back') || tableEviction.partOne();
  }

  #search(incoming: PageKey, owner: SpaceId, failed: Frame[]): Search {
    const { frames, replacement, pins, clock } = this.#parts;
    while (failed.length < MOST_FAILURES) {
      const candidates: Candidate[] = [];
      const victim = replacement.victim(incoming, clock.busy, this.#why(candidates), owner);
      if (victim === -1) {
        if (pins.makeWay()) continue;
        return 'nothing';
      }
      if (this.#evictCluster(victim, owner)) return 'found';
      const result = this.#evict(victim, incoming, candidates);
      if (result === 'no slot') return 'no slot';
      if (result === 'written') return 'found';
      frames.pin(victim);
      failed.push(victim);
    }
    return 'nothing';
  }

  /** Evicts a dirty victim with the next ones, as long as they are dirty too. False when it is still there. */
  #evictCluster(victim: Frame, owner: SpaceId): boolean {
    const { frames, replacement, rules } = this.#parts;
    if (rules.cluster === 1 || !replacement.isDirty(victim)) return false;
    const key = frames.key(victim);
    const found = this.victims(
      owner,
      [victim],
      (pages) => pages.length < rules.cluster && replacement.isDirty(pages.at(-1)!),
    );
    this.evictTogether(
      found.filter((frame) => replacement.isDirty(frame)),
      undefined,
    );
    return frames.state.use[victim] === FREE || frames.key(victim) !== key;
  }

  #why(candidates: Candidate[]): Why | undefined {
    if (!this.#parts.events.watched) return undefined;
    return { considered: (frame, known) => void candidates.push({ frame, known }) };
  }

  /** Frees a frame, its page being safe. `failed` and `no slot` leave the page as it was. */
  #evict(frame: Frame, incoming: PageKey, why: readonly Candidate[]): 'written' | 'failed' | 'no slot' {
    const { replacement, writeBack } = this.#parts;
    if (!replacement.isDirty(frame)) {
      this.#leave(frame, incoming, why, 'dropped');
      return 'written';
    }
    const result = writeBack.write(frame);
    if (result === 'written') this.#leave(frame, incoming, why, this.#homeOf(frame));
    return result;
  }

  /** Where a dirty page is written to. */
  #homeOf(frame: Frame): 'swap' | 'file' {
    return this.#parts.cache.livesInSwap(frame) ? 'swap' : 'file';
  }

  /** Frees the frame of a page that is safe: `written` just now, or not needed to be. */
  #leave(
    frame: Frame,
    incoming: PageKey,
    why: readonly Candidate[],
    written: 'dropped' | 'swap' | 'file',
  ): void {
    const { frames, replacement, counters, events } = this.#parts;
    const page = frames.key(frame);
    if (written !== 'dropped') counters.evictionsDirty++;
    else {
      counters.evictionsClean++;
      if (frames.slot(frame) !== -1 || frames.object(frame) !== -1) counters.writesSaved++;
    }
    replacement.evicted(frame);
    this.#invalidate(frame);
    frames.freePage(frame);
    if (events.watched) {
      events.emit({ type: 'evict', frame, page, incoming, written, policy: replacement.name, why });
    }
  }

  /** Every mapping now says where the page is instead. */
  #invalidate(frame: Frame): void {
    const { root, state, frames, tables, cache, swap, mappings, superpages } = this.#parts;
    const object = frames.object(frame);
    const slot = frames.slot(frame);
    let kind: 0 | 1 | 2 = NOTHING;
    if (object === -1) kind = slot === -1 ? DROPPED : SWAPPED;
    let payload = kind === SWAPPED ? slot : frames.key(frame);
    for (const code of frames.mappersOf(frame)) {
      const space = root.spaces[spaceOfCode(code)]!;
      const page = pageOfCode(code);
      state.evictedLately.get(space.id)?.add(page);
      const at = tables.find(space, page);
      superpages?.split(at, 'evict');
      mappings.unmap(space, page, at, kind, kind === NOTHING ? 0 : payload);
      if (kind === SWAPPED) swap.retain(slot as never);
      // Only one page can come back as the one that was dropped.
      if (kind === DROPPED) {
        kind = NOTHING;
        payload = 0;
      }
    }
    frames.clear(frame, MODIFIED);
    this.#leaveCache(frame);
    if (object === -1) mappings.dropCopy(frame);
    cache.remove(frame);
  }

  /** Shared memory's page is found in its slot from now on, which takes over the frame's reference. */
  #leaveCache(frame: Frame): void {
    const { frames, cache, swap } = this.#parts;
    const object = frames.object(frame);
    const slot = frames.slot(frame);
    if (object === -1 || slot === -1) return;
    cache.setSlot(object, frames.index(frame), slot);
    frames.setSlot(frame, -1);
    swap.setFrame(slot, -1);
  }
}
