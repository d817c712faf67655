/** 2Q: a page has to come back after it left the queue of newcomers before it counts as worth keeping. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { firstUnpinned } from './frame-lists.ts';
import { append, emptyLists, type Lists, listOf, moveToEnd, remove, trim } from './lists.ts';

/** Lists of frames: newcomers, oldest first (the paper's A1in); pages that came back, in order of use (Am). */
const RECENT = 0;
const PROVEN = 1;

export interface TwoQState {
  readonly frames: Lists;
  /** List 0: pages evicted from the newcomers, oldest first (A1out). */
  readonly ghosts: Lists;
  /** By frame: its page. */
  readonly pageOf: Int32Array;
}

class TwoQ implements ReplacementPolicy {
  readonly #state: TwoQState;
  readonly #environment: PolicyEnvironment;
  /** The paper's Kin and Kout. */
  readonly #recentLimit: number;
  readonly #ghostLimit: number;

  constructor(state: TwoQState, environment: PolicyEnvironment) {
    this.#state = state;
    this.#environment = environment;
    this.#recentLimit = Math.max(1, Math.floor(environment.frameLimit / 4));
    this.#ghostLimit = Math.max(1, Math.floor(environment.frameLimit / 2));
  }

  admitted(frame: Frame, page: number): void {
    const { frames, ghosts, pageOf } = this.#state;
    const isGhost = listOf(ghosts, page) !== -1;
    append(frames, isGhost ? PROVEN : RECENT, frame);
    pageOf[frame] = page;
    if (isGhost) remove(ghosts, page);
    // Not before the page that comes in was looked up: the eviction for it must not push it out.
    trim(ghosts, 0, this.#ghostLimit);
  }

  referenced(frame: Frame): void {
    const { frames } = this.#state;
    if (listOf(frames, frame) === PROVEN) moveToEnd(frames, PROVEN, frame);
  }

  evicted(frame: Frame): void {
    const { frames, ghosts, pageOf } = this.#state;
    const isRecent = listOf(frames, frame) === RECENT;
    remove(frames, frame);
    if (!isRecent) return;
    trim(ghosts, 0, this.#ghostLimit);
    append(ghosts, 0, pageOf[frame]!);
  }

  released(frame: Frame): void {
    remove(this.#state.frames, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { frames } = this.#state;
    const first = frames.sizes[RECENT]! > this.#recentLimit ? RECENT : PROVEN;
    const chosen = this.#oldest(first, why);
    return chosen === -1 ? this.#oldest(first === RECENT ? PROVEN : RECENT, why) : chosen;
  }

  #oldest(list: number, why: Why | undefined): Frame | -1 {
    const name = list === RECENT ? 'A1in' : 'Am';
    return firstUnpinned(this.#state.frames, list, this.#environment.bits, why, name);
  }
}

/**
 * The full version, with Kin a quarter of the frames and Kout half of them, both rounded down and at least 1. When
 * the list that a victim should come from has none to give, it comes from the other one: with one frame, say,
 * Kin is 1 and Am is empty. `why` gets the frames of the list (`list` is A1in or Am) from the oldest on, with
 * their `position` and whether they are `pinned`; the last one is the victim.
 */
export const twoQ: PolicyDefinition<TwoQState> = {
  name: '2q',
  summary: 'keeps newcomers in a short FIFO and pages that came back after it in an LRU queue',
  source:
    'Johnson and Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", VLDB 1994',
  needs: 'every reference',
  ties: 'none: both lists are ordered; a pinned frame is passed over and keeps its place',
  initial: (frameLimit) => ({
    frames: emptyLists(2, frameLimit),
    ghosts: emptyLists(1, frameLimit),
    pageOf: new Int32Array(frameLimit),
  }),
  attach: (state, environment) => new TwoQ(state, environment),
};
