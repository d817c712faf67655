/** Least frequently used: the page with the fewest uses since it came in goes. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import {
  addToHeap,
  type FrameHeap,
  frameHeap,
  raiseInHeap,
  removeFromHeap,
  smallestAccepted,
} from './frame-heap.ts';

export interface LfuState {
  /** By uses since the admission, then by the time of the last one. */
  readonly heap: FrameHeap;
  /** References so far. */
  time: number;
}

class LeastFrequentlyUsed implements ReplacementPolicy {
  readonly #state: LfuState;
  readonly #environment: PolicyEnvironment;

  constructor(state: LfuState, environment: PolicyEnvironment) {
    this.#state = state;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    addToHeap(this.#state.heap, frame, 1, ++this.#state.time);
  }

  referenced(frame: Frame): void {
    const { heap } = this.#state;
    raiseInHeap(heap, frame, heap.major[frame]! + 1, ++this.#state.time);
  }

  evicted(frame: Frame): void {
    removeFromHeap(this.#state.heap, frame);
  }

  released(frame: Frame): void {
    removeFromHeap(this.#state.heap, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { heap } = this.#state;
    return smallestAccepted(heap, (frame) => {
      const pinned = this.#environment.bits.isPinned(frame);
      if (why !== undefined)
        why.considered(frame, { uses: heap.major[frame]!, lastUse: heap.minor[frame]!, pinned });
      return !pinned;
    });
  }
}

/**
 * Uses are counted from the admission, which is the first; what was evicted starts anew (in-cache LFU). `why`
 * gets the frames from the least used on, with their `uses`, `lastUse` (number of the reference, from 1) and
 * whether they are `pinned`; the last one is the victim.
 */
export const lfu: PolicyDefinition<LfuState> = {
  name: 'lfu',
  summary: 'evicts the page with the fewest uses since it was brought in',
  source:
    'Aho, Denning and Ullman, "Principles of optimal page replacement", Journal of the ACM 18(1), 1971; counts since admission as in Silberschatz, Galvin and Gagne, "Operating System Concepts"',
  needs: 'every reference',
  ties: 'of pages with equally many uses the least recently used; a pinned frame is passed over',
  initial: (frameLimit) => ({ heap: frameHeap(frameLimit), time: 0 }),
  attach: (state, environment) => new LeastFrequentlyUsed(state, environment),
};
