/**
 * Floating point by WebAssembly's own operations, which round to nearest-even and know no flags. They are right
 * when that is the rounding mode, inexact is raised already (it stays so until the program clears it), and the
 * operands and the result show that no other flag is due and that no NaN comes out. Otherwise the instruction
 * leaves before anything is written, and the exact unit does it again. No function is called: a call would cost
 * the dispatch loop its registers.
 *
 * Source: the technique is QEMU's hardfloat (Cota and Carloni, VEE 2019).
 */
import {
  after,
  bindIn,
  choose,
  type Expression,
  f32,
  f64,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  select,
} from '../../wasm/expressions.ts';
import type { FastFloatContext, FloatFormat, FloatUnit, IntegerFormat } from '../operands.ts';
import { type BitsType, FLAG, MODE } from './binary.ts';
import { bitsAs, classify } from './by-format.ts';
import { integerRanges } from './integers.ts';
import {
  hasFiniteBits,
  isWellNormal,
  isZeroBits,
  type NativeFormat,
  type NumberType,
  nativeDouble,
  nativeSingle,
} from './native-format.ts';
import { fuseDouble, fuseSingle } from './native-fused.ts';

const TRUE = i32.const(1);

/** Does an inexact result rounded to nearest-even need no more than WebAssembly does? Both status bytes at once. */
const settled = ({ statusAddress }: FastFloatContext): I32 =>
  i32.eq(
    i32.and(i32.load16u(i32.const(0), statusAddress), i32.const(0xff00 | FLAG.inexact)),
    i32.const((MODE.nearestEven << 8) | FLAG.inexact),
  );

/** One format's operations with the conditions under which they hold. */
class NativeOperations<B extends BitsType, V extends NumberType> {
  readonly #format: NativeFormat<B, V>;
  readonly #context: FastFloatContext;

  constructor(format: NativeFormat<B, V>, context: FastFloatContext) {
    this.#format = format;
    this.#context = context;
  }

  /** The bits of `result`, or leaves when `holds` is false of them. */
  #checked(result: Expression<B>, holds: (bits: Local<B>) => I32): Expression<B> {
    return bindIn(result, this.#format.bits, (bits) => after(this.#context.leaveUnless(holds(bits)), bits));
  }

