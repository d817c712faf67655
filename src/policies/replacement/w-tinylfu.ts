/** W-TinyLFU: a newcomer gets into the main memory only if it is used more often than what would have to go. */
import type { Frame } from '../../base/numbers.ts';
import type { FrameBits, PolicyDefinition, PolicyEnvironment, ReplacementPolicy, Why } from './contract.ts';
import { firstUnpinned } from './frame-lists.ts';
import { countUse, type FrequencySketch, frequencySketch, usesOf } from './frequency-sketch.ts';
import { append, emptyLists, first, type Lists, listOf, moveToEnd, remove } from './lists.ts';

/** Lists of frames, each in order of use: newcomers; and of the main memory the two parts of a segmented LRU. */
const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const names = ['window', 'probation', 'protected'] as const;

export interface WTinyLfuState {
  readonly frames: Lists;
  /** By frame: its page. */
  readonly pageOf: Int32Array;
  readonly sketch: FrequencySketch;
}

class WTinyLfu implements ReplacementPolicy {
  readonly #state: WTinyLfuState;
  readonly #bits: FrameBits;
  readonly #windowLimit: number;
  readonly #protectedLimit: number;
  /** Uses after which the sketch is halved. */
  readonly #period: number;

  constructor(state: WTinyLfuState, { bits, frameLimit }: PolicyEnvironment) {
    this.#state = state;
    this.#bits = bits;
    this.#windowLimit = Math.max(1, Math.floor(frameLimit / 100));
    this.#protectedLimit = Math.floor((frameLimit - this.#windowLimit) * 0.8);
    this.#period = 10 * frameLimit;
  }

  admitted(frame: Frame, page: number): void {
    const { frames, pageOf, sketch } = this.#state;
    append(frames, WINDOW, frame);
    pageOf[frame] = page;
    countUse(sketch, page, this.#period);
    while (frames.sizes[WINDOW]! > this.#windowLimit) moveToEnd(frames, PROBATION, first(frames, WINDOW));
  }

  referenced(frame: Frame): void {
    const { frames, pageOf, sketch } = this.#state;
    countUse(sketch, pageOf[frame]!, this.#period);
    if (listOf(frames, frame) === WINDOW) {
      moveToEnd(frames, WINDOW, frame);
      return;
    }
    moveToEnd(frames, PROTECTED, frame);
    while (frames.sizes[PROTECTED]! > this.#protectedLimit)
      moveToEnd(frames, PROBATION, first(frames, PROTECTED));
  }

  evicted(frame: Frame): void {
    remove(this.#state.frames, frame);
  }

  released(frame: Frame): void {
    remove(this.#state.frames, frame);
  }

  victim(_incoming: number, _now: number, why?: Why): Frame | -1 {
    const { sizes } = this.#state.frames;
    const onProbation = this.#oldest(PROBATION, why);
    const fromMain = onProbation === -1 ? this.#oldest(PROTECTED, why) : onProbation;
    const isWindowFull = sizes[WINDOW]! >= this.#windowLimit;
    if (!isWindowFull && fromMain !== -1) return this.#decided(fromMain, why);
    const candidate = this.#oldest(WINDOW, why);
    if (candidate === -1 || fromMain === -1)
      return this.#decided(candidate === -1 ? fromMain : candidate, why);
    const wins = this.#uses(candidate) > this.#uses(fromMain);
    return this.#decided(wins ? fromMain : candidate, why);
  }

  #oldest(list: number, why: Why | undefined): Frame | -1 {
    return firstUnpinned(this.#state.frames, list, this.#bits, why, names[list]!);
  }

  #uses(frame: Frame): number {
    return usesOf(this.#state.sketch, this.#state.pageOf[frame]!);
  }

  #decided(frame: Frame | -1, why: Why | undefined): Frame | -1 {
    if (why !== undefined && frame !== -1) why.considered(frame, { uses: this.#uses(frame), victim: true });
    return frame;
  }
}

/**
 * A hundredth of the frames for the window, rounded down and at least 1; of the others four fifths, rounded down,
 * are the protected part of the main memory. The sketch's rows are as long as the next power of two from the
 * number of frames on, and it is halved after ten times as many uses as there are frames; there is no doorkeeper.
 * In a full memory the least recent page of the window meets the least recent one on probation (of the protected
 * ones when there is none), and the window's goes unless it is used more often. Demand paging has them meet
 * before the page comes in for which they make room, so its use is counted after the decision. `why` gets the
 * frames that were looked at, with their `list`, `position` and whether they are `pinned`, and last the victim
 * with its `uses`.
 */
export const wTinyLfu: PolicyDefinition<WTinyLfuState> = {
  name: 'w-tinylfu',
  summary: 'admits to the main memory only what a frequency sketch finds used more often than its victim',
  source:
    'Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM Transactions on Storage 13(4), 2017',
  needs: 'every reference',
  ties: 'of candidate and victim with equal counts the candidate goes; the lists are ordered; a pinned frame is passed over',
  initial: (frameLimit) => ({
    frames: emptyLists(3, frameLimit),
    pageOf: new Int32Array(frameLimit),
    sketch: frequencySketch(frameLimit),
  }),
  attach: (state, environment) => new WTinyLfu(state, environment),
};
