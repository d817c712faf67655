/**
 * Where things lie in a fresh address space. The same for every process and every run, so that addresses are
 * reproducible. Sv39 leaves user programs the addresses below 2^38, as Linux does:
 *
 *   0x0000001000  lowest address a program may ask for     heap ↑ after the program's bss
 *   0x2aaaaaa000  position-independent programs            (Linux: 2/3 of the user space)
 *   0x3ff7ffd000  mmap ↓                                   128 MiB below the top of the stack, as Linux
 *   0x3fffffd000  stack ↓                                  at most 8 MiB
 *   0x3fffffe000  signal trampoline                        shares the stack's page tables
 */
import { PAGE_SIZE, virtualAddress } from '../../base/numbers.ts';

/** First address that is not the user's. */
export const USER_END = virtualAddress(2 ** 38);
/** No program is mapped below, so that null pointers fault. */
export const USER_START = virtualAddress(PAGE_SIZE);
export const PIE_BASE = virtualAddress(0x2aaaaaa000);
export const TRAMPOLINE = virtualAddress(USER_END - 2 * PAGE_SIZE);
/** First address above the stack; a guard page keeps it apart from the trampoline. */
export const STACK_TOP = virtualAddress(TRAMPOLINE - PAGE_SIZE);
/** The stack's limit in bytes (RLIMIT_STACK). */
export const STACK_LIMIT = 8 * 2 ** 20;
/** mmap places what has no wish of its own downwards from here. */
export const MMAP_TOP = virtualAddress(STACK_TOP - 128 * 2 ** 20);
