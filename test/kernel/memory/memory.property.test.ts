/**
 * Random sequences of operations against a model, by policy, size and address-translation scheme. Invariants are checked
 * after each one.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { LateStore } from '../../support/stores.ts';
import type { WorldOptions } from './harness.ts';
import { pageFrames, type SmallScheme, sharedMemory, smallScheme } from './small-schemes.ts';
import { operation, Trial } from './trial.ts';

const script = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), operation), {
  minLength: 10,
  maxLength: 150,
  size: 'max',
});

function check(options: (scheme: SmallScheme) => WorldOptions, runs: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(smallScheme, script, async (scheme, steps) => {
      const trial = new Trial(options(scheme), 2, false, { base: scheme.base });
      for (const [which, step] of steps) await trial.step(which, step);
      trial.end();
    }),
    { numRuns: runs },
  );
}

describe.each(livePolicies.map((policy) => ({ name: policy.name, policy })))('memory under $name', ({
  policy,
}) => {
  it('agrees with the model when tables and pages share a few frames', async () => {
    await check((scheme) => ({ ...sharedMemory(scheme, 2, 5), policy }), 10);
  });

  it('agrees with the model with 3 page frames', async () => {
    await check((scheme) => ({ ...pageFrames(scheme, 2, 3), policy }), 10);
  });

  it('agrees with the model with few slots', async () => {
    await check((scheme) => ({ ...sharedMemory(scheme, 2, 10), policy, swap: 40 }), 8);
  });
});

describe('memory with a store that takes its time', () => {
  it('agrees with the model', async () => {
    const store = () => new LateStore(new MemoryStore(100));
    await check((scheme) => ({ ...sharedMemory(scheme, 2, 5), store: store() }), 40);
  });
});
