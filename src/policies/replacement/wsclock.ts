/** WSClock: a clock whose hand takes pages that were not used for the length of a window, clean ones first. */

import { DURATION_SYNTAX, parseDuration } from '../../base/durations.ts';
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
import { append, emptyLists, first, type Lists, moveToEnd, remove } from './lists.ts';

export interface WsClockState {
  readonly clock: ClockState;
  /** By frame: virtual time in ns at which the page was last known to be used. */
  readonly lastUse: Float64Array;
  /** By frame: 1 when the hand passed it dirty and outside the window, since when it was not used. */
  readonly written: Uint8Array;
  /** List 0: the resident frames by `lastUse`, so that it shows at once when none is outside the window. */
  readonly byUse: Lists;
  /** Latest virtual time that was heard of, in ns. */
  now: number;
}

class WsClock implements ReplacementPolicy {
  readonly #state: WsClockState;
  readonly #bits: FrameBits;
  readonly #window: number;

  constructor(state: WsClockState, { bits }: PolicyEnvironment, window: number) {
    this.#state = state;
    this.#bits = bits;
    this.#window = window;
  }

  admitted(frame: Frame): void {
    const state = this.#state;
    joinClock(state.clock, frame);
    append(state.byUse, 0, frame);
    state.lastUse[frame] = state.now;
    state.written[frame] = 0;
  }

  referenced(): void {}

  evicted(frame: Frame): void {
    leaveClock(this.#state.clock, frame);
    remove(this.#state.byUse, frame);
  }

  released(frame: Frame): void {
    this.evicted(frame);
  }

  victim(_incoming: number, now: number, why?: Why): Frame | -1 {
    const state = this.#state;
    state.now = now;
    const oldest = first(state.byUse, 0);
    if (oldest !== -1 && now - state.lastUse[oldest]! > this.#window) {
      const outside = this.#turn(why);
      if (outside !== -1) return outside;
    }
    // All are within the window: a plain clock. Its first turn clears the bits, so the second finds one.
    for (let looks = 2 * state.clock.count; looks > 0; looks--) {
      const frame = passHand(state.clock) as Frame;
      if (this.#mayGo(frame, why)) return frame;
    }
    return -1;
  }

  /** The first frame outside the window, from the hand on, that is clean or was passed before; or -1. */
  #turn(why: Why | undefined): Frame | -1 {
    const { clock, lastUse, written, now } = this.#state;
    for (let looks = 2 * clock.count; looks > 0; looks--) {
      const frame = passHand(clock) as Frame;
      if (!this.#mayGo(frame, why) || now - lastUse[frame]! <= this.#window) continue;
      if (written[frame] === 1 || !this.#bits.isDirty(frame)) return frame;
      written[frame] = 1;
    }
    return -1;
  }

  /** Whether a frame that the hand passes is neither pinned nor used; when it was used, it was so now. */
  #mayGo(frame: Frame, why: Why | undefined): boolean {
    const bits = this.#bits;
    const { lastUse, byUse, written, now } = this.#state;
    const pinned = bits.isPinned(frame);
    const referenced = pinned ? bits.isReferenced(frame) : bits.testAndClearReferenced(frame);
    if (referenced && !pinned) {
      lastUse[frame] = now;
      written[frame] = 0;
      moveToEnd(byUse, 0, frame);
    }
    if (why !== undefined) {
      const age = now - lastUse[frame]!;
      why.considered(frame, { age, referenced, dirty: bits.isDirty(frame), pinned });
    }
    return !pinned && !referenced;
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
      written: new Uint8Array(frameLimit),
      byUse: emptyLists(1, frameLimit),
      now: 0,
    }),
    attach: (state, environment) => new WsClock(state, environment, window),
  };
}

/**
 * The hand clears each referenced bit it passes and notes the time; the first page that is clean and has not been
 * used for longer than the window is the victim. In the paper the hand has a dirty page outside the window written in
 * the background, and takes it when it comes round again; here writing is the mechanism's and comes with the eviction,
 * but the page is spared one turn all the same. When all are within the window, where the paper takes a program out
 * of memory, the hand goes on as a plain clock's does: the first page not used since it last passed. The hand stays
 * just after the victim. A policy hears of time only when it is asked for a victim; pages that came since were used
 * at the last such time, until the hand finds their bit. All processes' time counts, not each one's own. `why` gets
 * the frames the hand passed, with `age` in ns, `referenced` (before it was cleared), `dirty` and `pinned`; the last
 * one is the victim.
 */
export const wsclock = variant(1e7, 'wsclock');
