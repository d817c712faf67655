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
import {
  block,
  branchIf,
  copyMemory,
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  loop,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import { type Frame as Body, call, type FunctionReference, type ModuleBuilder } from '../wasm/module.ts';
import { cell32, cell64, increase64, setCell32, setCell64 } from './cells.ts';
import { AT, type TlbLayout, WAY_BYTES } from './layout.ts';
import { isCanonical, type Walk } from './walker.ts';

/**
 * (address, access) → entry, or 0 when the access faults; without a walker, when the TLB lacks the page. Leaves the
 * place of the way in `AT.entry`.
 */
export type LookUp = FunctionReference<'i64'>;

export const PAGE_BITS_OF_KEY = 47;

export const keyOf = (page: I64, asid: I32): I64 =>
  i64.or(
    i64.shl(page, i64.const(64 - PAGE_BITS_OF_KEY)),
    i64.extendU(i32.or(i32.shl(asid, i32.const(1)), i32.const(1))),
  );

/** Where the set of a page begins, from the page's lower bits. */
export const setOf = (tlb: TlbLayout, page: I32): I32 =>
  i32.add(
    i32.const(tlb.ways),
    i32.mul(i32.and(page, i32.const(tlb.sets - 1)), i32.const(tlb.shape.ways * WAY_BYTES)),
  );

/** What is asked when the TLB has no entry, and which addresses it may have one for. */
export interface Beyond {
  /** undefined: nobody, software refills. */
  readonly walk: Walk | undefined;
  readonly geometry: RadixGeometry;
}

/**
 * @param tlb undefined: no TLB, every look-up is a miss and walks
 * @param misses address of the counter of misses
 */
export function defineLookUp(
  module: ModuleBuilder,
  tlb: TlbLayout | undefined,
  { walk, geometry }: Beyond,
  misses: number,
): LookUp {
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
      lookUpBody(body, tlb, walk, misses, address, access),
    );
  });
}

function lookUpBody(
  body: Body,
  tlb: TlbLayout,
  walk: Walk | undefined,
  misses: number,
  address: Local<'i64'>,
  access: Local<'i32'>,
): Statement {
  const key = body.local('i64');
  const entry = body.local('i64');
  const set = body.local('i32');
  const way = body.local('i32');
  const end = body.local('i32');
  const bytes = tlb.shape.ways * WAY_BYTES;
  const page = i64.shrU(address, i64.const(12));
  return sequence(
    key.set(keyOf(page, cell32(AT.asid))),
    set.set(setOf(tlb, i32.wrap(page))),
    way.set(set),
    end.set(i32.add(set, i32.const(bytes))),
    loop((next) =>
      sequence(
        when(
          i64.eq(i64.load(way), key),
          sequence(promote(tlb, set, way, key, entry), setCell32(AT.entry, way), give(i64.load(way, 8))),
        ),
        way.set(i32.add(way, i32.const(WAY_BYTES))),
        branchIf(i32.ltU(way, end), next),
      ),
    ),
    increase64(misses, 1),
    walk === undefined
      ? give(i64.const(0))
      : sequence(
          entry.set(call(walk, address, access)),
          when(i64.eqz(entry), give(i64.const(0))),
          insertWay(tlb, set, way, end),
          i64.store(way, key),
          i64.store(way, entry, 8),
          setCell32(AT.entry, way),
          give(entry),
        ),
  );
}

/** LRU: the way that hit becomes the first, those before it move back by one. */
function promote(tlb: TlbLayout, set: I32, way: Local<'i32'>, key: I64, entry: Local<'i64'>): Statement {
  if (tlb.shape.replacement !== 'lru' || tlb.shape.ways === 1) return sequence();
  return when(
    i32.ne(way, set),
    sequence(
      entry.set(i64.load(way, 8)),
      copyMemory(i32.add(set, i32.const(WAY_BYTES)), set, i32.sub(way, set)),
      i64.store(set, key),
      i64.store(set, entry, 8),
      way.set(set),
    ),
  );
}

/** Makes room and leaves its place in `way`. */
export function insertWay(
  tlb: TlbLayout,
  set: Local<'i32'>,
  way: Local<'i32'>,
  end: Local<'i32'>,
): Statement {
  if (tlb.shape.replacement !== 'random') {
    const shifted = copyMemory(
      i32.add(set, i32.const(WAY_BYTES)),
      set,
      i32.const((tlb.shape.ways - 1) * WAY_BYTES),
    );
    return sequence(shifted, way.set(set));
  }
  return sequence(
    way.set(set),
    block((found) =>
      sequence(
        loop((next) =>
          sequence(
            branchIf(i64.eqz(i64.load(way)), found),
            way.set(i32.add(way, i32.const(WAY_BYTES))),
            branchIf(i32.ltU(way, end), next),
          ),
        ),
        advanceRandom,
        way.set(
          i32.add(
            set,
            i32.mul(
              i32.wrap(i64.remU(i64.shrU(cell64(AT.tlbRandom), i64.const(33)), i64.const(tlb.shape.ways))),
              i32.const(WAY_BYTES),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Knuth's MMIX linear congruential generator; the upper bits are used. */
export const TLB_RANDOM = { multiplier: 6364136223846793005n, increment: 1442695040888963407n } as const;
const advanceRandom = setCell64(
  AT.tlbRandom,
  i64.add(i64.mul(cell64(AT.tlbRandom), i64.const(TLB_RANDOM.multiplier)), i64.const(TLB_RANDOM.increment)),
);
