/**
 * The swap map: which slots of the store are in use, and by whom.
 *
 *   an invalid entry ──┐
 *   shared memory's ───┼──▶ slot: references, key of the page, frame that holds the same page
 *   a resident frame ──┤          │
 *   a transfer ────────┘          └──▶ store (swap-io.ts)
 *
 * A frame keeps the slot that it was read from as long as its page is clean, so that it can be dropped
 * without a write. A slot is free when nothing refers to it. Free slots are found next fit: from where the last
 * search ended, round once.
 *
 * A slot that has failed is bad: whoever counts on it may still read it, but it is not given out again. Its page is
 * lost when it could not be read, or came back otherwise: whoever touches it is told so, until nobody counts on it.
 */
import { assert } from '../../base/errors.ts';
import type { Frame, Slot } from '../../base/numbers.ts';
import { slot as slotNumber } from '../../base/numbers.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import type { MemoryCounters } from './contract.ts';
import { condemn, type SwapState } from './state.ts';
import type { SwapIo } from './swap-io.ts';

/** A store that fails so often is taken for dead. */
const MOST_FAILED_WRITES = 256;

export class Swap {
  readonly #state: SwapState;
  readonly #io: SwapIo;
  readonly #counters: MemoryCounters;
  readonly #freed: (slot: Slot) => void;

  /** @param freed is told of each slot that nobody counts on any more */
  constructor(state: SwapState, io: SwapIo, counters: MemoryCounters, freed: (slot: Slot) => void) {
    this.#freed = freed;
    this.#state = state;
    this.#io = io;
    this.#counters = counters;
  }

  /** Slots that there are. */
  get capacity(): number {
    return this.#state.capacity;
  }

  /** Whether no slot can be given out. */
  get isFull(): boolean {
    const { used, room, retired, capacity } = this.#state;
    return used >= room || used + retired >= capacity;
  }

  /** Slots that have failed. */
  get bad(): number {
    return this.#state.bad.size;
  }

  /** A free slot, with one reference, for the page `key`; -1 when all are in use. */
  allocate(key: PageKey): Slot | -1 {
    const state = this.#state;
    if (this.isFull) return -1;
    for (let tried = 0; tried < state.capacity; tried++) {
      if (state.next >= state.capacity) state.next = 0;
      const found = state.next++;
      if (found >= state.references.length) this.#grow();
      if (state.references[found] !== 0 || state.unwritten.has(found) || state.bad.has(found)) continue;
      state.references[found] = 1;
      state.keys[found] = key;
      state.used++;
      this.#count();
      return slotNumber(found);
    }
    return -1;
  }

  /**
   * Adjacent free slots, each with one reference, for as many of the pages `keys` as there can be, from the first on;
   * the first run that has room for all, or else the longest. `undefined` when no two lie together.
   */
  allocateRun(keys: readonly PageKey[]): { readonly first: Slot; readonly count: number } | undefined {
    const state = this.#state;
    const room = Math.min(state.room, state.capacity - state.retired) - state.used;
    const { first, count } = this.#findRun(Math.min(keys.length, room));
    if (count < 2) return undefined;
    while (first + count > state.references.length) this.#grow();
    for (let i = 0; i < count; i++) {
      state.references[first + i] = 1;
      state.keys[first + i] = keys[i]!;
    }
    state.used += count;
    state.next = first + count;
    this.#count();
    return { first: slotNumber(first), count };
  }

  /** The first run of `wanted` free slots from where the last search ended, round once; or else the longest. */
  #findRun(wanted: number): { first: number; count: number } {
    const { capacity, next } = this.#state;
    let longest = { first: 0, count: 0 };
    let count = 0;
    for (let tried = 0; tried < capacity && longest.count < wanted; tried++) {
      const at = (next + tried) % capacity;
      // A run does not go round the end.
      if (at === 0) count = 0;
      count = this.#isFree(at) ? count + 1 : 0;
      if (count > longest.count) longest = { first: at - count + 1, count };
    }
    return longest;
  }

  #isFree(slot: number): boolean {
    const { references, unwritten, bad } = this.#state;
    return (references[slot] ?? 0) === 0 && !unwritten.has(slot) && !bad.has(slot);
  }

  references(slot: Slot): number {
    return this.#state.references[slot]!;
  }

  key(slot: Slot): PageKey {
    return this.#state.keys[slot]!;
  }

  /** The page in the slot is not the one any more that it was written as. */
  rename(slot: Slot, key: PageKey): void {
    this.#state.keys[slot] = key;
  }

  retain(slot: Slot): void {
    assert(this.#state.references[slot]! > 0, 'only a slot in use gets another reference');
    this.#state.references[slot]!++;
  }

  release(slot: Slot): void {
    const state = this.#state;
    assert(state.references[slot]! > 0, 'only a slot in use is released');
    if (--state.references[slot]! > 0) return;
    state.used--;
    state.frames[slot] = 0;
    state.lost.delete(slot);
    if (state.bad.has(slot)) state.retired++;
    this.#count();
    this.#io.free(slot);
    this.#freed(slot);
  }

  /** The frame that holds the page of the slot too, or -1. */
  frame(slot: Slot): Frame | -1 {
    return (this.#state.frames[slot]! - 1) as Frame | -1;
  }

  setFrame(slot: Slot, frame: Frame | -1): void {
    this.#state.frames[slot] = frame + 1;
  }

  /** The slot has failed: it is not given out again. */
  condemn(slot: Slot): void {
    condemn(this.#state, this.#counters, slot);
  }

  /** The page in the slot can't be had any more. */
  lose(slot: Slot, why: string): void {
    this.condemn(slot);
    this.#state.lost.set(slot, why);
    this.#counters.lostPages++;
  }

  /** Why the page in the slot can't be had; `undefined`: as far as is known it can. */
  whyLost(slot: Slot): string | undefined {
    return this.#state.lost.get(slot);
  }

  /** The store has no room for more slots than are in use now; each that is freed makes some. */
  filledUp(): void {
    this.#state.room = this.#state.used;
  }

  /** A write went well, or failed; after too many failures in a row no more slots are tried. */
  noteWrite(how: 'written' | 'failed'): void {
    const state = this.#state;
    state.failedWrites = how === 'written' ? 0 : state.failedWrites + 1;
    if (state.failedWrites < MOST_FAILED_WRITES) return;
    state.failedWrites = 0;
    this.filledUp();
  }

  #count(): void {
    const { used } = this.#state;
    this.#counters.swapUsed = used;
    if (used > this.#counters.swapPeak) this.#counters.swapPeak = used;
  }

  #grow(): void {
    const state = this.#state;
    const length = Math.min(state.capacity, Math.max(1024, state.references.length * 2));
    state.references = copyOf(state.references, new Uint32Array(length));
    state.keys = copyOf(state.keys, new Uint32Array(length));
    state.frames = copyOf(state.frames, new Uint32Array(length));
    state.checksums = copyOf(state.checksums, new Uint32Array(length));
  }
}

function copyOf(from: Uint32Array, into: Uint32Array): Uint32Array {
  into.set(from);
  return into;
}
