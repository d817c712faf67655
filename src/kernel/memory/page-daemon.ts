/**
 * The page daemon: frees frames before they are wanted, so that a fault finds one and waits for no write.
 *
 *   free frames    high ─────────╮           ╭───────── asleep again
 *                   low ──────────╲─────────╱
 *                                  ╰ awake ╯   the policy's victims go, dirty ones together, in the background
 *
 * It runs between two steps of programs. What processes need for the step they are in stays (pins.ts), and nobody has to
 * make way for it; when no page may go it goes back to sleep. Frames that it does not get to are freed by the faults
 * themselves, as without it. `clean-first` looks further for victims that need no write and leaves the dirty ones that it
 * passed, for policies that do not look at the dirty bit themselves.
 *
 * (High and low watermarks, swap daemon: lecture "Beyond physical memory: mechanisms".)
 */
import type { Frame } from '../../base/numbers.ts';
import type { MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { PagingRules, Watermarks } from './paging-rules.ts';
import type { Pins } from './pins.ts';
import type { Reclaim } from './reclaim.ts';
import type { Replacement } from './replacement.ts';
import type { TableEviction } from './table-eviction.ts';

export interface PageDaemonParts {
  readonly frames: FrameTable;
  readonly pins: Pins;
  readonly replacement: Replacement;
  readonly reclaim: Reclaim;
  readonly tableEviction: TableEviction;
  readonly counters: MemoryCounters;
  readonly rules: PagingRules;
}

/** For whom it frees frames, to policies that keep processes apart: nobody in particular. */
const FOR_NOBODY = -1;
/** Victims that `clean-first` looks at for each that it takes. */
const LOOKS = 4;

export class PageDaemon {
  readonly #parts: PageDaemonParts;

  constructor(parts: PageDaemonParts) {
    this.#parts = parts;
  }

  /** Frees frames if there are too few. */
  balance(): void {
    const { frames, counters, rules } = this.#parts;
    const { daemon } = rules;
    if (daemon === undefined || frames.free >= daemon.low) return;
    counters.paging.daemon.wakeUps++;
    while (frames.free < daemon.high) if (this.#freeSome(daemon) === 0) return;
  }

  /** Evicts a table that may go, or up to a cluster of pages; gives how many frames came free. */
  #freeSome(marks: Watermarks): number {
    const { frames, reclaim, tableEviction, counters, rules } = this.#parts;
    if (tableEviction.oldest('free', 'background')) return 1;
    const wanted = Math.min(rules.cluster, marks.high - frames.free);
    const victims = this.#choose(wanted, marks);
    const { evictionsClean } = counters;
    const gone = reclaim.evictTogether(victims, 'background');
    const dropped = counters.evictionsClean - evictionsClean;
    counters.paging.daemon.dropped += dropped;
    counters.paging.daemon.written += gone - dropped;
    return gone;
  }

  #choose(wanted: number, marks: Watermarks): readonly Frame[] {
    const { reclaim, replacement } = this.#parts;
    if (marks.first === 'any') return reclaim.victims(FOR_NOBODY, [], (found) => found.length < wanted);
    const isClean = (frame: Frame) => !replacement.isDirty(frame);
    let clean = 0;
    const seen = reclaim.victims(FOR_NOBODY, [], (found) => {
      const last = found.at(-1);
      if (last !== undefined && isClean(last)) clean++;
      return clean < wanted && found.length < wanted * LOOKS;
    });
    const first = seen.filter(isClean).slice(0, wanted);
    return first.length > 0 ? first : seen.slice(0, wanted);
  }
}
