/**
 * Frames when they are wanted: a free one, or one that the policy gives up.
 *
 *   free list ──────────────────────────────────────────────────▶ frame
 *       └ empty: policy.victim ─▶ dirty? write to swap or file ─▶ every mapping made invalid ─▶ frame
 *                    ▲                  └ no slot left, or the write failed: the page stays,
 *                    └──────────────────── another victim
 *
 * When swap is full, pages that would need a slot count as pinned, so that the policy chooses among those that
 * can go. A failed write pins its page until the frame is found.
 */
import type { Frame } from '../../base/numbers.ts';
import type { PageKey, Why } from '../../policies/replacement/contract.ts';
import { DROPPED, NOTHING, SWAPPED } from '../../translation/invalid-entry.ts';
import type { Candidate, EventSink } from '../events.ts';
import type { RequestState, RootState } from '../state.ts';
import type { Clock, MemoryCounters, Outcome, OutOfMemory } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageCache } from './pagecache.ts';
import { isPause, pause } from './pauses.ts';
import type { Pins } from './pins.ts';
import type { Replacement } from './replacement.ts';
import { MODIFIED, pageOfCode, spaceOfCode } from './state.ts';
import type { Swap } from './swap.ts';
import type { PageTables } from './tables.ts';
import type { WriteBack } from './writeback.ts';

export interface ReclaimParts {
  readonly root: RootState;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly pins: Pins;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly writeBack: WriteBack;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Failed writes to look past before giving up. */
const MOST_FAILURES = 16;

const swapText = (swap: Swap): string =>
  swap.capacity === 0 ? 'there is no swap' : swap.isFull ? 'swap is full' : 'swap is not full';

export type Shortage = Outcome & { readonly kind: 'blocked' | 'out-of-memory' };

type Search = 'found' | 'nothing' | 'no slot';

export class Reclaim {
  readonly #parts: ReclaimParts;
  /** What was asked for last; `shortage` is called at once when it could not be had. */
  #lacked: 'page' | 'table' = 'page';

  constructor(parts: ReclaimParts) {
    this.#parts = parts;
  }

  /** A frame for page `key`, as a page; -1 when none can be had: see `shortage`. */
  page(key: PageKey): Frame | -1 {
    const { frames, pins } = this.#parts;
    this.#lacked = 'page';
    if (pins.isOutranked) return -1;
    let frame = frames.allocatePage(key);
    if (frame === -1 && this.#evictOne(key)) frame = frames.allocatePage(key);
    if (frame !== -1) pins.fed();
    return frame;
  }

  /** A frame for a table, wanted to map page `key`; -1 when none can be had. */
  table(key: PageKey): Frame | -1 {
    const { frames, pins } = this.#parts;
    this.#lacked = 'table';
    const isPage = frames.state.tables === undefined;
    if (isPage && pins.isOutranked) return -1;
    let frame = frames.allocateTable();
    if (frame === -1 && isPage && this.#evictOne(key)) frame = frames.allocateTable();
    if (frame === -1) return -1;
    pins.fed();
    pins.noteNeed();
    return frame;
  }

  /** What the running process can do without a frame: wait for a page on its way, let others go first, or give up. */
  shortage(): Shortage {
    const { root, frames, pins, clock } = this.#parts;
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

  #evictOne(incoming: PageKey): boolean {
    const { frames, replacement } = this.#parts;
    const failed: Frame[] = [];
    let found = this.#search(incoming, failed);
    if (found === 'no slot') found = replacement.withoutSlots(() => this.#search(incoming, failed));
    for (const frame of failed) frames.unpin(frame);
    return found === 'found';
  }

  #search(incoming: PageKey, failed: Frame[]): Search {
    const { frames, replacement, pins, clock } = this.#parts;
    while (failed.length < MOST_FAILURES) {
      const candidates: Candidate[] = [];
      const victim = replacement.victim(incoming, clock.busy, this.#why(candidates));
      if (victim === -1) {
        if (pins.makeWay()) continue;
        return 'nothing';
      }
      const result = this.#evict(victim, incoming, candidates);
      if (result === 'no slot') return 'no slot';
      if (result === 'written') return 'found';
      frames.pin(victim);
      failed.push(victim);
    }
    return 'nothing';
  }

  #why(candidates: Candidate[]): Why | undefined {
    if (!this.#parts.events.watched) return undefined;
    return { considered: (frame, known) => void candidates.push({ frame, known }) };
  }

  /** Frees a frame, its page being safe. `failed` and `no slot` leave the page as it was. */
  #evict(frame: Frame, incoming: PageKey, why: readonly Candidate[]): 'written' | 'failed' | 'no slot' {
    const { frames, replacement, writeBack, counters, events } = this.#parts;
    const page = frames.key(frame);
    const dirty = replacement.isDirty(frame);
    const written = !dirty ? 'dropped' : this.#parts.cache.livesInSwap(frame) ? 'swap' : 'file';
    if (dirty) {
      const result = writeBack.write(frame);
      if (result !== 'written') return result;
      counters.evictionsDirty++;
    } else {
      counters.evictionsClean++;
      if (frames.slot(frame) !== -1 || frames.object(frame) !== -1) counters.writesSaved++;
    }
    replacement.evicted(frame);
    this.#invalidate(frame);
    frames.freePage(frame);
    if (events.watched) {
      events.emit({ type: 'evict', frame, page, incoming, written, policy: replacement.name, why });
    }
    return 'written';
  }

  /** Every mapping now says where the page is instead. */
  #invalidate(frame: Frame): void {
    const { root, frames, tables, cache, swap, mappings } = this.#parts;
    const object = frames.object(frame);
    const slot = frames.slot(frame);
    let kind: 0 | 1 | 2 = NOTHING;
    if (object === -1) kind = slot === -1 ? DROPPED : SWAPPED;
    let payload = kind === SWAPPED ? slot : frames.key(frame);
    for (const code of frames.mappersOf(frame)) {
      const space = root.spaces[spaceOfCode(code)]!;
      const page = pageOfCode(code);
      mappings.unmap(space, page, tables.find(space, page), kind, kind === NOTHING ? 0 : payload);
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
