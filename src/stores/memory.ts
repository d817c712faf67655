/** Pages kept in memory: swap without a disk, for tests, browsers and comparisons. */
import { PAGE_SIZE, type Slot, slot } from '../base/numbers.ts';
import type { PageStore, StoreContents, StoreResult } from './contract.ts';
import { pageAt, WrittenPages } from './written-pages.ts';

/** Pages are kept in blocks of this many, made when one of them is first written. */
const BLOCK_PAGES = 64;

export class MemoryStore implements PageStore {
  readonly name: string;
  readonly capacity: number;
  readonly #written: WrittenPages;
  #blocks: (Uint8Array | undefined)[] = [];

  /** @param capacity number of slots, 0 to 2^32 - 1; none takes memory before it is written */
  constructor(capacity: number, name = 'memory') {
    this.name = name;
    this.capacity = capacity;
    this.#written = new WrittenPages(capacity);
  }

  read(slots: readonly Slot[], into: Uint8Array): StoreResult {
    this.#written.checkCall(slots, into);
    for (const [index, at] of slots.entries()) {
      const failure = this.#written.missing(at);
      if (failure) return failure;
      into.set(this.#page(at), index * PAGE_SIZE);
    }
    return undefined;
  }

  write(slots: readonly Slot[], from: Uint8Array): StoreResult {
    this.#written.checkCall(slots, from);
    for (const [index, at] of slots.entries()) {
      this.#page(at).set(pageAt(from, index));
      this.#written.wrote(at);
    }
    return undefined;
  }

  free(slots: readonly Slot[]): void {
    for (const at of slots) this.#written.forget(at);
  }

  save(): StoreContents {
    const slots = this.#written.slots();
    const pages = new Uint8Array(slots.length * PAGE_SIZE);
    for (const [index, at] of slots.entries()) pages.set(this.#page(at), index * PAGE_SIZE);
    return { slots: Uint32Array.from(slots), pages };
  }

  load(contents: StoreContents): StoreResult {
    const failure = this.#written.checkFit(contents.slots);
    if (failure) return failure;
    this.close();
    return this.write(Array.from(contents.slots, slot), contents.pages);
  }

  close(): void {
    this.#blocks = [];
    this.#written.forgetAll();
  }

  #page(at: Slot): Uint8Array {
    const number = Math.floor(at / BLOCK_PAGES);
    let block = this.#blocks[number];
    if (block === undefined) {
      block = new Uint8Array(BLOCK_PAGES * PAGE_SIZE);
      this.#blocks[number] = block;
    }
    return pageAt(block, at % BLOCK_PAGES);
  }
}
