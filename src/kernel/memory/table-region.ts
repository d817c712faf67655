/**
 * A region of adjacent frames in which tables of all sizes lie, in pieces that a placement policy finds holes for.
 *
 *   region  │ piece of A │ piece of B │ hole │ another of A │ hole          │
 *
 * A piece that grows stays where it is if there is room behind it, else it moves to another hole, and when no hole is
 * large enough all pieces are moved together, the one that grows behind the others. Units are what the pieces are made
 * of: frames of tables (piece-tables.ts), or entries that each lead to one (vax-tables.ts).
 */
import { NO_HOLE, PAGE_SIZE } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { Placement, PlacementDefinition } from '../../policies/placement/contract.ts';

/** A table, and where it lies. Plain data. */
export interface Piece {
  space: number;
  segment: number;
  /** First unit in the region, and units. */
  start: number;
  units: number;
}

/** Plain data. */
export interface RegionState {
  /** First frame of the region. */
  base: number;
  /** Units of the whole region. */
  units: number;
  placement: unknown;
  /** By a number that their owner gives them. */
  pieces: Map<number, Piece>;
  /** Most units in use at once. */
  usedPeak: number;
  moves: number;
  movedBytes: number;
  compactions: number;
  /** Times that there was no room for a piece, or for a longer one. */
  refusals: number;
}

/** A region without pieces. */
export const emptyRegion = (base: number, units: number, policy: PlacementDefinition): RegionState => ({
  base,
  units,
  placement: policy.initial(units),
  pieces: new Map(),
  usedPeak: 0,
  moves: 0,
  movedBytes: 0,
  compactions: 0,
  refusals: 0,
});

export class TableRegion {
  readonly #state: RegionState;
  readonly #machine: MachinePort;
  readonly #policy: PlacementDefinition;
  readonly #unitBytes: number;
  #placement: Placement;

  constructor(state: RegionState, machine: MachinePort, policy: PlacementDefinition, unitBytes: number) {
    this.#state = state;
    this.#machine = machine;
    this.#policy = policy;
    this.#unitBytes = unitBytes;
    this.#placement = policy.attach(state.placement);
  }

  piece(key: number): Piece | undefined {
    return this.#state.pieces.get(key);
  }

  /** Physical address of a unit of the region. */
  byteOf(unit: number): number {
    return this.#state.base * PAGE_SIZE + unit * this.#unitBytes;
  }

  /** Makes the piece of a space's segment so many units long, or a new one; false when the region has no room. */
  grow(key: number, { space, segment }: Pick<Piece, 'space' | 'segment'>, units: number): boolean {
    const piece = this.#state.pieces.get(key);
    const had = piece?.units ?? 0;
    const start = piece === undefined ? this.#placeFor(units) : this.#lengthen(piece, units);
    if (start === NO_HOLE) {
      this.#state.refusals++;
      return false;
    }
    this.#machine.ram.fill(0, this.byteOf(start + had), this.byteOf(start + units));
    this.#state.pieces.set(key, { space, segment, start, units });
    const { free } = this.#placement.figures();
    this.#state.usedPeak = Math.max(this.#state.usedPeak, this.#state.units - free);
    return true;
  }

  /** Gives a piece back; nothing happens when there is none. */
  release(key: number): void {
    const piece = this.#state.pieces.get(key);
    if (piece === undefined) return;
    this.#placement.release(piece.start, piece.units);
    this.#state.pieces.delete(key);
  }

  #lengthen(piece: Piece, units: number): number {
    if (this.#placement.resize(piece.start, piece.units, piece.start, units)) return piece.start;
    const start = this.#placement.place(units);
    if (start === NO_HOLE) return this.#compact(units, piece);
    this.#move(piece.start, start, piece.units);
    this.#placement.release(piece.start, piece.units);
    return start;
  }

  #placeFor(units: number): number {
    const start = this.#placement.place(units);
    return start === NO_HOLE ? this.#compact(units) : start;
  }

  /**
   * Moves all pieces together, the lowest first, and finds a place behind them for one of so many units: a new one, or
   * `grown` in its new length. Without room for that nothing is changed.
   */
  #compact(units: number, grown?: Piece): number {
    // Tried out first, because only the policy knows whether there is room: it may round lengths up.
    const trial = structuredClone(this.#state.placement);
    const placement = this.#policy.attach(trial);
    if (grown !== undefined) placement.release(grown.start, grown.units);
    const others = [...this.#state.pieces.values()].filter((piece) => piece !== grown);
    others.sort((a, b) => a.start - b.start);
    const starts = others.map((piece) => {
      placement.release(piece.start, piece.units);
      return placement.placeLowest(piece.units);
    });
    const start = placement.place(units);
    if (start === NO_HOLE) return NO_HOLE;
    this.#state.compactions++;
    this.#state.placement = trial;
    this.#placement = placement;
    this.#moveAll(others, starts, grown, start);
    return start;
  }

  /** The one that grows waits outside of the region while the others move over its place. */
  #moveAll(others: readonly Piece[], starts: readonly number[], grown: Piece | undefined, end: number): void {
    const { ram } = this.#machine;
    const held = grown && ram.slice(this.byteOf(grown.start), this.byteOf(grown.start + grown.units));
    others.forEach((piece, at) => {
      const start = starts[at]!;
      if (start !== piece.start) this.#move(piece.start, start, piece.units);
      piece.start = start;
    });
    if (held === undefined) return;
    ram.set(held, this.byteOf(end));
    this.#countMove(held.length);
  }

  #move(from: number, to: number, units: number): void {
    this.#machine.ram.copyWithin(this.byteOf(to), this.byteOf(from), this.byteOf(from + units));
    this.#countMove(units * this.#unitBytes);
  }

  #countMove(bytes: number): void {
    this.#state.moves++;
    this.#state.movedBytes += bytes;
  }
}
