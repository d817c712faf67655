/**
 * Whole processes leave memory and come back: roll-out and roll-in. A process is in memory with all of its pieces or with
 * none of its own; pieces that it shares stay as long as somebody who has them is in memory, and code is not written
 * anywhere, because its file has it.
 *
 * Who was brought in stays until it has run, and for as long as bringing it in took, unless it waits for something; else
 * two processes that don't fit together would do nothing but take turns at the disk. (UNIX, sixth edition, sched() in
 * slp.c: those that have been in for 2 s may go, those that wait come first.)
 */
import { PAGE_SIZE, type Slot, type SpaceId } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { StoreFailure } from '../../stores/contract.ts';
import type { EventSink } from '../events.ts';
import type { Clock } from '../memory/contract.ts';
import type { DiskPlaces } from '../memory/places.ts';
import type { Swap } from '../memory/swap.ts';
import type { SwapIo } from '../memory/swap-io.ts';
import type { ProcessState, RootState } from '../state.ts';
import type { IsMemory } from './extents.ts';
import { fillsIn, withoutRange } from './fills.ts';
import { type Pieces, usedPages, usedStart } from './pieces.ts';
import { type SegmentRules, segmentReach } from './rules.ts';
import type { Fill, Piece, PieceId, SegmentsState, SpaceRecord } from './state.ts';

export interface RollingParts {
  readonly root: RootState;
  readonly state: SegmentsState;
  readonly rules: SegmentRules;
  readonly isMemory: IsMemory;
  readonly machine: MachinePort;
  readonly pieces: Pieces;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly places: DiskPlaces;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Who may leave: a space; nobody yet, but somebody from `until` on; or nobody at all. */
export type Candidate =
  | { readonly kind: 'space'; readonly id: SpaceId }
  | { readonly kind: 'later'; readonly until: number }
  | { readonly kind: 'none' };

/** What goes on at the moment. */
interface Activity {
  readonly runnable: ReadonlySet<SpaceId>;
  readonly dues: ReadonlyMap<PieceId, number>;
}

type Keep = ReadonlySet<SpaceId>;
const NOBODY: Keep = new Set();
const runnable: ReadonlySet<ProcessState['status']> = new Set(['new', 'ready', 'running']);
/** Somebody else has to get the processor before there is anything to be had. */
const A_WHILE = 1_000_000;

export class Rolling {
  readonly #parts: RollingParts;

  constructor(parts: RollingParts) {
    this.#parts = parts;
  }

  /** Chooses among all spaces but those in `keep`: those that wait first, then those that have been in longest. */
  candidate(keep: Keep): Candidate {
    const { state, clock } = this.#parts;
    const now = this.#activity();
    let best: { id: SpaceId; runs: boolean; since: number } | undefined;
    let until = Number.POSITIVE_INFINITY;
    for (const [id, record] of state.spaces) {
      if (keep.has(id) || record.where !== 'in' || !this.#fitsSwap(id, record, keep)) continue;
      const runs = now.runnable.has(id);
      const free = this.#mayLeaveFrom(record, runs, now.dues);
      until = Math.min(until, free);
      if (free > clock.now) continue;
      const { since } = record;
      if (best === undefined || Number(runs) - Number(best.runs) < 0) best = { id, runs, since };
      else if (runs === best.runs && since < best.since) best = { id, runs, since };
    }
    if (best !== undefined) return { kind: 'space', id: best.id };
    return until === Number.POSITIVE_INFINITY ? { kind: 'none' } : { kind: 'later', until };
  }

  /** Whether a space can be taken out of memory now: nothing of it is on its way, and swap has room. */
  mayLeave(id: SpaceId): boolean {
    const record = this.#parts.state.spaces.get(id)!;
    return (
      this.#fitsSwap(id, record, NOBODY) && this.#mayLeaveFrom(record, false, this.#activity().dues) === 0
    );
  }

  /**
   * Takes a space out of memory; false, with nothing changed, when swap can't hold it.
   * @param keep spaces that are coming in, with whom what they share stays
   */
  out(id: SpaceId, keep: Keep = NOBODY): boolean {
    const { state, pieces, events } = this.#parts;
    const record = state.spaces.get(id)!;
    const leaving = this.#leaving(id, record, keep);
    const written = new Map<Piece, number[]>();
    for (const piece of leaving) {
      if (piece.sharing === 'code') continue;
      const slots = this.write(piece);
      if (slots === undefined) {
        for (const one of written.values()) this.release(one);
        return false;
      }
      written.set(piece, slots);
    }
    record.where = 'out';
    record.used = false;
    let pages = 0;
    for (const piece of leaving) {
      pages += usedPages(piece);
      piece.slots = written.get(piece) ?? [];
      if (piece.sharing === 'code') piece.fills = this.#wholeFills(piece);
      pieces.remove(piece);
    }
    pieces.refresh(id);
    state.figures.rolledOut.pieces++;
    state.figures.rolledOut.pages += pages;
    if (events.watched) events.emit({ type: 'roll', direction: 'out', space: id, pages });
    return true;
  }

  /** All that any of its users has of a piece of code, read or not. */
  #wholeFills({ segment, users }: Piece): Fill[] {
    const { root, rules, isMemory } = this.#parts;
    const from = segment * segmentReach(rules);
    const to = from + segmentReach(rules);
    const fills: Fill[] = [];
    for (const user of users) {
      const own = fillsIn(root.spaces[user]!.areas, from, to, isMemory);
      const added = fills.reduce(
        (rest, { address, bytes }) => withoutRange(rest, address, address + bytes),
        own,
      );
      fills.push(...added);
    }
    return fills;
  }

