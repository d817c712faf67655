import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../src/machine/contract.ts';
import { generateInterpreter, interpreterShape } from '../../src/machine/interpreter.ts';
import { layoutOf, MAXIMUM_FRAMES } from '../../src/machine/layout.ts';
import { Machine } from '../../src/machine/machine.ts';
import { systemConfig } from '../../src/system/config.ts';
import { usualInterpreters } from '../../src/system/interpreters.ts';
import { sv39 } from '../../src/translation/sv39.ts';

const { tlb } = systemConfig({});
if (tlb.kind !== 'split') throw new Error('the usual TLBs are apart');
const split = tlb;
const usual: MachineConfig = {
  frames: 64,
  tlb,
  refill: 'hardware',
  geometry: sv39,
  stamps: 'off',
  references: 'off',
  seed: 1,
};

describe('interpreters made before a run', () => {
  const made = usualInterpreters();

  it('are one a shape, and name it', () => {
    expect(new Set(made.map(({ shape }) => shape)).size).toBe(made.length);
    expect(made.map(({ shape }) => shape)).toContain(interpreterShape(usual));
    for (const { shape } of made) expect(shape).toMatch(/^[a-z0-9-]+$/);
  });

  it.each([1, 4096, MAXIMUM_FRAMES])('are what %i frames and any seed would generate', (frames) => {
    for (const stamps of ['off', 'on'] as const) {
      for (const references of ['off', 'recorded'] as const) {
        const config: MachineConfig = { ...usual, frames, stamps, references, seed: frames };
        const { bytes } = made.find(({ shape }) => shape === interpreterShape(config))!;
        expect(Buffer.from(generateInterpreter(config, layoutOf(config))).equals(bytes)).toBe(true);
      }
    }
  });

  it('are refused by a machine of another shape', () => {
    const { bytes } = made.find(({ shape }) => shape === interpreterShape(usual))!;
    expect(() => new Machine(usual, bytes)).not.toThrow();
    const others: readonly Partial<MachineConfig>[] = [
      { stamps: 'on' },
      { references: 'recorded' },
      { tlb: { kind: 'none' } },
      { tlb: { ...split, superpages: { entries: 8, ways: 8, replacement: 'lru' } } },
      { refill: 'software' },
      { geometry: { ...sv39, name: 'sv48', addressBits: 48, indexBits: [9, 9, 9, 9] } },
    ];
    expect(new Set(others.map((other) => interpreterShape({ ...usual, ...other }))).size).toBe(others.length);
    for (const other of others) {
      expect(interpreterShape({ ...usual, ...other })).toMatch(/^[a-z0-9-]+$/);
      expect(() => new Machine({ ...usual, ...other }, bytes)).toThrow(/was given to a machine of/);
    }
  });
});
