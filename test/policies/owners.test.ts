/** Policies that keep processes apart, against whole caches written for obviousness: segmented FIFO, local replacement. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/base/numbers.ts';
import { frame, NOBODY } from '../../src/base/numbers.ts';
import { randomState } from '../../src/base/random.ts';
import type { PolicyDefinition } from '../../src/policies/replacement/contract.ts';
import { fifo } from '../../src/policies/replacement/fifo.ts';
import { lru } from '../../src/policies/replacement/lru.ts';
import { perProcess } from '../../src/policies/replacement/per-process.ts';
import { findReplacementPolicy, replacementPolicies } from '../../src/policies/replacement/registry.ts';
import { Simulation } from '../../src/replay/simulate.ts';
import { TestBits } from './frames.ts';
import { FREE, HIT } from './naive/contract.ts';
import type { Step } from './naive/optimal.ts';
import { naiveLocal, naiveVms, type OwnedCache, RESCUE } from './naive/vms.ts';
import { replay, traceOf } from './replay.ts';

const PROCESSES = 3;
const kind = fc.constantFrom(
  ...Array<'load'>(9).fill('load'),
  'store',
  'store',
  'store',
  'release',
) as fc.Arbitrary<Step['kind']>;
const string = fc.oneof(
  fc.array(fc.record({ page: fc.nat(20), kind }), { maxLength: 250, size: 'max' }),
  // Small pages far more often than large ones.
  fc.array(fc.record({ page: fc.nat(40).map((n) => Math.floor((n * n) / 60)), kind }), {
    maxLength: 300,
    size: 'max',
  }),
);

/** What the policy and the cache say to each reference; each page is a process's own. */
function both(definition: PolicyDefinition, cache: OwnedCache, steps: readonly Step[], frames: number) {
  const { trace, steps: all } = traceOf(steps);
  const owners = Uint32Array.from({ length: trace.pages }, (_, page) => page % PROCESSES);
  const answers: number[] = [];
  let answer = FREE;
  const run = new Simulation({
    definition,
    frames,
    pages: trace.pages,
    seed: 1,
    owners,
    watcher: {
      hit: () => {
        answer = HIT;
      },
      fault: (_page, _frame, victim) => {
        answer = victim === -1 ? FREE : victim;
      },
    },
  });
  for (const chunk of trace.chunks) {
    for (let i = 0; i < chunk.length; i++) {
      const rescues = run.counts.secondChances?.rescues;
      answer = FREE;
      run.feed(chunk, i, i + 1);
      answers.push(run.counts.secondChances?.rescues === rescues ? answer : RESCUE);
    }
  }
  const expected = all.map(({ page, kind: what }) => {
    if (what !== 'release') return cache.request(page, page % PROCESSES, what === 'store');
    cache.release(page);
    return FREE;
  });
  return { answers, expected, cleaned: run.counts.secondChances?.cleaned };
}

describe('segmented FIFO', () => {
  it.each([
    ['vms', undefined, undefined],
    ['vms:limit=1', 1, undefined],
    ['vms:limit=2+dirty=0', 2, 0],
    ['vms:limit=3+dirty=1', 3, 1],
    ['vms:dirty=4', undefined, 4],
    ['vms:limit=99', 99, undefined],
  ])('%s decides as its naive twin does', (name, limit, dirty) => {
    const definition = findReplacementPolicy(name, '');
    fc.assert(
      fc.property(string, fc.integer({ min: 1, max: 20 }), (steps, frames) => {
        const cache = naiveVms(frames, limit, dirty);
        const { answers, expected, cleaned } = both(definition, cache, steps, frames);
        expect(answers).toEqual(expected);
        expect(cleaned).toBe(cache.cleaned);
      }),
      { numRuns: 100 },
    );
  });

  const victimsOf = (definition: PolicyDefinition, steps: readonly Step[], frames: number) =>
    replay(definition, traceOf(steps).trace, frames);

  it('is FIFO where one process may have all frames: the lists stay empty', () => {
    fc.assert(
      fc.property(string, fc.integer({ min: 1, max: 20 }), (steps, frames) => {
        const all = findReplacementPolicy(`vms:limit=${frames}`, '');
        expect(victimsOf(all, steps, frames)).toEqual(victimsOf(fifo, steps, frames));
      }),
    );
  });

  it('is LRU where a process has one page, and no dirty page waits: all else is one list', () => {
    const one = findReplacementPolicy('vms:limit=1+dirty=0', '');
    fc.assert(
      fc.property(string, fc.integer({ min: 1, max: 20 }), (steps, frames) => {
        expect(victimsOf(one, steps, frames)).toEqual(victimsOf(lru, steps, frames));
      }),
    );
  });

  it('passes its resident pages on when a process ends', () => {
    const definition = findReplacementPolicy('vms:limit=4', '');
    const chances = { setAside: () => {}, clean: (frames: readonly Frame[]) => frames };
    const policy = definition.attach(definition.initial(8, randomState(1)), {
      frameLimit: 8,
      bits: new TestBits(8),
      chances,
    });
    // Process 1 has frames 0 to 3, process 2 frames 4 and 5.
    for (const at of [0, 1, 2, 3]) policy.admitted(frame(at), at, 1);
    for (const at of [4, 5]) policy.admitted(frame(at), at, 2);
    policy.ended?.(1, (at) => (at === 0 ? 2 : NOBODY));
    // Both sets have three pages, of which those of nobody, -1, come first by number: 1, 2, 3.
    const order = [1, 4, 2].map(() => {
      const victim = policy.victim(9, 0) as Frame;
      policy.evicted(victim);
      return victim;
    });
    // After frame 1 the set of process 2 is larger: 4, 5, 0, in order of joining it; then nobody's again.
    expect(order).toEqual([1, 4, 2]);
  });

  it.each([
    'limit=0',
    'limit=',
    'dirty=-1',
    'limit=1+limit=2',
    'limit=1,dirty=2',
    '',
  ])('refuses the parameter %s', (text) => {
    expect(() => findReplacementPolicy(`vms:${text}`, '--replacement')).toThrow(/vms:limit=N\+dirty=N/);
  });
});

