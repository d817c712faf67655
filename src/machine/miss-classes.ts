/**
 * Why the TLB missed: compulsory, capacity and conflict misses told apart, and those after a flush.
 *
 *   a miss ─┬─ the space was never led to the page                               compulsory
 *           ├─ LRU among all entries, without any flush, would not have it       capacity
 *           ├─ LRU among all entries would not have it                           after a flush
 *           └─ else: it is kept out by the set it belongs to, or the replacement conflict
 *
 * Beside the TLB runs what it is compared with, on the same look-ups: the pages that each space has seen (a TLB without end),
 * and two fully associative TLBs of as many entries with LRU, of which one is flushed when the TLB is and one never. A
 * page that is unmapped is gone from all of them: what is mapped there next is another page, and missed for the first time.
 * A page comes into the models when a look-up has found it. So a miss that ends in a page fault and the miss of the retry
 * are both of one class.
 *
 * Source: the lecture on cache management (types of cache misses); Hill, "Aspects of Cache Memory and Instruction Buffer
 * Performance", 1987, section 2.4, and his order: first compulsory, then capacity, then conflict.
 */
import { PAGE_SIZE } from '../base/numbers.ts';
import type { TlbConfig } from './contract.ts';
import type { RecordedLookUp } from './look-ups.ts';

export interface MissCounts {
  compulsory: number;
  capacity: number;
  conflict: number;
  /** Of pages that were dropped by the kernel: for a change of spaces, or because their mappings changed. */
  flushed: number;
}

/** Pages of 48-bit addresses: one number holds a space, or its identifier, and a page. */
const PAGES = 2 ** 36;

/** A fully associative TLB with LRU: names of pages, the one used last at the end. */
class FullyAssociative {
  readonly #pages = new Set<number>();
  readonly #entries: number;

  constructor(entries: number) {
    this.#entries = entries;
  }

  has(page: number): boolean {
    return this.#pages.has(page);
  }

  /** A look-up that the page's entry serves, if it is there. */
  touch(page: number): void {
    if (this.#pages.delete(page)) this.#pages.add(page);
  }

  /** A look-up that leads to the page: it has an entry afterwards. */
  use(page: number): void {
    this.#pages.delete(page);
    this.#pages.add(page);
    if (this.#pages.size <= this.#entries) return;
    for (const oldest of this.#pages) {
      this.#pages.delete(oldest);
      return;
    }
  }

  /** Drops the pages `from` to `to` - 1. */
  drop(from: number, to: number): void {
    if (to - from === 1) this.#pages.delete(from);
    else for (const page of this.#pages) if (page >= from && page < to) this.#pages.delete(page);
  }
}

/** What one TLB is compared with. */
class Models {
  /** Pages that each space was led to. */
  readonly seen = new Map<number, Set<number>>();
  readonly unflushed: FullyAssociative;
  readonly flushed: FullyAssociative;
  /** The name of the page that was looked up and found last, in the TLB that is flushed; -1: there is none. */
  last = -1;

  constructor(entries: number) {
    this.unflushed = new FullyAssociative(entries);
    this.flushed = new FullyAssociative(entries);
  }

  seenBy(space: number): Set<number> {
    let pages = this.seen.get(space);
    if (pages === undefined) {
      pages = new Set();
      this.seen.set(space, pages);
    }
    return pages;
  }
}

const noMisses = (): MissCounts => ({ compulsory: 0, capacity: 0, conflict: 0, flushed: 0 });

export class MissClasses {
  readonly instructions = noMisses();
  readonly data = noMisses();
  readonly #ofInstructions: Models;
  readonly #ofData: Models;
  /** Each once, also when one TLB serves both purposes. */
  readonly #all: readonly Models[];

  constructor(tlb: Exclude<TlbConfig, { kind: 'none' }>) {
    const [instructions, data] = tlb.kind === 'split' ? [tlb.instructions, tlb.data] : [tlb.shape, tlb.shape];
    this.#ofInstructions = new Models(instructions.entries);
    this.#ofData = tlb.kind === 'split' ? new Models(data.entries) : this.#ofInstructions;
    this.#all = [...new Set([this.#ofInstructions, this.#ofData])];
  }

  /** To be told of each look-up and flush, in order. @param space whose program runs */
  take(space: number, entry: RecordedLookUp): void {
    switch (entry.kind) {
      case 'flush-all':
        this.#flush(0, Number.POSITIVE_INFINITY);
        break;
      case 'flush-space':
        this.#flush(entry.asid * PAGES, (entry.asid + 1) * PAGES);
        break;
      case 'flush-page':
        this.#flush(entry.asid * PAGES + entry.address, entry.asid * PAGES + entry.address + 1);
        break;
      case 'fetch':
        lookUp(this.#ofInstructions, this.instructions, space, entry);
        break;
      default:
        lookUp(this.#ofData, this.data, space, entry);
    }
  }

  /** Pages of a space are gone for good. */
  gone(space: number, page: number, count: number): void {
    for (const models of this.#all) {
      const seen = models.seen.get(space);
      if (seen === undefined) continue;
      if (count < seen.size) for (let i = 0; i < count; i++) seen.delete(page + i);
      else for (const one of seen) if (one >= page && one < page + count) seen.delete(one);
      if (seen.size === 0) models.seen.delete(space);
      models.unflushed.drop(space * PAGES + page, space * PAGES + page + count);
      models.last = -1;
    }
  }

  #flush(from: number, to: number): void {
    for (const models of this.#all) {
      models.flushed.drop(from, to);
      models.last = -1;
    }
  }
}

function lookUp(models: Models, counts: MissCounts, space: number, entry: RecordedLookUp): void {
  const page = Math.floor(entry.address / PAGE_SIZE);
  const tagged = entry.asid * PAGES + page;
  // The page used last is the last in each model.
  if (tagged === models.last && !entry.missed) return;
  if (entry.missed) counts[page < PAGES ? classOf(models, space, page, tagged) : 'compulsory']++;
  if (page >= PAGES) return;
  if (!entry.found) {
    models.unflushed.touch(space * PAGES + page);
    models.flushed.touch(tagged);
    models.last = -1;
    return;
  }
  models.seenBy(space).add(page);
  models.unflushed.use(space * PAGES + page);
  models.flushed.use(tagged);
  models.last = tagged;
}

function classOf(models: Models, space: number, page: number, tagged: number): keyof MissCounts {
  if (models.seen.get(space)?.has(page) !== true) return 'compulsory';
  if (!models.unflushed.has(space * PAGES + page)) return 'capacity';
  return models.flushed.has(tagged) ? 'conflict' : 'flushed';
}
