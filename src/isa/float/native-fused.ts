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
  when,
} from '../../wasm/expressions.ts';
import { double } from './binary.ts';
import {
  hasFiniteBits,
  isWellNormal,
  isZeroBits,
  lostBySum,
  nativeDouble,
  nativeSingle,
} from './native-format.ts';

/** The state of the status register as conditions, and what to do when nothing proves the result right. */
export interface FusedConditions {
  /** Rounding to nearest-even, and inexact raised. */
  readonly settled: I32;
  readonly nearest: I32;
  leaveUnless(condition: I32): Statement;
}

/** Bits of a double's fraction below a single's, and their value half-way between two singles. */
const BELOW_SINGLE = 0x1fffffff;
const HALF_SINGLE = 0x10000000;

/**
 * The product of singles is exact as a double, so the sum is rounded twice: to double, then to single. That is as
 * good as once unless the first ends on a tie of the second; then the first is done again, to odd.
 */
export const fuseSingle = (a: I32, b: I32, c: I32, conditions: FusedConditions): I32 => {
  const wide = (bits: I32): F64 => f64.promote(f32.reinterpret(bits));
  return bindIn(f64.mul(wide(a), wide(b)), 'i32', (product) =>
    bindIn(wide(c), 'i32', (addend) =>
      bindIn(f64.add(product, addend), 'i32', (sum) => {
        const below = i32.and(i32.wrap(i64.reinterpret(sum)), i32.const(BELOW_SINGLE));
        const tie = i32.eq(below, i32.const(HALF_SINGLE));
        return bindIn(f32.demote(choose(tie, sumToOdd(product, addend, sum), sum)), 'i32', (single) => {
          const good = isWellNormal(nativeSingle, i32.reinterpret(single));
          const nothingLost = f64.eq(lostBySum(nativeDouble, product, addend, sum), f64.const(0));
          const exact = i32.and(f64.eq(f64.promote(single), sum), nothingLost);
          const unusual = conditions.leaveUnless(i32.and(conditions.nearest, exact));
          return after(when(i32.eqz(i32.and(conditions.settled, good)), unusual), i32.reinterpret(single));
        });
      }),
    ),
  );
};

/** Bits of the least product that has room below it for its error, 104 bits of a double's 1074: 2^-960. */
const LEAST_PRODUCT = BigInt(double.bias - 960) << 52n;
/** Just beyond 1 on either side by more than half a unit of a double's last bit. */
const WIDENED = 1 + 2 ** -52;
const NARROWED = 1 - 2 ** -52;

/** The parts of a × b + c, where product + c = sum + sumError, and all of it sum + sumError + productError. */
interface Parts {
  readonly a: I64;
  readonly b: I64;
  readonly product: F64;
  readonly sum: F64;
  readonly productError: F64;
  readonly sumError: F64;
  /** The rounded sum of both errors. */
  readonly error: F64;
}

/**
 * The rounded sum of three parts is sum + error, unless the rounding of the error decides that of the sum. It
 * doesn't when the error a little widened and a little narrowed gives the same (Ziv, ACM Transactions on
 * Mathematical Software 17(3), 1991). Overflow anywhere gives a NaN or an infinity in the end.
 */
export const fuseDouble = (a: I64, b: I64, c: I64, conditions: FusedConditions): I64 =>
  withParts(a, b, c, (parts) =>
    bindIn(i64.reinterpret(f64.add(parts.sum, parts.error)), 'i64', (bits) => {
      const widened = f64.add(parts.sum, f64.mul(parts.error, f64.const(WIDENED)));
      const narrowed = f64.add(parts.sum, f64.mul(parts.error, f64.const(NARROWED)));
      const decided = i32.and(hasRoom(parts), f64.eq(widened, narrowed));
      const usual = i32.and(i32.and(conditions.settled, decided), isWellNormal(nativeDouble, bits));
      return choose(usual, bits, fuseUnusual(parts, bits, decided, conditions));
    }),
  );

const hasRoom = ({ product }: Parts): I32 =>
  i64.geU(i64.and(i64.reinterpret(product), i64.const(double.magnitude)), i64.const(LEAST_PRODUCT));

