/** Where generated code finds what belongs to a frame. */
import { type I32, type I64, i32, i64, nothing, type Statement } from '../wasm/expressions.ts';
import { cell64 } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { AT, type Layout } from './layout.ts';
import { ENTRY_FRAME_SHIFT } from './walker.ts';

/** Frame number in an entry of the TLB. Frames need 20 bits, and bits 30 and 31 are 0. */
export const frameOf = (entry: I64): I32 => i32.shrU(i32.wrap(entry), i32.const(ENTRY_FRAME_SHIFT));
export const hasBit = (entry: I64, bit: number): I32 =>
  i32.eqz(i64.eqz(i64.and(entry, i64.const(1n << BigInt(bit)))));
export const codeMapAt = (layout: Layout, frame: I32): I32 =>
  i32.add(i32.const(layout.codeMap), i32.shl(frame, i32.const(2)));
export const frameAddress = (layout: Layout, frame: I32): I32 =>
  i32.add(i32.const(layout.ram), i32.shl(frame, i32.const(12)));
export const stampAddress = (layout: Layout, frame: I32): I32 =>
  i32.add(i32.const(layout.stamps), i32.shl(frame, i32.const(3)));

/**
 * Stamps a frame with the present. The fetch of an instruction has its number << 20, that of its second half one
 * more; then come its data accesses, each with the number of its look-up, from 2 on.
 */
export const stampNow = (
  { stamps }: MachineConfig,
  at: I32,
  half: 'first' | 'whole or second' = 'whole or second',
): Statement =>
  stamps === 'on'
    ? i64.store(
        at,
        i64.add(i64.add(cell64(AT.counter), cell64(AT.stampBias)), i64.const(half === 'first' ? 0 : 1)),
      )
    : nothing;
