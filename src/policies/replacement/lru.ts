/** Exact least recently used: the page whose last use lies furthest back goes. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { oldestUnpinned } from './frame-queue.ts';
import { type FrameRing, frameQueue, linkBefore, unlink } from './frame-ring.ts';

/** A queue in order of last use, longest ago first. */
export type LruState = FrameRing;

class LeastRecentlyUsed implements ReplacementPolicy {
  readonly #queue: LruState;
  readonly #environment: PolicyEnvironment;

  constructor(queue: LruState, environment: PolicyEnvironment) {
    this.#queue = queue;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    linkBefore(this.#queue, frame, this.#environment.frameLimit);
  }

  referenced(frame: Frame): void {
    const { frameLimit } = this.#environment;
    // Most references go to the page used last, which is in its place already.
    if (this.#queue.previous[frameLimit] === frame) return;
    unlink(this.#queue, frame);
    linkBefore(this.#queue, frame, frameLimit);
  }

  evicted(frame: Frame): void {
    unlink(this.#queue, frame);
  }

  released(frame: Frame): void {
    unlink(this.#queue, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    return oldestUnpinned(this.#queue, this.#environment, why);
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
