/** ARC: balances pages seen once against pages seen more often by what its ghosts say it should have kept. */
import type { Frame } from '../../base/numbers.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { firstUnpinned } from './frame-lists.ts';
import { append, emptyLists, type Lists, listOf, moveToEnd, remove, removeIfListed, trim } from './lists.ts';

/** Of frames T1 and T2, of evicted pages B1 and B2: seen once lately, seen more often; least recent first. */
const ONCE = 0;
const OFTEN = 1;
const NONE = -1;

export interface ArcState {
  readonly frames: Lists;
  readonly ghosts: Lists;
  /** By frame: its page. */
  readonly pageOf: Int32Array;
  /** The paper's p: frames that T1 should have, 0 to the number of frames; a real number. */
  target: number;
  /** Page that a victim was asked for last, and what `target` becomes when it comes in; -1 when there is none. */
  expected: number;
  expectedTarget: number;
}

class Arc implements ReplacementPolicy {
  readonly #state: ArcState;
  readonly #environment: PolicyEnvironment;

  constructor(state: ArcState, environment: PolicyEnvironment) {
    this.#state = state;
    this.#environment = environment;
  }

  admitted(frame: Frame, page: number): void {
    const state = this.#state;
    const { frames, ghosts, pageOf } = state;
    const { frameLimit } = this.#environment;
    state.target = state.expected === page ? state.expectedTarget : this.#adapted(page);
    state.expected = NONE;
    append(frames, listOf(ghosts, page) === NONE ? ONCE : OFTEN, frame);
    pageOf[frame] = page;
    removeIfListed(ghosts, page);
    trim(ghosts, ONCE, Math.max(0, frameLimit - frames.sizes[ONCE]!));
    const others = frames.sizes[ONCE]! + frames.sizes[OFTEN]! + ghosts.sizes[ONCE]!;
    trim(ghosts, OFTEN, Math.max(0, 2 * frameLimit - others));
  }

  referenced(frame: Frame): void {
    moveToEnd(this.#state.frames, OFTEN, frame);
  }

  evicted(frame: Frame): void {
    const { frames, ghosts, pageOf } = this.#state;
    const list = listOf(frames, frame);
    remove(frames, frame);
    append(ghosts, list, pageOf[frame]!);
  }

  released(frame: Frame): void {
    remove(this.#state.frames, frame);
  }

  victim(incoming: number, _now: number, why?: Why): Frame | -1 {
    const state = this.#state;
    state.expected = incoming;
    state.expectedTarget = this.#adapted(incoming);
    const once = state.frames.sizes[ONCE]!;
    const excess = once - state.expectedTarget;
    const wasOften = listOf(state.ghosts, incoming) === OFTEN;
    const list = once > 0 && (excess > 0 || (excess === 0 && wasOften)) ? ONCE : OFTEN;
    const chosen = this.#oldest(list, why);
    return chosen === -1 ? this.#oldest(1 - list, why) : chosen;
  }

  /** What the coming of `page` makes of the target. */
  #adapted(page: number): number {
    const { ghosts, target } = this.#state;
    const list = listOf(ghosts, page);
    if (list === NONE) return target;
    const [once, often] = [ghosts.sizes[ONCE]!, ghosts.sizes[OFTEN]!];
    if (list === ONCE) return Math.min(this.#environment.frameLimit, target + Math.max(often / once, 1));
    return Math.max(0, target - Math.max(once / often, 1));
  }

  #oldest(list: number, why: Why | undefined): Frame | -1 {
    return firstUnpinned(this.#state.frames, list, this.#environment.bits, why, list === ONCE ? 'T1' : 'T2');
  }
}

/**
 * As in the paper, with its case IV in the order that demand paging has it: the victim goes to the ghosts first,
 * and the ghosts are cut to |T1| + |B1| <= c and 2c in all when the new page is in. What is kept and what goes is
 * the same, the page that case IV A deletes from T1 without a ghost included. The target changes when the page
 * comes in, and a victim is chosen by what it changes to. When the list that a victim should come from has none
 * to give, because of pinned frames or of frames that were released, it comes from the other one. `why` gets the
 * frames of the list (`list` is T1 or T2) from the least recently used on, with their `position` and whether they
 * are `pinned`; the last one is the victim.
 */
export const arc: PolicyDefinition<ArcState> = {
  name: 'arc',
  summary: 'adapts how much memory goes to pages seen once and how much to pages seen more often',
  source: 'Megiddo and Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003',
  needs: 'every reference',
  ties: 'none: all lists are ordered; a pinned frame is passed over and keeps its place',
  initial: (frameLimit) => ({
    frames: emptyLists(2, frameLimit),
    ghosts: emptyLists(2, 2 * frameLimit),
    pageOf: new Int32Array(frameLimit),
    target: 0,
    expected: NONE,
    expectedTarget: 0,
  }),
  attach: (state, environment) => new Arc(state, environment),
};