  /** Writes what a piece in memory has to swap: its slots, by its pages; `undefined` when there are not enough. */
  write(piece: Piece): number[] | undefined {
    const slots: number[] = [];
    const from = usedStart(piece) * PAGE_SIZE;
    for (let done = 0; done < usedPages(piece); ) {
      const run = this.#slotsFor(usedPages(piece) - done);
      if (run.length === 0) {
        this.release(slots);
        return undefined;
      }
      const good = this.#writeRun(run, from + done * PAGE_SIZE);
      slots.push(...run.slice(0, good));
      done += good;
    }
    return slots;
  }

  release(slots: readonly number[]): void {
    for (const slot of slots) this.#parts.swap.release(slot as Slot);
  }

  #slotsFor(wanted: number): Slot[] {
    const { swap } = this.#parts;
    const run = swap.allocateRun(new Array<number>(wanted).fill(0));
    if (run !== undefined) return Array.from({ length: run.count }, (_, i) => (run.first + i) as Slot);
    const one = swap.allocate(0);
    return one === -1 ? [] : [one];
  }

  /** How many of a run, from the first on, are written; the others are free again, or bad. */
  #writeRun(run: readonly Slot[], from: number): number {
    const { machine, clock, places, swap, swapIo } = this.#parts;
    const delay = swapIo.delay('write', run);
    clock.disk({ place: places.ofSlot(run[0]!), pages: run.length, direction: 'write', delay });
    const failures = swapIo.write(run, machine.ram.subarray(from, from + run.length * PAGE_SIZE));
    if (failures.length === 0) {
      swap.noteWrite('written');
      return run.length;
    }
    const first = Math.min(...failures.map(({ slot }) => run.indexOf(slot)));
    for (const failure of failures) this.#condemn(failure);
    this.release(run.slice(first));
    if (!swap.isFull) this.#parts.state.counters.writesRetried += failures.length;
    return first;
  }

  #condemn({ kind, slot }: StoreFailure): void {
    const { swap } = this.#parts;
    if (kind === 'full') swap.filledUp();
    else {
      swap.condemn(slot);
      swap.noteWrite('failed');
    }
  }

  /** Pieces that would leave with a space: those that nobody else who is in memory has. */
  #leaving(id: SpaceId, { segments }: SpaceRecord, keep: Keep): Piece[] {
    const { state, pieces } = this.#parts;
    const isIn = (user: SpaceId) => keep.has(user) || state.spaces.get(user)?.where === 'in';
    return segments
      .map(({ piece }) => pieces.of(piece))
      .filter(({ users }) => !users.some((user) => user !== id && isIn(user)));
  }

  #fitsSwap(id: SpaceId, record: SpaceRecord, keep: Keep): boolean {
    const { swap } = this.#parts;
    const leaving = this.#leaving(id, record, keep);
    if (leaving.length === 0 || swap.isFull) return false;
    const pages = leaving.reduce((sum, piece) => sum + (piece.sharing === 'code' ? 0 : usedPages(piece)), 0);
    return pages <= swap.capacity - this.#parts.state.swap.used - this.#parts.state.swap.retired;
  }

  /** Spaces whose processes could use the processor, and pieces that something is on its way for, with when it is there. */
  #activity(): Activity {
    const { root, state } = this.#parts;
    const dues = new Map<PieceId, number>();
    for (const { id, due } of root.requests) {
      const what = state.arrivals.get(id)?.what;
      if (what === undefined || what.kind === 'pause') continue;
      dues.set(what.piece, Math.max(dues.get(what.piece) ?? 0, due));
    }
    const runs = root.processes.filter(({ status }) => runnable.has(status));
    return { dues, runnable: new Set(runs.map(({ space }) => space)) };
  }

  /** The time from which on a space may leave, as far as is known. */
  #mayLeaveFrom({ used, since, took, segments }: SpaceRecord, runs: boolean, dues: Activity['dues']): number {
    const { clock } = this.#parts;
    let arrived = 0;
    for (const { piece } of segments) arrived = Math.max(arrived, dues.get(piece) ?? 0);
    if (arrived > 0) return Math.max(arrived, clock.now) + A_WHILE;
    if (!runs) return 0;
    return used ? since + took : clock.now + A_WHILE;
  }
}
