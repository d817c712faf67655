/** What takes a format's letter and operands typed by it. */
import { bindIn, type Expression, type I64, i64 } from '../../wasm/expressions.ts';
import type { FloatBits, FloatFormat } from '../operands.ts';
import { type BinaryFormat, type BitsType, double, single } from './binary.ts';
import { classOf } from './compare.ts';

/** The format by its letter, for operands whose type the letter decides. */
export const formatOf = (format: FloatFormat): BinaryFormat =>
  (format === 's' ? single : double) as unknown as BinaryFormat;

/** `bits`, which are those of `format`: the type checker can't follow a run-time choice into `F`. */
export const bitsAs = <F extends FloatFormat>(_format: F, bits: Expression<BitsType>): FloatBits<F> =>
  bits as FloatBits<F>;

/** `value` with its sign bit changed to the exclusive or with that of `bits`, which are widened. */
const withSign = <F extends FloatFormat>(
  format: F,
  value: FloatBits<F>,
  combine: (bits: I64) => I64,
): FloatBits<F> => {
  const { widen, narrow } = formatOf(format);
  return bitsAs(format, narrow(combine(widen(value))));
};

/** -value, NaNs too. */
export const negated = <F extends FloatFormat>(format: F, value: FloatBits<F>): FloatBits<F> =>
  withSign(format, value, (bits) => i64.xor(bits, i64.const(formatOf(format).sign)));

/** The class as a register value with one of ten bits set. */
export const classify = <F extends FloatFormat>(format: F, value: FloatBits<F>): I64 =>
  bindIn(formatOf(format).widen(value), 'i64', (bits) => classOf(formatOf(format), bits));
