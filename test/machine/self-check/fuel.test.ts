/** Where the timer ends a run, and that runs of any length add up to the same. */
import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../../../src/base/numbers.ts';
import type { MachineConfig } from '../../../src/machine/contract.ts';
import { BareMachine, equivalentConfigs } from '../../support/bare-machine.ts';

const CODE = 0x200000;
const DATA = 0x300000;
const STACK = 0x310000;
const configs = Object.entries(equivalentConfigs);

/**
 * Sorts 64 words by insertion, sums them through a routine in another page, multiplies, stores misaligned and
 * across pages, adds atomically; twice, with calls and returns across a page edge.
 */
function bustle(changed: Partial<MachineConfig>): BareMachine {
  const bare = new BareMachine(changed);
  for (const page of [CODE, CODE + 0x1000, CODE + 0x2000, DATA, DATA + 0x1000, STACK]) bare.map(page);
  const rounds = CODE + 0xfe0;
  bare.assemble(CODE, [
    // Fill: a0 walks over the words, a1 is a linear congruential generator, a2 counts.
    'lui a0,0x300',
    'c.li a1,9',
    'addi a2,zero,64',
    'lui a4,0x41c65',
    'addi a4,a4,-403',
    'mul a1,a1,a4',
    'addi a1,a1,-7',
    'sw a1,0(a0)',
    'c.addi a0,4',
    'c.addiw a2,-1',
    `bne a2,zero,${CODE + 18}`,
    `jal zero,${rounds}`,
  ]);
  bare.assemble(rounds, [
    'c.li s0,2',
    // 0xfe2: the routine that sorts lies in the next page; so does the end of this loop.
    `jal ra,${CODE + 0x1100}`,
    'lui a0,0x301',
    'sd s1,-3(a0)',
    'amoadd.d a1,s1,(a0)',
    'c.addi s0,-1',
    `bne s0,zero,${CODE + 0xfe2}`,
    'ecall',
  ]);
  bare.assemble(CODE + 0x1100, [
    // for (a2 = 1..63) { a5 = word[a2]; a3 = a2; while (a3 > 0 && word[a3 - 1] > a5) … }
    'lui a0,0x300',
    'addi a2,zero,1',
    // outer 0x1108
    'slli a4,a2,2',
    'add a4,a4,a0',
    'lw a5,0(a4)',
    // inner 0x1114
    `beq a4,a0,${CODE + 0x112c}`,
    'lw a6,-4(a4)',
    `bge a5,a6,${CODE + 0x112c}`,
    'sw a6,0(a4)',
    'addi a4,a4,-4',
    `jal zero,${CODE + 0x1114}`,
    // 0x112c
    'sw a5,0(a4)',
    'addi a2,a2,1',
    'addi a7,zero,64',
    `bne a2,a7,${CODE + 0x1108}`,
    'auipc t1,1',
    'jalr t2,196(t1)',
    'jalr zero,0(ra)',
  ]);
  bare.assemble(CODE + 0x2200, [
    'lui a0,0x300',
    'addi a2,zero,64',
    'lw a3,0(a0)',
    'mulhu s2,a3,s1',
    'add s1,s1,a3',
    'c.addi a0,4',
    'c.addi a2,-1',
    `bne a2,zero,${CODE + 0x2208}`,
    'jalr zero,0(t2)',
  ]);
  bare.machine.x[2] = BigInt(STACK + 0x800);
  bare.machine.pc = virtualAddress(CODE);
  return bare;
}

interface Snapshot {
  readonly x: readonly bigint[];
  readonly memory: string;
  readonly instructions: number;
}

function snapshot(bare: BareMachine): Snapshot {
  return {
    x: [...bare.machine.x],
    memory: bare.read(DATA, 0x2000).toString('hex'),
    instructions: bare.machine.counters().instructions,
  };
}

const reference = bustle({});
const referenceTrap = reference.runToTrap(200_000);
const expected = snapshot(reference);

/** Runs to the system call and lists where the timer struck: the pc and the number of instructions retired. */
function strikes(
  bare: BareMachine,
  fuel: number,
  between: (bare: BareMachine) => void = () => {},
): readonly string[] {
  const struck: string[] = [];
  for (;;) {
    const trap = bare.machine.run(fuel);
    if (trap.cause === 'system-call') return struck;
    if (trap.cause === 'ring-full') throw new Error('the ring was drained too late');
    expect(trap.cause).toBe('timer');
    bare.machine.drainReferences(() => {});
    struck.push(`${bare.machine.counters().instructions} at ${trap.pc.toString(16)}`);
    between(bare);
  }
}

/** Runs behind the next jump; gives the instructions that took. */
function behindJump({ machine }: BareMachine): number {
  const before = machine.counters().instructions;
  const { cause } = machine.run(1);
  machine.drainReferences(() => {});
  return cause === 'timer' ? machine.counters().instructions - before : 0;
}

