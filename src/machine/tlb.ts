/**
 * The modelled TLB, generated for its shape. Exact: it is the one that every access goes through, so what it
 * counts is what happened.
 *
 *   set ──▶ way 0 │ way 1 │ … │ way n-1        LRU: most recently used first
 *             key │ entry                      FIFO: newest first
 *   key   = vpn << 17 | asid << 1 | 1          random: in no order; 0 is an empty way
 *   entry = frame << 10 | V R W X U G A D
 *
 * Each set has one *fast slot*, a copy of the way that was used last, in the form that the inlined check of
 * generated code wants. A hit on the way used last changes no replacement state under any of the three
 * policies, so the check may skip all of this, and the model stays exact.
 */
import type { RadixGeometry } from '../translation/radix.ts';
import { give, i32, i64, nothing, type Statement, sequence, when } from '../wasm/expressions.ts';
import { type Frame as Body, call, type FunctionReference, type ModuleBuilder } from '../wasm/module.ts';
import { cell32, increase64, setCell32 } from './cells.ts';
import { AT, type TlbLayout } from './layout.ts';
import { type Superpages, superpageLookUp } from './superpages.ts';
import { isCanonical, type Walk } from './walker.ts';
import { insertWay, keyOf, PAGE_BITS_OF_KEY, promote, searchSet, setOf } from './ways.ts';

/**
 * (address, access) → entry, or 0 when the access faults; without a walker, when the TLB lacks the page. Leaves the
 * place of the way in `AT.entry`.
 */
export type LookUp = FunctionReference<'i64'>;

/** What is asked when the TLB has no entry, and which addresses it may have one for. */
export interface Beyond {
  /** undefined: nobody, software refills. */
  readonly walk: Walk | undefined;
  readonly geometry: RadixGeometry;
  /** Asked at the same time. */
  readonly superpages: Superpages | undefined;
}

/**
 * @param tlb undefined: no TLB, every look-up is a miss and walks
 * @param misses address of the counter of misses
 */
export function defineLookUp(
  module: ModuleBuilder,
  tlb: TlbLayout | undefined,
  beyond: Beyond,
  misses: number,
): LookUp {
  const { walk, geometry } = beyond;
  return module.add(['i64', 'i32'], 'i64', (body) => {
    const address = body.parameter('i64', 0);
    const access = body.parameter('i32', 1);
    const missing = sequence(increase64(misses, 1), setCell32(AT.entry, i32.const(0)));
    if (tlb === undefined) return sequence(missing, give(call(walk!, address, access)));
    // Without a walker any page number may be held that a key has room for.
    const mayBeHeld =
      walk === undefined
        ? i64.eqz(i64.shrU(address, i64.const(PAGE_BITS_OF_KEY + 12)))
        : isCanonical(geometry, address);
    return sequence(
      when(i32.eqz(mayBeHeld), sequence(missing, give(i64.const(0)))),
      lookUpBody(body, tlb, beyond, misses),
    );
  });
}

function lookUpBody(body: Body, tlb: TlbLayout, { walk, superpages }: Beyond, misses: number): Statement {
  const address = body.parameter('i64', 0);
  const access = body.parameter('i32', 1);
  const key = body.local('i64');
  const entry = body.local('i64');
  const set = body.local('i32');
  const way = body.local('i32');
  const end = body.local('i32');
  const page = i64.shrU(address, i64.const(12));
  const larger = superpages && superpageLookUp(body, superpages, { address, way, entry });
  const isPage = larger === undefined ? nothing : setCell32(AT.superpageSet, i32.const(0));
  const hit = sequence(
    promote(tlb, set, way, key, entry),
    setCell32(AT.entry, way),
    isPage,
    give(i64.load(way, 8)),
  );
  const refill = (walker: Walk): Statement =>
    sequence(
      entry.set(call(walker, address, access)),
      when(i64.eqz(entry), give(i64.const(0))),
      larger?.refill ?? nothing,
      insertWay(tlb, set, way, end),
      i64.store(way, key),
      i64.store(way, entry, 8),
      setCell32(AT.entry, way),
      isPage,
      give(entry),
    );
  return sequence(
    key.set(keyOf(page, cell32(AT.asid))),
    set.set(setOf(tlb, i32.wrap(page))),
    searchSet(tlb, { key, set, way, end }, hit),
    larger?.search ?? nothing,
    increase64(misses, 1),
    walk === undefined ? give(i64.const(0)) : refill(walk),
  );
}
