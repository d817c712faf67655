import { describe, expect, it } from 'vitest';
import { frame } from '../../../src/base/numbers.ts';
import type { MachineConfig } from '../../../src/machine/contract.ts';
import { CODE, CODE_FRAME, DATA, DATA_FRAME, SmallMachine } from './small.ts';

const configs: readonly (readonly [string, Partial<MachineConfig>])[] = [
  ['inlined', { stamps: 'on' }],
  ['recorded', { stamps: 'on', references: 'recorded' }],
  ['without a TLB', { stamps: 'on', tlb: { kind: 'none' } }],
];

function uses(small: SmallMachine): number[] {
  const found: number[] = [];
  small.machine.drainUses((one) => found.push(one));
  return found;
}

const [c, d] = [CODE_FRAME, DATA_FRAME];

describe.each(configs)('last use (%s)', (_, config) => {
  it('is in the order of the accesses, each fetch before its data', () => {
    const lines = ['ld a0,0(a3)', 'sd a0,0(a1)', 'ld a0,0(a2)', 'ld a0,0(a3)', 'ecall'];
    const small = new SmallMachine(config).code(CODE, lines);
    expect(uses(small)).toEqual([]);
    small.again();
    // a1 is page 0, a2 page 1, a3 page 2; last of all comes the fetch of ecall.
    expect(uses(small)).toEqual([d, d + 1, d + 2, c]);
    expect(uses(small)).toEqual([]);
  });

  it('of an access across two pages is the lower page first', () => {
    const small = new SmallMachine(config).code(CODE, ['ld a0,-4(a3)', 'sd a0,-4(a2)', 'ecall']);
    small.again();
    expect(uses(small)).toEqual([d + 2, d, d + 1, c]);
  });

  it('of an instruction across two pages is the lower page first, and its data last', () => {
    const small = new SmallMachine(config).code(CODE + 4094, ['ld a0,0(a1)', 'ecall'], c);
    small.code(CODE + 4096 + 2, ['ecall']);
    const word = small.machine.ramView.getUint32(c * 4096 + 4094, true);
    small.machine.ramView.setUint16((c + 1) * 4096, word >>> 16, true);
    // In descending order of frames as well: the order is not that of the frames' numbers.
    const [lower, upper] = [small.entry(CODE), small.entry(CODE + 4096)];
    small.again(CODE + 4094);
    expect(uses(small)).toEqual([c, d, c + 1]);
    small.setEntry(CODE, upper);
    small.setEntry(CODE + 4096, lower);
    const bytes = small.machine.ram;
    bytes.copyWithin((c + 3) * 4096, c * 4096, (c + 1) * 4096);
    bytes.copyWithin(c * 4096, (c + 1) * 4096, (c + 2) * 4096);
    bytes.copyWithin((c + 1) * 4096, (c + 3) * 4096, (c + 4) * 4096);
    for (const changed of [c, c + 1]) small.machine.codeChanged(frame(changed));
    small.machine.flushAll();
    small.machine.x[11] = 1n;
    expect(small.again(CODE + 4094)).toBe('page-fault');
    // The load faulted: what was used are the two halves of its fetch.
    expect(uses(small)).toEqual([c + 1, c]);
  });

  it('does not count an access that faults, and counts its fetch once', () => {
    const small = new SmallMachine(config).code(CODE, ['ld a0,-4(a2)', 'ecall']);
    const entry = small.entry(DATA + 4096);
    small.setEntry(DATA + 4096, 0n);
    expect(small.again()).toBe('page-fault');
    expect(uses(small)).toEqual([c]);
    expect(small.machine.run(1).cause).toBe('page-fault');
    expect(uses(small)).toEqual([]);
    small.setEntry(DATA + 4096, entry);
    expect(small.machine.run(1).cause).toBe('system-call');
    expect(uses(small)).toEqual([d, d + 1, c]);
  });

  it("orders the kernel's own uses between the program's", () => {
    const small = new SmallMachine(config).code(CODE, ['ld a0,0(a1)', 'ecall']);
    const { machine } = small;
    const kernels = [frame(50), frame(51)] as const;
    machine.stamp(kernels[1]);
    small.again();
    machine.stamp(kernels[0]);
    expect(uses(small)).toEqual([kernels[1], d, c, kernels[0]]);
    machine.stamp(kernels[0]);
    machine.stamp(kernels[1]);
    machine.stamp(frame(c));
    machine.clearStamp(kernels[0]);
    expect(uses(small)).toEqual([kernels[1], c]);
  });

  it('counts a fetch anew when the kernel used a page before it was tried again', () => {
    const small = new SmallMachine(config).code(CODE, ['ld a0,0(a1)', 'ecall']);
    const entry = small.entry(DATA);
    small.setEntry(DATA, 0n);
    small.again();
    expect(uses(small)).toEqual([c]);
    small.machine.stamp(frame(50));
    small.setEntry(DATA, entry);
    small.machine.run(1);
    expect(uses(small)).toEqual([50, d, c]);
  });
});
