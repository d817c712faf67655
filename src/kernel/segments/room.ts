/**
 * Finding room for pieces:
 *
 *   a hole ──▶ none, but enough is free: compaction ──▶ not enough: somebody leaves (rolling.ts) ──▶ nobody may yet: wait
 *                                                                                                └▶ nobody ever will: out of memory
 *
 * What comes into memory comes with all of its pieces or with none, so that nobody holds memory while waiting for more.
 */
import { NO_HOLE, PAGE_SIZE, type SpaceId } from '../../base/numbers.ts';
import { formatSize } from '../../base/sizes.ts';
import type { Placement } from '../../policies/placement/contract.ts';
import type { Outcome, OutOfMemory } from '../memory/contract.ts';
import type { Arrivals } from './arrivals.ts';
import type { Claim } from './claim.ts';
import type { Compaction } from './compaction.ts';
import { type Pieces, usedPages } from './pieces.ts';
import type { Rolling } from './rolling.ts';
import type { Piece, SegmentsState } from './state.ts';

export interface RoomParts {
  readonly state: SegmentsState;
  readonly placement: Placement;
  readonly pieces: Pieces;
  readonly compaction: Compaction;
  readonly rolling: Rolling;
  readonly arrivals: Arrivals;
  readonly claim: Claim;
}

/** Why there is no room; `blocked`: none yet. */
export type NoRoom = OutOfMemory | (Outcome & { readonly kind: 'blocked' });

type Keep = ReadonlySet<SpaceId>;
/** Somebody else has to get the processor before there is anything to be had. */
const A_WHILE = 1_000_000;

export class Room {
  readonly #parts: RoomParts;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  /** Gives pieces their frames, all or none. @param asker the space that they are for, which stays in memory meanwhile */
  place(wanted: readonly Piece[], asker: SpaceId): NoRoom | undefined {
    if (wanted.length === 0) return undefined;
    const frames = wanted.reduce((sum, piece) => sum + piece.frames, 0);
    const failure = this.#untilDone(frames, asker, () => this.#placeAll(wanted));
    const { counters } = this.#parts.state;
    // What would have been enough for them alone is known now.
    if (failure !== undefined) counters.neededPeak = Math.max(counters.neededPeak, frames);
    return failure;
  }

  /** The same without making anybody leave; false when there is no room, or when compaction does not make it. */
  placeNow(wanted: readonly Piece[], asker: SpaceId): boolean {
    return this.#parts.claim.heldAgainst(asker) === undefined && this.#placeAll(wanted);
  }

  #placeAll(wanted: readonly Piece[]): boolean {
    const starts = this.#takeAll(wanted);
    if (starts === undefined) return false;
    for (const [i, piece] of wanted.entries()) this.#parts.pieces.put(piece, starts[i]!);
    return true;
  }

  /**
   * Gives a piece in memory `needed` frames or, where that costs nothing, up to `wished`. It stays where it is, moves to a
   * larger hole, or others move.
   */
  grow(piece: Piece, needed: number, wished: number, asker: SpaceId): NoRoom | undefined {
    const more = needed - piece.frames;
    const failure = this.#untilDone(more, asker, () => this.#growNow(piece, needed, wished));
    if (failure?.kind !== 'blocked') this.#parts.claim.end(asker);
    return failure;
  }

  #growNow(piece: Piece, needed: number, wished: number): boolean {
    const { placement, pieces, compaction, state } = this.#parts;
    if (this.#growInPlace(piece, wished) || this.#growInPlace(piece, needed)) return true;
    for (const frames of new Set([wished, needed])) {
      const start = placement.place(frames);
      if (start === NO_HOLE) continue;
      pieces.move(piece, start, frames, 'grown');
      return true;
    }
    if (placement.figures().free < needed - piece.frames) {
      state.figures.short++;
      return false;
    }
    state.figures.fragmented++;
    compaction.beside(piece, needed);
    if (this.#growInPlace(piece, needed)) return true;
    const start = placement.place(needed);
    if (start === NO_HOLE) return false;
    pieces.move(piece, start, needed, 'grown');
    return true;
  }

  #growInPlace(piece: Piece, frames: number): boolean {
    const { placement, pieces, state } = this.#parts;
    const start = piece.grows === 'up' ? piece.start : piece.start + piece.frames - frames;
    if (start < 0 || start + frames > state.frames) return false;
    if (!placement.resize(piece.start, piece.frames, start, frames)) return false;
    pieces.resized(piece, start, frames);
    state.figures.grownInPlace++;
    return true;
  }

  /** Takes frames for all, compacting once if that can help; `undefined` when it can't be. */
  #takeAll(wanted: readonly Piece[]): number[] | undefined {
    const { placement, compaction, state } = this.#parts;
    const frames = wanted.reduce((sum, piece) => sum + piece.frames, 0);
    const isEnough = () => placement.figures().free >= frames;
    if (!isEnough()) {
      state.figures.short++;
      return undefined;
    }
    const starts = this.#take(wanted);
    if (starts !== undefined) return starts;
    state.figures.fragmented++;
    compaction.run(frames);
    return this.#take(wanted);
  }

  #take(wanted: readonly Piece[]): number[] | undefined {
    const { placement } = this.#parts;
    const starts: number[] = [];
    for (const piece of wanted) {
      const start = placement.place(piece.frames);
      if (start === NO_HOLE) {
        starts.forEach((taken, i) => {
          placement.release(taken, wanted[i]!.frames);
        });
        return undefined;
      }
      starts.push(start);
    }
    return starts;
  }

  #untilDone(frames: number, asker: SpaceId, tryNow: () => boolean): NoRoom | undefined {
    const { rolling, arrivals, state, claim } = this.#parts;
    const keep: Keep = new Set([asker]);
    // Nobody has to leave for what could not be had in any case.
    if (frames + this.#kept(keep) > state.frames) return this.#none(frames);
    const held = claim.heldAgainst(asker);
    if (held !== undefined) return arrivals.pause(held + A_WHILE) as NoRoom;
    for (;;) {
      if (tryNow()) return undefined;
      const candidate = rolling.candidate(keep);
      if (candidate.kind === 'none') return this.#none(frames);
      if (candidate.kind === 'later') {
        claim.wait(asker, candidate.until);
        return arrivals.pause(candidate.until) as NoRoom;
      }
      if (!rolling.out(candidate.id, keep)) return this.#none(frames);
    }
  }

  /** Frames of pieces that stay. */
  #kept(keep: Keep): number {
    const kept = this.#parts.pieces.placed().filter(({ users }) => users.some((user) => keep.has(user)));
    return kept.reduce((sum, piece) => sum + piece.frames, 0);
  }

  #none(frames: number): OutOfMemory {
    const { state, pieces, placement } = this.#parts;
    const { swap } = state;
    const { free } = placement.figures();
    const used = pieces.placed().reduce((sum, piece) => sum + usedPages(piece), 0);
    const isSwap = swap.capacity > 0 && swap.used + swap.retired >= swap.capacity - used && used > 0;
    const size = (pages: number) => formatSize(pages * PAGE_SIZE);
    return {
      kind: 'out-of-memory',
      lacks: isSwap ? 'swap' : 'frames',
      detail: `no room for ${size(frames)} in memory of ${size(state.frames)} in pieces, ${size(free)} of it free${isSwap ? ', and swap is full' : ''}`,
    };
  }
}
