/**
 * The four levels of x86-64, 9/9/9/9/12: 256 TiB of address space.
 *
 *    63 62                52 51                          12 11   9 8 7  6 5 4   3   2   1   0
 *   ┌──┬────────────────────┬──────────────────────────────┬──────┬─┬──┬─┬─┬───┬───┬───┬───┬─┐
 *   │NX│ ignored, keys      │ frame number                 │ ign. │G│PS│D│A│PCD│PWT│U/S│R/W│P│
 *   └──┴────────────────────┴──────────────────────────────┴──────┴─┴──┴─┴─┴───┴───┴───┴───┴─┘
 *   PS = 1 above the last level: the entry is a page's. A present entry may always be read; NX forbids to execute.
 *   Pointers have R/W, U/S and NX as well, and an access needs the permission of every entry on its way.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3A, section 4.5.
 */
import type { RadixFormat } from './radix.ts';

export const x86: RadixFormat = {
  name: 'x86-64',
  addressBits: 48,
  addresses: 'signed',
  offsetBits: 12,
  indexBits: [9, 9, 9, 9],
  entryBytes: 8,
  entry: {
    valid: 0,
    read: undefined,
    write: 1,
    execute: undefined,
    noExecute: 63,
    leaf: 7,
    user: 2,
    global: 8,
    accessed: 5,
    dirty: 6,
    ppnShift: 12,
    ppnBits: 40,
    reservedMask: 0n,
  },
};
