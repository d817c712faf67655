/** Exact faults and write-backs of LRU with every number of frames, each in one pass over the trace. */
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK } from '../dense.ts';
import { StackDistances } from './distances.ts';
import { CompiledLru, type LruState } from './lru-compiled.ts';
import { LruStack } from './lru-stack.ts';

/** Stack distances of a trace under LRU. */
export class LruDistances {
  readonly distances: StackDistances;
  readonly #stack: LruStack;

  /**
   * @param pages different pages of the trace
   * @param from where to go on
   */
  constructor(pages: number, from?: LruState) {
    this.distances = new StackDistances(from?.counts);
    this.#stack = new LruStack(pages, from?.order);
  }

  /** Makes room for pages up to `pages` - 1. */
  reserve(pages: number): void {
    this.#stack.reserve(pages);
  }

  /** Takes the entries that come next. */
  feed(entries: Uint32Array): void {
    const stack = this.#stack;
    const { distances } = this;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      const page = entry & PAGE_MASK;
      if (entry >>> KIND_SHIFT !== KIND.release) distances.add(stack.reference(page));
      else stack.release(page);
    }
    distances.changed();
  }
}

/**
 * Write-backs of LRU: evictions of pages that were written to since they came. A page is dirty in all memories from
 * a least size on, its dirty level: a write makes it 1, a read at depth d raises it to d, for smaller memories have
 * just fetched the page anew (Thompson and Smith, "Efficient (stack) algorithms for analysis of write-back and
 * sector memories", ACM Transactions on Computer Systems 7(1), 1989). A page found at depth d was evicted from
 * memories of 1 to d - 1 frames since its last use, from those of at least its dirty level with a write.
 */
export class LruWriteBacks {
  readonly #stack: LruStack;
  /** Of pages on the stack. */
  readonly #dirtyLevel: Uint32Array;
  /** How many write-backs there are more with as many frames as the index says than with one fewer. */
  readonly #more: Float64Array;

  /** @param pages different pages of the trace */
  constructor(pages: number) {
    this.#stack = new LruStack(pages);
    this.#dirtyLevel = new Uint32Array(pages);
    this.#more = new Float64Array(pages + 2);
  }

  /** Takes entries `from` to `to` - 1 of a chunk; chunks and pieces of them are fed in order. */
  feed(entries: Uint32Array, from: number, to: number): void {
    const level = this.#dirtyLevel;
    const clean = this.#more.length;
    for (let i = from; i < to; i++) {
      const page = entries[i]! & PAGE_MASK;
      const kind = entries[i]! >>> KIND_SHIFT;
      if (kind === KIND.release) {
        this.#evicted(this.#more, page, this.#stack.release(page));
        continue;
      }
      const depth = this.#stack.reference(page);
      this.#evicted(this.#more, page, depth);
      if (kind === KIND.store) level[page] = 1;
      else if (depth === 0) level[page] = clean;
      else if (level[page]! < depth) level[page] = depth;
    }
  }

  /** Write-backs by the number of frames, from 0 to the number of pages; with more there are none. */
  finish(): Float64Array {
    const more = this.#more.slice();
    for (let page = 0; page < this.#dirtyLevel.length; page++)
      this.#evicted(more, page, this.#stack.depth(page));
    let total = 0;
    return more.subarray(0, more.length - 1).map((change) => {
      total += change;
      return total;
    });
  }

  #evicted(more: Float64Array, page: number, depth: number): void {
    const level = this.#dirtyLevel[page]!;
    if (level >= depth) return;
    more[level]!++;
    more[depth]!--;
  }
}

/** Entries that come at first for which it pays to make a function in WebAssembly. */
const LONG = 1 << 16;
/** Room for pages that may come, to one that came, those that came included. */
const SPARE = 1.75;

/** LRU's stack distances of a trace that comes in pieces: in WebAssembly, as long as no page is released. */
export class LruPass {
  #way: CompiledLru | LruDistances | undefined;
  #room: number;

  /** @param pages different ones of the trace, where they are known */
  constructor(pages = 0) {
    this.#room = pages;
  }

  /** Takes the entries that come next. @param soFar what there was in the trace with them */
  feed(entries: Uint32Array, { pages, counts }: Pick<DenseTrace, 'pages' | 'counts'>): void {
    const isTight = pages > this.#room;
    const isReleased = counts[KIND.release] > 0;
    if (isTight) this.#room = Math.ceil(pages * SPARE);
    if (this.#way === undefined)
      this.#way = isReleased || entries.length < LONG ? this.#sure() : this.#fast();
    else if (this.#way instanceof LruDistances) this.#way.reserve(this.#room);
    else if (isReleased) this.#way = this.#sure(this.#way.state);
    else if (isTight) this.#way = this.#fast(this.#way.state);
    this.#way.feed(entries);
  }

  get distances(): StackDistances {
    return this.#way?.distances ?? new StackDistances();
  }

  #fast(from?: LruState): CompiledLru | LruDistances {
    return CompiledLru.of(this.#room, from) ?? this.#sure(from);
  }

  #sure(from?: LruState): LruDistances {
    return new LruDistances(this.#room, from);
  }
}

/** The stack distances of the whole trace under LRU. */
export function lruDistances(trace: Pick<DenseTrace, 'chunks' | 'pages' | 'counts'>): StackDistances {
  const pass = new LruPass(trace.pages);
  for (const chunk of trace.chunks) pass.feed(chunk, trace);
  return pass.distances;
}

/** Write-backs of LRU on the whole trace by the number of frames, from 0 to the number of pages. */
export function lruWriteBacks({ chunks, pages }: DenseTrace): Float64Array {
  const pass = new LruWriteBacks(pages);
  for (const chunk of chunks) pass.feed(chunk, 0, chunk.length);
  return pass.finish();
}
