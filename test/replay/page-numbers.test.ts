/** Numbers for pages, against a map: of one page after the other, of many at once, in small tables and in large ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBelow, randomState } from '../../src/base/random.ts';
import { ABSENT, PageNumbers } from '../../src/replay/page-numbers.ts';

/** Pages as the halves of their numbers. */
type Page = readonly [low: number, high: number];

class Naive {
  readonly numbers = new Map<string, number>();
  next = 0;

  number(page: Page): number {
    const name = page.join();
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    this.numbers.set(name, this.next);
    return this.next++;
  }
}

/** A table beside a map; every step asks both. */
class Twins {
  readonly table = new PageNumbers();
  readonly naive = new Naive();

  /** Numbers pages in one call; rows are three words apart, between words of no account. */
  number(pages: readonly Page[]): void {
    const words = Int32Array.from(pages.flatMap(([low, high]) => [-1, low, high]));
    const entries = new Uint32Array(pages.length + 2);
    const fresh = new Int32Array(pages.length);
    const { next } = this.naive;
    const place = { next, entries, at: 2, bits: 0x4000_0000, fresh };
    const found = this.table.numberRows({ words, start: 1, stride: 3, count: pages.length, ...place });
    const before = pages.map((page) => this.naive.numbers.has(page.join()));
    const expected = pages.map((page) => (0x4000_0000 | this.naive.number(page)) >>> 0);
    expect([...entries.subarray(2)]).toEqual(expected);
    expect(found).toBe(this.naive.next - next);
    const first = new Set<string>();
    const rows = pages.flatMap((page, row) => {
      if (before[row] || first.has(page.join())) return [];
      first.add(page.join());
      return [row];
    });
    expect([...fresh.subarray(0, found)]).toEqual(rows);
  }

  release(page: Page): void {
    const expected = this.naive.numbers.get(page.join()) ?? ABSENT;
    this.naive.numbers.delete(page.join());
    expect(this.table.release(...page)).toBe(expected);
    expect(this.table.number(...page)).toBe(ABSENT);
  }

  /** All pages have the numbers that they should have. */
  check(pages: readonly Page[]): void {
    const wrong = pages.filter(
      (page) => this.table.number(...page) !== (this.naive.numbers.get(page.join()) ?? ABSENT),
    );
    expect(wrong).toEqual([]);
  }
}

const inBatches = (twins: Twins, pages: readonly Page[], batch = 1024): void => {
  for (let at = 0; at < pages.length; at += batch) twins.number(pages.slice(at, at + batch));
};

/** x with x * 0x9e3779b1 = `hash` in 32 bits: Newton's iteration doubles the bits that are right. */
function pageOfHash(hash: number): Page {
  let inverse = 1;
  for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(0x9e3779b1, inverse));
  return [Math.imul(hash, inverse), 0];
}

/** Any pages: few or many, near each other or not. */
function manyPages(count: number, seed: number): Page[] {
  const random = randomState(seed);
  return Array.from({ length: count }, (_, i): Page => {
    const kind = i % 3;
    if (kind === 0) return [i, 0];
    if (kind === 1) return [nextBelow(random, 2 ** 32) | 0, nextBelow(random, 2 ** 32) | 0];
    return [i << 12, 0x7f];
  });
}

describe('page numbers', () => {
  const page = fc.tuple(fc.constantFrom(0, 1, 2, 3, -1, 1 << 31), fc.constantFrom(0, 1, -1));
  const step = fc.oneof(
    fc.record({ pages: fc.array(page, { minLength: 1, maxLength: 12 }) }),
    fc.record({ release: page }),
  );

  it.each(['small', 'large'] as const)('are those of a map, with releases, in a %s table', (size) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const twins = new Twins();
        if (size === 'large') inBatches(twins, manyPages(20_000, 1));
        for (const one of steps) {
          if ('release' in one) twins.release(one.release);
          else twins.number(one.pages);
        }
      }),
      { numRuns: size === 'large' ? 15 : 200 },
    );
  });

  it('stay when the table grows, released ones too', () => {
    const twins = new Twins();
    const pages = manyPages(150_000, 2);
    for (let at = 0; at < pages.length; at += 30_000) {
      inBatches(twins, pages.slice(at, at + 30_000));
      for (let i = at; i < at + 30_000; i += 7) twins.release(pages[i]!);
      twins.check(pages);
    }
    inBatches(twins, pages);
    twins.check(pages);
  });

  it('stay in a table whose last slots and first slots are crowded', () => {
    const twins = new Twins();
    // They belong to the last slots of every table, run on into its first ones, and push others on.
    const atTheEnd = Array.from({ length: 600 }, (_, i) => pageOfHash(-1 - i));
    const atTheStart = Array.from({ length: 600 }, (_, i) => pageOfHash(i * 3));
    inBatches(twins, atTheEnd);
    inBatches(twins, atTheStart);
    inBatches(twins, manyPages(70_000, 3));
    inBatches(twins, [...atTheStart, ...atTheEnd, ...manyPages(70_000, 3)]);
    twins.check([...atTheEnd, ...atTheStart]);
  });

  it('are forgotten all at once', () => {
    for (const count of [100, 40_000]) {
      const twins = new Twins();
      const pages = manyPages(count, 4);
      inBatches(twins, pages);
      const gone: number[] = [];
      twins.table.releaseAll((number) => gone.push(number));
      expect(gone.sort((a, b) => a - b)).toEqual([...twins.naive.numbers.values()].sort((a, b) => a - b));
      twins.naive.numbers.clear();
      twins.check(pages);
      inBatches(twins, pages);
    }
  });

  it('take no more room when pages come back', () => {
    const twins = new Twins();
    const pages = manyPages(40_000, 5);
    inBatches(twins, pages);
    const { used } = twins.table;
    for (const one of pages) twins.release(one);
    inBatches(twins, pages);
    expect(twins.table.used).toBe(used);
  });

  it('are found in rows too far apart for the fast loop', () => {
    const { table } = new Twins();
    const stride = 1000;
    const count = 1000;
    const entries = new Uint32Array(count);
    const words = new Int32Array(stride * count);
    const number = (first: number, next: number): number => {
      for (let row = 0; row < count; row++) words[row * stride] = first + row;
      return table.numberRows({
        words,
        start: 0,
        stride,
        count,
        next,
        entries,
        at: 0,
        bits: 0,
        fresh: new Int32Array(count),
      });
    };
    for (let first = 0; first < 20_000; first += count) expect(number(first, first)).toBe(count);
    expect(number(19_500, 20_000)).toBe(500);
    expect([entries[0], entries[499], entries[500], entries[999]]).toEqual([19_500, 19_999, 20_000, 20_499]);
  });
});
