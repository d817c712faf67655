/**
 * Whose turn it is when many wait for room. The first one that has to wait gets the claim: until it has been brought in,
 * or has grown, and has had a moment to run, memory that comes free is left to it and nobody else makes anybody leave.
 * Else processes that come in to grow would be rolled out, while they wait for room, by others that come in to grow.
 */
import type { SpaceId } from '../../base/numbers.ts';
import type { Clock } from '../memory/contract.ts';
import type { SegmentsState } from './state.ts';

export interface ClaimParts {
  readonly state: SegmentsState;
  readonly clock: Clock;
}

/** What a process that came in has to itself. */
const A_MOMENT = 10_000_000;
/** A claim whose owner does nothing about it, because it was stopped or had a signal, ends. */
const PATIENCE = 1_000_000_000;

export class Claim {
  readonly #parts: ClaimParts;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  /** When somebody else's claim may have been met; `undefined`: there is none. */
  heldAgainst(asker: SpaceId): number | undefined {
    const { state, clock } = this.#parts;
    const { claim } = state;
    if (claim === undefined || claim.space === asker) return undefined;
    if (clock.now <= claim.ends && state.spaces.has(claim.space)) return Math.max(clock.now, claim.next);
    state.claim = undefined;
    return undefined;
  }

  /** The asker has to wait until `next`, and has the claim if nobody has. */
  wait(asker: SpaceId, next: number): void {
    this.#parts.state.claim = { space: asker, next, ends: next + PATIENCE };
  }

  /** What the owner waits for is there at `next`. */
  arrives(space: SpaceId, next: number): void {
    if (this.#parts.state.claim?.space === space) this.wait(space, next);
  }

  /** The owner is in memory and runs. */
  met(space: SpaceId): void {
    const { state, clock } = this.#parts;
    const ends = clock.now + A_MOMENT;
    if (state.claim?.space === space) state.claim = { space, next: ends, ends };
  }

  end(space: SpaceId): void {
    const { state } = this.#parts;
    if (state.claim?.space === space) state.claim = undefined;
  }
}
