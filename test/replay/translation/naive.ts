/**
 * A trace under tables, a TLB and a memory of few frames, as slow as can be: lists and maps, and the schemes of
 * `src/translation` with all their bytes in memory. It shares no code with what it judges.
 */
import { newWalk, type PagedScheme } from '../../../src/translation/contract.ts';

export interface NaiveReference {
  readonly space: number;
  /** Number of the page in its space. */
  readonly page: number;
  readonly kind: 'fetch' | 'load' | 'store' | 'release';
}

export interface NaiveShape {
  readonly entries: number;
  readonly ways: number;
  readonly replacement: 'lru' | 'fifo';
}

export interface NaiveOptions {
  readonly data: NaiveShape;
  /** `undefined`: one TLB for both. */
  readonly instructions: NaiveShape | undefined;
  readonly frames: number;
  readonly replacement: 'lru' | 'fifo';
  readonly identifiers: number | 'none';
  readonly granule: number;
  /** The tables of a space. */
  readonly schemeOf: (space: number) => PagedScheme;
  /** Whether the entry of a page that is elsewhere stays, and is not valid; else records beside the table are read. */
  readonly keepsEntries: boolean;
  /** Bytes of the tables of spaces that have pages. */
  readonly footprint: (spaces: readonly number[]) => number;
}

type Key = string;
interface Held {
  readonly key: Key;
  dirty: boolean;
}

/** Lists of what each set holds, the next victim at the end. */
class NaiveTlb {
  readonly #sets: Held[][];
  readonly #shape: NaiveShape;

  constructor(shape: NaiveShape) {
    this.#shape = shape;
    this.#sets = Array.from({ length: shape.entries / shape.ways }, () => []);
  }

  find(page: number, key: Key): Held | undefined {
    const set = this.#sets[page % this.#sets.length]!;
    const held = set.find((one) => one.key === key);
    if (held !== undefined && this.#shape.replacement === 'lru') {
      set.splice(set.indexOf(held), 1);
      set.unshift(held);
    }
    return held;
  }

  put(page: number, held: Held): void {
    const set = this.#sets[page % this.#sets.length]!;
    set.unshift(held);
    if (set.length > this.#shape.ways) set.pop();
  }

  drop(isChosen: (key: Key) => boolean): void {
    for (const set of this.#sets)
      for (let i = set.length - 1; i >= 0; i--) if (isChosen(set[i]!.key)) set.splice(i, 1);
  }
}

const ALL = { read: true, write: true, execute: true };

export function naiveCounts(trace: readonly NaiveReference[], options: NaiveOptions) {
  const counts = {
    instructionMisses: 0,
    dataMisses: 0,
    walks: 0,
    dirtyWalks: 0,
    faults: 0,
    loads: 0,
    peak: 0,
  };
  const data = new NaiveTlb(options.data);
  const instructions = options.instructions === undefined ? data : new NaiveTlb(options.instructions);
  const both = [...new Set([data, instructions])];
  /** In the order in which they go. */
  let memory: Key[] = [];
  const frameOf = new Map<Key, number>();
  const dirty = new Set<Key>();
  const known = new Set<Key>();
  const free = Array.from({ length: options.frames }, (_, frame) => frame);
  let identified: number[] = [];
  let running: number | undefined;
  const walk = (scheme: PagedScheme, page: number): boolean => {
    const out = newWalk();
    scheme.walk(page * options.granule, 'load', out);
    counts.walks++;
    counts.loads += out.loads;
    return out.fault === undefined;
  };
  const parse = (key: Key) => key.split(':').map(Number) as [number, number];
  const leave = (key: Key): void => {
    const [space, page] = parse(key);
    memory = memory.filter((one) => one !== key);
    free.unshift(frameOf.get(key)!);
    frameOf.delete(key);
    dirty.delete(key);
    for (const tlb of both) tlb.drop((one) => one === key);
    const scheme = options.schemeOf(space);
    if (options.keepsEntries) scheme.protect(page, { read: false, write: false, execute: false });
    else scheme.unmap(page);
  };
  for (const { space, page, kind } of trace) {
    const key = `${space}:${page}`;
    const scheme = options.schemeOf(space);
    if (kind === 'release') {
      if (frameOf.has(key)) leave(key);
      if (known.has(key) && options.keepsEntries) scheme.unmap(page);
      known.delete(key);
      if (options.identifiers !== 'none' && ![...known].some((one) => parse(one)[0] === space))
        identified = identified.filter((one) => one !== space);
      continue;
    }
    if (space !== running) {
      running = space;
      const limit = options.identifiers === 'none' ? 1 : options.identifiers;
      if (!identified.includes(space)) {
        if (identified.length === limit) {
          identified = [];
          for (const tlb of both) tlb.drop(() => true);
        }
        identified.push(space);
      }
    }
    const tlb = kind === 'fetch' ? instructions : data;
    const miss = () => (kind === 'fetch' ? counts.instructionMisses++ : counts.dataMisses++);
    let held = tlb.find(page, key);
    if (held === undefined) {
      miss();
      if (!frameOf.has(key)) {
        counts.faults++;
        walk(scheme, page);
        if (known.has(key) && !options.keepsEntries) counts.loads++;
        if (free.length === 0) leave(memory[0]!);
        const frame = free.shift()!;
        if (known.has(key) && options.keepsEntries) scheme.protect(page, ALL);
        else scheme.map(page, frame, ALL);
        known.add(key);
        frameOf.set(key, frame);
        memory.push(key);
        miss();
      }
      walk(scheme, page);
      if (kind === 'store') dirty.add(key);
      held = { key, dirty: dirty.has(key) };
      tlb.put(page, held);
    } else if (kind === 'store' && !held.dirty) {
      counts.dirtyWalks++;
      walk(scheme, page);
      dirty.add(key);
      held.dirty = true;
    }
    if (options.replacement === 'lru') memory = [...memory.filter((one) => one !== key), key];
    const spaces = [...new Set([...known].map((one) => parse(one)[0]))];
    counts.peak = Math.max(counts.peak, options.footprint(spaces));
  }
  return counts;
}
