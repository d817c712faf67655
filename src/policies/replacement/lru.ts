/** Exact least recently used: the page whose last use lies furthest back goes. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { oldestUnpinned } from './frame-queue.ts';
import { type FrameRing, frameQueue, linkBefore, moveBefore, unlink } from './frame-ring.ts';

/** A queue in order of last use, longest ago first. */
export type LruState = FrameRing;

class LeastRecentlyUsed implements ReplacementPolicy {
  readonly #links: Int32Array;
  /** Node that the queue starts behind. */
  readonly #mark: number;
  readonly #environment: PolicyEnvironment;

  constructor({ links }: LruState, environment: PolicyEnvironment) {
    this.#links = links;
    this.#mark = environment.frameLimit;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    linkBefore(this.#links, frame, this.#mark);
  }

  referenced(frame: Frame): void {
    const links = this.#links;
    const mark = this.#mark;
    // Most references go to the page used last, which is in its place already.
    if (links[2 * frame] === mark) return;
    moveBefore(links, frame, mark);
  }

  evicted(frame: Frame): void {
    unlink(this.#links, frame);
  }

  released(frame: Frame): void {
    unlink(this.#links, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    return oldestUnpinned(this.#links, this.#environment, why);
  }
}

/**
 * Only the order of last uses matters, so it is enough to be told, before each `victim`, of the frames used
 * since the last one, once each, in order of last use. Frames admitted in between belong into that order: a
 * frame that was used before such an admission and not after it must not be reported alone, or it would count
 * as used later. `why` gets the frames from the least recently used on, with their `position` (0 is the least
 * recently used) and whether they are `pinned`; the last one is the victim.
 */
export const lru: PolicyDefinition<LruState> = {
  name: 'lru',
  summary: 'evicts the page that has not been used for the longest time',
  source:
    'Mattson, Gecsei, Slutz and Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal 9(2), 1970',
  needs: 'last-use order',
  ties: 'none: uses are ordered, and an admission is a use; a pinned frame is passed over and keeps its place',
  initial: frameQueue,
  attach: (state, environment) => new LeastRecentlyUsed(state, environment),
};
