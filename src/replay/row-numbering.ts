/**
 * The inner loop of page-numbers.ts in WebAssembly, for tables that are large enough for it to matter: a 64-bit
 * comparison and no bounds checks take half of the time.
 *
 *   memory: counter · rows given · entries made · fresh rows · table, as page-numbers.ts lays it out
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

/** Rows at a time, at most. */
export const MOST_ROWS = 4096;
const USED_AT = 0;
const ROWS_AT = 1 << 16;
const ROWS_BYTES = 1 << 20;
const ENTRIES_AT = ROWS_AT + ROWS_BYTES;
const FRESH_AT = ENTRIES_AT + MOST_ROWS * 4;
const TABLE_AT = 1 << 21;
const WASM_PAGE = 1 << 16;
const VALUE_OFFSET = 8;
const SLOT_SHIFT = 4;

interface Exports {
  /** Numbers `count` rows that lie `stride` bytes apart; gives how many pages were not there before. */
  number(stride: number, count: number, mask: number, next: number, bits: number): number;
}

const zero = i32.const(0);

/** The same as `hash` in page-numbers.ts, of a key with the low half below. */
function slotOf(key: Local<'i64'>, mask: Local<'i32'>, h: Local<'i32'>): Statement {
  const high = i32.wrap(i64.shrU(key, i64.const(32)));
  return sequence(
    h.set(high),
    h.set(i32.mul(i32.xor(h, i32.shrU(h, i32.const(15))), i32.const(0x85ebca6b | 0))),
    h.set(i32.mul(i32.xor(i32.wrap(key), h), i32.const(0x9e3779b1 | 0))),
    h.set(i32.xor(h, i32.shrU(h, i32.const(15)))),
    h.set(i32.and(i32.shl(h, i32.const(SLOT_SHIFT)), mask)),
  );
}

function numberBody(body: Body): Statement {
  const [stride, count, mask, next, bits] = [0, 1, 2, 3, 4].map((i) => body.parameter('i32', i)) as [
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
  ];
  const key = body.local('i64');
  const [slot, value, row, from, found] = Array.from({ length: 5 }, () => body.local('i32')) as [
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
    Local<'i32'>,
  ];
  const keyThere: I64 = i64.load(slot, TABLE_AT);
  const rowAt = (base: number, index: I32): { at: I32; base: number } => ({
    at: i32.shl(index, i32.const(2)),
    base,
  });
  const fresh = rowAt(FRESH_AT, found);
  const entry = rowAt(ENTRIES_AT, row);
  const admit = sequence(
    when(i32.eqz(value), i32.store(zero, i32.add(i32.load(zero, USED_AT), i32.const(1)), USED_AT)),
    i64.store(slot, key, TABLE_AT),
    i32.store(fresh.at, row, fresh.base),
    found.set(i32.add(found, i32.const(1))),
    value.set(i32.add(next, found)),
    i32.store(slot, value, TABLE_AT + VALUE_OFFSET),
  );
  return sequence(
    from.set(i32.const(ROWS_AT)),
    block((done) =>
      loop((again) =>
        sequence(
          branchIf(i32.geU(row, count), done),
          key.set(i64.load(from)),
          slotOf(key, mask, slot),
          block((stop) =>
            loop((probe) =>
              sequence(
                value.set(i32.load(slot, TABLE_AT + VALUE_OFFSET)),
                branchIf(i32.eqz(value), stop),
                branchIf(i64.eq(keyThere, key), stop),
                slot.set(i32.and(i32.add(slot, i32.const(1 << SLOT_SHIFT)), mask)),
                branch(probe),
              ),
            ),
          ),
          when(i32.leS(value, zero), admit),
          i32.store(entry.at, i32.or(bits, i32.sub(value, i32.const(1))), entry.base),
          row.set(i32.add(row, i32.const(1))),
          from.set(i32.add(from, stride)),
          branch(again),
        ),
      ),
    ),
    give(found),
  );
}

let module: WebAssembly.Module | undefined;

/** Compiled when it is first wanted. */
function compiled(): WebAssembly.Module {
  if (module !== undefined) return module;
  const builder = new ModuleBuilder({ minimum: 1, maximum: 65_536 });
  builder.export(
    'number',
    builder.add(['i32', 'i32', 'i32', 'i32', 'i32'], 'i32', (body) => numberBody(body)),
  );
  module = new WebAssembly.Module(builder.bytes());
  return module;
}

/** A table of `words` words in a memory of its own, and the loop over it. */
export class RowNumbering {
  /** The table: empty at first. */
  readonly table: Int32Array;
  readonly #rows: Int32Array;
  readonly #entries: Uint32Array;
  readonly #fresh: Int32Array;
  readonly #used: Int32Array;
  readonly #exports: Exports;

  /** @param words a power of two, at most 2^29 */
  constructor(words: number) {
    const pages = Math.ceil((TABLE_AT + words * 4) / WASM_PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.table = new Int32Array(memory.buffer, TABLE_AT, words);
    this.#rows = new Int32Array(memory.buffer, ROWS_AT, ROWS_BYTES / 4);
    this.#entries = new Uint32Array(memory.buffer, ENTRIES_AT, MOST_ROWS);
    this.#fresh = new Int32Array(memory.buffer, FRESH_AT, MOST_ROWS);
    this.#used = new Int32Array(memory.buffer, USED_AT, 1);
    const instance = new WebAssembly.Instance(compiled(), { env: { memory } });
    this.#exports = instance.exports as unknown as Exports;
  }

  /** Whether the rows fit: `numberRows` takes no others. */
  fits(stride: number, count: number): boolean {
    return count <= MOST_ROWS && count * stride * 4 <= ROWS_BYTES;
  }

  /** As `PageNumbers.numberRows`; gives the new pages, and how many slots that were empty they took. */
  numberRows(
    words: Int32Array,
    { start, stride, count }: { readonly start: number; readonly stride: number; readonly count: number },
    out: { readonly next: number; readonly entries: Uint32Array; readonly at: number; readonly bits: number },
    fresh: Int32Array,
  ): { found: number; used: number } {
    this.#rows.set(words.subarray(start, start + (count - 1) * stride + 2));
    this.#used[0] = 0;
    const found = this.#exports.number(stride * 4, count, this.table.length * 4 - 1, out.next, out.bits);
    out.entries.set(this.#entries.subarray(0, count), out.at);
    fresh.set(this.#fresh.subarray(0, found));
    return { found, used: this.#used[0] };
  }
}
