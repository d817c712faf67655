/**
 * The refill of a TLB by software: how an entry gets in, and which TLBs can't be used so.
 *
 * Source: MIPS32 Architecture for Programmers, volume III, on the exceptions TLB Refill and TLB Modified and the
 * instructions TLBWR and TLBWI.
 */
import type { Vpn } from '../base/numbers.ts';
import {
  block,
  branch,
  type I32,
  type I64,
  i32,
  i64,
  type Statement,
  sequence,
} from '../wasm/expressions.ts';
import type { Frame as Body, FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import type { TlbConfig, TlbFill, TlbShape } from './contract.ts';
import { DATA_SLOT_BYTES, type TlbLayout } from './layout.ts';
import { ENTRY_FRAME_SHIFT } from './walker.ts';
import { insertWay, keyOf, PAGE_BITS_OF_KEY, searchSet, setOf } from './ways.ts';

const INVALID_TAG = i64.const(-1);

/** What a module exports for it. The entry is as tlb.ts and cut-pages.ts draw it. */
export type FillFunction = (
  pageLow: number,
  pageHigh: number,
  asid: number,
  entryLow: number,
  entryHigh: number,
) => void;

/**
 * The function that puts an entry in.
 * @param slots whether the sets have fast slots
 */
export function defineFill(
  module: ModuleBuilder,
  tlb: TlbLayout,
  slots: 'fast slots' | 'none',
): FunctionReference<undefined> {
  return module.add(['i32', 'i32', 'i32', 'i32', 'i32'], undefined, (body) => fillBody(body, tlb, slots));
}

function fillBody(body: Body, tlb: TlbLayout, slots: 'fast slots' | 'none'): Statement {
  const whole = (at: number): I64 =>
    i64.or(
      i64.extendU(body.parameter('i32', at)),
      i64.shl(i64.extendU(body.parameter('i32', at + 1)), i64.const(32)),
    );
  const page = body.parameter('i32', 0);
  const asid = body.parameter('i32', 2);
  const key = body.local('i64');
  const set = body.local('i32');
  const way = body.local('i32');
  const end = body.local('i32');
  return sequence(
    key.set(keyOf(whole(0), asid)),
    set.set(setOf(tlb, page)),
    block((placed) =>
      sequence(searchSet(tlb, { key, set, way, end }, branch(placed)), insertWay(tlb, set, way, end)),
    ),
    i64.store(way, key),
    i64.store(way, whole(3), 8),
    // The slot holds a way that is not the one used last any more, or the entry as it was.
    slots === 'fast slots' ? forgetSlots(tlb, page) : sequence(),
  );
}

/** Both tags of a data slot; what an instruction slot has in the place of the second means nothing without the first. */
function forgetSlots(tlb: TlbLayout, page: I32): Statement {
  const index = i32.and(page, i32.const(tlb.sets - 1));
  const slot = i32.add(i32.const(tlb.fast), i32.mul(index, i32.const(DATA_SLOT_BYTES)));
  return sequence(i64.store(slot, INVALID_TAG), i64.store(slot, INVALID_TAG, 8));
}

const setsOf = ({ entries, ways }: TlbShape): number => entries / ways;

/**
 * Why a TLB can't be refilled by software, `undefined` when it can. An instruction is tried again after each fill, so
 * all pages that it needs have to fit at once: two of code, as it may lie across a page's end, and two of data, as its
 * access may. Neighbours are in different sets where there is more than one.
 */
export function refillObstacle(tlb: TlbConfig): string | undefined {
  if (tlb.kind === 'none') return 'there is no TLB to refill';
  if (tlb.superpages !== undefined) return 'software refills pages of 4 KiB only';
  if (tlb.kind === 'unified') {
    const needed = setsOf(tlb.shape) === 1 ? 4 : 2;
    return tlb.shape.ways < needed
      ? `an instruction may need ${needed} entries of a set at once, and sets have ${tlb.shape.ways}`
      : undefined;
  }
  const parts = [
    ['instructions', tlb.instructions],
    ['data', tlb.data],
  ] as const;
  const small = parts.find(([, shape]) => shape.entries === 1);
  return small && `an instruction may need 2 pages of ${small[0]} at once, and the TLB for them has 1 entry`;
}

/** @throws Error for a TLB with an obstacle: whoever configures a machine has to have asked */
export function assertRefillable(tlb: TlbConfig): void {
  const obstacle = refillObstacle(tlb);
  if (obstacle !== undefined) throw new Error(`this TLB can't be refilled by software: ${obstacle}`);
}

/** @throws RangeError for a page or an entry that no TLB of a machine with so many frames can hold */
export function checkFill(page: Vpn, { frame, flags, from = 0, to = 4096 }: TlbFill, frames: number): void {
  const isValid = (flags & 1) === 1 && flags < 1 << ENTRY_FRAME_SHIFT;
  if (page >= 2 ** PAGE_BITS_OF_KEY || frame >= frames || !isValid)
    throw new RangeError(`page ${page} in frame ${frame} with flags ${flags} can't be put into the TLB`);
  if (!(from >= 0 && from < to && to <= 4096)) throw new RangeError(`[${from}, ${to}) is no part of a page`);
}
