/** Instructions and accesses that lie in two pages, with one of the pages missing. */
import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const CODE = 0x200000;
const FIRST = 0x300000;
const SECOND = FIRST + 0x1000;
const ACCESSED = 1 << 6;
const DIRTY = 1 << 7;
const configs = Object.entries(equivalentConfigs);

/** All that a program could notice. */
function visible({ machine }: BareMachine): unknown {
  return { x: machine.x.slice(), f: machine.f.slice(), pc: machine.pc, fcsr: machine.fcsr };
}

describe.each(configs)('instructions across pages with %s', (_name, config) => {
  const at = CODE + 0xffe;
  const texts = [
    'addi a0,a0,1',
    'lui a0,0x12345',
    'ld a0,0(a1)',
    'sd a0,0(a1)',
    `jal a0,${CODE + 8}`,
    'amoadd.w a0,a0,(a1)',
    'ecall',
  ];

  function place(text: string): BareMachine {
    const bare = new BareMachine(config);
    for (const page of [CODE, CODE + 0x1000, FIRST]) bare.map(page);
    bare.assemble(at, [text]);
    bare.machine.x[11] = BigInt(FIRST);
    bare.machine.pc = virtualAddress(at);
    return bare;
  }

  it.each(texts)('%s changes nothing while its second page is missing, then runs', (text) => {
    const bare = place(text);
    const second = bare.map(CODE + 0x1000);
    bare.unmap(CODE + 0x1000);
    const before = visible(bare);
    for (let time = 0; time < 3; time++) {
      expect(bare.runToTrap()).toEqual({
        cause: 'page-fault',
        access: 'fetch',
        address: CODE + 0x1000,
        pc: at,
      });
      expect(visible(bare)).toEqual(before);
    }
    expect(bare.machine.counters().instructions).toBe(0);
    bare.map(CODE + 0x1000, {}, second);
    bare.assemble(text.startsWith('jal') ? CODE + 8 : at + 4, ['ebreak']);
    const trap = bare.runToTrap();
    expect(trap.cause).toBe(text === 'ecall' ? 'system-call' : 'breakpoint');
    if (text === 'ecall') expect(trap.pc).toBe(at);
  });

  it('faults when the second page may not be executed', () => {
    const bare = place('addi a0,a0,1');
    bare.map(CODE + 0x1000, { execute: false });
    expect(bare.runToTrap()).toEqual({
      cause: 'page-fault',
      access: 'fetch',
      address: CODE + 0x1000,
      pc: at,
    });
  });

  it('faults in the first page when both are missing', () => {
    const bare = place('addi a0,a0,1');
    bare.unmap(CODE);
    bare.unmap(CODE + 0x1000);
    expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access: 'fetch', address: at, pc: at });
  });

  it('sees another second page behind the same first', () => {
    const bare = place('addi a0,a0,1');
    bare.assemble(at + 4, ['ebreak']);
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(bare.machine.x[10]).toBe(1n);
    // Upper half-word of addi a0,a0,64: another immediate under the same first half.
    bare.map(CODE + 0x1000, {}, bare.map(CODE + 0x5000));
    bare.write(CODE + 0x1000, Uint8Array.of(0x05, 0x04));
    bare.assemble(at + 4, ['ebreak']);
    bare.machine.pc = virtualAddress(at);
    expect(bare.runToTrap().cause).toBe('breakpoint');
    expect(bare.machine.x[10]).toBe(65n);
  });

  it('is illegal, at its own pc, when the halves make no instruction', () => {
    const bare = place('addi a0,a0,1');
    bare.assemble(at, ['sub a0,a0,a0']);
    bare.write(CODE + 0x1000, Uint8Array.of(0, 0xff));
    const before = visible(bare);
    expect(bare.runToTrap()).toMatchObject({ cause: 'illegal-instruction', pc: at });
    expect(visible(bare)).toEqual(before);
  });
});

const loads = ['lh', 'lhu', 'lw', 'lwu', 'ld', 'flw', 'fld'] as const;
const stores = ['sh', 'sw', 'sd', 'fsw', 'fsd'] as const;
const bytesOf = (name: string): number => (/h/.test(name) ? 2 : /w/.test(name) ? 4 : 8);

