/**
 * Superpages change what one entry maps and never what programs read: random operations on spaces that fork, against
 * the model of trial.ts, in memory that has room for a few of them or for hardly any, under policies drawn at random.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MemoryCounters } from '../../../src/kernel/memory/contract.ts';
import { replacementPolicies } from '../../../src/policies/replacement/registry.ts';
import type { WorldOptions } from './harness.ts';
import { pageFrames, type SmallScheme, sharedMemory, smallSuperpages } from './small-schemes.ts';
import { lifeAndDeath, type Operation, operation, Trial } from './trial.ts';

/** A large anonymous area, and a new right for one that was cut out of it. */
const large: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('map' as const),
    at: fc.constantFrom(0, 2, 5, 6),
    pages: fc.integer({ min: 8, max: 15 }),
    kind: fc.constant('anonymous' as const),
    index: fc.constant(0),
    protection: fc.constantFrom(3, 3, 3, 1),
  }),
  fc.record({
    op: fc.constant('protect' as const),
    at: fc.constantFrom(0, 2, 6),
    pages: fc.integer({ min: 8, max: 18 }),
    protection: fc.constantFrom(3, 3, 7, 1),
  }),
);
const anyOperation = fc.oneof(
  { weight: 14, arbitrary: operation },
  { weight: 2, arbitrary: large },
  { weight: 1, arbitrary: lifeAndDeath },
);
const script = fc.array(fc.tuple(fc.nat(3), anyOperation), { minLength: 20, maxLength: 120, size: 'max' });
const policy = fc.constantFrom(...replacementPolicies.filter(({ needs }) => needs !== 'the future'));
const shares = fc.constantFrom('equal' as const, 'proportional' as const);

type Counts = MemoryCounters['superpages'];

/** What all trials together came to. */
async function check(
  options: (scheme: SmallScheme) => WorldOptions,
  runs: number,
  tight: boolean,
): Promise<Counts> {
  const all: Counts[] = [];
  await fc.assert(
    fc.asyncProperty(policy, shares, smallSuperpages, script, async (policy, shares, scheme, steps) => {
      const trial = new Trial({ ...options(scheme), policy, shares, watched: false }, 1, tight, {
        base: scheme.base,
      });
      all.push(trial.world.memory.counters.superpages);
      for (const [which, step] of steps) await trial.step(which, step);
      trial.end();
    }),
    { numRuns: runs },
  );
  const sum = (of: (counts: Counts) => number) => all.reduce((total, counts) => total + of(counts), 0);
  const [first] = all;
  const causes = Object.keys(first!.split) as (keyof Counts['split'])[];
  return {
    mapped: sum(({ mapped }) => mapped),
    joined: sum(({ joined }) => joined),
    fellBack: sum(({ fellBack }) => fellBack),
    split: Object.fromEntries(
      causes.map((cause) => [cause, sum(({ split }) => split[cause])]),
    ) as Counts['split'],
    freed: sum(({ freed }) => freed),
    peak: Math.max(...all.map(({ peak }) => peak)),
    zeroPages: sum(({ zeroPages }) => zeroPages),
  };
}

describe('spaces with superpages', () => {
  it('agree with the model in memory for a few of them', async () => {
    const counts = await check((scheme) => sharedMemory(scheme, 4, 24), 60, false);
    const { unmap, protect, fork, move } = counts.split;
    expect(counts.mapped).toBeGreaterThan(60);
    expect(counts.joined).toBeGreaterThan(0);
    expect(Math.min(unmap, protect, fork, move)).toBeGreaterThan(0);
  });

  it('agree with the model with 8 page frames', async () => {
    const { mapped, fellBack, split } = await check((scheme) => pageFrames(scheme, 4, 8), 40, false);
    expect(mapped).toBeGreaterThan(20);
    expect(fellBack).toBeGreaterThan(20);
    expect(split.evict).toBeGreaterThan(0);
  });

  it('agree with the model when memory is too small for all, and somebody is killed', async () => {
    const { mapped } = await check((scheme) => sharedMemory(scheme, 2, 4), 40, true);
    expect(mapped).toBeGreaterThan(20);
  });
});
