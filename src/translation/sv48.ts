/**
 * Sv48, the paged virtual memory of 64-bit RISC-V with four levels: 256 TiB of address space.
 *
 *    47       39 38       30 29       21 20       12 11         0
 *   ┌───────────┬───────────┬───────────┬───────────┬────────────┐
 *   │ index 3   │ index 2   │ index 1   │ index 0   │ offset     │
 *   └───────────┴───────────┴───────────┴───────────┴────────────┘
 *
 * Source: RISC-V Instruction Set Manual, volume II, version 20240411, section 12.5.
 */
import type { RadixGeometry } from './radix.ts';
import { riscvEntries } from './sv39.ts';

export const sv48: RadixGeometry = {
  name: 'sv48',
  addressBits: 48,
  addresses: 'signed',
  offsetBits: 12,
  indexBits: [9, 9, 9, 9],
  entryBytes: 8,
  entry: riscvEntries,
};
