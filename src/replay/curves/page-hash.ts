/**
 * Which pages are in a sample: those whose hash lies below a threshold. The same pages are in it wherever they occur,
 * and a lower threshold takes a part of the pages of a higher one (spatially hashed sampling, Waldspurger et al.,
 * FAST 2015).
 */

/** 32 bits of the page's 64: two rounds of Wellons' "lowbias32" (2018), which lets every bit change every other. */
export function pageHash(low: number, high: number, seed: number): number {
  return mix(mix(low ^ seed) + Math.imul(high, 0x9e37_79b1)) >>> 0;
}

function mix(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0_aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a_2d97);
  return bits ^ (bits >>> 15);
}

/** Hashes are 0 to this less 1. */
export const HASHES = 2 ** 32;
