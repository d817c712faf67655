/** Requests for objects of a cache, as libCacheSim keeps them. */
import { UserError } from '../../base/errors.ts';
import { KIND } from '../dense.ts';
import type { FormatContext, TraceFormat, TraceParser, TraceSink } from './contract.ts';
import { EntrySplitter } from './entries.ts';

/** Bytes of an entry, and where its members lie; all are little endian and packed. */
const ENTRY = 24;
const AT = { time: 0, objectLow: 4, objectHigh: 8, size: 12, nextLow: 16, nextHigh: 20 } as const;

/** The same in words of 32 bits; hosts are little endian too. */
const ENTRY_WORDS = ENTRY / 4;
const OBJECT_WORD = AT.objectLow / 4;
const NEXT_HIGH_WORD = AT.nextHigh / 4;

/** No trace has 2^48 requests; a later next one is no number of a request. */
const LAST_HIGH = 0xffff;
/** Upper half of the largest number, which stands for never in some traces, as -1 does in the others. */
const NEVER_HIGH = 0x7fff_ffff;
/** Entries that are checked and handed on together: so few that they are still in the nearest cache. */
const BATCH = 1024;
/** So many plausible entries are no accident. */
const MANY = 4;

class OracleGeneralParser implements TraceParser {
  readonly #name: string;
  readonly #sink: TraceSink;
  readonly #entries: EntrySplitter;
  #isNoted = false;

  constructor({ name }: FormatContext, sink: TraceSink) {
    this.#name = name;
    this.#sink = sink;
    this.#entries = new EntrySplitter(ENTRY, 0, (bytes, start, end) => this.#decode(bytes, start, end));
  }

  push(bytes: Uint8Array): void {
    this.#entries.push(bytes);
  }

  end(): void {
    const left = this.#entries.rest.length;
    if (left === 0) return;
    const place = this.#name + this.#entries.offsetOf(0);
    throw new UserError(place, `cut off: ${left} bytes, expected an entry of ${ENTRY}`);
  }

  #decode(bytes: Uint8Array, start: number, end: number): number {
    const count = Math.floor((end - start) / ENTRY);
    if (count === 0) return start;
    const words = this.#wordsOf(bytes, start, count);
    for (let first = 0; first < count; first += BATCH) {
      const last = Math.min(count, first + BATCH);
      if (isOneMalformed(words, first, last)) throw this.#malformed(words, first, start);
      const rows = { start: first * ENTRY_WORDS + OBJECT_WORD, stride: ENTRY_WORDS, count: last - first };
      this.#sink.pages(KIND.load, words, rows);
    }
    if (!this.#isNoted) {
      this.#isNoted = true;
      this.#sink.note('an object of the trace is one page, whatever its size');
    }
    return start + count * ENTRY;
  }

  /** The entries as words; a copy where they do not begin at one. */
  #wordsOf(bytes: Uint8Array, start: number, count: number): Int32Array {
    const from = bytes.byteOffset + start;
    if (from % 4 === 0) return new Int32Array(bytes.buffer, from, count * ENTRY_WORDS);
    return new Int32Array(bytes.slice(start, start + count * ENTRY).buffer);
  }

  /** What is wrong with the first malformed entry, from `first` on. */
  #malformed(words: Int32Array, first: number, start: number): UserError {
    let entry = first;
    while (!isOneMalformed(words, entry, entry + 1)) entry++;
    const at = entry * ENTRY_WORDS;
    const next = (BigInt(words[at + NEXT_HIGH_WORD]!) << 32n) | BigInt(words[at + NEXT_HIGH_WORD - 1]! >>> 0);
    const place = this.#name + this.#entries.offsetOf(start + entry * ENTRY + AT.nextLow);
    return new UserError(place, `next request ${next}, expected its number, or -1 for none`);
  }
}

/** Whether the next request of one of the entries `from` to `to` - 1 is below -1. */
function isOneMalformed(words: Int32Array, from: number, to: number): boolean {
  // Of all numbers only those below -1 have the sign bit in common with the one after them. Four at a time, and no jump for
  // any: this loop is over all entries of a trace.
  let both = 0;
  let entry = from;
  for (; entry + 4 <= to; entry += 4) {
    const at = entry * ENTRY_WORDS + NEXT_HIGH_WORD;
    const a = words[at]!;
    const b = words[at + ENTRY_WORDS]!;
    const c = words[at + 2 * ENTRY_WORDS]!;
    const d = words[at + 3 * ENTRY_WORDS]!;
    both |= (a & (a + 1)) | (b & (b + 1)) | (c & (c + 1)) | (d & (d + 1));
  }
  for (; entry < to; entry++) {
    const next = words[entry * ENTRY_WORDS + NEXT_HIGH_WORD]!;
    both |= next & (next + 1);
  }
  return both < 0;
}

/** Whether an entry can be the one with this index: that its next request comes later, if there is one. */
function isPlausible(view: DataView, at: number, index: number): boolean {
  const nextLow = view.getUint32(at + AT.nextLow, true);
  const nextHigh = view.getInt32(at + AT.nextHigh, true);
  if (nextHigh === -1) return nextLow === 0xffff_ffff;
  if (nextHigh === NEVER_HIGH) return nextLow === 0xffff_ffff;
  return nextHigh > 0 ? nextHigh <= LAST_HIGH : nextHigh === 0 && nextLow > index;
}

function recognizes(head: Uint8Array): 0 | 1 | 2 {
  const count = Math.floor(head.length / ENTRY);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  let time = 0;
  let empty = 0;
  for (let index = 0; index < count; index++) {
    const at = index * ENTRY;
    const now = view.getUint32(at + AT.time, true);
    if (now < time || !isPlausible(view, at, index)) return 0;
    time = now;
    if (view.getUint32(at + AT.size, true) === 0) empty++;
  }
  // Some traces have a few objects without a size.
  if (count === 0 || empty * 2 > count) return 0;
  return count >= MANY ? 2 : 1;
}

export const oracleGeneral: TraceFormat = {
  name: 'oracle-general',
  summary: 'libCacheSim oracleGeneral: requests of a storage or web cache; an object is a page',
  source: "libCacheSim's traceConv, and the traces that are published with it",
  example: 'entries of 24 bytes, little endian: uint32 time, uint64 object, uint32 size, int64 next request',
  recognizes,
  parser: (context, sink) => new OracleGeneralParser(context, sink),
};
