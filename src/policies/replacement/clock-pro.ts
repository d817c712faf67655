/** CLOCK-Pro: LIRS by clock hands; hot pages stay, cold ones have a test period in which to come back. */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import { withRoom } from './columns.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { after, append, emptyLists, first, insertBefore, type Lists, listOf, remove } from './lists.ts';

/** What a page in the clock is. A ghost is cold, not resident, and in its test period. */
const NOWHERE = 0;
const HOT = 1;
const COLD = 2;
const TESTED = 3;
const GHOST = 4;
const NONE = -1;

export interface ClockProState {
  /** List 0: all pages of the clock, closed to a ring. */
  readonly clock: Lists;
  /** List 0: the resident cold pages in the clock's order, closed to a ring: the cold hand goes from one to the next. */
  readonly cold: Lists;
  /**
   * List 0: the pages in their test period, by its beginning. That is the clock's order from the hot hand on, for a
   * test begins at the list's head and the hot hand ends those it passes, so the test hand is at the first.
   */
  readonly tests: Lists;
  /** By page: what it is; 0 when it is not in the clock. */
  kind: Uint8Array;
  /** By page: its frame plus 1, 0 when it is not resident. */
  holder: Int32Array;
  /** By frame: its page, -1 when it is not resident. */
  readonly pageOf: Int32Array;
  /**
   * Pages that the hot hand and the cold hand look at next, -1 when there is none; and the first resident cold page
   * from the hot hand on: what becomes cold at the list's head comes before it.
   */
  readonly hands: { hot: number; cold: number; firstCold: number };
  hots: number;
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
    while (state.ghosts > this.#frameLimit) this.#endTest(first(state.tests, 0));
  }

  released(frame: Frame): void {
    this.#leave(this.#free(frame));
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { hands, cold, hots } = this.#state;
    // Bits are cleared in the first turn, and each page that it makes hot makes others cold at most once.
    for (let looks = 2 * (hots + cold.sizes[0]!); looks > 0 && hands.cold !== NONE; looks--) {
      const page = hands.cold;
      if (this.#mayGo(page, why)) return this.#frameOf(page) as Frame;
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
    if (!pinned && !referenced) return true;
    if (pinned) {
      this.#state.hands.cold = next(this.#state.cold, page);
      return false;
    }
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
      page = next(this.#state.clock, page);
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
    while (this.#state.hots > this.#hotLimit()) this.#moveHotHand();
    while (this.#state.hots > 0 && kind[hands.hot] !== HOT) this.#moveHotHand();
  }

  /** Passes one page: a hot one that was not used becomes cold, a cold one's test period ends. */
  #moveHotHand(): void {
    const { hands, kind, clock, cold } = this.#state;
    const page = hands.hot;
    hands.hot = next(clock, page);
    if (kind[page] === HOT) {
      if (!this.#bits.testAndClearReferenced(this.#frameOf(page) as Frame)) this.#become(page, COLD);
      return;
    }
    if (hands.firstCold === page) hands.firstCold = next(cold, page);
    this.#endTest(page);
  }

  /** Ends a cold page's test period, if it is in one. */
  #endTest(page: number): void {
    const { kind } = this.#state;
    if (kind[page] === COLD) return;
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
    if (hands.hot === NONE) {
      append(clock, 0, page);
      hands.hot = page;
    } else {
      insertBefore(clock, 0, page, hands.hot);
    }
    this.#become(page, kind);
  }

  /** Takes a page out of the clock; hands that point at it go on to the next. */
  #leave(page: number): void {
    const { clock, hands } = this.#state;
    this.#become(page, NOWHERE);
    if (hands.hot === page) hands.hot = nextOrNone(clock, page);
    remove(clock, page);
  }

  /** Changes what a page is; one that becomes cold is at the list's head. */
  #become(page: number, kind: number): void {
    const state = this.#state;
    const was = state.kind[page]!;
    state.kind[page] = kind;
    state.hots += Number(kind === HOT) - Number(was === HOT);
    state.ghosts += Number(kind === GHOST) - Number(was === GHOST);
    const isCold = kind === COLD || kind === TESTED;
    if (isCold !== (was === COLD || was === TESTED)) {
      if (isCold) this.#joinCold(page);
      else this.#leaveCold(page);
    }
    const isTested = kind === TESTED || kind === GHOST;
    if (isTested && listOf(state.tests, page) === NONE) append(state.tests, 0, page);
    else if (!isTested && listOf(state.tests, page) !== NONE) remove(state.tests, page);
  }

  #joinCold(page: number): void {
    const { cold, hands } = this.#state;
    if (hands.firstCold === NONE) {
      append(cold, 0, page);
      hands.cold = page;
      hands.firstCold = page;
    } else {
      insertBefore(cold, 0, page, hands.firstCold);
    }
  }

  #leaveCold(page: number): void {
    const { cold, hands } = this.#state;
    const following = nextOrNone(cold, page);
    if (hands.cold === page) hands.cold = following;
    if (hands.firstCold === page) hands.firstCold = following;
    remove(cold, page);
  }
}

/** The page after `page` in a ring. */
function next(ring: Lists, page: number): number {
  const following = after(ring, page);
  return following === -1 ? first(ring, 0) : following;
}

/** The page after `page` in a ring, -1 when it is alone there. */
const nextOrNone = (ring: Lists, page: number): number => (ring.sizes[0] === 1 ? NONE : next(ring, page));

/**
 * The adaptive version. At the start pages are hot until all but a hundredth of the frames, rounded down and at
 * least 1, hold hot pages, and the share of cold pages moves from there: one more frame for each page used in its
 * test period, one less for each test period that ends without a use, between 1 and all. A page that the cold hand
 * finds used outside its test period stays cold and begins a new one at the list's head, as in LIRS. There are at
 * most as many ghosts as frames. The list's head is immediately behind the hot hand, and the cold hand always waits
 * at a resident cold page, which is why what joins at the head meanwhile is behind it. A page comes in with its
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
    cold: emptyLists(1, 2 * frameLimit),
    tests: emptyLists(1, 2 * frameLimit),
    kind: new Uint8Array(2 * frameLimit),
    holder: new Int32Array(2 * frameLimit),
    pageOf: new Int32Array(frameLimit).fill(-1),
    hands: { hot: NONE, cold: NONE, firstCold: NONE },
    hots: 0,
    ghosts: 0,
    coldTarget: Math.max(1, Math.floor(frameLimit / 100)),
    isFull: false,
  }),
  attach: (state, environment) => new ClockPro(state, environment),
};
