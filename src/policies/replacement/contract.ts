/**
 * Page replacement: which frame is given up when no frame is free.
 *
 * A policy decides and nothing else: it never sees page tables, swap or statistics. The mechanism tells it
 * what happens to frames and asks it for a victim; it owns capacity, pinning, write-back and counting.
 *
 *            admitted                 referenced*
 *   (free) ───────────▶ (resident) ◀──────────────┐
 *      ▲                   │   │ └────────────────┘
 *      │      released     │   │ victim → evicted (its page may come back)
 *      └───────────────────┴───┘
 *
 * One access is one reference: the access that faults is reported by `admitted`, and its retry is not
 * reported again.
 */
import type { Frame } from '../../base/numbers.ts';
import type { RandomState } from '../../base/random.ts';

/**
 * What a policy has to be told to be itself; the system refuses, with the reason, what it can't supply.
 * `nothing` admissions only · `bits` the referenced and dirty bits · `last-use order` before each `victim`
 * the frames used since the last one, in order of their last use · `rescues` the next use of each page that it has
 * set aside · `every reference` each one as it happens · `the future` the whole trace (replay only).
 */
export type Needs = 'nothing' | 'bits' | 'last-use order' | 'rescues' | 'every reference' | 'the future';

/** What is to come, for policies that need the future. Positions are places in the trace, 0 to `length` - 1. */
export interface Future {
  /** Entries of the trace. */
  readonly length: number;
  /**
   * Where the page that is referenced now is referenced next, `NEVER` if it is not; valid during `admitted` and
   * `referenced`.
   */
  readonly nextUse: number;
  /** The frame that holds the page referenced at `position`; it must be resident. */
  frameAt(position: number): Frame;
}

/** Identity of a page across evictions: a small integer that the mechanism gives each distinct page. */
export type PageKey = number;

/** The state of frames as the hardware and the mechanism know it. */
export interface FrameBits {
  /** Whether the page was used since this was last asked; clears the bit in every mapping, and the TLB with it. */
  testAndClearReferenced(frame: Frame): boolean;
  isReferenced(frame: Frame): boolean;
  /** Whether evicting the frame now would need a write. */
  isDirty(frame: Frame): boolean;
  /** A pinned frame must not be the victim. */
  isPinned(frame: Frame): boolean;
}

/** What is done to pages for policies that need `rescues`. */
export interface SecondChances {
  /**
   * Takes a page out of its resident set: it stays in its frame, where nobody can access it until its next use,
   * which is told by `rescued`. The frame is not pinned.
   */
  setAside(frame: Frame): void;
  /** Writes pages back, all at once where that can be done; gives those that are clean now, in the same order. */
  clean(frames: readonly Frame[]): readonly Frame[];
}

/** Takes down what a decision was made from. Passed only when somebody watches. */
export interface Why {
  /** A frame that was looked at, in order, and what was known of it, e.g. `{referenced: true}`. */
  considered(frame: Frame, known: Readonly<Record<string, number | boolean | string>>): void;
}

export interface ReplacementPolicy {
  /** Page `page` of process or address space `owner` now occupies `frame`, because it was referenced. */
  admitted(frame: Frame, page: PageKey, owner: number): void;
  /**
   * The page in `frame` was used again. Called as `needs` says; never for policies that need `nothing` or `bits`.
   * For `the future`, on every reference.
   */
  referenced(frame: Frame): void;
  /** The page in `frame` was evicted; it may come back. */
  evicted(frame: Frame): void;
  /** The page in `frame` is gone for good: exit or unmap. */
  released(frame: Frame): void;
  /**
   * The frame to give up for page `incoming` of process `owner`; a resident frame that is not pinned, or -1 when
   * every one is pinned. It stays resident until `evicted` is called. `now` is virtual time in ns
   * in which programs ran: waiting for pages takes none of it.
   */
  victim(incoming: PageKey, now: number, why?: Why, owner?: number): Frame | -1;
  /**
   * A clock interrupt of the policy's own: called once for each `interval` of virtual time that went by since the
   * last, before anything later is reported. Only for definitions with an `interval`.
   */
  interrupt?(now: number): void;
  /** `owner` has used the page in `frame`, which had been set aside and no longer is. Only for `rescues`. */
  rescued?(frame: Frame, owner: number): void;
  /**
   * Whether `owner` may not have `more` frames (1) beside those that it has, so that some of its own have to go though
   * others are free.
   */
  isFull?(owner: number, more?: number): boolean;
  /**
   * `owner` is gone. A page that it brought in and that is still there is `heir`'s from now on: a process that has
   * it mapped, or `NOBODY`. Only for policies that keep processes apart.
   */
  ended?(owner: number, heir: (frame: Frame) => number): void;
}

/** What a policy may use when it is made. */
export interface PolicyEnvironment {
  /** Frame numbers are 0 to `frameLimit` - 1. */
  readonly frameLimit: number;
  readonly bits: FrameBits;
  /** Given to policies that need the future, and to no others. */
  readonly future?: Future | undefined;
  /** Given to policies that need `rescues`. */
  readonly chances?: SecondChances | undefined;
  /** Frames that pages of `owner` may have, or those of all processes together; absent: `frameLimit`. */
  room?(owner?: number): number;
}

/** What may follow a policy's name behind a colon, e.g. the K of `lru-k:3`. */
export interface PolicyParameter {
  /** As help shows it: `lru-k:K`. */
  readonly syntax: string;
  /** What it means, its range and its default. */
  readonly summary: string;
  /** The policy with that parameter, under its full name (`lru-k:3`); `undefined` when `text` is none. */
  parse(text: string): PolicyDefinition | undefined;
}

/**
 * A policy as the registry knows it. `State` is a plain record (numbers, arrays, typed arrays, nested
 * records) that survives `structuredClone`; `attach` on a clone continues exactly where the original was.
 */
export interface PolicyDefinition<State = unknown> {
  /** Lower-case name used by `--replacement` and `--policy`. */
  readonly name: string;
  readonly summary: string;
  /** Paper, year or lecture that defines it. */
  readonly source: string;
  readonly needs: Needs;
  /** How ties are broken, as part of the definition. */
  readonly ties: string;
  /** Virtual time between the interrupts that the policy asks for, in ns; a replayed reference takes 100. */
  readonly interval?: number | undefined;
  readonly parameter?: PolicyParameter | undefined;
  /** Fresh state for frames 0 to `frameLimit` - 1, none resident. */
  initial(frameLimit: number, random: RandomState): State;
  /** A policy that acts on `state`. */
  attach(state: State, environment: PolicyEnvironment): ReplacementPolicy;
}
