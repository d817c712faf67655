/**
 * The swap map: which slots of the store are in use, and by whom.
 *
 *   an invalid entry ──┐
 *   shared memory's ───┼──▶ slot: references, key of the page, frame that holds the same page
 *   a resident frame ──┤          │
 *   a transfer ────────┘          └──▶ store
 *
 * A frame keeps the slot that it was read from as long as its page is clean, so that it can be dropped
 * without a write. A slot is free when nothing refers to it. Free slots are found next fit: from where the last
 * search ended, round once.
 */
import { assert } from '../../base/errors.ts';
import type { Frame, Slot } from '../../base/numbers.ts';
import { slot as slotNumber } from '../../base/numbers.ts';
import type { PageKey } from '../../policies/replacement/contract.ts';
import type { Eventually, PageStore, StoreFailure, StoreResult } from '../../stores/contract.ts';
import type { EventSink } from '../events.ts';
import type { MemoryCounters } from './contract.ts';
import type { SwapState } from './state.ts';

export class Swap {
  readonly #state: SwapState;
  readonly #store: PageStore;
  readonly #counters: MemoryCounters;
  readonly #events: EventSink;
  /** Writes that a slow store has not answered; their pages are in `state.unwritten`. */
  #pending: Promise<void>[] = [];
  /** The page of each write under way, as put into `state.unwritten`. */
  readonly #writing = new Map<Slot, Uint8Array>();
  /** Slots freed while their write was under way: the store is told when it has ended. */
  readonly #freedLate = new Set<Slot>();

  constructor(state: SwapState, store: PageStore, counters: MemoryCounters, events: EventSink) {
    this.#state = state;
    this.#store = store;
    this.#counters = counters;
    this.#events = events;
  }

  /** Slots that there are. */
  get capacity(): number {
    return this.#state.capacity;
  }

  get isFull(): boolean {
    return this.#state.used >= this.#state.capacity;
  }

  /** A free slot, with one reference, for the page `key`; -1 when all are in use. */
  allocate(key: PageKey): Slot | -1 {
    const state = this.#state;
    if (this.isFull) return -1;
    for (let tried = 0; tried < state.capacity; tried++) {
      if (state.next >= state.capacity) state.next = 0;
      const found = state.next++;
      if (found >= state.references.length) this.#grow();
      if (state.references[found] !== 0 || state.unwritten.has(found)) continue;
      state.references[found] = 1;
      state.keys[found] = key;
      state.used++;
      this.#count();
      return slotNumber(found);
    }
    return -1;
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
    this.#count();
    if (this.#writing.has(slot)) {
      this.#freedLate.add(slot);
      return;
    }
    state.unwritten.delete(slot);
    this.#store.free([slot]);
  }

  /** The frame that holds the page of the slot too, or -1. */
  frame(slot: Slot): Frame | -1 {
    return (this.#state.frames[slot]! - 1) as Frame | -1;
  }

  setFrame(slot: Slot, frame: Frame | -1): void {
    this.#state.frames[slot] = frame + 1;
  }

  /**
   * Writes a page. When the store takes its time, the page is kept until it has answered, and for good when it
   * fails, so that nothing is lost.
   */
  write(slot: Slot, from: Uint8Array): StoreResult {
    const answer = this.#store.write([slot], from);
    if (!(answer instanceof Promise)) {
      this.#state.unwritten.delete(slot);
      if (answer === undefined) this.#counters.swapWrites++;
      else this.#failed(answer);
      return answer;
    }
    this.#counters.swapWrites++;
    const page = from.slice();
    this.#state.unwritten.set(slot, page);
    this.#writing.set(slot, page);
    this.#pending.push(answer.then((result) => this.#confirm(slot, page, result)));
    return undefined;
  }

  /** Reads a page, after all writes that are under way. */
  read(slot: Slot, into: Uint8Array): Eventually<StoreResult> {
    const { unwritten } = this.#state;
    const kept = unwritten.get(slot);
    if (kept !== undefined) {
      into.set(kept);
      return this.#read(undefined);
    }
    const answer = this.#store.read([slot], into);
    return answer instanceof Promise ? answer.then((result) => this.#read(result)) : this.#read(answer);
  }

  /** Lets the writes that are under way end; `undefined` when there are none. */
  settle(): Promise<void> | undefined {
    if (this.#pending.length === 0) return undefined;
    const pending = this.#pending;
    this.#pending = [];
    return Promise.all(pending).then(() => undefined);
  }

  #confirm(slot: Slot, page: Uint8Array, result: StoreResult): void {
    if (result !== undefined) this.#failed(result);
    // A later write to the same slot has its own answer to wait for.
    if (this.#writing.get(slot) !== page) return;
    this.#writing.delete(slot);
    const freed = this.#freedLate.delete(slot);
    if (result === undefined || freed) this.#state.unwritten.delete(slot);
    if (freed) this.#store.free([slot]);
  }

  #read(result: StoreResult): StoreResult {
    if (result === undefined) this.#counters.swapReads++;
    else this.#failed(result);
    return result;
  }

  #failed(failure: StoreFailure): void {
    this.#counters.storeFailures++;
    const { kind, slot, detail } = failure;
    if (this.#events.watched) this.#events.emit({ type: 'store-failure', slot, failure: kind, detail });
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
  }
}

function copyOf(from: Uint32Array, into: Uint32Array): Uint32Array {
  into.set(from);
  return into;
}
