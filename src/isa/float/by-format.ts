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

/** -value, NaNs too. */
export const negated = <F extends FloatFormat>(format: F, value: FloatBits<F>): FloatBits<F> => {
  const { widen, narrow, sign } = formatOf(format);
  return bitsAs(format, narrow(i64.xor(widen(value), i64.const(sign))));
};

/** The class as a register value with one of ten bits set. */
export const classify = <F extends FloatFormat>(format: F, value: FloatBits<F>): I64 =>
  bindIn(formatOf(format).widen(value), 'i64', (bits) => classOf(formatOf(format), bits));
