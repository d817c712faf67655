import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MachineConfig, TlbShape } from '../../../src/machine/contract.ts';
import { naiveFaults } from '../../support/naive-mmu.ts';
import { Lockstep, type LockstepOptions } from './lockstep.ts';

type TlbConfig = MachineConfig['tlb'];
type Replacement = TlbShape['replacement'];

const shape = (entries: number, ways: number, replacement: Replacement): TlbShape => ({
  entries,
  ways,
  replacement,
});
const split = (data: TlbShape, instructions = data): TlbConfig => ({ kind: 'split', data, instructions });
const unified = (one: TlbShape): TlbConfig => ({ kind: 'unified', shape: one });

const sizes = [
  [1, 1],
  [4, 1],
  [8, 2],
  [16, 16],
  [64, 4],
  [64, 64],
] as const;
const replacements: readonly Replacement[] = ['lru', 'fifo', 'random'];
const shapes = sizes.flatMap(([entries, ways]) => replacements.map((one) => shape(entries, ways, one)));

const nameOf = (tlb: TlbConfig): string => {
  const one = ({ entries, ways, replacement }: TlbShape) => `${entries}x${ways} ${replacement}`;
  if (tlb.kind === 'none') return 'none';
  return tlb.kind === 'unified'
    ? `unified ${one(tlb.shape)}`
    : `${one(tlb.data)} and ${one(tlb.instructions)}`;
};

const usual: Omit<LockstepOptions, 'seed' | 'tlb'> = {
  stamps: 'on',
  spaces: 2,
  operations: 200,
  rounds: 2,
  fuel: 300,
  calm: 2,
};

const fixed: readonly TlbConfig[] = [
  ...shapes.map((one) => split(one)),
  split(shape(64, 4, 'lru'), shape(8, 2, 'fifo')),
  split(shape(4, 1, 'random'), shape(16, 16, 'random')),
  split(shape(8, 2, 'fifo'), shape(1, 1, 'lru')),
  unified(shape(1, 1, 'lru')),
  unified(shape(64, 4, 'lru')),
  unified(shape(8, 2, 'fifo')),
  unified(shape(16, 16, 'random')),
  { kind: 'none' },
];

describe('the machine and the naive one count, fault and write the same', () => {
  it.each(fixed.map((tlb) => [nameOf(tlb), tlb] as const))('%s', (_, tlb) => {
    const run = new Lockstep({ ...usual, seed: 1, tlb });
    run.toTheEnd();
    expect(run.seen.faults).toBeGreaterThan(20);
    expect(run.seen.retries).toBeGreaterThan(5);
  });

  const anyShape = fc.constantFrom(...shapes);
  const anyTlb = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(anyShape, anyShape).map(([data, instructions]) => split(data, instructions)),
    },
    { weight: 2, arbitrary: anyShape.map(unified) },
    { weight: 1, arbitrary: fc.constant<TlbConfig>({ kind: 'none' }) },
  );
  const anyOptions = fc.record<LockstepOptions>({
    seed: fc.integer(),
    tlb: anyTlb,
    stamps: fc.constantFrom('on', 'off'),
    spaces: fc.integer({ min: 1, max: 4 }),
    operations: fc.integer({ min: 20, max: 250 }),
    rounds: fc.integer({ min: 1, max: 3 }),
    fuel: fc.constantFrom(1, 10, 100, 1000, 5000),
    calm: fc.constantFrom(1, 2, 10),
  });

  it('whatever the TLB, the program and the kernel', () => {
    fc.assert(
      fc.property(anyOptions, (options) => {
        new Lockstep(options).toTheEnd();
      }),
      { numRuns: 20 },
    );
  });

  it('and every kind of fault happens', () => {
    const run = new Lockstep({ ...usual, seed: 7, operations: 450, tlb: split(shape(8, 2, 'lru')) });
    run.toTheEnd();
    expect([...run.naive.faults].sort()).toEqual([...naiveFaults].sort());
  });
});
