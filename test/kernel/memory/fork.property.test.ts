/**
 * Random sequences over one to four spaces that fork and end, under a policy and a scheme drawn at random, in few frames.
 */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { AsidChoice } from '../../../src/kernel/memory/asids.ts';
import { replacementPolicies } from '../../../src/policies/replacement/registry.ts';
import { MemoryStore } from '../../../src/stores/memory.ts';
import { LateStore } from '../../support/stores.ts';
import type { WorldOptions } from './harness.ts';
import { pageFrames, type SmallScheme, sharedMemory, smallScheme } from './small-schemes.ts';
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

function check(options: (scheme: SmallScheme) => WorldOptions, runs: number, tight: boolean): Promise<void> {
  return fc.assert(
    fc.asyncProperty(policy, asids, smallScheme, script, async (policy, asids, scheme, steps) => {
      const all = { ...options(scheme), policy, asids, watched: false };
      const trial = new Trial(all, 1, tight, { base: scheme.base });
      for (const [which, step] of steps) await trial.step(which, step);
      trial.end();
    }),
    { numRuns: runs },
  );
}

describe('spaces that fork', () => {
  // Five pages are the most that an instruction needs, and there is one more.
  it('agree with the model when tables and pages share a few frames', () =>
    check((scheme) => sharedMemory(scheme, 4, 6), 120, false));

  it('agree with the model with 4 page frames', () =>
    check((scheme) => pageFrames(scheme, 4, 4), 120, false));

  it('agree with the model when memory is too small for all, and somebody is killed', () =>
    check((scheme) => sharedMemory(scheme, 2, 4), 120, true));

  it('agree with the model when swap is too small for all', () =>
    check((scheme) => ({ ...sharedMemory(scheme, 4, 6), swap: 12 }), 100, true));

  it('agree with the model with a store that takes its time', () =>
    check(
      (scheme) => ({ ...sharedMemory(scheme, 4, 6), store: new LateStore(new MemoryStore(200)) }),
      80,
      false,
    ));
});
