/**
 * Sv39, the paged virtual memory of 64-bit RISC-V with three levels: 512 GiB of address space in pages of
 * 4 KiB, superpages of 2 MiB and 1 GiB.
 *
 *    38       30 29       21 20       12 11         0
 *   ┌───────────┬───────────┬───────────┬────────────┐
 *   │ index 2   │ index 1   │ index 0   │ offset     │
 *   └───────────┴───────────┴───────────┴────────────┘
 *
 * Source: RISC-V Instruction Set Manual, volume II, version 20240411, section 12.4.
 */
import type { RadixGeometry, RiscvLayout } from './radix.ts';

/** Entries of Sv39 and Sv48. */
export const riscvEntries: RiscvLayout = {
  valid: 0,
  read: 1,
  write: 2,
  execute: 3,
  noExecute: undefined,
  leaf: undefined,
  user: 4,
  global: 5,
  accessed: 6,
  dirty: 7,
  ppnShift: 10,
  ppnBits: 44,
  // N (63), PBMT (62 and 61) and bits 60 to 54 belong to extensions that this machine has not.
  reservedMask: 0xffc0_0000_0000_0000n,
};

export const sv39: RadixGeometry = {
  name: 'sv39',
  addressBits: 39,
  addresses: 'signed',
  offsetBits: 12,
  indexBits: [9, 9, 9],
  entryBytes: 8,
  entry: riscvEntries,
};
