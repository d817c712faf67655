/**
 * For each memory size from 2 frames the slot of its critical time, and which is the smallest size whose slot lies
 * before a given one: a tree of minima over the sizes. The search starts from the smallest sizes, where most end.
 */
const FIRST = 2;
const NONE = 0x7fff_ffff;

export class CriticalSizes {
  /** Node i has the children 2 i and 2 i + 1; sizes are the leaves, from `#leaves` on. */
  readonly #least: Int32Array;
  readonly #leaves: number;

  /** @param sizes the largest size that there can be */
  constructor(sizes: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(sizes - FIRST + 1, 2)));
    this.#least = new Int32Array(this.#leaves * 2).fill(NONE);
  }

  set(size: number, slot: number): void {
    const least = this.#least;
    let node = size - FIRST + this.#leaves;
    least[node] = slot;
    while (node > 1) {
      const one = least[node]!;
      const other = least[node ^ 1]!;
      node >>>= 1;
      const minimum = one < other ? one : other;
      if (least[node] === minimum) return;
      least[node] = minimum;
    }
  }

  slot(size: number): number {
    return this.#least[size - FIRST + this.#leaves]!;
  }

  /** The smallest size whose slot lies before `slot`; there must be one. */
  smallestBefore(slot: number): number {
    const least = this.#least;
    let node = this.#leaves;
    while (least[node]! >= slot) node >>>= 1;
    while (node < this.#leaves) {
      node *= 2;
      // One more when the left child's least is not below; a branch here is mispredicted half of the time.
      node += (slot - 1 - least[node]!) >>> 31;
    }
    return node - this.#leaves + FIRST;
  }

  /** Gives the slots of sizes up to `largest` new numbers; `renumbered` keeps their order. */
  renumber(largest: number, renumbered: (slot: number) => number): void {
    const least = this.#least;
    for (let size = FIRST; size <= largest; size++) {
      const leaf = size - FIRST + this.#leaves;
      least[leaf] = renumbered(least[leaf]!);
    }
    for (let node = this.#leaves - 1; node > 0; node--)
      least[node] = Math.min(least[node * 2]!, least[node * 2 + 1]!);
  }
}
