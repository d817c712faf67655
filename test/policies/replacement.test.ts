import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { frame } from '../../src/base/numbers.ts';
import { clock } from '../../src/policies/replacement/clock.ts';
import { clockClean } from '../../src/policies/replacement/clock-clean.ts';
import { fifo } from '../../src/policies/replacement/fifo.ts';
import { lru } from '../../src/policies/replacement/lru.ts';
import { random } from '../../src/policies/replacement/random.ts';
import { findReplacementPolicy, replacementPolicies } from '../../src/policies/replacement/registry.ts';
import { Considerations, make, page, TestBits } from './frames.ts';
import { cleanClockTwin, clockTwin, fifoTwin, lruTwin, randomTwin } from './naive-policies.ts';
import { replacementConformance } from './replacement.conformance.ts';

const twins = {
  fifo: fifoTwin,
  random: randomTwin,
  lru: lruTwin,
  clock: clockTwin,
  'clock-clean': cleanClockTwin,
};

for (const definition of replacementPolicies) {
  replacementConformance(definition, (twins as Partial<Record<string, typeof fifoTwin>>)[definition.name]);
}

/** Frames down, references across; a dot is an empty frame. */
const table = (rows: string) => {
  const lines = rows
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const columns = lines[0]?.length ?? 0;
  return Array.from({ length: columns }, (_, column) =>
    lines
      .map((line) => line[column])
      .filter((cell) => cell !== '.')
      .map(Number),
  );
};

/**
 * The lecture notes' string. In each table a column holds the pages in frames A, B, C (D) after the reference
 * above it; each was worked out by hand as the notes do.
 */
describe("the notes' reference string", () => {
  const string = [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4];

  it('FIFO with 3 frames faults 9 times', () => {
    expect(page(fifo, string, 3)).toEqual({
      faults: 9,
      // ref:        0 1 2 3 0 1 4 0 1 2 3 4
      steps: table(`0 0 0 3 3 3 4 4 4 4 4 4
                    . 1 1 1 0 0 0 0 0 2 2 2
                    . . 2 2 2 1 1 1 1 1 3 3`),
    });
  });

  it("FIFO with 4 frames faults 10 times: Belady's anomaly", () => {
    expect(page(fifo, string, 4)).toEqual({
      faults: 10,
      // ref:        0 1 2 3 0 1 4 0 1 2 3 4
      steps: table(`0 0 0 0 0 0 4 4 4 4 3 3
                    . 1 1 1 1 1 1 0 0 0 0 4
                    . . 2 2 2 2 2 2 1 1 1 1
                    . . . 3 3 3 3 3 3 2 2 2`),
    });
  });

  it('LRU with 3 frames faults 10 times', () => {
    expect(page(lru, string, 3)).toEqual({
      faults: 10,
      // ref:        0 1 2 3 0 1 4 0 1 2 3 4
      steps: table(`0 0 0 3 3 3 4 4 4 2 2 2
                    . 1 1 1 0 0 0 0 0 0 3 3
                    . . 2 2 2 1 1 1 1 1 1 4`),
    });
  });

  it('LRU with 4 frames faults 8 times', () => {
    expect(page(lru, string, 4)).toEqual({
      faults: 8,
      // ref:        0 1 2 3 0 1 4 0 1 2 3 4
      steps: table(`0 0 0 0 0 0 0 0 0 0 0 4
                    . 1 1 1 1 1 1 1 1 1 1 1
                    . . 2 2 2 2 4 4 4 4 3 3
                    . . . 3 3 3 3 3 3 2 2 2`),
    });
  });

  it('Clock with 3 frames faults 9 times', () => {
    // 3 clears A B C and takes A; 0 takes B, 1 takes C, both bits clear: hand at A, all bits set.
    // 4 clears A B C, takes A: hand at B. 0 and 1 set B and C. 2 clears B, C, A (4's), takes B: hand at C.
    // 3 takes C, whose bit is clear. 4 is there.
    expect(page(clock, string, 3)).toEqual({
      faults: 9,
      // ref:        0 1 2 3 0 1 4 0 1 2 3 4
      steps: table(`0 0 0 3 3 3 4 4 4 4 4 4
                    . 1 1 1 0 0 0 0 0 2 2 2
                    . . 2 2 2 1 1 1 1 1 3 3`),
    });
  });

  it('Clock spares the page that is used, where FIFO does not', () => {
    // 2 frames, 0 1 2 0 3 0: FIFO: 0 A, 1 B, 2 for 0, 0 for 1, 3 for 2, 0 hits: 5 faults.
    // Clock, 3 frames, 0 1 2 3 1 4 1: 3 clears all and takes A, hand B (1, clear); 1 hits and sets B.
    // 4: B is set, so it is cleared and spared; C (2) is clear: taken. 1 hits: 5 faults. FIFO takes B for 4: 6.
    expect(page(fifo, [0, 1, 2, 0, 3, 0], 2).faults).toBe(5);
    expect(page(clock, [0, 1, 2, 3, 1, 4, 1], 3).faults).toBe(5);
    expect(page(fifo, [0, 1, 2, 3, 1, 4, 1], 3).faults).toBe(6);
  });
});

