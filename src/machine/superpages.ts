/**
 * The superpage TLB: beside the TLB for pages of 4 KiB, and asked at the same time, one for leaves of the level above
 * (2 MiB under Sv39). Leaves above that (1 GiB) are kept as pieces of 2 MiB.
 *
 *   a look-up ─┬─ pages       vpn          hit: its entry. This one goes first, should both have one
 *              └─ superpages  vpn >> 9     hit: its entry's frame + the lower 9 bits of vpn
 *              neither: one miss, one walk; the refill goes where the leaf that was found belongs
 *
 * A fast slot may stand for a page of a superpage. It says so (the place of the superpage's set, 0 for a page of
 * 4 KiB), and is forgotten when the replacement state of that set changes: when another way of it becomes the one used
 * last (LRU), or one is replaced or flushed. So a hit that goes by a fast slot changes no state here either.
 *
 * When a store finds a clean superpage, and the walk for the dirty bit a leaf of another size, somebody changed the
 * table and flushed nothing. The architecture allows either translation: this one access goes by the table, and the
 * superpage stays as it is held.
 */
import {
  branchIf,
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  loop,
  nothing,
  type Statement,
  sequence,
  when,
} from '../wasm/expressions.ts';
import { type Frame as Body, type ModuleBuilder, perform } from '../wasm/module.ts';
import { cell32, cell64, setCell32 } from './cells.ts';
import { AT, DATA_SLOT_BYTES, SLOT_SUPERPAGE_AT, type SuperpageLayout } from './layout.ts';
import { ENTRY_FRAME_SHIFT } from './walker.ts';
import { insertWay, keyOf, promote, searchSet, setOf } from './ways.ts';

/** In `AT.superpageSet`: the access went by the table, and no fast slot may stand for it. */
const NO_SLOT = 1;
/** An entry that allows nothing. */
const VALID_ONLY = 1;

/** A superpage TLB in generated code. */
export interface Superpages {
  readonly layout: SuperpageLayout;
  /** Forgets the fast slots that stand for pages of a set's superpages. */
  readonly forget: (set: I32) => Statement;
}

export function defineSuperpages(
  module: ModuleBuilder,
  layout: SuperpageLayout | undefined,
): Superpages | undefined {
  if (layout === undefined) return undefined;
  if (layout.slots === 0) return { layout, forget: () => nothing };
  const forget = module.add(['i32'], undefined, (body) => forgetBody(body, layout));
  return { layout, forget: (set) => perform(forget, set) };
}

function forgetBody(body: Body, { fast, slots }: SuperpageLayout): Statement {
  const set = body.parameter('i32', 0);
  const slot = body.local('i32');
  const invalid = i64.const(-1);
  // What an instruction slot has in the place of a data slot's second tag means nothing without the first.
  const drop = sequence(i64.store(slot, invalid), i64.store(slot, invalid, 8));
  return sequence(
    slot.set(i32.const(fast)),
    loop((next) =>
      sequence(
        when(i32.eq(i32.load(slot, SLOT_SUPERPAGE_AT), set), drop),
        slot.set(i32.add(slot, i32.const(DATA_SLOT_BYTES))),
        branchIf(i32.ltU(slot, i32.const(fast + slots * DATA_SLOT_BYTES)), next),
      ),
    ),
  );
}

const pieceMask = ({ pageBits }: SuperpageLayout): bigint => (1n << BigInt(pageBits)) - 1n;
/** Bits of an entry's frame number that tell the pages of a superpage apart. */
const pieceInEntry = (layout: SuperpageLayout): bigint => pieceMask(layout) << BigInt(ENTRY_FRAME_SHIFT);

/** The entry of a superpage from that of one of its pages. */
const wholeOf = (layout: SuperpageLayout, entry: I64): I64 =>
  i64.and(entry, i64.const(~pieceInEntry(layout)));

/** The entry of the page of an address; one that allows nothing where RAM ends inside of the superpage. */
const givePiece = (layout: SuperpageLayout, address: I64, entry: Local<'i64'>): Statement => {
  const piece = i64.and(i64.shrU(address, i64.const(12)), i64.const(pieceMask(layout)));
  return sequence(
    entry.set(i64.or(entry, i64.shl(piece, i64.const(ENTRY_FRAME_SHIFT)))),
    when(
      i64.geU(i64.shrU(entry, i64.const(ENTRY_FRAME_SHIFT)), cell64(AT.frames)),
      give(i64.const(VALID_ONLY)),
    ),
    give(entry),
  );
};

/** Parts of a look-up, which leave it with the entry when they have one. */
export interface SuperpageLookUp {
  /** When the TLB for pages has none. */
  readonly search: Statement;
  /** When neither has one and the walk gave `entry`. */
  readonly refill: Statement;
}

export function superpageLookUp(
  body: Body,
  { layout, forget }: Superpages,
  { address, way, entry }: { address: I64; way: Local<'i32'>; entry: Local<'i64'> },
): SuperpageLookUp {
  const key = body.local('i64');
  const set = body.local('i32');
  const end = body.local('i32');
  const page = i64.shrU(address, i64.const(12 + layout.pageBits));
  const isOrdered = layout.shape.replacement === 'lru' && layout.shape.ways > 1;
  const use = sequence(setCell32(AT.entry, way), setCell32(AT.superpageSet, set));
  const hit = sequence(
    isOrdered ? when(i32.ne(way, set), forget(set)) : nothing,
    promote(layout, set, way, key, entry),
    use,
    entry.set(i64.load(way, 8)),
    givePiece(layout, address, entry),
  );
  const insert = sequence(
    forget(set),
    insertWay(layout, set, way, end),
    i64.store(way, key),
    i64.store(way, wholeOf(layout, entry), 8),
    use,
    give(entry),
  );
  return {
    search: sequence(
      key.set(keyOf(page, cell32(AT.asid))),
      set.set(setOf(layout, i32.wrap(page))),
      searchSet(layout, { key, set, way, end }, hit),
    ),
    refill: when(cell32(AT.leafIsSuperpage), insert),
  };
}

/** Puts a leaf that was walked to for its dirty bit in the place of the one that is held. */
export function updateHeld(superpages: Superpages | undefined, entry: I64): Statement {
  const way = cell32(AT.entry);
  const update = i64.store(way, entry, 8);
  if (superpages === undefined) return update;
  const { layout, forget } = superpages;
  const set = cell32(AT.superpageSet);
  return when(
    set,
    when(
      cell32(AT.leafIsSuperpage),
      // Slots of its other pages know it as it was.
      sequence(forget(set), i64.store(way, wholeOf(layout, entry), 8)),
      setCell32(AT.superpageSet, i32.const(NO_SLOT)),
    ),
    update,
  );
}

/** Fills a fast slot, unless none may stand for the access. */
export const fillUnlessPassed = (
  superpages: Superpages | undefined,
  fill: Statement,
  forget: Statement,
): Statement =>
  superpages === undefined ? fill : when(i32.eq(cell32(AT.superpageSet), i32.const(NO_SLOT)), forget, fill);
