/**
 * Dirty pages to where they belong: pages of files to their files, all others to swap.
 *
 * A page that was written keeps its slot, which nobody else counts on: its new contents replace the old ones. When
 * no slot is free, slots that only serve as copies of pages in memory are taken back: first those whose page
 * has been written since, then any.
 *
 * A page that can't be written to its slot stays in memory, dirty, and is written to another; the slot is bad. When
 * the store says that it is full, or fails too often in a row, no slot is free any more.
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Slot } from '../../base/numbers.ts';
import type { StoreFailure } from '../../stores/contract.ts';
import type { EventSink } from '../events.ts';
import type { BackingObjects, Clock, MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageCache } from './pagecache.ts';
import type { DiskPlaces } from './places.ts';
import type { Replacement } from './replacement.ts';
import { LOADING, MODIFIED, PAGE } from './state.ts';
import type { Swap } from './swap.ts';
import type { SwapIo } from './swap-io.ts';

export interface WriteBackParts {
  readonly ram: Uint8Array;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly swapIo: SwapIo;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly objects: BackingObjects;
  readonly places: DiskPlaces;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

/** Whether somebody may be waiting for the write, or nobody is: then it may be taken back (kernel/disk.ts). */
export type Urgency = 'background' | undefined;

export type WriteResult = 'written' | 'no slot' | 'failed';

export class WriteBack {
  readonly #parts: WriteBackParts;

  constructor(parts: WriteBackParts) {
    this.#parts = parts;
  }

  /** Writes the page in `frame` to swap or to its file. It stays in memory, and dirty. */
  write(frame: Frame, urgency?: Urgency): WriteResult {
    return this.#parts.cache.livesInSwap(frame) ? this.#toSwap(frame, urgency) : this.#toFile(frame, urgency);
  }

  #toFile(frame: Frame, urgency: Urgency): WriteResult {
    const { frames, places, clock } = this.#parts;
    if (!this.putInFile(frame)) return 'failed';
    const place = places.ofFile(frames.object(frame) as number, frames.index(frame));
    clock.disk({ place, pages: 1, direction: 'write', urgency });
    return 'written';
  }

  /** Gives the bytes of a file's page to its file, the disk aside. False when that failed. */
  putInFile(frame: Frame): boolean {
    const { frames, objects, counters, events } = this.#parts;
    const object = frames.object(frame) as number;
    const index = frames.index(frame);
    if (!objects.writePage(object, index, this.#bytes(frame))) {
      counters.storeFailures++;
      counters.fileErrors.write++;
      const detail = `page ${index} of ${objects.path(object)} could not be written`;
      if (events.watched) {
        events.emit({ type: 'store-failure', slot: -1 as Slot, failure: 'input-output', detail });
      }
      return false;
    }
    counters.fileWrites++;
    if (events.watched) events.emit({ type: 'file-out', path: objects.path(object), index, frame });
    return true;
  }

  #toSwap(frame: Frame, urgency: Urgency): WriteResult {
    const { frames, swap, swapIo, places, clock, events } = this.#parts;
    const own = frames.slot(frame);
    assert(
      own === -1 || swap.references(own) === 1,
      'nobody counts on the copy of a page that was written since',
    );
    for (let slot = this.#slotFor(frame); slot !== -1; slot = this.#slotFor(frame)) {
      const slots = [slot];
      const delay = swapIo.delay('write', slots);
      clock.disk({ place: places.ofSlot(slot), pages: 1, direction: 'write', urgency, delay });
      const failure = swapIo.write(slots, this.#bytes(frame))[0];
      if (failure !== undefined) {
        this.giveUpSlot(frame, slot, failure);
        continue;
      }
      swap.noteWrite('written');
      if (events.watched) events.emit({ type: 'swap-out', slot, frame, page: frames.key(frame) });
      return 'written';
    }
    return 'no slot';
  }

  /** Whatever the slot holds now is no copy of the page, which stays. */
  giveUpSlot(frame: Frame, slot: Slot, { kind }: StoreFailure): void {
    const { frames, swap, mappings, counters } = this.#parts;
    frames.set(frame, MODIFIED);
    if (kind !== 'full') swap.condemn(slot);
    mappings.dropCopy(frame);
    if (kind === 'full') swap.filledUp();
    else swap.noteWrite('failed');
    if (!swap.isFull) counters.writesRetried++;
  }

  /** The slot that the page has already, or a new one. */
  #slotFor(frame: Frame): Slot | -1 {
    const { frames, swap } = this.#parts;
    const own = frames.slot(frame);
    if (own !== -1) return own;
    if (swap.isFull) this.takeBackSlots();
    const slot = swap.allocate(frames.key(frame));
    if (slot === -1) return -1;
    frames.setSlot(frame, slot);
    swap.setFrame(slot, frame);
    return slot;
  }

  /** Frees slots that only serve as copies of pages in memory, if there are any. */
  takeBackSlots(): void {
    const { frames, swap, mappings, replacement } = this.#parts;
    const { use, slot, flags, pages } = frames.state;
    let spare = -1;
    for (let frame = 0; frame < pages.fresh; frame++) {
      if (use[frame] !== PAGE || slot[frame] === 0 || (flags[frame]! & LOADING) !== 0) continue;
      if (swap.references((slot[frame]! - 1) as Slot) > 1) continue;
      if (replacement.isDirty(frame as Frame)) mappings.dropCopy(frame as Frame);
      else if (spare === -1) spare = frame;
    }
    if (!swap.isFull || spare === -1) return;
    mappings.dropCopy(spare as Frame);
    frames.set(spare as Frame, MODIFIED);
  }

  #bytes(frame: Frame): Uint8Array {
    return this.#parts.ram.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
  }
}
