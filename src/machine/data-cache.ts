/**
 * A model of a data cache beside the TLB: it is told of each load and store with both of its addresses, and counts. Tags
 * only, no data: what a program computes has nothing to do with it.
 *
 *   physical   index and tag of the physical address       the TLB comes first, at each access
 *   vipt       index of the virtual, tag of the physical    the TLB is asked while the set is read
 *   virtual    index and tag of the virtual address, with   the TLB is asked when the cache misses
 *              the address-space identifier
 *
 * Where a line's place depends on a page's number (virtual; and vipt with an index longer than the offset in a page), what the
 * TLB is told to forget is dropped here as well, as kernels do: else a frame that has another page by then would be
 * found by its old addresses.
 *
 * **Synonyms.** Two virtual addresses of one physical line may each have a copy: under two tags (virtual), or in two sets (vipt,
 * where the index has more bits than the offset in a page). A store to one leaves the others as they were. Lines of which
 * there was a second copy are followed byte by byte, as long as there is any: each store has a number, each copy the
 * numbers of what it has, and memory those of what was written back. A load is stale if it gets another number
 * than the last store there has. When the last copy goes, memory is taken to be right.
 *
 * Write-back, write-allocate, LRU. The kernel's own accesses and transfers do not go through it.
 *
 * Source: the lecture on TLBs (physically indexed caches, virtually indexed ones); Cekleov and Dubois, "Virtual-address
 * caches", IEEE Micro 17(5), 1997.
 */
import { PAGE_SIZE } from '../base/numbers.ts';
import type { RecordedLookUp } from './look-ups.ts';

export type CacheKind = 'physical' | 'virtual' | 'vipt';

/** `bytes` = sets × ways × line; sets and line are powers of two. */
export interface CacheShape {
  readonly bytes: number;
  readonly ways: number;
  /** Bytes. */
  readonly line: number;
  readonly kind: CacheKind;
}

export interface CacheCounts {
  /** One for each line that an access touches. */
  accesses: number;
  misses: number;
  /** Modified lines that left. */
  writeBacks: number;
  /** Lines dropped with the TLB's entries. */
  flushed: number;
  /** Lines brought in while another copy of them was there. */
  synonyms: number;
  /** Stores while there was another copy, which they left as it was. */
  staleStores: number;
  /** Loads that got something older than what was stored last. */
  staleLoads: number;
}

/** Numbers of stores by byte, of a line that has had several copies. */
interface Followed {
  readonly last: Uint32Array;
  readonly memory: Uint32Array;
}

const EMPTY = -1;

export class DataCache {
  readonly counts: CacheCounts = {
    accesses: 0,
    misses: 0,
    writeBacks: 0,
    flushed: 0,
    synonyms: 0,
    staleStores: 0,
    staleLoads: 0,
  };
  readonly shape: CacheShape;
  readonly #sets: number;
  /** Whether lines go when the TLB forgets the page that they were brought in by. */
  readonly #goesByPages: boolean;
  /** By way: the line's number in the address that tags are of; space and page that it was brought in by; its number in memory. */
  readonly #tags: Float64Array;
  readonly #asids: Int32Array;
  readonly #pages: Float64Array;
  readonly #lines: Float64Array;
  /** Time of last use. */
  readonly #used: Float64Array;
  /** By byte: whether it was stored to; and, of followed lines, the number of the store whose value it has. */
  readonly #stored: Uint8Array;
  readonly #numbers: Uint32Array;
  /** Copies of each line that is there. */
  readonly #copies = new Map<number, number>();
  readonly #followed = new Map<number, Followed>();
  #now = 0;
  /** 1 stands for all stores before a line was followed. */
  #stores = 1;

