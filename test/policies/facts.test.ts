/** What papers and textbooks say of policies, and examples worked out by hand. */
import { describe, expect, it } from 'vitest';
import { frame } from '../../src/base/numbers.ts';
import { type ArcState, arc } from '../../src/policies/replacement/arc.ts';
import type { PolicyDefinition } from '../../src/policies/replacement/contract.ts';
import { findReplacementPolicy, replacementPolicies } from '../../src/policies/replacement/registry.ts';
import { Considerations, make, TestBits } from './frames.ts';
import { contents, faultsOf, replay, traceOf } from './replay.ts';

const find = (name: string): PolicyDefinition => findReplacementPolicy(name, '');
const loads = (pages: readonly number[]) => pages.map((page) => ({ page, kind: 'load' as const }));
const loop = (pages: number, turns: number) => Array.from({ length: pages * turns }, (_, i) => i % pages);

/** Frames down, references across, a dot for an empty frame, as `contents` gives it. */
const table = (rows: string) => {
  const lines = rows.split('\n').map((line) => line.trim().split(/\s+/));
  return lines[0]!.map((_, column) =>
    lines.map((line) => (line[column] === '.' ? -1 : Number(line[column]))),
  );
};

describe("the notes' reference string under the optimal policy", () => {
  const string = [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4];

  it.each([
    ['fifo', 3, 9],
    ['fifo', 4, 10],
    ['lru', 3, 10],
    ['lru', 4, 8],
    ['optimal', 3, 7],
    ['optimal', 4, 6],
    ['optimal:highest', 3, 7],
    ['optimal:oldest', 3, 7],
  ] as const)('%s with %i frames faults %i times', (name, frames, faults) => {
    expect(faultsOf(find(name), string, frames)).toBe(faults);
  });

  it.each([
    // ref:          0 1 2 3 0 1 4 0 1 2 3 4
    [
      'optimal',
      `0 0 0 0 0 0 0 0 0 2 3 3
                 . 1 1 1 1 1 1 1 1 1 1 1
                 . . 2 3 3 3 4 4 4 4 4 4`,
    ],
    [
      'optimal:highest',
      `0 0 0 0 0 0 0 0 0 0 0 0
                         . 1 1 1 1 1 1 1 1 2 3 3
                         . . 2 3 3 3 4 4 4 4 4 4`,
    ],
    [
      'optimal:oldest',
      `0 0 0 0 0 0 0 0 0 2 2 2
                        . 1 1 1 1 1 1 1 1 1 3 3
                        . . 2 3 3 3 4 4 4 4 4 4`,
    ],
    [
      'optimal',
      `0 0 0 0 0 0 0 0 0 0 3 3
                 . 1 1 1 1 1 1 1 1 1 1 1
                 . . 2 2 2 2 2 2 2 2 2 2
                 . . . 3 3 3 4 4 4 4 4 4`,
    ],
  ])('%s: frame contents', (name, rows) => {
    const steps = table(rows);
    expect(contents(find(name), string, steps[0]!.length)).toEqual(steps);
  });
});

describe('limits at which policies become others', () => {
  const string = Array.from({ length: 3000 }, (_, i) => (i === 0 ? 0 : ((i * i) % 37) ^ (i % 11)));
  const victims = (name: string) => replay(find(name), traceOf(loads(string)).trace, 9);

  it.each([
    ['lru-k:1', 'lru'],
    ['sampled-lru:100ns', 'lru'],
    ['sampled-lru:1000s', 'fifo'],
    ['clock:1', 'clock'],
    ['optimal:lowest', 'optimal'],
  ])('%s is %s', (name, other) => {
    expect(victims(name)).toEqual(victims(other));
  });
});

describe('looping over a little more than there is memory for', () => {
  it('LIRS keeps all but one frame for pages that hit every turn', () => {
    expect(faultsOf(find('lirs'), loop(50, 20), 49)).toBe(50 + 19 * 2);
  });

  it('MRU is as good as the optimal policy, LRU and FIFO have no hit', () => {
    expect(faultsOf(find('mru'), loop(50, 20), 49)).toBe(faultsOf(find('optimal'), loop(50, 20), 49));
    for (const name of ['lru', 'fifo']) expect(faultsOf(find(name), loop(50, 20), 49)).toBe(1000);
  });
});

