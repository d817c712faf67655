/**
 * Two levels in 32 bits, 10/10/12: 4 GiB of address space, tables of 1,024 entries of 4 bytes, each in a page. An
 * entry of the upper table stands for 4 MiB.
 *
 *    31          22 21          12 11         0
 *   ┌──────────────┬──────────────┬────────────┐
 *   │ index 1      │ index 0      │ offset     │
 *   └──────────────┴──────────────┴────────────┘
 *
 *    31                             10 9   8 7 6 5 4 3 2 1 0
 *   ┌─────────────────────────────────┬─────┬─┬─┬─┬─┬─┬─┬─┬─┐
 *   │ frame number                    │ RSW │D│A│G│U│X│W│R│V│
 *   └─────────────────────────────────┴─────┴─┴─┴─┴─┴─┴─┴─┴─┘
 *
 * Entries are those of Sv32 (RISC-V Instruction Set Manual, volume II, version 20240411, section 12.3); the whole
 * range is the program's.
 */
import type { RadixFormat } from './radix.ts';
import { riscvEntries } from './sv39.ts';

export const twoLevel: RadixFormat = {
  name: 'two-level',
  addressBits: 32,
  addresses: 'unsigned',
  offsetBits: 12,
  indexBits: [10, 10],
  entryBytes: 4,
  entry: { ...riscvEntries, ppnBits: 22, reservedMask: 0n },
};
