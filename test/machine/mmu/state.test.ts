import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../../src/machine/contract.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { Lockstep } from './lockstep.ts';
import { SmallMachine, usualTlb } from './small.ts';
import { FRAMES } from './world.ts';

const shape = (replacement: 'lru' | 'fifo' | 'random') => ({ entries: 8, ways: 4, replacement });
const tlbs: readonly (readonly [string, MachineConfig['tlb']])[] = [
  ['lru', { kind: 'split', data: shape('lru'), instructions: shape('lru') }],
  ['random', { kind: 'split', data: shape('random'), instructions: shape('fifo') }],
  ['unified', { kind: 'unified', shape: shape('random') }],
];

describe('saved state', () => {
  it.each(tlbs)('goes on in another machine as if nothing had happened (%s)', (_, tlb) => {
    const options = {
      seed: 5,
      tlb,
      stamps: 'on',
      spaces: 2,
      operations: 150,
      rounds: 2,
      fuel: 200,
      calm: 2,
    } as const;
    const run = new Lockstep(options);
    run.atTrap = () => {
      if (run.seen.traps % 15 !== 0) return;
      const state = structuredClone(run.fast.save());
      run.fast = new Machine({
        frames: FRAMES,
        tlb,
        refill: 'hardware',
        geometry: sv39,
        stamps: 'on',
        references: 'off',
        seed: 99,
      });
      run.fast.load(state);
    };
    run.toTheEnd();
    expect(run.seen.traps).toBeGreaterThan(60);
  });

  it('can be gone back to', () => {
    const options = {
      seed: 6,
      tlb: usualTlb,
      stamps: 'on',
      spaces: 1,
      operations: 60,
      rounds: 1,
      fuel: 100,
      calm: 9,
    } as const;
    const run = new Lockstep(options);
    for (let i = 0; i < 5; i++) run.fast.run(100);
    const state = run.fast.save();
    const ahead = () => {
      const pcs = Array.from({ length: 4 }, () => ({ ...run.fast.run(50) }));
      return { pcs, counters: run.fast.counters(), x: [...run.fast.x], ram: run.fast.ram.slice() };
    };
    const first = ahead();
    run.fast.load(state);
    const second = ahead();
    expect(Buffer.compare(second.ram, first.ram)).toBe(0);
    expect({ ...second, ram: 0 }).toEqual({ ...first, ram: 0 });
  });

  it('is refused by a machine of another shape', () => {
    const state = new SmallMachine().machine.save();
    const tlb = { kind: 'unified', shape: { entries: 4, ways: 1, replacement: 'lru' } } as const;
    expect(() => new SmallMachine({ frames: 65 }).machine.load(state)).toThrow('another shape');
    expect(() => new SmallMachine({ frames: 2000, tlb }).machine.load(state)).toThrow('another shape');
  });
});
