/** CLOCK-Pro: LIRS by clock hands; hot pages stay, cold ones have a test period in which to come back. */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import { withRoom } from './columns.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { after, append, emptyLists, first, insertBefore, type Lists, remove } from './lists.ts';

/** What a page in the clock is. A ghost is cold, not resident, and in its test period. */
const HOT = 1;
const COLD = 2;
const TESTED = 3;
const GHOST = 4;
const NONE = -1;

export interface ClockProState {
  /** List 0, of pages, closed to a ring. A page at which two hands point is nothing special. */
  readonly clock: Lists;
  /** By page: what it is; 0 when it is not in the clock. */
  kind: Uint8Array;
  /** By page: its frame plus 1, 0 when it is not resident. */
  holder: Int32Array;
  /** By frame: its page, -1 when it is not resident. */
  readonly pageOf: Int32Array;
  /** Pages that the hands look at next, -1 when the clock is empty. */
  readonly hands: { hot: number; cold: number; test: number };
  hots: number;
  colds: number;
  ghosts: number;
  /** Frames that cold pages should have, 1 to the number of frames (the paper's m_c). */
  coldTarget: number;
  /** Whether there was an eviction: until then pages are hot as long as hot pages have frames left. */
  isFull: boolean;
}

class ClockPro implements ReplacementPolicy {
  readonly #state: ClockProState;
  readonly #bits: FrameBits;
  readonly #frameLimit: number;

  constructor(state: ClockProState, { bits, frameLimit }: PolicyEnvironment) {
    this.#state = state;
    this.#bits = bits;
    this.#frameLimit = frameLimit;
  }

  admitted(frame: Frame, page: number): void {
    const state = this.#state;
    assert(state.pageOf[frame] === -1, 'a frame is admitted only when it is not resident');
    state.kind = withRoom(state.kind, page);
    state.holder = withRoom(state.holder, page);
    const returns = state.kind[page] === GHOST;
    if (returns) {
      this.#leave(page);
      this.#adapt(1);
    }
    state.holder[page] = frame + 1;
    state.pageOf[frame] = page;
    const startsHot = !state.isFull && state.hots < this.#hotLimit();
    this.#join(page, returns || startsHot ? HOT : TESTED);
    // A page comes in with a clear bit: the use that brought it in is not to count twice.
    this.#bits.testAndClearReferenced(frame);
    this.#coolDown();
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    const state = this.#state;
    const page = this.#free(frame);
    state.isFull = true;
    if (state.kind[page] !== TESTED) {
      this.#leave(page);
      return;
    }
    this.#become(page, GHOST);
    while (state.ghosts > this.#frameLimit) this.#moveTestHand();
  }

  released(frame: Frame): void {
    this.#leave(this.#free(frame));
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { hands, kind } = this.#state;
    // Bits are cleared in the first turn; what it makes hot may make others cold, behind the hand, once.
    for (let looks = 3 * this.#state.clock.sizes[0]!; looks > 0 && this.#state.colds > 0; looks--) {
      const page = hands.cold;
      if (kind[page] === COLD || kind[page] === TESTED) {
        if (this.#mayGo(page, why)) return this.#frameOf(page) as Frame;
      }
      // Promoted pages went elsewhere, and took the hand on.
      if (hands.cold === page) hands.cold = this.#next(page);
    }
    return this.#anyUnpinned(why);
  }

  /** Looks at a resident cold page: true when it goes; when it was used it is dealt with as its kind says. */
  #mayGo(page: number, why: Why | undefined): boolean {
    const frame = this.#frameOf(page) as Frame;
    const bits = this.#bits;
    const pinned = bits.isPinned(frame);
    const referenced = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
    const tested = this.#state.kind[page] === TESTED;
    if (why !== undefined) why.considered(frame, { hot: false, tested, referenced, pinned });
    if (pinned || !referenced) return !pinned;
    this.#leave(page);
    if (tested) this.#adapt(1);
    this.#join(page, tested ? HOT : TESTED);
    if (tested) this.#coolDown();
    return false;
  }

  /** When every cold page is pinned, or there is none: the first page from the hot hand on that is not. */
  #anyUnpinned(why: Why | undefined): Frame | -1 {
    let page = this.#state.hands.hot;
    for (let looks = this.#state.clock.sizes[0]!; looks > 0; looks--) {
      const frame = this.#frameOf(page) as Frame | -1;
      page = this.#next(page);
      if (frame === -1) continue;
      const pinned = this.#bits.isPinned(frame);
      if (why !== undefined) why.considered(frame, { pinned });
      if (!pinned) return frame;
    }
    return -1;
  }

