/** Clock: a hand goes round the frames; a page used since the hand last passed is spared once. */
import type { Frame } from '../../base/numbers.ts';
import { type ClockState, clockState, joinClock, leaveClock } from './clock-ring.ts';
import type { PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';

class Clock implements ReplacementPolicy {
  readonly #clock: ClockState;
  readonly #environment: PolicyEnvironment;

  constructor(clock: ClockState, environment: PolicyEnvironment) {
    this.#clock = clock;
    this.#environment = environment;
  }

  admitted(frame: Frame): void {
    joinClock(this.#clock, frame);
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    leaveClock(this.#clock, frame);
  }

  released(frame: Frame): void {
    leaveClock(this.#clock, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const clock = this.#clock;
    const { bits } = this.#environment;
    // The first turn clears every unpinned frame's bit, so the second finds one if there is any.
    for (let looks = 2 * clock.count; looks > 0; looks--) {
      const frame = clock.hand as Frame;
      clock.hand = clock.next[frame] as number;
      const pinned = bits.isPinned(frame);
      const referenced = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
      why?.considered(frame, { referenced, pinned });
      if (!pinned && !referenced) return frame;
    }
    return -1;
  }
}

/**
 * From the hand on: a pinned frame is passed over and keeps its bit; one whose referenced bit is set has it
 * cleared and is passed; the first one left is the victim, and the hand stays just after it. `why` gets the
 * frames the hand passed, with `referenced` (before it was cleared) and `pinned`; the last one is the victim.
 */
export const clock: PolicyDefinition<ClockState> = {
  name: 'clock',
  summary: 'approximates LRU with a referenced bit and a hand that goes round (second chance)',
  source: 'Corbató, "A paging experiment with the Multics system", MIT Project MAC report MAC-M-384, 1968',
  needs: 'bits',
  ties: 'ring in order of admission, newcomers immediately behind the hand; the first that fits, from the hand on',
  initial: clockState,
  attach: (state, environment) => new Clock(state, environment),
};
