import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../src/base/checksum.ts';
import {
  hashByte,
  hashBytes,
  hashHex,
  hashNumber,
  hashText,
  hashValue,
  streamHash,
} from '../../src/base/stream-hash.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

describe('checksum', () => {
  // Known answers of xxHash32 with seed 0.
  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('%j', (text, expected) => {
    expect(checksum(ascii(text))).toBe(expected);
  });

  it('does not depend on where the bytes lie', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, shift) => {
        const moved = new Uint8Array(200);
        moved.set(bytes, shift);
        expect(checksum(moved.subarray(shift, shift + bytes.length))).toBe(checksum(bytes));
      }),
    );
  });

  it('finds each single flipped bit of a page', () => {
    const page = Uint8Array.from({ length: 4096 }, (_, at) => (at * 37) & 255);
    const sound = checksum(page);
    for (let at = 0; at < 4096; at++) {
      const flipped = 1 << (at % 8);
      page[at] = (page[at] as number) ^ flipped;
      expect(checksum(page)).not.toBe(sound);
      page[at] = (page[at] as number) ^ flipped;
    }
  });
});

/** FNV-1a with 64 bits as its definition says. */
const fnv1a = (bytes: Uint8Array) => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
};

const hexOf = (add: (hash: ReturnType<typeof streamHash>) => void) => {
  const hash = streamHash();
  add(hash);
  return hashHex(hash);
};

describe('stream hash', () => {
  // Known answers from the authors' test suite.
  it.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('%j', (text, expected) => {
    expect(hexOf((hash) => hashBytes(hash, ascii(text)))).toBe(expected);
  });

  it('is FNV-1a of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(hexOf((hash) => hashBytes(hash, bytes))).toBe(fnv1a(bytes));
      }),
    );
  });

  it('adds text as UTF-8 and a byte 255', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = Uint8Array.of(...ascii(text), 255);
        expect(hexOf((hash) => hashText(hash, text))).toBe(fnv1a(bytes));
      }),
    );
  });

  it('adds numbers as doubles, lowest byte first', () => {
    // 1 is 3ff0000000000000.
    expect(hexOf((hash) => hashNumber(hash, 1))).toBe(fnv1a(Uint8Array.of(0, 0, 0, 0, 0, 0, 0xf0, 0x3f)));
  });

  it('goes on from a copy of its state', () => {
    const hash = streamHash();
    hashText(hash, 'before');
    const copy = structuredClone(hash);
    for (const one of [hash, copy]) hashByte(one, 7);
    expect(hashHex(copy)).toBe(hashHex(hash));
  });

  it('tells values apart that print alike', () => {
    const values: unknown[] = [
      1,
      '1',
      true,
      'true',
      1n,
      null,
      undefined,
      'null',
      [],
      {},
      '',
      [1],
      ['1'],
      [[1]],
      { a: 1 },
    ];
    values.push({ a: '1' }, { a: undefined }, [1, 2], [[1], 2], -0, 0, Uint8Array.of(1), Uint8Array.of(1, 0));
    const hashes = values.map((value) => hexOf((hash) => hashValue(hash, value)));
    expect(new Set(hashes).size).toBe(values.length);
  });

  it('takes plain data only', () => {
    expect(() => hashValue(streamHash(), { f: () => 1 })).toThrow('a function is not plain data');
  });

  it('is equal for equal values and unequal for unequal ones', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const [first, second] = [a, b].map((one) => hexOf((hash) => hashValue(hash, one)));
        expect(hexOf((hash) => hashValue(hash, structuredClone(a)))).toBe(first);
        if (JSON.stringify(a) !== JSON.stringify(b)) expect(second).not.toBe(first);
      }),
    );
  });
});
