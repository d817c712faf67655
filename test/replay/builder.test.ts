import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceBuilder } from '../../src/replay/builder.ts';
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, TRACE_KINDS } from '../../src/replay/dense.ts';

const all = ['fetch', 'load', 'store'] as const;
const build = (pageSize = 4096, kinds: readonly (typeof all)[number][] = all) =>
  new TraceBuilder({ name: 't', pageSize, kinds });

/** The entries in words: `store 3`. */
const entriesOf = ({ chunks }: DenseTrace): string[] =>
  chunks.flatMap((chunk) =>
    [...chunk].map((entry) => `${TRACE_KINDS[entry >>> KIND_SHIFT]} ${entry & PAGE_MASK}`),
  );

/** One step of what a format tells, on a few pages of a few owners. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ type: fc.constant('page' as const), page: fc.nat(12), kind: fc.nat(2) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('owner' as const), owner: fc.nat(2) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('release' as const),
        page: fc.nat(12),
        count: fc.constantFrom(1, 3, 1000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('exit' as const) }) },
  ),
  { maxLength: 200 },
);

/** The same with a map from names to numbers. */
class NaiveBuilder {
  readonly entries: string[] = [];
  readonly #numbers = new Map<string, number>();
  #owner = 0;
  #pages = 0;

  page(kind: number, page: number): void {
    const name = `${this.#owner}:${page}`;
    const number = this.#numbers.get(name) ?? this.#pages++;
    this.#numbers.set(name, number);
    this.entries.push(`${TRACE_KINDS[kind]} ${number}`);
  }

  owner(owner: number): void {
    this.#owner = owner;
  }

  /** Pages of the owner that fit, in the order of their numbers or of their addresses. */
  release(fits: (page: number) => boolean, order: 'numbers' | 'addresses'): void {
    const gone = [...this.#numbers].filter(([name]) => {
      const [owner, page] = name.split(':').map(Number);
      return owner === this.#owner && fits(page!);
    });
    const key = ([name, number]: [string, number]) =>
      order === 'numbers' ? number : Number(name.split(':')[1]);
    gone.sort((a, b) => key(a) - key(b));
    for (const [name, number] of gone) {
      this.#numbers.delete(name);
      this.entries.push(`release ${number}`);
    }
  }
}

