/**
 * Cut pages. Where base and bound, or the limit of a segment, ends inside of a page, only its bytes [from, to) may
 * be accessed. The TLB's entry says so, in bits that the walker leaves 0:
 *
 *    63    57 56          44 43          32 31 30 29             10 9            0
 *   ┌────────┬──────────────┬──────────────┬─────┬─────────────────┬──────────────┐
 *   │ 0      │ 4096 - to    │ from         │ 0   │ frame           │ V R W X U …  │
 *   └────────┴──────────────┴──────────────┴─────┴─────────────────┴──────────────┘
 *
 * A whole page has 0 in the upper half. A cut page gets no fast slot, so every access to it is compared with its
 * bounds, to the byte.
 */
import { type I32, type I64, i32, i64 } from '../wasm/expressions.ts';

const PAGE = 4096;
const END_SHIFT = 12;

/** The upper half of the entry of a page that may be accessed in [from, to). */
export const cutOf = (from: number, to: number): number => from | ((PAGE - to) << END_SHIFT);

const cutIn = (entry: I64): I32 => i32.wrap(i64.shrU(entry, i64.const(32)));

/** Not 0 when an entry's page is cut. */
export const isCut = cutIn;

/** Whether one of `bytes` bytes from `offset` on, all in the page, is outside of what an entry allows. */
export const isOutside = (entry: I64, offset: I32, bytes: I32): I32 => {
  const from = i32.and(cutIn(entry), i32.const(PAGE - 1));
  const missing = i32.shrU(cutIn(entry), i32.const(END_SHIFT));
  return i32.or(i32.ltU(offset, from), i32.gtU(i32.add(i32.add(offset, bytes), missing), i32.const(PAGE)));
};
