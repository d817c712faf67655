import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const PAGE = 0x200000;
const configs = Object.entries(equivalentConfigs);

interface Jump {
  readonly what: string;
  /** Address of the instruction, from `PAGE`. */
  readonly at: number;
  readonly target: number;
  readonly text: string;
  readonly taken?: boolean;
}

const branches: readonly Jump[] = [
  { what: 'forward inside of a page', at: 0x100, target: 0x180, text: 'bne a0,zero' },
  { what: 'backward inside of a page', at: 0x180, target: 0x100, text: 'bne a0,zero' },
  { what: 'to the first word of its page', at: 0x400, target: 0, text: 'bne a0,zero' },
  { what: 'to the last half-word of its page', at: 0x400, target: 0xffe, text: 'bne a0,zero' },
  { what: 'from the first word of a page back', at: 0, target: -4, text: 'bne a0,zero' },
  { what: 'from the last word of a page back', at: 0xffc, target: 0, text: 'bne a0,zero' },
  { what: 'from the last word of a page to the next', at: 0xffc, target: 0x1000 + 8, text: 'bne a0,zero' },
  { what: 'to the first half-word of the next page', at: 0xf00, target: 0x1000, text: 'bne a0,zero' },
  { what: 'across its own second half', at: 0xffe, target: 0x1008, text: 'bne a0,zero' },
  { what: 'from across a page end back into the first page', at: 0xffe, target: 0x800, text: 'bne a0,zero' },
  { what: 'as far as it goes', at: 0, target: 4094, text: 'bne a0,zero' },
  { what: 'as far back as it goes', at: 0, target: -4096, text: 'bne a0,zero' },
  { what: 'not taken inside of a page', at: 0x100, target: 0x180, text: 'beq a0,zero', taken: false },
  { what: 'not taken to another page', at: 0x100, target: 0x1080, text: 'beq a0,zero', taken: false },
  { what: 'not taken at the end of a page', at: 0xffc, target: 0x1080, text: 'beq a0,zero', taken: false },
  {
    what: 'not taken back at the end of a page',
    at: 0xffc,
    target: 0xf00,
    text: 'beq a0,zero',
    taken: false,
  },
  { what: 'not taken across a page end', at: 0xffe, target: 0x1080, text: 'beq a0,zero', taken: false },
  { what: 'compressed forward', at: 0x100, target: 0x140, text: 'c.bnez a0' },
  { what: 'compressed at the last half-word, back', at: 0xffe, target: 0xff0, text: 'c.bnez a0' },
  { what: 'compressed at the last half-word, forward', at: 0xffe, target: 0x1010, text: 'c.bnez a0' },
  {
    what: 'compressed at the last half-word, not taken',
    at: 0xffe,
    target: 0xff0,
    text: 'c.beqz a0',
    taken: false,
  },
  { what: 'compressed as far as it goes', at: 0x100, target: 0x100 + 254, text: 'c.bnez a0' },
  { what: 'compressed as far back as it goes', at: 0x100, target: 0, text: 'c.bnez a0' },
];

const jumps: readonly Jump[] = [
  { what: 'jal inside of a page', at: 0x100, target: 0x900, text: 'jal a1' },
  { what: 'jal to the next page', at: 0x100, target: 0x1900, text: 'jal a1' },
  { what: 'jal as far as it goes', at: 0, target: 2 ** 20 - 2, text: 'jal a1' },
  { what: 'jal as far back as it goes', at: 0, target: -(2 ** 20), text: 'jal a1' },
  { what: 'jal across a page end', at: 0xffe, target: 0x10, text: 'jal a1' },
  { what: 'jal across a page end, forward', at: 0xffe, target: 0x1010, text: 'jal a1' },
  { what: 'jal at a page end', at: 0xffc, target: 0x10, text: 'jal a1' },
  { what: 'c.j inside of a page', at: 0x100, target: 0x200, text: 'c.j' },
  { what: 'c.j at a page end', at: 0xffe, target: 0x800, text: 'c.j' },
  { what: 'c.j over a page end', at: 0xf00, target: 0x1100, text: 'c.j' },
];

/** A jump with ebreak at its target and ecall behind it. */
function place(bare: BareMachine, { at, target, text }: Jump): number {
  for (const address of [at, at + 3, target, target + 3]) bare.map(PAGE + address);
  const separator = text.includes(' ') ? ',' : ' ';
  const end = bare.assemble(PAGE + at, [`${text}${separator}${PAGE + target}`]);
  bare.map(end);
  bare.map(end + 3);
  bare.assemble(end, ['ecall']);
  bare.assemble(PAGE + target, ['ebreak']);
  return end;
}

