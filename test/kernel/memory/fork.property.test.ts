/**
 * Random sequences over one to four spaces that fork and end, under a policy drawn at random, in few frames.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { AsidChoice } from '../../../src/kernel/memory/asids.ts';
import { replacementPolicies } from '../../../src/policies/replacement/registry.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { LateStore } from '../../support/stores.ts';
import type { WorldOptions } from './harness.ts';
import { lifeAndDeath, operation, Trial } from './trial.ts';

const anyOperation = fc.oneof({ weight: 8, arbitrary: operation }, { weight: 1, arbitrary: lifeAndDeath });
const script = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), anyOperation), {
  minLength: 10,
  maxLength: 200,
  size: 'max',
});
/** The machine's TLB forgets nothing by itself, so an identifier that is given again with entries left would show. */
const asids = fc.constantFrom<AsidChoice>(65_536, 3, 2, 'none');
const policy = fc.constantFrom(...replacementPolicies.filter(({ needs }) => needs !== 'the future'));

function check(options: () => WorldOptions, runs: number, tight: boolean): Promise<void> {
  return fc.assert(
    fc.asyncProperty(policy, asids, script, async (policy, asids, steps) => {
      const trial = new Trial({ ...options(), policy, asids, watched: false }, 1, tight);
      for (const [which, step] of steps) await trial.step(which, step);
      trial.end();
    }),
    { numRuns: runs },
  );
}

describe('spaces that fork', () => {
  // Each of four spaces has at most five tables; five pages are the most that an instruction needs.
  it('agree with the model when tables and pages share 26 frames', () =>
    check(() => ({ frames: 26 }), 120, false));

  it('agree with the model with 4 page frames', () =>
    check(() => ({ frames: 26, sizing: { mode: 'frames', frames: 4 } }), 120, false));

  it('agree with the model when memory is too small for all, and somebody is killed', () =>
    check(() => ({ frames: 14 }), 120, true));

  it('agree with the model when swap is too small for all', () =>
    check(() => ({ frames: 26, swap: 12 }), 100, true));

  it('agree with the model with a store that takes its time', () =>
    check(() => ({ frames: 26, store: new LateStore(new MemoryStore(200)) }), 80, false));
});
