/**
 * A data access's way from an address to a place in memory: TLB, permission, bounds of a cut page, dirty bit, and the
 * fast slot that saves the next access all of this.
 */

import type { RiscvLayout } from '../translation/radix.ts';
import {
  choose,
  give,
  type I32,
  type I64,
  i32,
  i64,
  nothing,
  type Statement,
  select,
  sequence,
  when,
} from '../wasm/expressions.ts';
import {
  type Frame as Body,
  call,
  type FunctionReference,
  type ModuleBuilder,
  perform,
} from '../wasm/module.ts';
import { cell32, cell64, increase64, pageOffset, setCell32, setCell64 } from './cells.ts';
import type { MachineConfig } from './contract.ts';
import { isCut, isOutside } from './cut-pages.ts';
import { ACCESS, EXIT } from './exits.ts';
import { dropCodeBody, fillDataSlot, forgetDataSlot } from './fast-slots.ts';
import { codeMapAt, frameAddress, frameOf, hasBit, stampAddress } from './frames.ts';
import { AT, type Layout } from './layout.ts';
import { fillUnlessPassed, type Superpages, updateHeld } from './superpages.ts';
import type { LookUp } from './tlb.ts';
import type { Walk } from './walker.ts';

/**
 * Part of an access in one page: place in memory, or 0 with `AT.failed` set. Counts one look-up.
 * @param first where the whole access begins, which is what passing a bound is reported for
 */
export type Translate = (part: { address: I64; access: number; bytes: I32; first: I64 }) => I32;

export interface TranslateEnvironment {
  readonly module: ModuleBuilder;
  readonly layout: Layout;
  readonly config: MachineConfig;
  /** Where the entries of the TLB have their bits. */
  readonly bits: RiscvLayout;
  /** undefined: software refills, and sets dirty bits. */
  readonly walk: Walk | undefined;
  readonly superpages: Superpages | undefined;
}

export function defineTranslate(environment: TranslateEnvironment, look: LookUp): Translate {
  const { module, layout, config, walk } = environment;
  const dropCode = module.add(['i32'], undefined, (body) => dropCodeBody(body, layout, config));
  if (walk !== undefined) {
    const translate = module.add(['i64', 'i32'], 'i32', (body) =>
      walkingBody(body, environment, { look, walk, dropCode }),
    );
    return ({ address, access }) => call(translate, address, i32.const(access));
  }
  const translate = module.add(['i64', 'i32', 'i32', 'i64'], 'i32', (body) =>
    refilledBody(body, environment, { look, dropCode }),
  );
  return ({ address, access, bytes, first }) => call(translate, address, i32.const(access), bytes, first);
}

const failWith = (address: I64, access: I32, exit: number): Statement =>
  sequence(
    setCell64(AT.trapAddress, address),
    setCell32(AT.trapAccess, access),
    setCell32(AT.failed, i32.const(exit)),
    give(i32.const(0)),
  );

const countLookUp = (isStore: I32): Statement =>
  sequence(
    setCell64(AT.counter, i64.add(cell64(AT.counter), i64.const(1))),
    when(isStore, increase64(AT.storesInRun, 1)),
  );

/** What every access that succeeds does; `fill` is for the fast slot. */
const reach = (
  layout: Layout,
  dropCode: FunctionReference<undefined>,
  { address, isStore, frame, fill }: { address: I64; isStore: I32; frame: I32; fill: Statement },
): Statement =>
  sequence(
    when(
      i32.and(isStore, i32.ne(i32.load(codeMapAt(layout, frame)), i32.const(0))),
      perform(dropCode, frame),
    ),
    setCell32(AT.stampAt, stampAddress(layout, frame)),
    fill,
    give(i32.add(frameAddress(layout, frame), pageOffset(address))),
  );

/** With a walker: (address, access). */
function walkingBody(
  body: Body,
  { layout, bits, config, superpages }: TranslateEnvironment,
  use: { look: LookUp; walk: Walk; dropCode: FunctionReference<undefined> },
): Statement {
  const address = body.parameter('i64', 0);
  const access = body.parameter('i32', 1);
  const entry = body.local('i64');
  const frame = body.local('i32');
  const hasSlots = config.tlb.kind === 'split';
  const isStore = i32.eq(access, i32.const(ACCESS.store));
  const allowed = select(isStore, hasBit(entry, bits.write), hasBit(entry, bits.read));
  const fault = failWith(address, access, EXIT.pageFault);
  // A hit that comes to nothing is a use all the same: the fast slot must not stand for the way used before it.
  const forget = hasSlots ? forgetDataSlot(layout, address) : nothing;
  const refuse = sequence(forget, fault);
  // The entry is held but its page is clean: only the table's dirty bit has to be set.
  const setDirty = sequence(
    increase64(AT.dirtyWalks, 1),
    entry.set(call(use.walk, address, access)),
    when(i64.eqz(entry), refuse),
    when(cell32(AT.entry), updateHeld(superpages, entry)),
  );
  const fill = hasSlots
    ? fillUnlessPassed(superpages, fillDataSlot(layout, bits, address, entry, frame), forget)
    : nothing;
  return sequence(
    countLookUp(isStore),
    entry.set(call(use.look, address, access)),
    when(i64.eqz(entry), fault),
    when(i32.eqz(allowed), refuse),
    when(i32.and(isStore, i32.eqz(hasBit(entry, bits.dirty))), setDirty),
    frame.set(frameOf(entry)),
    reach(layout, use.dropCode, { address, isStore, frame, fill }),
  );
}

/** With refill by software: (address, access, bytes, first address of the whole access). */
function refilledBody(
  body: Body,
  { layout, bits, config }: TranslateEnvironment,
  use: { look: LookUp; dropCode: FunctionReference<undefined> },
): Statement {
  const address = body.parameter('i64', 0);
  const access = body.parameter('i32', 1);
  const bytes = body.parameter('i32', 2);
  const first = body.parameter('i64', 3);
  const entry = body.local('i64');
  const frame = body.local('i32');
  const hasSlots = config.tlb.kind === 'split';
  const isStore = i32.eq(access, i32.const(ACCESS.store));
  const allowed = select(isStore, hasBit(entry, bits.write), hasBit(entry, bits.read));
  const forget = hasSlots ? forgetDataSlot(layout, address) : nothing;
  const fill = hasSlots
    ? when(isCut(entry), forget, fillDataSlot(layout, bits, address, entry, frame))
    : nothing;
  const refuse = (at: I64, exit: number): Statement => sequence(forget, failWith(at, access, exit));
  return sequence(
    countLookUp(isStore),
    entry.set(call(use.look, address, access)),
    when(i64.eqz(entry), failWith(address, access, EXIT.tlbMiss)),
    when(i32.eqz(allowed), refuse(address, EXIT.pageFault)),
    when(
      choose(isCut(entry), isOutside(entry, pageOffset(address), bytes), i32.const(0)),
      refuse(first, EXIT.pageFault),
    ),
    when(i32.and(isStore, i32.eqz(hasBit(entry, bits.dirty))), refuse(address, EXIT.tlbModify)),
    frame.set(frameOf(entry)),
    reach(layout, use.dropCode, { address, isStore, frame, fill }),
  );
}
