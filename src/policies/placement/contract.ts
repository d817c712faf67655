/**
 * Placement: where a piece of memory of a wanted size goes when free memory is a set of holes of all sizes. Pieces lie in
 * one piece, so that memory can be free and of no use: external fragmentation.
 *
 *      ┌──────┬────────┬───┬──────────────┬─────┬─────┐        place(3) ─▶ start
 *      │ used │ hole 4 │ u │    hole 7    │  u  │ h 3 │        release(start, 3)
 *      └──────┴────────┴───┴──────────────┴─────┴─────┘
 *
 * A policy owns the free list and nothing else: what lies in pieces, whose they are, and when to compact is the
 * caller's. Units mean nothing to it: frames for segments, bytes or words for a heap. Places are 0 to `units` - 1; there are
 * fewer than 2^31.
 *
 * (Free-space management: Arpaci-Dusseau, "Operating Systems: Three Easy Pieces", ch. 17; Knuth, "The Art of Computer
 * Programming", vol. 1, 2.5.)
 */

import type { NO_HOLE } from '../../base/numbers.ts';

/** A range of free units with none free beside it that it could be one with. */
export interface Hole {
  readonly start: number;
  readonly size: number;
}

/** How memory is divided, and what that took so far. */
export interface PlacementFigures {
  readonly units: number;
  /** Units in holes. */
  readonly free: number;
  /** Of the largest hole; no piece larger than that can be placed. */
  readonly largest: number;
  readonly holes: number;
  /** Part of the free units that is not in the largest hole: 1 - largest / free; 0 when nothing is free. */
  readonly external: number;
  /** Units in use beyond what was asked for, because the policy rounds up. */
  readonly internal: number;
  /** Pieces placed, and requests for which there was no hole. */
  readonly placed: number;
  readonly failed: number;
  /** Holes (for buddies and segregated lists also empty lists) that were looked at to place pieces. */
  readonly searched: number;
}

export interface Placement {
  /** Start of a piece of `size` units (a whole number above 0), which is in use from now on; or `NO_HOLE`. */
  place(size: number): number | typeof NO_HOLE;
  /** The same at the lowest place that there is, whatever the policy prefers; for compaction. Not counted. */
  placeLowest(size: number): number | typeof NO_HOLE;
  /** The same at the highest place. */
  placeHighest(size: number): number | typeof NO_HOLE;
  /** Gives back a piece: as it was placed or resized, with the size that was asked for. */
  release(start: number, size: number): void;
  /**
   * Makes a piece longer or shorter where it is, at either end: it keeps the units that it has before and after.
   * False, with nothing changed, when what it would grow into is not free, or can't be had by the policy's rules.
   */
  resize(start: number, size: number, newStart: number, newSize: number): boolean;
  /** In order of address. */
  holes(): readonly Hole[];
  figures(): PlacementFigures;
}

/**
 * A policy as the registry knows it. `State` is plain data that survives `structuredClone`; `attach` on a clone
 * goes on exactly where the original was.
 */
export interface PlacementDefinition<State = unknown> {
  /** Lower-case name used by `--placement`. */
  readonly name: string;
  readonly summary: string;
  /** Paper, book or lecture that defines it. */
  readonly source: string;
  /** Which of several equally good holes, as part of the definition. */
  readonly ties: string;
  /** `units` free units in one hole. */
  initial(units: number): State;
  /** A policy that acts on `state`. */
  attach(state: State): Placement;
}
