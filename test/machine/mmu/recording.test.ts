import { describe, expect, it } from 'vitest';
import { frame, virtualAddress, vpn } from '../../../src/base/numbers.ts';
import { CODE, CODE_FRAME, DATA, SmallMachine } from './small.ts';

const recording = { references: 'recorded' } as const;

function references(small: SmallMachine): string[] {
  const found: string[] = [];
  small.machine.drainReferences((kind, address, bytes) =>
    found.push(`${kind} ${address.toString(16)} ${bytes}`),
  );
  return found;
}

describe('recorded references', () => {
  it('are every fetch, load and store, in order', () => {
    const lines = ['lw a0,4(a1)', 'c.addi a0,1', 'sh a0,-1(a2)', 'amoadd.d a0,a0,(a3)', 'ecall'];
    const small = new SmallMachine(recording).code(CODE, lines);
    small.again();
    expect(references(small)).toEqual([
      'fetch 10000 2',
      'load 40004 4',
      'fetch 10004 2',
      'fetch 10006 2',
      'store 40fff 1',
      'store 41000 1',
      'fetch 1000a 2',
      'store 42000 8',
      'fetch 1000e 2',
    ]);
    expect(references(small)).toEqual([]);
  });

  it('hold an access that faulted once, when it succeeds, and its fetch once', () => {
    const small = new SmallMachine(recording).code(CODE, ['ld a0,-4(a2)', 'ecall']);
    const entry = small.entry(DATA + 4096);
    small.setEntry(DATA + 4096, 0n);
    small.again();
    small.machine.run(1);
    expect(references(small)).toEqual(['fetch 10000 2']);
    small.setEntry(DATA + 4096, entry);
    small.machine.run(1);
    expect(references(small)).toEqual(['load 40ffc 4', 'load 41000 4', 'fetch 10004 2']);
  });

  it('take the fetch for a new one when the program goes on elsewhere, or another one runs', () => {
    const small = new SmallMachine(recording).code(CODE, ['ld a0,0(a1)', 'ecall']);
    small.code(CODE + 64, ['ecall']);
    small.setEntry(DATA, 0n);
    small.again();
    expect(references(small)).toEqual(['fetch 10000 2']);
    small.machine.pc = virtualAddress(CODE + 64);
    small.machine.run(1);
    expect(references(small)).toEqual(['fetch 10040 2']);
    small.again();
    expect(references(small)).toEqual(['fetch 10000 2']);
    small.machine.ram.copyWithin(60 * 4096, 0, 4096);
    small.machine.setSpace(frame(60), 9);
    small.machine.run(1);
    expect(references(small)).toEqual(['fetch 10000 2']);
  });

  it('come with all flushes, however many the kernel makes between two runs', () => {
    const small = new SmallMachine(recording).code(CODE, ['ld a0,0(a1)', 'ecall']);
    small.machine.drainLookUps(() => undefined);
    const pages = 70_000;
    for (let page = 0; page < pages; page++) small.machine.flushPage(3, vpn(page));
    const drained: string[] = [];
    const drain = () =>
      small.machine.drainLookUps(({ kind, address, asid }) => drained.push(`${kind} ${address} ${asid}`));
    // The ring has no room left for what the program does.
    expect(small.machine.run(10).cause).toBe('ring-full');
    drain();
    expect(drained).toEqual(Array.from({ length: pages }, (_, page) => `flush-page ${page} 3`));
    small.again();
    drained.length = 0;
    drain();
    expect(drained.map((text) => text.split(' ')[0])).toEqual(['fetch', 'load', 'fetch']);
  });

  it('are not lost when the ring is full', () => {
    const loop = ['addi a0,a0,-1', 'ld a4,0(a1)', `bne a0,zero,${CODE}`, 'ecall'];
    const small = new SmallMachine(recording).code(CODE, loop);
    small.machine.x[10] = 50_000n;
    const causes: string[] = [];
    let found = 0;
    do {
      const { cause } = small.machine.run(200_000);
      causes.push(cause);
      found += references(small).length;
    } while (causes.at(-1) !== 'system-call');
    // Four references a round and one at the end; 65,536 entries in the ring: it fills three times.
    expect(found).toBe(200_001);
    expect(causes).toEqual(['ring-full', 'ring-full', 'ring-full', 'system-call']);
    expect(small.machine.counters()).toMatchObject({
      instructions: 150_001,
      fetches: 150_001,
      loads: 50_000,
    });
  });
});

describe('the timer', () => {
  it('ends a run at most one page late', () => {
    for (const references of ['off', 'recorded'] as const) {
      const small = new SmallMachine({ references });
      small.code(CODE, Array<string>(2048).fill('c.addi a0,1'));
      small.code(CODE + 4096, Array<string>(2048).fill('c.addi a0,1'), CODE_FRAME + 1);
      expect({ ...small.machine.run(1) }).toMatchObject({ cause: 'timer', pc: CODE + 4096 });
      expect(small.machine.counters().instructions).toBe(2048);
      expect({ ...small.machine.run(2048) }).toMatchObject({ cause: 'timer', pc: CODE + 8192 });
    }
  });

  it('refuses fuel that it has no room for', () => {
    const small = new SmallMachine();
    expect(() => small.machine.run(0)).toThrow(RangeError);
    expect(() => small.machine.run(200_001)).toThrow(RangeError);
  });
});
