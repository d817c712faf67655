/**
 * Stores into code. The architecture promises only that a fence.i shows them; this machine shows them to the very
 * next fetch, because it drops what it decoded as soon as the page is written.
 */
import { describe, expect, it } from 'vitest';
import { frame, virtualAddress } from '../../../src/base/numbers.ts';
import { assemble } from '../../../src/isa/text.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const CODE = 0x200000;
const OTHER = 0x201000;
const ALIAS = 0x700000;
const configs = Object.entries(equivalentConfigs);

const wordOf = (text: string): bigint => BigInt(assemble(text, 0));

describe.each(configs)('code that is written, with %s', (_name, config) => {
  function machineWith(lines: readonly string[]): BareMachine {
    const bare = new BareMachine(config);
    bare.map(CODE);
    bare.map(OTHER);
    bare.assemble(CODE, lines);
    bare.machine.pc = virtualAddress(CODE);
    return bare;
  }

  const fences: readonly string[][] = [[], ['fence.i']];

  it.each(fences)('the instruction behind a store of it is the new one (%s)', (...fence) => {
    const bare = machineWith(['sw a1,0(a0)', ...fence, 'addi a2,zero,1', 'ebreak']);
    const { machine } = bare;
    machine.x[10] = BigInt(CODE + 4 + 4 * fence.length);
    for (const value of [7, 8, 9]) {
      machine.x[11] = wordOf(`addi a2,zero,${value}`);
      machine.pc = virtualAddress(CODE);
      expect(bare.runToTrap().cause).toBe('breakpoint');
      expect(machine.x[12]).toBe(BigInt(value));
    }
  });

  it.each(fences)('a loop that increases its own immediate sees each step (%s)', (...fence) => {
    // Adds 1, then 2, … then 10: the upper 12 bits of the word hold the immediate.
    const body = [
      'addi a2,a2,1',
      'lw a1,0(a0)',
      'add a1,a1,a3',
      'sw a1,0(a0)',
      ...fence,
      'addi a4,a4,-1',
      `bne a4,zero,${CODE}`,
      'ebreak',
    ];
    const bare = machineWith(body);
    const { machine } = bare;
    machine.x[10] = BigInt(CODE);
    machine.x[13] = 1n << 20n;
    machine.x[14] = 10n;
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[12]).toBe(55n);
  });

  it('a routine in another page that was run before is run as it was rewritten', () => {
    const bare = machineWith([`jal ra,${OTHER}`, 'sd a1,0(a0)', `jal ra,${OTHER}`, 'ebreak']);
    const { machine } = bare;
    bare.assemble(OTHER, ['addi a2,a2,1', 'jalr zero,0(ra)']);
    machine.x[10] = BigInt(OTHER);
    machine.x[11] = wordOf('addi a2,a2,100') | (wordOf('jalr zero,0(ra)') << 32n);
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[12]).toBe(101n);
  });

  it('a store through another address of the same frame counts', () => {
    const bare = machineWith([`jal ra,${OTHER}`, 'sw a1,0(a0)', `jal ra,${OTHER}`, 'ebreak']);
    const { machine } = bare;
    bare.map(ALIAS, { execute: false }, bare.map(OTHER));
    bare.map(OTHER, { write: false });
    bare.assemble(OTHER, ['addi a2,a2,1', 'jalr zero,0(ra)']);
    machine.x[10] = BigInt(ALIAS);
    machine.x[11] = wordOf('addi a2,a2,100');
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[12]).toBe(101n);
  });

  it.each([
    'sd a1,-6(a0)',
    'sw a1,-2(a0)',
  ])('a store across two pages (%s) rewrites an instruction across them', (store) => {
    const bare = machineWith([`jal ra,${OTHER - 2}`, store, `jal ra,${OTHER - 2}`, 'ebreak']);
    const { machine } = bare;
    bare.assemble(OTHER - 6, ['addi zero,zero,0', 'addi a2,a2,1', 'jalr zero,0(ra)']);
    machine.x[10] = BigInt(OTHER);
    const rewritten = wordOf('addi a2,a2,100');
    machine.x[11] = store.startsWith('sd') ? (rewritten << 32n) | wordOf('addi zero,zero,0') : rewritten;
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[12]).toBe(101n);
  });

  it.each([
    'first',
    'second',
  ])('a store into the %s half of an instruction across two pages counts', (half) => {
    const bare = machineWith([`jal ra,${OTHER - 2}`, 'sh a1,0(a0)', `jal ra,${OTHER - 2}`, 'ebreak']);
    const { machine } = bare;
    bare.assemble(OTHER - 2, ['addi a2,a2,1', 'jalr zero,0(ra)']);
    machine.x[10] = BigInt(half === 'first' ? OTHER - 2 : OTHER);
    // Another destination lies in the first half, another immediate in the second.
    const rewritten = wordOf(half === 'first' ? 'addi a3,a2,1' : 'addi a2,a2,65');
    machine.x[11] = half === 'first' ? rewritten & 0xffffn : rewritten >> 16n;
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect([machine.x[12], machine.x[13]]).toEqual(half === 'first' ? [1n, 2n] : [66n, 0n]);
  });

  it.each([
    'amoswap.w zero,a1,(a0)',
    'amoadd.w zero,a5,(a0)',
    'sc.w a4,a1,(a0)',
    'sb a6,3(a0)',
    'fsw fa0,0(a0)',
    'c.sw a1,0(a0)',
  ])('%s into code counts as well', (store) => {
    const bare = machineWith([`jal ra,${OTHER}`, 'lr.w a7,(a0)', store, `jal ra,${OTHER}`, 'ebreak']);
    const { machine } = bare;
    bare.assemble(OTHER, ['addi a2,a2,1', 'jalr zero,0(ra)']);
    machine.x[10] = BigInt(OTHER);
    machine.x[11] = wordOf('addi a2,a2,257');
    machine.x[15] = 256n << 20n;
    machine.x[16] = 0x10n;
    machine.f[10] = 0xffffffff00000000n | wordOf('addi a2,a2,257');
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[12]).toBe(258n);
  });

  it('data stores beside code in its page leave the code as it is', () => {
    const bare = machineWith([
      'sd a1,0(a0)',
      'ld a2,0(a0)',
      'add a3,a3,a2',
      'addi a1,a1,1',
      'bne a1,a4,0x200000',
      'ebreak',
    ]);
    const { machine } = bare;
    machine.x[10] = BigInt(CODE + 0x800);
    machine.x[14] = 100n;
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[13]).toBe(4950n);
  });

  it('is run as the kernel changed it, once the kernel has said so', () => {
    const bare = machineWith(['addi a2,zero,1', 'ebreak']);
    const { machine } = bare;
    bare.runToTrap();
    machine.ramView.setUint32(bare.physical(CODE), assemble('addi a2,zero,2', CODE), true);
    machine.codeChanged(frame(Math.floor(bare.physical(CODE) / 4096)));
    machine.pc = virtualAddress(CODE);
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(machine.x[12]).toBe(2n);
  });

  it('more pages of code than there is room for decoded ones run all the same', () => {
    // The machine keeps as many decoded pages as it has frames, but at most 1024; here many frames hold code.
    const bare = new BareMachine({ ...config, frames: 1200 });
    const pages = 1100;
    for (let page = 0; page < pages; page++) {
      const at = CODE + page * 4096;
      bare.map(at);
      bare.assemble(at, ['addi a2,a2,1', page === pages - 1 ? 'ebreak' : `jal zero,${at + 4096}`]);
    }
    for (const count of [1, 2]) {
      bare.machine.pc = virtualAddress(CODE);
      expect(bare.runToTrap().cause).toBe('breakpoint');
      expect(bare.machine.x[12]).toBe(BigInt(pages * count));
    }
  });
});
