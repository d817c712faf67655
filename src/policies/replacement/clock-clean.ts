/** Clock that prefers clean pages: a dirty victim costs a write, so a clean one that is as little used goes first. */
import type { Frame } from '../../base/numbers.ts';
import { type ClockState, clockState, joinClock, leaveClock, passHand } from './clock-ring.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';

/** Turns of the hand: unused and clean, unused; and again, now that every referenced bit is clear. */
const turns = 4;

class CleanFirstClock implements ReplacementPolicy {
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
    for (let turn = 1; turn <= turns; turn++) {
      for (let looks = clock.count; looks > 0; looks--) {
        const frame = passHand(clock) as Frame;
        if (fits(frame, turn, bits, why)) return frame;
      }
    }
    return -1;
  }
}

function fits(frame: Frame, turn: number, bits: FrameBits, why?: Why): boolean {
  const pinned = bits.isPinned(frame);
  const sparesDirty = turn % 2 === 1;
  const clears = !sparesDirty && !pinned;
  const referenced = clears ? bits.testAndClearReferenced(frame) : bits.isReferenced(frame);
  const dirty = bits.isDirty(frame);
  why?.considered(frame, { turn, referenced, dirty, pinned });
  return !pinned && !referenced && !(sparesDirty && dirty);
}

/**
 * Up to four turns of the hand, each from where the last one ended, which is where it began:
 *
 * 1. the first frame that is neither referenced nor dirty; nothing is changed
 * 2. the first frame that is not referenced; the bit of each frame passed is cleared
 * 3. as 1: all bits are clear now, so this finds what was referenced and clean
 * 4. as 2: what was referenced and dirty
 *
 * Pinned frames are passed over and keep their bits. The hand stays just after the victim. `why` gets the
 * frames the hand passed, with the `turn` (1 to 4), `referenced` (before it was cleared), `dirty` and `pinned`;
 * the last one is the victim.
 */
export const clockClean: PolicyDefinition<ClockState> = {
  name: 'clock-clean',
  summary: 'clock that evicts unused clean pages before unused dirty ones, which cost a write',
  source:
    'Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", ch. 22 (considering dirty pages); turns as in Goldman, "Mac VM revealed", Byte, November 1989',
  needs: 'bits',
  ties: 'ring in order of admission, newcomers immediately behind the hand; in each turn the first that fits, from the hand on',
  initial: clockState,
  attach: (state, environment) => new CleanFirstClock(state, environment),
};
