import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ValueType } from '../../src/wasm/code.ts';
import {
  type Expression,
  f32,
  f64,
  give,
  type I32,
  i32,
  i64,
  type Statement,
} from '../../src/wasm/expressions.ts';
import { type Callable, functionOf, instantiate, onePage, type Value } from './instance.ts';
import { f32Twins, f64Twins, i32Twins, i64Twins } from './twins.ts';

type Twin = (...values: readonly Value[]) => Value | undefined;
type Build = (...operands: readonly Expression[]) => Expression;

const edges64 = [0n, 1n, -1n, 31n, 32n, 63n, 64n, 2n ** 31n, 2n ** 32n, -(2n ** 63n), 2n ** 63n - 1n];
const singles = fc.oneof(
  fc.float(),
  fc.integer({ min: -20, max: 20 }).map((n) => n / 4),
);
const doubles = fc.oneof(
  fc.double(),
  singles,
  fc.integer({ min: -70, max: 70 }).map((n) => 1.5 * 2 ** n),
);
/** Vectors have no values of the host's; vectors.test.ts keeps them in memory. */
type Scalar = Exclude<ValueType, 'v128'>;

const values: Readonly<Record<Scalar, fc.Arbitrary<Value>>> = {
  i32: fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, 31, 32, -(2 ** 31), 2 ** 31 - 1), fc.nat(40)),
  i64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(...edges64)),
  f32: singles,
  f64: doubles,
};

/** Instructions whose operands are of another type than their group. */
const operandOf: Readonly<Record<string, Scalar>> = {
  'i32.wrap': 'i64',
  'i32.reinterpret': 'f32',
  'i64.extendS': 'i32',
  'i64.extendU': 'i32',
  'i64.reinterpret': 'f64',
  'i64.truncSatF32S': 'f32',
  'i64.truncSatF32U': 'f32',
  'i64.truncSatF64S': 'f64',
  'i64.truncSatF64U': 'f64',
  'f32.convertI32S': 'i32',
  'f32.convertI32U': 'i32',
  'f32.convertI64S': 'i64',
  'f32.convertI64U': 'i64',
  'f32.demote': 'f64',
  'f32.reinterpret': 'i32',
  'f64.convertI32S': 'i32',
  'f64.convertI32U': 'i32',
  'f64.convertI64S': 'i64',
  'f64.convertI64U': 'i64',
  'f64.promote': 'f32',
  'f64.reinterpret': 'i64',
};

const groups = {
  i32: [i32, i32Twins],
  i64: [i64, i64Twins],
  f32: [f32, f32Twins],
  f64: [f64, f64Twins],
} as const;
const isAccess = (name: string): boolean => /^(load|store|const$)/.test(name);

const instructions = Object.entries(groups).flatMap(([group, [builders, twins]]) =>
  Object.entries(builders)
    .filter(([name]) => !isAccess(name))
    .map(([name, build]) => ({
      name: `${group}.${name}`,
      type: operandOf[`${group}.${name}`] ?? (group as Scalar),
      build: build as Build,
      twin: twins[name] as Twin | undefined,
    })),
);

/** The value, or `undefined` when it traps. */
function outcome(f: Callable, operands: readonly Value[]): Value | undefined {
  try {
    return f(...operands);
  } catch (error) {
    expect(error).toBeInstanceOf(WebAssembly.RuntimeError);
    return undefined;
  }
}

describe('an instruction', () => {
  it.each(instructions)('$name', ({ type, build, twin }) => {
    if (twin === undefined) throw new Error('it has no twin to compare with');
    const arity = twin.length;
    const types = Array<Scalar>(arity).fill(type);
    const result = build(...types.map((t): Expression => ({ type: t, emit() {} }))).type;
    const f = functionOf(types, result, ({ parameters }) => give(build(...parameters)));
    // A NaN's payload is nobody's promise: only that it is one.
    const skipped = build === (i32.reinterpret as Build) || build === (i64.reinterpret as Build);
    const operand = skipped ? values[type].filter((value) => !Number.isNaN(value)) : values[type];
    fc.assert(
      fc.property(fc.array(operand, { minLength: arity, maxLength: arity }), (operands) => {
        expect(outcome(f, operands)).toBe(twin(...operands));
      }),
      { numRuns: 400 },
    );
  });
});

describe('a constant', () => {
  it('is any number of its type', () => {
    fc.assert(
      fc.property(fc.integer(), values.i64, fc.double(), (a, b, c) => {
        expect(functionOf([], 'i32', () => give(i32.const(a)))()).toBe(a);
        expect(functionOf([], 'i64', () => give(i64.const(b)))()).toBe(b);
        expect(functionOf([], 'f64', () => give(f64.const(c)))()).toBe(c);
      }),
    );
  });
});

type Load = (address: I32, offset?: number) => Expression;
type Store = (address: I32, value: Expression, offset?: number) => Statement;

/** Width in bits and sign of an access, from its name: `load16u`, `store`. */
function widthOf(name: string, group: string): { bits: number; signed: boolean } {
  const given = /(\d+)([su]?)$/.exec(name);
  return given === null
    ? { bits: Number(group.slice(1)), signed: true }
    : { bits: Number(given[1]), signed: given[2] !== 'u' };
}

const accesses = (['i32', 'i64'] as const).flatMap((group) =>
  Object.entries({ i32, i64 }[group])
    .filter(([name]) => /^(load|store)/.test(name))
    .map(([name, build]) => ({ name: `${group}.${name}`, group, short: name, build })),
);

describe('an access', () => {
  it.each(accesses)('$name', ({ group, short, build }) => {
    const { bits, signed } = widthOf(short, group);
    const offset = 5;
    const module = onePage();
    const isLoad = short.startsWith('load');
    module.export(
      'f',
      isLoad
        ? module.add(['i32'], group, ({ parameter }) =>
            give((build as unknown as Load)(parameter('i32', 0), offset)),
          )
        : module.add(['i32', group], undefined, ({ parameter, parameters }) =>
            (build as unknown as Store)(parameter('i32', 0), parameters[1]!, offset),
          ),
    );
    const { exports, memory } = instantiate(module);
    const bytes = new Uint8Array(memory.buffer);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.nat(40),
        values[group],
        (all, at, value) => {
          bytes.set(all);
          const little = (from: Uint8Array): bigint =>
            from
              .slice(at + offset, at + offset + bits / 8)
              .reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
          if (isLoad) {
            const expected = signed ? BigInt.asIntN(bits, little(bytes)) : little(bytes);
            expect(BigInt(exports.f!(at)!)).toBe(expected);
            return;
          }
          exports.f!(at, value);
          expect(little(bytes)).toBe(BigInt.asUintN(bits, BigInt(value)));
          bytes.fill(0, at + offset, at + offset + bits / 8);
          const others = all.slice().fill(0, at + offset, at + offset + bits / 8);
          expect(bytes.slice(0, 64)).toEqual(others);
        },
      ),
    );
  });

  it('beyond the memory traps', () => {
    const f = functionOf(['i32'], 'i64', ({ parameter }) => give(i64.load(parameter('i32', 0), 8)));
    expect(f(65536 - 16)).toBe(0n);
    expect(() => f(65536 - 15)).toThrow(WebAssembly.RuntimeError);
    expect(() => f(-1)).toThrow(WebAssembly.RuntimeError);
  });
});
