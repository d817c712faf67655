/**
 * Leaf tables go to swap. Which one, and when:
 *
 *   no frame is free ─▶ an idle table, the one that no fault went through for longest   (`oldest`)
 *                        └ none, or no slot is free ─▶ the policy's victim
 *                                                       └ none ─▶ an idle table, with a slot taken back
 *                                                                  └ none ─▶ a table that leads to pages only that
 *                                                                            others have as well         (`partOne`)
 *
 * An idle table has no page in memory, so none of its pages was used since the last of them went: it is colder than
 * whatever the policy would give up, and goes first. One that is empty is just given up. A table stays that somebody
 * needs for the step under way (pins.ts), or for a page of which a request is under way.
 *
 * A table with a page in memory stays, until nothing else is left: all pages are pinned then. The page of such a table
 * may be pinned for another table's sake, through which another process, or the same one, has it. The entry here is made
 * invalid and says where the page is found: in its slot, to which it is written if need be, or in its object. The page
 * stays in memory, and has a fault more when it is touched here again.
 */
import { type Frame, PAGE_SIZE, type Slot, slot as slotNumber, type Vpn } from '../../base/numbers.ts';
import { encodeInvalid, NOTHING, SWAPPED, TABLE_SWAPPED } from '../../translation/invalid-entry.ts';
import type { EventSink } from '../events.ts';
import type { RootState, SpaceState } from '../state.ts';
import type { Clock, MemoryCounters } from './contract.ts';
import type { FramedTables } from './framed-tables.ts';
import type { FrameTable } from './frames.ts';
import { isTableRequest, type ResidentTable, TABLE_KEY } from './leaf-table-state.ts';
import type { LeafTables } from './leaf-tables.ts';
import type { Mappings } from './mappings.ts';
import type { PageBits } from './page-bits.ts';
import type { PageTables } from './page-tables.ts';
import type { DiskPlaces } from './places.ts';
import type { MemoryState } from './state.ts';
import type { Swap } from './swap.ts';
import type { SwapIo } from './swap-io.ts';
import type { Urgency, WriteBack } from './writeback.ts';

export interface TableEvictionParts {
  readonly root: RootState;
  readonly state: MemoryState;
  readonly ram: Uint8Array;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  /** The same, where leaf tables may go to swap. */
  readonly framed: FramedTables | undefined;
  readonly leaves: LeafTables | undefined;
  readonly mappings: Mappings;
  readonly pageBits: PageBits;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly places: DiskPlaces;
  readonly writeBack: WriteBack;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Slots that a table may have: those that are free, or also those that are only copies of pages in memory. */
export type SlotChoice = 'free' | 'taken back';

export class TableEviction {
  readonly #parts: TableEvictionParts;

  constructor(parts: TableEvictionParts) {
    this.#parts = parts;
  }

