/**
 * What is on its way into memory: pages of pieces that come back from swap, and what programs' files hold. Each run of
 * adjacent pages is one request to the disk; the process waits for one after the other.
 *
 *   piece ──▶ requests ── due ──▶ complete: bytes into the piece, wherever it is by then
 */
import { assert } from '../../base/errors.ts';
import {
  nanoseconds,
  PAGE_SIZE,
  type Pid,
  type Slot,
  type SpaceId,
  spaceId,
  type Vpn,
} from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import type { BackingObjects, Clock, Outcome } from '../memory/contract.ts';
import type { DiskPlaces } from '../memory/places.ts';
import type { Swap } from '../memory/swap.ts';
import type { Failures, SwapIo } from '../memory/swap-io.ts';
import type { RequestState, RootState } from '../state.ts';
import { framesFor } from './extents.ts';
import { withinRange, withoutRange } from './fills.ts';
import { type Pieces, usedStart } from './pieces.ts';
import type { Arrival, Fill, Piece, SegmentsState } from './state.ts';

export interface ArrivalParts {
  readonly root: RootState;
  readonly state: SegmentsState;
  readonly machine: MachinePort;
  readonly pieces: Pieces;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly places: DiskPlaces;
  readonly objects: BackingObjects;
  readonly clock: Clock;
  readonly events: EventSink;
}

type SwapArrival = Arrival['what'] & { readonly kind: 'swap' };

const RESUMED: Outcome = { kind: 'resumed' };
const NO_FRAME = -1 as RequestState['frame'];

