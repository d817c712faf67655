/** First in, first out: the page that has been in memory longest goes, however much it is used. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { oldestUnpinned } from './frame-queue.ts';
import { type FrameRing, frameQueue, linkBefore, unlink } from './frame-ring.ts';

/** A queue in order of admission, oldest first. */
export type FifoState = FrameRing;

class Fifo implements ReplacementPolicy {
  readonly #links: Int32Array;
  /** Node that the queue starts behind. */
  readonly #mark: number;
  readonly #environment: PolicyEnvironment;

  constructor({ links }: FifoState, environment: PolicyEnvironment) {
    this.#links = links;
    this.#mark = environment.frameLimit;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    linkBefore(this.#links, frame, this.#mark);
  }

  referenced(): void {}

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
 * `why` gets the frames from the oldest on, with their `position` (0 is the oldest) and whether they are
 * `pinned`; the last one is the victim.
 */
export const fifo: PolicyDefinition<FifoState> = {
  name: 'fifo',
  summary: 'evicts the page that was brought in first',
  source:
    'Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966',
  needs: 'nothing',
  ties: 'none: admissions are ordered; a pinned frame is passed over and keeps its place',
  initial: frameQueue,
  attach: (state, environment) => new Fifo(state, environment),
};
