/** Random sequences of operations against a model, by policy and size. Invariants are checked after each one. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { LateStore } from '../../support/stores.ts';
import type { WorldOptions } from './harness.ts';
import { operation, Trial } from './trial.ts';

const script = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), operation), {
  minLength: 10,
  maxLength: 150,
  size: 'max',
});

function check(options: () => WorldOptions, runs: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const trial = new Trial(options(), 2);
      for (const [which, step] of steps) await trial.step(which, step);
      trial.end();
    }),
    { numRuns: runs },
  );
}

describe.each(livePolicies.map((policy) => ({ name: policy.name, policy })))('memory under $name', ({
  policy,
}) => {
  it('agrees with the model when tables and pages share 15 frames', async () => {
    await check(() => ({ frames: 15, policy }), 60);
  });

  it('agrees with the model with 3 page frames', async () => {
    await check(() => ({ frames: 13, sizing: { mode: 'frames', frames: 3 }, policy }), 60);
  });

  it('agrees with the model with few slots', async () => {
    await check(() => ({ frames: 20, policy, swap: 40 }), 30);
  });
});

describe('memory with a store that takes its time', () => {
  it('agrees with the model', async () => {
    await check(() => ({ frames: 15, store: new LateStore(new MemoryStore(100)) }), 100);
  });
});