/**
 * A factor of zero leaves the addend or a zero. Where only one part has an error, nothing was rounded inside; where
 * the errors cancel or are none, the sum is exact.
 */
function fuseUnusual(parts: Parts, bits: I64, decided: I32, conditions: FusedConditions): I64 {
  const { settled, nearest, leaveUnless } = conditions;
  const isZero = (number: F64): I32 => f64.eq(number, f64.const(0));
  const zeroFactor = i32.or(isZeroBits(nativeDouble, parts.a), isZeroBits(nativeDouble, parts.b));
  const exactInside = i32.or(isZero(parts.productError), isZero(parts.sumError));
  const right = i32.or(decided, i32.and(hasRoom(parts), exactInside));
  const exact = i32.and(nearest, i32.and(hasRoom(parts), isZero(parts.error)));
  const inRange = i32.or(isWellNormal(nativeDouble, bits), isZeroBits(nativeDouble, bits));
  const sumBits = i64.reinterpret(parts.sum);
  return choose(
    zeroFactor,
    after(leaveUnless(i32.and(nearest, hasFiniteBits(nativeDouble, sumBits))), sumBits),
    after(leaveUnless(i32.and(inRange, i32.or(exact, i32.and(settled, right)))), bits),
  );
}

const withParts = (a: I64, b: I64, c: I64, use: (parts: Parts) => I64): I64 =>
  bindIn(a, 'i64', (x) =>
    bindIn(b, 'i64', (y) =>
      bindIn(f64.reinterpret(c), 'i64', (addend) =>
        bindIn(f64.mul(f64.reinterpret(x), f64.reinterpret(y)), 'i64', (product) =>
          bindIn(f64.add(product, addend), 'i64', (sum) =>
            bindIn(lostByProduct(x, y, product), 'i64', (productError) =>
              bindIn(lostBySum(nativeDouble, product, addend, sum), 'i64', (sumError) =>
                bindIn(f64.add(productError, sumError), 'i64', (error) =>
                  use({ a: x, b: y, product, sum, productError, sumError, error }),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );

/**
 * Splits a double into 26 bits, rounded to nearest, and 26 signed bits below: products of halves are exact
 * (Veltkamp; subnormal numbers are split as well). Factors of 2^996 and more give a NaN.
 */
const split = (bits: Local<'i64'>, use: (high: Local<'f64'>, low: Local<'f64'>) => F64): F64 => {
  const number = f64.reinterpret(bits);
  return bindIn(f64.mul(number, f64.const(2 ** 27 + 1)), 'f64', (scaled) =>
    bindIn(f64.sub(scaled, f64.sub(scaled, number)), 'f64', (high) =>
      bindIn(f64.sub(number, high), 'f64', (low) => use(high, low)),
    ),
  );
};

/** a × b - product, exactly (Dekker, Numerische Mathematik 18, 1971). */
const lostByProduct = (a: Local<'i64'>, b: Local<'i64'>, product: F64): F64 =>
  split(a, (aHigh, aLow) =>
    split(b, (bHigh, bLow) => {
      const upper = f64.sub(f64.sub(product, f64.mul(aHigh, bHigh)), f64.mul(aLow, bHigh));
      return f64.sub(f64.mul(aLow, bLow), f64.sub(upper, f64.mul(aHigh, bLow)));
    }),
  );

/** x + y = `sum` rounded to odd instead: cut toward zero, the last bit set when anything was cut. */
const sumToOdd = (x: F64, y: F64, sum: Local<'f64'>): F64 =>
  bindIn(lostBySum(nativeDouble, x, y, sum), 'f64', (lost) =>
    bindIn(i64.extendU(f64.ne(lost, f64.const(0))), 'f64', (inexact) => {
      const bits = i64.reinterpret(sum);
      // Rounded away from zero where sum and loss have unlike signs: one unit less is the cut sum.
      const excess = i64.and(i64.shrU(i64.xor(bits, i64.reinterpret(lost)), i64.const(63)), inexact);
      return f64.reinterpret(i64.or(i64.sub(bits, excess), inexact));
    }),
  );
