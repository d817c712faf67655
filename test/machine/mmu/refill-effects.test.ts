import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, vpn } from '../../../src/base/numbers.ts';
import type { MachineConfig, TlbFill } from '../../../src/machine/contract.ts';
import { ASID, CODE_FLAGS, D, MappedMachine, R, READ_WRITE, V, W, X } from './mapped-machine.ts';
import { SmallMachine } from './small.ts';

const CODE = 16;
const DATA = 64;
const at = (page: number, offset = 0): number => page * 4096 + offset;

/** One instruction and an ecall; a1 holds the address. */
function single(line: string, config: Partial<MachineConfig> = {}): MappedMachine {
  const small = new MappedMachine(config);
  small.code(20, 0, [line, 'ecall']);
  small.map(CODE, 20, CODE_FLAGS);
  return small;
}

describe('without an entry', () => {
  it('each look-up of an instruction is a trap, and nothing has happened', () => {
    const small = single('amoadd.d a0,a2,(a1)');
    const { machine } = small;
    small.map(DATA, 40, V | R | W);
    machine.x[11] = BigInt(at(DATA, 8));
    machine.x[12] = 5n;
    machine.ramView.setBigUint64(40 * 4096 + 8, 7n, true);
    expect(small.run(at(CODE)).cause).toBe('system-call');
    expect(small.asked).toEqual(['tlb-miss fetch 16', 'tlb-miss store 64', 'tlb-modify store 64']);
    expect([machine.x[10], machine.ramView.getBigUint64(40 * 4096 + 8, true)]).toEqual([7n, 12n]);
    // Three fetches and three stores were tried for it; its own software walked nothing that the machine would count.
    expect(machine.counters()).toMatchObject({
      instructions: 2,
      fetches: 5,
      stores: 2 + 1,
      instructionTlbMisses: 1,
      dataTlbMisses: 1,
      walkLoads: 0,
      dirtyWalks: 0,
    });
  });

  it('a page that is held without the permission is a page fault', () => {
    const small = single('sd a0,0(a1)');
    small.machine.x[11] = BigInt(at(DATA, 16));
    small.map(DATA, 40, V | R | D);
    expect(small.run(at(CODE))).toMatchObject({
      cause: 'page-fault',
      access: 'store',
      address: at(DATA, 16),
    });
    small.map(CODE, 20, V | R | W);
    small.fill(CODE, 'fetch');
    expect(small.run(at(CODE))).toMatchObject({ cause: 'page-fault', access: 'fetch', address: at(CODE) });
  });

  it('the second page of an access is asked for by its own address', () => {
    const small = single('ld a0,0(a1)');
    small.machine.x[11] = BigInt(at(DATA, 4090));
    small.map(DATA, 40);
    expect(small.run(at(CODE))).toMatchObject({ cause: 'tlb-miss', access: 'load', address: at(DATA + 1) });
    small.map(DATA + 1, 39);
    expect(small.run(at(CODE)).cause).toBe('system-call');
  });
});

describe('page numbers', () => {
  it('have 47 bits', () => {
    const small = single('ld a0,0(a1)');
    const { machine } = small;
    const highest = 2 ** 47 - 1;
    small.map(DATA, 41);
    machine.ramView.setBigUint64(40 * 4096 + 64, 1234n, true);
    for (const page of [highest, 2 ** 46, 2 ** 35, 2 ** 31 + 1]) {
      small.map(page, 40);
      small.fill(page);
      machine.x[11] = BigInt(page) * 4096n + 64n;
      machine.x[10] = 0n;
      expect(small.run(at(CODE)).cause).toBe('system-call');
      expect(machine.x[10]).toBe(1234n);
    }
    expect(() => small.machine.fillTlb(ASID, vpn(highest + 1), 'load', small.pages.get(highest)!)).toThrow(
      RangeError,
    );
  });

  it('that a key has no room for never hit, whatever is held', () => {
    const small = single('ld a0,0(a1)');
    small.map(DATA, 40);
    small.fill(DATA);
    for (const upper of [1n << 59n, 1n << 63n, -1n << 59n]) {
      small.machine.x[11] = upper | BigInt(at(DATA));
      expect(small.run(at(CODE))).toMatchObject({ cause: 'tlb-miss', access: 'load' });
    }
    expect(small.machine.counters().dataTlbMisses).toBe(3);
  });
});

