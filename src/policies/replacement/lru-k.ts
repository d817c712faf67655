/** LRU-K: the page whose K-th last use lies furthest back goes, so that one use alone proves nothing. */
import type { Frame } from '../../base/numbers.ts';
import { withRoom } from './columns.ts';
import type {
  PolicyDefinition,
  PolicyEnvironment,
  PolicyParameter,
  ReplacementPolicy,
  Why,
} from './contract.ts';
import {
  addToHeap,
  type FrameHeap,
  frameHeap,
  raiseInHeap,
  removeFromHeap,
  smallestAccepted,
} from './frame-heap.ts';

/** Times are numbers of references, from 1; 0 stands for never. */
export interface LruKState {
  /** By time of the K-th last uncorrelated use, then by that of the last use. */
  readonly heap: FrameHeap;
  /** By frame: its page. */
  readonly pageOf: Int32Array;
  /** By page, K each: times of its last uncorrelated uses, the latest first. */
  history: Float64Array;
  time: number;
}

class LruK implements ReplacementPolicy {
  readonly #state: LruKState;
  readonly #environment: PolicyEnvironment;
  readonly #k: number;
  readonly #correlated: number;

  constructor(state: LruKState, environment: PolicyEnvironment, k: number, correlated: number) {
    this.#state = state;
    this.#environment = environment;
    this.#k = k;
    this.#correlated = correlated;
  }

  admitted(frame: Frame, page: number): void {
    const state = this.#state;
    const k = this.#k;
    const time = ++state.time;
    state.history = withRoom(state.history, (page + 1) * k - 1);
    shift(state.history, page * k, k, 0);
    state.history[page * k] = time;
    addToHeap(state.heap, frame, state.history[page * k + k - 1]!, time);
    state.pageOf[frame] = page;
  }

  referenced(frame: Frame): void {
    const { heap, history, pageOf } = this.#state;
    const k = this.#k;
    const time = ++this.#state.time;
    const at = pageOf[frame]! * k;
    const last = heap.minor[frame]!;
    if (time - last > this.#correlated) {
      // How long the burst lasted that ends here is no distance between uses.
      shift(history, at, k, last - history[at]!);
      history[at] = time;
    }
    raiseInHeap(heap, frame, history[at + k - 1]!, time);
  }

  evicted(frame: Frame): void {
    removeFromHeap(this.#state.heap, frame);
  }

  released(frame: Frame): void {
    const { heap, history, pageOf } = this.#state;
    removeFromHeap(heap, frame);
    const at = pageOf[frame]! * this.#k;
    history.fill(0, at, at + this.#k);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const ripe = this.#smallest(this.#correlated, why);
    return ripe !== -1 || this.#correlated === 0 ? ripe : this.#smallest(0, why);
  }

  /** The first unpinned frame not used in the last `least` references. */
  #smallest(least: number, why: Why | undefined): Frame | -1 {
    const { heap, time } = this.#state;
    return smallestAccepted(heap, (frame) => {
      const pinned = this.#environment.bits.isPinned(frame);
      const kthUse = heap.major[frame]!;
      const lastUse = heap.minor[frame]!;
      if (why !== undefined) why.considered(frame, { kthUse, lastUse, pinned });
      return !pinned && time + 1 - lastUse > least;
    });
  }
}

/** Moves a page's times back by one place, each that there is later by `by`, and the last one out. */
function shift(history: Float64Array, at: number, k: number, by: number): void {
  for (let i = at + k - 1; i > at; i--) history[i] = history[i - 1] === 0 ? 0 : history[i - 1]! + by;
}

const parameter: PolicyParameter = {
  syntax: 'lru-k:K[,C]',
  summary:
    'K, the use that counts, 1 to 16 (default 2), and C, the correlated reference period in references (default 0)',
  parse: (text) => {
    const [, digits, period = '0'] = /^([1-9]\d?)(?:,(\d{1,9}))?$/.exec(text) ?? [];
    const k = Number(digits);
    return k >= 1 && k <= 16 ? variant(k, Number(period), `lru-k:${text}`) : undefined;
  },
};

function variant(k: number, correlated: number, name: string): PolicyDefinition<LruKState> {
  return {
    name,
    summary: `evicts the page whose use number ${k} from the last lies furthest back`,
    source:
      'O\'Neil, O\'Neil and Weikum, "The LRU-K page replacement algorithm for database disk buffering", SIGMOD 1993',
    needs: 'every reference',
    ties: 'pages with fewer than K uses go first, of those, and of equals, the least recently used; a pinned frame is passed over',
    parameter,
    initial: (frameLimit) => ({
      heap: frameHeap(frameLimit),
      pageOf: new Int32Array(frameLimit),
      history: new Float64Array(k * frameLimit),
      time: 0,
    }),
    attach: (state, environment) => new LruK(state, environment, k, correlated),
  };
}

/**
 * With K = 2. The history of a page outlives its eviction and is kept until the page is released: the paper's
 * retained information period is without end here, at 8 K bytes a page. Uses that follow each other within the
 * correlated reference period count as one; pages used within it are no victims unless there are no others, where
 * the paper would find none. `why` gets the frames from the first candidate on, with `kthUse` and `lastUse`
 * (numbers of references, 0 is never) and whether they are `pinned`; the last one is the victim.
 */
export const lruK = variant(2, 0, 'lru-k');
