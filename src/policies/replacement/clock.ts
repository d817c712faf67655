/** Clock: a hand goes round the frames; a page used since the hand last passed is spared once, or N times. */
import type { Frame } from '../../base/numbers.ts';
import { type ClockState, clockState, joinClock, leaveClock, passHand } from './clock-ring.ts';
import type {
  PolicyDefinition,
  PolicyEnvironment,
  PolicyParameter,
  ReplacementPolicy,
  Why,
} from './contract.ts';

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
      const frame = passHand(clock) as Frame;
      const pinned = bits.isPinned(frame);
      const referenced = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
      if (why !== undefined) why.considered(frame, { referenced, pinned });
      if (!pinned && !referenced) return frame;
    }
    return -1;
  }
}

export interface ChancesState {
  readonly clock: ClockState;
  /** By frame: how often the hand still spares it. */
  readonly chances: Uint8Array;
}

/** The clock with more than one chance. */
class ChanceClock implements ReplacementPolicy {
  readonly #state: ChancesState;
  readonly #environment: PolicyEnvironment;
  readonly #chances: number;

  constructor(state: ChancesState, environment: PolicyEnvironment, chances: number) {
    this.#state = state;
    this.#environment = environment;
    this.#chances = chances;
  }

  admitted(frame: Frame): void {
    joinClock(this.#state.clock, frame);
    this.#state.chances[frame] = 0;
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    leaveClock(this.#state.clock, frame);
  }

  released(frame: Frame): void {
    leaveClock(this.#state.clock, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { clock, chances } = this.#state;
    const { bits } = this.#environment;
    for (let looks = (this.#chances + 1) * clock.count; looks > 0; looks--) {
      const frame = passHand(clock) as Frame;
      const pinned = bits.isPinned(frame);
      const referenced = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
      if (referenced && !pinned) chances[frame] = this.#chances;
      const left = chances[frame]!;
      if (why !== undefined) why.considered(frame, { referenced, chances: left, pinned });
      if (pinned) continue;
      if (left === 0) return frame;
      chances[frame] = left - 1;
    }
    return -1;
  }
}

const parameter: PolicyParameter = {
  syntax: 'clock:N',
  summary: 'how often the hand spares a page after its last use, 1 to 255 (default 1)',
  parse: (text) => {
    const chances = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : 0;
    return chances >= 1 && chances <= 255 ? withChances(chances) : undefined;
  },
};

/**
 * Clock with a counter: a frame whose referenced bit the hand finds set has the bit cleared and gets N chances;
 * each time the hand passes it takes one; the first frame without any is the victim. With N = 1 it decides as
 * `clock` does. `why` gets what `clock` gives it, and the `chances` that were left.
 */
function withChances(chances: number): PolicyDefinition<ChancesState> {
  return {
    name: `clock:${chances}`,
    summary: `clock whose hand spares a page ${chances} times after its last use`,
    source:
      'Smith, "Sequentiality and prefetching in database systems", ACM Transactions on Database Systems 3(3), 1978 (generalized clock)',
    needs: 'bits',
    ties: clock.ties,
    parameter,
    initial: (frameLimit) => ({ clock: clockState(frameLimit), chances: new Uint8Array(frameLimit) }),
    attach: (state, environment) => new ChanceClock(state, environment, chances),
  };
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
  parameter,
  initial: clockState,
  attach: (state, environment) => new Clock(state, environment),
};
