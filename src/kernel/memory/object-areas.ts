/**
 * The life of backing objects: an object is held as long as an area maps it. When the last one goes, its dirty
 * pages are written to the file, unless that is gone too as soon as it is let go, and none of its pages stays in memory.
 */
import { assert } from '../../base/errors.ts';
import { type Frame, slot as slotNumber } from '../../base/numbers.ts';
import type { ObjectId } from '../state.ts';
import type { AreaWatch } from './areas.ts';
import type { BackingObjects } from './contract.ts';
import type { FrameTable } from './frames.ts';
import type { Mappings } from './mappings.ts';
import type { PageBits } from './page-bits.ts';
import type { PageCache } from './pagecache.ts';
import type { Replacement } from './replacement.ts';
import { LOADING, type MemoryState, type ObjectState } from './state.ts';
import type { Swap } from './swap.ts';
import type { WriteBack } from './writeback.ts';

export interface ObjectAreasParts {
  readonly state: MemoryState;
  readonly objects: BackingObjects;
  readonly frames: FrameTable;
  readonly cache: PageCache;
  readonly swap: Swap;
  readonly mappings: Mappings;
  readonly replacement: Replacement;
  readonly pageBits: PageBits;
  readonly writeBack: WriteBack;
}

export class ObjectAreas implements AreaWatch {
  readonly #parts: ObjectAreasParts;

  constructor(parts: ObjectAreasParts) {
    this.#parts = parts;
  }

  appeared(object: ObjectId): void {
    const { state, objects } = this.#parts;
    objects.retain(object);
    const known = state.objects.get(object);
    if (known !== undefined) {
      known.areas++;
      return;
    }
    const anonymous = objects.isAnonymous(object);
    const empty = { frames: new Map(), slots: new Map(), keys: new Map() };
    state.objects.set(object, { areas: 1, anonymous, ...empty });
  }

  /** An area that maps the object is gone, and its entries with it. */
  gone(object: ObjectId): void {
    const { state, objects } = this.#parts;
    const known = state.objects.get(object);
    assert(known !== undefined, 'an object that an area maps is known');
    if (--known.areas === 0) {
      this.#drop(known);
      state.objects.delete(object);
    }
    objects.release(object);
  }

  #drop(object: ObjectState): void {
    const { swap } = this.#parts;
    for (const frame of [...object.frames.values()]) this.#dropFrame(frame as Frame, object);
    for (const slot of object.slots.values()) swap.release(slotNumber(slot));
    object.slots.clear();
  }

  #dropFrame(frame: Frame, object: ObjectState): void {
    const { frames, cache, mappings, replacement, pageBits, objects, writeBack } = this.#parts;
    if (frames.has(frame, LOADING)) {
      // Its transfer finds on completion that nobody wants the page.
      cache.remove(frame);
      return;
    }
    // A write that fails is counted and reported; with the last mapping gone, nobody is left to keep it for.
    const isForgotten = objects.isForgotten(frames.object(frame) as number);
    if (
      !object.anonymous &&
      !isForgotten &&
      replacement.isDirty(frame) &&
      writeBack.write(frame) === 'written'
    )
      pageBits.clean(frame);
    mappings.release(frame);
  }
}
