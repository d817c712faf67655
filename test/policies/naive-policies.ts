/**
 * Twins of the policies, written for obviousness: plain arrays, searched and copied. They share nothing with
 * the real ones but the random generator. `victim` also says what the real one has to give as its reasons.
 */
import type { Frame } from '../../src/base/numbers.ts';
import { nextBelow, type RandomState } from '../../src/base/random.ts';
import type { Considered, TestBits } from './frames.ts';

export interface Decision {
  readonly victim: number;
  readonly why: Considered[];
}

export interface NaivePolicy {
  admitted(frame: number): void;
  referenced(frame: number): void;
  /** Evicted or released. */
  gone(frame: number): void;
  victim(): Decision;
}

export type Twin = (bits: TestBits, random: RandomState) => NaivePolicy;

/** Every resident frame with the time that counts; the smallest time first. */
class Stamped implements NaivePolicy {
  #time = 0;
  readonly #stamps = new Map<number, number>();
  readonly #bits: TestBits;
  readonly #countsUses: (time: number) => boolean;

  constructor(bits: TestBits, countsUses: (time: number) => boolean) {
    this.#bits = bits;
    this.#countsUses = countsUses;
  }

  admitted(frame: number): void {
    this.#stamps.set(frame, this.#time++);
  }

  referenced(frame: number): void {
    const now = this.#time++;
    if (this.#countsUses(now)) this.#stamps.set(frame, now);
  }

  gone(frame: number): void {
    this.#stamps.delete(frame);
  }

  victim(): Decision {
    const order = [...this.#stamps].sort(([, a], [, b]) => a - b).map(([frame]) => frame);
    const first = order.findIndex((frame) => !this.#bits.pinned[frame]);
    const looked = first === -1 ? order : order.slice(0, first + 1);
    const why = looked.map((frame, position) => ({
      frame,
      known: { position, pinned: this.#bits.pinned[frame] === true },
    }));
    return { victim: order[first] ?? -1, why };
  }
}

export const fifoTwin: Twin = (bits) => new Stamped(bits, () => false);
export const lruTwin: Twin = (bits) => new Stamped(bits, () => true);

/** Draws from a bag; what is drawn and pinned goes to the end, out of the bag for this decision. */
export const randomTwin: Twin = (bits, random) => {
  const bag: number[] = [];
  const swap = (i: number, j: number) => {
    [bag[i], bag[j]] = [bag[j] as number, bag[i] as number];
  };
  return {
    admitted: (frame) => void bag.push(frame),
    referenced: () => {},
    gone: (frame) => {
      swap(bag.indexOf(frame), bag.length - 1);
      bag.pop();
    },
    victim: () => {
      const why: Considered[] = [];
      for (let candidates = bag.length; candidates > 0; candidates--) {
        const draw = nextBelow(random, candidates);
        const frame = bag[draw] as number;
        const pinned = bits.pinned[frame] === true;
        why.push({ frame, known: { draw, candidates, pinned } });
        if (!pinned) return { victim: frame, why };
        swap(draw, candidates - 1);
      }
      return { victim: -1, why };
    },
  };
};

/** A line of frames whose first is under the hand; to move the hand, the first goes to the end. */
class Line {
  frames: number[] = [];

  advance(): number {
    const frame = this.frames.shift() as number;
    this.frames.push(frame);
    return frame;
  }

  remove(frame: number): void {
    this.frames = this.frames.filter((other) => other !== frame);
  }
}

const lineTwin = (victim: (line: Line) => Decision): NaivePolicy => {
  const line = new Line();
  return {
    admitted: (frame) => void line.frames.push(frame),
    referenced: () => {},
    gone: (frame) => line.remove(frame),
    victim: () => victim(line),
  };
};

export const clockTwin: Twin = (bits) =>
  lineTwin((line) => {
    const why: Considered[] = [];
    const looks = 2 * line.frames.length;
    for (let i = 0; i < looks; i++) {
      const frame = line.advance() as Frame;
      const pinned = bits.isPinned(frame);
      const referenced = bits.isReferenced(frame);
      why.push({ frame, known: { referenced, pinned } });
      if (pinned) continue;
      if (!referenced) return { victim: frame, why };
      bits.referenced[frame] = false;
    }
    return { victim: -1, why };
  });

export const cleanClockTwin: Twin = (bits) =>
  lineTwin((line) => {
    const why: Considered[] = [];
    const turn = (number: number, accepts: (frame: Frame) => boolean) => {
      for (const frame of [...line.frames] as Frame[]) {
        line.advance();
        const [referenced, dirty, pinned] = [
          bits.isReferenced(frame),
          bits.isDirty(frame),
          bits.isPinned(frame),
        ];
        why.push({ frame, known: { turn: number, referenced, dirty, pinned } });
        if (!pinned && accepts(frame)) return frame;
      }
      return -1;
    };
    const unusedAndClean = (frame: Frame) => !bits.isReferenced(frame) && !bits.isDirty(frame);
    const unused = (frame: Frame) => !bits.testAndClearReferenced(frame);
    for (const [number, accepts] of [unusedAndClean, unused, unusedAndClean, unused].entries()) {
      const victim = turn(number + 1, accepts);
      if (victim !== -1) return { victim, why };
    }
    return { victim: -1, why };
  });
