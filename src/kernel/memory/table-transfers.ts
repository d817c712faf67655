/**
 * Leaf tables come back from swap. Whoever needs an entry of one waits, as for a page, and tries again: it finds the
 * table in memory, pinned for it, and the page is another matter.
 *
 *   access ─▶ table in swap ─▶ request {table-in} ── due ─▶ read ─▶ as written? ─▶ the upper entry leads to its frame
 *                                                                     └ no, or not read: lost
 *
 * A table that is lost stays where it is, for its slots and for what may still become of it: whoever touches its range
 * is refused, as for a lost page. One that has become empty meanwhile, or whose space is gone, is not wanted any more.
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type VirtualAddress } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import { encodePointer } from '../../translation/radix.ts';
import type { EventSink } from '../events.ts';
import type { RequestState, RootState, SpaceState } from '../state.ts';
import type { Clock, MemoryCounters, Outcome } from './contract.ts';
import type { FramedTables } from './framed-tables.ts';
import type { FrameTable } from './frames.ts';
import { isTableRequest } from './leaf-table-state.ts';
import type { LeafTables } from './leaf-tables.ts';
import type { PageTables } from './page-tables.ts';
import type { Pins } from './pins.ts';
import type { DiskPlaces } from './places.ts';
import type { Reclaim } from './reclaim.ts';
import { lostPage } from './resolvers.ts';
import type { MemoryState } from './state.ts';
import type { Swap } from './swap.ts';
import type { Failures, SwapIo } from './swap-io.ts';

export interface TableTransferParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  /** The same, where leaf tables may go to swap. */
  readonly framed: FramedTables | undefined;
  readonly leaves: LeafTables | undefined;
  readonly pins: Pins;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly places: DiskPlaces;
  readonly reclaim: Reclaim;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** What needs a table: an entry of it, by its address below -1. */
export interface TableAccess {
  readonly space: SpaceState;
  readonly address: VirtualAddress;
  readonly entryAddress: number;
}

const RESUMED: Outcome = { kind: 'resumed' };

export class TableTransfers {
  readonly #parts: TableTransferParts;

  constructor(parts: TableTransferParts) {
    this.#parts = parts;
  }

  /** Starts to bring a table back for the running process, unless it is on its way already: the outcome is to wait. */
  bring({ space, address, entryAddress }: TableAccess): Outcome {
    const { root, state, leaves, swap, reclaim } = this.#parts;
    const slot = leaves!.slotOf(entryAddress);
    const why = swap.whyLost(slot);
    if (why !== undefined) return lostPage({ address }, why);
    const pending = root.requests.find((request) => request.slot === slot);
    if (pending !== undefined) return { kind: 'blocked', request: pending.id };
    // As a page that has never been.
    const frame = reclaim.table(state.nextKey, space.id);
    if (frame === -1) return reclaim.shortage();
    const request = this.#begin(space, frame, slot);
    return { kind: 'blocked', request: request.id };
  }

  #begin(space: SpaceState, frame: Frame, slot: RequestState['slot']): RequestState {
    const { root, state, frames, leaves, swap, swapIo, places, clock } = this.#parts;
    const table = leaves!.swapped(slot);
    leaves!.coming(frame, table);
    frames.pin(frame);
    swap.retain(slot);
    const delay = swapIo.delay('read', [slot]);
    const transfer = clock.disk({ place: places.ofSlot(slot), pages: 1, direction: 'read', delay });
    const request: RequestState = {
      id: root.nextRequest++,
      kind: 'table-in',
      due: transfer.due,
      ticket: transfer.number,
      space: space.id,
      vpn: table.first,
      frame,
      slot,
      object: -1,
      index: 0,
    };
    root.requests.push(request);
    state.askers.set(request.id, root.running);
    return request;
  }

  /** The request's virtual time has come. */
  complete(request: RequestState): Promise<Outcome> | Outcome {
    const settling = this.#parts.swapIo.settle();
    return settling === undefined ? this.#move(request) : settling.then(() => this.#move(request));
  }

  /** Gives up the transfers of tables that are gone, unless somebody waits for them all the same. */
  abandonUnwanted(awaited: ReadonlySet<number | undefined>): void {
    for (const request of this.#parts.root.requests.filter(isTableRequest))
      if (!awaited.has(request.id) && !this.#isWanted(request)) this.#abandon(request);
  }

  #isWanted({ slot }: RequestState): boolean {
    // The request counts on the slot, so no other table can have got it.
    return this.#parts.leaves!.state.swapped.has(slot);
  }

  #move(request: RequestState): Promise<Outcome> | Outcome {
    assert(this.#parts.root.requests.includes(request), 'a request is completed once');
    if (!this.#isWanted(request)) {
      this.#abandon(request);
      return RESUMED;
    }
    const failures = this.#parts.swapIo.read([request.slot], this.#bytes(request.frame));
    if (!(failures instanceof Promise)) return this.#arrive(request, failures);
    return failures.then((late) => this.#arrive(request, late));
  }

  #arrive(request: RequestState, [failure]: Failures): Outcome {
    const { leaves, machine, swap } = this.#parts;
    const { frame, slot } = request;
    machine.codeChanged(frame);
    // While a slow store read it, the last of its pages may have been given up.
    if (!this.#isWanted(request)) this.#abandon(request);
    else if (failure !== undefined && failure.kind !== 'corrupt')
      this.#lose(request, `a page table that can't be read from swap: ${failure.detail}`);
    else if (failure !== undefined || !leaves!.fromSwap(slot, frame)) {
      const how = failure === undefined ? '' : `: ${failure.detail}`;
      this.#lose(request, `a page table that came back from swap otherwise than it went${how}`);
    } else {
      swap.release(slot);
      this.#enter(request);
    }
    return RESUMED;
  }

  /** The upper entry leads to the table again. */
  #enter(request: RequestState): void {
    const { root, state, framed, pins, counters, events } = this.#parts;
    const { frame, vpn: first } = request;
    const space = root.spaces[request.space]!;
    const { low, high } = encodePointer(framed!.form.entry, frame);
    framed!.writePointer(framed!.pointerTo(space, first), low, high);
    space.tableFrames++;
    counters.tablePaging.returned++;
    const asker = state.askers.get(request.id)!;
    this.#remove(request);
    pins.addGuest(frame, asker);
    if (events.watched) events.emit({ type: 'table', space: space.id, frame, change: 'returned' });
  }

  #lose(request: RequestState, why: string): void {
    this.#parts.swap.lose(request.slot, why);
    this.#abandon(request);
  }

  #abandon(request: RequestState): void {
    const { frames, leaves } = this.#parts;
    this.#remove(request);
    leaves!.notComing(request.frame);
    frames.freeTable(request.frame);
  }

  #remove({ id, frame, slot }: RequestState): void {
    const { root, state, frames, swap } = this.#parts;
    root.requests.splice(
      root.requests.findIndex((request) => request.id === id),
      1,
    );
    state.askers.delete(id);
    frames.unpin(frame);
    swap.release(slot);
  }

  #bytes(frame: Frame): Uint8Array {
    return this.#parts.machine.ram.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
  }
}