  /** Frees the frame of the idle table that was not gone through for longest; false when none can go. */
  oldest(slots: SlotChoice, urgency?: Urgency): boolean {
    const { leaves } = this.#parts;
    if (leaves === undefined) return false;
    for (const frame of leaves.state.idle) if (this.#evict(frame as Frame, slots, urgency)) return true;
    return false;
  }

  /** Frees the frame of a table all of whose pages others have as well; false when there is none. */
  partOne(): boolean {
    const { leaves, frames } = this.#parts;
    if (leaves === undefined) return false;
    for (const [number, table] of [...leaves.state.resident]) {
      const frame = number as Frame;
      if (table.present === 0 || frames.isPinned(frame) || !this.#canPart(table)) continue;
      if (this.#part(table) && this.#evict(frame, 'taken back')) return true;
    }
    return false;
  }

  /** The tables of a space go, as far as none of its pages is in memory. */
  ofSpace(space: SpaceState): void {
    const { leaves } = this.#parts;
    if (leaves === undefined) return;
    for (const frame of [...leaves.state.idle])
      if (leaves.state.resident.get(frame)!.space === space.id) this.#evict(frame as Frame, 'free');
  }

  /** Frees the frame of an idle table, written to swap unless it is empty; false when it has to stay. */
  #evict(frame: Frame, slots: SlotChoice, urgency?: Urgency): boolean {
    const { root, frames, framed, leaves, counters, events } = this.#parts;
    const table = leaves!.state.resident.get(frame)!;
    if (frames.isPinned(frame) || this.#isAwaited(table)) return false;
    const space = root.spaces[table.space]!;
    const pointer = framed!.pointerTo(space, table.first);
    if (frames.index(frame) === 0) {
      framed!.writePointer(pointer, 0, 0);
      framed!.free(space, frame);
      counters.tablePaging.dropped++;
      return true;
    }
    const slot = this.#write(frame, slots, urgency);
    if (slot === -1) return false;
    if (events.watched) events.emit({ type: 'table', space: space.id, frame, change: 'evicted' });
    const { low, high } = encodeInvalid(framed!.form, TABLE_SWAPPED, slot);
    framed!.writePointer(pointer, low, high);
    leaves!.toSwap(frame, slot);
    framed!.free(space, frame);
    counters.tablePaging.evicted++;
    return true;
  }

  /** Whether a page that the table leads to is on its way, and will be mapped by it. */
  #isAwaited({ space, first }: ResidentTable): boolean {
    const { root, leaves } = this.#parts;
    const end = first + leaves!.span;
    return root.requests.some(
      (request) =>
        request.space === space && request.vpn >= first && request.vpn < end && !isTableRequest(request),
    );
  }

  /** Writes a table to a slot, which is its own from now on; -1 when there is none that takes it. */
  #write(frame: Frame, slots: SlotChoice, urgency: Urgency): Slot | -1 {
    const { ram, swap, swapIo, places, writeBack, counters, clock } = this.#parts;
    const bytes = ram.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
    for (;;) {
      if (slots === 'taken back' && swap.isFull) writeBack.takeBackSlots();
      const slot = swap.allocate(TABLE_KEY);
      if (slot === -1) return -1;
      const delay = swapIo.delay('write', [slot]);
      clock.disk({ place: places.ofSlot(slot), pages: 1, direction: 'write', urgency, delay });
      const [failure] = swapIo.write([slot], bytes);
      if (failure === undefined) {
        swap.noteWrite('written');
        return slot;
      }
      if (failure.kind !== 'full') swap.condemn(slot);
      swap.release(slot);
      if (failure.kind === 'full') swap.filledUp();
      else swap.noteWrite('failed');
      if (!swap.isFull) counters.writesRetried++;
    }
  }

  /** Whether every page that the table leads to is found without it. */
  #canPart(table: ResidentTable): boolean {
    const { frames } = this.#parts;
    let can = !this.#isAwaited(table);
    this.#eachPresent(table, (_space, _page, _at, frame) => {
      can &&= frames.object(frame) !== -1 || frames.mapperCount(frame) > 1;
    });
    return can;
  }

  /** Makes all entries of a table invalid; false when a page could not be written. */
  #part(table: ResidentTable): boolean {
    const { state, frames, mappings, swap, counters, events } = this.#parts;
    let isDone = true;
    this.#eachPresent(table, (space, page, at, frame) => {
      if (!isDone || !this.#isSafe(frame)) {
        isDone = false;
        return;
      }
      const slot = frames.object(frame) === -1 ? frames.slot(frame) : -1;
      mappings.unmap(space, page, at, slot === -1 ? NOTHING : SWAPPED, Math.max(0, slot));
      if (slot !== -1) swap.retain(slotNumber(slot));
      state.evictedLately.get(space.id)?.add(page);
      counters.tablePaging.parted++;
      const key = frames.key(frame);
      if (events.watched) events.emit({ type: 'unmap', space: space.id, vpn: page, frame, page: key });
    });
    return isDone;
  }

  /** Whether a page can be had again without the entry; it is written to swap for that. */
  #isSafe(frame: Frame): boolean {
    const { frames, pageBits, writeBack } = this.#parts;
    if (frames.object(frame) !== -1) return true;
    // The last one that has it keeps it.
    if (frames.mapperCount(frame) === 1) return false;
    if (!pageBits.isModified(frame)) return true;
    if (writeBack.write(frame) !== 'written') return false;
    pageBits.clean(frame);
    return true;
  }

  #eachPresent(
    { space: id, first }: ResidentTable,
    visit: (space: SpaceState, page: Vpn, at: number, frame: Frame) => void,
  ): void {
    const { root, tables, leaves, mappings } = this.#parts;
    const space = root.spaces[id]!;
    tables.forEach(space, first, first + leaves!.span, (page, at) => {
      const frame = mappings.frameOf(at);
      if (frame !== -1) visit(space, page, at, frame);
    });
  }
}
