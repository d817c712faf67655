/**
 * Dirty pages to where they belong: pages of files to their files, all others to swap.
 *
 * A page that was written keeps its slot, which nobody else counts on: its new contents replace the old ones. When
 * no slot is free, slots that only serve as copies of pages in memory are taken back: first those whose page
 * has been written since, then any.
 */
import { assert } from '../../base/errors.ts';
import { type Frame, PAGE_SIZE, type Slot } from '../../base/numbers.ts';
import type { EventSink } from '../events.ts';
import type { BackingObjects, Clock, MemoryCounters } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageCache } from './pagecache.ts';
import type { Replacement } from './replacement.ts';
import { LOADING, MODIFIED, PAGE } from './state.ts';
import type { Swap } from './swap.ts';

export interface WriteBackParts {
  readonly ram: Uint8Array;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly objects: BackingObjects;
  readonly counters: MemoryCounters;
  readonly clock: Clock;
  readonly events: EventSink;
}

export type WriteResult = 'written' | 'no slot' | 'failed';

export class WriteBack {
  readonly #parts: WriteBackParts;

  constructor(parts: WriteBackParts) {
    this.#parts = parts;
  }

  /** Writes the page in `frame` to swap or to its file. It stays in memory, and dirty. */
  write(frame: Frame): WriteResult {
    return this.#parts.cache.livesInSwap(frame) ? this.#toSwap(frame) : this.#toFile(frame);
  }

  #toFile(frame: Frame): WriteResult {
    const { frames, objects, counters, clock, events } = this.#parts;
    const object = frames.object(frame) as number;
    const index = frames.index(frame);
    if (!objects.writePage(object, index, this.#bytes(frame))) {
      counters.storeFailures++;
      const detail = `page ${index} of ${objects.path(object)} could not be written`;
      if (events.watched) {
        events.emit({ type: 'store-failure', slot: -1 as Slot, failure: 'input-output', detail });
      }
      return 'failed';
    }
    counters.fileWrites++;
    clock.disk(1);
    if (events.watched) events.emit({ type: 'file-out', path: objects.path(object), index, frame });
    return 'written';
  }

  #toSwap(frame: Frame): WriteResult {
    const { frames, swap, mappings, clock, events } = this.#parts;
    const own = frames.slot(frame);
    assert(
      own === -1 || swap.references(own) === 1,
      'nobody counts on the copy of a page that was written since',
    );
    const slot = this.#slotFor(frame);
    if (slot === -1) return 'no slot';
    if (swap.write(slot, this.#bytes(frame)) !== undefined) {
      // Whatever the slot holds now is no copy of the page.
      frames.set(frame, MODIFIED);
      mappings.dropCopy(frame);
      return 'failed';
    }
    clock.disk(1);
    if (events.watched) events.emit({ type: 'swap-out', slot, frame, page: frames.key(frame) });
    return 'written';
  }

  /** The slot that the page has already, or a new one. */
  #slotFor(frame: Frame): Slot | -1 {
    const { frames, swap } = this.#parts;
    const own = frames.slot(frame);
    if (own !== -1) return own;
    if (swap.isFull) this.#takeBackSlots();
    const slot = swap.allocate(frames.key(frame));
    if (slot === -1) return -1;
    frames.setSlot(frame, slot);
    swap.setFrame(slot, frame);
    return slot;
  }

  #takeBackSlots(): void {
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
