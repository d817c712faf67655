/** Most recently used: the page used last goes, which is right for loops a little larger than the memory. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { newestUnpinned } from './frame-queue.ts';
import { type FrameRing, frameQueue, linkBefore, moveBefore, unlink } from './frame-ring.ts';

/** A queue in order of last use, longest ago first. */
export type MruState = FrameRing;

class MostRecentlyUsed implements ReplacementPolicy {
  readonly #links: Int32Array;
  /** Node that the queue starts behind. */
  readonly #mark: number;
  readonly #environment: PolicyEnvironment;

  constructor({ links }: MruState, environment: PolicyEnvironment) {
    this.#links = links;
    this.#mark = environment.frameLimit;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    linkBefore(this.#links, frame, this.#mark);
  }

  referenced(frame: Frame): void {
    if (this.#links[2 * frame] === this.#mark) return;
    moveBefore(this.#links, frame, this.#mark);
  }

  evicted(frame: Frame): void {
    unlink(this.#links, frame);
  }

  released(frame: Frame): void {
    unlink(this.#links, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    return newestUnpinned(this.#links, this.#environment, why);
  }
}

/**
 * `why` gets the frames from the most recently used on, with their `position` (0 is the most recently used) and
 * whether they are `pinned`; the last one is the victim.
 */
export const mru: PolicyDefinition<MruState> = {
  name: 'mru',
  summary: 'evicts the page that was used last: good for loops, bad for almost everything else',
  source:
    'Chou and DeWitt, "An evaluation of buffer management strategies for relational databases", VLDB 1985',
  needs: 'last-use order',
  ties: 'none: uses are ordered, and an admission is a use; a pinned frame is passed over and keeps its place',
  initial: frameQueue,
  attach: (state, environment) => new MostRecentlyUsed(state, environment),
};