export class Arrivals {
  readonly #parts: ArrivalParts;

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
  }

  /** The process waits, for no transfer, until `until` or a little longer than nothing. */
  pause(until: number): Outcome {
    const { clock } = this.#parts;
    return this.#queue('pause', spaceId(0), Math.max(until, clock.now + 1), undefined, { kind: 'pause' });
  }

  /** Begins to fetch the pages of a piece that is in memory again; its slots are the requests' from now on. */
  fromSwap(piece: Piece, space: SpaceId): void {
    const { clock, places, swapIo } = this.#parts;
    const { slots } = piece;
    for (let first = 0; first < slots.length; ) {
      let count = 1;
      while (first + count < slots.length && slots[first + count] === slots[first]! + count) count++;
      const run = slots.slice(first, first + count);
      const delay = swapIo.delay('read', run as Slot[]);
      const place = places.ofSlot(run[0] as Slot);
      const ticket = clock.disk({ place, pages: count, direction: 'read', delay });
      this.#queue('swap-in', space, ticket.due, ticket.number, {
        kind: 'swap',
        piece: piece.id,
        first,
        slots: run,
      });
      first += count;
    }
    piece.slots = [];
  }

  /** Begins to read what a piece has to show of files, what lies together in one go. */
  fromFiles(piece: Piece, space: SpaceId): Outcome {
    const { clock, places } = this.#parts;
    let first: Outcome = RESUMED;
    for (const fills of together(piece.fills)) {
      const { object, offset } = fills[0]!;
      const pages = fills.reduce((sum, { bytes }) => sum + framesFor(bytes), 0);
      const place = places.ofFile(object, offset / PAGE_SIZE);
      const ticket = clock.disk({ place, pages, direction: 'read' });
      const what = { kind: 'file', piece: piece.id, fills } as const;
      const blocked = this.#queue('file-in', space, ticket.due, ticket.number, what);
      if (first === RESUMED) first = blocked;
    }
    return first;
  }

  /** Reads at once what lies at one page: the kernel's own, which is on no disk. */
  readNow(piece: Piece, address: number): void {
    this.#copyFiles(piece, withinRange(piece.fills, address, address + PAGE_SIZE));
  }

  /** What is on its way for a piece, if there is anything. */
  pendingFor(piece: Piece, kind: 'swap' | 'file'): Outcome | undefined {
    for (const [request, { what }] of this.#parts.state.arrivals)
      if (what.kind === kind && what.piece === piece.id) return { kind: 'blocked', request };
    return undefined;
  }

  /** Whoever asked has gone, and nobody needs what is under way for a piece. */
  abandon(piece: Piece): void {
    const { state, root } = this.#parts;
    for (const [id, { what }] of [...state.arrivals]) {
      if (what.kind === 'pause' || what.piece !== piece.id) continue;
      if (what.kind === 'swap') this.#free(what.slots);
      state.arrivals.delete(id);
      // Somebody who waits for it is woken in time and finds out.
      if (root.processes.some(({ waitsFor }) => waitsFor === id)) continue;
      root.requests.splice(
        root.requests.findIndex((request) => request.id === id),
        1,
      );
    }
  }

  askerOf({ id }: RequestState): Pid {
    return this.#parts.state.arrivals.get(id)?.asker ?? this.#parts.root.running;
  }

  complete(request: RequestState): Promise<Outcome> | Outcome {
    const { root, state, swapIo } = this.#parts;
    const settling = swapIo.settle();
    if (settling !== undefined) return settling.then(() => this.complete(request));
    root.requests.splice(root.requests.indexOf(request), 1);
    const arrival = state.arrivals.get(request.id);
    state.arrivals.delete(request.id);
    if (arrival === undefined || arrival.what.kind === 'pause') return RESUMED;
    const { what } = arrival;
    const piece = this.#parts.pieces.of(what.piece);
    if (what.kind === 'file') return this.#copyFiles(piece, what.fills);
    return this.#copySwap(piece, what);
  }

  #queue(
    kind: RequestState['kind'],
    space: SpaceId,
    due: number,
    ticket: number | undefined,
    what: Arrival['what'],
  ): Outcome {
    const { root, state } = this.#parts;
    const id = root.nextRequest++;
    root.requests.push({
      id,
      kind,
      due: nanoseconds(due),
      ...(ticket === undefined ? {} : { ticket }),
      space,
      vpn: 0 as Vpn,
      frame: NO_FRAME,
      slot: -1 as Slot,
      object: -1,
      index: 0,
    });
    state.arrivals.set(id, { asker: root.running, space, what });
    return { kind: 'blocked', request: id };
  }

  #copySwap(piece: Piece, what: SwapArrival): Promise<Outcome> | Outcome {
    const { machine, swapIo } = this.#parts;
    assert(piece.start !== -1, 'a piece stays where its pages are on their way to');
    const at = (usedStart(piece) + what.first) * PAGE_SIZE;
    const bytes = machine.ram.subarray(at, at + what.slots.length * PAGE_SIZE);
    const failures = swapIo.read(what.slots as readonly Slot[] as Slot[], bytes);
    if (failures instanceof Promise) return failures.then((late) => this.#arrived(piece, what, at, late));
    return this.#arrived(piece, what, at, failures);
  }

  #arrived(piece: Piece, what: SwapArrival, at: number, failures: Failures): Outcome {
    const { pieces, swap, machine } = this.#parts;
    for (const failure of failures) {
      const index = what.slots.indexOf(failure.slot);
      const how =
        failure.kind === 'corrupt' ? 'came back from swap otherwise than it went' : "can't be read from swap";
      const why = `a page that ${how}: ${failure.detail}`;
      machine.ram.fill(0, at + index * PAGE_SIZE, at + (index + 1) * PAGE_SIZE);
      piece.lost.set(pieces.pageAt(piece, at + index * PAGE_SIZE), why);
      swap.lose(failure.slot, why);
    }
    pieces.wrote(at, what.slots.length * PAGE_SIZE);
    this.#free(what.slots);
    pieces.changed(piece);
    return RESUMED;
  }

  /** Whatever of the fills is still wanted: mappings may have gone, or others come, in the meantime. */
  #copyFiles(piece: Piece, asked: readonly Fill[]): Outcome {
    for (const { address, bytes } of asked) {
      for (const fill of withinRange(piece.fills, address, address + bytes)) this.#copyFile(piece, fill);
      piece.fills = withoutRange(piece.fills, address, address + bytes);
    }
    this.#parts.pieces.changed(piece);
    return RESUMED;
  }

  #copyFile(piece: Piece, { address, bytes, object, offset }: Fill): void {
    const { objects, state } = this.#parts;
    const page = new Uint8Array(PAGE_SIZE);
    for (let done = 0; done < bytes; done += PAGE_SIZE) {
      const index = (offset + done) / PAGE_SIZE;
      if (!objects.readPage(object, index, page)) {
        this.#failed(piece, address + done, object, index);
        continue;
      }
      state.counters.fileReads++;
      this.#write(piece, address + done, page.subarray(0, Math.min(PAGE_SIZE, bytes - done)));
    }
  }

  #write(piece: Piece, address: number, bytes: Uint8Array): void {
    const { machine, pieces } = this.#parts;
    const at = pieces.physical(piece, address);
    machine.ram.set(bytes, at);
    pieces.wrote(at, bytes.length);
  }

  /** The page is refused to whoever touches it. */
  #failed(piece: Piece, address: number, object: number, index: number): void {
    const { objects, events, state } = this.#parts;
    const detail = `page ${index} of ${objects.path(object)} could not be read`;
    state.counters.storeFailures++;
    state.counters.fileErrors.read++;
    piece.lost.set(address / PAGE_SIZE, detail);
    if (events.watched)
      events.emit({ type: 'store-failure', slot: -1 as Slot, failure: 'input-output', detail });
  }

  #free(slots: readonly number[]): void {
    for (const slot of slots) this.#parts.swap.release(slot as Slot);
  }
}

/** Fills by what follows one another in a file. */
function together(fills: readonly Fill[]): Fill[][] {
  const runs: Fill[][] = [];
  for (const fill of fills) {
    const last = runs.at(-1)?.at(-1);
    const follows =
      last?.object === fill.object && last.offset + framesFor(last.bytes) * PAGE_SIZE === fill.offset;
    if (follows) runs.at(-1)!.push(fill);
    else runs.push([fill]);
  }
  return runs;
}
