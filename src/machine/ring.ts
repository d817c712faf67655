/**
 * The reference ring: when references are recorded, every TLB look-up appends an entry, and the kernel drains
 * it at each exit.
 *
 *   0  address (64 bits)
 *   8  kind (0 fetch, 1 load, 2 store, 3 flush of one page, 4 flush of a space, 5 flush of all)
 *   9  bytes
 *  10  flags: failed (the access faulted: a look-up, not a reference), repeated (the fetch of an instruction
 *      that is tried again: a look-up, not a new reference), missed (the TLB lacked the page), halved (it found its
 *      page, but the other half of the access failed: a look-up, not a reference)
 *
 * For a flush the address is the page, and bytes 12 to 15 hold the address-space identifier, as they do in every entry.
 */
import {
  bind,
  choose,
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import { type ModuleBuilder, perform } from '../wasm/module.ts';
import { cell32, cell64, setCell32, setCell64 } from './cells.ts';
import { AT, COUNTER_SHIFT, type Layout, RING_ENTRY_BYTES } from './layout.ts';

export const RING_FLAG = { failed: 1, repeated: 2, missed: 4, halved: 8 } as const;
const MISSED_SHIFT = 2;
export const RING_KIND = { fetch: 0, load: 1, store: 2, flushPage: 3, flushSpace: 4, flushAll: 5 } as const;

export interface Ring {
  note(address: I64, kind: number, bytes: I32, failed: I32): Statement;
  /** A fetch of two bytes; `recordedAt` holds the number of the instruction whose fetch is in the ring already. */
  noteFetch(address: I64, recordedAt: number, failed: I32): Statement;
  /** Adds a flag to the last entry. */
  flagLast(flag: number): Statement;
}

const silent: Ring = { note: () => sequence(), noteFetch: () => sequence(), flagLast: () => sequence() };

/** A ring that does nothing when none is laid out. */
export function defineRing(module: ModuleBuilder, layout: Layout): Ring {
  if (layout.ringBytes === 0) return silent;
  const base = i32.const(layout.ring);
  const append = module.add(['i64', 'i32', 'i32', 'i32'], undefined, (body) => {
    const [address, kind, bytes, flags] = [
      body.parameter('i64', 0),
      body.parameter('i32', 1),
      body.parameter('i32', 2),
      body.parameter('i32', 3),
    ];
    // Each look-up is noted before the next one is made, so that a count that has moved on is its miss.
    const misses = i32.add(cell32(AT.dataMisses), cell32(AT.instructionMisses));
    const missed = i32.shl(i32.ne(misses, cell32(AT.missesNoted)), i32.const(MISSED_SHIFT));
    return bind(i32.add(base, cell32(AT.ringUsed)), (at) =>
      sequence(
        i64.store(at, address),
        i32.store8(at, kind, 8),
        i32.store8(at, bytes, 9),
        i32.store8(at, i32.or(flags, missed), 10),
        setCell32(AT.missesNoted, misses),
        i32.store(at, cell32(AT.asid), 12),
        setCell32(AT.ringUsed, i32.add(cell32(AT.ringUsed), i32.const(RING_ENTRY_BYTES))),
        give(),
      ),
    );
  });
  const retired = i64.shrU(cell64(AT.counter), i64.const(COUNTER_SHIFT));
  return {
    note: (address, kind, bytes, failed) => perform(append, address, i32.const(kind), bytes, failed),
    noteFetch: (address, recordedAt, failed) =>
      sequence(
        perform(
          append,
          address,
          i32.const(RING_KIND.fetch),
          i32.const(2),
          choose(
            failed,
            i32.const(RING_FLAG.failed),
            i32.shl(i64.eq(cell64(recordedAt), retired), i32.const(1)),
          ),
        ),
        when(i32.eqz(failed), setCell64(recordedAt, retired)),
      ),
    flagLast: (flag) =>
      bind(i32.sub(i32.add(base, cell32(AT.ringUsed)), i32.const(RING_ENTRY_BYTES)), (at) =>
        i32.store8(at, i32.or(i32.load8u(at, 10), i32.const(flag)), 10),
      ),
  };
}