describe('stack property', () => {
  it('LRU never faults more with more frames', () => {
    const strings = fc.array(fc.nat(9), { maxLength: 80 });
    fc.assert(
      fc.property(strings, fc.integer({ min: 1, max: 8 }), (string, frames) => {
        expect(page(lru, string, frames + 1).faults).toBeLessThanOrEqual(page(lru, string, frames).faults);
      }),
    );
  });
});

describe('looping over one page more than there are frames', () => {
  // Notes: 0 to 49 again and again with 49 frames defeats LRU and FIFO entirely; random does much better.
  const loop = Array.from({ length: 5000 }, (_, i) => i % 50);

  it('LRU and FIFO miss always, random rarely', () => {
    expect(page(lru, loop, 49).faults).toBe(5000);
    expect(page(fifo, loop, 49).faults).toBe(5000);
    // A page evicted at random is missed once a turn of 50 at the latest: about 1 fault in 25.
    expect(page(random, loop, 49).faults).toBeLessThan(500);
  });
});

describe('clock-clean', () => {
  /** Four frames A to D, the hand at A, with the bits given: r referenced, d dirty, p pinned. */
  const decide = (states: string[]) => {
    const bits = new TestBits(states.length);
    const policy = make(clockClean, states.length, bits);
    states.forEach((state, at) => {
      policy.admitted(frame(at), at, 0);
      bits.referenced[at] = state.includes('r');
      bits.dirty[at] = state.includes('d');
      bits.pinned[at] = state.includes('p');
    });
    const why = new Considerations();
    const victim = policy.victim(9, 0, why);
    const path = why.list.map((look) => `${look.known.turn}${'ABCD'[look.frame]}`).join(' ');
    return { victim, path, left: bits.referenced.map((r) => (r ? 'r' : '-')).join('') };
  };

  it.each([
    // Turn 1 finds unused and clean, however far, and clears nothing.
    [['r', 'd', 'rd', ''], { victim: 3, path: '1A 1B 1C 1D', left: 'r-r-' }],
    // None is unused and clean. Turn 2 clears A and takes the unused dirty B; C and D keep their bits.
    [['r', 'd', 'rd', 'r'], { victim: 1, path: '1A 1B 1C 1D 2A 2B', left: '--rr' }],
    // All used: turn 2 clears all, turn 3 takes the first clean one.
    [['rd', 'rd', 'r', 'r'], { victim: 2, path: '1A 1B 1C 1D 2A 2B 2C 2D 3A 3B 3C', left: '----' }],
    // All used and dirty: turn 4 takes the first.
    [['rd', 'rd'], { victim: 0, path: '1A 1B 2A 2B 3A 3B 4A', left: '--' }],
    // A pinned frame is never taken and keeps its bit.
    [['p', 'rp', 'd'], { victim: 2, path: '1A 1B 1C 2A 2B 2C', left: '-r-' }],
    [['p', 'rp'], { victim: -1, path: '1A 1B 2A 2B 3A 3B 4A 4B', left: '-r' }],
  ])('%j', (states, expected) => {
    expect(decide(states)).toEqual(expected);
  });
});

describe('random', () => {
  it('takes each unpinned frame equally often', () => {
    const bits = new TestBits(10);
    const policy = make(random, 10, bits);
    for (let at = 0; at < 10; at++) policy.admitted(frame(at), at, 0);
    bits.pinned[3] = true;
    bits.pinned[7] = true;
    const taken = new Array<number>(10).fill(0);
    for (let i = 0; i < 80_000; i++) taken[policy.victim(99, i)]!++;
    expect(taken[3]! + taken[7]!).toBe(0);
    // 8 frames, 10,000 expected each. Chi-square with 7 degrees of freedom exceeds 24.3 once in a thousand seeds.
    const chiSquare = taken.reduce(
      (sum, n, at) => (at === 3 || at === 7 ? sum : sum + (n - 1e4) ** 2 / 1e4),
      0,
    );
    expect(chiSquare).toBeLessThan(24.3);
  });

  it('does not share its generator with whoever gave the seed', () => {
    const seed = { a: 1, b: 2, c: 3, d: 4 };
    const bits = new TestBits(2);
    const policy = random.attach(random.initial(2, seed), { frameLimit: 2, bits });
    policy.admitted(frame(0), 0, 0);
    policy.victim(1, 0);
    expect(seed).toEqual({ a: 1, b: 2, c: 3, d: 4 });
  });
});

describe('registry', () => {
  it('finds every policy by its name', () => {
    for (const definition of replacementPolicies) {
      expect(findReplacementPolicy(definition.name, '--replacement')).toBe(definition);
    }
  });

  it('names the flag and what is known', () => {
    expect(() => findReplacementPolicy('Clock', '--replacement')).toThrow(
      new UserError(
        '--replacement',
        "unknown policy 'Clock'; known: fifo, random, lru, mru, lfu, clock, clock-clean, vms, aging, sampled-lru, " +
          'working-set, wsclock, lru-k, 2q, arc, car, lirs, clock-pro, sieve, s3-fifo, w-tinylfu, optimal',
      ),
    );
  });

  it('has lower-case names, each once', () => {
    const names = replacementPolicies.map((policy) => policy.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });
});