describe('filling', () => {
  it('replaces the entry of the page, which fast slots do not outlive', () => {
    const small = single('ld a0,0(a1)');
    const { machine } = small;
    machine.x[11] = BigInt(at(DATA));
    machine.ram.fill(1, 40 * 4096, 41 * 4096);
    machine.ram.fill(2, 41 * 4096, 42 * 4096);
    small.map(DATA, 40);
    small.run(at(CODE));
    small.map(DATA, 41);
    small.fill(DATA);
    small.run(at(CODE));
    expect(machine.x[10]).toBe(0x0202020202020202n);
    small.code(21, 0, ['addi a0,zero,9', 'ecall']);
    small.map(CODE, 21, CODE_FLAGS);
    small.fill(CODE, 'fetch');
    small.run(at(CODE));
    expect(machine.x[10]).toBe(9n);
    expect(machine.counters()).toMatchObject({ instructionTlbMisses: 1, dataTlbMisses: 1 });
    machine.flushAll();
    expect(machine.counters().flushed).toBe(2);
  });

  it('reaches the TLB of its access alone', () => {
    const small = single('ld a0,0(a1)');
    small.machine.x[11] = BigInt(at(DATA));
    small.map(DATA, 40);
    small.fill(DATA, 'fetch');
    small.fill(CODE, 'store');
    small.run(at(CODE));
    expect(small.asked).toEqual(['tlb-miss fetch 16', 'tlb-miss load 64']);
  });

  it('is for one space, and another may be filled ahead', () => {
    const small = single('ld a0,0(a1)');
    const { machine } = small;
    machine.x[11] = BigInt(at(DATA));
    small.map(DATA, 40);
    small.run(at(CODE));
    const other = ASID + 1;
    machine.fillTlb(other, vpn(DATA), 'load', { frame: frame(41), flags: READ_WRITE });
    machine.fillTlb(other, vpn(CODE), 'fetch', { frame: frame(20), flags: CODE_FLAGS });
    small.run(at(CODE));
    expect(small.asked.length).toBe(2);
    machine.ramView.setBigUint64(41 * 4096, 3n, true);
    machine.setSpace(frame(0), other);
    small.run(at(CODE));
    expect([machine.x[10], small.asked.length]).toEqual([3n, 2]);
    machine.flushPage(ASID, vpn(DATA));
    machine.flushSpace(other);
    expect(machine.counters().flushed).toBe(3);
  });

  it('is refused what no TLB could hold, and to a machine with a walker', () => {
    const { machine } = new MappedMachine();
    const wrong: TlbFill[] = [
      { frame: frame(64), flags: READ_WRITE },
      { frame: frame(1), flags: R | W },
      { frame: frame(1), flags: 1025 },
      { frame: frame(1), flags: READ_WRITE, from: 8, to: 8 },
      { frame: frame(1), flags: READ_WRITE, from: -1 },
      { frame: frame(1), flags: READ_WRITE, to: 4097 },
    ];
    for (const entry of wrong) expect(() => machine.fillTlb(1, vpn(1), 'load', entry)).toThrow(RangeError);
    const walker = new SmallMachine().machine;
    expect(() => walker.fillTlb(1, vpn(1), 'load', { frame: frame(1), flags: READ_WRITE })).toThrow('walker');
  });

  it('is part of the saved state', () => {
    const small = single('ld a0,0(a1)');
    small.map(DATA, 40, READ_WRITE, { to: 100 });
    small.machine.x[11] = BigInt(at(DATA, 92));
    small.run(at(CODE));
    const state = small.machine.save();
    const other = new MappedMachine();
    other.machine.load(state);
    expect(other.run(at(CODE)).cause).toBe('system-call');
    other.machine.x[11] = BigInt(at(DATA, 93));
    expect(other.run(at(CODE))).toMatchObject({ cause: 'page-fault', address: at(DATA, 93) });
    expect(other.asked).toEqual([]);
  });
});

