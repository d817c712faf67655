/**
 * Pages on their way from swap or a file. A transfer is a record in `root.requests`; the bytes move when its
 * virtual time has come.
 *
 *   begin ──▶ request {due}, frame LOADING and pinned ──▶ complete ──▶ admitted, mapped
 *                                                             ├──▶ not wanted any more: frame freed
 *                                                             └──▶ failed: frame freed, and it is known why
 *
 * When a read fails nobody is told there and then: whoever waits tries again, and finds the page of the slot lost, or
 * the access refused for which its file was read. So it is the access that fails, with its own address, as a signal for
 * the program's own and EFAULT for a system call's; and nobody suffers who does not touch the page.
 *
 * A request holds a reference to its slot, so that the slot can't be used for another page meanwhile.
 *
 * Several processes may wait for one request: for the same page of a file, for the same slot, or for any frame at
 * all. There is one read. When it is done all of them try again: the process that asked first, `askers`, has its
 * entry by then; the others find the page in memory. If the page is nobody's any more (unmapped, or the asker was
 * killed), the frame is freed, and those who wait for the same slot read it again. A request that somebody waits for
 * stays until it is due; one that nobody needs or waits for goes with the last space that wanted it.
 */
import { assert } from '../../base/errors.ts';
import {
  addressOf,
  type Frame,
  PAGE_SIZE,
  type Pid,
  pid,
  type Slot,
  type SpaceId,
  slot as slotNumber,
  type Vpn,
} from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import type { Ticket } from '../disk.ts';
import type { EventSink } from '../events.ts';
import type { Area, ObjectId, RequestState, RootState, SpaceState } from '../state.ts';
import { findArea } from './areas.ts';
import type { BackingObjects, Clock, MemoryCounters, Outcome } from './contract.ts';
import { backedPage } from './fault-site.ts';
import type { FrameTable } from './frames.ts';
import { isTableRequest } from './leaf-table-state.ts';
import type { Mappings } from './mappings.ts';
import type { PageTables } from './page-tables.ts';
import type { PageCache } from './pagecache.ts';
import { isPause } from './pauses.ts';
import type { Pins } from './pins.ts';
import type { DiskPlaces } from './places.ts';
import type { Replacement } from './replacement.ts';
import { ADMITTED, AHEAD, LOADING, type MemoryState } from './state.ts';
import type { Swap } from './swap.ts';
import type { Failures, SwapIo } from './swap-io.ts';

export interface TransferParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly machine: MachinePort;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly pins: Pins;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly objects: BackingObjects;
  readonly places: DiskPlaces;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
  /** Gives the leaf entry's address, making tables; -1 without a frame for them. */
  readonly ensureEntry: (space: SpaceState, page: Vpn, key: PageKey) => number;
}

/** Where a page comes from. */
export type Origin =
  | { readonly kind: 'swap-in'; readonly slot: Slot }
  | { readonly kind: 'file-in'; readonly object: ObjectId; readonly index: number };

/** A page that comes along with the one that was asked for, from right behind it. */
export interface Companion {
  readonly page: Vpn;
  readonly frame: Frame;
  readonly origin: Origin;
}

const NO_SLOT = -1 as Slot;
/** Nobody has asked. */
const NO_ASKER = pid(0);
const RESUMED: Outcome = { kind: 'resumed' };

export class Transfers {
  readonly #parts: TransferParts;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  /**
   * Starts to fetch a page of `space` into `frame`, which was just allocated and is filled by nobody else, with those
   * that lie behind it.
   */
  begin(space: SpaceId, page: Vpn, frame: Frame, origin: Origin, more: readonly Companion[] = []): Outcome {
    const { root, state, machine, frames, counters, clock, events } = this.#parts;
    const transfer = clock.disk({
      place: this.placeOf(origin),
      pages: 1 + more.length,
      direction: 'read',
      delay: this.#delayOf(origin, more),
    });
    const request = this.#queue(space, page, frame, origin, transfer);
    state.askers.set(request.id, root.running);
    counters.majorFaults++;
    if (events.watched) {
      const { kind } = origin;
      events.emit({ type: 'request', kind, space, vpn: page, page: frames.key(frame), pc: machine.pc });
    }
    for (const companion of more) {
      const ahead = this.#queue(space, companion.page, companion.frame, companion.origin, transfer);
      ahead.ahead = 'early';
      state.askers.set(ahead.id, NO_ASKER);
    }
    return { kind: 'blocked', request: request.id };
  }

