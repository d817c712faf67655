/** Reads the fields of debugging information one after another. Source: DWARF 5, section 7 (data representation). */
import { viewOf } from './sections.ts';

/** The bytes are not what they have to be; `at` is where. Caught where a table is read, never further up. */
export class DamagedDebugging extends Error {
  readonly at: number;

  constructor(at: number, expectation: string) {
    super(expectation);
    this.at = at;
  }
}

export class DwarfBytes {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #end: number;

  /** Reads from `at` up to `end`. */
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.at = at;
    this.#end = end;
  }

  get end(): number {
    return this.#end;
  }

  get left(): number {
    return this.#end - this.at;
  }

  /** From now on nothing at or beyond `end` is read. */
  narrow(end: number): void {
    if (end > this.#end || end < this.at) this.refuse(`${end - this.at} bytes from here on, of ${this.left}`);
    this.#end = end;
  }

  u8 = (): number => this.#view.getUint8(this.#take(1));
  i8 = (): number => this.#view.getInt8(this.#take(1));
  u16 = (): number => this.#view.getUint16(this.#take(2), true);
  u32 = (): number => this.#view.getUint32(this.#take(4), true);
  /** Beyond 2^53 it is rounded. */
  u64 = (): number => Number(this.#view.getBigUint64(this.#take(8), true));

  /** A length or offset: 8 bytes in the 64-bit format. */
  offset(format: 32 | 64): number {
    return format === 64 ? this.u64() : this.u32();
  }

  /** An unsigned integer of as many bytes as it needs (ULEB128). */
  unsigned(): number {
    const start = this.at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      // Padding may follow, but no value that numbers do not hold.
      if (!Number.isSafeInteger(value)) throw new DamagedDebugging(start, 'a number below 2^53');
      if (byte < 0x80) return value;
      if (this.at - start > MOST_LEB_BYTES) throw new DamagedDebugging(start, 'a number of at most 16 bytes');
    }
  }

  /** A signed one (SLEB128). */
  signed(): number {
    const start = this.at;
    const first = this.u8();
    // Nearly all are this short.
    if (first < 0x80) return first & 0x40 ? first - 0x80 : first;
    this.at = start;
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (this.at - start > MOST_LEB_BYTES) throw new DamagedDebugging(start, 'a number of at most 16 bytes');
      if (byte >= 0x80) continue;
      const number = Number(byte & 0x40 ? value - (1n << (shift + 7n)) : value);
      if (Number.isSafeInteger(number)) return number;
      throw new DamagedDebugging(start, 'a number below 2^53');
    }
  }

  /** The text up to the next zero byte. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.at);
    if (end < 0 || end >= this.#end) this.refuse('a text that ends in a zero byte');
    const text = decoder.decode(this.#bytes.subarray(this.at, end));
    this.at = end + 1;
    return text;
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** @throws DamagedDebugging naming what was expected here */
  refuse(expectation: string): never {
    throw new DamagedDebugging(this.at, expectation);
  }

  #take(count: number): number {
    const { at } = this;
    if (at + count > this.#end) this.refuse(`${count} more bytes`);
    this.at = at + count;
    return at;
  }
}

const MOST_LEB_BYTES = 16;
const decoder = new TextDecoder();
