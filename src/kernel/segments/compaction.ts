/**
 * Compaction: live pieces are moved together so that the free memory between them is one hole. The programs go on where
 * they were; only their registers change.
 *
 *   before   ├ A ┤   ├ B ┤ ├ C ┤      ├ D ┤
 *   run      ├ A ┤├ B ┤├ C ┤├ D ┤                     all slide down
 *   beside   ├ A ┤├ B ┤             ├ C ┤├ D ┤        for B, which grows up: those above it slide up
 */
import type { Placement } from '../../policies/placement/contract.ts';
import type { EventSink } from '../events.ts';
import type { Clock } from '../memory/contract.ts';
import type { Pieces } from './pieces.ts';
import type { CompactionRecord, Piece, SegmentsState } from './state.ts';

export interface CompactionParts {
  readonly state: SegmentsState;
  readonly placement: Placement;
  readonly pieces: Pieces;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Kept for the report. */
const MOST_RECORDS = 16;

export class Compaction {
  readonly #parts: CompactionParts;

  constructor(parts: CompactionParts) {
    this.#parts = parts;
  }

  /** Makes the holes one, above all pieces. @param wanted frames in one piece, for the record */
  run(wanted: number): void {
    this.#recorded(wanted, () => {
      for (const piece of this.#parts.pieces.placed()) this.#slide(piece, 'down');
    });
  }

  /** Makes the holes one, at the end of a piece that it grows at. */
  beside(grown: Piece, wanted: number): void {
    this.#recorded(wanted, () => {
      const placed = this.#parts.pieces.placed();
      const at = placed.indexOf(grown) + (grown.grows === 'up' ? 1 : 0);
      for (const piece of placed.slice(at).reverse()) this.#slide(piece, 'up');
      for (const piece of placed.slice(0, at)) this.#slide(piece, 'down');
    });
  }

  #slide(piece: Piece, towards: 'up' | 'down'): void {
    const { placement, pieces } = this.#parts;
    placement.release(piece.start, piece.frames);
    const to =
      towards === 'down' ? placement.placeLowest(piece.frames) : placement.placeHighest(piece.frames);
    if (to !== piece.start) pieces.slide(piece, to, 'compacted');
  }

  #recorded(wanted: number, action: () => void): void {
    const { state, placement, clock, events } = this.#parts;
    const { figures } = state;
    const before = placement.figures();
    const { pieces, pages } = figures.compacted;
    const time = clock.now;
    action();
    const record: CompactionRecord = {
      time,
      wanted,
      free: before.free,
      largestBefore: before.largest,
      largestAfter: placement.figures().largest,
      moved: figures.compacted.pieces - pieces,
      pages: figures.compacted.pages - pages,
      took: clock.now - time,
    };
    figures.compactions++;
    if (figures.compactionList.length < MOST_RECORDS) figures.compactionList.push(record);
    if (events.watched) events.emit({ type: 'compaction', ...record });
  }
}
