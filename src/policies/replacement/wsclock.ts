/** WSClock: a clock whose hand takes pages that were not used for the length of a window, clean ones first. */
import type { Frame } from '../../base/numbers.ts';
import { type ClockState, clockState, joinClock, leaveClock, passHand } from './clock-ring.ts';
import type {
  FrameBits,
  PolicyDefinition,
  PolicyEnvironment,
  PolicyParameter,
  ReplacementPolicy,
  Why,
} from './contract.ts';
import { DURATION_SYNTAX, parseDuration } from './durations.ts';

export interface WsClockState {
  readonly clock: ClockState;
  /** By frame: virtual time in ns at which the page was last known to be used. */
  readonly lastUse: Float64Array;
  /** Latest virtual time that was heard of, in ns. */
  now: number;
}

class WsClock implements ReplacementPolicy {
  readonly #state: WsClockState;
  readonly #bits: FrameBits;
  readonly #window: number;
  /** The best that the turn has come across so far: outside the window but dirty, and used longest ago. */
  #dirty: Frame | -1 = -1;
  #oldest: Frame | -1 = -1;

  constructor(state: WsClockState, { bits }: PolicyEnvironment, window: number) {
    this.#state = state;
    this.#bits = bits;
    this.#window = window;
  }

  admitted(frame: Frame): void {
    joinClock(this.#state.clock, frame);
    this.#state.lastUse[frame] = this.#state.now;
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    leaveClock(this.#state.clock, frame);
  }

  released(frame: Frame): void {
    leaveClock(this.#state.clock, frame);
  }

  victim(_incoming: number, now: number, why?: Why): Frame | -1 {
    const { clock } = this.#state;
    this.#state.now = now;
    this.#dirty = -1;
    this.#oldest = -1;
    for (let looks = clock.count; looks > 0; looks--) {
      const frame = passHand(clock) as Frame;
      if (this.#goesAtOnce(frame, now, why)) return frame;
    }
    const frame = this.#dirty === -1 ? this.#oldest : this.#dirty;
    if (frame === -1) return -1;
    clock.hand = clock.links[2 * frame]!;
    if (why !== undefined) why.considered(frame, { age: now - this.#state.lastUse[frame]!, turn: 2 });
    return frame;
  }

  /** Looks at a frame that the hand passes: true when it is clean and outside the window. */
  #goesAtOnce(frame: Frame, now: number, why: Why | undefined): boolean {
    const bits = this.#bits;
    const { lastUse } = this.#state;
    const pinned = bits.isPinned(frame);
    const referenced = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
    const dirty = bits.isDirty(frame);
    if (referenced && !pinned) lastUse[frame] = now;
    const age = now - lastUse[frame]!;
    if (why !== undefined) why.considered(frame, { age, referenced, dirty, pinned, turn: 1 });
    if (pinned) return false;
    if (this.#oldest === -1 || lastUse[frame]! < lastUse[this.#oldest]!) this.#oldest = frame;
    if (age <= this.#window) return false;
    if (dirty && this.#dirty === -1) this.#dirty = frame;
    return !dirty;
  }
}

const parameter: PolicyParameter = {
  syntax: 'wsclock:T',
  summary: `length of the window, ${DURATION_SYNTAX} (default 10ms)`,
  parse: (text) => {
    const window = parseDuration(text);
    return window === undefined ? undefined : variant(window, `wsclock:${text}`);
  },
};

function variant(window: number, name: string): PolicyDefinition<WsClockState> {
  return {
    name,
    summary: 'a clock that evicts pages not used within a window of virtual time, clean ones first',
    source:
      'Carr and Hennessy, "WSClock: a simple and effective algorithm for virtual memory management", SOSP 1981',
    needs: 'bits',
    ties: 'the first that fits, from the hand on; ring in order of admission, newcomers immediately behind the hand',
    parameter,
    initial: (frameLimit) => ({
      clock: clockState(frameLimit),
      lastUse: new Float64Array(frameLimit),
      now: 0,
    }),
    attach: (state, environment) => new WsClock(state, environment, window),
  };
}

/**
 * The hand clears each referenced bit it passes and notes the time; the first page that is clean and has not been
 * used for longer than the window is the victim. In the paper a dirty page outside the window is written in the
 * background while the hand goes on; here writing is the mechanism's and comes with the eviction, so when a turn
 * finds no clean page, the first dirty one outside the window goes. When all are within it, the one whose last
 * known use lies furthest back goes, where the paper takes a program out of memory. The hand stays just after the
 * victim. A policy hears of time only when it is asked for a victim; pages that came since were used at the last
 * such time, until the hand finds their bit. All processes' time counts, not each one's own. `why` gets the
 * frames the hand passed, with `age` in ns, `referenced` (before it was cleared), `dirty`, `pinned` and `turn`,
 * and once more, with `turn` 2, a victim that was settled on after the turn.
 */
export const wsclock = variant(1e7, 'wsclock');
