/**
 * A line of time slots of which some are occupied, and how many lie after a given one.
 *
 * Occupied slots are bits; a binary tree over the words of bits counts those below each node. A move from slot to
 * slot changes only the nodes below the first common ancestor, and passes on its way just the nodes that lie
 * between: the cost of a move is the logarithm of its length, not of the number of slots, and most moves are short.
 */
const WORD_BITS = 5;

export class OccupiedSlots {
  readonly capacity: number;
  readonly #words: Int32Array;
  /** Node i has the children 2 i and 2 i + 1; words are the leaves, from `#leaves` on. */
  readonly #tree: Int32Array;
  readonly #leaves: number;

  /** @param capacity slots, a power of two from 32 @param occupied the slots below it are occupied */
  constructor(capacity: number, occupied: number) {
    this.capacity = capacity;
    this.#leaves = capacity >>> WORD_BITS;
    this.#words = new Int32Array(this.#leaves);
    this.#tree = new Int32Array(this.#leaves * 2);
    const full = occupied >>> WORD_BITS;
    this.#words.fill(-1, 0, full);
    if (occupied % 32 > 0) this.#words[full] = 2 ** (occupied % 32) - 1;
    for (let word = 0; word < this.#leaves; word++)
      this.#tree[this.#leaves + word] = ones(this.#words[word]!);
    for (let node = this.#leaves - 1; node > 0; node--)
      this.#tree[node] = this.#tree[node * 2]! + this.#tree[node * 2 + 1]!;
  }

  /** How many slots are occupied. */
  get count(): number {
    return this.#tree[1]!;
  }

  occupy(slot: number): void {
    const tree = this.#tree;
    this.#words[slot >>> WORD_BITS]! |= 1 << slot;
    for (let node = (slot >>> WORD_BITS) + this.#leaves; node > 0; node >>>= 1) tree[node]!++;
  }

  free(slot: number): void {
    const tree = this.#tree;
    this.#words[slot >>> WORD_BITS]! &= ~(1 << slot);
    for (let node = (slot >>> WORD_BITS) + this.#leaves; node > 0; node >>>= 1) tree[node]!--;
  }

  /**
   * Frees `from` and occupies `to`, which is later than every occupied slot.
   * @returns the occupied slots that lay after `from` before that
   */
  move(from: number, to: number): number {
    const words = this.#words;
    const tree = this.#tree;
    const source = from >>> WORD_BITS;
    const target = to >>> WORD_BITS;
    const word = words[source]!;
    let after = ones(word & (-2 << from));
    words[source] = word & ~(1 << from);
    words[target]! |= 1 << to;
    let node = source + this.#leaves;
    let end = target + this.#leaves;
    while (node !== end) {
      tree[node]!--;
      // The node to the right, of a left one; branches here are mispredicted half of the time.
      after += tree[node | 1]! & ((node & 1) - 1);
      tree[end]!++;
      node >>>= 1;
      end >>>= 1;
    }
    return after;
  }

  /** Occupied slots after `slot`. */
  after(slot: number): number {
    let after = ones(this.#words[slot >>> WORD_BITS]! & (-2 << slot));
    for (let node = (slot >>> WORD_BITS) + this.#leaves; node > 1; node >>>= 1)
      after += this.#tree[node | 1]! & ((node & 1) - 1);
    return after;
  }

  /** For every slot, how many occupied ones lie before it. */
  ranks(): (slot: number) => number {
    return ranksOf(this.#words);
  }
}

/** For every bit of `words`, from the lowest one of the first on, how many ones lie before it. */
export function ranksOf(words: Int32Array): (bit: number) => number {
  const before = new Int32Array(words.length);
  let total = 0;
  for (let word = 0; word < words.length; word++) {
    before[word] = total;
    total += ones(words[word]!);
  }
  return (bit) => before[bit >>> WORD_BITS]! + ones(words[bit >>> WORD_BITS]! & ~(-1 << bit));
}

/** Ones of 32 bits, counted in parallel (Wilkes, Wheeler and Gill, 1957; as in Warren, "Hacker's Delight", 5-1). */
export function ones(word: number): number {
  word -= (word >>> 1) & 0x5555_5555;
  word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
