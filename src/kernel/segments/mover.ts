/**
 * Moves live pieces every so often, for no reason but to show that it can be done: what a program does must not depend on
 * it. Each time another piece goes to a hole that the placement policy chooses.
 */
import { NO_HOLE } from '../../base/numbers.ts';
import type { Placement } from '../../policies/placement/contract.ts';
import type { Clock } from '../memory/contract.ts';
import type { Pieces } from './pieces.ts';
import type { SegmentRules } from './rules.ts';
import type { Piece, SegmentsState } from './state.ts';

export interface MoverParts {
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly placement: Placement;
  readonly pieces: Pieces;
  readonly clock: Clock;
}

export class Mover {
  readonly #parts: MoverParts;

  constructor(parts: MoverParts) {
    this.#parts = parts;
  }

  /** When it has something to do next; `undefined`: never. */
  get due(): number | undefined {
    return this.#parts.rules.moveEvery === undefined ? undefined : this.#parts.state.nextMove;
  }

  /** Moves a piece, if it is time and there is a hole. */
  run(): void {
    const { rules, state, placement, pieces, clock } = this.#parts;
    if (rules.moveEvery === undefined || clock.now < state.nextMove) return;
    const piece = this.#next();
    if (piece !== undefined) {
      state.movedLast = piece.id;
      const start = placement.place(piece.frames);
      if (start !== NO_HOLE) pieces.move(piece, start, piece.frames, 'asked');
    }
    // From the end of this one, so that programs get on however long moves take.
    state.nextMove = clock.now + rules.moveEvery;
  }

  /** The piece in memory after the one that was moved last. */
  #next(): Piece | undefined {
    const { state } = this.#parts;
    const placed = [...state.pieces.values()].filter(({ start }) => start !== -1).sort((a, b) => a.id - b.id);
    return placed.find(({ id }) => id > state.movedLast) ?? placed[0];
  }
}