describe('local replacement', () => {
  it.each([
    ['fifo', fifo],
    ['lru', lru],
  ] as const)('of %s decides as its naive twin does', (name, definition) => {
    fc.assert(
      fc.property(string, fc.integer({ min: 1, max: 20 }), (steps, frames) => {
        const { answers, expected } = both(perProcess(definition), naiveLocal(frames, name), steps, frames);
        expect(answers).toEqual(expected);
      }),
      { numRuns: 130 },
    );
  });

  it('is the policy itself where there is one process', () => {
    const policies = replacementPolicies.filter(({ needs }) => needs !== 'the future');
    fc.assert(
      fc.property(
        string,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(...policies),
        (steps, frames, policy) => {
          const { trace } = traceOf(steps);
          expect(replay(perProcess(policy), trace, frames)).toEqual(replay(policy, trace, frames));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('goes on from a copy of its state', () => {
    const definition = perProcess(lru);
    const environment = { frameLimit: 6, bits: new TestBits(6) };
    const state = definition.initial(6, randomState(1));
    const policy = definition.attach(state, environment);
    for (const at of [0, 1, 2, 3, 4, 5]) policy.admitted(frame(at), at, at % 2);
    policy.referenced(frame(0));
    const copy = definition.attach(structuredClone(state), environment);
    // Process 0 has frames 0, 2, 4, of which 2 was used longest ago; process 1 has 1, 3, 5.
    expect([policy, copy].map((one) => one.victim(9, 0, undefined, 0))).toEqual([2, 2]);
    expect([policy, copy].map((one) => one.victim(9, 0, undefined, 1))).toEqual([1, 1]);
  });

  it('gives the pages of a process that has ended to who has them mapped', () => {
    const definition = perProcess(fifo);
    const bits = new TestBits(6);
    const room = (owner?: number) => (owner === undefined ? 6 : owner === NOBODY ? 0 : 3);
    const policy = definition.attach(definition.initial(6, randomState(1)), { frameLimit: 6, bits, room });
    for (const at of [0, 1, 2]) policy.admitted(frame(at), at, 1);
    for (const at of [3, 4]) policy.admitted(frame(at), at, 2);
    expect([policy.isFull?.(1), policy.isFull?.(2)]).toEqual([true, false]);
    policy.ended?.(1, (at) => (at === 2 ? 2 : NOBODY));
    expect(policy.isFull?.(2)).toBe(true);
    // Process 2 has its allotment: its own oldest goes. A newcomer takes what nobody has mapped.
    expect(policy.victim(9, 0, undefined, 2)).toBe(3);
    expect(policy.victim(9, 0, undefined, 7)).toBe(0);
    // A process whose pages are all pinned gets a frame all the same.
    for (const at of [2, 3, 4]) bits.pinned[at] = true;
    expect(policy.isFull?.(2)).toBe(false);
    expect(policy.victim(9, 0, undefined, 2)).toBe(0);
  });
});
