/**
 * Fused multiply-add out of WebAssembly's operations, none of which is fused.
 *
 * Source: Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding
 * to odd", IEEE Transactions on Computers 57(4), 2008; sum with error: Knuth, TAOCP 2, section 4.2.2.
 */
import {
  after,
  bindIn,
  choose,
  type F64,
  f32,
  f64,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  type Statement,
} from '../../wasm/expressions.ts';
import { double } from './binary.ts';
import { hasFiniteBits, isWellNormal, isZeroBits, nativeDouble, nativeSingle } from './native-format.ts';

/** Leaves the dispatch loop unless the condition holds and nothing but it keeps the result from being right. */
type Guard = (condition: I32) => Statement;

/** Bits of a double's fraction below a single's, and their value half-way between two singles. */
const BELOW_SINGLE = 0x1fffffff;
const HALF_SINGLE = 0x10000000;

/**
 * The product of singles is exact as a double, so the sum is rounded twice: to double, then to single. That is as
 * good as once unless the first ends on a tie of the second; then the first is done again, to odd.
 */
export const fuseSingle = (a: I32, b: I32, c: I32, guard: Guard): I32 => {
  const wide = (bits: I32): F64 => f64.promote(f32.reinterpret(bits));
  const single = (number: F64): I32 => i32.reinterpret(f32.demote(number));
  return bindIn(f64.mul(wide(a), wide(b)), 'i32', (product) =>
    bindIn(wide(c), 'i32', (addend) =>
      bindIn(f64.add(product, addend), 'i32', (sum) => {
        const below = i32.and(i32.wrap(i64.reinterpret(sum)), i32.const(BELOW_SINGLE));
        const tie = i32.eq(below, i32.const(HALF_SINGLE));
        const rounded = choose(tie, single(sumToOdd(product, addend)), single(sum));
        return bindIn(rounded, 'i32', (bits) => {
          const exactZero = f64.eq(sum, f64.const(0));
          return after(guard(choose(isWellNormal(nativeSingle, bits), i32.const(1), exactZero)), bits);
        });
      }),
    ),
  );
};

/**
 * Exponents of factors whose product and its error neither overflow nor underflow, as an interval of the biased
 * field; and of addends that leave room above.
 */
const FACTOR = { least: double.bias - 450, count: 900 } as const;
const ADDEND_LIMIT = BigInt(double.bias + 1000) << 52n;

const exponentOf = (bits: I64): I64 => i64.and(i64.shrU(bits, i64.const(52)), i64.const(double.topExponent));
const inFactorRange = (exponent: I64): I32 =>
  i64.ltU(i64.sub(exponent, i64.const(FACTOR.least)), i64.const(FACTOR.count));

export const fuseDouble = (a: I64, b: I64, c: I64, guard: Guard): I64 =>
  bindIn(a, 'i64', (x) =>
    bindIn(b, 'i64', (y) =>
      bindIn(c, 'i64', (z) =>
        bindIn(f64.mul(f64.reinterpret(x), f64.reinterpret(y)), 'i64', (product) => {
          const addend = i64.ltU(i64.and(z, i64.const(double.magnitude)), i64.const(ADDEND_LIMIT));
          const usual = i32.and(i32.and(inFactorRange(exponentOf(x)), inFactorRange(exponentOf(y))), addend);
          return choose(usual, fuseUsual(x, y, z, product, guard), fuseZero(x, y, z, product, guard));
        }),
      ),
    ),
  );

/** A product that is zero because a factor is leaves the addend, or a zero of the right sign. */
const fuseZero = (a: I64, b: I64, c: I64, product: F64, guard: Guard): I64 =>
  bindIn(i64.reinterpret(f64.add(product, f64.reinterpret(c))), 'i64', (bits) => {
    const zeroFactor = i32.or(isZeroBits(nativeDouble, a), isZeroBits(nativeDouble, b));
    return after(guard(i32.and(zeroFactor, hasFiniteBits(nativeDouble, bits))), bits);
  });

/**
 * a × b + c = product + error + c is the sum of `high` and two errors far below it. These are added with rounding
 * to odd, which keeps apart what is exact, a tie, or on either side of one; so the last sum alone rounds.
 */
const fuseUsual = (a: Local<'i64'>, b: Local<'i64'>, c: I64, product: Local<'f64'>, guard: Guard): I64 =>
  bindIn(productError(a, b, product), 'i64', (error) =>
    sumWithError(f64.reinterpret(c), error, (upper, first) =>
      sumWithError(product, upper, (high, second) =>
        bindIn(i64.reinterpret(f64.add(high, sumToOdd(first, second))), 'i64', (bits) => {
          const holds = i32.or(isWellNormal(nativeDouble, bits), isZeroBits(nativeDouble, bits));
          return after(guard(holds), bits);
        }),
      ),
    ),
  );

/** x + y rounded, and what the rounding lost, which is a double too. */
const sumWithError = (x: F64, y: F64, use: (sum: Local<'f64'>, error: Local<'f64'>) => I64): I64 =>
  bindIn(x, 'i64', (p) =>
    bindIn(y, 'i64', (q) =>
      bindIn(f64.add(p, q), 'i64', (sum) =>
        bindIn(f64.sub(sum, p), 'i64', (part) => {
          const error = f64.add(f64.sub(p, f64.sub(sum, part)), f64.sub(q, part));
          return bindIn(error, 'i64', (lost) => use(sum, lost));
        }),
      ),
    ),
  );

/** x + y rounded to odd: cut toward zero, the last bit set when anything was cut. */
const sumToOdd = (x: F64, y: F64): F64 =>
  f64.reinterpret(
    sumWithError(x, y, (sum, error) =>
      bindIn(i64.extendU(f64.ne(error, f64.const(0))), 'i64', (inexact) => {
        const bits = i64.reinterpret(sum);
        // Rounded away from zero where sum and error have unlike signs: one unit less is the cut sum.
        const excess = i64.and(i64.shrU(i64.xor(bits, i64.reinterpret(error)), i64.const(63)), inexact);
        return i64.or(i64.sub(bits, excess), inexact);
      }),
    ),
  );

const significandOf = (bits: I64): I64 =>
  i64.or(i64.and(bits, i64.const(double.fraction)), i64.const(double.leastNormal));

/**
 * a × b - product, exactly. The significands' 106-bit product and that of the rounded one, moved to the same
 * place, differ by at most 2^52, so that 64 bits of each are enough:
 *
 *   significand(a) × significand(b) = significand(product) × 2^(52 or 53) + remainder
 */
const productError = (a: Local<'i64'>, b: Local<'i64'>, product: Local<'f64'>): F64 =>
  f64.reinterpret(
    bindIn(i64.reinterpret(product), 'i64', (rounded) =>
      bindIn(i64.add(exponentOf(a), exponentOf(b)), 'i64', (exponents) => {
        const place = i64.add(i64.sub(exponentOf(rounded), exponents), i64.const(double.bias + 52));
        const remainder = i64.sub(
          i64.mul(significandOf(a), significandOf(b)),
          i64.shl(significandOf(rounded), place),
        );
        // The power of two of the remainder's last bit, with the product's sign.
        const unit = i64.or(
          i64.shl(i64.sub(exponents, i64.const(double.bias + 104)), i64.const(52)),
          i64.and(rounded, i64.const(double.sign)),
        );
        return i64.reinterpret(f64.mul(f64.convertI64S(remainder), f64.reinterpret(unit)));
      }),
    ),
  );
