/** CAR: ARC with clocks in place of LRU queues, so that a referenced bit is all it needs of a hit. */
import type { Frame } from '../../base/numbers.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import {
  append,
  emptyLists,
  first,
  type Lists,
  listOf,
  moveToEnd,
  remove,
  removeIfListed,
  trim,
} from './lists.ts';

/** Of frames the clocks T1 and T2, of evicted pages B1 and B2; a clock's hand is where its list begins. */
const ONCE = 0;
const OFTEN = 1;
const NONE = -1;

export interface CarState {
  readonly frames: Lists;
  readonly ghosts: Lists;
  /** By frame: its page. */
  readonly pageOf: Int32Array;
  /** The paper's p: frames that T1 should have, 0 to the number of frames; a real number. */
  target: number;
}

class Car implements ReplacementPolicy {
  readonly #state: CarState;
  readonly #frameLimit: number;
  readonly #bits: FrameBits;

  constructor(state: CarState, { frameLimit, bits }: PolicyEnvironment) {
    this.#state = state;
    this.#frameLimit = frameLimit;
    this.#bits = bits;
  }

  admitted(frame: Frame, page: number): void {
    const state = this.#state;
    const { frames, ghosts, pageOf } = state;
    const ghost = listOf(ghosts, page);
    append(frames, ghost === NONE ? ONCE : OFTEN, frame);
    pageOf[frame] = page;
    // A page comes in with a clear bit: the use that brought it in is not to count twice.
    this.#bits.testAndClearReferenced(frame);
    state.target = this.#adapted(ghost);
    removeIfListed(ghosts, page);
    const limit = this.#frameLimit;
    trim(ghosts, ONCE, Math.max(0, limit - frames.sizes[ONCE]!));
    const others = frames.sizes[ONCE]! + frames.sizes[OFTEN]! + ghosts.sizes[ONCE]!;
    trim(ghosts, OFTEN, Math.max(0, 2 * limit - others));
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    const { frames, ghosts, pageOf } = this.#state;
    const list = listOf(frames, frame);
    remove(frames, frame);
    append(ghosts, list, pageOf[frame]!);
  }

  released(frame: Frame): void {
    remove(this.#state.frames, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { frames, target } = this.#state;
    const { sizes } = frames;
    let pinnedOnce = 0;
    let pinnedOften = 0;
    while (pinnedOnce < sizes[ONCE]! || pinnedOften < sizes[OFTEN]!) {
      const wishesOnce = sizes[ONCE]! >= Math.max(1, target);
      const list = (wishesOnce && pinnedOnce < sizes[ONCE]!) || pinnedOften >= sizes[OFTEN]! ? ONCE : OFTEN;
      const frame = first(frames, list) as Frame;
      const pinned = this.#bits.isPinned(frame);
      const referenced = pinned ? this.#bits.isReferenced(frame) : this.#bits.testAndClearReferenced(frame);
      if (why !== undefined) why.considered(frame, { list: list === ONCE ? 'T1' : 'T2', referenced, pinned });
      if (!pinned && !referenced) return frame;
      moveToEnd(frames, pinned ? list : OFTEN, frame);
      if (list === ONCE) pinnedOnce += pinned ? 1 : 0;
      else pinnedOften = pinned ? pinnedOften + 1 : 0;
      // A page that joins T2 is not one of those that were found pinned there.
      if (list === ONCE && !pinned) pinnedOften = 0;
    }
    return -1;
  }

  /** What the coming of a page that was in list `ghost` makes of the target. */
  #adapted(ghost: number): number {
    const { ghosts, target } = this.#state;
    const [once, often] = [ghosts.sizes[ONCE]!, ghosts.sizes[OFTEN]!];
    if (ghost === ONCE) return Math.min(this.#frameLimit, target + Math.max(1, often / once));
    if (ghost === OFTEN) return Math.max(0, target - Math.max(1, once / often));
    return target;
  }
}

/**
 * As in the paper. Ghosts are cut to its limits when the new page is in, with the same outcome as before it. A
 * page comes in with its referenced bit clear; where the hardware sets the bit again when it repeats the access,
 * as in a live run, the first use counts as a hit. A hand passes a pinned frame and leaves its bit, and when a clock
 * has only pinned frames the other one gives the victim. `why` gets the frames that the hands came to, with their
 * clock (`list` is T1 or T2), `referenced` (before it was cleared) and `pinned`; the last one is the victim.
 */
export const car: PolicyDefinition<CarState> = {
  name: 'car',
  summary: 'ARC with clocks: adapts between pages seen once and more often from referenced bits alone',
  source: 'Bansal and Modha, "CAR: clock with adaptive replacement", FAST 2004',
  needs: 'bits',
  ties: 'none: both clocks and both ghost lists are ordered; the first frame that fits, from the hand on',
  initial: (frameLimit) => ({
    frames: emptyLists(2, frameLimit),
    ghosts: emptyLists(2, 2 * frameLimit),
    pageOf: new Int32Array(frameLimit),
    target: 0,
  }),
  attach: (state, environment) => new Car(state, environment),
};
