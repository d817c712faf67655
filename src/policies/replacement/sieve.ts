/** SIEVE: a FIFO queue with a hand that spares used pages where they are, instead of moving them. */
import type { Frame } from '../../base/numbers.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { after, append, emptyLists, first, type Lists, remove } from './lists.ts';

export interface SieveState {
  /** List 0: the resident frames in order of admission, oldest first. */
  readonly queue: Lists;
  /** The frame to look at next; -1 for the oldest. */
  hand: number;
}

class Sieve implements ReplacementPolicy {
  readonly #state: SieveState;
  readonly #bits: FrameBits;

  constructor(state: SieveState, { bits }: PolicyEnvironment) {
    this.#state = state;
    this.#bits = bits;
  }

  admitted(frame: Frame): void {
    append(this.#state.queue, 0, frame);
    // A page comes in with a clear bit: the use that brought it in is not to count twice.
    this.#bits.testAndClearReferenced(frame);
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    const state = this.#state;
    const next = state.hand === frame ? after(state.queue, frame) : state.hand;
    remove(state.queue, frame);
    state.hand = next;
  }

  released(frame: Frame): void {
    this.evicted(frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const state = this.#state;
    const { queue } = state;
    const bits = this.#bits;
    // The first turn clears every unpinned frame's bit, so the second finds one if there is any.
    for (let looks = 2 * queue.sizes[0]!; looks > 0; looks--) {
      const frame = (state.hand === -1 ? first(queue, 0) : state.hand) as Frame;
      const pinned = bits.isPinned(frame);
      const visited = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
      if (why !== undefined) why.considered(frame, { visited, pinned });
      // The hand leaves the victim only when it is evicted.
      state.hand = frame;
      if (!pinned && !visited) return frame;
      state.hand = after(queue, frame);
    }
    return -1;
  }
}

/**
 * The hand goes from the oldest page to the newest and then to the oldest again; it clears the bits of used pages
 * and passes them, and takes the first page without. Newcomers join behind the newest page, wherever the hand is.
 * A page comes in with its referenced bit clear; where the hardware sets the bit again when it repeats the access,
 * as in a live run, the first use counts as a hit. A pinned frame is passed over and keeps its bit. `why` gets the
 * frames that the hand came to, with `visited` (before it was cleared) and `pinned`; the last one is the victim.
 */
export const sieve: PolicyDefinition<SieveState> = {
  name: 'sieve',
  summary: 'a FIFO queue whose hand evicts the first page not used since it last passed',
  source:
    'Zhang, Yang, Yue, Vigfusson and Rashmi, "SIEVE is simpler than LRU: an efficient turn-key eviction algorithm for web caches", NSDI 2024',
  needs: 'bits',
  ties: 'none: the queue is in order of admission; the first that fits, from the hand on',
  initial: (frameLimit) => ({ queue: emptyLists(1, frameLimit), hand: -1 }),
  attach: (state, environment) => new Sieve(state, environment),
};
