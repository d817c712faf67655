/**
 * How many words a look-up reads in tables that all spaces share, by the definitions of these tables and with lists for
 * their chains. Shares nothing with the product, which keeps all of it in memory.
 */

const WORD = 0xffff_ffffn;

/** The finalizer of MurmurHash3 over a tag of two words, as translation/tag.ts states it. */
export function naiveHash(space: number, page: number): number {
  const whole = BigInt(page);
  const first = whole & WORD;
  const second = (BigInt(space) << 16n) | (whole >> 32n);
  let h = first ^ ((second * 0x9e3779b1n) & WORD);
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & WORD;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & WORD;
  return Number(h ^ (h >> 16n));
}

/** The least power of two that is not below `count`, and 2 at least. */
export function naivePowerOfTwo(count: number): number {
  let power = 2;
  while (power < count) power *= 2;
  return power;
}

interface Tagged {
  readonly space: number;
  readonly page: number;
}

/** Chains of entries, the one that came last first. */
class Chains<T extends Tagged> {
  readonly #lists: T[][];

  constructor(count: number) {
    this.#lists = Array.from({ length: count }, () => []);
  }

  of(space: number, page: number): T[] {
    return this.#lists[naiveHash(space, page) % this.#lists.length]!;
  }

  add(entry: T): void {
    this.of(entry.space, entry.page).unshift(entry);
  }

  /** Where an entry is on its chain, from 0 on; -1 when it is not there. */
  place(space: number, page: number): number {
    return this.of(space, page).findIndex((entry) => entry.space === space && entry.page === page);
  }

  remove(space: number, page: number): void {
    const at = this.place(space, page);
    if (at === -1) throw new Error(`page ${page} of space ${space} is on no chain`);
    this.of(space, page).splice(at, 1);
  }
}

/** A hashed table: the bucket, then one node after another up to the page's. */
export class NaiveHashed {
  readonly #chains: Chains<Tagged>;

  constructor(buckets: number) {
    this.#chains = new Chains(buckets);
  }

  has(space: number, page: number): boolean {
    return this.#chains.place(space, page) !== -1;
  }

  add(space: number, page: number): void {
    this.#chains.add({ space, page });
  }

  remove(space: number, page: number): void {
    this.#chains.remove(space, page);
  }

  /** Words that a walk reads. */
  reads(space: number, page: number): number {
    const place = this.#chains.place(space, page);
    return 1 + (place === -1 ? this.#chains.of(space, page).length : place + 1);
  }
}

type Entered = Tagged & { readonly frame: number };

/**
 * An inverted table, which holds one page a frame, and the kernel's records, which hold all. A look-up that finds no
 * entry asks the records; a page in memory takes the place of the one that its frame was entered as.
 */
export class NaiveInverted {
  readonly #frames: (Entered | undefined)[];
  /** `undefined`: all entries are looked at, in order of their frames. */
  readonly #chains: Chains<Entered> | undefined;

  constructor(frames: number, search: 'hash' | 'scan') {
    this.#frames = Array<Entered | undefined>(frames).fill(undefined);
    this.#chains = search === 'scan' ? undefined : new Chains(naivePowerOfTwo(frames));
  }

  /** What the table holds of a frame. */
  at(frame: number): Tagged | undefined {
    return this.#frames[frame];
  }

  /** A page is mapped into a frame: entered, unless the frame is entered as another page. */
  map(space: number, page: number, frame: number): void {
    if (this.#frames[frame] === undefined) this.#enter({ space, page, frame });
  }

  /** A page is in its frame no more. */
  unmap(space: number, page: number, frame: number): void {
    const entered = this.#frames[frame];
    if (entered?.space === space && entered.page === page) this.#leave(entered);
  }

  /** Words that a walk reads, and what it does. @param frame that the kernel's record has; `undefined`: no record, -1: not in memory */
  walk(space: number, page: number, frame: number | undefined): number {
    const found = this.#frames.findIndex((entry) => entry?.space === space && entry.page === page);
    const search = this.#search(space, page, found);
    if (found !== -1 || frame === undefined) return search;
    return search + 1 + (frame === -1 ? 0 : this.#reenter(space, page, frame));
  }

  #search(space: number, page: number, found: number): number {
    if (this.#chains === undefined) return found === -1 ? this.#frames.length : found + 1;
    return 1 + (found === -1 ? this.#chains.of(space, page).length : this.#chains.place(space, page) + 1);
  }

  /** The frame's entry says whose it is; to take that off its chain the anchor and the links before it are followed. */
  #reenter(space: number, page: number, frame: number): number {
    const entered = this.#frames[frame];
    let reads = 1;
    if (entered !== undefined) {
      if (this.#chains !== undefined) reads += 1 + this.#chains.place(entered.space, entered.page);
      this.#leave(entered);
    }
    this.#enter({ space, page, frame });
    return reads;
  }

  #enter(entry: Entered): void {
    this.#frames[entry.frame] = entry;
    this.#chains?.add(entry);
  }

  #leave({ space, page, frame }: Entered): void {
    this.#frames[frame] = undefined;
    this.#chains?.remove(space, page);
  }
}
