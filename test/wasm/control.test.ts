import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Code, Label } from '../../src/wasm/code.ts';
import {
  after,
  bind,
  bindIn,
  block,
  branch,
  branchIf,
  branchTable,
  choose,
  copyMemory,
  drop,
  fillMemory,
  give,
  type I32,
  i32,
  i64,
  loop,
  nothing,
  type Statement,
  select,
  sequence,
  trapHere,
  when,
} from '../../src/wasm/expressions.ts';
import { call, perform } from '../../src/wasm/module.ts';
import { functionOf, instantiate, onePage } from './instance.ts';

/** Appends a decimal digit to the number in memory cell 0: a trace of what was executed, in order. */
const mark = (digit: number): Statement =>
  i32.store(i32.const(0), i32.add(i32.mul(i32.load(i32.const(0)), i32.const(10)), i32.const(digit)));
const marks = give(i32.load(i32.const(0)));

describe('cases', () => {
  it('executes one arm of when and of choose, and evaluates both of select', () => {
    const counted = (digit: number): I32 => after(mark(digit), i32.const(digit));
    const f = functionOf(['i32'], 'i32', ({ parameter }) => {
      const condition = parameter('i32', 0);
      return sequence(
        when(condition, mark(1), mark(2)),
        when(condition, mark(3)),
        drop(choose(condition, counted(4), counted(5))),
        drop(select(condition, counted(6), counted(7))),
        marks,
      );
    });
    expect(f(1)).toBe(13467);
    const g = functionOf(['i32'], 'i32', ({ parameter }) =>
      sequence(
        give(
          i32.add(
            choose(parameter('i32', 0), i32.const(10), i32.const(20)),
            select(parameter('i32', 0), i32.const(1), i32.const(2)),
          ),
        ),
      ),
    );
    expect([g(7), g(0)]).toEqual([11, 22]);
  });
});

describe('labels', () => {
  it('leave a block, start a loop over, and reach over blocks in between', () => {
    // Sum of 1 … n, except for multiples of 3, up to the first number whose square is above 200 (15).
    const f = functionOf(['i32'], 'i32', (body) => {
      const n = body.parameter('i32', 0);
      const i = body.local('i32');
      const sum = body.local('i32');
      return sequence(
        block((done) =>
          loop((next) =>
            sequence(
              i.set(i32.add(i, i32.const(1))),
              branchIf(i32.gtU(i, n), done),
              block((counted) =>
                sequence(
                  when(i32.gtU(i32.mul(i, i), i32.const(200)), branch(done)),
                  branchIf(i32.eqz(i32.remU(i, i32.const(3))), counted),
                  sum.set(i32.add(sum, i)),
                ),
              ),
              branch(next),
            ),
          ),
        ),
        give(sum),
      );
    });
    const expected = (n: number) => {
      let sum = 0;
      for (let i = 1; i <= n && i * i <= 200; i++) sum += i % 3 === 0 ? 0 : i;
      return sum;
    };
    for (const n of [0, 1, 3, 7, 14, 15, 1000]) expect(f(n)).toBe(expected(n));
  });

  it('cannot be branched to when their block is closed', () => {
    let kept: Label | undefined;
    expect(() =>
      functionOf([], undefined, () =>
        sequence(
          block((end) => {
            kept = end;
            return nothing;
          }),
          { emit: (out: Code) => branch(kept!).emit(out) },
        ),
      ),
    ).toThrow('not open');
  });

  it('of a branch table are chosen by index, the last for all that is beyond', () => {
    const cases = 5;
    const f = functionOf(['i32'], 'i32', ({ parameter }) => {
      const labels: Label[] = [];
      const nest = (index: number): Statement =>
        index < 0
          ? branchTable(parameter('i32', 0), labels, labels[2]!)
          : sequence(
              block((end) => {
                labels[index] = end;
                return nest(index - 1);
              }),
              give(i32.const(100 + index)),
            );
      return sequence(nest(cases - 1), give(i32.const(0)));
    });
    for (let index = 0; index < cases; index++) expect(f(index)).toBe(100 + index);
    for (const index of [cases, 1000, -1]) expect(f(index)).toBe(102);
  });
});

describe('bind', () => {
  it('evaluates once, before what the body does', () => {
    const f = functionOf([], 'i32', () =>
      sequence(
        bind(after(mark(1), i32.const(5)), (value) =>
          sequence(mark(2), i32.store(i32.const(4), i32.mul(value, value)), drop(value), mark(3)),
        ),
        give(i32.add(i32.load(i32.const(0)), i32.load(i32.const(4)))),
      ),
    );
    expect(f()).toBe(123 + 25);
  });

  it('keeps nested names apart and reuses a local when its scope has ended', () => {
    const module = onePage();
    const used = new Set<number>();
    const body = module.add(['i32'], 'i32', ({ parameter }) => {
      const x = parameter('i32', 0);
      const squareSum = bindIn(i32.add(x, i32.const(1)), 'i32', (a) =>
        bindIn(i32.add(a, i32.const(1)), 'i32', (b) => {
          used.add(a.index);
          used.add(b.index);
          return i32.add(i32.mul(a, a), i32.mul(b, b));
        }),
      );
      return give(i32.add(squareSum, i32.add(squareSum, squareSum)));
    });
    module.export('f', body);
    const { f } = instantiate(module).exports;
    expect(used.size).toBe(2);
    for (const x of [0, 1, 10]) expect(f!(x)).toBe(3 * ((x + 1) ** 2 + (x + 2) ** 2));
  });

  it('does not give two types one local', () => {
    const f = functionOf(['i64'], 'i64', ({ parameter }) =>
      give(
        i64.add(
          bindIn(i32.wrap(parameter('i64', 0)), 'i64', (low) => i64.extendU(i32.add(low, low))),
          bindIn(parameter('i64', 0), 'i64', (whole) => i64.mul(whole, whole)),
        ),
      ),
    );
    expect(f(2n ** 33n + 3n)).toBe(BigInt.asIntN(64, 6n + (2n ** 33n + 3n) ** 2n));
  });
});

