/** What a store remembers of the pages written to it, to tell a damaged page from the one that was written. */
import { checksum } from '../base/checksum.ts';
import { assert } from '../base/errors.ts';
import { PAGE_SIZE, type Slot, slot } from '../base/numbers.ts';
import type { StoreFailure } from './contract.ts';

/** The checksum of every slot that holds a page. */
export class WrittenPages {
  readonly #checksums = new Map<Slot, number>();
  readonly #capacity: number;

  /** @param capacity number of slots, 0 to 2^32 - 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The slots that hold a page, in ascending order. */
  slots(): Slot[] {
    return [...this.#checksums.keys()].sort((a, b) => a - b);
  }

  /** `page` is now in `at`. */
  wrote(at: Slot, page: Uint8Array): void {
    this.#checksums.set(at, checksum(page));
  }

  /** Nothing is in `at` any more. */
  forget(at: Slot): void {
    this.#checksums.delete(at);
  }

  forgetAll(): void {
    this.#checksums.clear();
  }

  /** Why `page`, read from `at`, is not what was written there; `undefined` when it is. */
  verify(at: Slot, page: Uint8Array): StoreFailure | undefined {
    const written = this.#checksums.get(at);
    if (written === undefined) return { kind: 'corrupt', slot: at, detail: 'no page was written to it' };
    const read = checksum(page);
    if (read === written) return undefined;
    const detail = `checksum ${hex(read)}, written as ${hex(written)}`;
    return { kind: 'corrupt', slot: at, detail };
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

const hex = (n: number) => n.toString(16).padStart(8, '0');

/** The part of `bytes` that holds its `index`th page. */
export const pageAt = (bytes: Uint8Array, index: number): Uint8Array =>
  bytes.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
