/**
 * Where things lie in a fresh address space. The same for every process and every run, so that addresses are
 * reproducible. Sv39 leaves user programs the addresses below 2^38, as Linux does:
 *
 *   0x0000001000  lowest address a program may ask for     heap ↑ after the program's bss
 *   0x2aaaaaa000  position-independent programs            (Linux: 2/3 of the user space)
 *   0x3ff7ffd000  mmap ↓                                   128 MiB below the top of the stack, as Linux
 *   0x3fffffd000  stack ↓                                  at most 8 MiB
 *   0x3fffffe000  signal trampoline                        shares the stack's page tables
 *
 * Other spaces are laid out alike below their own ends. In those of up to 4 GiB position-independent programs go
 * where others are linked, the stack may have an eighth, and mmap begins below the upper quarter.
 */
import { PAGE_SIZE, roundDown, type VirtualAddress, virtualAddress } from '../../base/numbers.ts';
import type { AddressLayout } from '../state.ts';

/** No program is mapped below, so that null pointers fault. */
export const USER_START = virtualAddress(PAGE_SIZE);
/** Where linkers put programs that are not position-independent. */
const LINKED_AT = virtualAddress(0x10000);
const SMALL_SPACE = 2 ** 33;
const MOST_STACK = 8 * 2 ** 20;
const MOST_GAP = 128 * 2 ** 20;
/** Smaller spaces hold no program worth the name. */
export const LEAST_SPACE = 2 ** 18;

/**
 * The layout of a space whose program may use the addresses below `end`.
 * @param end a multiple of 4096, from `LEAST_SPACE` on
 * @param mmapEnd where mmap begins, downward; by default with room for the stack above it
 */
export function layoutBelow(end: number, mmapEnd?: number): AddressLayout {
  const trampoline = end - 2 * PAGE_SIZE;
  // A guard page keeps the stack apart from the trampoline.
  const stackTop = trampoline - PAGE_SIZE;
  const gap = Math.min(MOST_GAP, roundDown(end / 4));
  return {
    end: virtualAddress(end),
    pieBase: end < SMALL_SPACE ? LINKED_AT : (roundDown((end / 3) * 2) as VirtualAddress),
    trampoline: virtualAddress(trampoline),
    stackTop: virtualAddress(stackTop),
    stackLimit: Math.min(MOST_STACK, roundDown(end / 8)),
    mmapTop: virtualAddress(mmapEnd ?? stackTop - gap),
  };
}

/** Sv39's: what programs are checked against before anybody knows the space that they will have. */
export const SV39_LAYOUT = layoutBelow(2 ** 38);
