/**
 * WebAssembly's own number types as formats: the operations, and the conditions under which their results are
 * IEEE's with no flag but inexact.
 */
import { type Expression, f32, f64, type I32, type I64, i32, i64 } from '../../wasm/expressions.ts';
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
