/**
 * The inner loop of page-numbers.ts in WebAssembly, for tables that are large enough for it to matter: larger than the
 * processor's caches, so that what counts is how many look-ups wait for memory, and that they wait together.
 *
 *   1  all rows are looked up in a small table that stays in the cache, the recent pages; a miss is taken down, and
 *      which rows miss costs no guess of the processor's, as the list grows by 0 or 1
 *   2  the slot of each miss is touched: nothing depends on what comes back, so that the misses overlap
 *   3  the misses are resolved, in the order of their rows, and become recent pages
 *
 *   memory: touched · slots taken · rows · entries · fresh rows · misses · recent pages · table, as page-numbers.ts lays it out
 *   miss:   row's address | entry's address | hash | unused
 *   recent: low half | high half | 1 + number, 0 when it is none | unused
 */
import {
  block,
  branch,
  branchIf,
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
import { type Frame as Body, ModuleBuilder } from '../wasm/module.ts';
import { increase, item, localsOf, parametersOf, repeatWhile } from '../wasm/patterns.ts';

/** Rows at a time, at most: so many that their slots are still in the cache when they are resolved. */
export const MOST_ROWS = 1024;
/** Words of the largest table. */
export const MOST_WORDS = 2 ** 29;
const TOUCHED_AT = 0;
const TAKEN_AT = 4;
const ROWS_AT = 1 << 16;
const ROWS_BYTES = 1 << 18;
const ENTRIES_AT = ROWS_AT + ROWS_BYTES;
const FRESH_AT = ENTRIES_AT + MOST_ROWS * 4;
const MISSES_AT = FRESH_AT + MOST_ROWS * 4;
const MISS = { row: 0, entry: 4, hash: 8, bytes: 16 } as const;
const RECENT_BITS = 14;
/** Bytes of a slot of the table, and of a recent page. */
const SLOT_SHIFT = 4;
const SLOT = 1 << SLOT_SHIFT;
const VALUE_OFFSET = 8;
const RECENT_AT = 1 << 19;
const RECENT_WORDS = (SLOT / 4) << RECENT_BITS;
const TABLE_AT = 1 << 20;
const WASM_PAGE = 1 << 16;

interface Exports {
  /**
   * Numbers `count` rows that lie `stride` bytes apart; the table has 2^(32 - `shift`) slots. Gives how many pages
   * were not there before.
   */
  number(stride: number, count: number, shift: number, next: number, bits: number): number;
  /**
   * Brings slots, from the one at byte `slot` of the table down, to where they belong in a table of 2^(32 - `shift`),
   * which those above are in already. Gives the first slot whose page can't be put there before the others have gone,
   * or -1 when all are done.
   */
  spread(slot: number, shift: number): number;
}

const zero = i32.const(0);
const one = i32.const(1);
const constant = i32.const;

/** The same as `hash` in page-numbers.ts, of a key with the low half below. */
function hashOf(key: Local<'i64'>, h: Local<'i32'>): Statement {
  const high = i32.wrap(i64.shrU(key, i64.const(32)));
  return sequence(
    h.set(high),
    h.set(i32.mul(i32.xor(h, i32.shrU(h, constant(15))), constant(0x85ebca6b | 0))),
    h.set(i32.mul(i32.xor(i32.wrap(key), h), constant(0x9e3779b1 | 0))),
  );
}

const recentOf = (hash: Local<'i32'>) => item(i32.shrU(hash, constant(32 - RECENT_BITS)), SLOT_SHIFT);

/** Writes the entries of rows that are recent pages, and takes down the others; `misses` ends behind the last one. */
function lookAtRecent(body: Body, misses: Local<'i32'>): Statement {
  const { stride, count, bits } = parametersOf(body, 'stride', 'count', 'shift', 'next', 'bits');
  const { row, entry, end } = localsOf(body, 'i32', 'row', 'entry', 'end');
  const { hash, recent, value } = localsOf(body, 'i32', 'hash', 'recent', 'value');
  const key = body.local('i64');
  const isMiss = i32.or(i64.ne(i64.load(recent, RECENT_AT), key), i32.eqz(value));
  return sequence(
    misses.set(zero),
    row.set(constant(ROWS_AT)),
    end.set(item(count, 2)),
    repeatWhile(
      i32.ltU(entry, end),
      sequence(
        key.set(i64.load(row)),
        hashOf(key, hash),
        recent.set(recentOf(hash)),
        value.set(i32.load(recent, RECENT_AT + VALUE_OFFSET)),
        i32.store(entry, i32.or(bits, i32.sub(value, one)), ENTRIES_AT),
        i32.store(misses, row, MISSES_AT + MISS.row),
        i32.store(misses, entry, MISSES_AT + MISS.entry),
        i32.store(misses, hash, MISSES_AT + MISS.hash),
        increase(misses, i32.mul(isMiss, constant(MISS.bytes))),
        increase(row, stride),
        increase(entry, constant(4)),
      ),
    ),
  );
}

/** Reads the slot that each miss begins at. The sum is stored, or else nobody would read them. */
function touchSlots(body: Body, misses: Local<'i32'>): Statement {
  const shift = body.parameter('i32', 2);
  const { miss, sum } = localsOf(body, 'i32', 'miss', 'sum');
  const slot = item(i32.shrU(i32.load(miss, MISSES_AT + MISS.hash), shift), SLOT_SHIFT);
  return sequence(
    repeatWhile(
      i32.ltU(miss, misses),
      sequence(increase(sum, i32.load(slot, TABLE_AT)), increase(miss, constant(MISS.bytes))),
    ),
    i32.store(zero, sum, TOUCHED_AT),
  );
}

/** Finds each miss in the table, or puts it there; gives how many it put there. */
function resolve(body: Body, misses: Local<'i32'>): Statement {
  const { stride, shift, next, bits } = parametersOf(body, 'stride', 'count', 'shift', 'next', 'bits');
  const { miss, hash, slot, last, value } = localsOf(body, 'i32', 'miss', 'hash', 'slot', 'last', 'value');
  const { found, taken } = localsOf(body, 'i32', 'found', 'taken');
  const key = body.local('i64');
  const keyThere: I64 = i64.load(slot, TABLE_AT);
  const row = i32.load(miss, MISSES_AT + MISS.row);
  const admit = sequence(
    increase(taken, i32.eqz(value)),
    i64.store(slot, key, TABLE_AT),
    i32.store(item(found, 2), i32.divU(i32.sub(row, constant(ROWS_AT)), stride), FRESH_AT),
    increase(found, one),
    value.set(i32.add(next, found)),
    i32.store(slot, value, TABLE_AT + VALUE_OFFSET),
  );
  const probe = block((stop) =>
    loop((again) =>
      sequence(
        value.set(i32.load(slot, TABLE_AT + VALUE_OFFSET)),
        branchIf(i32.eqz(value), stop),
        branchIf(i64.eq(keyThere, key), stop),
        slot.set(i32.and(i32.add(slot, constant(SLOT)), last)),
        branch(again),
      ),
    ),
  );
  return sequence(
    last.set(item(i32.shrU(constant(-1), shift), SLOT_SHIFT)),
    repeatWhile(
      i32.ltU(miss, misses),
      sequence(
        key.set(i64.load(row)),
        hash.set(i32.load(miss, MISSES_AT + MISS.hash)),
        slot.set(item(i32.shrU(hash, shift), SLOT_SHIFT)),
        probe,
        when(i32.leS(value, zero), admit),
        i64.store(recentOf(hash), key, RECENT_AT),
        i32.store(recentOf(hash), value, RECENT_AT + VALUE_OFFSET),
        i32.store(i32.load(miss, MISSES_AT + MISS.entry), i32.or(bits, i32.sub(value, one)), ENTRIES_AT),
        increase(miss, constant(MISS.bytes)),
      ),
    ),
    i32.store(zero, taken, TAKEN_AT),
    give(found),
  );
}

/** As `Exports.spread`. */
function spreadBody(body: Body): Statement {
  const { slot, shift } = parametersOf(body, 'slot', 'shift');
  const { to, value, end, hash } = localsOf(body, 'i32', 'to', 'value', 'end', 'hash');
  const key = body.local('i64');
  const setValue = (at: Local<'i32'>, to: I32) => i32.store(at, to, TABLE_AT + VALUE_OFFSET);
  const probe = block((free) =>
    loop((again) =>
      sequence(
        branchIf(i32.eqz(i32.load(to, TABLE_AT + VALUE_OFFSET)), free),
        increase(to, constant(SLOT)),
        branchIf(i32.ne(to, end), again),
        // It belongs to the table's beginning, where others are waiting.
        setValue(slot, value),
        give(slot),
      ),
    ),
  );
  const move = sequence(
    key.set(i64.load(slot, TABLE_AT)),
    hashOf(key, hash),
    to.set(item(i32.shrU(hash, shift), SLOT_SHIFT)),
    when(i32.ltU(to, slot), give(slot)),
    setValue(slot, zero),
    probe,
    i64.store(to, key, TABLE_AT),
    setValue(to, value),
  );
  return sequence(
    end.set(i32.add(item(i32.shrU(constant(-1), shift), SLOT_SHIFT), constant(SLOT))),
    repeatWhile(
      i32.geS(slot, zero),
      sequence(
        value.set(i32.load(slot, TABLE_AT + VALUE_OFFSET)),
        when(value, move),
        increase(slot, constant(-SLOT)),
      ),
    ),
    give(constant(-1)),
  );
}

let module: WebAssembly.Module | undefined;

/** Compiled when it is first wanted. */
function compiled(): WebAssembly.Module {
  if (module !== undefined) return module;
  const builder = new ModuleBuilder({ minimum: 1, maximum: 65_536 });
  const number = builder.add(['i32', 'i32', 'i32', 'i32', 'i32'], 'i32', (body) => {
    const misses = body.local('i32');
    return sequence(lookAtRecent(body, misses), touchSlots(body, misses), resolve(body, misses));
  });
  builder.export('number', number);
  builder.export(
    'spread',
    builder.add(['i32', 'i32'], 'i32', (body) => spreadBody(body)),
  );
  module = new WebAssembly.Module(builder.bytes());
  return module;
}

/** Where a table of `words` words and all else lies in a memory. */
function viewsOf({ buffer }: WebAssembly.Memory, words: number) {
  return {
    table: new Int32Array(buffer, TABLE_AT, words),
    rows: new Int32Array(buffer, ROWS_AT, ROWS_BYTES / 4),
    entries: new Uint32Array(buffer, ENTRIES_AT, MOST_ROWS),
    fresh: new Int32Array(buffer, FRESH_AT, MOST_ROWS),
    recent: new Int32Array(buffer, RECENT_AT, RECENT_WORDS),
    taken: new Int32Array(buffer, TAKEN_AT, 1),
  };
}

const pagesOf = (words: number): number => Math.ceil((TABLE_AT + words * 4) / WASM_PAGE);

/** A table in a memory of its own, and the loop over it. */
export class RowNumbering {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;
  #views: ReturnType<typeof viewsOf>;

  /** @param words of the table, a power of two from 2^4 to `MOST_WORDS` */
  constructor(words: number) {
    this.#memory = new WebAssembly.Memory({ initial: pagesOf(words), maximum: pagesOf(MOST_WORDS) });
    this.#views = viewsOf(this.#memory, words);
    const instance = new WebAssembly.Instance(compiled(), { env: { memory: this.#memory } });
    this.#exports = instance.exports as unknown as Exports;
  }

  /** The table, empty at first, until it grows. */
  get table(): Int32Array {
    return this.#views.table;
  }

  /** Whether the rows fit: `numberRows` takes no others. */
  fits(stride: number, count: number): boolean {
    return count <= MOST_ROWS && count * stride * 4 <= ROWS_BYTES;
  }

  /** As `PageNumbers.numberRows`. */
  numberRows(
    words: Int32Array,
    { start, stride, count }: { readonly start: number; readonly stride: number; readonly count: number },
    out: { readonly next: number; readonly entries: Uint32Array; readonly at: number; readonly bits: number },
    fresh: Int32Array,
  ): number {
    const own = this.#views;
    own.rows.set(words.subarray(start, start + (count - 1) * stride + 2));
    const found = this.#exports.number(stride * 4, count, shiftOf(own.table), out.next, out.bits);
    out.entries.set(own.entries.subarray(0, count), out.at);
    fresh.set(own.fresh.subarray(0, found));
    return found;
  }

  /** Slots that were empty and that the last call took; pages that came back took theirs again. */
  get taken(): number {
    return this.#views.taken[0]!;
  }

  /** To be called when a page of the table was released, with its hash. */
  forget(hash: number): void {
    this.#views.recent[((hash >>> (32 - RECENT_BITS)) * SLOT + VALUE_OFFSET) / 4] = 0;
  }

  /** To be called when many pages were released. */
  forgetAll(): void {
    this.#views.recent.fill(0);
  }

  /**
   * Doubles the table where it is: memory that is used for the first time costs more than moving what is in it. Gives
   * the words of the few slots, one after the other, that are still to be put in.
   */
  grow(): number[] {
    const { length } = this.table;
    this.#memory.grow(pagesOf(length * 2) - pagesOf(length));
    this.#views = viewsOf(this.#memory, length * 2);
    const { table } = this.#views;
    // It is 0 already; but a page of memory that is read before it is written costs the host two faults.
    table.fill(0, length);
    const left: number[] = [];
    for (let slot = length * 4 - SLOT; slot >= 0; slot -= SLOT) {
      slot = this.#exports.spread(slot, shiftOf(table));
      if (slot < 0) break;
      const at = slot / 4;
      left.push(...table.subarray(at, at + SLOT / 4));
      table[at + VALUE_OFFSET / 4] = 0;
    }
    return left;
  }
}

/** Bits of a hash below those that are a slot of the table. */
const shiftOf = (table: Int32Array): number => 32 - Math.log2((table.length * 4) / SLOT);
