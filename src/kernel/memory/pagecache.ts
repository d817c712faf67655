/**
 * The page cache: which frame holds which page of which backing object. Every mapping of a file's page leads to
 * the one frame found here, and so do read(2) and write(2). Pages of shared anonymous memory are found here too,
 * in a frame or in a swap slot.
 *
 *   (object, index) ──▶ frame          while in memory
 *                   └─▶ swap slot      shared anonymous memory that was evicted
 *                   └─▶ key            identity, kept while an area maps the object
 *
 * An object has pages here as long as an area maps it.
 */
import { assert } from '../../base/errors.ts';
import type { Frame, Slot } from '../../base/numbers.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import type { ObjectId } from '../state.ts';
import type { FrameTable } from './frames.ts';
import type { MemoryState, ObjectState } from './state.ts';

export class PageCache {
  readonly #state: MemoryState;
  readonly #frames: FrameTable;

  constructor(state: MemoryState, frames: FrameTable) {
    this.#state = state;
    this.#frames = frames;
  }

  /** What is known of an object; `undefined` when no area maps it. */
  object(object: ObjectId): ObjectState | undefined {
    return this.#state.objects.get(object);
  }

  /** The frame that holds the page, or that it is being read into; -1 when there is none. */
  frame(object: ObjectId, index: number): Frame | -1 {
    return (this.#state.objects.get(object)?.frames.get(index) ?? -1) as Frame | -1;
  }

  /** The swap slot of a page of shared anonymous memory that is not in memory, or -1. */
  slot(object: ObjectId, index: number): Slot | -1 {
    return (this.#state.objects.get(object)?.slots.get(index) ?? -1) as Slot | -1;
  }

  /** Identity of a page; the same whenever it comes back. */
  key(object: ObjectId, index: number): PageKey {
    const { keys } = this.#mapped(object);
    let key = keys.get(index);
    if (key === undefined) {
      key = this.#state.nextKey++;
      keys.set(index, key);
    }
    return key;
  }

  /** From now on `frame` holds the page. */
  insert(object: ObjectId, index: number, frame: Frame): void {
    const { frames } = this.#mapped(object);
    assert(!frames.has(index), 'a page of an object is in one frame');
    frames.set(index, frame);
    this.#frames.setObject(frame, object, index);
  }

  /** The frame holds no page of an object any more. */
  remove(frame: Frame): void {
    const object = this.#frames.object(frame);
    if (object === -1) return;
    this.#state.objects.get(object)?.frames.delete(this.#frames.index(frame));
    this.#frames.setObject(frame, -1, 0);
  }

  /** Makes a page of a file an anonymous one, in its place; the file's page, when it comes back, is another. */
  detach(frame: Frame): void {
    const object = this.#frames.object(frame);
    assert(object !== -1, 'only a page of an object is detached');
    this.#mapped(object).keys.delete(this.#frames.index(frame));
    this.remove(frame);
  }

  setSlot(object: ObjectId, index: number, slot: Slot): void {
    this.#mapped(object).slots.set(index, slot);
  }

  clearSlot(object: ObjectId, index: number): void {
    this.#mapped(object).slots.delete(index);
  }

  /** Whether the frame's page goes to swap when it is evicted and dirty. */
  livesInSwap(frame: Frame): boolean {
    const object = this.#frames.object(frame);
    return object === -1 || this.#mapped(object).anonymous;
  }

  #mapped(object: ObjectId): ObjectState {
    const state = this.#state.objects.get(object);
    assert(state !== undefined, 'an object has pages while an area maps it');
    return state;
  }
}
