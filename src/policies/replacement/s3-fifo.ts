/** S3-FIFO: a small FIFO queue sieves newcomers, a main one keeps what proved useful, a ghost remembers the rest. */
import type { Frame } from '../../base/numbers.ts';
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
  trim,
} from './lists.ts';

const SMALL = 0;
const MAIN = 1;
/** Uses that are counted: two bits. */
const MOST_USES = 3;

export interface S3FifoState {
  /** The small queue and the main queue, oldest first. */
  readonly frames: Lists;
  /** List 0: pages evicted from the small queue, oldest first. */
  readonly ghosts: Lists;
  /** By frame: its page. */
  readonly pageOf: Int32Array;
  /** By frame: uses since it joined its queue, 0 to 3. */
  readonly uses: Uint8Array;
}

class S3Fifo implements ReplacementPolicy {
  readonly #state: S3FifoState;
  readonly #uses: Uint8Array;
  readonly #bits: FrameBits;
  /** Sizes that the queues are meant to have. */
  readonly #small: number;
  readonly #main: number;

  constructor(state: S3FifoState, { bits, frameLimit }: PolicyEnvironment) {
    this.#state = state;
    this.#uses = state.uses;
    this.#bits = bits;
    this.#small = Math.max(1, Math.floor(frameLimit / 10));
    this.#main = frameLimit - this.#small;
  }

  admitted(frame: Frame, page: number): void {
    const { frames, ghosts, pageOf } = this.#state;
    append(frames, listOf(ghosts, page) === -1 ? SMALL : MAIN, frame);
    removeIfListed(ghosts, page);
    pageOf[frame] = page;
    this.#uses[frame] = 0;
  }

  referenced(frame: Frame): void {
    const uses = this.#uses[frame]!;
    if (uses < MOST_USES) this.#uses[frame] = uses + 1;
  }

  evicted(frame: Frame): void {
    const { frames, ghosts, pageOf } = this.#state;
    const isSmall = listOf(frames, frame) === SMALL;
    remove(frames, frame);
    if (!isSmall) return;
    append(ghosts, 0, pageOf[frame]!);
    trim(ghosts, 0, this.#main);
  }

  released(frame: Frame): void {
    remove(this.#state.frames, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { frames } = this.#state;
    const { sizes } = frames;
    const fromSmall = sizes[SMALL]! >= this.#small ? this.#fromSmall(why) : -1;
    if (fromSmall !== -1) return fromSmall;
    const fromMain = this.#fromMain(why);
    // Only pinned frames, or none, in the queue that it should come from.
    return fromMain === -1 ? firstUnpinned(frames, SMALL, this.#bits, why, 'S') : fromMain;
  }

  /** Moves what was used twice to the main queue; -1 when that is over its size then, or nothing is left. */
  #fromSmall(why: Why | undefined): Frame | -1 {
    const { frames } = this.#state;
    for (let frame = first(frames, SMALL) as Frame | -1; frame !== -1; ) {
      const next = after(frames, frame) as Frame | -1;
      const pinned = this.#bits.isPinned(frame);
      const uses = this.#uses[frame]!;
      if (why !== undefined) why.considered(frame, { list: 'S', uses, pinned });
      if (!pinned && uses <= 1) return frame;
      if (!pinned) {
        moveToEnd(frames, MAIN, frame);
        this.#uses[frame] = 0;
        if (frames.sizes[MAIN]! > this.#main) return -1;
      }
      frame = next;
    }
    return -1;
  }

  /** Each look takes one use off and puts the frame last; the first without uses goes. */
  #fromMain(why: Why | undefined): Frame | -1 {
    const { frames } = this.#state;
    let frame = first(frames, MAIN) as Frame | -1;
    // Each frame is looked at once for each use, and once more; one moved from the end only is looked for anew.
    for (let looks = (MOST_USES + 2) * frames.sizes[MAIN]!; looks > 0 && frame !== -1; looks--) {
      const pinned = this.#bits.isPinned(frame);
      const uses = this.#uses[frame]!;
      if (why !== undefined) why.considered(frame, { list: 'M', uses, pinned });
      if (!pinned && uses === 0) return frame;
      const next: number = after(frames, frame);
      if (!pinned) {
        this.#uses[frame] = uses - 1;
        moveToEnd(frames, MAIN, frame);
      }
      frame = (next === -1 && !pinned ? frame : next) as Frame | -1;
    }
    return -1;
  }
}

/**
 * A tenth of the frames for the small queue, rounded down and at least 1, the rest for the main queue, and ghosts
 * as many as that; with one frame there is only the small queue and no ghost. A page that is used more than once
 * after it came leaves the small queue for the main one, its count back at 0. Demand paging evicts one page at a
 * time: where the paper's eviction from the small queue overfills the main one, the main queue gives the victim
 * and the small queue is left alone until the next. When the queue that a victim should come from has none to
 * give, it comes from the other one. `why` gets the frames that were looked at, with the queue (`list` is S or
 * M), `uses` (before the look took one off) and `pinned`; the last one is the victim.
 */
export const s3Fifo: PolicyDefinition<S3FifoState> = {
  name: 's3-fifo',
  summary: 'FIFO queues only: a small one for newcomers, a main one for what is used again, a ghost',
  source: 'Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023',
  needs: 'every reference',
  ties: 'none: the queues are in order of joining them; a pinned frame is passed over and keeps its place',
  initial: (frameLimit) => ({
    frames: emptyLists(2, frameLimit),
    ghosts: emptyLists(1, frameLimit),
    pageOf: new Int32Array(frameLimit),
    uses: new Uint8Array(frameLimit),
  }),
  attach: (state, environment) => new S3Fifo(state, environment),
};
