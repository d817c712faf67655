/** The TLB holds what the table said, until it is told to forget: the kernel's part of the bargain. */
import { describe, expect, it } from 'vitest';
import { frame } from '../../../src/base/numbers.ts';
import type { MachineConfig } from '../../../src/machine/contract.ts';
import { CODE, CODE_FRAME, DATA, DATA_FRAME, READ_WRITE, SmallMachine, usualTlb } from './small.ts';
import { A, D, entryTo, R, U, V, W, X } from './tables.ts';

const shape = { entries: 16, ways: 16, replacement: 'fifo' } as const;
const tlbs: readonly (readonly [string, MachineConfig['tlb']])[] = [
  ['split', usualTlb],
  ['unified', { kind: 'unified', shape }],
];

const load = ['ld a0,0(a1)', 'ecall'];
const store = ['sd a0,0(a1)', 'ecall'];

describe.each(tlbs)('an entry changed in RAM (%s)', (_, tlb) => {
  it('is seen after a flush of its page, and not before', () => {
    const small = new SmallMachine({ tlb }).code(CODE, load);
    small.fill(DATA_FRAME, 111n);
    small.fill(DATA_FRAME + 1, 222n);
    small.again();
    expect(small.machine.x[10]).toBe(111n);
    small.setEntry(DATA, entryTo(DATA_FRAME + 1, READ_WRITE));
    small.again();
    expect(small.machine.x[10]).toBe(111n);
    small.flush(DATA + 4096);
    small.again();
    expect(small.machine.x[10]).toBe(111n);
    small.flush(DATA);
    small.again();
    expect(small.machine.x[10]).toBe(222n);
  });

  it.each([
    ['all', (small: SmallMachine) => small.machine.flushAll()],
    ['the space', (small: SmallMachine) => small.machine.flushSpace(3)],
  ])('is seen after a flush of %s', (__, flush) => {
    const small = new SmallMachine({ tlb }).code(CODE, load);
    small.again();
    small.setEntry(DATA, 0n);
    expect(small.again()).toBe('system-call');
    small.machine.flushSpace(4);
    expect(small.again()).toBe('system-call');
    flush(small);
    expect(small.again()).toBe('page-fault');
  });

  it('keeps write permission until the flush', () => {
    const small = new SmallMachine({ tlb }).code(CODE, store);
    small.again();
    small.setEntry(DATA, entryTo(DATA_FRAME, V | R | U | A | D));
    expect(small.again()).toBe('system-call');
    small.flush(DATA);
    expect(small.again()).toBe('page-fault');
    expect(small.machine.run(1)).toMatchObject({ access: 'store', address: DATA, pc: CODE });
  });

  it('is obeyed by the next fetch after the flush', () => {
    const small = new SmallMachine({ tlb }).code(CODE, ['addi a0,zero,1', 'ecall']);
    small.code(CODE, ['addi a0,zero,2', 'ecall'], CODE_FRAME + 5);
    small.again();
    small.setEntry(CODE, entryTo(CODE_FRAME + 5, V | X | U));
    small.again();
    expect(small.machine.x[10]).toBe(1n);
    small.flush(CODE);
    small.again();
    expect(small.machine.x[10]).toBe(2n);
    small.setEntry(CODE, entryTo(CODE_FRAME + 5, V | R | U));
    small.flush(CODE);
    expect(small.again()).toBe('page-fault');
    expect(small.machine.run(1)).toMatchObject({ access: 'fetch', address: CODE, pc: CODE });
  });

  it('that was invalid is not remembered as such', () => {
    const small = new SmallMachine({ tlb }).code(CODE, load);
    small.setEntry(DATA, 0n);
    expect(small.again()).toBe('page-fault');
    small.setEntry(DATA, entryTo(DATA_FRAME, READ_WRITE));
    expect(small.machine.run(10).cause).toBe('system-call');
  });

  it('is told of the first use and the first write after a flush only', () => {
    const small = new SmallMachine({ tlb }).code(CODE, load).code(CODE + 64, store);
    const clean = entryTo(DATA_FRAME, V | R | W | U);
    small.setEntry(DATA, clean);
    small.again();
    expect(small.entry(DATA)).toBe(clean | A);
    small.setEntry(DATA, clean);
    small.again();
    expect(small.entry(DATA)).toBe(clean);
    // The TLB knows the page as clean: the write walks, which sets both.
    small.again(CODE + 64);
    expect(small.entry(DATA)).toBe(clean | A | D);
    expect(small.machine.counters().dirtyWalks).toBe(1);
    small.setEntry(DATA, clean | A);
    small.again(CODE + 64);
    expect(small.entry(DATA)).toBe(clean | A);
    small.flush(DATA);
    small.again(CODE + 64);
    expect(small.entry(DATA)).toBe(clean | A | D);
    expect(small.machine.counters().dirtyWalks).toBe(1);
  });
});

