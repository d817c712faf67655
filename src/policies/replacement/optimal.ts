/** Belady's optimal policy: the page whose next use lies furthest ahead goes. No policy faults less. */
import { assert } from '../../base/errors.ts';
import { type Frame, NEVER } from '../../base/numbers.ts';
import { type BitTree, bitTree, exclude, include, largestBelow, smallestFrom } from './bit-tree.ts';
import type {
  Future,
  PolicyDefinition,
  PolicyEnvironment,
  PolicyParameter,
  ReplacementPolicy,
  Why,
} from './contract.ts';

/** Which of the pages that are never used again goes first. */
type Choice = 'lowest' | 'highest' | 'oldest';

export interface OptimalState {
  /**
   * Positions of next uses. Positions that the trace went past are left in: all that counts is later, so they are
   * never the largest while anything that counts is left.
   */
  coming: BitTree;
  /** By frame: position of its page's next use, `NEVER`, or `ABSENT` when it is not resident. */
  readonly nextUse: Float64Array;
  /** Ranks of frames whose pages are never used again. */
  readonly done: BitTree;
  /** By frame: its rank among those that are done with, the smallest goes first. */
  readonly rankOf: Int32Array;
  /** By rank: the frame; -1 when it is no longer resident. */
  readonly frameOf: Int32Array;
  /** Ranks given so far; only `oldest` gives them as pages come in. */
  ranks: number;
}

const ABSENT = -1;

class Optimal implements ReplacementPolicy {
  readonly #state: OptimalState;
  readonly #environment: PolicyEnvironment;
  readonly #future: Future;
  readonly #coming: BitTree;
  readonly #words: Int32Array;
  readonly #nextUse: Float64Array;
  readonly #ranksAges: boolean;

  constructor(state: OptimalState, environment: PolicyEnvironment, choice: Choice) {
    const { future } = environment;
    assert(future !== undefined, 'a policy that needs the future is given it');
    // Only now is the trace's length known.
    if (state.coming.words.length === 1) state.coming = bitTree(Math.max(future.length, 33));
    this.#state = state;
    this.#environment = environment;
    this.#future = future;
    this.#coming = state.coming;
    this.#words = state.coming.words;
    this.#nextUse = state.nextUse;
    this.#ranksAges = choice === 'oldest';
  }

  admitted(frame: Frame): void {
    assert(this.#nextUse[frame] === ABSENT, 'a frame is admitted only when it is not resident');
    if (this.#ranksAges) this.#rank(frame);
    this.referenced(frame);
  }

  referenced(frame: Frame): void {
    const next = this.#future.nextUse;
    this.#nextUse[frame] = next;
    if (next === NEVER) include(this.#state.done, this.#state.rankOf[frame]!);
    // Most positions share a word with another: then there is nothing to do above it.
    else if (this.#words[next >>> 5] !== 0) this.#words[next >>> 5]! |= 1 << (next & 31);
    else include(this.#coming, next);
  }

  evicted(frame: Frame): void {
    this.released(frame);
  }

  released(frame: Frame): void {
    const { done, rankOf, frameOf } = this.#state;
    const next = this.#nextUse[frame]!;
    assert(next !== ABSENT, 'only a resident frame is evicted or released');
    if (next === NEVER) exclude(done, rankOf[frame]!);
    else exclude(this.#coming, next);
    if (this.#ranksAges) frameOf[rankOf[frame]!] = -1;
    this.#nextUse[frame] = ABSENT;
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { done, frameOf } = this.#state;
    for (let rank = smallestFrom(done, 0); rank !== -1; rank = smallestFrom(done, rank + 1)) {
      const frame = frameOf[rank] as Frame;
      if (this.#mayGo(frame, 'never', why)) return frame;
    }
    const coming = this.#coming;
    for (
      let next = largestBelow(coming, this.#future.length);
      next !== -1;
      next = largestBelow(coming, next)
    ) {
      const frame = this.#future.frameAt(next);
      if (this.#nextUse[frame] !== next) exclude(coming, next);
      else if (this.#mayGo(frame, next, why)) return frame;
    }
    return -1;
  }

  #mayGo(frame: Frame, nextUse: number | 'never', why: Why | undefined): boolean {
    const pinned = this.#environment.bits.isPinned(frame);
    if (why !== undefined) why.considered(frame, { nextUse, pinned });
    return !pinned;
  }

  /** Gives `frame` the next rank; when they are used up, all are given anew in the same order. */
  #rank(frame: Frame): void {
    const state = this.#state;
    if (state.ranks === state.frameOf.length) this.#renumber();
    state.rankOf[frame] = state.ranks;
    state.frameOf[state.ranks++] = frame;
  }

  #renumber(): void {
    const { frameOf, rankOf, done } = this.#state;
    done.words.fill(0);
    let ranks = 0;
    for (let rank = 0; rank < frameOf.length; rank++) {
      const frame = frameOf[rank]!;
      if (frame === -1) continue;
      frameOf[ranks] = frame;
      rankOf[frame] = ranks;
      if (this.#nextUse[frame] === NEVER) include(done, ranks);
      ranks++;
    }
    this.#state.ranks = ranks;
  }
}

function initialState(frameLimit: number, choice: Choice): OptimalState {
  // Twice the frames, so that ranks are given anew at most once for as many admissions as there are frames.
  const ranks = choice === 'oldest' ? 2 * frameLimit : frameLimit;
  const ranked = (_: unknown, n: number): number => (choice === 'highest' ? frameLimit - 1 - n : n);
  return {
    coming: bitTree(1),
    nextUse: new Float64Array(frameLimit).fill(ABSENT),
    done: bitTree(ranks),
    rankOf: Int32Array.from({ length: frameLimit }, ranked),
    frameOf: Int32Array.from({ length: ranks }, choice === 'oldest' ? () => -1 : ranked),
    ranks: 0,
  };
}

const words: Record<Choice, string> = {
  lowest: 'the one in the lowest frame',
  highest: 'the one in the highest frame',
  oldest: 'the one that was brought in first',
};

const parameter: PolicyParameter = {
  syntax: 'optimal:CHOICE',
  summary:
    'which of the pages never used again goes first: lowest (frame number; default), highest or oldest',
  parse: (text) => (Object.hasOwn(words, text) ? variant(text as Choice, `optimal:${text}`) : undefined),
};

function variant(choice: Choice, name: string): PolicyDefinition<OptimalState> {
  return {
    name,
    summary:
      'evicts the page that is not used for the longest time to come, which gives the fewest faults possible',
    source:
      'Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966; optimality: Mattson, Gecsei, Slutz and Traiger, IBM Systems Journal 9(2), 1970',
    needs: 'the future',
    ties: `pages that are never used again go first, of those ${words[choice]}; two pages are never used next at once`,
    parameter,
    initial: (frameLimit) => initialState(frameLimit, choice),
    attach: (state, environment) => new Optimal(state, environment, choice),
  };
}

/**
 * The victim is a page that is never used again, if there is one, else the one whose next use is last. Which of
 * several pages that are never used again goes changes no number of faults, but which frame a page is in; the
 * lowest frame is what a table worked out by hand, row by row, takes. A pinned frame is passed over.
 *
 * A reference costs one store in a tree of next uses unless its word is empty; a victim, five steps for 20
 * million references. `why` gets the frames from the one needed last, with `nextUse` (position in the trace, or
 * `never`) and whether they are `pinned`; the last one is the victim.
 */
export const optimal = variant('lowest', 'optimal');
