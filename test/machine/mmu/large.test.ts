import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../../src/machine/contract.ts';
import { MAXIMUM_FRAMES } from '../../../src/machine/layout.ts';
import { CODE, DATA, READ_WRITE, SmallMachine } from './small.ts';
import { entryTo, R, U, V, X } from './tables.ts';

const configs: readonly (readonly [string, Partial<MachineConfig>])[] = [
  ['inlined', {}],
  ['stamped', { stamps: 'on' }],
  ['recorded', { references: 'recorded' }],
];

// Addresses of the last frames have their top bit set, where a signed comparison or shift would go wrong.
describe.each(configs)('the largest machine (%s)', (_, config) => {
  it('fetches, loads and stores in its last frames', () => {
    const small = new SmallMachine({ ...config, frames: MAXIMUM_FRAMES });
    const [code, data, next] = [MAXIMUM_FRAMES - 1, MAXIMUM_FRAMES - 2, MAXIMUM_FRAMES - 3];
    small.setEntry(CODE, entryTo(code, V | R | X | U));
    small.setEntry(DATA, entryTo(data, READ_WRITE));
    small.setEntry(DATA + 4096, entryTo(next, READ_WRITE));
    small.code(CODE, ['sd a1,0(a1)', 'ld a0,0(a1)', 'sw a1,-2(a2)', 'lw a6,-2(a2)', 'ecall'], code);
    const { machine } = small;
    machine.flushAll();
    expect(machine.run(100).cause).toBe('system-call');
    expect(machine.x[10]).toBe(BigInt(DATA));
    expect(machine.x[16]).toBe(BigInt(DATA));
    expect(machine.ramView.getBigUint64(data * 4096, true)).toBe(BigInt(DATA));
    expect(machine.ramView.getUint16(next * 4096, true)).toBe(DATA >>> 16);
    const used: number[] = [];
    if (config.stamps === 'on') {
      machine.drainUses((frame) => used.push(frame));
      expect(used.sort()).toEqual([next, data, code]);
    }
  });
});