describe('the order of use', () => {
  const two = { entries: 2, ways: 2, replacement: 'lru' } as const;
  const four = { entries: 64, ways: 4, replacement: 'lru' } as const;

  it.each([
    ['a store that is refused', V | R | D, {}, 'store'],
    ['a store to a clean page', V | R | W, {}, 'store'],
    ['a bound that is passed', READ_WRITE, { to: 8 }, 'store'],
    ['a load from a cut page', READ_WRITE, { to: 64 }, 'load'],
  ] as const)('of data counts %s', (_, flags, cut, access) => {
    const small = new MappedMachine({ tlb: { kind: 'split', data: two, instructions: four } });
    const { machine } = small;
    small.code(20, 0, ['ld a0,16(a1)', 'ecall', 'sd a0,16(a1)', 'ecall']);
    small.map(CODE, 20, CODE_FLAGS);
    for (const i of [0, 1, 2]) small.map(DATA + i, 40 + i);
    small.map(DATA + 1, 41, flags, cut);
    const misses = (page: number, kind: 'load' | 'store' = 'load'): number => {
      const before = machine.counters().dataTlbMisses;
      machine.x[11] = BigInt(at(page));
      small.run(at(CODE, kind === 'load' ? 0 : 8));
      return machine.counters().dataTlbMisses - before;
    };
    expect([misses(DATA + 1, access), misses(DATA), misses(DATA + 1, access)]).toEqual([1, 1, 0]);
    // The first page is the last one used again, and so the second makes room for the third.
    expect([misses(DATA), misses(DATA + 2), misses(DATA)]).toEqual([0, 1, 0]);
  });

  it.each([
    ['a fetch that is refused', V | R, {}],
    ['a bound that is passed', CODE_FLAGS, { to: 2 }],
    ['a fetch from a cut page', CODE_FLAGS, { to: 64 }],
  ] as const)('of instructions counts %s', (_, flags, cut) => {
    const small = new MappedMachine({ tlb: { kind: 'split', data: four, instructions: two } });
    for (const i of [0, 1, 2]) {
      small.code(20 + i, 0, ['ecall']);
      small.map(CODE + i, 20 + i, CODE_FLAGS);
    }
    small.map(CODE + 1, 21, flags, cut);
    const misses = (page: number): number => {
      const before = small.machine.counters().instructionTlbMisses;
      small.run(at(page));
      return small.machine.counters().instructionTlbMisses - before;
    };
    const order = [CODE + 1, CODE, CODE + 1, CODE, CODE + 2, CODE];
    expect(order.map(misses)).toEqual([1, 1, 0, 0, 1, 0]);
  });
});

describe('the smallest TLBs', () => {
  const shapes = [
    [{ entries: 2, ways: 2 }, 'split'],
    [{ entries: 2, ways: 1 }, 'split'],
    [{ entries: 4, ways: 4 }, 'unified'],
    [{ entries: 4, ways: 2 }, 'unified'],
    [{ entries: 8, ways: 2 }, 'unified'],
  ] as const;
  const cases = shapes.flatMap(([size, kind]) =>
    (['lru', 'fifo', 'random'] as const).map((replacement) => [kind, { ...size, replacement }] as const),
  );

  it.each(cases)('hold all that one instruction needs (%s %o)', (kind, shape) => {
    const tlb =
      kind === 'split' ? { kind, data: shape, instructions: shape } : { kind: 'unified' as const, shape };
    const small = new MappedMachine({ tlb });
    small.code(20, 4094, ['ld a0,0(a1)']);
    small.code(21, 2, ['sd a0,0(a2)', 'addi a3,a3,-1', 'bne a3,zero,32', 'ecall']);
    small.code(21, 32, ['jalr zero,0(a4)']);
    for (const i of [0, 1]) small.map(CODE + i, 20 + i, CODE_FLAGS);
    for (const i of [0, 1, 2, 3]) small.map(DATA + i, 40 + i);
    small.machine.x[11] = BigInt(at(DATA, 4092));
    small.machine.x[12] = BigInt(at(DATA + 2, 4092));
    small.machine.x[13] = 50n;
    small.machine.x[14] = BigInt(at(CODE, 4094));
    expect(small.run(at(CODE, 4094)).cause).toBe('system-call');
  });
});

