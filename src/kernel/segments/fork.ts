/**
 * fork(2)'s part of memory: a space with the areas and contents of another. Registers hold one place a segment, so nothing
 * can be shared until it is written: all that the parent may write is copied at once. Code, and memory that was mapped to
 * be shared, both have.
 *
 * A child that memory has no room for begins in swap: it is written there from the parent's memory. (UNIX, sixth edition,
 * newproc() in slp.c.)
 */
import type { SpaceId } from '../../base/numbers.ts';
import type { EventSink } from '../events.ts';
import { type AreaWatch, insertArea } from '../memory/areas.ts';
import type { Clock } from '../memory/contract.ts';
import { isOutOfMemory, type OutOfMemory, PageWait } from '../memory/contract.ts';
import type { Costs, SpaceState } from '../state.ts';
import { type Pieces, usedPages } from './pieces.ts';
import type { Rolling } from './rolling.ts';
import type { Room } from './room.ts';
import type { SegmentRules } from './rules.ts';
import type { Spaces } from './spaces.ts';
import type { Piece, SegmentsState } from './state.ts';

export interface ForkParts {
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly spaces: Spaces;
  readonly pieces: Pieces;
  readonly room: Room;
  readonly rolling: Rolling;
  readonly watch: AreaWatch;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly costs: Pick<Costs, 'copyPage'>;
}

/** A piece of the parent, and the child's like it. */
type Copy = readonly [from: Piece, to: Piece];

/** @throws PageWait when the parent has to be brought into memory first */
export function forkSpace(parts: ForkParts, parent: SpaceState): SpaceState | OutOfMemory {
  const { rules, spaces, state, pieces, events } = parts;
  if (rules.scheme.addresses === 'physical')
    return spaces.refuse('fork: a copy would have to be at the same physical addresses as its parent');
  const arrived = spaces.bringIn(parent);
  if (arrived.kind === 'out-of-memory') return arrived;
  if (arrived.kind !== 'resumed') throw new PageWait(arrived);
  const record = spaces.record(parent.id);
  const child = spaces.create(record.layout);
  if (isOutOfMemory(child)) return child;
  const copies = takeOver(parts, parent, child);
  const failure = fill(parts, child.id, copies);
  if (failure !== undefined) {
    // It never was anything.
    spaces.record(child.id).where = 'unplaced';
    spaces.destroy(child.id);
    return failure;
  }
  pieces.refresh(child.id);
  const copied = copies.reduce((sum, [from]) => sum + usedPages(from), 0);
  const all = record.segments.reduce((sum, { piece }) => sum + usedPages(pieces.of(piece)), 0);
  state.counters.forks.eager++;
  state.counters.forkCopied += copied;
  state.counters.forkShared += all - copied;
  if (events.watched) {
    const shared = all - copied;
    events.emit({ type: 'fork', space: parent.id, child: child.id, mode: 'eager', shared, copied });
  }
  return child;
}

/** The child gets the parent's areas, what both have, and pieces like the others. */
function takeOver(
  { spaces, pieces, watch, state }: ForkParts,
  parent: SpaceState,
  child: SpaceState,
): Copy[] {
  child.brkStart = parent.brkStart;
  child.brk = parent.brk;
  child.mmapTop = parent.mmapTop;
  for (const area of parent.areas) insertArea(child.areas, structuredClone(area), watch);
  const copies: Copy[] = [];
  const own = spaces.record(child.id);
  for (const { segment, piece: id, size, protection } of spaces.record(parent.id).segments) {
    const piece = pieces.of(id);
    if (piece.sharing !== 'private') {
      piece.users.push(child.id);
      if (piece.sharing === 'code') {
        state.figures.codeShared++;
        state.figures.codeFramesSaved += piece.frames;
      }
      own.segments.push({ segment, piece: id, size, protection });
      continue;
    }
    const copy = pieces.createLike(piece, child.id);
    own.segments.push({ segment, piece: copy.id, size, protection });
    copies.push([piece, copy]);
  }
  own.where = 'out';
  return copies;
}

/** Copies the contents: into memory, or else into swap. */
function fill(parts: ForkParts, child: SpaceId, copies: readonly Copy[]): OutOfMemory | undefined {
  const { spaces, pieces, room, rolling, clock, costs, state } = parts;
  const record = spaces.record(child);
  if (
    room.placeNow(
      copies.map(([, to]) => to),
      child,
    )
  ) {
    for (const [from, to] of copies) pieces.copy(from, to, 'forks');
    record.where = 'in';
    record.since = clock.now;
    return undefined;
  }
  for (const [from, to] of copies) {
    const slots = rolling.write(from);
    if (slots === undefined) {
      return {
        kind: 'out-of-memory',
        lacks: 'swap',
        detail: 'no room for a child, neither in memory nor in swap',
      };
    }
    to.slots = slots;
    clock.charge('forks', slots.length * costs.copyPage);
  }
  state.figures.bornOut++;
  return undefined;
}
