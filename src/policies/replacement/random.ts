/** A page chosen at random: needs no bookkeeping, and has no worst case that a program can run into by habit. */
import { assert } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import { nextBelow, type RandomState } from '../../base/random.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';

export interface RandomPolicyState {
  readonly random: RandomState;
  /** The resident frames, in elements 0 to `count` - 1, in no order that means anything. */
  readonly resident: Int32Array;
  /** By frame: where it is in `resident`, or -1. */
  readonly position: Int32Array;
  count: number;
}

class RandomChoice implements ReplacementPolicy {
  readonly #state: RandomPolicyState;
  readonly #environment: PolicyEnvironment;

  constructor(state: RandomPolicyState, environment: PolicyEnvironment) {
    this.#state = state;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    const state = this.#state;
    assert(state.position[frame] === -1, 'a frame is admitted only when it is not resident');
    this.#place(frame, state.count++);
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    this.released(frame);
  }

  released(frame: Frame): void {
    const state = this.#state;
    const hole = state.position[frame] as number;
    assert(hole !== -1, 'only a resident frame is evicted or released');
    const last = state.resident[--state.count] as number;
    this.#place(last, hole);
    state.position[frame] = -1;
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const state = this.#state;
    for (let candidates = state.count; candidates > 0; candidates--) {
      const draw = nextBelow(state.random, candidates);
      const frame = state.resident[draw] as Frame;
      const pinned = this.#environment.bits.isPinned(frame);
      why?.considered(frame, { draw, candidates, pinned });
      if (!pinned) return frame;
      // Out of the candidates, so that the next draw is uniform over the rest and the search ends.
      const last = state.resident[candidates - 1] as number;
      this.#place(last, draw);
      this.#place(frame, candidates - 1);
    }
    return -1;
  }

  #place(frame: number, index: number): void {
    this.#state.resident[index] = frame;
    this.#state.position[frame] = index;
  }
}

/**
 * Uniform over the resident frames that are not pinned. `why` gets the frames drawn, with the number that was
 * drawn (`draw`, 0 to `candidates` - 1), the number of `candidates` and whether the frame is `pinned`; the last
 * one is the victim.
 */
export const random: PolicyDefinition<RandomPolicyState> = {
  name: 'random',
  summary: 'evicts a page chosen at random (repeatable: the seed decides)',
  source:
    'Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966',
  needs: 'nothing',
  ties: 'every unpinned frame is equally likely; the seed decides',
  initial: (frameLimit, random) => ({
    random: { ...random },
    resident: new Int32Array(frameLimit),
    position: new Int32Array(frameLimit).fill(-1),
    count: 0,
  }),
  attach: (state, environment) => new RandomChoice(state, environment),
};
