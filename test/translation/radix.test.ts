import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame } from '../../src/base/numbers.ts';
import {
  DROPPED,
  encodeInvalid,
  HIDDEN,
  kindOf,
  payloadOf,
  SWAPPED,
} from '../../src/translation/invalid-entry.ts';
import {
  type AccessKind,
  decodeLeaf,
  encodeLeaf,
  encodePointer,
  indexAt,
  type RadixGeometry,
  userLimit,
  walk,
} from '../../src/translation/radix.ts';
import { sv39 } from '../../src/translation/sv39.ts';

/** Two levels of 10 bits and entries of 4 bytes, as in the 32-bit formats. */
const twoLevels: RadixGeometry = {
  ...sv39,
  name: 'two levels',
  addressBits: 32,
  indexBits: [10, 10],
  entryBytes: 4,
  entry: { ...sv39.entry, ppnBits: 22, reservedMask: 0n },
};

const ram = (frames: number) => new DataView(new ArrayBuffer(frames * 4096));

const V = 1;
const R = 2;
const W = 4;
const X = 8;
const U = 16;

/**
 * Address 0x1234567abc in three levels:
 *
 *   0x1234567abc >> 30 = 0x48 = 72          index in the root, frame 5
 *   0x1234567abc >> 21 & 511 = 0x1a2 = 418   in frame 9
 *   0x1234567abc >> 12 & 511 = 0x167 = 359   in frame 3
 */
const ADDRESS = 0x1234567abc;
const ROOT_ENTRY = 5 * 4096 + 72 * 8;
const MIDDLE_ENTRY = 9 * 4096 + 418 * 8;
const LEAF_ENTRY = 3 * 4096 + 359 * 8;

function threeTables(leaf: bigint): DataView {
  const view = ram(16);
  view.setBigUint64(ROOT_ENTRY, (9n << 10n) | 1n, true);
  view.setBigUint64(MIDDLE_ENTRY, (3n << 10n) | 1n, true);
  view.setBigUint64(LEAF_ENTRY, leaf, true);
  return view;
}

const leafOf = (flags: number, ppn = 0xabcden) => (ppn << 10n) | BigInt(flags);
const go = (view: DataView, access: AccessKind = 'load', address = ADDRESS) =>
  walk(sv39, view, frame(5), address, access);

describe('walk of Sv39', () => {
  it('reads one entry a level, at the addresses computed by hand', () => {
    const result = go(threeTables(leafOf(V | R | U)));
    expect(result).toMatchObject({
      kind: 'leaf',
      entryAddress: LEAF_ENTRY,
      level: 2,
      frame: 0xabcde,
      loads: 3,
    });
  });

  it('splits an address into its indices', () => {
    expect([0, 1, 2].map((level) => indexAt(sv39, level, ADDRESS))).toEqual([72, 418, 359]);
  });

  it.each<[AccessKind, number, boolean]>([
    ['load', V | R | U, true],
    ['load', V | X | U, false],
    ['store', V | R | U, false],
    ['store', V | R | W | U, true],
    ['fetch', V | R | U, false],
    ['fetch', V | X | U, true],
  ])('%s with flags %i: %s', (access, flags, allowed) => {
    const result = go(threeTables(leafOf(flags)), access);
    expect(result).toMatchObject(allowed ? { kind: 'leaf' } : { kind: 'fault', rule: 'permission' });
  });

  it.each<[string, bigint]>([
    ['valid', leafOf(R | U)],
    ['write needs read', leafOf(V | W | U)],
    ['reserved bits', leafOf(V | R | U) | (1n << 54n)],
    ['reserved bits', leafOf(V | R | U) | (1n << 63n)],
    ['leaf at the last level', leafOf(V)],
    ['user page', leafOf(V | R)],
  ])('faults by the rule "%s"', (rule, leaf) => {
    expect(go(threeTables(leaf))).toMatchObject({ kind: 'fault', rule, level: 2, loads: 3 });
  });

  it('stops at an invalid upper entry, whatever lies below', () => {
    const view = threeTables(leafOf(V | R | U));
    view.setBigUint64(MIDDLE_ENTRY, 3n << 10n, true);
    expect(go(view)).toEqual({ kind: 'fault', rule: 'valid', level: 1, loads: 2 });
  });

  it('refuses a pointer with bits that only leaves may have', () => {
    for (const bit of [4n, 6n, 7n]) {
      const view = threeTables(leafOf(V | R | U));
      view.setBigUint64(ROOT_ENTRY, (9n << 10n) | 1n | (1n << bit), true);
      expect(go(view)).toEqual({ kind: 'fault', rule: 'pointer carries leaf bits', level: 0, loads: 1 });
    }
  });

  it('takes a leaf above the last level for a superpage, which must be aligned', () => {
    const view = ram(16);
    view.setBigUint64(5 * 4096 + 72 * 8, (9n << 10n) | 1n, true);
    view.setBigUint64(MIDDLE_ENTRY, leafOf(V | R | U, 0x400n), true);
    expect(go(view)).toMatchObject({ kind: 'leaf', level: 1, frame: 0x400 + 359, loads: 2 });
    view.setBigUint64(MIDDLE_ENTRY, leafOf(V | R | U, 0x401n), true);
    expect(go(view)).toMatchObject({ kind: 'fault', rule: 'superpage alignment', level: 1 });
  });

  it('knows no address from 2^38 on', () => {
    expect(userLimit(sv39)).toBe(2 ** 38);
    expect(go(threeTables(0n), 'load', 2 ** 38)).toEqual({
      kind: 'fault',
      rule: 'canonical address',
      level: 0,
      loads: 0,
    });
  });
});

