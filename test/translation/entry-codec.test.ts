/** Entries between the kernel's form and that of tables: bit patterns by hand from the manuals, and round trips. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryCodec } from '../../src/translation/entry-codec.ts';
import { twoLevel } from '../../src/translation/two-level.ts';
import { x86 } from '../../src/translation/x86-64.ts';

/** The kernel's flags, in RISC-V's places. */
const [V, R, W, X, U, A, D] = [1, 2, 4, 8, 16, 64, 128];

const toTable = (codec: EntryCodec, low: number, high: number): [number, number] => {
  codec.toTable(low, high);
  return [codec.low, codec.high];
};
const toKernel = (codec: EntryCodec, low: number, high: number): [number, number] => {
  codec.toKernel(low, high);
  return [codec.low, codec.high];
};

// Intel SDM, volume 3A, table 4-20: P 0, R/W 1, U/S 2, A 5, D 6, frame from 12 on, NX 63; bits 9 to 11 are ignored.
const ofX86: readonly [string, number, number, number][] = [
  ['user, writable, used, written, NX', (0x12345 << 10) | V | R | W | U | A | D, 0x1234_5067, 0x8000_0000],
  ['user, read and execute, unused', (7 << 10) | V | R | X | U, 0x7005, 0],
  ['user, read only, NX', (1 << 10) | V | R | U, 0x1005, 0x8000_0000],
  ['user, everything', (0xbffff << 10) | V | R | W | X | U | A | D, 0xbfff_f067, 0],
  ['execute only, by an ignored bit', (3 << 10) | V | X | U | A, 0x3225, 0],
  ['in slot 5', 2, 2, 5],
];

// Sv32 (RISC-V, volume II, section 12.3): V R W X U G A D from bit 0, frame from 10 on.
const ofSv32: readonly [string, number, number, number][] = [
  ['writable, used, written', (0x12345 << 10) | V | R | W | U | A | D, 0x048d_14d7, 0],
  ['read and execute', (7 << 10) | V | R | X | U, 0x1c1b, 0],
  ['execute only', (0xbffff << 10) | V | X | U | A, 0x2fff_fc59, 0],
];

describe('bit patterns of the manuals', () => {
  it.each(ofX86)('x86-64: %s', (_, kernel, low, high) => {
    const codec = new EntryCodec(x86);
    const kernelHigh = (kernel & 1) === 0 ? high : 0;
    expect(toTable(codec, kernel >>> 0, kernelHigh)).toEqual([low, high]);
    expect(toKernel(codec, low, high)).toEqual([kernel >>> 0, kernelHigh]);
  });

  it.each(ofSv32)('Sv32: %s', (_, kernel, low) => {
    const codec = new EntryCodec(twoLevel);
    expect(toTable(codec, kernel >>> 0, 0)).toEqual([low, 0]);
    expect(toKernel(codec, low, 0)).toEqual([kernel >>> 0, 0]);
  });

  it('an invalid entry of 4 bytes has its payload from bit 4 on, and no more of it than 28 bits', () => {
    const codec = new EntryCodec(twoLevel);
    expect(toTable(codec, 1 << 1, 5)).toEqual([0x52, 0]);
    expect(toTable(codec, 4 << 1, 2 ** 28 - 1)).toEqual([0xffff_fff8, 0]);
    expect(toKernel(codec, 0xffff_fff8, 0)).toEqual([8, 2 ** 28 - 1]);
    expect(() => codec.toTable(2, 2 ** 28)).toThrow('invariant broken');
  });
});

describe.each([
  { format: x86, most: 2 ** 32 - 1 },
  { format: twoLevel, most: 2 ** 28 - 1 },
])('$format.name', ({ format, most }) => {
  const valid = fc
    .tuple(fc.nat(2 ** 20 - 1), fc.constantFrom(R, R | W, X, R | X, R | W | X), fc.nat(3), fc.boolean())
    .map(([frame, rights, used, user]): [number, number] => [
      ((frame << 10) | V | rights | (used << 6) | (user ? U : 0)) >>> 0,
      0,
    ]);
  const invalid = fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.nat(most))
    .map(([kind, payload]): [number, number] => [kind << 1, kind === 0 ? 0 : payload]);

  it('gives back every entry that the kernel writes', () => {
    const codec = new EntryCodec(format);
    fc.assert(
      fc.property(fc.oneof(valid, invalid), ([low, high]) => {
        const table = toTable(codec, low, high);
        expect((table[0] & 1) === 1).toBe((low & 1) === 1);
        expect(toKernel(codec, ...table)).toEqual([low, high]);
      }),
      { numRuns: 300 },
    );
  });

  it('tells different entries apart', () => {
    const codec = new EntryCodec(format);
    fc.assert(
      fc.property(fc.oneof(valid, invalid), fc.oneof(valid, invalid), (one, other) => {
        fc.pre(one.join() !== other.join());
        expect(toTable(codec, ...one)).not.toEqual(toTable(codec, ...other));
      }),
    );
  });
});

describe('x86-64 entries that the hardware would read', () => {
  it('mean to it what they mean to the kernel, but for pages that may only be executed', () => {
    const codec = new EntryCodec(x86);
    const bits = fc.record({ frame: fc.nat(2 ** 20 - 1), low: fc.nat(0xff), nx: fc.boolean() });
    fc.assert(
      fc.property(bits, ({ frame, low, nx }) => {
        // Without PWT, PCD and PAT, which this machine has no caches for.
        const flags = (low & 0x66) | 1;
        const [kernel] = toKernel(codec, ((frame << 12) | flags) >>> 0, nx ? 2 ** 31 : 0);
        const bit = (mask: number) => (kernel & mask) !== 0;
        expect([bit(V), bit(R), bit(W), bit(X)]).toEqual([true, true, (flags & 2) !== 0, !nx]);
        expect([bit(U), bit(A), bit(D)]).toEqual([4, 0x20, 0x40].map((mask) => (flags & mask) !== 0));
        expect(kernel >>> 10).toBe(frame);
      }),
    );
  });
});