interface Kind {
  readonly line: string;
  readonly bytes: number;
  readonly access: 'load' | 'store';
}
const kinds: readonly Kind[] = [
  ...(['lb', 'lhu', 'lw', 'ld'] as const).map((name, i) => ({
    line: `${name} a0,0(a1)`,
    bytes: 1 << i,
    access: 'load' as const,
  })),
  ...(['sb', 'sh', 'sw', 'sd'] as const).map((name, i) => ({
    line: `${name} a2,0(a1)`,
    bytes: 1 << i,
    access: 'store' as const,
  })),
  { line: 'fld ft0,0(a1)', bytes: 8, access: 'load' },
  { line: 'fsd ft0,0(a1)', bytes: 8, access: 'store' },
  { line: 'amoadd.w a0,a2,(a1)', bytes: 4, access: 'store' },
  { line: 'amoswap.d a0,a2,(a1)', bytes: 8, access: 'store' },
  { line: 'lr.d a0,(a1)', bytes: 8, access: 'load' },
];

describe('a cut page', () => {
  const machines = new Map(kinds.map(({ line }) => [line, single(line)]));
  const cut = fc
    .tuple(fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 1, max: 4096 }))
    .map(([a, b]) => (a < b ? { from: a, to: b } : { from: b - 1, to: a + 1 }));
  const near = (bound: number): fc.Arbitrary<number> =>
    fc.integer({ min: -9, max: 9 }).map((n) => Math.min(8191, Math.max(0, bound + n)));

  it('is readable and writable to the byte, by every kind of access', () => {
    const trial = fc
      .tuple(cut, cut, fc.constantFrom(...kinds), fc.constantFrom('cut', 'first', 'second'))
      .chain(([first, second, kind, which]) => {
        const bounds = [first.from, first.to, second.from + 4096, second.to + 4096, 4096];
        const offset = fc.oneof(fc.integer({ min: 0, max: 8180 }), ...bounds.map(near));
        return fc.record({
          first: fc.constant(which === 'second' ? { from: 0, to: 4096 } : first),
          second: fc.constant(which === 'first' ? { from: 0, to: 4096 } : second),
          kind: fc.constant(kind),
          offset,
        });
      });
    fc.assert(
      fc.property(trial, ({ first, second, kind, offset }) => {
        const small = machines.get(kind.line)!;
        const { machine } = small;
        const isAtomic = /^(amo|lr)/.test(kind.line);
        const address = at(DATA) + Math.min(offset - (isAtomic ? offset % kind.bytes : 0), 8192 - kind.bytes);
        machine.flushAll();
        small.map(DATA, 40, READ_WRITE, first);
        small.map(DATA + 1, 41, READ_WRITE, second);
        const inside = (byte: number): boolean => {
          const { from, to } = byte < at(DATA + 1) ? first : second;
          return byte % 4096 >= from && byte % 4096 < to;
        };
        const allowed = Array.from({ length: kind.bytes }, (_, i) => address + i).every(inside);
        machine.ram.fill(0x11, 40 * 4096, 42 * 4096);
        machine.x[11] = BigInt(address);
        machine.x[12] = 0x2222222222222222n;
        machine.f[0] = 0x2222222222222222n;
        const trap = small.run(at(CODE));
        const changed = machine.ram.subarray(40 * 4096, 42 * 4096).findIndex((byte) => byte !== 0x11);
        const from = address - at(DATA);
        if (allowed) {
          expect(trap.cause).toBe('system-call');
          expect(changed).toBe(kind.access === 'store' ? from : -1);
          // The same again, now that nothing has to be asked for.
          expect(small.run(at(CODE)).cause).toBe('system-call');
        } else {
          expect(trap).toMatchObject({ cause: 'page-fault', access: kind.access, address, pc: at(CODE) });
          expect(changed).toBe(-1);
        }
      }),
      { numRuns: 600 },
    );
  });

  it.each(['split', 'unified'])('is executable to the byte (%s)', (kind) => {
    const shape = { entries: 64, ways: 4, replacement: 'lru' } as const;
    const tlb = kind === 'split' ? undefined : ({ kind: 'unified', shape } as const);
    const small = new MappedMachine(tlb && { tlb });
    const { machine } = small;
    // Instructions of 2 and of 4 bytes by turns, each counted in a0; the last lies in both pages.
    const starts: { offset: number; bytes: number }[] = [];
    for (let offset = 4062; offset < 4096; ) {
      const bytes = starts.length % 2 === 0 ? 2 : 4;
      starts.push({ offset, bytes });
      offset = small.code(20, offset, [bytes === 2 ? 'c.addi a0,1' : 'addi a0,a0,1']);
    }
    expect(starts.at(-1)).toEqual({ offset: 4094, bytes: 4 });
    small.code(21, 2, ['ecall']);
    // The same frame in full at another address, so that all of it has been run before.
    small.map(CODE + 100, 20, CODE_FLAGS);
    small.map(CODE + 101, 21, CODE_FLAGS);
    expect(small.run(at(CODE + 100, 4062)).cause).toBe('system-call');
    const runs = (first: object, second: object, start: number): [number, string, number] => {
      machine.flushAll();
      small.map(CODE, 20, CODE_FLAGS, first);
      small.map(CODE + 1, 21, CODE_FLAGS, second);
      machine.x[10] = 0n;
      const { cause, address, pc } = small.run(at(CODE, start));
      if (cause === 'page-fault') expect(address).toBe(pc);
      return [Number(machine.x[10]), cause, pc - at(CODE)];
    };
    for (let to = 4063; to <= 4096; to++) {
      const fits = starts.filter(({ offset, bytes }) => Math.min(offset + bytes, 4096) <= to).length;
      const stop = starts[fits];
      const expected = stop ? [fits, 'page-fault', stop.offset] : [fits, 'system-call', 4098];
      expect(runs({ to }, {}, 4062)).toEqual(expected);
    }
    const last = starts.length - 1;
    expect(runs({}, { to: 1 }, 4062)).toEqual([last, 'page-fault', 4094]);
    expect(runs({}, { from: 1 }, 4062)).toEqual([last, 'page-fault', 4094]);
    expect(runs({}, { to: 2 }, 4062)).toEqual([last + 1, 'page-fault', 4098]);
    expect(runs({}, { to: 5 }, 4062)).toEqual([last + 1, 'page-fault', 4098]);
    expect(runs({}, { to: 6 }, 4062)).toEqual([last + 1, 'system-call', 4098]);
    expect(runs({ from: 4063 }, {}, 4062)).toEqual([0, 'page-fault', 4062]);
    expect(runs({ from: 4064 }, {}, 4064)).toEqual([last, 'system-call', 4098]);
  });

  it('has its hits and misses counted as others have', () => {
    const small = single('ld a0,0(a1)');
    const { machine } = small;
    machine.x[11] = BigInt(at(DATA, 8));
    for (const [flags, bound] of [
      [READ_WRITE, {}],
      [READ_WRITE, { from: 8, to: 16 }],
    ] as const) {
      const before = machine.counters();
      machine.flushAll();
      small.map(DATA, 40, flags, bound);
      small.map(CODE, 20, CODE_FLAGS, bound.from === undefined ? {} : { to: 8 });
      for (let i = 0; i < 10; i++) small.run(at(CODE));
      const { loads, fetches, dataTlbMisses, instructionTlbMisses } = machine.counters();
      const count = [
        loads - before.loads,
        fetches - before.fetches,
        dataTlbMisses - before.dataTlbMisses,
        instructionTlbMisses - before.instructionTlbMisses,
      ];
      expect(count).toEqual([11, 22, 1, 1]);
    }
  });

  it('rings the timer where a whole page would', () => {
    const lines = ['addi a0,a0,1', 'jal zero,0'];
    const stops = [{}, { to: 64 }].map((bound) => {
      const small = new MappedMachine();
      small.code(20, 0, lines);
      small.map(CODE, 20, V | X, bound);
      small.fill(CODE, 'fetch');
      small.machine.pc = at(CODE) as typeof small.machine.pc;
      const stop = (['behind jumps', 'at any instruction'] as const).map((kind) => {
        const { cause, pc } = small.machine.run(7, kind);
        return [cause, pc, small.machine.counters().instructions];
      });
      return stop;
    });
    expect(stops[1]).toEqual(stops[0]);
    expect(stops[0]![0]).toEqual(['timer', at(CODE), 8]);
  });
});
