/**
 * What aging and the working set share: each frame has a rank that changes only when a clock interrupt samples the
 * referenced bits. The lowest rank goes first; frames used since the last sample go after all others.
 */
import type { Frame } from '../../base/numbers.ts';
import type { FrameBits, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import {
  after,
  append,
  before,
  emptyLists,
  first,
  insertBefore,
  type Lists,
  last,
  listOf,
  remove,
} from './lists.ts';

/** What a sample makes of a rank; ranks are 0 to `ranks` - 1, at most 256 of them. */
export interface RankRule {
  readonly ranks: number;
  /** Rank after a sample, from that before it, for a page that was used since the last one. */
  used(rank: number): number;
  /** The same for a page that was not. */
  unused(rank: number): number;
}

export interface RankState {
  /** List 0: the resident frames in order of admission. */
  readonly order: Lists;
  /**
   * By rank, then again by rank for frames found used since the last sample; in order of admission. To find a
   * victim nothing else has to be looked at, and a frame is moved to the second half once a sample at most.
   */
  readonly ranked: Lists;
  /** By frame: number of its admission. */
  readonly admission: Float64Array;
  admissions: number;
}

/** No frame resident. */
export function rankState(frameLimit: number, { ranks }: RankRule): RankState {
  return {
    order: emptyLists(1, frameLimit),
    ranked: emptyLists(2 * ranks, frameLimit),
    admission: new Float64Array(frameLimit),
    admissions: 0,
  };
}

export class SampledRanks implements ReplacementPolicy {
  readonly #state: RankState;
  readonly #bits: FrameBits;
  readonly #rule: RankRule;
  /** What `why` calls the rank. */
  readonly #name: string;

  constructor(state: RankState, { bits }: PolicyEnvironment, rule: RankRule, name: string) {
    this.#state = state;
    this.#bits = bits;
    this.#rule = rule;
    this.#name = name;
  }

  admitted(frame: Frame): void {
    const state = this.#state;
    append(state.order, 0, frame);
    state.admission[frame] = state.admissions++;
    // The use that brought it in.
    append(state.ranked, this.#rule.ranks, frame);
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    remove(this.#state.order, frame);
    remove(this.#state.ranked, frame);
  }

  released(frame: Frame): void {
    this.evicted(frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { ranks } = this.#rule;
    const { sizes } = this.#state.ranked;
    for (let list = 0; list < 2 * ranks; list++) {
      if (sizes[list] === 0) continue;
      const frame = this.#first(list, why);
      if (frame !== -1) return frame;
    }
    return -1;
  }

  interrupt(): void {
    const { order, ranked } = this.#state;
    const { ranks, used, unused } = this.#rule;
    // Each in its turn leaves its list and goes to the end of another: so all lists end up in order of admission.
    for (let frame = first(order, 0) as Frame | -1; frame !== -1; frame = after(order, frame) as Frame | -1) {
      const list = listOf(ranked, frame);
      const isUsed = this.#bits.testAndClearReferenced(frame) || list >= ranks;
      const rank = list >= ranks ? list - ranks : list;
      remove(ranked, frame);
      append(ranked, isUsed ? used(rank) : unused(rank), frame);
    }
  }

  /** The first frame of a list that may go; those found used on the way are moved to where they belong. */
  #first(list: number, why: Why | undefined): Frame | -1 {
    const { ranked } = this.#state;
    const { ranks } = this.#rule;
    for (let frame = first(ranked, list) as Frame | -1; frame !== -1; ) {
      const next = after(ranked, frame) as Frame | -1;
      const referenced = list >= ranks || this.#bits.isReferenced(frame);
      const pinned = this.#bits.isPinned(frame);
      if (why !== undefined) why.considered(frame, { [this.#name]: list % ranks, referenced, pinned });
      if (referenced && list < ranks) this.#foundUsed(frame, list + ranks);
      else if (!pinned) return frame;
      frame = next;
    }
    return -1;
  }

  #foundUsed(frame: Frame, list: number): void {
    const { ranked, admission } = this.#state;
    remove(ranked, frame);
    // Nearly always they come in the order of their admission; only what was pinned at first comes later.
    let later = -1;
    for (let other = last(ranked, list); other !== -1; other = before(ranked, other)) {
      if (admission[other]! < admission[frame]!) break;
      later = other;
    }
    if (later === -1) append(ranked, list, frame);
    else insertBefore(ranked, list, frame, later);
  }
}
