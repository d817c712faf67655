/**
 * Dirty pages are written every so often although nobody wants their frames: they stay in memory, clean. So no more is
 * dirty than was written to in two periods, what a crash would lose is bounded, and a victim can mostly be dropped.
 *
 *   look     1        2        3
 *   page A   dirty    written               dirty at two looks: written at the second
 *   page B            dirty    written
 *   page C   dirty    freed                 never written: see `neverWritten`
 *
 * The longest dirty go first, and no more of them than the disk can write in a period. Pages of files go to their files.
 * (UNIX's update(8), every 30 s; dirty pages by age: Linux 6.6, Documentation/admin-guide/sysctl/vm.rst,
 * dirty_writeback_centisecs and dirty_expire_centisecs.)
 */
import type { Frame } from '../../base/numbers.ts';
import type { Clusters } from './clusters.ts';
import type { Clock, MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { PageBits } from './page-bits.ts';
import type { PageCache } from './pagecache.ts';
import type { PagingRules } from './paging-rules.ts';
import { LOADING, type MemoryState, PAGE } from './state.ts';
import type { Swap } from './swap.ts';

export interface PeriodicCleaningParts {
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly pageBits: PageBits;
  readonly clusters: Clusters;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly rules: PagingRules;
}

export class PeriodicCleaning {
  readonly #parts: PeriodicCleaningParts;

  constructor(parts: PeriodicCleaningParts) {
    this.#parts = parts;
  }

  /** When it looks next; `undefined`: never. */
  get due(): number | undefined {
    const { rules, state } = this.#parts;
    return rules.cleanEvery === undefined ? undefined : state.paging.nextCleaning;
  }

  /** Cleans if it is time to. */
  run(): void {
    const { state, clock, counters, rules } = this.#parts;
    const { cleanEvery } = rules;
    if (cleanEvery === undefined || clock.now < state.paging.nextCleaning) return;
    state.paging.nextCleaning = (Math.floor(clock.now / cleanEvery) + 1) * cleanEvery;
    const { cleaning } = counters.paging;
    cleaning.runs++;
    const old = this.#look(cleaning.runs);
    for (let at = 0; at < old.length && clock.diskFreeAt <= clock.now + cleanEvery; at += rules.cluster)
      this.#clean(old.slice(at, at + rules.cluster));
  }

  /** Takes down which pages are dirty; gives those that were at the last look already, the longest dirty first. */
  #look(run: number): Frame[] {
    const { state, frames, pageBits, counters } = this.#parts;
    const { paging } = state;
    const { use, pages } = state.frames;
    const before = paging.dirtySince;
    const old: Frame[] = [];
    paging.dirtySince = new Map();
    for (let number = 0; number < pages.fresh; number++) {
      const frame = number as Frame;
      if (use[frame] !== PAGE || frames.has(frame, LOADING) || !pageBits.isModified(frame)) continue;
      const key = frames.key(frame);
      paging.dirtySince.set(key, before.get(key) ?? run);
      if (before.has(key)) old.push(frame);
    }
    const { cleaning } = counters.paging;
    cleaning.dirtyPeak = Math.max(cleaning.dirtyPeak, paging.dirtySince.size);
    const since = (frame: Frame) => paging.dirtySince.get(frames.key(frame))!;
    return old.sort((a, b) => since(a) - since(b) || a - b);
  }

  #clean(pages: readonly Frame[]): void {
    const { state, frames, counters, pageBits, clusters, rules } = this.#parts;
    const written = (frame: Frame) => {
      pageBits.clean(frame);
      state.paging.dirtySince.delete(frames.key(frame));
      counters.paging.cleaning.pages++;
    };
    const fit = pages.filter((frame) => this.#hasPlace(frame));
    clusters.write({ frames: fit, most: rules.cluster, urgency: 'background', written });
  }

  /** Slots that are left are for pages that have to go. */
  #hasPlace(frame: Frame): boolean {
    const { frames, cache, swap } = this.#parts;
    return !cache.livesInSwap(frame) || frames.slot(frame) !== -1 || !swap.isFull;
  }
}
