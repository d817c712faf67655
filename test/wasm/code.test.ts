import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteSink, Code } from '../../src/wasm/code.ts';

function written(write: (sink: ByteSink) => void): number[] {
  const sink = new ByteSink(1);
  write(sink);
  return [...sink.view()];
}

/** Groups of 7 bits, least significant first; the top bit says that more follow. */
function readUnsigned(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte, i) => sum + (BigInt(byte & 0x7f) << BigInt(7 * i)), 0n);
}

function readSigned(bytes: readonly number[]): bigint {
  const bits = 7 * bytes.length;
  return BigInt.asIntN(bits, readUnsigned(bytes));
}

const isOneNumber = (bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => byte >= 0x80 === i < bytes.length - 1);

describe('unsigned LEB128', () => {
  // 624485 = 0x98765 = 0100110 0001110 1100101 in groups of 7, lowest first: 65|80, 0e|80, 26.
  it.each([
    [0, [0]],
    [1, [1]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [16383, [0xff, 0x7f]],
    [16384, [0x80, 0x80, 1]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('%d', (value, bytes) => {
    expect(written((sink) => sink.unsigned(value))).toEqual(bytes);
  });

  it('reads back', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (value) => {
        const bytes = written((sink) => sink.unsigned(value));
        expect(isOneNumber(bytes)).toBe(true);
        expect(readUnsigned(bytes)).toBe(BigInt(value));
      }),
    );
  });
});

describe('signed LEB128', () => {
  // 63 fits seven bits with a sign bit of 0, 64 does not; -64 fits, -65 does not.
  // -123456 = ...1111000 0111011 1000000: 40|80, 3b|80, 78 (its bit 6 is the sign).
  it.each([
    [0, [0]],
    [-1, [0x7f]],
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])('%d', (value, bytes) => {
    expect(written((sink) => sink.signed(value))).toEqual(bytes);
    expect(written((sink) => sink.signed64(BigInt(value)))).toEqual(bytes);
  });

  // 2^63 - 1: nine groups of ones and one of 0; -2^63: nine of zeros and 1111111.
  it.each([
    [2n ** 63n - 1n, [...Array<number>(9).fill(0xff), 0]],
    [-(2n ** 63n), [...Array<number>(9).fill(0x80), 0x7f]],
  ])('%d', (value, bytes) => {
    expect(written((sink) => sink.signed64(value))).toEqual(bytes);
  });

  it('takes 32 bits unsigned for the same number signed', () => {
    expect(written((sink) => sink.signed(0xffffffff))).toEqual([0x7f]);
    expect(written((sink) => sink.signed64(2n ** 64n - 1n))).toEqual([0x7f]);
  });

  it('reads back, and is the shortest', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = written((sink) => sink.signed64(value));
        expect(isOneNumber(bytes)).toBe(true);
        expect(readSigned(bytes)).toBe(value);
        const shorter = BigInt.asIntN(7 * (bytes.length - 1), value);
        expect(bytes.length === 1 || shorter !== value).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(written((sink) => sink.signed(value))).toEqual(
          written((sink) => sink.signed64(BigInt(value))),
        );
      }),
    );
  });
});

describe('a byte sink', () => {
  it('writes names with their length in bytes', () => {
    expect(written((sink) => sink.name('aé'))).toEqual([3, 0x61, 0xc3, 0xa9]);
  });

  it('grows', () => {
    const source = Uint8Array.from({ length: 1000 }, (_, i) => i & 255);
    const bytes = written((sink) => {
      sink.byte(7);
      sink.append(source);
      sink.byte(9);
    });
    expect(bytes).toEqual([7, ...source, 9]);
  });
});

describe('a function body', () => {
  it('declares its locals in runs of one type, then code, then end', () => {
    const code = new Code(2);
    expect([code.local('i32'), code.local('i32'), code.local('i64'), code.local('i32')]).toEqual([
      2, 3, 4, 5,
    ]);
    code.byte(0x01);
    // 3 runs: 2 × i32 (7f), 1 × i64 (7e), 1 × i32; nop; end
    expect([...code.body()]).toEqual([3, 2, 0x7f, 1, 0x7e, 1, 0x7f, 0x01, 0x0b]);
  });

  it('gives a scratch local out again only when it came back, and only for its type', () => {
    const code = new Code(1);
    const first = code.acquire('i32');
    expect(code.acquire('i32')).not.toBe(first);
    code.release('i32', first);
    expect(code.acquire('i64')).not.toBe(first);
    expect(code.acquire('i32')).toBe(first);
  });
});
