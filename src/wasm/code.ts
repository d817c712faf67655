/**
 * Bytes of one WebAssembly function body, written front to back. Expressions append themselves to it, so no
 * tree of byte arrays is ever joined. It also knows how deep the nesting of blocks is, which turns a label
 * into the relative depth that branches need, and hands out scratch locals.
 *
 * Source: WebAssembly Core Specification 2.0, chapter 5 (binary format).
 */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

const TYPE_BYTE: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

export const typeByte = (type: ValueType): number => TYPE_BYTE[type];

/** A growing run of bytes with the format's LEB128 integers. */
export class ByteSink {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  append(source: Uint8Array): void {
    if (this.length + source.length > this.bytes.length) this.#grow(source.length);
    this.bytes.set(source, this.length);
    this.length += source.length;
  }

  /** Unsigned LEB128, 0 to 2^32 - 1. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** Signed LEB128 of a 64-bit integer. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** Length-prefixed UTF-8. */
  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.unsigned(encoded.length);
    this.append(encoded);
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  #grow(need: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + need));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}

/** A place to branch to. Its depth is known only while its block is being written. */
export interface Label {
  depth: number;
}

export class Code extends ByteSink {
  /** Open blocks, the function's own included. */
  depth = 1;
  readonly #parameterCount: number;
  readonly #localTypes: ValueType[] = [];
  readonly #idle: Record<ValueType, number[]> = { i32: [], i64: [], f32: [], f64: [], v128: [] };

  constructor(parameterCount: number) {
    super(1024);
    this.#parameterCount = parameterCount;
  }

  /** A new local of the function; its index. */
  local(type: ValueType): number {
    this.#localTypes.push(type);
    return this.#parameterCount + this.#localTypes.length - 1;
  }

  /** A scratch local, to be given back with `release` when its scope ends. */
  acquire(type: ValueType): number {
    return this.#idle[type].pop() ?? this.local(type);
  }

  release(type: ValueType, index: number): void {
    this.#idle[type].push(index);
  }

  /** Relative depth of `label` from here. */
  distance(label: Label): number {
    if (label.depth === 0 || label.depth > this.depth)
      throw new Error('branch to a label whose block is not open');
    return this.depth - label.depth;
  }

  /** The complete body: local declarations (runs of one type joined), code, end. */
  body(): Uint8Array {
    const out = new ByteSink(this.length + 64);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#localTypes) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    out.unsigned(runs.length);
    for (const run of runs) {
      out.unsigned(run.count);
      out.byte(typeByte(run.type));
    }
    out.append(this.view());
    out.byte(0x0b);
    return out.view();
  }
}
