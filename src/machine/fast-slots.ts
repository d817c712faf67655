/**
 * The fast slots in generated code: filled with the way that a set used last, and forgotten when it is another one.
 * Only a data and an instruction TLB apart have them.
 *
 *   data          0 read tag │ 8 write tag │ 16 addend │ 20 stamp address │ 24 frame │ 28 set of the superpage
 *   instructions  0 tag      │ 8 records   │ 12 stamp address │ 16 frame              │ 28 set of the superpage
 */
import type { RiscvLayout } from '../translation/radix.ts';
import {
  bind,
  branchIf,
  type I32,
  type I64,
  i32,
  i64,
  loop,
  nothing,
  type Statement,
  select,
  sequence,
  when,
} from '../wasm/expressions.ts';
import type { Frame as Body } from '../wasm/module.ts';
import { cell32, pageBase } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { codeMapAt, frameAddress, hasBit, stampAddress } from './frames.ts';
import {
  AT,
  DATA_SLOT_BYTES,
  INSTRUCTION_SLOT_BYTES,
  type Layout,
  SLOT_SUPERPAGE_AT,
  type TlbLayout,
} from './layout.ts';

const INVALID_TAG = i64.const(-1);

const slotOf = (tlb: TlbLayout, address: I64, bytes: number): I32 => {
  const index = i32.and(i32.wrap(i64.shrU(address, i64.const(12))), i32.const(tlb.sets - 1));
  return i32.add(i32.const(tlb.fast), i32.mul(index, i32.const(bytes)));
};
const dataSlot = (layout: Layout, address: I64): I32 => slotOf(layout.data!, address, DATA_SLOT_BYTES);

/** Place of the slot that stands for an instruction's page if any does. */
export const instructionSlot = (layout: Layout, address: I64): I32 =>
  slotOf(layout.instructions!, address, INSTRUCTION_SLOT_BYTES);

/** The last look-up says whether the slot stands for a page of a superpage. */
const noteSuperpage = ({ superpages }: TlbLayout, slot: I32): Statement =>
  superpages === undefined ? nothing : i32.store(slot, cell32(AT.superpageSet), SLOT_SUPERPAGE_AT);

export function forgetDataSlot(layout: Layout, address: I64): Statement {
  return sequence(
    i64.store(dataSlot(layout, address), INVALID_TAG),
    i64.store(dataSlot(layout, address), INVALID_TAG, 8),
  );
}

export const forgetInstructionSlot = (layout: Layout, address: I64): Statement =>
  i64.store(instructionSlot(layout, address), INVALID_TAG);

export function fillDataSlot(
  layout: Layout,
  bits: RiscvLayout,
  address: I64,
  entry: I64,
  frame: I32,
): Statement {
  // Write permission is withheld from clean pages and from pages with predecoded code: both take the slow path.
  const writable = i32.and(
    i32.and(hasBit(entry, bits.write), hasBit(entry, bits.dirty)),
    i32.eqz(i32.load(codeMapAt(layout, frame))),
  );
  return bind(dataSlot(layout, address), (at) =>
    sequence(
      i64.store(at, select(hasBit(entry, bits.read), pageBase(address), INVALID_TAG)),
      i64.store(at, select(writable, pageBase(address), INVALID_TAG), 8),
      i32.store(at, i32.sub(frameAddress(layout, frame), i32.wrap(pageBase(address))), 16),
      i32.store(at, stampAddress(layout, frame), 20),
      i32.store(at, frame, 24),
      noteSuperpage(layout.data!, at),
    ),
  );
}

export function fillInstructionSlot(layout: Layout, pc: I64, frame: I32, records: I32): Statement {
  return bind(instructionSlot(layout, pc), (at) =>
    sequence(
      i64.store(at, pageBase(pc)),
      i32.store(at, records, 8),
      i32.store(at, stampAddress(layout, frame), 12),
      i32.store(at, frame, 16),
      noteSuperpage(layout.instructions!, at),
    ),
  );
}

/** Forgets a frame's predecoded page: its map entry and every instruction fast slot that leads to it. */
export function dropCodeBody(body: Body, layout: Layout, config: MachineConfig): Statement {
  const frame = body.parameter('i32', 0);
  const slot = body.local('i32');
  const forget = i32.store(codeMapAt(layout, frame), i32.const(0));
  if (config.tlb.kind !== 'split') return forget;
  const tlb = layout.instructions!;
  const end = i32.const(tlb.fast + tlb.sets * INSTRUCTION_SLOT_BYTES);
  return sequence(
    forget,
    slot.set(i32.const(tlb.fast)),
    loop((next) =>
      sequence(
        when(i32.eq(i32.load(slot, 16), frame), i64.store(slot, INVALID_TAG)),
        slot.set(i32.add(slot, i32.const(INSTRUCTION_SLOT_BYTES))),
        branchIf(i32.ltU(slot, end), next),
      ),
    ),
  );
}
