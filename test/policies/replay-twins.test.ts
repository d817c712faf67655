/**
 * Every policy, replayed, against a whole cache written from its paper: the same hits and the same victims in the
 * same order, on random, looping and skewed references with stores and releases among them.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyDefinition } from '../../src/policies/replacement/contract.ts';
import { findReplacementPolicy } from '../../src/policies/replacement/registry.ts';
import { naiveClock, naiveSieve, naiveWsClock } from './naive/clocks.ts';
import { FREE, HIT, type MakeCache, type NaiveCache } from './naive/contract.ts';
import { naive2Q, naiveArc, naiveCar } from './naive/ghosts.ts';
import { naiveClockPro, naiveLirs } from './naive/lirs.ts';
import { fewestFaults, naiveOptimal, type Step } from './naive/optimal.ts';
import { naiveS3Fifo, naiveWTinyLfu } from './naive/queues.ts';
import { naiveAging, naiveSampledLru, naiveWorkingSet } from './naive/sampled.ts';
import { naiveLfu, naiveLruK, naiveMru } from './naive/simple.ts';
import { faultsOf, replay, traceOf } from './replay.ts';

const REFERENCE = 100;

const twins: Readonly<Record<string, MakeCache>> = {
  mru: naiveMru,
  lfu: naiveLfu,
  'lru-k': naiveLruK(2, 0),
  'lru-k:1': naiveLruK(1, 0),
  'lru-k:3': naiveLruK(3, 0),
  'lru-k:2,4': naiveLruK(2, 4),
  'lru-k:3,9': naiveLruK(3, 9),
  clock: naiveClock(1),
  'clock:1': naiveClock(1),
  'clock:3': naiveClock(3),
  'aging:700ns': naiveAging,
  'aging:3us': naiveAging,
  'sampled-lru:300ns': naiveSampledLru,
  'sampled-lru:2us': naiveSampledLru,
  'working-set:3us': naiveWorkingSet,
  'working-set:10us': naiveWorkingSet,
  'wsclock:1us': naiveWsClock(1000),
  'wsclock:100ns': naiveWsClock(100),
  sieve: naiveSieve,
  '2q': naive2Q,
  arc: naiveArc,
  car: naiveCar,
  lirs: naiveLirs,
  'clock-pro': naiveClockPro,
  's3-fifo': naiveS3Fifo,
  'w-tinylfu': naiveWTinyLfu,
};

/** What the naive cache says to each step, in the form that `replay` gives. */
function expected(cache: NaiveCache, steps: readonly Step[], definition: PolicyDefinition): number[] {
  const every = (definition.interval ?? Number.POSITIVE_INFINITY) / REFERENCE;
  let interrupts = 0;
  return steps.map(({ page, kind }, position) => {
    for (; position >= Math.ceil(every * (interrupts + 1)); interrupts++) cache.interrupt?.();
    if (kind !== 'release') return cache.request(page, position * REFERENCE, kind === 'store');
    cache.release(page);
    return FREE;
  });
}

const kind = fc.constantFrom(
  ...Array<'load'>(12).fill('load'),
  'store',
  'store',
  'store',
  'release',
) as fc.Arbitrary<Step['kind']>;
const step = (page: fc.Arbitrary<number>) => fc.record({ page, kind });
const random = fc.array(step(fc.nat(11)), { maxLength: 200 });
/** Small pages far more often than large ones. */
const skewed = fc.array(step(fc.nat(40).map((n) => Math.floor((n * n) / 60))), { maxLength: 300 });
/** Loops over some pages from some page on, each a few times. */
const looping = fc
  .array(fc.record({ first: fc.nat(5), pages: fc.integer({ min: 1, max: 9 }), turns: fc.nat(4), kind }), {
    maxLength: 10,
  })
  .map((loops) =>
    loops.flatMap((loop) =>
      Array.from({ length: loop.pages * loop.turns }, (_, i) => ({
        page: loop.first + (i % loop.pages),
        // Of a loop that releases only one page goes.
        kind: loop.kind === 'release' && i !== loop.pages ? ('load' as const) : loop.kind,
      })),
    ),
  );
/** Long enough for ghosts to return and for hands to go round more than once. */
const long = fc.array(step(fc.nat(25)), { minLength: 100, maxLength: 400 });
const strings = fc.oneof(random, skewed, looping, long);
const sizes = [1, 2, 3, 4, 5, 8, 12];

describe.each(Object.entries(twins))('%s decides as its paper does', (name, twin) => {
  const definition = findReplacementPolicy(name, '');

  it('on short strings and small memories', () => {
    fc.assert(
      fc.property(strings, (string) => {
        const { trace, steps } = traceOf(string);
        for (const frames of sizes)
          expect(replay(definition, trace, frames)).toEqual(expected(twin(frames), steps, definition));
      }),
      { numRuns: 40 },
    );
  });

  it('on a long skewed string that has loops in it, in memories of 20 and 500 frames', () => {
    const { trace, steps } = traceOf(skewedLoops(9000));
    for (const frames of [20, 500]) {
      const wanted = expected(twin(frames), steps, definition);
      expect(replay(definition, trace, frames)).toEqual(wanted);
      expect(wanted.filter((answer) => answer === HIT).length).toBeGreaterThan(100);
    }
  });
});

/** References to 1900 pages, the low ones often; now and then a loop over 600 others. */
function skewedLoops(length: number): Step[] {
  let seed = 7;
  const below = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  return Array.from({ length }, (_, i) => {
    const isLoop = i % 2000 > 1200;
    const page = isLoop ? 2000 + (i % 600) : Math.floor(below(44) * below(44) * (below(100) / 100));
    return { page, kind: below(5) === 0 ? 'store' : below(200) === 0 ? 'release' : 'load' };
  });
}

describe('optimal', () => {
  it.each([
    'lowest',
    'highest',
    'oldest',
  ] as const)('evicts what is needed last; among the rest the %s', (choice) => {
    const definition = findReplacementPolicy(`optimal:${choice}`, '');
    fc.assert(
      fc.property(strings, fc.constantFrom(...sizes), (string, frames) => {
        const { trace, steps } = traceOf(string);
        const wanted = expected(naiveOptimal(steps, frames, choice), steps, definition);
        expect(replay(definition, trace, frames)).toEqual(wanted);
      }),
    );
  });

  it('faults as little as any choice of victims could', () => {
    const optimal = findReplacementPolicy('optimal', '');
    const tiny = fc.array(fc.nat(5), { minLength: 1, maxLength: 14 });
    fc.assert(
      fc.property(tiny, fc.integer({ min: 1, max: 4 }), (rest, frames) => {
        const references = [0, ...rest];
        expect(faultsOf(optimal, references, frames)).toBe(fewestFaults(references, frames));
      }),
      { numRuns: 200 },
    );
  });

  it('never faults more than any other policy', () => {
    const optimal = findReplacementPolicy('optimal', '');
    const { trace } = traceOf(skewedLoops(6000));
    const faults = (definition: PolicyDefinition) =>
      replay(definition, trace, 40).filter((answer) => answer !== HIT).length;
    const fewest = faults(optimal);
    for (const name of Object.keys(twins))
      expect(faults(findReplacementPolicy(name, ''))).toBeGreaterThanOrEqual(fewest);
  });
});
