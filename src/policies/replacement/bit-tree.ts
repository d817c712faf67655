/**
 * A set of integers 0 to n - 1 in which the largest, the smallest and the neighbours of any number are found in
 * as many steps as n has digits of 5 bits: a bitmap, above it a bitmap of its words that are not empty, and so on
 * up to a single word. Putting a number into a word that is not empty is one store, which is why it outruns a heap.
 */
export interface BitTree {
  /** All levels, the bitmap itself first. */
  readonly words: Int32Array;
  /** Where each level starts in `words`. */
  readonly starts: Int32Array;
}

/** The empty set for 0 to `size` - 1; `size` is at least 1 and below 2^31. */
export function bitTree(size: number): BitTree {
  const starts = [0];
  // One more than it holds, so that its size itself is a place to look from.
  let total = Math.ceil((size + 1) / 32);
  for (let words = total; words > 1; ) {
    starts.push(total);
    words = Math.ceil(words / 32);
    total += words;
  }
  return { words: new Int32Array(total), starts: Int32Array.from(starts) };
}

/** Puts `number` in. */
export function include(tree: BitTree, number: number): void {
  const { words } = tree;
  const at = number >>> 5;
  const word = words[at]!;
  words[at] = word | (1 << (number & 31));
  if (word === 0) includeAbove(tree, at);
}

function includeAbove({ words, starts }: BitTree, number: number): void {
  for (let level = 1; level < starts.length; level++) {
    const at = starts[level]! + (number >>> 5);
    const word = words[at]!;
    words[at] = word | (1 << (number & 31));
    if (word !== 0) return;
    number >>>= 5;
  }
}

/** Takes `number` out; it need not be in. */
export function exclude({ words, starts }: BitTree, number: number): void {
  for (let level = 0; level < starts.length; level++) {
    const at = starts[level]! + (number >>> 5);
    const word = words[at]! & ~(1 << (number & 31));
    words[at] = word;
    if (word !== 0) return;
    number >>>= 5;
  }
}

/** Whether `number` is in. */
export function includes({ words }: BitTree, number: number): boolean {
  return (words[number >>> 5]! & (1 << (number & 31))) !== 0;
}

/** The largest number that is in and less than `limit`, or -1; `limit` is at most the size. */
export function largestBelow({ words, starts }: BitTree, limit: number): number {
  let number = limit;
  for (let level = 0; level < starts.length; level++) {
    const below = words[starts[level]! + (number >>> 5)]! & ((1 << (number & 31)) - 1);
    if (below !== 0) return descend(words, starts, level, (number & ~31) + 31 - Math.clz32(below), 31);
    number >>>= 5;
  }
  return -1;
}

/** The smallest number that is in and at least `from`, or -1; `from` is at most the size. */
export function smallestFrom({ words, starts }: BitTree, from: number): number {
  let number = from;
  for (let level = 0; level < starts.length; level++) {
    const at = starts[level]! + (number >>> 5);
    const end = level + 1 < starts.length ? starts[level + 1]! : words.length;
    if (at >= end) return -1;
    const above = words[at]! & (-1 << (number & 31));
    if (above !== 0) return descend(words, starts, level, (number & ~31) + lowest(above), 0);
    number = (number >>> 5) + 1;
  }
  return -1;
}

/** From word `number` of the level below `level` down to a number: the last bit of each word, or the first. */
function descend(words: Int32Array, starts: Int32Array, level: number, number: number, end: 0 | 31): number {
  while (level > 0) {
    level--;
    const word = words[starts[level]! + number]!;
    number = number * 32 + (end === 31 ? 31 - Math.clz32(word) : lowest(word));
  }
  return number;
}

const lowest = (word: number): number => 31 - Math.clz32(word & -word);
