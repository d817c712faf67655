/** Which slots of a store hold a page: one that was never written, or was freed, is not to be read. */
import { assert } from '../base/errors.ts';
import { PAGE_SIZE, type Slot, slot } from '../base/numbers.ts';
import type { StoreFailure } from './contract.ts';

export class WrittenPages {
  readonly #written = new Set<Slot>();
  readonly #capacity: number;

  /** @param capacity number of slots, 0 to 2^32 - 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The slots that hold a page, in ascending order. */
  slots(): Slot[] {
    return [...this.#written].sort((a, b) => a - b);
  }

  /** There is a page in `at` now. */
  wrote(at: Slot): void {
    this.#written.add(at);
  }

  /** Nothing is in `at` any more. */
  forget(at: Slot): void {
    this.#written.delete(at);
  }

  forgetAll(): void {
    this.#written.clear();
  }

  /** Why `at` can't be read; `undefined` when it holds a page. */
  missing(at: Slot): StoreFailure | undefined {
    if (this.#written.has(at)) return undefined;
    return { kind: 'corrupt', slot: at, detail: 'no page was written to it' };
  }

  /** Throws unless every slot exists and `bytes` holds a page for each. */
  checkCall(slots: readonly Slot[], bytes: Uint8Array): void {
    assert(bytes.length === slots.length * PAGE_SIZE, 'a store call has one page of bytes for each slot');
    for (const at of slots)
      assert(at >= 0 && at < this.#capacity, 'a slot is below the capacity of its store');
  }

  /** Why contents with these slots do not fit; `undefined` when they do. */
  checkFit(slots: Uint32Array): StoreFailure | undefined {
    const beyond = slots.find((at) => at >= this.#capacity);
    if (beyond === undefined) return undefined;
    return { kind: 'full', slot: slot(beyond), detail: `there are ${this.#capacity} slots` };
  }
}

/** The part of `bytes` that holds its `index`th page. */
export const pageAt = (bytes: Uint8Array, index: number): Uint8Array =>
  bytes.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
