/**
 * The cache beside the TLB: small cases worked out by hand, and random accesses through aliases against a cache of
 * objects in which every copy has its own bytes.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CacheCounts,
  type CacheKind,
  type CacheShape,
  cacheTimes,
  DataCache,
} from '../../src/machine/data-cache.ts';
import { type Access, type CacheEvent, isAccess, NaiveCache, zero } from './naive-cache.ts';

function tell(cache: DataCache, event: CacheEvent): void {
  if (isAccess(event)) {
    const { op: kind, asid, address, physical, bytes } = event;
    cache.access({ kind, asid, address, bytes }, physical);
  } else {
    const asid = 'asid' in event ? event.asid : 0;
    cache.flush({ kind: event.op, asid, address: 'page' in event ? event.page : 0 });
  }
}

function counted(shape: CacheShape, events: readonly CacheEvent[]): CacheCounts {
  const cache = new DataCache(shape);
  for (const event of events) tell(cache, event);
  return cache.counts;
}

/** Page 5 of space 1 and page 6 are frame 9. */
const A = 5 * 4096;
const B = 6 * 4096;
const F = 9 * 4096;
const through = (op: 'load' | 'store', base: number, offset = 0, bytes = 8): Access => ({
  op,
  asid: 1,
  address: base + offset,
  physical: F + offset,
  bytes,
});
/** Two ways of a page each: the index has bits of the offset in a page alone. */
const inPage = (kind: CacheKind): CacheShape => ({ bytes: 8192, ways: 2, line: 64, kind });
/** One way of two pages: the lowest bit of the page's number is part of the index. */
const overPage = (kind: CacheKind): CacheShape => ({ bytes: 8192, ways: 1, line: 64, kind });

describe('a page at two addresses, worked out by hand', () => {
  const events = [
    through('store', A),
    through('load', B),
    through('load', A),
    through('store', B, 32),
    through('load', A, 32),
    through('load', A, 40),
  ];

  it.each<[string, CacheShape, Partial<CacheCounts>]>([
    ['physical: one copy', overPage('physical'), { misses: 1 }],
    ['vipt, index in the page: one copy', inPage('vipt'), { misses: 1 }],
    // Memory lacks the first store, and the copy of A the second; the bytes at 40 nobody has stored to.
    ['vipt, in two sets', overPage('vipt'), { misses: 2, synonyms: 1, staleStores: 1, staleLoads: 2 }],
    ['virtual, in one set', inPage('virtual'), { misses: 2, synonyms: 1, staleStores: 1, staleLoads: 2 }],
    ['virtual, in two sets', overPage('virtual'), { misses: 2, synonyms: 1, staleStores: 1, staleLoads: 2 }],
  ])('%s', (_name, shape, expected) => {
    expect(counted(shape, events)).toEqual({ ...zero, accesses: 6, ...expected });
  });

  it('a line that is flushed is written back, and the other copy stays as it is', () => {
    const more: CacheEvent[] = [
      through('store', A),
      through('load', B, 8),
      { op: 'flush-page', asid: 1, page: 5 },
      through('load', B),
      { op: 'flush-page', asid: 1, page: 6 },
      through('load', B),
    ];
    const found = counted(overPage('virtual'), more);
    expect(found).toEqual({
      ...zero,
      accesses: 4,
      misses: 3,
      writeBacks: 1,
      flushed: 2,
      synonyms: 1,
      staleLoads: 1,
    });
  });

  it('flushes are nothing to a cache with physical tags', () => {
    for (const kind of ['physical', 'vipt'] as const) {
      const cache = new DataCache(inPage(kind));
      tell(cache, through('store', A));
      tell(cache, { op: 'flush-all' });
      tell(cache, through('load', A));
      expect(cache.counts).toEqual({ ...zero, accesses: 2, misses: 1 });
    }
  });

  it('an access over the end of a line is one to each', () => {
    expect(counted(inPage('physical'), [through('store', A, 60), through('load', A, 64)])).toEqual({
      ...zero,
      accesses: 3,
      misses: 2,
    });
  });

  it('takes what its look-ups take', () => {
    const counts = { ...zero, accesses: 100, misses: 10 };
    // 100 × (2 + 3) + 10 × 50; 100 × 3 + 10 × 50; 100 × 3 + 10 × (2 + 50)
    expect(cacheTimes(counts, { tlbHit: 2, cacheHit: 3, memory: 50 })).toEqual({
      physical: 1000,
      vipt: 800,
      virtual: 820,
    });
  });
});

const asid = fc.nat(1);
const page = fc.nat(3);
/** Few lines of each page, some of them at its end, so that sets are crowded. */
const offset = fc.oneof(fc.nat(70), fc.integer({ min: 4040, max: 4088 }));
const event: fc.Arbitrary<CacheEvent> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .record({
        op: fc.constantFrom('load' as const, 'store' as const),
        asid,
        page,
        offset,
        bytes: fc.constantFrom(1, 2, 4, 8),
      })
      .map(({ op, asid: of, page: at, offset: from, bytes }) => ({
        op,
        asid: of,
        address: at * 4096 + from,
        // Pages 0 and 2, and 1 and 3, are one; and both spaces share the latter.
        physical: (at % 2 === 1 ? 8 : 9 + of) * 4096 + from,
        bytes,
      })),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush-page' as const), asid, page }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.record({ op: fc.constant('flush-space' as const), asid }),
      fc.constant({ op: 'flush-all' as const }),
    ),
  },
);

describe.each<CacheKind>(['physical', 'vipt', 'virtual'])('random accesses through aliases, %s', (kind) => {
  it.each([
    { bytes: 128, ways: 1, line: 16 },
    { bytes: 128, ways: 4, line: 8 },
    { bytes: 8192, ways: 1, line: 32 },
    { bytes: 256, ways: 8, line: 32 },
  ])('%j', (size) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 150, size: 'max' }), (events) => {
        const [cache, naive] = [new DataCache({ ...size, kind }), new NaiveCache({ ...size, kind })];
        for (const one of events) {
          tell(cache, one);
          naive.tell(one);
          expect(cache.counts).toEqual(naive.counts);
        }
        if (kind === 'physical') expect(cache.counts).toMatchObject({ synonyms: 0, staleLoads: 0 });
      }),
      { numRuns: 60 },
    );
  });
});
