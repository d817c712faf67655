/** What stops a run, where it says that it stopped, and that a trapped instruction has left no trace. */
import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const CODE = 0x200000;
const DATA = 0x300000;
const configs = Object.entries(equivalentConfigs);

const everything = ({ machine }: BareMachine): unknown => ({
  x: machine.x.slice(),
  f: machine.f.slice(),
  fcsr: machine.fcsr,
  instructions: machine.counters().instructions,
});

describe.each(configs)('with %s', (_name, config) => {
  function machineWith(lines: readonly string[], offset = 0): BareMachine {
    const bare = new BareMachine(config);
    bare.map(CODE);
    bare.map(CODE + 0x1000);
    bare.map(DATA);
    bare.assemble(CODE + offset, lines);
    bare.machine.pc = virtualAddress(CODE + offset);
    return bare;
  }

  it.each([
    ['ecall', 'system-call', 1],
    ['ebreak', 'breakpoint', 0],
    ['c.ebreak', 'breakpoint', 0],
  ] as const)('%s stops at its own pc', (text, cause, counted) => {
    for (const offset of [0, 0xffe]) {
      const bare = machineWith([text], offset);
      for (let time = 1; time <= 3; time++) {
        expect(bare.runToTrap()).toMatchObject({ cause, pc: CODE + offset });
        // A system call retires, though its pc is for the kernel to move on.
        expect(bare.machine.counters().instructions).toBe(counted * time);
      }
    }
  });

  it.each([
    ['a word of no row', [0xff, 0xff, 0xff, 0x7f]],
    ['zeros', [0, 0, 0, 0]],
    ['a reserved half-word', [0x01, 0x20, 0, 0]],
    ['a privileged instruction (mret)', [0x73, 0x00, 0x20, 0x30]],
    ['the first half of a longer instruction', [0x1f, 0, 0, 0]],
  ])('%s is illegal', (_what, bytes) => {
    for (const offset of [8, 0xffc]) {
      const bare = machineWith([]);
      bare.write(CODE + offset, Uint8Array.from(bytes));
      bare.machine.x.fill(7n, 1);
      bare.machine.pc = virtualAddress(CODE + offset);
      const before = everything(bare);
      for (let time = 0; time < 2; time++) {
        expect(bare.runToTrap()).toMatchObject({ cause: 'illegal-instruction', pc: CODE + offset });
        expect(everything(bare)).toEqual(before);
      }
    }
  });

  it('instructions before an illegal one have run', () => {
    const bare = machineWith(['addi a0,a0,1', 'addi a0,a0,1']);
    bare.write(CODE + 8, Uint8Array.of(0, 0, 0, 0));
    expect(bare.runToTrap()).toMatchObject({ cause: 'illegal-instruction', pc: CODE + 8 });
    expect(bare.machine.x[10]).toBe(2n);
    expect(bare.machine.counters().instructions).toBe(2);
  });

  const atomics = [
    'lr.w a1,(a0)',
    'lr.d a1,(a0)',
    'sc.w a1,a2,(a0)',
    'sc.d a1,a2,(a0)',
    'amoswap.w a1,a2,(a0)',
    'amoadd.d a1,a2,(a0)',
    'amomaxu.w a1,a2,(a0)',
    'amomin.d a1,a2,(a0)',
  ];

  it.each(atomics)('%s traps when misaligned, and changes nothing', (text) => {
    const bytes = text.includes('.w') ? 4 : 8;
    for (let offset = 0; offset < 8; offset++) {
      const bare = machineWith([text, 'ebreak']);
      bare.machine.x[10] = BigInt(DATA + offset);
      bare.machine.x[12] = 99n;
      bare.write(
        DATA,
        Uint8Array.from({ length: 16 }, (_, i) => i),
      );
      const memory = bare.read(DATA, 16);
      const before = everything(bare);
      const trap = bare.runToTrap();
      if (offset % bytes === 0) {
        expect(trap.cause).toBe('breakpoint');
        continue;
      }
      const access = text.startsWith('lr') ? 'load' : 'store';
      expect(trap).toEqual({ cause: 'misaligned', access, address: DATA + offset, pc: CODE });
      expect(everything(bare)).toEqual(before);
      expect(bare.read(DATA, 16)).toEqual(memory);
    }
  });

  it.each([
    ['lb a1,0(a0)', 'load'],
    ['ld a1,0(a0)', 'load'],
    ['sb a1,0(a0)', 'store'],
    ['sd a1,0(a0)', 'store'],
    ['c.lw a1,0(a0)', 'load'],
    ['c.sd a1,0(a0)', 'store'],
    ['lr.w a1,(a0)', 'load'],
    ['amoadd.w a1,a1,(a0)', 'store'],
  ])('%s of a missing page traps at its address and is tried again', (text, access) => {
    const bare = machineWith([text, 'ebreak']);
    bare.machine.x[10] = BigInt(DATA + 0x1008);
    const before = everything(bare);
    for (let time = 0; time < 3; time++) {
      expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access, address: DATA + 0x1008, pc: CODE });
      expect(everything(bare)).toEqual(before);
    }
    bare.map(DATA + 0x1008);
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(bare.machine.counters().instructions).toBe(1);
  });

  it.each([
    ['a load', 'ld a1,0(a0)', 'load', { read: false, write: false }],
    ['a store', 'sd a1,0(a0)', 'store', { write: false }],
    ['an amo', 'amoadd.d a1,a1,(a0)', 'store', { write: false }],
  ] as const)('%s without the right to it faults', (_what, text, access, rights) => {
    const bare = machineWith(['addi a2,zero,2', text, 'addi a2,a2,-1', `bne a2,zero,${CODE + 4}`, 'ebreak']);
    bare.machine.x[10] = BigInt(DATA);
    bare.map(DATA, rights);
    expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access, address: DATA, pc: CODE + 4 });
    // The right is taken away while the TLB and its fast slot hold the page.
    bare.map(DATA);
    bare.machine.x[12] = 100n;
    bare.machine.run(10);
    bare.map(DATA, rights);
    expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access, address: DATA, pc: CODE + 4 });
  });

  it('a page without the right to execute is not run', () => {
    const bare = machineWith(['ebreak']);
    bare.map(CODE, { execute: false });
    expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access: 'fetch', address: CODE, pc: CODE });
  });

  it.each([2 ** 38, 2 ** 40, 2 ** 52])('an address of %d is never mapped', (address) => {
    const bare = machineWith(['ld a1,0(a0)', 'ebreak']);
    bare.machine.x[10] = BigInt(address);
    expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access: 'load', address, pc: CODE });
  });

  it('a reservation is lost by sc, and a store conditional needs one', () => {
    const sc = 'sc.w a1,a2,(a0)';
    const bare = machineWith(['lr.w a3,(a0)', sc, 'addi a4,a1,0', sc, 'ebreak']);
    bare.machine.x[10] = BigInt(DATA);
    bare.machine.x[12] = 5n;
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect([bare.machine.x[14], bare.machine.x[11]]).toEqual([0n, 1n]);
    expect(bare.read(DATA, 4)).toEqual(Buffer.of(5, 0, 0, 0));
  });

  it('a store conditional elsewhere fails and loses the reservation', () => {
    const bare = machineWith([
      'lr.w a3,(a0)',
      'addi a0,a0,4',
      'sc.w a1,a2,(a0)',
      'addi a0,a0,-4',
      'sc.w a4,a2,(a0)',
      'ebreak',
    ]);
    bare.machine.x[10] = BigInt(DATA);
    bare.machine.x[12] = 5n;
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect([bare.machine.x[11], bare.machine.x[14]]).toEqual([1n, 1n]);
    expect(bare.read(DATA, 8)).toEqual(Buffer.alloc(8));
  });
});
