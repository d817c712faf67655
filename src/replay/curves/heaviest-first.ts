/** The pages of a sample, numbered from 0, the one with the largest hash first; numbers of pages gone are reused. */
export class HeaviestFirst {
  /** A binary heap of numbers. */
  readonly #heap: number[] = [];
  readonly #hashes: number[] = [];
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];
  readonly #unused: number[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The number that the next page gets. */
  get number(): number {
    return this.#unused.at(-1) ?? this.#hashes.length;
  }

  /** The largest hash; there must be a page. */
  get heaviest(): number {
    return this.#hashes[this.#heap[0]!]!;
  }

  /** Gives the number of the page. */
  push(low: number, high: number, hash: number): number {
    const { number } = this;
    this.#unused.pop();
    this.#hashes[number] = hash;
    this.#lows[number] = low;
    this.#highs[number] = high;
    const heap = this.#heap;
    let at = heap.push(number) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#hashes[heap[parent]!]! >= hash) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = number;
    return number;
  }

  /** Takes out the page with the largest hash; there must be one. */
  pop(): { number: number; low: number; high: number } {
    const heap = this.#heap;
    const number = heap[0]!;
    const moved = heap.pop()!;
    if (heap.length > 0) this.#sink(moved);
    this.#unused.push(number);
    return { number, low: this.#lows[number]!, high: this.#highs[number]! };
  }

  #sink(number: number): void {
    const heap = this.#heap;
    const hashes = this.#hashes;
    const hash = hashes[number]!;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && hashes[heap[child + 1]!]! > hashes[heap[child]!]!) child++;
      if (hashes[heap[child]!]! <= hash) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = number;
  }
}
