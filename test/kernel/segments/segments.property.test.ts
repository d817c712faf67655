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

const roomy = { frames: 2_000, swap: 2_000 };
/** Two or three programs at once; the others are in swap. */
const tight = { frames: 110, swap: 1_000, moveEvery: 50_000_000 };
describe('memory in pieces shows programs what a map of bytes does', () => {
  it.each(['base-bounds', 'segmented'] as const)('%s, with memory to spare', (scheme) => {
    check({ scheme, ...roomy }, 40);
  });

  it('base-bounds, with memory for a few', () => {
    check({ scheme: 'base-bounds', ...tight }, 30);
  });

  it.each(placementPolicies.map(({ name }) => name))('placed by %s', (placement) => {
    check({ scheme: 'base-bounds', ...tight, placement }, 10);
  });
});