describe.each(configs)('accesses across pages with %s', (_name, config) => {
  const bare = new BareMachine(config);
  const { machine } = bare;
  bare.map(CODE);
  // Not in the order of their addresses, so that going on past the first frame would give wrong bytes.
  const second = bare.map(SECOND);
  const first = bare.map(FIRST);
  const PATTERN = Uint8Array.from({ length: 32 }, (_, i) => 0x91 + i * 5);

  function start(text: string): void {
    bare.map(FIRST, {}, first);
    bare.map(SECOND, {}, second);
    bare.write(SECOND - 16, PATTERN);
    bare.assemble(CODE, [text, 'ebreak']);
    machine.x.fill(0n);
    machine.f.fill(0x1122334455667788n);
    machine.pc = virtualAddress(CODE);
  }

  const register = (name: string): string => (name.startsWith('f') ? 'fa1' : 'a1');
  const offsets = (bytes: number): readonly number[] =>
    Array.from({ length: bytes - 1 }, (_, i) => -bytes + 1 + i);

  it.each(loads)('%s gets the bytes of both', (name) => {
    const bytes = bytesOf(name);
    for (const offset of offsets(bytes)) {
      start(`${name} ${register(name)},${offset}(a0)`);
      machine.x[10] = BigInt(SECOND);
      expect(bare.runToTrap().cause).toBe('breakpoint');
      const value = [...PATTERN.subarray(16 + offset, 16 + offset + bytes)].reduceRight(
        (sum, byte) => sum * 256n + BigInt(byte),
        0n,
      );
      const extended =
        name === 'lh' || name === 'lw' ? BigInt.asIntN(bytes * 8, value) : BigInt.asIntN(64, value);
      if (name === 'flw') expect(machine.f[11]).toBe(0xffffffff00000000n | value);
      else if (name === 'fld') expect(machine.f[11]).toBe(value);
      else expect(machine.x[11]).toBe(extended);
    }
  });

  it.each(stores)('%s writes into both and nothing beside', (name) => {
    const bytes = bytesOf(name);
    for (const offset of offsets(bytes)) {
      start(`${name} ${register(name)},${offset}(a0)`);
      machine.x[10] = BigInt(SECOND);
      machine.x[11] = 0x1122334455667788n;
      expect(bare.runToTrap().cause).toBe('breakpoint');
      const expected = Buffer.from(PATTERN);
      expected.set([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11].slice(0, bytes), 16 + offset);
      expect(bare.read(SECOND - 16, 32)).toEqual(expected);
    }
  });

  it.each([...loads, ...stores])('%s changes nothing when a page is missing', (name) => {
    const isStore = (stores as readonly string[]).includes(name);
    for (const offset of offsets(bytesOf(name))) {
      for (const missing of ['first', 'second', 'both'] as const) {
        start(`${name} ${register(name)},${offset}(a0)`);
        machine.x[10] = BigInt(SECOND);
        if (missing !== 'second') bare.unmap(FIRST);
        if (missing !== 'first') bare.unmap(SECOND);
        const before = visible(bare);
        const address = missing === 'second' ? SECOND : SECOND + offset;
        for (let time = 0; time < 2; time++) {
          expect(bare.runToTrap()).toEqual({
            cause: 'page-fault',
            access: isStore ? 'store' : 'load',
            address,
            pc: CODE,
          });
          expect(visible(bare)).toEqual(before);
        }
        bare.map(FIRST, {}, first);
        bare.map(SECOND, {}, second);
        expect(bare.read(SECOND - 16, 32)).toEqual(Buffer.from(PATTERN));
      }
    }
  });

  it('a store into a page that may be written and one that may not changes neither', () => {
    for (const refused of [FIRST, SECOND]) {
      start('sd a1,-3(a0)');
      machine.x[10] = BigInt(SECOND);
      bare.map(refused, { write: false });
      const address = refused === FIRST ? SECOND - 3 : SECOND;
      expect(bare.runToTrap()).toEqual({ cause: 'page-fault', access: 'store', address, pc: CODE });
      expect(bare.read(SECOND - 16, 32)).toEqual(Buffer.from(PATTERN));
      expect(bare.entryBits(refused) & DIRTY).toBe(0);
    }
  });

  it('sets the referenced bits of both pages, and the dirty bits for a store', () => {
    for (const [text, bits] of [
      ['ld a1,-3(a0)', ACCESSED],
      ['sd a1,-3(a0)', ACCESSED | DIRTY],
    ] as const) {
      start(text);
      machine.x[10] = BigInt(SECOND);
      expect(bare.runToTrap().cause).toBe('breakpoint');
      expect(bare.entryBits(FIRST) & (ACCESSED | DIRTY)).toBe(bits);
      expect(bare.entryBits(SECOND) & (ACCESSED | DIRTY)).toBe(bits);
    }
  });

  it('a load into its own base register keeps it when it faults', () => {
    for (const offset of [-3, 0]) {
      start(`ld a0,${offset}(a0)`);
      machine.x[10] = BigInt(SECOND);
      bare.unmap(SECOND);
      expect(bare.runToTrap()).toMatchObject({ cause: 'page-fault', address: SECOND });
      expect(machine.x[10]).toBe(BigInt(SECOND));
    }
  });
});
