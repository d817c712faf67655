import fc from 'fast-check';
import { describe, it } from 'vitest';
import { placementPolicies } from '../../../src/policies/placement/registry.ts';
import { type Step, Trial } from './trial.ts';
import type { WorldOptions } from './world.ts';

const kinds: readonly Step['kind'][] = [
  'load program',
  'load program',
  'store',
  'store',
  'store',
  'load',
  'load',
  'kernel',
  'probe',
  'break',
  'break',
  'map',
  'map',
  'map file',
  'map shared',
  'unmap',
  'remap',
  'forget',
  'protect',
  'fork',
  'end',
  'swap out',
  'time',
  'resume',
];
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    pick: fc.nat(10_000),
    size: fc.integer({ min: 1, max: 12 }),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 20, maxLength: 120 },
);

const check = (options: WorldOptions, numRuns: number) =>
  fc.assert(
    fc.property(steps, (todo) => {
      const trial = new Trial(options);
      for (const step of todo) trial.do(step);
      trial.finish();
    }),
    { numRuns },
  );

const roomy = { frames: 700, swap: 2_000 };
/** Two or three programs at once; the others are in swap. */
const tight = { frames: 110, swap: 1_000, moveEvery: 50_000_000 };
/** Hardly any swap, so that there is not enough of anything. */
const starved = { frames: 90, swap: 40 };
const both = ['base-bounds', 'segmented'] as const;

describe('memory in pieces shows programs what a map of bytes does', () => {
  it.each(both)('%s, with memory to spare', (scheme) => {
    check({ scheme, ...roomy }, 30);
  });

  it.each(both)('%s, with memory for a few', (scheme) => {
    check({ scheme, ...tight }, 20);
  });

  it.each(both)('%s, with neither memory nor swap', (scheme) => {
    check({ scheme, ...starved }, 15);
  });

  it.each([1, 2, 3])('segmented by %i bits', (segmentBits) => {
    check({ scheme: 'segmented', ...tight, segmentBits }, 10);
  });

  it.each(placementPolicies.map(({ name }) => name))('placed by %s', (placement) => {
    check({ scheme: 'base-bounds', ...tight, placement }, 6);
    check({ scheme: 'segmented', ...tight, placement }, 6);
  });
});
