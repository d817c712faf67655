/** Pages with several names in a trace, against names that are looked up one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TraceBuilder } from '../../src/replay/builder.ts';
import { KIND, KIND_SHIFT, PAGE_MASK } from '../../src/replay/dense.ts';

type Step =
  | { readonly what: 'owner'; readonly owner: number }
  | { readonly what: 'touch' | 'part'; readonly page: number }
  | { readonly what: 'release'; readonly page: number; readonly count: number }
  | { readonly what: 'share'; readonly page: number; readonly owner: number; readonly of: number }
  | { readonly what: 'exit' };

const page = fc.integer({ min: 0, max: 7 });
const owner = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('owner' as const), owner }) },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('touch' as const), page }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('part' as const), page }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('release' as const),
      page,
      // Few pages are released one by one, a wide range by what there is in it.
      count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(1_000_000)),
    }),
  },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('share' as const), page, owner, of: page }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('exit' as const) }) },
);

/** References and releases, in order; pages by number in order of their first reference, as sets of names. */
function naive(steps: readonly Step[]): string[] {
  interface Page {
    number: number | undefined;
    readonly names: Set<string>;
  }
  const pages = new Map<string, Page>();
  const told: string[] = [];
  let current = 0;
  let next = 0;
  const pageOf = (name: string): Page => {
    const found = pages.get(name) ?? { number: undefined, names: new Set([name]) };
    pages.set(name, found);
    return found;
  };
  const leave = (name: string): number[] => {
    const found = pages.get(name);
    pages.delete(name);
    found?.names.delete(name);
    return found?.names.size === 0 && found.number !== undefined ? [found.number] : [];
  };
  const gone = (names: readonly string[]): void => {
    const numbers = names.flatMap(leave).sort((a, b) => a - b);
    for (const number of numbers) told.push(`gone ${number}`);
  };
  for (const one of steps) {
    const name = (at: number) => `${current}:${at}`;
    if (one.what === 'owner') current = one.owner;
    if (one.what === 'touch') {
      const found = pageOf(name(one.page));
      found.number ??= next++;
      told.push(`touch ${found.number}`);
    }
    if (one.what === 'part' && pages.has(name(one.page)) && pageOf(name(one.page)).names.size > 1)
      leave(name(one.page));
    if (one.what === 'release') {
      const names = [...pages.keys()].filter((key) => {
        const at = Number(key.split(':')[1]);
        return key.startsWith(`${current}:`) && at >= one.page && at < one.page + one.count;
      });
      gone(names);
    }
    if (one.what === 'exit') gone([...pages.keys()].filter((key) => key.startsWith(`${current}:`)));
    const of = one.what === 'share' ? `${one.owner}:${one.of}` : '';
    const isAlready = pages.has(of) && pages.get(of) === pages.get(name((one as { page: number }).page));
    if (one.what === 'share' && of !== name(one.page) && !isAlready) {
      gone([name(one.page)]);
      const found = pageOf(of);
      found.names.add(name(one.page));
      pages.set(name(one.page), found);
    }
  }
  return told;
}

function built(steps: readonly Step[]): string[] {
  const builder = new TraceBuilder({ name: 't', pageSize: 4096, kinds: ['load'] });
  const nameOf = (low: number) => ({ low, high: 0 });
  for (const one of steps) {
    if (one.what === 'owner') builder.owner(one.owner);
    else if (one.what === 'touch') builder.page(KIND.load, one.page, 0);
    else if (one.what === 'part') builder.part(nameOf(one.page));
    else if (one.what === 'release') builder.release(one.page, 0, one.count);
    else if (one.what === 'share') builder.share(nameOf(one.page), one.owner, nameOf(one.of));
    else builder.exit();
  }
  return builder
    .finish()
    .chunks.flatMap((chunk) => [...chunk])
    .map((entry) => `${entry >>> KIND_SHIFT === KIND.release ? 'gone' : 'touch'} ${entry & PAGE_MASK}`);
}

/** Releases of one step in any order. */
const grouped = (told: readonly string[]): string[][] => {
  const groups: string[][] = [];
  for (const one of told) {
    const last = groups.at(-1);
    if (one.startsWith('gone') && last?.[0]?.startsWith('gone')) last.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => group.sort());
};

describe('pages with several names', () => {
  it('are the pages that looking names up one by one gives', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const whole: Step[] = [{ what: 'owner', owner: 0 }, { what: 'touch', page: 9 }, ...steps];
        expect(grouped(built(whole))).toEqual(grouped(naive(whole)));
      }),
      { numRuns: 500 },
    );
  });

  it('a fork: one page until a copy is made, gone with the last who has it', () => {
    const steps: Step[] = [
      { what: 'owner', owner: 0 },
      { what: 'touch', page: 1 },
      { what: 'touch', page: 2 },
      { what: 'owner', owner: 1 },
      { what: 'share', page: 1, owner: 0, of: 1 },
      { what: 'share', page: 2, owner: 0, of: 2 },
      { what: 'touch', page: 1 },
      { what: 'part', page: 2 },
      { what: 'touch', page: 2 },
      { what: 'release', page: 0, count: 1_000_000 },
      { what: 'owner', owner: 0 },
      { what: 'touch', page: 1 },
      { what: 'release', page: 0, count: 10 },
    ];
    expect(built(steps)).toEqual([
      'touch 0',
      'touch 1',
      'touch 0',
      'touch 2',
      'gone 2',
      'touch 0',
      'gone 0',
      'gone 1',
    ]);
  });
});
