import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vpn } from '../../../src/base/numbers.ts';
import type { MachineConfig, TlbShape } from '../../../src/machine/contract.ts';
import { Lockstep, type LockstepOptions } from './lockstep.ts';
import { ASID, CODE, CODE_FRAME, SmallMachine } from './small.ts';
import { A, D, entryTo, R, U, V, W } from './tables.ts';

type TlbConfig = MachineConfig['tlb'];
const replacements = ['lru', 'fifo', 'random'] as const;
const shape = (entries: number, ways: number, replacement: TlbShape['replacement']): TlbShape => ({
  entries,
  ways,
  replacement,
});
const shapesOf = (sizes: readonly (readonly [number, number])[]): TlbShape[] =>
  sizes.flatMap(([entries, ways]) => replacements.map((one) => shape(entries, ways, one)));
const forPages = shapesOf([
  [1, 1],
  [4, 1],
  [8, 2],
  [64, 4],
]);
const forSuperpages = shapesOf([
  [1, 1],
  [2, 1],
  [3, 3],
  [4, 2],
  [16, 16],
]);

const usual: Omit<LockstepOptions, 'seed' | 'tlb'> = {
  stamps: 'on',
  spaces: 2,
  operations: 200,
  rounds: 2,
  fuel: 300,
  calm: 2,
  superpages: 'many',
};

describe('a TLB for superpages', () => {
  const cases: readonly Exclude<TlbConfig, { kind: 'none' }>[] = [
    {
      kind: 'split',
      data: shape(8, 2, 'lru'),
      instructions: shape(4, 1, 'fifo'),
      superpages: shape(3, 3, 'lru'),
    },
    { kind: 'unified', shape: shape(8, 2, 'random'), superpages: shape(4, 2, 'fifo') },
  ];
  it.each(cases)('is the naive one (%#)', (tlb) => {
    const run = new Lockstep({ ...usual, seed: 3, tlb });
    run.toTheEnd();
    expect(run.seen.faults).toBeGreaterThan(20);
    expect(run.seen.retries).toBeGreaterThan(5);
    const without = new Lockstep({ ...usual, seed: 3, tlb: { ...tlb, superpages: shape(1, 1, 'lru') } });
    without.toTheEnd();
    expect(run.fast.counters().dataTlbMisses).toBeLessThan(without.fast.counters().dataTlbMisses);
  });

  it('is the naive one whatever the shapes, the program and the kernel', () => {
    const any = fc.constantFrom(...forPages);
    const larger = fc.constantFrom(...forSuperpages);
    const anyTlb: fc.Arbitrary<TlbConfig> = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.tuple(any, any, larger).map(([data, instructions, superpages]): TlbConfig => {
          return { kind: 'split', data, instructions, superpages };
        }),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(any, larger)
          .map(([one, superpages]): TlbConfig => ({ kind: 'unified', shape: one, superpages })),
      },
    );
    const options = fc.record<LockstepOptions>({
      seed: fc.integer(),
      tlb: anyTlb,
      superpages: fc.constant('many'),
      stamps: fc.constantFrom('on', 'off'),
      spaces: fc.integer({ min: 1, max: 3 }),
      operations: fc.integer({ min: 20, max: 250 }),
      rounds: fc.integer({ min: 1, max: 2 }),
      fuel: fc.constantFrom(1, 10, 100, 1000, 5000),
      calm: fc.constantFrom(1, 2, 10),
    });
    fc.assert(
      fc.property(options, (drawn) => {
        new Lockstep(drawn).toTheEnd();
      }),
      { numRuns: 15 },
    );
  });
});

const SUPERPAGE = 0x4000_0000;
const SECOND = SUPERPAGE + 2 ** 21;
const RWU = V | R | W | U | A | D;

/** A machine with superpages of data: two of 2 MiB and one of 1 GiB, in 4 MiB of RAM. */
function withSuperpages(superpages: TlbShape | undefined, entry = RWU): SmallMachine {
  const pages = shape(4, 1, 'lru');
  const tlb = { kind: 'split' as const, data: pages, instructions: pages, ...(superpages && { superpages }) };
  const small = new SmallMachine({ frames: 1024, tlb });
  // A root entry that is free: it leads to a table in frame 15, where the superpages are.
  const { ramView } = small.machine;
  const root = small.rootEntry(SUPERPAGE);
  ramView.setBigUint64(root, entryTo(15, V), true);
  ramView.setBigUint64(15 * 4096, entryTo(0, entry), true);
  ramView.setBigUint64(15 * 4096 + 8, entryTo(512, entry), true);
  ramView.setBigUint64(small.rootEntry(2 * SUPERPAGE), entryTo(0, entry), true);
  // Reads a word every a3 bytes from a1 up to a2.
  small.code(CODE, ['ld a0,0(a1)', 'add a1,a1,a3', `bltu a1,a2,${CODE}`, 'ecall']);
  small.machine.x[13] = 4096n;
  return small;
}

function sweep(small: SmallMachine, from: number, bytes: number): number {
  const { machine } = small;
  const before = machine.counters().dataTlbMisses;
  machine.x[11] = BigInt(from);
  machine.x[12] = BigInt(from + bytes);
  expect(small.again()).toBe('system-call');
  return machine.counters().dataTlbMisses - before;
}