describe('the reference run', () => {
  it('sorts and sums', () => {
    expect(referenceTrap.cause).toBe('system-call');
    const words = Array.from({ length: 64 }, (_, i) =>
      reference.machine.ramView.getInt32(reference.physical(DATA + i * 4), true),
    );
    expect(words).toEqual([...words].sort((a, b) => a - b));
    expect(expected.x[9]).toBe(2n * words.reduce((sum, value) => sum + BigInt(value), 0n));
  });
});

describe.each(configs)('with %s', (_name, config) => {
  it('the result is that of every other configuration', () => {
    const bare = bustle(config);
    bare.runToTrap(200_000);
    expect(snapshot(bare)).toEqual(expected);
  });

  it('accesses are counted as in every other configuration', () => {
    const bare = bustle(config);
    bare.runToTrap(200_000);
    const { fetches, loads, stores } = bare.machine.counters();
    const wanted = reference.machine.counters();
    expect({ fetches, loads, stores }).toEqual({
      fetches: wanted.fetches,
      loads: wanted.loads,
      stores: wanted.stores,
    });
  });

  it.each([1, 2, 3, 7, 64, 1000])('runs of %i add up to one long run', (fuel) => {
    const bare = bustle(config);
    strikes(bare, fuel);
    expect(snapshot(bare)).toEqual(expected);
  });

  it.each([
    1, 5, 100, 1000,
  ])('the timer strikes at the same instructions as elsewhere with fuel %i', (fuel) => {
    expect(strikes(bustle(config), fuel)).toEqual(strikes(bustle({}), fuel));
  });

  it.each([3, 50])('with fuel %i the same happens after the state was saved and loaded', (fuel) => {
    const bare = bustle(config);
    let time = 0;
    const struck = strikes(bare, fuel, ({ machine }) => {
      if (time++ % 13 === 0) machine.load(machine.save());
    });
    expect(struck).toEqual(strikes(bustle({}), fuel));
    expect(snapshot(bare)).toEqual(expected);
    // Nor is anything counted twice, though all code is decoded anew each time.
    const undisturbed = bustle(config);
    strikes(undisturbed, fuel);
    expect(bare.machine.counters()).toEqual(undisturbed.machine.counters());
  });

  it('the timer strikes at most 2,048 instructions late, and never early', () => {
    const bare = new BareMachine(config);
    for (let page = 0; page < 4; page++) bare.map(CODE + page * 4096);
    // Two pages of instructions without a jump, of two bytes each.
    bare.assemble(CODE, [...Array.from({ length: 4096 }, () => 'c.addi a0,1'), 'ecall']);
    bare.machine.pc = virtualAddress(CODE);
    expect(strikes(bare, 10)).toEqual([
      `2048 at ${(CODE + 0x1000).toString(16)}`,
      `4096 at ${(CODE + 0x2000).toString(16)}`,
    ]);
    expect(bare.machine.x[10]).toBe(4096n);
  });

  it.each([1, 2, 7, 64])('at any instruction: exactly behind %i, and no look-up more or less', (fuel) => {
    const bare = bustle(config);
    for (let retired = fuel; ; retired += fuel) {
      const { cause } = bare.machine.run(fuel, 'at any instruction');
      bare.machine.drainReferences(() => {});
      if (cause === 'system-call') break;
      expect([cause, bare.machine.counters().instructions]).toEqual(['timer', retired]);
      // Whichever way it goes on, nothing is different.
      if (retired % (3 * fuel) === 0) retired += behindJump(bare);
    }
    const whole = bustle(config);
    strikes(whole, 200_000);
    expect(snapshot(bare)).toEqual(expected);
    expect(bare.machine.counters()).toEqual(whole.machine.counters());
  });

  it('an instruction across two pages is a change of page', () => {
    const bare = new BareMachine(config);
    for (let page = 0; page < 2; page++) bare.map(CODE + page * 4096);
    bare.assemble(CODE + 0xffa, ['addi a0,a0,1', 'addi a0,a0,1', 'addi a0,a0,1', 'ecall']);
    bare.machine.pc = virtualAddress(CODE + 0xffa);
    expect(strikes(bare, 1)).toEqual([`2 at ${(CODE + 0x1002).toString(16)}`]);
  });

  it('a jump to the very next instruction is a jump', () => {
    const bare = new BareMachine(config);
    bare.map(CODE);
    bare.assemble(CODE, [
      `c.j ${CODE + 2}`,
      `jal ra,${CODE + 6}`,
      `beq zero,zero,${CODE + 10}`,
      `c.j ${CODE + 14}`,
      'c.addi a0,1',
      'c.addi a0,1',
      'ecall',
    ]);
    for (let time = 0; time < 3; time++) {
      const before = bare.machine.counters().instructions;
      bare.machine.pc = virtualAddress(CODE);
      const at = [1, 2, 3, 4].map(
        (count, i) => `${before + count} at ${(CODE + [2, 6, 10, 14][i]!).toString(16)}`,
      );
      expect(strikes(bare, 1)).toEqual(at);
    }
  });
});

describe('fuel', () => {
  it.each([0, -1, 200_001])('of %i is refused', (fuel) => {
    expect(() => bustle({}).machine.run(fuel)).toThrow(RangeError);
  });
});