describe('a dense trace', () => {
  it('numbers pages in order of their first reference, anew after a release, apart for each owner', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const builder = build();
        const naive = new NaiveBuilder();
        builder.page(KIND.load, 0, 0);
        naive.page(KIND.load, 0);
        for (const step of list) {
          if (step.type === 'page') {
            builder.page(step.kind, step.page, 0);
            naive.page(step.kind, step.page);
          } else if (step.type === 'owner') {
            builder.owner(step.owner);
            naive.owner(step.owner);
          } else if (step.type === 'exit') {
            builder.exit();
            naive.release(() => true, 'numbers');
          } else {
            builder.release(step.page, 0, step.count);
            const fits = (page: number) => page >= step.page && page < step.page + step.count;
            naive.release(fits, 'addresses');
          }
        }
        const trace = builder.finish();
        // Pages that go together may go in any order.
        expect(sortedRuns(entriesOf(trace))).toEqual(sortedRuns(naive.entries));
        expect(trace.entries).toBe(naive.entries.length);
        expect(trace.counts[KIND.release]).toBe(naive.entries.filter((e) => e.startsWith('release')).length);
      }),
    );
  });

  it('keeps more pages and entries than fit its first tables', () => {
    const builder = build();
    const pages = 300_000;
    for (let i = 0; i < pages; i++) builder.page(KIND.load, Math.imul(i, 0x9e3779b1), i % 7);
    for (let i = pages - 1; i >= 0; i--) builder.page(KIND.store, Math.imul(i, 0x9e3779b1), i % 7);
    const { chunks, pages: found, entries, names } = builder.finish();
    expect([found, entries]).toEqual([pages, 2 * pages]);
    const flat = chunks[0]!;
    for (let i = 0; i < pages; i += 997) {
      expect(flat[i]! & PAGE_MASK).toBe(i);
      expect(flat[2 * pages - 1 - i]! & PAGE_MASK).toBe(i);
      expect([names.low[i], names.high[i]]).toEqual([Math.imul(i, 0x9e3779b1) >>> 0, i % 7]);
    }
  });

  it('gives released pages new numbers in a large table too', () => {
    const builder = build();
    const naive = new NaiveBuilder();
    const pages = 60_000;
    const all = () => {
      const words = new Int32Array(3 * pages);
      for (let page = 0; page < pages; page++) {
        words[3 * page + 1] = page;
        naive.page(KIND.store, page);
      }
      builder.pages(KIND.store, words, { start: 1, stride: 3, count: pages });
    };
    all();
    for (let page = 0; page < pages; page += 3) {
      builder.release(page, 0, 1);
    }
    naive.release((page) => page % 3 === 0, 'addresses');
    all();
    builder.page(KIND.load, 7, 0);
    naive.page(KIND.load, 7);
    const trace = builder.finish();
    expect(entriesOf(trace)).toEqual(naive.entries);
    expect(trace.pages).toBe(pages + pages / 3);
    for (const page of [0, 1, 59_999, 60_000, 79_999]) expect(trace.names.high[page]).toBe(0);
    expect([trace.names.low[60_000], trace.names.low[60_001]]).toEqual([0, 3]);
  });

  it('divides addresses into pages; an access across a boundary touches each page', () => {
    const builder = build(4096);
    builder.access(KIND.load, 0xfff, 0, 1);
    builder.access(KIND.store, 0xfff, 0, 2);
    builder.access(KIND.fetch, 0x1000, 0, 8193);
    builder.access(KIND.load, 0xffff_ffff, 0, 8);
    builder.access(KIND.load, 0xffff_ffff, 0xffff_ffff, 1);
    const trace = builder.finish();
    expect(entriesOf(trace)).toEqual([
      'load 0',
      'store 0',
      'store 1',
      'fetch 1',
      'fetch 2',
      'fetch 3',
      'load 4',
      'load 5',
      'load 6',
    ]);
    expect([...trace.names.low]).toEqual([0, 1, 2, 3, 0xf_ffff, 0x10_0000, 0xffff_ffff]);
    expect([...trace.names.high]).toEqual([0, 0, 0, 0, 0, 0, 0xf_ffff]);
    expect(trace.pageSize).toBe(4096);
  });

  it('is the division by any page size, whatever the address', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.nat(31),
        fc.integer({ min: 1, max: 200 }),
        (address, shift, bytes) => {
          fc.pre(address + BigInt(bytes) <= 2n ** 64n);
          const builder = build(2 ** shift);
          builder.access(KIND.load, Number(address & 0xffff_ffffn), Number(address >> 32n), bytes);
          const { names, pages } = builder.finish();
          const found = Array.from(
            { length: pages },
            (_, i) => (BigInt(names.high[i]!) << 32n) | BigInt(names.low[i]!),
          );
          const expected: bigint[] = [];
          for (
            let page = address >> BigInt(shift);
            page <= (address + BigInt(bytes) - 1n) >> BigInt(shift);
            page++
          )
            expected.push(page);
          expect(found).toEqual(expected);
        },
      ),
    );
  });

  it('keeps the kinds that are asked for', () => {
    const builder = build(4096, ['store']);
    builder.page(KIND.load, 1, 0);
    builder.page(KIND.store, 2, 0);
    const trace = builder.finish();
    expect(entriesOf(trace)).toEqual(['store 0']);
    expect([...trace.names.low]).toEqual([2]);
  });

  it('must have a reference, and a page size that is a power of two', () => {
    expect(() => build().finish()).toThrow(/holds no reference/);
    for (const size of [0, 3, 4097, 2 ** 32]) expect(() => build(size)).toThrow(/--page-size/);
  });
});

/** Releases that follow each other, sorted. */
function sortedRuns(entries: readonly string[]): string[] {
  const sorted: string[] = [];
  let run: string[] = [];
  for (const entry of [...entries, '']) {
    if (entry.startsWith('release')) run.push(entry);
    else {
      sorted.push(...run.sort(), entry);
      run = [];
    }
  }
  return sorted;
}