describe('reach', () => {
  it('is one miss for 2 MiB, and without such a TLB one for each page', () => {
    expect(sweep(withSuperpages(undefined), SUPERPAGE, 2 ** 21)).toBe(512);
    const small = withSuperpages(shape(4, 4, 'lru'));
    expect(sweep(small, SUPERPAGE, 2 ** 21)).toBe(1);
    expect(sweep(small, SUPERPAGE, 2 ** 22)).toBe(1);
    // A leaf of 1 GiB is kept in pieces of 2 MiB.
    expect(sweep(small, 2 * SUPERPAGE, 2 ** 22)).toBe(2);
    expect(sweep(small, SUPERPAGE, 2 ** 22)).toBe(0);
    const { machine } = small;
    expect(machine.counters().walkLoads).toBe(3 + 2 * 2 + 2 * 1);
    // Any of its addresses drops a superpage.
    machine.flushPage(ASID, vpn(SECOND / 4096 + 77));
    machine.flushPage(ASID, vpn(CODE / 4096 + 7));
    expect(machine.counters().flushed).toBe(1);
    expect(sweep(small, SUPERPAGE, 2 ** 22)).toBe(1);
    machine.flushSpace(ASID);
    expect(machine.counters().flushed).toBe(1 + 4 + 1);
  });

  it('ends where RAM ends inside of a superpage', () => {
    const small = withSuperpages(shape(4, 4, 'lru'));
    expect(sweep(small, 2 * SUPERPAGE + 2 ** 21, 2 ** 21)).toBe(1);
    small.machine.x[11] = BigInt(2 * SUPERPAGE + 2 ** 22);
    small.machine.x[12] = small.machine.x[11]! + 1n;
    expect(small.again()).toBe('page-fault');
  });

  it('keeps the order of use among superpages, whatever goes by fast slots', () => {
    const small = withSuperpages(shape(2, 2, 'lru'));
    const touch = (address: number): number => sweep(small, address, 1);
    // Pages with fast slots of their own: neither pushes the other out of one.
    const [first, second, third] = [SUPERPAGE, SECOND + 4096, 2 * SUPERPAGE + 2 * 4096];
    expect([first, second, first, second, first, third].map(touch)).toEqual([1, 1, 0, 0, 0, 1]);
    expect([first, second, third].map(touch)).toEqual([0, 1, 1]);
  });
});

describe('the dirty bit of a superpage', () => {
  it('is set by the first store to any page of it, and costs one walk', () => {
    const small = withSuperpages(shape(4, 4, 'lru'), RWU & ~D);
    small.code(CODE + 64, ['sd a0,0(a1)', 'sd a0,8(a1)', 'add a1,a1,a3', 'sd a0,0(a1)', 'ecall'], CODE_FRAME);
    const { machine } = small;
    sweep(small, SUPERPAGE + 100 * 4096, 8192);
    machine.x[11] = BigInt(SUPERPAGE + 100 * 4096);
    expect(small.again(CODE + 64)).toBe('system-call');
    expect(machine.counters()).toMatchObject({ dataTlbMisses: 1, dirtyWalks: 1 });
    expect(machine.ramView.getBigUint64(15 * 4096, true) & D).toBe(D);
    expect(machine.ramView.getBigUint64(15 * 4096 + 8, true) & D).toBe(0n);
  });

  const PAGE = 33 * 4096;
  /** A clean superpage of which two pages were read, and a routine that stores a0. */
  function clean(): SmallMachine {
    const small = withSuperpages(shape(4, 4, 'lru'), RWU & ~D);
    small.code(CODE + 64, ['sd a0,0(a1)', 'ecall']);
    small.machine.x[13] = 8n;
    for (const frame of [33, 34, 512 + 33, 512 + 34, 700]) small.fill(frame, BigInt(frame));
    expect(sweep(small, SUPERPAGE + PAGE, 8) + sweep(small, SUPERPAGE + PAGE + 4096, 8)).toBe(1);
    return small;
  }
  const read = (small: SmallMachine, address: number): bigint => {
    sweep(small, address, 8);
    return small.machine.x[10]!;
  };
  const store = (small: SmallMachine, address: number, value: bigint): void => {
    small.machine.x[10] = value;
    small.machine.x[11] = BigInt(address);
    expect(small.again(CODE + 64)).toBe('system-call');
  };

  it('is read with the whole entry: all pages go by what the table says by now', () => {
    const small = clean();
    small.machine.ramView.setBigUint64(15 * 4096, entryTo(512, RWU & ~D), true);
    expect(read(small, SUPERPAGE + PAGE + 4096)).toBe(34n);
    store(small, SUPERPAGE + PAGE, 1n);
    expect(small.machine.ramView.getBigUint64((512 + 33) * 4096, true)).toBe(1n);
    expect(read(small, SUPERPAGE + PAGE + 4096)).toBe(512n + 34n);
  });

  it('leaves the superpage as it is held when the table has pages by now', () => {
    const small = clean();
    const { machine } = small;
    machine.ramView.setBigUint64(15 * 4096, entryTo(14, V), true);
    machine.ramView.setBigUint64(14 * 4096 + 33 * 8, entryTo(700, RWU & ~D), true);
    for (const value of [5n, 6n]) {
      store(small, SUPERPAGE + PAGE, value);
      expect(machine.ramView.getBigUint64(700 * 4096, true)).toBe(value);
      expect(read(small, SUPERPAGE + PAGE)).toBe(33n);
    }
    expect(machine.counters()).toMatchObject({ dirtyWalks: 2, dataTlbMisses: 1 });
    machine.flushPage(ASID, vpn((SUPERPAGE + PAGE) / 4096));
    expect(read(small, SUPERPAGE + PAGE)).toBe(6n);
  });
});
