/**
 * The two binary interchange formats, the exception flags and the rounding modes.
 *
 *   single   31   30 ........ 23   22 ....................... 0     bias 127
 *            sign    exponent        fraction
 *   double   63   62 ........ 52   51 ....................... 0     bias 1023
 *
 *   exponent 0: zero (fraction 0) or subnormal; all ones: infinity (fraction 0) or NaN, quiet when the highest
 *   fraction bit is set; else the significand is 1.fraction.
 *
 * Source: IEEE 754-2019, section 3.4; RISC-V Unprivileged ISA 20240411, sections 20.2 (fcsr), 20.3 (canonical NaN).
 */
import { type Expression, type I32, type I64, i32, i64 } from '../../wasm/expressions.ts';

/** The value type that carries a format's bits: `i32` single, `i64` double. */
export type BitsType = 'i32' | 'i64';

export interface BinaryFormat<T extends BitsType = BitsType> {
  readonly bits: T;
  readonly fractionBits: number;
  /** Exponent field of 1.0, and half the largest exponent field. */
  readonly bias: number;
  /** The largest exponent field, of infinities and NaNs. It is the mask of the shifted-down field too. */
  readonly topExponent: number;
  readonly sign: bigint;
  readonly signShift: number;
  /** All bits but the sign. */
  readonly magnitude: bigint;
  readonly fraction: bigint;
  /** Bits of +infinity: magnitudes above it are NaNs. */
  readonly infinity: bigint;
  readonly quiet: bigint;
  readonly leastNormal: bigint;
  /** The only NaN that an operation gives. */
  readonly canonicalNaN: bigint;
  /** Zero-extends the bits to 64, the form that all operations compute in. */
  widen(value: Expression<T>): I64;
  narrow(value: I64): Expression<T>;
  constant(bits: bigint): Expression<T>;
}

const shape = (fractionBits: number, exponentBits: number) => {
  const sign = 1n << BigInt(fractionBits + exponentBits);
  const leastNormal = 1n << BigInt(fractionBits);
  const topExponent = 2 ** exponentBits - 1;
  const infinity = BigInt(topExponent) * leastNormal;
  const quiet = leastNormal >> 1n;
  return {
    fractionBits,
    bias: (topExponent - 1) / 2,
    topExponent,
    sign,
    signShift: fractionBits + exponentBits,
    magnitude: sign - 1n,
    fraction: leastNormal - 1n,
    infinity,
    quiet,
    leastNormal,
    canonicalNaN: infinity | quiet,
  };
};

export const single: BinaryFormat<'i32'> = {
  ...shape(23, 8),
  bits: 'i32',
  widen: (value) => i64.extendU(value),
  narrow: (value) => i32.wrap(value),
  constant: (bits) => i32.const(Number(BigInt.asIntN(32, bits))),
};

export const double: BinaryFormat<'i64'> = {
  ...shape(52, 11),
  bits: 'i64',
  widen: (value) => value,
  narrow: (value) => value,
  constant: (bits) => i64.const(bits),
};

/** Bits of fflags. */
export const FLAG = { inexact: 1, underflow: 2, overflow: 4, divideByZero: 8, invalid: 16 } as const;

/** Resolved rounding modes, as frm holds them: ties to even, to zero, down, up, ties away from zero. */
export const MODE = { nearestEven: 0, towardZero: 1, down: 2, up: 3, nearestAway: 4 } as const;
/** In an instruction: take the mode from frm. */
export const DYNAMIC = 7;

/** The predicates take bits widened to 64. */
export const magnitudeOf = (format: BinaryFormat, value: I64): I64 =>
  i64.and(value, i64.const(format.magnitude));
export const isNegative = (format: BinaryFormat, value: I64): I32 =>
  i64.ne(i64.and(value, i64.const(format.sign)), i64.const(0));
export const isZero = (format: BinaryFormat, value: I64): I32 => i64.eqz(magnitudeOf(format, value));
export const isInfinite = (format: BinaryFormat, value: I64): I32 =>
  i64.eq(magnitudeOf(format, value), i64.const(format.infinity));
export const isNotANumber = (format: BinaryFormat, value: I64): I32 =>
  i64.gtU(magnitudeOf(format, value), i64.const(format.infinity));
/** Infinite or NaN. */
export const isSpecial = (format: BinaryFormat, value: I64): I32 =>
  i64.geU(magnitudeOf(format, value), i64.const(format.infinity));
/** With the quiet bit flipped, signalling NaNs alone lie above the quiet NaN of the smallest fraction. */
export const isSignaling = (format: BinaryFormat, value: I64): I32 =>
  i64.gtU(i64.xor(magnitudeOf(format, value), i64.const(format.quiet)), i64.const(format.canonicalNaN));
