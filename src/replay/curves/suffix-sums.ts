/**
 * Sums over the ends of 32 slots, each of which counts 1 when its bit in `ups` is set and -1 when its bit in `downs`
 * is (both make 0): the end of slot i is slots i to 31.
 */
const NIBBLE = 4;
const SLOTS = 32;

/** By four bits of ups and four of downs: the sum, the least sum of an end, and the first slot that has it. */
const SUMS = new Int8Array(1 << (NIBBLE * 2));
const LEAST = new Int8Array(1 << (NIBBLE * 2));
const FIRST = new Uint8Array(1 << (NIBBLE * 2));
for (let bits = 0; bits < SUMS.length; bits++) {
  let sum = 0;
  let least = NIBBLE;
  for (let i = NIBBLE - 1; i >= 0; i--) {
    sum += ((bits >> (i + NIBBLE)) & 1) - ((bits >> i) & 1);
    least = Math.min(least, sum);
    if (sum === least) FIRST[bits] = i;
  }
  SUMS[bits] = sum;
  LEAST[bits] = least;
}

/** The least sum of an end of at least one slot. */
export function leastSuffix(ups: number, downs: number): number {
  let sum = 0;
  let least = SLOTS;
  for (let shift = SLOTS - NIBBLE; shift >= 0; shift -= NIBBLE) {
    const bits = (((ups >>> shift) & 15) << NIBBLE) | ((downs >>> shift) & 15);
    const here = sum + LEAST[bits]!;
    if (here < least) least = here;
    sum += SUMS[bits]!;
  }
  return least;
}

/** The first slot from `from` on whose end sums to `least`, the least sum of an end; -1 when there is none. */
export function firstLeast(ups: number, downs: number, least: number, from: number): number {
  const whole = (from + NIBBLE - 1) & -NIBBLE;
  let sum = 0;
  let found = -1;
  for (let slot = SLOTS - NIBBLE; slot >= whole; slot -= NIBBLE) {
    const bits = (((ups >>> slot) & 15) << NIBBLE) | ((downs >>> slot) & 15);
    if (sum + LEAST[bits]! === least) found = slot + FIRST[bits]!;
    sum += SUMS[bits]!;
  }
  for (let slot = whole - 1; slot >= from; slot--) {
    sum += ((ups >>> slot) & 1) - ((downs >>> slot) & 1);
    if (sum === least) found = slot;
  }
  return found;
}
