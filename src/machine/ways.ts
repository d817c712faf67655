/** Sets and ways in generated code: where they lie, how one is found, promoted and made room for. tlb.ts draws them. */
import {
  block,
  branchIf,
  copyMemory,
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
import { cell64, setCell64 } from './cells.ts';
import { AT, WAY_BYTES, type Ways } from './layout.ts';

export const PAGE_BITS_OF_KEY = 47;

export const keyOf = (page: I64, asid: I32): I64 =>
  i64.or(
    i64.shl(page, i64.const(64 - PAGE_BITS_OF_KEY)),
    i64.extendU(i32.or(i32.shl(asid, i32.const(1)), i32.const(1))),
  );

/** Where the set of a page begins, from the page's lower bits. */
export const setOf = (tlb: Ways, page: I32): I32 =>
  i32.add(
    i32.const(tlb.ways),
    i32.mul(i32.and(page, i32.const(tlb.sets - 1)), i32.const(tlb.shape.ways * WAY_BYTES)),
  );

/** What looking through a set needs; `way` goes from `set` to `end`. */
export interface SetLocals {
  readonly key: Local<'i64'>;
  readonly set: Local<'i32'>;
  readonly way: Local<'i32'>;
  readonly end: Local<'i32'>;
}

/** Looks through a set; `found` has to leave, and whatever comes behind is for when none has the key. */
export const searchSet = (tlb: Ways, { key, set, way, end }: SetLocals, found: Statement): Statement =>
  sequence(
    way.set(set),
    end.set(i32.add(set, i32.const(tlb.shape.ways * WAY_BYTES))),
    loop((next) =>
      sequence(
        when(i64.eq(i64.load(way), key), found),
        way.set(i32.add(way, i32.const(WAY_BYTES))),
        branchIf(i32.ltU(way, end), next),
      ),
    ),
  );

/** LRU: the way that hit becomes the first, those before it move back by one. */
export function promote(tlb: Ways, set: I32, way: Local<'i32'>, key: I64, entry: Local<'i64'>): Statement {
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
export function insertWay(tlb: Ways, set: Local<'i32'>, way: Local<'i32'>, end: Local<'i32'>): Statement {
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