  #pair<R extends BitsType>(
    a: Expression<B>,
    b: Expression<B>,
    type: R,
    body: (a: Local<B>, b: Local<B>) => Expression<R>,
  ) {
    return bindIn(a, type, (x) => bindIn(b, type, (y) => body(x, y)));
  }

  /** Any finite sum is right: a tiny one is exact. */
  sum(operation: 'add' | 'subtract', a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#checked(f.bitsOf(f[operation](f.number(a), f.number(b))), (bits) =>
      i32.and(settled(this.#context), hasFiniteBits(f, bits)),
    );
  }

  /** A zero is right when a factor is zero. */
  product(a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#pair(a, b, f.bits, (x, y) =>
      this.#checked(f.bitsOf(f.multiply(f.number(x), f.number(y))), (bits) => {
        const exactZero = i32.and(isZeroBits(f, bits), i32.or(isZeroBits(f, x), isZeroBits(f, y)));
        return i32.and(settled(this.#context), choose(isWellNormal(f, bits), TRUE, exactZero));
      }),
    );
  }

  /** Division by zero gives an infinity or a NaN; a zero is right when the dividend is zero. */
  quotient(a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#pair(a, b, f.bits, (x, y) =>
      this.#checked(f.bitsOf(f.divide(f.number(x), f.number(y))), (bits) => {
        const exactZero = i32.and(isZeroBits(f, bits), isZeroBits(f, x));
        return i32.and(settled(this.#context), choose(isWellNormal(f, bits), TRUE, exactZero));
      }),
    );
  }

  /** A root of a finite number is neither tiny nor infinite, or a NaN. */
  root(a: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#checked(f.bitsOf(f.squareRoot(f.number(a))), (bits) =>
      i32.and(settled(this.#context), hasFiniteBits(f, bits)),
    );
  }

  #ordered(x: Expression<B>, y: Expression<B>): I32 {
    const f = this.#format;
    return i32.and(f.equal(f.number(x), f.number(x)), f.equal(f.number(y), f.number(y)));
  }

  comparison(relation: 'equal' | 'less' | 'lessOrEqual', a: Expression<B>, b: Expression<B>): I64 {
    const f = this.#format;
    return this.#pair(a, b, 'i64', (x, y) =>
      after(
        this.#context.leaveUnless(this.#ordered(x, y)),
        i64.extendU(f[relation](f.number(x), f.number(y))),
      ),
    );
  }

  /** Equal numbers have equal bits, but for zeros: there the smaller has the sign if any has it. */
  extremum(which: 'least' | 'most', a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#pair(a, b, f.bits, (x, y) => {
      const [p, q] = which === 'least' ? [x, y] : [y, x];
      const merge = which === 'least' ? i64.or : i64.and;
      const equal = f.narrow(merge(f.widen(x), f.widen(y)));
      const result = select(
        f.less(f.number(x), f.number(y)),
        p,
        select(f.less(f.number(y), f.number(x)), q, equal),
      );
      return after(this.#context.leaveUnless(this.#ordered(x, y)), result);
    });
  }

  /** Right when it fits and either is exact or is to be rounded as it is here. */
  toInteger(to: IntegerFormat, a: Expression<B>): I64 {
    const f = this.#format;
    const { most, least, signed, toRegister } = integerRanges[to];
    const towardZero = i32.eq(this.#context.roundingMode, i32.const(MODE.towardZero));
    const truncate = to === 'lu' ? i64.truncSatF64U : i64.truncSatF64S;
    const back = to === 'lu' ? f64.convertI64U : f64.convertI64S;
    return bindIn(f.toF64(f.number(a)), 'i64', (x) =>
      bindIn(select(towardZero, x, f64.nearest(x)), 'i64', (rounded) =>
        bindIn(truncate(rounded), 'i64', (value) => {
          const above = signed
            ? f64.lt(f64.abs(rounded), f64.const(Number(least)))
            : f64.ge(rounded, f64.const(0));
          const fits = signed ? above : i32.and(above, f64.lt(rounded, f64.const(Number(most + 1n))));
          const exact = choose(settled(this.#context), TRUE, f64.eq(back(value), x));
          return after(this.#context.leaveUnless(i32.and(fits, exact)), toRegister(value));
        }),
      ),
    );
  }

  /** Integers that fit into the significand are exact. */
  fromInteger(from: IntegerFormat, value: I64): Expression<B> {
    const f = this.#format;
    const { most, signed, fromRegister } = integerRanges[from];
    const exactTo = 1n << BigInt(f.fractionBits + 1);
    const convert = from === 'lu' ? f.fromUnsigned : f.fromSigned;
    if (most <= exactTo) return f.bitsOf(convert(fromRegister(value)));
    const offset = signed ? exactTo : 0n;
    return bindIn(fromRegister(value), f.bits, (v) => {
      const small = i64.leU(i64.add(v, i64.const(offset)), i64.const(exactTo + offset));
      return after(
        this.#context.leaveUnless(choose(small, TRUE, settled(this.#context))),
        f.bitsOf(convert(v)),
      );
    });
  }
}

const toDouble = (context: FastFloatContext, a: I32): I64 =>
  bindIn(f64.promote(f32.reinterpret(a)), 'i64', (number) =>
    after(context.leaveUnless(f64.eq(number, number)), i64.reinterpret(number)),
  );

const toSingle = (context: FastFloatContext, a: I64): I32 =>
  bindIn(f64.reinterpret(a), 'i32', (number) =>
    bindIn(i32.reinterpret(f32.demote(number)), 'i32', (bits) => {
      const right = choose(isWellNormal(nativeSingle, bits), TRUE, f64.eq(number, f64.const(0)));
      return after(context.leaveUnless(i32.and(settled(context), right)), bits);
    }),
  );

/**
 * Binds floating point to WebAssembly's operations. Of arithmetic it may be given instructions with rounding
 * mode 0 or 7 (dynamic) only; of `toInteger` also with 1 (toward zero).
 */
export function nativeUnit(context: FastFloatContext): FloatUnit {
  const formats = {
    s: new NativeOperations(nativeSingle, context),
    d: new NativeOperations(nativeDouble, context),
  };
  // The type checker can't follow the format into the types of operands and results.
  const of = (format: FloatFormat) => formats[format] as unknown as NativeOperations<BitsType, NumberType>;
  return {
    add: (format, a, b) => bitsAs(format, of(format).sum('add', a, b)),
    subtract: (format, a, b) => bitsAs(format, of(format).sum('subtract', a, b)),
    multiply: (format, a, b) => bitsAs(format, of(format).product(a, b)),
    divide: (format, a, b) => bitsAs(format, of(format).quotient(a, b)),
    squareRoot: (format, a) => bitsAs(format, of(format).root(a)),
    fusedMultiplyAdd: (format, a, b, c) => {
      const guard = (condition: I32) => context.leaveUnless(i32.and(settled(context), condition));
      const fused =
        format === 's'
          ? fuseSingle(a as I32, b as I32, c as I32, guard)
          : fuseDouble(a as I64, b as I64, c as I64, guard);
      return bitsAs(format, fused);
    },
    minimum: (format, a, b) => bitsAs(format, of(format).extremum('least', a, b)),
    maximum: (format, a, b) => bitsAs(format, of(format).extremum('most', a, b)),
    equal: (format, a, b) => of(format).comparison('equal', a, b),
    less: (format, a, b) => of(format).comparison('less', a, b),
    lessOrEqual: (format, a, b) => of(format).comparison('lessOrEqual', a, b),
    classify,
    toInteger: (format, to, a) => of(format).toInteger(to, a),
    fromInteger: (format, from, value) => bitsAs(format, of(format).fromInteger(from, value)),
    toDouble: (a) => toDouble(context, a),
    toSingle: (a) => toSingle(context, a),
  };
}
