/**
 * What an invalid entry says. The hardware looks at V only, so the kernel keeps in the other bits where the
 * page is. An entry of zeros says nothing: the area knows what the page holds.
 *
 *    63                              32 31                          4 3    1  0
 *   ┌──────────────────────────────────┬─────────────────────────────┬──────┬───┐
 *   │ payload                          │ 0                           │ kind │V=0│   8 bytes
 *   └──────────────────────────────────┴─────────────────────────────┴──────┴───┘
 *    31                                                             4 3    1  0
 *   ┌────────────────────────────────────────────────────────────────┬──────┬───┐
 *   │ payload                                                        │ kind │V=0│   4 bytes
 *   └────────────────────────────────────────────────────────────────┴──────┴───┘
 *
 *   kind   payload
 *   1      swap slot that holds the page
 *   2      key of a page that was dropped because it can be made again from its area
 *   3      frame of a page that is in memory and that the program may not access at all (PROT_NONE)
 *   4      frame of a page that is in memory; the kernel wants to see its next use
 *   5      swap slot that holds the table which the entry leads to; in entries above the leaves alone
 */
import { assert } from '../base/errors.ts';
import type { EntryFormat, EntryHalves } from './radix.ts';

export const NOTHING = 0;
export const SWAPPED = 1;
export const DROPPED = 2;
export const HIDDEN = 3;
export const UNUSED = 4;
export const TABLE_SWAPPED = 5;

/** One of the kinds above. */
export type InvalidKind = 0 | 1 | 2 | 3 | 4 | 5;

/** Kind of an invalid entry from its lower half. */
export const kindOf = (low: number): InvalidKind => ((low >>> 1) & 7) as InvalidKind;

/** Payload of an invalid entry, 0 to 2^32 - 1 (2^28 - 1 where entries have 4 bytes). */
export const payloadOf = (format: EntryFormat, low: number, high: number): number =>
  format.entryBytes === 8 ? high : low >>> 4;

/** An invalid entry of `kind` that holds `payload`. */
export function encodeInvalid(format: EntryFormat, kind: InvalidKind, payload: number): EntryHalves {
  if (format.entryBytes === 8) return { low: kind << 1, high: payload };
  assert(payload < 2 ** 28, 'an invalid entry of 4 bytes holds numbers below 2^28');
  return { low: ((payload << 4) | (kind << 1)) >>> 0, high: 0 };
}