  /** Moves the hot hand until there are not too many hot pages; it stops at a hot page. */
  #coolDown(): void {
    const { hands, kind } = this.#state;
    if (this.#state.hots <= this.#hotLimit()) return;
    while (this.#state.hots > this.#hotLimit()) {
      const page = hands.hot;
      if (kind[page] !== HOT) {
        this.#endTest(page);
        continue;
      }
      const frame = this.#frameOf(page) as Frame;
      if (!this.#bits.testAndClearReferenced(frame)) this.#become(page, COLD);
      hands.hot = this.#next(page);
    }
    while (this.#state.hots > 0 && kind[hands.hot] !== HOT) this.#endTest(hands.hot);
  }

  /** The hot hand passes a page that is not hot, which ends its test period. */
  #endTest(page: number): void {
    const { hands, kind } = this.#state;
    const next = this.#next(page);
    if (kind[page] !== COLD) this.#adapt(-1);
    if (kind[page] === GHOST) this.#leave(page);
    else this.#become(page, COLD);
    if (hands.hot === page) hands.hot = next;
  }

  /** Ends the test period of the next page that is in one. */
  #moveTestHand(): void {
    const { hands, kind } = this.#state;
    while (kind[hands.test] !== TESTED && kind[hands.test] !== GHOST) hands.test = this.#next(hands.test);
    const page = hands.test;
    hands.test = this.#next(page);
    this.#adapt(-1);
    if (kind[page] === GHOST) this.#leave(page);
    else this.#become(page, COLD);
  }

  #hotLimit(): number {
    return this.#frameLimit - this.#state.coldTarget;
  }

  #adapt(by: 1 | -1): void {
    const target = this.#state.coldTarget + by;
    this.#state.coldTarget = Math.min(this.#frameLimit, Math.max(1, target));
  }

  #frameOf(page: number): number {
    return this.#state.holder[page]! - 1;
  }

  /** The page after `page` in the ring. */
  #next(page: number): number {
    const { clock } = this.#state;
    const next = after(clock, page);
    return next === -1 ? first(clock, 0) : next;
  }

  /** Takes the page out of a frame, and gives it. */
  #free(frame: Frame): number {
    const { pageOf, holder } = this.#state;
    const page = pageOf[frame]!;
    assert(page !== -1, 'only a resident frame is evicted or released');
    pageOf[frame] = -1;
    holder[page] = 0;
    return page;
  }

  /** Puts a page at the list's head, which is immediately behind the hot hand. */
  #join(page: number, kind: number): void {
    const { clock, hands } = this.#state;
    if (hands.hot === -1) {
      append(clock, 0, page);
      hands.hot = page;
      hands.cold = page;
      hands.test = page;
    } else {
      insertBefore(clock, 0, page, hands.hot);
    }
    this.#become(page, kind);
  }

  /** Takes a page out of the clock; hands that point at it go on to the next. */
  #leave(page: number): void {
    const { clock, hands } = this.#state;
    const next = clock.sizes[0] === 1 ? -1 : this.#next(page);
    if (hands.hot === page) hands.hot = next;
    if (hands.cold === page) hands.cold = next;
    if (hands.test === page) hands.test = next;
    remove(clock, page);
    this.#become(page, 0);
  }

  #become(page: number, kind: number): void {
    const state = this.#state;
    const was = state.kind[page]!;
    state.hots += Number(kind === HOT) - Number(was === HOT);
    state.ghosts += Number(kind === GHOST) - Number(was === GHOST);
    state.colds += Number(kind === COLD || kind === TESTED) - Number(was === COLD || was === TESTED);
    state.kind[page] = kind;
  }
}

/**
 * The adaptive version. At the start pages are hot until all but a hundredth of the frames, rounded down and at
 * least 1, hold hot pages, and the share of cold pages moves from there: one more frame for each page used in its
 * test period, one less for each test period that ends without a use, between 1 and all. A page that the cold hand
 * finds used outside its test period stays cold and begins a new one at the list's head, as in LIRS. There are at
 * most as many ghosts as frames. The list's head is immediately behind the hot hand. A page comes in with its
 * referenced bit clear; where the hardware sets the bit again when it repeats the access, as in a live run, the
 * first use counts as a hit. A pinned frame is passed over by the cold hand, and when there is no cold page that
 * may go, the first page from the hot hand on goes. `why` gets the frames that the cold hand came to, with `hot`,
 * `tested` (in its test period), `referenced` (before it was cleared) and `pinned`; the last one is the victim.
 */
export const clockPro: PolicyDefinition<ClockProState> = {
  name: 'clock-pro',
  summary: 'approximates LIRS with three clock hands and adapts the share of cold pages',
  source:
    'Jiang, Chen and Zhang, "CLOCK-Pro: an effective improvement of the CLOCK replacement", USENIX Annual Technical Conference 2005',
  needs: 'bits',
  ties: 'none: one ring in order of joining its head; the first that fits, from the hand on',
  initial: (frameLimit) => ({
    clock: emptyLists(1, 2 * frameLimit),
    kind: new Uint8Array(2 * frameLimit),
    holder: new Int32Array(2 * frameLimit),
    pageOf: new Int32Array(frameLimit).fill(-1),
    hands: { hot: NONE, cold: NONE, test: NONE },
    hots: 0,
    colds: 0,
    ghosts: 0,
    coldTarget: Math.max(1, Math.floor(frameLimit / 100)),
    isFull: false,
  }),
  attach: (state, environment) => new ClockPro(state, environment),
};