describe('a scan of pages that are used once', () => {
  /** 8 pages used again and again among others that are not, then 1000 used once, then the 8. */
  const scan = [
    ...Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? (i / 2) % 8 : 100 + (i % 32))),
    ...Array.from({ length: 1000 }, (_, i) => 200 + i),
  ];
  const hitsAfter = (name: string) =>
    faultsOf(find(name), scan, 20) + 8 - faultsOf(find(name), [...scan, ...loop(8, 1)], 20);

  it.each([
    'arc',
    'car',
    'lirs',
    'lru-k',
    '2q',
    'clock-pro',
    's3-fifo',
    'w-tinylfu',
    'lfu',
  ])('does not make %s forget what it keeps', (name) => {
    expect(hitsAfter(name)).toBeGreaterThanOrEqual(7);
  });

  it.each(['lru', 'fifo', 'clock'])('makes %s forget everything', (name) => {
    expect(hitsAfter(name)).toBe(0);
  });
});

describe('ARC', () => {
  it('adapts its target p as the paper has it', () => {
    let state: ArcState | undefined;
    const watched: PolicyDefinition<ArcState> = {
      ...arc,
      initial: (frameLimit, random) => {
        state = arc.initial(frameLimit, random);
        return state;
      },
    };
    const targetAfter = (string: number[]) => {
      replay(watched, traceOf(loads(string)).trace, 4);
      return state?.target;
    };
    // T2 0 1, T1 2 3; 4 sends 2 to B1, where it is found: |B2|/|B1| is 0, so p goes up by 1.
    const start = [0, 1, 0, 1, 2, 3, 4];
    expect(targetAfter(start)).toBe(0);
    expect(targetAfter([...start, 2])).toBe(1);
    // T1 4, T2 0 1 2, B1 3. For 5, |T1| is not more than p: 0 goes to B2, where it is found: p goes down by 1.
    expect(targetAfter([...start, 2, 5])).toBe(1);
    expect(targetAfter([...start, 2, 5, 0])).toBe(0);
  });
});

describe('SIEVE', () => {
  it('leaves used pages in their places and takes new ones that are not used', () => {
    // 0 1 2 3, of which 0 and 2 are used. 4: the hand clears 0 and takes 1. 5: it clears 2 and takes 3.
    // 6: it is at 4, which was not used: it goes, though 0 and 2 are older and their bits are clear.
    const string = [0, 1, 2, 3, 0, 2, 4, 5, 6];
    const { trace } = traceOf(loads(string));
    expect(replay(find('sieve'), trace, 4).slice(-3)).toEqual([1, 3, 4]);
  });
});

describe('aging', () => {
  it("has the counters of Tanenbaum's example, and takes page 3", () => {
    const bits = new TestBits(6);
    const policy = make(find('aging'), 6, bits);
    for (let page = 0; page < 6; page++) policy.admitted(frame(page), page, 0);
    const ticks = ['101011', '110010', '110101', '100010', '011000'];
    // The use that brought the pages in is no part of the example: it is shifted out first.
    for (let i = 0; i < 9; i++) policy.interrupt?.(i);
    for (const tick of ticks) {
      bits.referenced.splice(0, 6, ...[...tick].map((bit) => bit === '1'));
      policy.interrupt?.(9);
    }
    const counters = [0, 1, 2, 3, 4, 5].map((page) => {
      bits.pinned.fill(true);
      bits.pinned[page] = false;
      const why = new Considerations();
      expect(policy.victim(9, 0, why)).toBe(page);
      return Number(why.list.at(-1)?.known.counter).toString(2).padStart(8, '0');
    });
    expect(counters).toEqual(['01111000', '10110000', '10001000', '00100000', '01011000', '00101000']);
    bits.pinned.fill(false);
    expect(policy.victim(9, 0)).toBe(3);
  });
});

describe('parameters', () => {
  it.each([
    ['optimal', ['lowest', 'highest', 'oldest'], ['', 'newest', 'toString']],
    ['clock', ['1', '2', '255'], ['0', '256', '1.5', '-1', '', '01']],
    ['lru-k', ['1', '2', '16', '2,10', '3,0'], ['0', '17', '2,', '2,x', '', ',1']],
    ['aging', ['1ms', '100', '100ns', '1000s'], ['99', '1001s', '1', 'ms', '', '1m', '1.5ms']],
    ['sampled-lru', ['10us'], ['10u']],
    ['wsclock', ['1s'], ['s']],
    ['working-set', ['800ns', '10ms'], ['799ns', '']],
  ])('%s takes what its syntax says', (name, good, bad) => {
    for (const text of good) expect(find(`${name}:${text}`).name).toBe(`${name}:${text}`);
    for (const text of bad) expect(() => find(`${name}:${text}`)).toThrow(`is no parameter of ${name}`);
  });

  it('are refused where there are none', () => {
    expect(() => find('fifo:2')).toThrow("fifo takes no parameter, '2' given");
  });

  it('begin their syntax with the name, and keep the name of the policy they vary', () => {
    for (const { name, parameter } of replacementPolicies)
      if (parameter) expect(parameter.syntax).toMatch(new RegExp(`^${name}:`));
  });
});
