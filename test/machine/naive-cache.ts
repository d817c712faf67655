/**
 * A cache of objects, to compare the cache beside the TLB with: every copy has its own bytes, memory has its own, and what was
 * stored last is known of each byte.
 */
import type { CacheCounts, CacheShape } from '../../src/machine/data-cache.ts';

export interface Access {
  readonly op: 'load' | 'store';
  readonly asid: number;
  readonly address: number;
  readonly physical: number;
  readonly bytes: number;
}
type Flush =
  | { readonly op: 'flush-page'; readonly asid: number; readonly page: number }
  | { readonly op: 'flush-space'; readonly asid: number }
  | { readonly op: 'flush-all' };
export type CacheEvent = Access | Flush;

export const isAccess = (event: CacheEvent): event is Access => event.op === 'load' || event.op === 'store';

export const zero: CacheCounts = {
  accesses: 0,
  misses: 0,
  writeBacks: 0,
  flushed: 0,
  synonyms: 0,
  staleStores: 0,
  staleLoads: 0,
};

interface Copy {
  readonly space: number;
  readonly tag: number;
  /** Space and page that it was brought in by. */
  readonly by: { readonly asid: number; readonly page: number };
  readonly place: number;
  /** By offset: the store whose value it has. */
  readonly has: Map<number, number>;
  modified: boolean;
}

/** Every copy has its bytes, memory has its own, and what was stored last is known of each. */
export class NaiveCache {
  readonly counts: CacheCounts = { ...zero };
  readonly #shape: CacheShape;
  readonly #sets: Copy[][];
  readonly #memory = new Map<number, number>();
  readonly #truth = new Map<number, number>();
  #stores = 0;

  constructor(shape: CacheShape) {
    this.#shape = shape;
    this.#sets = Array.from({ length: shape.bytes / shape.line / shape.ways }, () => []);
  }

  tell(event: CacheEvent): void {
    if (!isAccess(event)) this.#flush(event);
    else {
      const lines = new Map<number, number[]>();
      for (let i = 0; i < event.bytes; i++) {
        const line = Math.floor((event.address + i) / this.#shape.line);
        lines.set(line, [...(lines.get(line) ?? []), event.physical + i]);
      }
      for (const [line, bytes] of lines) this.#access(event, line, bytes);
    }
  }

  #access({ op, asid }: Access, line: number, bytes: readonly number[]): void {
    const { kind, ways, line: size } = this.#shape;
    const place = Math.floor(bytes[0]! / size);
    const set = this.#sets[(kind === 'physical' ? place : line) % this.#sets.length]!;
    const [space, tag] = kind === 'virtual' ? [asid, line] : [0, place];
    this.counts.accesses++;
    let copy = set.find((one) => one.space === space && one.tag === tag);
    if (copy === undefined) {
      this.counts.misses++;
      if (set.length === ways) this.#leave(set.at(-1)!);
      if (this.#copiesOf(place).length > 0) this.counts.synonyms++;
      copy = {
        space,
        tag,
        by: { asid, page: Math.floor((line * size) / 4096) },
        place,
        has: new Map(),
        modified: false,
      };
      for (let at = place * size; at < (place + 1) * size; at++) copy.has.set(at, this.#memory.get(at) ?? 0);
    } else set.splice(set.indexOf(copy), 1);
    set.unshift(copy);
    if (op === 'load') {
      if (bytes.some((at) => copy.has.get(at) !== (this.#truth.get(at) ?? 0))) this.counts.staleLoads++;
      return;
    }
    if (this.#copiesOf(place).length > 1) this.counts.staleStores++;
    copy.modified = true;
    this.#stores++;
    for (const at of bytes) {
      copy.has.set(at, this.#stores);
      this.#truth.set(at, this.#stores);
    }
  }

  #copiesOf(place: number): Copy[] {
    return this.#sets.flat().filter((copy) => copy.place === place);
  }

  #leave(copy: Copy): void {
    const set = this.#sets.find((one) => one.includes(copy))!;
    set.splice(set.indexOf(copy), 1);
    if (copy.modified) {
      this.counts.writeBacks++;
      for (const [at, store] of copy.has) this.#memory.set(at, store);
    }
    if (this.#copiesOf(copy.place).length > 0) return;
    for (const at of copy.has.keys()) this.#memory.set(at, this.#truth.get(at) ?? 0);
  }

  #flush(event: Flush): void {
    const { kind, bytes, ways } = this.#shape;
    if (kind === 'physical' || (kind === 'vipt' && bytes / ways <= 4096)) return;
    // In the order of sets and ways; which leaves first is seen in nothing.
    for (const copy of this.#sets.flat()) {
      if (event.op !== 'flush-all' && copy.by.asid !== event.asid) continue;
      if (event.op === 'flush-page' && copy.by.page !== event.page) continue;
      this.counts.flushed++;
      this.#leave(copy);
    }
  }
}
