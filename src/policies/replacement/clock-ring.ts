/**
 * What every clock shares: the resident frames in a ring and a hand that points at the next one to look at.
 *
 * The ring is in order of admission, not of frame numbers: a page that comes in takes the place immediately
 * behind the hand, where it is looked at last. When a victim's frame is given to the page that comes in, as
 * it is in a full memory, that is the victim's own place, as in a clock over frame numbers. Unlike that clock
 * it does not depend on which free frame a page happened to get.
 */
import { type FrameRing, frameRing, linkAlone, linkBefore, unlink } from './frame-ring.ts';

export interface ClockState extends FrameRing {
  /** The frame to look at next, or -1 when none is resident. */
  hand: number;
  /** Number of resident frames. */
  count: number;
}

/** No frame resident. */
export function clockState(frameLimit: number): ClockState {
  return { ...frameRing(frameLimit), hand: -1, count: 0 };
}

/** `frame` comes in, immediately behind the hand. */
export function joinClock(clock: ClockState, frame: number): void {
  if (clock.hand === -1) {
    linkAlone(clock.links, frame);
    clock.hand = frame;
  } else {
    linkBefore(clock.links, frame, clock.hand);
  }
  clock.count++;
}

/** `frame` goes; a hand that points at it moves on to the next. */
export function leaveClock(clock: ClockState, frame: number): void {
  if (clock.hand === frame) clock.hand = clock.count === 1 ? -1 : clock.links[2 * frame]!;
  unlink(clock.links, frame);
  clock.count--;
}

/** The frame under the hand, which moves on to the next; there must be one. */
export function passHand(clock: ClockState): number {
  const { hand } = clock;
  clock.hand = clock.links[2 * hand]!;
  return hand;
}
