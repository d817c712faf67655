/**
 * Floating point by WebAssembly's own operations, which round to nearest-even and know no flags. They are right
 * when that is the rounding mode, the operands and the result show that no NaN comes out and no flag but inexact
 * is due, and inexact is raised already (it stays so until the program clears it) or the result is proved exact.
 * Otherwise the instruction leaves before anything is written, and the exact unit does it again. No function is
 * called: a call would cost the dispatch loop its registers.
 *
 * Source: the technique is QEMU's hardfloat (Cota and Carloni, VEE 2019). The proofs of exactness are added, as
 * programs that compute with small integers may never raise inexact.
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
  when,
} from '../../wasm/expressions.ts';
import type { FastFloatContext, FloatFormat, FloatUnit, IntegerFormat } from '../operands.ts';
import { type BitsType, FLAG, MODE } from './binary.ts';
import { bitsAs, classify } from './by-format.ts';
import { integerRanges } from './integers.ts';
import {
  hasFiniteBits,
  isWellNormal,
  isZeroBits,
  lostByDifference,
  lostBySum,
  type NativeFormat,
  type NumberType,
  nativeDouble,
  nativeSingle,
} from './native-format.ts';
import { fuseDouble, fuseSingle } from './native-fused.ts';

/** Does an inexact result rounded to nearest-even need no more than WebAssembly does? Both status bytes at once. */
const settled = ({ statusAddress }: FastFloatContext): I32 =>
  i32.eq(
    i32.and(i32.load16u(i32.const(0), statusAddress), i32.const(0xff00 | FLAG.inexact)),
    i32.const((MODE.nearestEven << 8) | FLAG.inexact),
  );

/** Is frm nearest-even? Exact results need it too, for the sign of zero sums. */
const nearest = ({ statusAddress }: FastFloatContext): I32 =>
  i32.eqz(i32.load8u(i32.const(0), statusAddress + 1));

/**
 * Does the mode in frm exist? Conversions that are exact in any mode need at least that: with the dynamic mode they
 * are illegal otherwise, which the exact unit finds out.
 */
const modeExists = ({ statusAddress }: FastFloatContext): I32 =>
  i32.leU(i32.load8u(i32.const(0), statusAddress + 1), i32.const(MODE.nearestAway));

/** One format's operations with the conditions under which they hold. */
class NativeOperations<B extends BitsType, V extends NumberType> {
  readonly #format: NativeFormat<B, V>;
  readonly #context: FastFloatContext;

  constructor(format: NativeFormat<B, V>, context: FastFloatContext) {
    this.#format = format;
    this.#context = context;
  }

  /**
   * `bits`, unless they neither are good for an inexact result when inexact is raised, nor exact. Only one jump
   * is on the usual path.
   */
  #unlessWrong(bits: Expression<B>, good: I32, exact: I32): Expression<B> {
    const usual = i32.and(settled(this.#context), good);
    const unusual = this.#context.leaveUnless(i32.and(nearest(this.#context), exact));
    return after(when(i32.eqz(usual), unusual), bits);
  }

  #pair<R extends BitsType>(
    a: Expression<B>,
    b: Expression<B>,
    type: R,
    body: (a: Local<B>, b: Local<B>) => Expression<R>,
  ): Expression<R> {
    return bindIn(a, type, (x) => bindIn(b, type, (y) => body(x, y)));
  }

  /** Any finite sum is good: a tiny one is exact. */
  sum(operation: 'add' | 'subtract', a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    const lost = operation === 'add' ? lostBySum : lostByDifference;
    return this.#pair(a, b, f.bits, (x, y) =>
      bindIn(f[operation](f.number(x), f.number(y)), f.bits, (sum) => {
        const exact = f.equal(lost(f, f.number(x), f.number(y), sum), f.number(f.constant(0n)));
        return bindIn(f.bitsOf(sum), f.bits, (bits) =>
          this.#unlessWrong(bits, hasFiniteBits(f, bits), exact),
        );
      }),
    );
  }

  /** A zero is right when a factor is zero. */
  product(a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#pair(a, b, f.bits, (x, y) =>
      bindIn(f.bitsOf(f.multiply(f.number(x), f.number(y))), f.bits, (bits) => {
        const exactZero = i32.and(isZeroBits(f, bits), i32.or(isZeroBits(f, x), isZeroBits(f, y)));
        const exact = choose(isWellNormal(f, bits), f.isProduct(x, y, bits), exactZero);
        return this.#unlessWrong(bits, isWellNormal(f, bits), exact);
      }),
    );
  }

  /** Division by zero gives an infinity or a NaN; a zero is right when the dividend is zero. */
  quotient(a: Expression<B>, b: Expression<B>): Expression<B> {
    const f = this.#format;
    return this.#pair(a, b, f.bits, (x, y) =>
      bindIn(f.bitsOf(f.divide(f.number(x), f.number(y))), f.bits, (bits) => {
        const exactZero = i32.and(isZeroBits(f, bits), isZeroBits(f, x));
        const exact = choose(isWellNormal(f, bits), f.isProduct(bits, y, x), exactZero);
        return this.#unlessWrong(bits, isWellNormal(f, bits), exact);
      }),
    );
  }

  /** A root of a finite number is neither tiny nor infinite, or a NaN. */
  root(a: Expression<B>): Expression<B> {
    const f = this.#format;
    return bindIn(a, f.bits, (x) =>
      bindIn(f.bitsOf(f.squareRoot(f.number(x))), f.bits, (bits) => {
        const exact = i32.or(isZeroBits(f, bits), f.isProduct(bits, bits, x));
        return this.#unlessWrong(bits, hasFiniteBits(f, bits), exact);
      }),
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
          const usual = i32.and(fits, settled(this.#context));
          const exact = i32.and(modeExists(this.#context), f64.eq(back(value), x));
          const unusual = this.#context.leaveUnless(i32.and(fits, exact));
          return after(when(i32.eqz(usual), unusual), toRegister(value));
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
    const legal = this.#context.leaveUnless(modeExists(this.#context));
    if (most <= exactTo) return after(legal, f.bitsOf(convert(fromRegister(value))));
    const offset = signed ? exactTo : 0n;
    return bindIn(fromRegister(value), f.bits, (v) => {
      const small = i64.leU(i64.add(v, i64.const(offset)), i64.const(exactTo + offset));
      const unusual = this.#context.leaveUnless(settled(this.#context));
      return after(when(small, legal, unusual), f.bitsOf(convert(v)));
    });
  }
}

const toDouble = (context: FastFloatContext, a: I32): I64 =>
  bindIn(f64.promote(f32.reinterpret(a)), 'i64', (number) =>
    after(context.leaveUnless(i32.and(modeExists(context), f64.eq(number, number))), i64.reinterpret(number)),
  );

const toSingle = (context: FastFloatContext, a: I64): I32 =>
  bindIn(f64.reinterpret(a), 'i32', (number) =>
    bindIn(f32.demote(number), 'i32', (single) => {
      const good = isWellNormal(nativeSingle, i32.reinterpret(single));
      const exact = f64.eq(f64.promote(single), number);
      const unusual = context.leaveUnless(i32.and(nearest(context), exact));
      return after(when(i32.eqz(i32.and(settled(context), good)), unusual), i32.reinterpret(single));
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
      const conditions = {
        settled: settled(context),
        nearest: nearest(context),
        leaveUnless: (condition: I32) => context.leaveUnless(condition),
      };
      return bitsAs(
        format,
        format === 's'
          ? fuseSingle(a as I32, b as I32, c as I32, conditions)
          : fuseDouble(a as I64, b as I64, c as I64, conditions),
      );
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
