/**
 * WebAssembly's own number types as formats: the operations, and the conditions under which their results are
 * IEEE's with no flag but inexact, or with none.
 */
import {
  bindIn,
  type Expression,
  f32,
  f64,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
} from '../../wasm/expressions.ts';
import { type BinaryFormat, type BitsType, double, isZero, magnitudeOf, single } from './binary.ts';

export type NumberType = 'f32' | 'f64';
type Binary<V extends NumberType> = (a: Expression<V>, b: Expression<V>) => Expression<V>;
type Relation<V extends NumberType> = (a: Expression<V>, b: Expression<V>) => I32;

export interface NativeFormat<B extends BitsType, V extends NumberType> extends BinaryFormat<B> {
  number(bits: Expression<B>): Expression<V>;
  bitsOf(number: Expression<V>): Expression<B>;
  readonly add: Binary<V>;
  readonly subtract: Binary<V>;
  readonly multiply: Binary<V>;
  readonly divide: Binary<V>;
  squareRoot(a: Expression<V>): Expression<V>;
  readonly equal: Relation<V>;
  readonly less: Relation<V>;
  readonly lessOrEqual: Relation<V>;
  /** Is a × b = c, exactly? It may say no where it is. */
  isProduct(a: Expression<B>, b: Expression<B>, c: Expression<B>): I32;
  toF64(number: Expression<V>): Expression<'f64'>;
  fromSigned(value: I64): Expression<V>;
  fromUnsigned(value: I64): Expression<V>;
}

export const nativeSingle: NativeFormat<'i32', 'f32'> = {
  ...single,
  number: f32.reinterpret,
  bitsOf: i32.reinterpret,
  add: f32.add,
  subtract: f32.sub,
  multiply: f32.mul,
  divide: f32.div,
  squareRoot: f32.sqrt,
  equal: f32.eq,
  less: f32.lt,
  lessOrEqual: f32.le,
  // The product of singles is exact as a double.
  isProduct(a, b, c) {
    const wide = (bits: Expression<'i32'>) => f64.promote(f32.reinterpret(bits));
    return f64.eq(f64.mul(wide(a), wide(b)), wide(c));
  },
  toF64: f64.promote,
  fromSigned: f32.convertI64S,
  fromUnsigned: f32.convertI64U,
};

export const nativeDouble: NativeFormat<'i64', 'f64'> = {
  ...double,
  number: f64.reinterpret,
  bitsOf: i64.reinterpret,
  add: f64.add,
  subtract: f64.sub,
  multiply: f64.mul,
  divide: f64.div,
  squareRoot: f64.sqrt,
  equal: f64.eq,
  less: f64.lt,
  lessOrEqual: f64.le,
  // 53 zeros at the ends of the factors' significands leave at most 53 bits to the product.
  isProduct(a, b, c) {
    const zeros = (bits: Expression<'i64'>) => i64.ctz(i64.or(bits, i64.const(double.leastNormal)));
    const short = i64.geU(i64.add(zeros(a), zeros(b)), i64.const(double.fractionBits + 1));
    const equal = f64.eq(f64.mul(f64.reinterpret(a), f64.reinterpret(b)), f64.reinterpret(c));
    return i32.and(i32.and(short, equal), isWellNormal(double, c));
  },
  toF64: (number) => number,
  fromSigned: f64.convertI64S,
  fromUnsigned: f64.convertI64U,
};

/** Neither infinite nor NaN. */
export const hasFiniteBits = <B extends BitsType>(format: BinaryFormat<B>, bits: Expression<B>): I32 =>
  i64.ltU(magnitudeOf(format, format.widen(bits)), i64.const(format.infinity));

/**
 * Finite and above the least normal number. The result of an operation that is so did not overflow and is not
 * tiny; one that equals the least normal number may have been tiny before it was rounded.
 */
export const isWellNormal = <B extends BitsType>(format: BinaryFormat<B>, bits: Expression<B>): I32 => {
  const least = format.leastNormal + 1n;
  const above = i64.sub(magnitudeOf(format, format.widen(bits)), i64.const(least));
  return i64.ltU(above, i64.const(format.infinity - least));
};

export const isZeroBits = <B extends BitsType>(format: BinaryFormat<B>, bits: Expression<B>): I32 =>
  isZero(format, format.widen(bits));

/** What rounding lost of x + y = `sum`, exactly; a NaN where it overflows (Knuth, TAOCP 2, section 4.2.2). */
export const lostBySum = <B extends BitsType, V extends NumberType>(
  { add, subtract }: NativeFormat<B, V>,
  x: Expression<V>,
  y: Expression<V>,
  sum: Local<V>,
): Expression<V> =>
  bindIn(subtract(sum, x), sum.type, (part) => add(subtract(x, subtract(sum, part)), subtract(y, part)));

/** The same of x - y = `difference`. */
export const lostByDifference = <B extends BitsType, V extends NumberType>(
  { add, subtract }: NativeFormat<B, V>,
  x: Expression<V>,
  y: Expression<V>,
  difference: Local<V>,
): Expression<V> =>
  bindIn(subtract(difference, x), difference.type, (part) =>
    subtract(subtract(x, subtract(difference, part)), add(y, part)),
  );
