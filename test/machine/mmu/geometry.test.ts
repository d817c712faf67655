import { describe, expect, it } from 'vitest';
import { frame, virtualAddress, vpn } from '../../../src/base/numbers.ts';
import { assemble } from '../../../src/isa/text.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { bareConfig } from '../../support/bare-machine.ts';
import { A, D, entryTo, R, U, V, W, X } from './tables.ts';

const sv48 = { ...sv39, name: 'sv48', addressBits: 48, indexBits: [9, 9, 9, 9] };
const ROOT = 1;
/** Pages of code and data far up in the lower half of 48 bits, under one table of each level. */
const CODE = 2 ** 46 + 5 * 2 ** 30 + 7 * 2 ** 21 + 9 * 4096;
const DATA = CODE + 4096;
/** A leaf in the second table: 1 GiB; and one in the root: 512 GiB. */
const GIGAPAGE = 2 ** 46 + 6 * 2 ** 30;
const TERAPAGE = 3 * 2 ** 39;

function machine(changed = {}): Machine {
  const made = new Machine(bareConfig({ geometry: sv48, frames: 64, ...changed }));
  const put = (table: number, index: number, entry: bigint): void =>
    made.ramView.setBigUint64(table * 4096 + index * 8, entry, true);
  put(ROOT, 128, entryTo(2, V));
  put(2, 5, entryTo(3, V));
  put(3, 7, entryTo(4, V));
  put(4, 9, entryTo(20, V | R | X | U));
  put(4, 10, entryTo(21, V | R | W | U));
  put(2, 6, entryTo(0, V | R | W | U | A | D));
  put(ROOT, 3, entryTo(0, V | R | W | U | A | D));
  ['ld a0,8(a1)', 'ecall', 'sd a0,16(a1)', 'ecall'].forEach((line, i) => {
    made.ramView.setUint32(20 * 4096 + i * 4, assemble(line, i * 4), true);
  });
  made.ramView.setBigUint64(21 * 4096 + 8, 77n, true);
  made.setSpace(frame(ROOT), 1);
  return made;
}

function run(made: Machine, at: number, address: bigint): string {
  made.pc = virtualAddress(at);
  made.x[11] = address;
  return made.run(1000).cause;
}

describe('a machine with four levels of tables', () => {
  it('walks them, and sets referenced and dirty bits in the last', () => {
    const made = machine();
    expect(run(made, CODE, BigInt(DATA))).toBe('system-call');
    expect(made.x[10]).toBe(77n);
    expect(made.counters()).toMatchObject({ walkLoads: 8, instructionTlbMisses: 1, dataTlbMisses: 1 });
    expect(run(made, CODE + 8, BigInt(DATA))).toBe('system-call');
    expect(made.counters()).toMatchObject({ walkLoads: 12, dirtyWalks: 1 });
    expect(made.ramView.getBigUint64(4 * 4096 + 80, true)).toBe(entryTo(21, V | R | W | U | A | D));
  });

  it.each([
    ['pages of 4 KiB', undefined, 2],
    ['a TLB for superpages', { entries: 4, ways: 4, replacement: 'lru' }, 1],
  ] as const)('knows leaves of 1 GiB and 512 GiB: %s', (_, superpages, misses) => {
    const shape = { entries: 64, ways: 4, replacement: 'lru' } as const;
    const tlb = {
      kind: 'split' as const,
      data: shape,
      instructions: shape,
      ...(superpages && { superpages }),
    };
    const made = machine({ tlb });
    for (const base of [GIGAPAGE, TERAPAGE]) {
      const before = made.counters().dataTlbMisses;
      made.x[10] = 0n;
      run(made, CODE, BigInt(base + 21 * 4096));
      expect(made.x[10]).toBe(77n);
      run(made, CODE, BigInt(base + 22 * 4096));
      expect(made.counters().dataTlbMisses - before).toBe(misses);
      made.flushPage(1, vpn(base / 4096 + (superpages ? 100 : 21)));
    }
    expect(made.counters().flushed).toBe(2);
  });

  it('has 48 bits of address: those above equal the highest', () => {
    const made = machine();
    for (const address of [1n << 47n, 1n << 48n, BigInt(DATA) | (1n << 60n), (1n << 64n) - (1n << 48n)]) {
      expect(run(made, CODE, address)).toBe('page-fault');
    }
    // Of the instruction's walk only: what is not canonical is not walked.
    expect(made.counters().walkLoads).toBe(4);
    expect(run(made, CODE, (1n << 64n) - (1n << 47n))).toBe('page-fault');
    expect(made.counters().walkLoads).toBe(5);
  });
});
