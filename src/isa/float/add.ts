/**
 * Exact addition. Subtraction is addition of the negated operand.
 *
 * Source: IEEE 754-2019, sections 5.4.1, 6.3 (sign of a zero sum) and 7.2 (invalid).
 */
import {
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
import { type BitsType, isSpecial, isZero, MODE, magnitudeOf } from './binary.ts';
import { any, integer, type Kit, type OperationFrame, shiftRightSticky } from './kit.ts';

/** Bits of the exact sum zero of operands with unlike signs: -0 when rounding down, else +0. */
export const unlikeZero = (kit: Kit, mode: I32): I64 =>
  select(i32.eq(mode, i32.const(MODE.down)), integer(kit.format.sign), integer(0));

/** (a, b, mode) to a + b. */
export const defineAdd = <T extends BitsType>(kit: Kit<T>): FunctionReference<T> =>
  kit.operation(2, (frame, a, b) =>
    sequence(
      when(any(isSpecial(kit.format, a), isSpecial(kit.format, b)), addSpecial(kit, frame, a, b)),
      when(isZero(kit.format, b), addZero(kit, frame, a, b)),
      when(isZero(kit.format, a), frame.result(b)),
      addFinite(kit, frame, a, b),
    ),
  );

function addSpecial(kit: Kit, frame: OperationFrame, a: I64, b: I64): Statement {
  const opposite = i64.eq(i64.xor(a, b), integer(kit.format.sign));
  return sequence(
    kit.leaveOnNaN(frame, a, b),
    // Both infinite, with unlike signs.
    when(opposite, kit.invalid(frame)),
    when(isSpecial(kit.format, a), frame.result(a)),
    frame.result(b),
  );
}

/** a + b for b = ±0. */
const addZero = (kit: Kit, frame: OperationFrame, a: I64, b: I64): Statement =>
  sequence(
    when(i64.eq(i64.xor(a, b), integer(kit.format.sign)), frame.result(unlikeZero(kit, frame.mode))),
    frame.result(a),
  );

function addFinite(kit: Kit, frame: OperationFrame, a: Local<'i64'>, b: Local<'i64'>): Statement {
  const [large, small, distance] = [frame.fresh(), frame.fresh(), frame.fresh()];
  const [exponent, sum, addend] = [frame.fresh(), frame.fresh(), frame.fresh()];
  const ordered = i64.geU(magnitudeOf(kit.format, a), magnitudeOf(kit.format, b));
  const unlike = i64.ne(kit.signOf(large), kit.signOf(small));
  return sequence(
    large.set(select(ordered, a, b)),
    small.set(select(ordered, b, a)),
    kit.unpack(large, exponent, sum),
    kit.unpack(small, distance, addend),
    distance.set(i64.sub(exponent, distance)),
    shiftRightSticky(addend, distance),
    when(
      unlike,
      sequence(
        sum.set(i64.sub(sum, addend)),
        when(i64.eqz(sum), frame.result(unlikeZero(kit, frame.mode))),
        normalizeUp(sum, exponent, distance),
      ),
      sequence(sum.set(i64.add(sum, addend)), normalizeDown(sum, exponent)),
    ),
    kit.rounded(frame, kit.signOf(large), exponent, sum),
  );
}

/** Moves the leading bit of `value` (not zero, below 2^63) up to bit 62. `count` is scratch. */
export const normalizeUp = (value: Local<'i64'>, exponent: Local<'i64'>, count: Local<'i64'>): Statement =>
  sequence(
    count.set(i64.sub(i64.clz(value), integer(1))),
    value.set(i64.shl(value, count)),
    exponent.set(i64.sub(exponent, count)),
  );

/** Moves a leading bit 63 down to bit 62, with sticky bit. */
export const normalizeDown = (value: Local<'i64'>, exponent: Local<'i64'>): Statement =>
  when(
    i64.ltS(value, integer(0)),
    sequence(
      value.set(i64.or(i64.shrU(value, integer(1)), i64.and(value, integer(1)))),
      exponent.set(i64.add(exponent, integer(1))),
    ),
  );
