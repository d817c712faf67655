/**
 * How often pages were used lately, about: a count-min sketch with four rows of 4-bit counters, halved every so
 * many uses (Cormode and Muthukrishnan, 2005; halving as in Einziger, Friedman and Manes, 2017).
 */
export interface FrequencySketch {
  /** Four rows one after the other; each element holds one counter, 0 to 15. */
  readonly counters: Uint8Array;
  /** Uses since the counters were halved, less the half of those before. */
  uses: number;
}

const ROWS = 4;
const MOST = 15;
/** Odd numbers, one a row: the fractional parts of the square roots of 2, 3, 5 and 7 in 32 bits. */
const factors = [0x6a09e667, 0xbb67ae85, 0x3c6ef373, 0xa54ff53b] as const;

/** All counts 0; rows are as long as the next power of two from `pages` on, at least 16. */
export function frequencySketch(pages: number): FrequencySketch {
  const width = 2 ** Math.max(4, Math.ceil(Math.log2(pages)));
  return { counters: new Uint8Array(ROWS * width), uses: 0 };
}

/** Counts a use of `page`; when `period` uses are counted, all counts are halved. */
export function countUse(sketch: FrequencySketch, page: number, period: number): void {
  const { counters } = sketch;
  for (let row = 0; row < ROWS; row++) {
    const at = place(counters.length, page, row);
    if (counters[at]! < MOST) counters[at]!++;
  }
  if (++sketch.uses < period) return;
  for (let i = 0; i < counters.length; i++) counters[i]! >>= 1;
  sketch.uses >>= 1;
}

/** About how often `page` was used: its smallest counter, 0 to 15. */
export function usesOf({ counters }: FrequencySketch, page: number): number {
  let least = MOST;
  for (let row = 0; row < ROWS; row++) least = Math.min(least, counters[place(counters.length, page, row)]!);
  return least;
}

/** Where a page counts in a row: the upper bits of a product, which depend on all bits of the page. */
function place(length: number, page: number, row: number): number {
  const width = length >>> 2;
  const mixed = Math.imul(page ^ (page >>> 15) ^ row, factors[row]! | 1);
  const hash = Math.imul(mixed ^ (mixed >>> 13), 0x9e3779b1);
  return row * width + (hash >>> (Math.clz32(width) + 1));
}
