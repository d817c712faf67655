/**
 * Leaf tables that go to swap: random operations against the model of trial.ts, on pages that lie in many tables. The
 * model knows nothing of tables, and invariants are checked after each operation.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { livePolicies } from '../../support/live-policies.ts';
import { LateStore } from '../../support/stores.ts';
import type { WorldOptions } from './harness.ts';
import { lifeAndDeath, operation, Trial } from './trial.ts';

const script = fc.array(
  fc.tuple(fc.nat(3), fc.oneof({ weight: 12, arbitrary: operation }, { weight: 1, arbitrary: lifeAndDeath })),
  { minLength: 20, maxLength: 150, size: 'max' },
);

/** Three pages of the window in a table, so that it lies in eight, four on each side of a table above. */
const STRIDE = 171;

function check(options: () => WorldOptions, runs: number, tight = false): Promise<void> {
  return fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const trial = new Trial({ pageTables: 'pageable', ...options() }, 2, tight, { stride: STRIDE });
      for (const [which, step] of steps) await trial.step(which, step);
      trial.end();
    }),
    { numRuns: runs },
  );
}

describe.each(livePolicies.map((policy) => ({ name: policy.name, policy })))('pageable tables under $name', ({
  policy,
}) => {
  it('agree with the model', async () => {
    await check(() => ({ frames: 30, policy }), 10);
  });

  it('agree with the model when memory or slots may be too few', async () => {
    await check(() => ({ frames: 16, policy, swap: 20 }), 10, true);
  });
});

describe('pageable tables in a store that takes its time', () => {
  it('agree with the model', async () => {
    await check(() => ({ frames: 30, store: new LateStore(new MemoryStore(400)) }), 40);
  });
});