describe('walk of two levels', () => {
  it('reads entries of four bytes', () => {
    // 0x12345678: 0x12345678 >> 22 = 72, >> 12 & 1023 = 837.
    const view = ram(8);
    view.setUint32(1 * 4096 + 72 * 4, (2 << 10) | V, true);
    view.setUint32(2 * 4096 + 837 * 4, (7 << 10) | V | R | U, true);
    expect(walk(twoLevels, view, frame(1), 0x12345678, 'load')).toMatchObject({
      kind: 'leaf',
      entryAddress: 2 * 4096 + 837 * 4,
      frame: 7,
      loads: 2,
    });
  });
});

describe('entries', () => {
  it('keep frame and flags', () => {
    const flag = fc.boolean();
    const leaf = fc.record({
      frame: fc.integer({ min: 0, max: 2 ** 44 - 1 }).map(frame),
      read: flag,
      write: flag,
      execute: flag,
      user: flag,
      global: flag,
      accessed: flag,
      dirty: flag,
    });
    fc.assert(
      fc.property(leaf, (value) => {
        expect(decodeLeaf(sv39.entry, encodeLeaf(sv39.entry, value))).toEqual(value);
      }),
    );
  });

  it('are laid out as the architecture says', () => {
    const all = {
      read: true,
      write: true,
      execute: true,
      user: true,
      global: false,
      accessed: true,
      dirty: true,
    };
    expect(encodeLeaf(sv39.entry, { ...all, frame: frame(0x12345) })).toEqual({
      low: (0x12345 << 10) | 0xdf,
      high: 0,
    });
    expect(encodePointer(sv39.entry, frame(2 ** 22 + 1))).toEqual({ low: (1 << 10) | 1, high: 1 });
  });

  it.each([sv39, twoLevels])('hold a slot, a key or a frame while invalid: $name', (geometry) => {
    const most = geometry.entryBytes === 8 ? 2 ** 32 - 1 : 2 ** 28 - 1;
    for (const kind of [SWAPPED, DROPPED, HIDDEN] as const) {
      for (const payload of [0, 1, 12345, most]) {
        const { low, high } = encodeInvalid(geometry, kind, payload);
        expect(low & 1).toBe(0);
        expect(low).not.toBe(0);
        expect([kindOf(low), payloadOf(geometry, low, high)]).toEqual([kind, payload]);
      }
    }
  });
});