describe('memory in bulk', () => {
  it('is copied, overlapping too, and filled', () => {
    fc.assert(
      fc.property(fc.nat(64), fc.nat(64), fc.nat(64), fc.nat(300), (to, from, bytes, value) => {
        const module = onePage();
        const [a, b, n] = [i32.const(to), i32.const(from), i32.const(bytes)];
        module.export(
          'copy',
          module.add([], undefined, () => copyMemory(a, b, n)),
        );
        module.export(
          'fill',
          module.add([], undefined, () => fillMemory(a, i32.const(value), n)),
        );
        const { exports, memory } = instantiate(module);
        const bytesOf = new Uint8Array(memory.buffer, 0, 256);
        bytesOf.forEach((_, i) => {
          bytesOf[i] = i * 7;
        });
        const twin = bytesOf.slice();
        exports.copy!();
        expect(bytesOf).toEqual(twin.copyWithin(to, from, from + bytes));
        exports.fill!();
        expect(bytesOf).toEqual(twin.fill(value, to, to + bytes));
      }),
      { numRuns: 30 },
    );
  });
});

describe('a module', () => {
  it('calls functions that are defined later, and itself', () => {
    const module = onePage();
    const isOdd = module.declare(['i32'], 'i32');
    const isEven = module.add(['i32'], 'i32', ({ parameter }) => {
      const n = parameter('i32', 0);
      return sequence(when(i32.eqz(n), give(i32.const(1))), give(call(isOdd, i32.sub(n, i32.const(1)))));
    });
    module.define(isOdd, ({ parameter }) => {
      const n = parameter('i32', 0);
      return sequence(when(i32.eqz(n), give(i32.const(0))), give(call(isEven, i32.sub(n, i32.const(1)))));
    });
    module.export('isEven', isEven);
    module.export('isOdd', isOdd);
    const { exports } = instantiate(module);
    expect([0, 1, 2, 9].map((n) => [exports.isEven!(n), exports.isOdd!(n)])).toEqual([
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 1],
    ]);
  });

  it('asks the host, whose functions come before its own', () => {
    const module = onePage();
    const ask = module.import('ask', ['i32', 'i64'], 'i32');
    const tell = module.import('tell', ['i32'], undefined);
    const twice = module.add(['i32'], 'i32', ({ parameter }) =>
      give(i32.mul(parameter('i32', 0), i32.const(2))),
    );
    const f = module.add(['i32'], 'i32', ({ parameter }) =>
      sequence(
        perform(tell, call(twice, parameter('i32', 0))),
        give(call(ask, parameter('i32', 0), i64.const(5))),
      ),
    );
    module.export('f', f);
    const told: number[] = [];
    const host = { ask: (a: number, b: bigint) => a + Number(b), tell: (a: number) => void told.push(a) };
    expect([instantiate(module, host).exports.f!(7), told]).toEqual([12, [14]]);
    expect(() => module.import('late', [], undefined)).toThrow('late is imported after');
  });

  it('keeps globals between calls', () => {
    const module = onePage();
    const small = module.global('i32', -5);
    const large = module.global('i64', 2n ** 40n);
    const step = module.add([], undefined, () =>
      sequence(small.set(i32.add(small, i32.const(1))), large.set(i64.add(large, i64.const(1)))),
    );
    module.export('step', step);
    module.export(
      'small',
      module.add([], 'i32', () => small),
    );
    module.export(
      'large',
      module.add([], 'i64', () => sequence(perform(step), give(large))),
    );
    const { exports } = instantiate(module);
    exports.step!();
    expect([exports.small!(), exports.large!(), exports.small!()]).toEqual([-4, 2n ** 40n + 2n, -3]);
  });

  it('stops at a trap', () => {
    expect(() => functionOf([], undefined, () => trapHere)()).toThrow(/unreachable/);
  });

  it('refuses calls with the wrong operands, parameters of the wrong type and missing bodies', () => {
    const module = onePage();
    const f = module.declare(['i32', 'i64'], undefined);
    const caller = (
      ...operands: Parameters<typeof perform> extends [unknown, ...infer Rest] ? Rest : never
    ) => module.add([], undefined, () => perform(f, ...operands));
    expect(() => caller(i32.const(1))).toThrow('call with 1 operands, 2 expected');
    expect(() => caller(i64.const(1), i64.const(1))).toThrow('operand 0 is i64, i32 expected');
    expect(() => module.add(['i32'], undefined, ({ parameter }) => drop(parameter('i64', 0)))).toThrow(
      'parameter 0 is not i64',
    );
    expect(() => module.bytes()).toThrow('no body');
  });
});
