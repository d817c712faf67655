import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MachineConfig, TlbShape } from '../../../src/machine/contract.ts';
import { refillObstacle } from '../../../src/machine/refill.ts';
import { Lockstep, type LockstepOptions } from './lockstep.ts';
import type { Bounds } from './naive-machine.ts';
import { LIST_PAGE, LIST_PAGES, LOOP_PAGE } from './program.ts';

type TlbConfig = MachineConfig['tlb'];
const replacements = ['lru', 'fifo', 'random'] as const;
const shape = (entries: number, ways: number, replacement: TlbShape['replacement']): TlbShape => ({
  entries,
  ways,
  replacement,
});
const split = (data: TlbShape, instructions = data): TlbConfig => ({ kind: 'split', data, instructions });
const unified = (one: TlbShape): TlbConfig => ({ kind: 'unified', shape: one });

const shapes = (sizes: readonly (readonly [number, number])[]): TlbShape[] =>
  sizes.flatMap(([entries, ways]) => replacements.map((one) => shape(entries, ways, one)));
/** With more than one set, so that no two pages of one access are in one. */
const inSets = shapes([
  [2, 1],
  [4, 1],
  [8, 2],
  [64, 4],
]);
const inOneSet = shapes([
  [2, 2],
  [16, 16],
]);
const forBoth = shapes([
  [4, 4],
  [4, 2],
  [8, 2],
  [64, 4],
]);

const usual: Omit<LockstepOptions, 'seed' | 'tlb'> = {
  stamps: 'on',
  spaces: 2,
  operations: 200,
  rounds: 2,
  fuel: 300,
  calm: 2,
  refill: 'software',
};

const anyOptions = (tlb: fc.Arbitrary<TlbConfig>): fc.Arbitrary<LockstepOptions> =>
  fc.record<LockstepOptions>({
    seed: fc.integer(),
    tlb,
    refill: fc.constant('software'),
    stamps: fc.constantFrom('on', 'off'),
    spaces: fc.integer({ min: 1, max: 4 }),
    operations: fc.integer({ min: 20, max: 250 }),
    rounds: fc.integer({ min: 1, max: 2 }),
    fuel: fc.constantFrom(1, 10, 100, 1000, 5000),
    calm: fc.constantFrom(1, 2, 10),
  });
const anySplit = (from: readonly TlbShape[]): fc.Arbitrary<TlbConfig> =>
  fc
    .tuple(fc.constantFrom(...from), fc.constantFrom(...from))
    .map(([data, instructions]) => split(data, instructions));

/** What a run of a machine with a walker counts; the rest of the options is the same. */
function missesOf(options: LockstepOptions): readonly number[] {
  const run = new Lockstep(options);
  run.toTheEnd();
  const { instructionTlbMisses, dataTlbMisses, flushed } = run.fast.counters();
  return [instructionTlbMisses, dataTlbMisses, flushed, run.seen.faults, run.seen.traps];
}
const sameAsWalker = (options: LockstepOptions): void => {
  expect(missesOf(options)).toEqual(missesOf({ ...options, refill: 'hardware' }));
};

describe('a TLB that software refills', () => {
  it.each([
    split(shape(8, 2, 'lru')),
    split(shape(4, 1, 'random'), shape(16, 16, 'fifo')),
  ])('is the naive one that tries each instruction again (%#)', (tlb) => {
    const run = new Lockstep({ ...usual, seed: 1, tlb });
    run.toTheEnd();
    expect(run.seen.faults).toBeGreaterThan(20);
    expect(run.seen.retries).toBeGreaterThan(5);
  });

  it('is the naive one whatever the TLB, the program and the kernel', () => {
    const anyTlb = fc.oneof(
      anySplit([...inSets, ...inOneSet]),
      fc.constantFrom(...forBoth).map((one) => unified(one)),
    );
    fc.assert(
      fc.property(anyOptions(anyTlb), (options) => {
        new Lockstep(options).toTheEnd();
      }),
      { numRuns: 12 },
    );
  });

  it('misses as often as one with a walker: TLBs apart, in sets', () => {
    fc.assert(fc.property(anyOptions(anySplit(inSets)), sameAsWalker), { numRuns: 8 });
  });

  it('misses as often as one with a walker: LRU, of any shape', () => {
    const isLru = ({ replacement }: TlbShape): boolean => replacement === 'lru';
    const anyTlb = fc.oneof(
      anySplit([...inSets, ...inOneSet].filter(isLru)),
      fc.constantFrom(...forBoth.filter(isLru)).map((one) => unified(one)),
    );
    fc.assert(fc.property(anyOptions(anyTlb), sameAsWalker), { numRuns: 8 });
  });

  it('is refused when the pages of one instruction may not fit', () => {
    const tooSmall = [
      { kind: 'none' } as const,
      split(shape(1, 1, 'lru'), shape(64, 4, 'lru')),
      split(shape(64, 4, 'lru'), shape(1, 1, 'lru')),
      unified(shape(2, 2, 'lru')),
      unified(shape(3, 3, 'lru')),
      unified(shape(64, 1, 'lru')),
    ];
    for (const tlb of tooSmall) {
      expect(refillObstacle(tlb)).toMatch(/refill|at once/);
      expect(() => new Lockstep({ ...usual, seed: 1, tlb })).toThrow(/can't be refilled by software/);
    }
    for (const tlb of [...forBoth.map(unified), ...[...inSets, ...inOneSet].map((one) => split(one))])
      expect(refillObstacle(tlb)).toBeUndefined();
  });
});

/** One page in four of data is cut at both ends, and two pages of routines. */
const bounds: Bounds = (page) => {
  if (page === LOOP_PAGE || (page >= LIST_PAGE && page < LIST_PAGE + LIST_PAGES)) return [0, 4096];
  if (page === 33) return [0, 700];
  if (page === 35) return [1, 4096];
  if (page === 48) return [151, 4095];
  if (page < 512 || page % 4 !== 1) return [0, 4096];
  return [(page * 37) % 64, 4096 - ((page * 101) % 3000)];
};

describe('cut pages', () => {
  it('are cut as by hand, whatever the TLB, the program and the kernel', () => {
    const anyTlb = fc.oneof(
      anySplit([...inSets, ...inOneSet]),
      fc.constantFrom(...forBoth).map((one) => unified(one)),
    );
    fc.assert(
      fc.property(anyOptions(anyTlb), (options) => {
        new Lockstep({ ...options, bounds }).toTheEnd();
      }),
      { numRuns: 12 },
    );
  });
});
