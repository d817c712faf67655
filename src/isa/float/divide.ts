/**
 * Exact division and square root. The machine's own double-precision operation gives the significand, rounded to
 * nearest; one wrapping integer subtraction gives the remainder, whose sign says on which side of the rounded
 * result the exact one lies:
 *
 *   a = q × b + r      |r| ≤ b / 2      so 2^64 wraps away and leaves r
 *   a = q² + r         |r| ≤ q
 *
 * The exact result is within half a unit of q's last bit. No tie of a format and no representable number lies
 * strictly between, so q with that sign ten bits below is as good as the exact result. (A quotient or root of two
 * 53-bit numbers is itself never a tie of 53 bits.)
 *
 * Source: IEEE 754-2019, sections 5.4.1, 6.3, 7.2 and 7.3. The correction by the remainder is Markstein's
 * (IBM Journal of Research and Development 34(1), 1990).
 */
import { f64, type I64, i64, type Statement, sequence, when } from '../../wasm/expressions.ts';
import type { FunctionReference } from '../../wasm/module.ts';
import { type BitsType, double, isInfinite, isNegative, isSpecial, isZero } from './binary.ts';
import { any, integer, type Kit, type OperationFrame, signum } from './kit.ts';

/** Bits of an unpacked significand below a double's 53. */
const SPARE = 10;

/** The 53-bit significand of a double's bits (a normal number). */
const significandOf = (bits: I64): I64 =>
  i64.or(i64.and(bits, integer(double.fraction)), integer(double.leastNormal));

/** `q` (53 bits) unpacked, moved by the sign of what the exact result has beyond it. */
const corrected = (q: I64, remainder: I64): I64 => i64.add(i64.shl(q, integer(SPARE)), signum(remainder));

/** (a, b, mode) to a / b. */
export const defineDivide = <T extends BitsType>(kit: Kit<T>): FunctionReference<T> =>
  kit.operation(2, (frame, a, b) => {
    const { format } = kit;
    const sign = kit.signBit(i64.xor(a, b));
    const infinity = frame.result(i64.or(sign, integer(format.infinity)));
    return sequence(
      when(
        any(isSpecial(format, a), isSpecial(format, b)),
        sequence(
          kit.leaveOnNaN(frame, a, b),
          when(
            isInfinite(format, b),
            sequence(when(isInfinite(format, a), kit.invalid(frame)), frame.result(sign)),
          ),
          infinity,
        ),
      ),
      when(
        isZero(format, b),
        sequence(when(isZero(format, a), kit.invalid(frame)), kit.raise('divideByZero'), infinity),
      ),
      when(isZero(format, a), frame.result(sign)),
      divideFinite(kit, frame, a, b),
    );
  });

function divideFinite(kit: Kit, frame: OperationFrame, a: I64, b: I64): Statement {
  const [x, y, quotient] = [frame.fresh(), frame.fresh(), frame.fresh()];
  const [exponent, divisorExponent, less] = [frame.fresh(), frame.fresh(), frame.fresh()];
  const native = f64.div(f64.convertI64S(x), f64.convertI64S(y));
  const remainder = i64.sub(i64.shl(x, i64.add(integer(52), less)), i64.mul(quotient, y));
  return sequence(
    kit.unpack(a, exponent, x),
    kit.unpack(b, divisorExponent, y),
    x.set(i64.shrU(x, integer(SPARE))),
    y.set(i64.shrU(y, integer(SPARE))),
    // Between 1/2 and 2; `less` is 1 below 1. From below it never rounds to 1: the nearest is 1 - 2^-53.
    quotient.set(i64.reinterpret(native)),
    less.set(i64.sub(integer(double.bias), i64.shrU(quotient, integer(52)))),
    quotient.set(significandOf(quotient)),
    exponent.set(i64.sub(i64.add(i64.sub(exponent, divisorExponent), integer(kit.format.bias)), less)),
    kit.rounded(frame, kit.signOf(i64.xor(a, b)), exponent, corrected(quotient, remainder)),
  );
}

/** (a, mode) to the square root of a. */
export const defineSquareRoot = <T extends BitsType>(kit: Kit<T>): FunctionReference<T> =>
  kit.operation(1, (frame, a) =>
    sequence(
      kit.leaveOnNaN(frame, a),
      when(isZero(kit.format, a), frame.result(a)),
      when(isNegative(kit.format, a), kit.invalid(frame)),
      when(isInfinite(kit.format, a), frame.result(a)),
      rootFinite(kit, frame, a),
    ),
  );

function rootFinite(kit: Kit, frame: OperationFrame, a: I64): Statement {
  const [x, root, exponent, odd] = [frame.fresh(), frame.fresh(), frame.fresh(), frame.fresh()];
  const { bias } = kit.format;
  const remainder = i64.sub(i64.shl(x, integer(52)), i64.mul(root, root));
  return sequence(
    kit.unpack(a, exponent, x),
    exponent.set(i64.sub(exponent, integer(bias))),
    odd.set(i64.and(exponent, integer(1))),
    // 2^52 ≤ x < 2^54 with an even exponent: the root is at least 2^26, and below 2^27 also when rounded.
    x.set(i64.shl(i64.shrU(x, integer(SPARE)), odd)),
    root.set(significandOf(i64.reinterpret(f64.sqrt(f64.convertI64S(x))))),
    exponent.set(i64.add(i64.shrS(i64.sub(exponent, odd), integer(1)), integer(bias))),
    kit.rounded(frame, integer(0), exponent, corrected(root, remainder)),
  );
}
