/** LIRS: keeps the pages with the shortest distance between their last two uses; recency alone decides little. */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import { withRoom } from './columns.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { firstUnpinned } from './frame-lists.ts';
import {
  after,
  append,
  emptyLists,
  first,
  type Lists,
  listOf,
  moveToEnd,
  remove,
  removeIfListed,
} from './lists.ts';

export interface LirsState {
  /** List 0, of pages: the paper's stack S from its bottom to its top; its bottom is LIR. */
  readonly stack: Lists;
  /** List 0, of frames: the resident HIR pages (queue Q), the next victim first. */
  readonly queue: Lists;
  /** By frame: its page, -1 when it is not resident. */
  readonly pageOf: Int32Array;
  /** By frame: 1 when its page is LIR. */
  readonly isLow: Uint8Array;
  /** By page: its frame plus 1, 0 when it is not resident. */
  holder: Int32Array;
  /** Resident LIR pages. */
  lows: number;
}

class Lirs implements ReplacementPolicy {
  readonly #state: LirsState;
  readonly #bits: FrameBits;
  readonly #lowLimit: number;

  constructor(state: LirsState, { bits, frameLimit }: PolicyEnvironment) {
    this.#state = state;
    this.#bits = bits;
    this.#lowLimit = frameLimit - Math.max(1, Math.floor(frameLimit / 100));
  }

  admitted(frame: Frame, page: number): void {
    const state = this.#state;
    assert(state.pageOf[frame] === -1, 'a frame is admitted only when it is not resident');
    state.holder = withRoom(state.holder, page);
    state.holder[page] = frame + 1;
    state.pageOf[frame] = page;
    const becomesLow = state.lows < this.#lowLimit || listOf(state.stack, page) !== -1;
    this.#touch(page);
    if (becomesLow) this.#promote(frame);
    else append(state.queue, 0, frame);
    this.#prune();
  }

  referenced(frame: Frame): void {
    const { stack, queue, pageOf, isLow } = this.#state;
    const page = pageOf[frame]!;
    const wasInStack = listOf(stack, page) !== -1;
    this.#touch(page);
    if (isLow[frame] === 0) {
      if (wasInStack) {
        remove(queue, frame);
        this.#promote(frame);
      } else {
        moveToEnd(queue, 0, frame);
      }
    }
    this.#prune();
  }

  evicted(frame: Frame): void {
    const state = this.#state;
    const page = state.pageOf[frame]!;
    assert(page !== -1, 'only a resident frame is evicted or released');
    if (state.isLow[frame] === 1) state.lows--;
    else remove(state.queue, frame);
    state.isLow[frame] = 0;
    state.pageOf[frame] = -1;
    state.holder[page] = 0;
    this.#prune();
  }

  released(frame: Frame): void {
    const page = this.#state.pageOf[frame]!;
    this.evicted(frame);
    removeIfListed(this.#state.stack, page);
    this.#prune();
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { stack, queue, isLow, holder } = this.#state;
    const chosen = firstUnpinned(queue, 0, this.#bits, why, 'Q');
    if (chosen !== -1) return chosen;
    for (let page = first(stack, 0); page !== -1; page = after(stack, page)) {
      const frame = (holder[page]! - 1) as Frame | -1;
      if (frame === -1 || isLow[frame] === 0) continue;
      const pinned = this.#bits.isPinned(frame);
      if (why !== undefined) why.considered(frame, { list: 'S', pinned });
      if (!pinned) return frame;
    }
    return -1;
  }

  /** Puts a page on top of the stack. */
  #touch(page: number): void {
    const { stack } = this.#state;
    if (listOf(stack, page) === -1) append(stack, 0, page);
    else moveToEnd(stack, 0, page);
  }

  /** Makes a page that is in the stack, and in no queue, LIR; if that is one too many, the bottom one is HIR. */
  #promote(frame: number): void {
    const state = this.#state;
    state.isLow[frame] = 1;
    state.lows++;
    this.#prune();
    if (state.lows <= this.#lowLimit) return;
    const bottom = state.holder[first(state.stack, 0)]! - 1;
    state.isLow[bottom] = 0;
    state.lows--;
    append(state.queue, 0, bottom);
  }

  /** Takes pages off the stack's bottom until a LIR page lies there: stack pruning. */
  #prune(): void {
    const { stack, holder, isLow } = this.#state;
    for (let page = first(stack, 0); page !== -1; page = first(stack, 0)) {
      const frame = holder[page]! - 1;
      if (frame !== -1 && isLow[frame] === 1) return;
      remove(stack, page);
    }
  }
}

/**
 * A hundredth of the frames for HIR pages, rounded down and at least 1, the others for LIR pages; with one frame
 * there is no LIR page, and it is what FIFO is then. Pages are LIR as they come as long as there are fewer LIR
 * pages than that: at the start, and after releases. The stack keeps as many evicted pages as its pruning leaves,
 * without another bound. When all HIR pages are pinned, or there are none, the LIR page furthest down in the stack
 * goes; it stays in the stack as an evicted page. `why` gets the frames of the queue from the next victim on (`list`
 * is Q) with their `position` and whether they are `pinned`, then the LIR ones (`list` is S); the last one is the
 * victim.
 */
export const lirs: PolicyDefinition<LirsState> = {
  name: 'lirs',
  summary: 'keeps pages by the distance between their last two uses (inter-reference recency)',
  source:
    'Jiang and Zhang, "LIRS: an efficient low inter-reference recency set replacement policy to improve buffer cache performance", SIGMETRICS 2002',
  needs: 'every reference',
  ties: 'none: stack and queue are ordered; a pinned frame is passed over and keeps its place',
  initial: (frameLimit) => ({
    stack: emptyLists(1, 2 * frameLimit),
    queue: emptyLists(1, frameLimit),
    pageOf: new Int32Array(frameLimit).fill(-1),
    isLow: new Uint8Array(frameLimit),
    holder: new Int32Array(2 * frameLimit),
    lows: 0,
  }),
  attach: (state, environment) => new Lirs(state, environment),
};