describe('a hit that comes to nothing', () => {
  const oneSet = { entries: 4, ways: 4, replacement: 'lru' } as const;
  const tlb = { kind: 'split', data: oneSet, instructions: oneSet } as const;
  const touch = (register: number) => [`ld a0,0(a${register})`, 'ecall'];
  const use = (small: SmallMachine, registers: readonly number[]) => {
    for (const register of registers) small.again(CODE + register * 16);
  };

  it.each([
    ['because the page is read-only', V | R | U | A, V | R | U | A],
    ['because the page is clean and its entry is gone', V | R | W | U | A, 0n],
  ])('is a use all the same: %s', (_, before, after) => {
    const small = new SmallMachine({ tlb }).code(CODE, ['sd a0,0(a1)', 'ecall']);
    for (const register of [1, 2, 3, 4, 5]) small.code(CODE + register * 16, touch(register));
    small.setEntry(DATA, entryTo(DATA_FRAME, before));
    use(small, [1, 2]);
    small.setEntry(DATA, entryTo(DATA_FRAME, after));
    expect(small.again()).toBe('page-fault');
    // Most recent first: 1 2. Page 2 comes to the front, the others push 1 out: 2 1, 3 2 1, 4 3 2 1, 5 4 3 2.
    use(small, [2, 3, 4, 5]);
    const { dataTlbMisses } = small.machine.counters();
    expect(dataTlbMisses).toBe(5);
    use(small, [2]);
    expect(small.machine.counters().dataTlbMisses).toBe(dataTlbMisses);
  });
});

describe('without a TLB', () => {
  it('every access sees the table as it is, and walks', () => {
    const small = new SmallMachine({ tlb: { kind: 'none' } }).code(CODE, load);
    small.again();
    // Three entries each for the fetch of ld, its load and the fetch of ecall.
    expect(small.machine.counters()).toMatchObject({
      walkLoads: 9,
      instructionTlbMisses: 2,
      dataTlbMisses: 1,
    });
    small.setEntry(DATA, 0n);
    expect(small.again()).toBe('page-fault');
  });
});

describe('identifiers', () => {
  it('keep the entries of two spaces apart, at the same address', () => {
    const small = new SmallMachine().code(CODE, load);
    const { machine } = small;
    const other = 60;
    machine.ram.copyWithin(other * 4096, 0, 4096);
    small.again();
    machine.setSpace(frame(other), 9);
    small.again();
    // The second space has translations of its own: a miss for the code, one for the data.
    expect(machine.counters()).toMatchObject({ instructionTlbMisses: 2, dataTlbMisses: 2 });
    machine.setSpace(frame(0), 3);
    small.again();
    expect(machine.counters()).toMatchObject({ instructionTlbMisses: 2, dataTlbMisses: 2 });
    machine.flushSpace(9);
    expect(machine.counters().flushed).toBe(2);
    small.again();
    expect(machine.counters()).toMatchObject({ instructionTlbMisses: 2, dataTlbMisses: 2 });
  });
});
