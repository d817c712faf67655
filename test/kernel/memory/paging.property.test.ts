/**
 * Read-ahead, page daemon, clusters, cleaning and the disk's arm change when pages move and never what programs read:
 * random operations against the model of trial.ts, under random settings of all of them at once.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { DEFAULT_ARM, type DiskModel } from '../../../src/kernel/disk.ts';
import type { PagingRules } from '../../../src/kernel/memory/paging-rules.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { LateStore } from '../../support/stores.ts';
import type { WorldOptions } from './harness.ts';
import { pageFrames, type SmallScheme, sharedMemory, smallScheme } from './small-schemes.ts';
import { lifeAndDeath, operation, Trial } from './trial.ts';

const script = fc.array(
  fc.tuple(fc.nat(3), fc.oneof({ weight: 12, arbitrary: operation }, { weight: 1, arbitrary: lifeAndDeath })),
  { minLength: 20, maxLength: 150, size: 'max' },
);

const daemon = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.nat(4), fc.constantFrom('any' as const, 'clean' as const))
  .map(([low, more, first]) => ({ low, high: low + more, first }));

const rules: fc.Arbitrary<PagingRules> = fc.record({
  readAhead: fc.constantFrom(0, 1, 2, 5, 16),
  daemon: fc.option(daemon, { nil: undefined }),
  cluster: fc.constantFrom(1, 2, 3, 8),
  cleanEvery: fc.constantFrom(undefined, 15_000_000, 80_000_000),
});

const disks: fc.Arbitrary<DiskModel> = fc.constantFrom<DiskModel>(
  { kind: 'flat' },
  { ...DEFAULT_ARM, trackPages: 4 },
  { ...DEFAULT_ARM, trackPages: 4, order: 'elevator' },
);

function check(options: (scheme: SmallScheme) => WorldOptions, runs: number, tight = false): Promise<void> {
  return fc.assert(
    fc.asyncProperty(smallScheme, script, rules, disks, async (scheme, steps, paging, disk) => {
      const trial = new Trial({ ...options(scheme), paging, disk }, 2, tight, { base: scheme.base });
      for (const [which, step] of steps) {
        // Time passes, so that pages are cleaned and transfers end that nobody waits for.
        trial.world.clock.state.now += 3_000_000;
        await trial.step(which, step);
      }
      trial.end();
    }),
    { numRuns: runs },
  );
}

describe.each(livePolicies.map((policy) => ({ name: policy.name, policy })))('paging under $name', ({
  policy,
}) => {
  it('agrees with the model when tables and pages share the frames', async () => {
    await check((scheme) => ({ ...sharedMemory(scheme, 4, 20), policy }), 10);
  });

  it('agrees with the model with 6 page frames', async () => {
    await check((scheme) => ({ ...pageFrames(scheme, 4, 6), policy }), 10);
  });

  it('agrees with the model when memory or slots may be too few', async () => {
    await check((scheme) => ({ ...sharedMemory(scheme, 2, 6), policy, swap: 14 }), 10, true);
  });
});

describe('paging with a store that takes its time', () => {
  it('agrees with the model', async () => {
    const store = () => new LateStore(new MemoryStore(100));
    await check((scheme) => ({ ...sharedMemory(scheme, 4, 16), store: store() }), 40);
  });
});