describe.each(configs)('jumps with %s', (_name, config) => {
  it.each([...branches, ...jumps])('$what', (jump) => {
    const bare = new BareMachine(config);
    const { machine } = bare;
    const end = place(bare, jump);
    // The first time it is decoded and stepped, then it is run from its record.
    for (let time = 0; time < 3; time++) {
      machine.x[10] = 5n;
      machine.x[11] = 0n;
      machine.pc = virtualAddress(PAGE + jump.at);
      const trap = bare.runToTrap();
      expect(trap.cause).toBe(jump.taken === false ? 'system-call' : 'breakpoint');
      expect(trap.pc).toBe(jump.taken === false ? end : PAGE + jump.target);
      expect(machine.x[11]).toBe(jump.text.startsWith('jal') ? BigInt(end) : 0n);
    }
  });

  const CODE = PAGE + 0x100;
  it.each([
    { what: 'in the same page', text: 'jalr a1,16(a0)', base: PAGE + 0x200, target: PAGE + 0x210 },
    { what: 'to another page', text: 'jalr a1,-16(a0)', base: PAGE + 0x3200, target: PAGE + 0x31f0 },
    { what: 'with the lowest bit set', text: 'jalr a1,3(a0)', base: PAGE + 0x200, target: PAGE + 0x202 },
    { what: 'through an odd register', text: 'jalr a1,0(a0)', base: PAGE + 0x2001, target: PAGE + 0x2000 },
    {
      what: 'to the last half-word of its page',
      text: 'jalr a1,0(a0)',
      base: PAGE + 0xffe,
      target: PAGE + 0xffe,
    },
    { what: 'back over the page edge by its offset', text: 'jalr a1,-2(a0)', base: PAGE, target: PAGE - 2 },
  ])('jalr $what', ({ text, base, target }) => {
    const bare = new BareMachine(config);
    const { machine } = bare;
    for (const address of [CODE, base, target, target + 3]) bare.map(address);
    const end = bare.assemble(CODE, [text]);
    bare.assemble(target, ['ebreak']);
    for (let time = 0; time < 3; time++) {
      machine.x[10] = BigInt(base);
      machine.pc = virtualAddress(CODE);
      expect(bare.runToTrap()).toMatchObject({ cause: 'breakpoint', pc: target });
      expect(machine.x[11]).toBe(BigInt(end));
    }
  });

  it.each([
    'jalr a0,8(a0)',
    'c.jalr a0',
    'c.jr a0',
    'jalr zero,8(a0)',
  ])('%s reads its register before it links', (text) => {
    const bare = new BareMachine(config);
    const { machine } = bare;
    bare.map(CODE);
    bare.map(PAGE + 0x1000);
    const end = bare.assemble(CODE, [text]);
    const target = PAGE + 0x1000 + (text.includes('8(') ? 8 : 0);
    bare.assemble(target, ['ebreak']);
    for (let time = 0; time < 3; time++) {
      machine.x[1] = 1n;
      machine.x[10] = BigInt(PAGE + 0x1000);
      machine.pc = virtualAddress(CODE);
      expect(bare.runToTrap()).toMatchObject({ cause: 'breakpoint', pc: target });
      expect(machine.x[0]).toBe(0n);
      expect(machine.x[1]).toBe(text === 'c.jalr a0' ? BigInt(end) : 1n);
      expect(machine.x[10]).toBe(text === 'jalr a0,8(a0)' ? BigInt(end) : BigInt(PAGE + 0x1000));
    }
  });

  it.each([
    { what: 'an unmapped page', target: PAGE + 0x7004 },
    { what: 'an odd address', target: PAGE + 0x7005 },
    { what: 'the upper half of the address space', target: -4096 },
    { what: 'an address beyond the 39 bits', target: 2 ** 45 },
  ])('a jump to $what retires and the fetch faults there', ({ target }) => {
    const bare = new BareMachine(config);
    const { machine } = bare;
    bare.map(CODE);
    bare.assemble(CODE, ['jalr a1,0(a0)']);
    for (let time = 0; time < 2; time++) {
      machine.x[10] = BigInt(target);
      machine.x[11] = 0n;
      machine.pc = virtualAddress(CODE);
      const address = Number(BigInt.asUintN(64, BigInt(target) & -2n));
      expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access: 'fetch', address, pc: address });
      expect(machine.x[11]).toBe(BigInt(CODE + 4));
    }
    expect(machine.counters().instructions).toBe(2);
  });

  it('a loop over two pages runs as often as it says', () => {
    const bare = new BareMachine(config);
    bare.map(PAGE);
    bare.map(PAGE + 0x1000);
    // a0 counts down from 1000 in the first page, a1 counts up in the second.
    bare.assemble(PAGE + 0xff8, ['addi a0,a0,-1', `jal zero,${PAGE + 0x1010}`]);
    bare.assemble(PAGE + 0x1010, ['addi a1,a1,3', `bne a0,zero,${PAGE + 0xff8}`, 'ecall']);
    bare.machine.x[10] = 1000n;
    bare.machine.pc = virtualAddress(PAGE + 0xff8);
    expect(bare.runToTrap().cause).toBe('system-call');
    expect(bare.machine.x[11]).toBe(3000n);
    expect(bare.machine.counters().instructions).toBe(4001);
  });
});
