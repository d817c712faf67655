/**
 * Conversions to and from integers and between the formats.
 *
 * Source: IEEE 754-2019, sections 5.4.1 and 5.8; results for what does not fit from RISC-V Unprivileged ISA
 * 20240411, table in section 20.7.
 */
import {
  choose,
  f32,
  f64,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  type Statement,
  select,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import type { FunctionReference } from '../../wasm/module.ts';
import {
  type BitsType,
  double,
  isNotANumber,
  isSignaling,
  isSpecial,
  isZero,
  MODE,
  single,
} from './binary.ts';
import { any, asInteger, integer, type Kit, LEADING } from './kit.ts';

/**
 * (a, mode, most, least) to a rounded to an integer in -least to most, both unsigned 64-bit magnitudes. Outside
 * of them it is invalid and gives the nearer end; a NaN gives `most`.
 */
export const defineToInteger = <T extends BitsType>(kit: Kit<T>): FunctionReference<'i64'> =>
  kit.define([kit.format.bits, 'mode', 'i64', 'i64'], 'i64', (frame, a, most, least) => {
    const { format } = kit;
    const [exponent, value, fraction, sign] = [frame.fresh(), frame.fresh(), frame.fresh(), frame.fresh()];
    const signed = (magnitude: I64) => select(i64.eqz(sign), magnitude, i64.sub(integer(0), magnitude));
    const limit = select(i64.eqz(sign), most, least);
    const saturated = sequence(kit.raise('invalid'), frame.result(signed(limit)));
    return sequence(
      when(isNotANumber(format, a), sequence(kit.raise('invalid'), frame.result(most))),
      when(isZero(format, a), frame.result(integer(0))),
      sign.set(kit.signOf(a)),
      kit.unpack(a, exponent, value),
      // How far the unit of the integer is above bit 0 of the significand.
      exponent.set(i64.sub(integer(format.bias + LEADING), exponent)),
      // 2^64 and more, infinities too.
      when(i64.ltS(exponent, integer(-1)), saturated),
      cutFraction(exponent, value, fraction),
      value.set(i64.add(value, asInteger(roundsUp(frame.mode, sign, value, fraction)))),
      when(i64.gtU(value, limit), saturated),
      when(i64.ne(fraction, integer(0)), kit.raise('inexact')),
      frame.result(signed(value)),
    );
  });

/** Splits value / 2^count into an integer and a fraction, in units of 2^-64; -1 ≤ count. */
function cutFraction(count: Local<'i64'>, value: Local<'i64'>, fraction: Local<'i64'>): Statement {
  const whole = sequence(value.set(i64.shl(value, i64.sub(integer(0), count))), fraction.set(integer(0)));
  const split = sequence(
    fraction.set(i64.shl(value, i64.sub(integer(64), count))),
    value.set(i64.shrU(value, count)),
  );
  // Less than half, but not nothing.
  const tiny = sequence(fraction.set(integer(1)), value.set(integer(0)));
  return when(i64.leS(count, integer(0)), whole, when(i64.ltS(count, integer(64)), split, tiny));
}

/** Does rounding in `mode` go to the larger magnitude? */
function roundsUp(mode: I32, sign: I64, value: I64, fraction: I64): I32 {
  const half = integer(1n << 63n);
  const odd = i32.wrap(i64.and(value, integer(1)));
  const nearestEven = any(i64.gtU(fraction, half), i32.and(i64.eq(fraction, half), odd));
  const nearestAway = i64.geU(fraction, half);
  const away = i64.eq(i64.add(i64.extendU(mode), sign), integer(3));
  return choose(
    i32.eqz(mode),
    nearestEven,
    select(
      i32.eq(mode, i32.const(MODE.nearestAway)),
      nearestAway,
      i32.and(away, i64.ne(fraction, integer(0))),
    ),
  );
}

/**
 * (value, negative, mode) to an integer rounded: a negative two's-complement one where `negative` is 1, else an
 * unsigned one where it is 0.
 */
export const defineFromInteger = <T extends BitsType>(kit: Kit<T>): FunctionReference<T> =>
  kit.define(['i64', 'i64', 'mode'], kit.format.bits, (frame, value, negative) => {
    const [exponent, shift] = [frame.fresh(), frame.fresh()];
    return sequence(
      when(i64.eqz(value), frame.result(integer(0))),
      when(i64.ne(negative, integer(0)), value.set(i64.sub(integer(0), value))),
      shift.set(i64.clz(value)),
      exponent.set(i64.sub(integer(kit.format.bias + 63), shift)),
      // To bit 63, then one down with a sticky bit.
      value.set(i64.shl(value, shift)),
      value.set(i64.or(i64.shrU(value, integer(1)), i64.and(value, integer(1)))),
      kit.rounded(frame, negative, exponent, value),
    );
  });

/** (a: single) to a as a double, which is exact. */
export const definePromote = (kit: Kit<'i64'>): FunctionReference<'i64'> =>
  kit.define(['i32'], 'i64', (frame, a) =>
    sequence(
      when(isSignaling(single, a), kit.raise('invalid')),
      when(isNotANumber(single, a), frame.result(integer(double.canonicalNaN))),
      frame.result(i64.reinterpret(f64.promote(f32.reinterpret(i32.wrap(a))))),
    ),
  );

/** (a: double, mode) to a as a single. */
export const defineDemote = (kit: Kit<'i32'>, source: Kit<'i64'>): FunctionReference<'i32'> =>
  kit.define(['i64', 'mode'], 'i32', (frame, a) => {
    const [exponent, significand] = [frame.fresh(), frame.fresh()];
    const sign = i64.shl(source.signOf(a), integer(single.signShift));
    return sequence(
      when(isSignaling(double, a), kit.raise('invalid')),
      when(isNotANumber(double, a), frame.result(integer(single.canonicalNaN))),
      when(isSpecial(double, a), frame.result(i64.or(sign, integer(single.infinity)))),
      when(isZero(double, a), frame.result(sign)),
      source.unpack(a, exponent, significand),
      exponent.set(i64.sub(exponent, integer(double.bias - single.bias))),
      kit.rounded(frame, source.signOf(a), exponent, significand),
    );
  });
