/** What single schemes say beyond the common contract: figures of the notes, chains, lists, and the mistakes of users. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { newWalk } from '../../src/translation/contract.ts';
import { InvertedScheme } from '../../src/translation/global-schemes.ts';
import {
  addNodes,
  eachHashed,
  hashedChains,
  hashedFind,
  hashedInsert,
  hashedRemove,
  loadFactor,
  makeHashed,
} from '../../src/translation/hashed.ts';
import { HybridScheme, hybridBytes, hybridFormat } from '../../src/translation/hybrid.ts';
import {
  clearInverted,
  eachInverted,
  type InvertedTable,
  invertedBytes,
  invertedChains,
  invertedFind,
  invertedFlagsAt,
  invertedFormat,
  invertedInsert,
  invertedRemove,
  setInvertedFlags,
} from '../../src/translation/inverted.ts';
import { LinearScheme, linearBytes, linearLength } from '../../src/translation/linear.ts';
import { walkFormat } from '../../src/translation/page-entry.ts';
import {
  checkOverlaps,
  checkSegments,
  type Segment,
  SegmentScheme,
  type SegmentTable,
} from '../../src/translation/segments.ts';
import { sv39 } from '../../src/translation/sv39.ts';
import { hashOfTag, pageIn, spaceIn, tagHigh, tagLow } from '../../src/translation/tag.ts';
import { twoLevel } from '../../src/translation/two-level.ts';

const memory = (bytes: number) => new DataView(new ArrayBuffer(bytes));
const K = 1024;
const M = K * K;

describe('figures of the notes', () => {
  it.each([
    ['64 KiB', 16, 256 * K, 32],
    ['4 KiB', 12, 4 * M, 512],
    ['256 B', 8, 64 * M, 8192],
  ])('a linear table of a 32-bit space with entries of 4 bytes, pages of %s', (_, offsetBits, bytes, pages) => {
    const format = walkFormat({ ...twoLevel, offsetBits });
    expect(linearBytes(format, linearLength(format))).toBe(bytes);
    expect((2 * M) / format.pageSize).toBe(pages);
  });

  it('an inverted table of 16 GiB in frames of 4 KiB has 4 Mi entries, 16 MiB at 4 bytes', () => {
    const frames = (16 * 2 ** 30) / 4096;
    expect(frames).toBe(4 * M);
    expect(invertedBytes(frames, 0, 4)).toBe(16 * M);
    expect(invertedBytes(frames, 0)).toBe(64 * M);
  });
});

describe('entry of a linear table', () => {
  it('lies at base + page * size, and its rules come in order', () => {
    const ram = memory(4096);
    const scheme = new LinearScheme(walkFormat(twoLevel), ram, { base: 256, length: 8 });
    const out = newWalk();
    const fault = (bits: number, access: 'load' | 'store' = 'load') => {
      ram.setUint32(256 + 3 * 4, bits, true);
      scheme.walk(0x3abc, access, out);
      expect([out.loads, out.entryAddress, out.low]).toEqual([1, 268, bits >>> 0]);
      return out.fault;
    };
    // V R W X U from bit 0, the frame from bit 10.
    expect(fault(0)).toBe('valid');
    expect(fault(0x1e)).toBe('valid');
    expect(fault(0x15)).toBe('write needs read');
    expect(fault(0x3)).toBe('user page');
    expect(fault(0x13, 'store')).toBe('permission');
    expect(fault((7 << 10) | 0x13)).toBeUndefined();
    expect(out.physical).toBe(0x7abc);
    scheme.walk(0x8000, 'load', out);
    expect([out.fault, out.loads]).toEqual(['table length', 0]);
  });
});

describe('entries of pages', () => {
  it('fault by reserved bits in either half', () => {
    const format = walkFormat({ ...sv39, entry: { ...sv39.entry, reservedMask: (1n << 54n) | (1n << 9n) } });
    const ram = memory(64);
    const scheme = new LinearScheme(format, ram, { base: 0, length: 4 });
    const out = newWalk();
    for (const [bits, fault] of [
      [0x13n, undefined],
      [0x13n | (1n << 9n), 'reserved bits'],
      [0x13n | (1n << 54n), 'reserved bits'],
      [0x13n | (1n << 53n), undefined],
    ] as const) {
      ram.setBigUint64(8, bits, true);
      scheme.walk(0x1000, 'load', out);
      expect(out.fault).toBe(fault);
    }
  });

  it('stay referenced, dirty and global when their permissions change', () => {
    const ram = memory(64);
    const linear = new LinearScheme(walkFormat(twoLevel), ram, { base: 0, length: 4 });
    // D A G U R V, frame 7.
    ram.setUint32(4, (7 << 10) | 0xf3, true);
    linear.protect(1, { read: true, write: true, execute: false });
    expect(ram.getUint32(4, true)).toBe((7 << 10) | 0xf7);
    const table: InvertedTable = { base: 0, frames: 2, anchors: 0, anchorCount: 0 };
    clearInverted(ram, table);
    invertedInsert(ram, table, 1, 1, 5, 0x1234_56f3);
    const inverted = new InvertedScheme(invertedFormat(32, 12, 'unsigned'), ram, table, 1);
    inverted.protect(5, { read: true, write: true, execute: false });
    expect(invertedFlagsAt(ram, 16)).toBe(0x1234_56f7);
  });
});

describe('hybrid', () => {
  it('has the last page of a segment that grows down in the first entry of its table', () => {
    // 16 bits: 2 of the segment, 2 of the page, 12 of the offset. Segment 3 has the pages 0xc to 0xf.
    const format = hybridFormat({ ...twoLevel, addressBits: 16 }, 2);
    const unused = { base: 0, length: 0, grows: 'up' as const };
    const stack = { base: 128, length: 2, grows: 'down' as const };
    const code = { base: 64, length: 1, grows: 'up' as const };
    const table = { segments: [code, unused, unused, stack] };
    const scheme = new HybridScheme(format, memory(256), table);
    const rw = { read: true, write: true, execute: false };
    expect(scheme.map(0xf, 5, rw)).toBe('mapped');
    expect(scheme.map(0xe, 6, rw)).toBe('mapped');
    expect(scheme.map(0xd, 7, rw)).toBe('no room');
    const out = newWalk();
    const answer = (address: number) => {
      scheme.walk(address, 'load', out);
      return [out.fault ?? out.physical, out.entryAddress];
    };
    expect(answer(0xf123)).toEqual([0x5123, 128]);
    expect(answer(0xe000)).toEqual([0x6000, 132]);
    expect(answer(0xdfff)).toEqual(['table length', -1]);
    expect(answer(0x4000)).toEqual(['segment', -1]);
    expect(answer(0x1000)).toEqual(['table length', -1]);
    // 3 entries of 4 bytes against 16 in a linear table.
    expect(hybridBytes(format, table)).toBe(12);
  });
});

describe('tags', () => {
  it.each([
    [0, 0],
    [65_535, 2 ** 48 - 1],
    [7, 2 ** 32],
    [1, 2 ** 32 - 1],
  ])('of space %i keep page %i', (space, page) => {
    const [low, high] = [tagLow(page), tagHigh(space, page)];
    expect([spaceIn(high), pageIn(low, high)]).toEqual([space, page]);
  });

  it('of neighbours spread over all buckets', () => {
    const counts = new Array<number>(256).fill(0);
    for (let space = 1; space <= 8; space++)
      for (let page = 0; page < 512; page++)
        counts[hashOfTag(tagLow(0x10 + page), tagHigh(space, page)) & 255]!++;
    // 16 a bucket on average; 40 would be six standard deviations off.
    expect(Math.max(...counts)).toBeLessThan(40);
    expect(Math.min(...counts)).toBeGreaterThan(1);
  });
});

describe('inverted table', () => {
  const scanned: InvertedTable = { base: 0, frames: 8, anchors: 0, anchorCount: 0 };
  const hashed: InvertedTable = { base: 0, frames: 8, anchors: 128, anchorCount: 4 };

  it('looks at every entry up to the one it seeks', () => {
    const ram = memory(256);
    clearInverted(ram, scanned);
    invertedInsert(ram, scanned, 5, 1, 0, 3);
    invertedInsert(ram, scanned, 6, 2, 0, 3);
    const out = newWalk();
    expect([invertedFind(ram, scanned, 1, 0, out), out.loads]).toEqual([5, 6]);
    expect([invertedFind(ram, scanned, 2, 0, out), out.loads]).toEqual([6, 7]);
    expect([invertedFind(ram, scanned, 0, 0, out), out.loads, out.entryAddress]).toEqual([-1, 8, -1]);
    expect(invertedRemove(ram, scanned, 5)).toBe(1);
  });

  it('takes entries out of the middle of chains', () => {
    const ram = memory(256);
    clearInverted(ram, hashed);
    for (let frame = 0; frame < 8; frame++) invertedInsert(ram, hashed, frame, 1, frame * 1000, frame);
    expect(invertedChains(ram, hashed).reduce((sum, length) => sum + length, 0)).toBe(8);
    const out = newWalk();
    for (const frame of [3, 0, 7, 5]) {
      invertedRemove(ram, hashed, frame);
      expect(invertedFind(ram, hashed, 1, frame * 1000, out)).toBe(-1);
    }
    const left: number[] = [];
    eachInverted(ram, hashed, 1, (frame, space, page, at) => {
      left.push(frame);
      expect([space, page, invertedFlagsAt(ram, at)]).toEqual([1, frame * 1000, frame]);
      expect(invertedFind(ram, hashed, 1, page, out)).toBe(frame);
    });
    expect(left).toEqual([1, 2, 4, 6]);
    eachInverted(ram, hashed, 2, () => expect.unreachable());
  });

  it('keeps what the kernel writes into the upper flags, and refuses a frame that is taken', () => {
    const ram = memory(256);
    clearInverted(ram, hashed);
    invertedInsert(ram, hashed, 2, 1, 9, 0x7fff_ffff);
    const out = newWalk();
    invertedFind(ram, hashed, 1, 9, out);
    expect(invertedFlagsAt(ram, out.entryAddress)).toBe(0x7fff_ffff);
    setInvertedFlags(ram, out.entryAddress, 0x1234_5600);
    expect(invertedFlagsAt(ram, out.entryAddress)).toBe(0x1234_5600);
    expect(() => invertedInsert(ram, hashed, 2, 1, 10, 0)).toThrow('invariant broken');
    expect(() => invertedRemove(ram, hashed, 3)).toThrow('invariant broken');
    expect(() => invertedInsert(ram, hashed, 3, 2 ** 16, 10, 0)).toThrow('invariant broken');
  });
});

describe('hashed table', () => {
  it('uses up its nodes from the lowest on, takes more, and reuses those that come back', () => {
    const ram = memory(8192);
    const table = makeHashed(ram, 0, 4);
    expect(hashedInsert(ram, table, 1, 7)).toBe(-1);
    addNodes(ram, table, 4096, 4096);
    // 4096 / 24 = 170 and 16 bytes over.
    expect(table).toMatchObject({ nodes: 170, used: 0, nodeBytes: 4096 });
    expect(hashedInsert(ram, table, 1, 7)).toBe(4096);
    expect(hashedInsert(ram, table, 1, 8)).toBe(4096 + 24);
    expect(hashedInsert(ram, table, 2, 7)).toBe(4096 + 48);
    expect(hashedRemove(ram, table, 1, 8)).toBeGreaterThanOrEqual(2);
    expect(hashedInsert(ram, table, 3, 2 ** 40)).toBe(4096 + 24);
    expect(loadFactor(table)).toBe(3 / 4);
    expect(hashedChains(ram, table).reduce((sum, length) => sum + length, 0)).toBe(3);
    for (let page = 100; hashedInsert(ram, table, 1, page) !== -1; page++);
    expect(table).toMatchObject({ nodes: 170, used: 170, free: 0 });
    // A node that comes back says nothing of the page before.
    ram.setBigUint64(4096, 2n ** 64n - 1n, true);
    hashedRemove(ram, table, 1, 7);
    expect(hashedInsert(ram, table, 5, 5)).toBe(4096);
    expect(ram.getBigUint64(4096, true)).toBe(0n);
    addNodes(ram, table, 64, 24);
    expect(hashedInsert(ram, table, 9, 9)).toBe(64);
  });

  it('visits entries of a space while they go', () => {
    const ram = memory(8192);
    const table = makeHashed(ram, 0, 8);
    addNodes(ram, table, 4096, 4096);
    for (let page = 0; page < 30; page++) hashedInsert(ram, table, page % 3, page);
    const seen: number[] = [];
    eachHashed(ram, table, 1, (space, page) => {
      seen.push(page);
      hashedRemove(ram, table, space, page);
    });
    expect(seen.sort((a, b) => a - b)).toEqual([1, 4, 7, 10, 13, 16, 19, 22, 25, 28]);
    expect(table.used).toBe(20);
    const out = newWalk();
    expect(hashedFind(ram, table, 1, 4, out)).toBe(-1);
    expect(hashedFind(ram, table, 2, 5, out)).not.toBe(-1);
    expect(() => hashedRemove(ram, table, 1, 4)).toThrow('invariant broken');
  });
});

describe('segments', () => {
  const segment = (more: Partial<Segment>): Segment => ({
    name: 'code',
    base: 32 * K,
    size: 2 * K,
    grows: 'up',
    read: true,
    write: false,
    execute: true,
    sharing: 'private',
    ...more,
  });
  // The book's example (chapter 16): 16 KiB of addresses, 2 bits select; code at 32 KiB, heap at 34 KiB, and a stack
  // that grows down from 28 KiB.
  const heap = segment({ name: 'heap', base: 34 * K, size: 3 * K, write: true });
  const stack = segment({ name: 'stack', base: 28 * K, size: 2 * K, grows: 'down', write: true });
  const table: SegmentTable = {
    addressBits: 14,
    segmentBits: 2,
    segments: [segment({}), heap, undefined, stack],
  };
  const out = newWalk();
  const answer = (address: number, access: 'fetch' | 'load' | 'store' = 'load') => {
    new SegmentScheme(table).walk(address, access, out);
    return out.fault ?? out.physical;
  };

  it('translate as in the book', () => {
    expect(answer(100, 'fetch')).toBe(32 * K + 100);
    expect(answer(4200)).toBe(34 * K + 104);
    // 15 KiB: segment 3, offset 3 KiB, which is 1 KiB below the end.
    expect(answer(15 * K)).toBe(27 * K);
    expect(answer(16 * K - 1)).toBe(28 * K - 1);
    expect(answer(14 * K)).toBe(26 * K);
  });

  it('fault outside, even where the memory is that of another segment', () => {
    // Code's byte 2 KiB would be the heap's first.
    expect(answer(2 * K)).toBe('segment size');
    expect(answer(2 * K - 1)).toBe(34 * K - 1);
    expect(answer(7 * K)).toBe('segment size');
    expect(answer(14 * K - 1)).toBe('segment size');
    expect(answer(12 * K)).toBe('segment size');
    expect(answer(8 * K)).toBe('segment');
    expect(answer(0, 'store')).toBe('permission');
    expect(answer(16 * K)).toBe('canonical address');
  });

  const checked = (segments: readonly (Segment | undefined)[]) => () => {
    checkSegments({ addressBits: 14, segmentBits: 1, segments }, 64 * K, (i) => `file: segments.${i}`);
    checkOverlaps(
      segments.flatMap((one, i) => (one ? [{ segment: one, place: `file: segments.${i}` }] : [])),
    );
  };

  it('are checked, with the place of the mistake', () => {
    expect(checked([segment({}), stack])).not.toThrow();
    expect(checked([segment({}), heap])).not.toThrow();
    expect(checked([segment({}), undefined, heap])).toThrow('file: segments.2: 1 bits select 2 segments');
    expect(checked([segment({ size: 8 * K + 1 })])).toThrow(
      'file: segments.0: 8193 bytes are more than offsets of 13 bits reach (8192)',
    );
    expect(checked([undefined, segment({ base: 63 * K })])).toThrow(
      "file: segments.1: 'code' has bytes 64512 to 66559, which exceeds memory of 65536 bytes",
    );
    expect(checked([segment({ base: K, grows: 'down' })])).toThrow(UserError);
    expect(checked([segment({}), segment({ name: 'twin', base: 34 * K - 1 })])).toThrow(
      "file: segments.1: 'twin' overlaps 'code' in memory",
    );
    expect(checked([segment({ sharing: 'shared' }), segment({ sharing: 'shared' })])).not.toThrow();
    expect(checked([segment({ sharing: 'shared' }), segment({})])).toThrow('not both are shared');
  });

  it('that lie far apart are compared as well when a large one spans them', () => {
    const large = segment({ name: 'large', base: 0, size: 8 * K });
    const small = segment({ name: 'small', base: K, size: 16 });
    const last = segment({ name: 'last', base: 8 * K - 1, size: 16 });
    const empty = segment({ name: 'empty', base: 5 * K, size: 0 });
    expect(checked([large, empty])).not.toThrow();
    expect(() =>
      checkOverlaps([small, large, last].map((one) => ({ segment: one, place: one.name }))),
    ).toThrow("small: 'small' overlaps 'large'");
    const shared = { ...large, sharing: 'shared' as const };
    const within = { ...small, sharing: 'shared' as const };
    expect(() =>
      checkOverlaps([shared, within, last].map((one) => ({ segment: one, place: one.name }))),
    ).toThrow("last: 'last' overlaps 'large'");
  });
});