  /** What the swap store takes beyond the disk's time for the pages that come from it. */
  #delayOf(origin: Origin, more: readonly Companion[]): number {
    const slots: Slot[] = origin.kind === 'swap-in' ? [origin.slot] : [];
    for (const { origin: from } of more) if (from.kind === 'swap-in') slots.push(from.slot);
    return slots.length > 0 ? this.#parts.swapIo.delay('read', slots) : 0;
  }

  #queue(space: SpaceId, page: Vpn, frame: Frame, origin: Origin, transfer: Ticket): RequestState {
    const { root, frames, swap } = this.#parts;
    frames.set(frame, LOADING);
    frames.pin(frame);
    if (origin.kind === 'swap-in') swap.retain(origin.slot);
    const request: RequestState = {
      id: root.nextRequest++,
      kind: origin.kind,
      due: transfer.due,
      ticket: transfer.number,
      space,
      vpn: page,
      frame,
      slot: origin.kind === 'swap-in' ? origin.slot : NO_SLOT,
      object: origin.kind === 'file-in' ? origin.object : -1,
      index: origin.kind === 'file-in' ? origin.index : 0,
    };
    root.requests.push(request);
    return request;
  }

  /** Where it lies on the disk. */
  placeOf(origin: Origin): number {
    const { places } = this.#parts;
    return origin.kind === 'swap-in'
      ? places.ofSlot(origin.slot)
      : places.ofFile(origin.object, origin.index);
  }

  /** The transfer that a page of a space waits for. */
  pending(space: SpaceId, page: Vpn): Outcome | undefined {
    const { requests } = this.#parts.root;
    const isOfPage = (r: RequestState) => !isPause(r) && !isTableRequest(r);
    const request = requests.find((r) => r.space === space && r.vpn === page && isOfPage(r));
    return request && this.#waitFor(request);
  }

  /** The transfer into a frame that is being loaded. */
  pendingInto(frame: Frame): Outcome {
    const request = this.#parts.root.requests.find((r) => r.frame === frame);
    assert(request !== undefined, 'a frame that is being loaded has a request');
    return this.#waitFor(request);
  }

  /** The transfer from a slot, if there is one. */
  pendingFrom(slot: Slot): Outcome | undefined {
    const request = this.#parts.root.requests.find((r) => r.slot === slot);
    return request && this.#waitFor(request);
  }

  /** Whether the page in a slot is on its way. */
  isComing(slot: Slot): boolean {
    return this.#parts.root.requests.some((r) => r.slot === slot);
  }

  /** The running process wants the page; if it was only read ahead, it is late. */
  #waitFor(request: RequestState): Outcome {
    if (request.ahead === 'early') request.ahead = 'late';
    return { kind: 'blocked', request: request.id };
  }

  /** The process that a request was made for; whoever runs, when it was made for none. */
  askerOf({ id }: RequestState): Pid {
    const { state, root } = this.#parts;
    return state.askers.get(id) ?? root.running;
  }

  complete(request: RequestState): Promise<Outcome> | Outcome {
    if (isPause(request)) {
      this.#remove(request);
      return RESUMED;
    }
    const settling = this.#parts.swapIo.settle();
    return settling === undefined ? this.#move(request) : settling.then(() => this.#move(request));
  }

  /** Gives up the transfers of pages that are nobody's any more, unless somebody waits for them all the same. */
  abandonUnwanted(awaited: ReadonlySet<number | undefined>): void {
    for (const request of [...this.#parts.root.requests]) {
      if (awaited.has(request.id) || isTableRequest(request)) continue;
      if (isPause(request)) this.#remove(request);
      else if (!this.#isWanted(request)) this.#abandon(request);
    }
  }

  #move(request: RequestState): Promise<Outcome> | Outcome {
    assert(this.#parts.root.requests.includes(request), 'a request is completed once');
    if (!this.#isWanted(request)) {
      this.#abandon(request);
      return RESUMED;
    }
    if (request.kind === 'file-in') {
      const why = this.#readFile(request);
      return why === undefined ? this.#arrive(request) : this.#refuse(request, why);
    }
    const failures = this.#parts.swapIo.read([request.slot], this.#bytes(request.frame));
    if (!(failures instanceof Promise)) return this.#fromSwap(request, failures);
    return failures.then((late) => this.#fromSwap(request, late));
  }

  #fromSwap(request: RequestState, failures: Failures): Outcome {
    const failure = failures[0];
    if (failure === undefined) return this.#arrive(request);
    const how =
      failure.kind === 'corrupt' ? 'came back from swap otherwise than it went' : "can't be read from swap";
    this.#parts.swap.lose(request.slot, `a page that ${how}: ${failure.detail}`);
    this.#abandon(request);
    return RESUMED;
  }

  /** The page of a file can't be read now: that is an answer to whoever asked, who tries the same access again. */
  #refuse(request: RequestState, why: string): Outcome {
    const { root, state } = this.#parts;
    const pid = this.askerOf(request);
    const asker = root.processes.find((process) => process.pid === pid);
    if (asker !== undefined) {
      const { space, vpn: page } = request;
      state.refusals.set(pid, { space, page, instructions: asker.instructions, why });
    }
    this.#abandon(request);
    return RESUMED;
  }

  /** Why the access that the running process tries again has failed already; `undefined`: it has not. */
  takeRefusal(space: SpaceId, page: Vpn): string | undefined {
    const { root, state } = this.#parts;
    const refusal = state.refusals.get(root.running);
    if (refusal === undefined) return undefined;
    const process = root.processes.find(({ pid }) => pid === root.running);
    const isSameStep = process?.instructions === refusal.instructions;
    const isSame = isSameStep && refusal.space === space && refusal.page === page;
    if (isSame || !isSameStep) state.refusals.delete(root.running);
    return isSame ? refusal.why : undefined;
  }

  /** Whether the page is still what somebody waits for. */
  #isWanted(request: RequestState): boolean {
    const { root, frames, cache, objects } = this.#parts;
    const { frame, object, index } = request;
    const shared = frames.object(frame);
    if (shared !== -1) {
      if (cache.object(shared) === undefined) return false;
      return request.kind === 'swap-in' || index * PAGE_SIZE < objects.size(shared);
    }
    const space = root.spaces[request.space];
    const area = space && findArea(space.areas, addressOf(request.vpn));
    if (space === undefined || area === undefined) return false;
    const { tables, mappings } = this.#parts;
    const at = tables.find(space, request.vpn);
    if (request.kind === 'swap-in') return at !== -1 && mappings.slotOf(at) === request.slot;
    const backed = backedPage(area, request.vpn);
    if (backed?.object !== object || backed.index !== index || area.shared) return false;
    return at === -1 || (mappings.frameOf(at) === -1 && mappings.slotOf(at) === -1);
  }

  /** Why it failed; `undefined` when it did not. */
  #readFile(request: RequestState): string | undefined {
    const { root, frames, objects, counters, events } = this.#parts;
    const { frame, object, index } = request;
    const bytes = this.#bytes(frame);
    if (!objects.readPage(object, index, bytes)) {
      counters.storeFailures++;
      counters.fileErrors.read++;
      const detail = `page ${index} of ${objects.path(object)} could not be read`;
      if (events.watched)
        events.emit({ type: 'store-failure', slot: NO_SLOT, failure: 'input-output', detail });
      return detail;
    }
    if (frames.object(frame) === -1) {
      const area = findArea(root.spaces[request.space]!.areas, addressOf(request.vpn))!;
      bytes.fill(0, backedPage(area, request.vpn)!.bytes);
    }
    counters.fileReads++;
    if (events.watched) events.emit({ type: 'file-in', path: objects.path(object), index, frame });
    return undefined;
  }

  #arrive(request: RequestState): Outcome {
    const { frames, machine, events } = this.#parts;
    const { frame, slot } = request;
    machine.codeChanged(frame);
    if (request.kind === 'swap-in') {
      if (events.watched) events.emit({ type: 'swap-in', slot, frame, page: frames.key(frame) });
      this.#keepCopy(request);
    }
    const asker = this.askerOf(request);
    this.#admit(request);
    if (request.ahead === undefined) return this.#mapForWaiter(request, asker);
    this.#keepForLater(request);
    return RESUMED;
  }

  /** A page that nobody has asked for stays in memory, unmapped, for its first use. */
  #keepForLater({ frame, ahead }: RequestState): void {
    const { frames, counters } = this.#parts;
    frames.set(frame, AHEAD);
    // Its first use is a reference of its own, which the admission has not told.
    frames.clear(frame, ADMITTED);
    counters.paging.readAhead.read++;
    if (ahead === 'late') counters.paging.readAhead.late++;
  }

  /** The slot stays as the copy of the page, and the request's reference to it becomes the frame's. */
  #keepCopy({ frame, slot }: RequestState): void {
    const { frames, cache, swap } = this.#parts;
    const object = frames.object(frame);
    frames.setSlot(frame, slot);
    swap.setFrame(slot, frame);
    if (object === -1) return;
    cache.clearSlot(object, frames.index(frame));
    swap.release(slot);
  }

  #admit(request: RequestState): void {
    const { frames, replacement } = this.#parts;
    const { frame } = request;
    this.#remove(request);
    frames.clear(frame, LOADING);
    frames.unpin(frame);
    replacement.admitted(frame, frames.key(frame), request.space);
  }

  /** Maps the page for the space that asked first; others that wait find it resident. */
  #mapForWaiter(request: RequestState, asker: Pid): Outcome {
    const { root, frames, pins, swap, mappings } = this.#parts;
    const { frame, vpn: page } = request;
    const space = root.spaces[request.space];
    const area = space && findArea(space.areas, addressOf(page));
    if (space === undefined || area === undefined || !this.#shows(area, request)) return RESUMED;
    frames.pin(frame);
    const at = this.#parts.ensureEntry(space, page, frames.key(frame));
    frames.unpin(frame);
    pins.addGuest(frame, asker);
    pins.needTable(at, 'guest', asker);
    if (at === -1) {
      // The retry finds an object's page resident; a private one belongs to nobody without its entry.
      if (frames.object(frame) === -1) mappings.release(frame);
      return RESUMED;
    }
    if (mappings.frameOf(at) !== -1) return RESUMED;
    const swapped = mappings.slotOf(at);
    if (swapped !== -1 && frames.object(frame) !== -1) return RESUMED;
    if (swapped !== -1) swap.release(slotNumber(swapped));
    mappings.map(space, area, page, at, frame);
    return RESUMED;
  }

  #shows(area: Area, { frame, vpn }: RequestState): boolean {
    const { frames } = this.#parts;
    const object = frames.object(frame);
    if (object === -1) return true;
    const backed = backedPage(area, vpn);
    return backed?.object === object && backed.index === frames.index(frame);
  }

  #abandon(request: RequestState): void {
    const { frames, swap, mappings } = this.#parts;
    this.#remove(request);
    frames.unpin(request.frame);
    if (request.slot !== NO_SLOT) swap.release(request.slot);
    mappings.release(request.frame);
  }

  #remove(request: RequestState): void {
    const { root, state } = this.#parts;
    root.requests.splice(root.requests.indexOf(request), 1);
    state.askers.delete(request.id);
  }

  #bytes(frame: Frame): Uint8Array {
    return this.#parts.machine.ram.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
  }
}