  constructor(shape: CacheShape) {
    const entries = shape.bytes / shape.line;
    this.shape = shape;
    this.#sets = entries / shape.ways;
    this.#goesByPages =
      shape.kind === 'virtual' || (shape.kind === 'vipt' && this.#sets * shape.line > PAGE_SIZE);
    this.#tags = new Float64Array(entries).fill(EMPTY);
    this.#asids = new Int32Array(entries);
    this.#pages = new Float64Array(entries);
    this.#lines = new Float64Array(entries).fill(EMPTY);
    this.#used = new Float64Array(entries);
    this.#stored = new Uint8Array(shape.bytes);
    this.#numbers = new Uint32Array(shape.bytes);
  }

  /** @param physical address of the first byte; all of them lie in one page */
  access(entry: Pick<RecordedLookUp, 'kind' | 'address' | 'bytes' | 'asid'>, physical: number): void {
    const { line } = this.shape;
    const { kind, address, bytes, asid } = entry;
    for (let done = 0; done < bytes; ) {
      const offset = (physical + done) % line;
      const part = Math.min(line - offset, bytes - done);
      const way = this.#find(asid, Math.floor((address + done) / line), Math.floor((physical + done) / line));
      if (kind === 'store') this.#store(way, offset, part);
      else this.#load(way, offset, part);
      done += part;
    }
  }

  /** What the TLB is told to forget. */
  flush({ kind, address, asid }: Pick<RecordedLookUp, 'kind' | 'address' | 'asid'>): void {
    if (!this.#goesByPages) return;
    for (let way = 0; way < this.#tags.length; way++) {
      if (this.#tags[way] === EMPTY) continue;
      if (kind !== 'flush-all' && this.#asids[way] !== asid) continue;
      if (kind === 'flush-page' && this.#pages[way] !== address) continue;
      this.counts.flushed++;
      this.#drop(way);
    }
  }

  /** The way that holds the line; it is brought in if there is none. */
  #find(asid: number, virtualLine: number, physicalLine: number): number {
    const { kind, ways, line } = this.shape;
    const first = ((kind === 'physical' ? physicalLine : virtualLine) % this.#sets) * ways;
    const tag = kind === 'virtual' ? virtualLine : physicalLine;
    this.counts.accesses++;
    this.#now++;
    let oldest = first;
    for (let way = first; way < first + ways; way++) {
      if (this.#tags[way] === tag && (kind !== 'virtual' || this.#asids[way] === asid)) {
        this.#used[way] = this.#now;
        return way;
      }
      if (this.#used[way]! < this.#used[oldest]!) oldest = way;
    }
    this.counts.misses++;
    if (this.#tags[oldest] !== EMPTY) this.#drop(oldest);
    this.#tags[oldest] = tag;
    this.#asids[oldest] = asid;
    this.#pages[oldest] = Math.floor((virtualLine * line) / PAGE_SIZE);
    this.#used[oldest] = this.#now;
    this.#bringIn(oldest, physicalLine);
    return oldest;
  }

  #bringIn(way: number, physicalLine: number): void {
    const { line } = this.shape;
    const copies = this.#copies.get(physicalLine) ?? 0;
    if (copies > 0) {
      this.counts.synonyms++;
      if (!this.#followed.has(physicalLine)) this.#follow(physicalLine);
    }
    this.#copies.set(physicalLine, copies + 1);
    this.#lines[way] = physicalLine;
    this.#stored.fill(0, way * line, (way + 1) * line);
    const followed = this.#followed.get(physicalLine);
    if (followed !== undefined) this.#numbers.set(followed.memory, way * line);
  }

  /** There is one copy, which has what was stored last; memory has it not. */
  #follow(physicalLine: number): void {
    const { line } = this.shape;
    const way = this.#lines.indexOf(physicalLine);
    const last = Uint32Array.from(this.#stored.subarray(way * line, (way + 1) * line));
    this.#numbers.set(last, way * line);
    this.#followed.set(physicalLine, { last, memory: new Uint32Array(line) });
  }

  #store(way: number, offset: number, bytes: number): void {
    const physicalLine = this.#lines[way]!;
    const from = way * this.shape.line + offset;
    this.#stored.fill(1, from, from + bytes);
    if (this.#copies.get(physicalLine)! > 1) this.counts.staleStores++;
    const followed = this.#followed.get(physicalLine);
    if (followed === undefined) return;
    this.#stores++;
    followed.last.fill(this.#stores, offset, offset + bytes);
    this.#numbers.fill(this.#stores, from, from + bytes);
  }

  #load(way: number, offset: number, bytes: number): void {
    const followed = this.#followed.get(this.#lines[way]!);
    if (followed === undefined) return;
    const from = way * this.shape.line;
    for (let at = offset; at < offset + bytes; at++) {
      if (this.#numbers[from + at] === followed.last[at]) continue;
      this.counts.staleLoads++;
      return;
    }
  }

  /** The line leaves; memory gets all of it, if it was stored to. */
  #drop(way: number): void {
    const { line } = this.shape;
    const physicalLine = this.#lines[way]!;
    const [from, to] = [way * line, (way + 1) * line];
    if (this.#stored.subarray(from, to).includes(1)) {
      this.counts.writeBacks++;
      this.#followed.get(physicalLine)?.memory.set(this.#numbers.subarray(from, to));
    }
    const copies = this.#copies.get(physicalLine)! - 1;
    if (copies > 0) this.#copies.set(physicalLine, copies);
    else {
      this.#copies.delete(physicalLine);
      this.#followed.delete(physicalLine);
    }
    this.#tags[way] = EMPTY;
    this.#lines[way] = EMPTY;
    this.#used[way] = 0;
  }
}

/** What translation and cache cost, ns; `memory`: what the cache hides. */
export interface CacheCosts {
  readonly tlbHit: number;
  readonly cacheHit: number;
  readonly memory: number;
}

/** What the accesses take where translation comes first, beside, or when the cache misses; ns. */
export function cacheTimes(
  { accesses, misses }: CacheCounts,
  { tlbHit, cacheHit, memory }: CacheCosts,
): Record<CacheKind, number> {
  return {
    physical: accesses * (tlbHit + cacheHit) + misses * memory,
    vipt: accesses * Math.max(tlbHit, cacheHit) + misses * memory,
    virtual: accesses * cacheHit + misses * (tlbHit + memory),
  };
}
