/**
 * Comparisons, minimum and maximum, classification. None of them rounds.
 *
 * Source: IEEE 754-2019, sections 5.6.1 (comparisons), 9.6 (minimumNumber, maximumNumber) and 5.7.2 (class);
 * RISC-V Unprivileged ISA 20240411, sections 20.6, 20.8 and 20.9.
 */
import { choose, type I32, type I64, i64, select, sequence, when } from '../../wasm/expressions.ts';
import type { FunctionReference } from '../../wasm/module.ts';
import { type BinaryFormat, type BitsType, isNegative, isNotANumber, magnitudeOf } from './binary.ts';
import { any, asInteger, integer, type Kit } from './kit.ts';

export type Relation = 'eq' | 'lt' | 'le';

/** Order-preserving number of bits that are not a NaN: negative ones count down from 0, and -0 is 0. */
const ordinal = (format: BinaryFormat, bits: I64): I64 =>
  select(isNegative(format, bits), i64.sub(integer(0), magnitudeOf(format, bits)), magnitudeOf(format, bits));

const ordered: Readonly<Record<Relation, (a: I64, b: I64) => I32>> = { eq: i64.eq, lt: i64.ltS, le: i64.leS };

/** (a, b) to 0 or 1. Any NaN makes `lt` and `le` invalid, a signalling one `eq`; the result is then 0. */
export const defineComparison = <T extends BitsType>(
  kit: Kit<T>,
  relation: Relation,
): FunctionReference<'i64'> => {
  const { format } = kit;
  return kit.define([format.bits, format.bits], 'i64', (frame, a, b) =>
    sequence(
      when(
        any(isNotANumber(format, a), isNotANumber(format, b)),
        sequence(
          relation === 'eq' ? kit.raiseIfSignaling(a, b) : kit.raise('invalid'),
          frame.result(integer(0)),
        ),
      ),
      frame.result(asInteger(ordered[relation](ordinal(format, a), ordinal(format, b)))),
    ),
  );
};

/** Does `a` come before `b` where -0 comes before +0? For bits that are not NaN. */
const precedes = (format: BinaryFormat, a: I64, b: I64): I32 => {
  const whole = (bits: I64) => i64.sub(ordinal(format, bits), asInteger(isNegative(format, bits)));
  return i64.ltS(whole(a), whole(b));
};

/** (a, b) to the smaller or the larger; a NaN yields to a number. */
export const defineExtremum = <T extends BitsType>(
  kit: Kit<T>,
  which: 'least' | 'most',
): FunctionReference<T> => {
  const { format } = kit;
  return kit.define([format.bits, format.bits], format.bits, (frame, a, b) =>
    sequence(
      kit.raiseIfSignaling(a, b),
      when(
        isNotANumber(format, a),
        frame.result(choose(isNotANumber(format, b), integer(format.canonicalNaN), b)),
      ),
      when(isNotANumber(format, b), frame.result(a)),
      frame.result(
        which === 'least' ? select(precedes(format, a, b), a, b) : select(precedes(format, a, b), b, a),
      ),
    ),
  );
};

/**
 * One bit by class of widened bits, which are evaluated several times:
 *
 *   bit  0     1       2          3   4   5          6       7     8           9
 *        -inf  -normal -subnormal -0  +0  +subnormal +normal +inf  signalling  quiet NaN
 */
export function classOf(format: BinaryFormat, bits: I64): I64 {
  const magnitude = magnitudeOf(format, bits);
  const reaches = (least: bigint) => asInteger(i64.geU(magnitude, integer(least)));
  // 0 zero, 1 subnormal, 2 normal, 3 infinite: counted up from bit 4 or down from bit 3.
  const size = i64.add(i64.add(reaches(1n), reaches(format.leastNormal)), reaches(format.infinity));
  const number = select(isNegative(format, bits), i64.sub(integer(3), size), i64.add(integer(4), size));
  const nan = i64.add(integer(8), reaches(format.canonicalNaN));
  return i64.shl(integer(1), select(isNotANumber(format, bits), nan, number));
}
