/** LRU by sampling: at each clock interrupt the pages whose referenced bit is set become the most recent ones. */

import { DURATION_SYNTAX, parseDuration } from '../../base/durations.ts';
import type { Frame } from '../../base/numbers.ts';
import type {
  FrameBits,
  PolicyDefinition,
  PolicyEnvironment,
  PolicyParameter,
  ReplacementPolicy,
  Why,
} from './contract.ts';
import { firstUnpinned } from './frame-lists.ts';
import { after, append, emptyLists, first, type Lists, moveToEnd, remove } from './lists.ts';

/** List 0: the resident frames by the sample that last found them used, longest ago first. */
export type SampledLruState = Lists;

class SampledLru implements ReplacementPolicy {
  readonly #queue: SampledLruState;
  readonly #bits: FrameBits;

  constructor(queue: SampledLruState, { bits }: PolicyEnvironment) {
    this.#queue = queue;
    this.#bits = bits;
  }

  admitted(frame: Frame): void {
    append(this.#queue, 0, frame);
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    remove(this.#queue, frame);
  }

  released(frame: Frame): void {
    remove(this.#queue, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    return firstUnpinned(this.#queue, 0, this.#bits, why, 'queue');
  }

  interrupt(): void {
    const queue = this.#queue;
    let frame = first(queue, 0) as Frame;
    for (let left = queue.sizes[0]!; left > 0; left--) {
      const next = after(queue, frame) as Frame;
      if (this.#bits.testAndClearReferenced(frame)) moveToEnd(queue, 0, frame);
      frame = next;
    }
  }
}

const parameter: PolicyParameter = {
  syntax: 'sampled-lru:T',
  summary: `time between the samples, ${DURATION_SYNTAX} (default 1ms)`,
  parse: (text) => {
    const interval = parseDuration(text);
    return interval === undefined ? undefined : variant(interval, `sampled-lru:${text}`);
  },
};

function variant(interval: number, name: string): PolicyDefinition<SampledLruState> {
  return {
    name,
    summary: 'approximates LRU by sampling and clearing the referenced bits at clock interrupts',
    source:
      'Corbató, "A paging experiment with the Multics system", 1968; sampling at interrupts as in Denning, 1968',
    needs: 'bits',
    ties: 'pages that the same sample found used keep the order they had; a newcomer is the most recent; a pinned frame is passed over',
    interval,
    parameter,
    initial: (frameLimit) => emptyLists(1, frameLimit),
    attach: (state, environment) => new SampledLru(state, environment),
  };
}

/**
 * It decides from samples alone: a use since the last one is not known yet. Sampled after every reference it is
 * LRU, never sampled it is FIFO; what lies between is what sampling costs. `why` gets the frames from the least
 * recent on, with their `position` and whether they are `pinned`; the last one is the victim.
 */
export const sampledLru = variant(1e6, 'sampled-lru');
