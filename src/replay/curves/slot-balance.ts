/**
 * A line of time slots, each with the last use of a page or a critical time, both or neither. The balance of slot t,
 *
 *     1 + critical times in t or later - last uses in t or later,
 *
 * is never negative, and the first balance of 0 after a slot is found.
 *
 * Slots lie in blocks of 32, kept as bits. A binary tree over the blocks holds differences: the least balance of a
 * block is the sum from its leaf to the root, and of two siblings at least one is always 0, so that a node is the
 * least balance below it, less its ancestors. As the last slot that is in use has balance 0, so have its ancestors,
 * and nothing need be looked at above the first one that it has in common with the slot of a question.
 */
import { firstLeast, leastSuffix } from './suffix-sums.ts';

const BLOCK_BITS = 5;
const LAST_OF_BLOCK = 31;

export class SlotBalance {
  readonly capacity: number;
  /** Critical times and last uses, a bit for each slot. */
  readonly #criticals: Int32Array;
  readonly #uses: Int32Array;
  /** By block: its least balance, less the balance of the slot after the block. */
  readonly #least: Int8Array;
  /** Node i has the children 2 i and 2 i + 1; blocks are the leaves, from `#leaves` on. */
  readonly #tree: Int32Array;
  readonly #leaves: number;

  /** @param capacity slots, a power of two from 64; none has anything yet */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#leaves = capacity >>> BLOCK_BITS;
    this.#criticals = new Int32Array(this.#leaves);
    this.#uses = new Int32Array(this.#leaves);
    this.#least = new Int8Array(this.#leaves);
    this.#tree = new Int32Array(this.#leaves * 2);
    this.#tree[1] = 1;
  }

  /** Puts critical times and last uses where nothing is yet; `settle` must follow. */
  mark(slot: number, what: 'critical' | 'use'): void {
    const bits = what === 'critical' ? this.#criticals : this.#uses;
    bits[slot >>> BLOCK_BITS]! |= 1 << slot;
  }

  /** Works the balances out after all was marked. */
  settle(): void {
    const tree = this.#tree;
    let after = 1;
    for (let block = this.#leaves - 1; block >= 0; block--) {
      const criticals = this.#criticals[block]!;
      const uses = this.#uses[block]!;
      this.#least[block] = leastSuffix(criticals, uses);
      tree[this.#leaves + block] = after + this.#least[block]!;
      for (let bit = 0; bit < 32; bit++) after += ((criticals >>> bit) & 1) - ((uses >>> bit) & 1);
    }
    for (let node = this.#leaves - 1; node > 0; node--) {
      tree[node] = 0;
      this.#lift(node);
    }
  }

  /** The first slot after `slot`, up to `last`, of balance 0. Slot `last` is later than `slot` and has balance 0. */
  firstZeroAfter(slot: number, last: number): number {
    const tree = this.#tree;
    const own = slot >>> BLOCK_BITS;
    let node = own + this.#leaves;
    let end = (last >>> BLOCK_BITS) + this.#leaves;
    const inOwn = tree[node] === 0 ? this.#zeroIn(own, (slot & LAST_OF_BLOCK) + 1) : -1;
    // Bit i + 1 stands for the node to the right on level i, which must be 0, and bit 0 for the slot's own block; they
    // count while every ancestor is 0. Branches here are mispredicted half of the time. Nodes are not negative.
    let candidates = (inOwn >>> 31) ^ 1;
    let level = 0;
    while (node !== end) {
      candidates &= -(1 << (level + 1)) | ((-tree[node]! >>> 31) - 1);
      candidates |= (~node & 1 & ((-tree[node | 1]! >>> 31) ^ 1)) << ++level;
      node >>>= 1;
      end >>>= 1;
    }
    if ((candidates & 1) === 1) return inOwn;
    const lowest = 31 - Math.clz32(candidates & -candidates);
    let found = ((own + this.#leaves) >>> (lowest - 1)) + 1;
    while (found < this.#leaves) {
      found *= 2;
      found += -tree[found]! >>> 31;
    }
    return this.#zeroIn(found - this.#leaves, 0);
  }

  /** Takes away the last use in slot `used` and the critical time in slot `critical`. */
  take(used: number, critical: number): void {
    const useBlock = used >>> BLOCK_BITS;
    const criticalBlock = critical >>> BLOCK_BITS;
    this.#uses[useBlock]! &= ~(1 << used);
    this.#criticals[criticalBlock]! &= ~(1 << critical);
    // Balances rise by 1 up to the one slot, and fall by 1 up to the other.
    if (useBlock === criticalBlock) this.#addUp(useBlock, this.#changed(useBlock));
    else if (criticalBlock < useBlock)
      this.#add(criticalBlock, this.#changed(criticalBlock) + 1, useBlock, this.#changed(useBlock), 1);
    else this.#add(useBlock, this.#changed(useBlock) - 1, criticalBlock, this.#changed(criticalBlock), -1);
  }

  /** Puts a last use into `slot`, which follows all that are in use. */
  use(slot: number): void {
    const block = slot >>> BLOCK_BITS;
    this.#uses[block]! |= 1 << slot;
    this.#addUp(block, this.#changed(block));
  }

  /** As `use`, and puts a critical time into the slot before. */
  useAfterCritical(slot: number): void {
    const block = slot >>> BLOCK_BITS;
    const before = (slot - 1) >>> BLOCK_BITS;
    this.#criticals[before]! |= 1 << (slot - 1);
    this.#uses[block]! |= 1 << slot;
    // Within the block the slot before had the balance 0, the least one, and this one has it now.
    if (before !== block) this.#add(before, this.#changed(before) - 1, block, this.#changed(block), 0);
  }

  #zeroIn(block: number, from: number): number {
    const found = firstLeast(this.#criticals[block]!, this.#uses[block]!, this.#least[block]!, from);
    return found < 0 ? -1 : (block << BLOCK_BITS) + found;
  }

  /** Works the block's least balance out anew, and gives by how much it is more than before. */
  #changed(block: number): number {
    const before = this.#least[block]!;
    const least = leastSuffix(this.#criticals[block]!, this.#uses[block]!);
    this.#least[block] = least;
    return least - before;
  }

  /** Adds to the least balance of two blocks, and `between` to that of each one between them. */
  #add(first: number, ofFirst: number, last: number, ofLast: number, between: number): void {
    const tree = this.#tree;
    let left = first + this.#leaves;
    let right = last + this.#leaves;
    tree[left]! += ofFirst;
    tree[right]! += ofLast;
    while ((left ^ right) > 1) {
      if ((left & 1) === 0) tree[left + 1]! += between;
      if ((right & 1) === 1) tree[right - 1]! += between;
      left >>>= 1;
      right >>>= 1;
      this.#lift(left);
      this.#lift(right);
    }
    for (let node = right >>> 1; node > 0 && this.#lift(node) !== 0; node >>>= 1);
  }

  #addUp(block: number, change: number): void {
    if (change === 0) return;
    const leaf = block + this.#leaves;
    this.#tree[leaf]! += change;
    for (let node = leaf >>> 1; node > 0 && this.#lift(node) !== 0; node >>>= 1);
  }

  /** Moves what the children of `node` have in common up into it; gives how much that was. */
  #lift(node: number): number {
    const tree = this.#tree;
    const one = tree[node * 2]!;
    const other = tree[node * 2 + 1]!;
    const least = one < other ? one : other;
    if (least !== 0) {
      tree[node * 2] = one - least;
      tree[node * 2 + 1] = other - least;
      tree[node]! += least;
    }
    return least;
  }
}
