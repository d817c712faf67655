/**
 * Tags of global tables: whose page, and which one. Two words, with the page's upper bits beside the space's number.
 *
 *    word 0                              word 1
 *   ┌──────────────────────────────────┬─────────────────┬─────────────────┐
 *   │ page, lower 32 bits              │ space, 16 bits  │ page, bits 32–47│
 *   └──────────────────────────────────┴─────────────────┴─────────────────┘
 */
import { assert } from '../base/errors.ts';

/** Spaces and pages that a tag can tell apart. */
export const TAG_SPACES = 2 ** 16;
export const TAG_PAGES = 2 ** 48;

export const tagLow = (page: number): number => page >>> 0;
export const tagHigh = (space: number, page: number): number =>
  ((space << 16) | Math.floor(page / 2 ** 32)) >>> 0;

export const spaceIn = (high: number): number => high >>> 16;
export const pageIn = (low: number, high: number): number => (high & 0xffff) * 2 ** 32 + low;

/** 32 well mixed bits of a tag: the finalizer of MurmurHash3 (Appleby, 2011) over both words. */
export function hashOfTag(low: number, high: number): number {
  let h = low ^ Math.imul(high, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Checks what no caller may get wrong: a tag that is cut off would be another page's. */
export function assertTag(space: number, page: number): void {
  assert(space >= 0 && space < TAG_SPACES && page >= 0 && page < TAG_PAGES, 'a tag holds the space and page');
}

export function assertPowerOfTwo(count: number): void {
  assert(count >= 1 && count <= 2 ** 31 && Number.isInteger(Math.log2(count)), 'a power of two');
}
