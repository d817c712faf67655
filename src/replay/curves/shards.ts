/**
 * The LRU curve from a sample of pages, while references stream by: SHARDS (Waldspurger, Park, Garthwaite and Ahmad,
 * "Efficient MRC construction with SHARDS", FAST 2015), in both its forms.
 *
 * Fixed rate: pages whose hash is below R times its range are followed. Fixed size: R starts at 1 and falls so that
 * never more than a number of pages are followed; memory is bounded. A reference to a page that is followed stands
 * for 1 / R references, at 1 / R times the distance. The adjustment (SHARDS-adj) is that a sample with more or
 * fewer references than expected is taken to have too many or too few that hit at any size: faults are counted by
 * weight and divided by the references that there were, not by those that the sample stands for.
 */
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK } from '../dense.ts';
import { ABSENT, PageNumbers } from '../page-numbers.ts';
import { samplingError } from './curve.ts';
import { HeaviestFirst } from './heaviest-first.ts';
import { LruStack } from './lru-stack.ts';
import { HASHES, pageHash } from './page-hash.ts';
import { WeightedDistances } from './weighted-distances.ts';

export interface ShardsOptions {
  /** R, above 0 up to 1: the share of pages that are followed, or with `mostPages` the share to start with. */
  readonly rate: number;
  /** Pages followed at most, from 2; as many as come without it. */
  readonly mostPages?: number | undefined;
  /** Any 32-bit integer; another one samples other pages. */
  readonly seed?: number | undefined;
}

export class Shards {
  readonly #mostPages: number;
  readonly #seed: number;
  readonly #numbers = new PageNumbers();
  readonly #sample = new HeaviestFirst();
  readonly #stack = new LruStack(1 << 10);
  readonly #faults = new WeightedDistances();
  #room = 1 << 10;
  /** Pages of hashes below it are followed. */
  #threshold: number;
  #references = 0;

  constructor({ rate, mostPages, seed }: ShardsOptions) {
    this.#threshold = rate * HASHES;
    this.#mostPages = mostPages ?? Number.POSITIVE_INFINITY;
    this.#seed = seed ?? 0;
  }

  /** References so far, whether followed or not. */
  get references(): number {
    return this.#references;
  }

  /** Pages that are followed now, and those that were released since. */
  get sampledPages(): number {
    return this.#sample.size;
  }

  /** R now. */
  get rate(): number {
    return this.#threshold / HASHES;
  }

  /** Stated for the miss ratio, as in `Curve`. */
  get error(): number {
    return this.rate === 1 ? 0 : samplingError(this.sampledPages);
  }

  /** A reference to the page with this number of 64 bits. */
  reference(low: number, high: number): void {
    this.#references++;
    const hash = pageHash(low, high, this.#seed);
    if (hash < this.#threshold) this.#follow(low, high, hash);
  }

  /** The page is gone for good; a later reference to its number is one to another page. */
  release(low: number, high: number): void {
    if (pageHash(low, high, this.#seed) >= this.#threshold) return;
    const page = this.#numbers.release(low, high);
    if (page !== ABSENT) this.#stack.release(page);
  }

  /** Takes entries `from` to `to` - 1 of a chunk of a dense trace; chunks and pieces of them are fed in order. */
  feed(entries: Uint32Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const page = entries[i]! & PAGE_MASK;
      if (entries[i]! >>> KIND_SHIFT === KIND.release) this.release(page, 0);
      else this.reference(page, 0);
    }
  }

  /** An estimate of LRU's faults with `frames` page frames, from 1. */
  faultsAt(frames: number): number {
    return Math.min(this.#references, this.#faults.above(frames));
  }

  #follow(low: number, high: number, hash: number): void {
    const { rate } = this;
    const fresh = this.#sample.number;
    const page = this.#numbers.numberOr(low, high, fresh);
    if (page === fresh) this.#admit(low, high, hash);
    const depth = this.#stack.reference(page);
    this.#faults.add(depth === 0 ? Number.POSITIVE_INFINITY : 1 + (depth - 1) / rate, 1 / rate);
    if (this.#sample.size > this.#mostPages) this.#lower();
  }

  #admit(low: number, high: number, hash: number): void {
    const page = this.#sample.push(low, high, hash);
    if (page < this.#room) return;
    this.#room *= 2;
    this.#stack.reserve(this.#room);
  }

  /** Lowers the threshold to the largest hash in the sample and gives up the pages that have it. */
  #lower(): void {
    const sample = this.#sample;
    this.#threshold = sample.heaviest;
    while (sample.size > 0 && sample.heaviest >= this.#threshold) {
      const { number, low, high } = sample.pop();
      // A released page is on the stack no more, and its number of 64 bits may be another page's by now.
      if (this.#stack.depth(number) > 0) this.#stack.forget(number);
      this.#numbers.releaseIf(low, high, number);
    }
  }
}

/** SHARDS over a whole trace. */
export function shards({ chunks }: DenseTrace, options: ShardsOptions): Shards {
  const estimate = new Shards(options);
  for (const chunk of chunks) estimate.feed(chunk, 0, chunk.length);
  return estimate;
}
