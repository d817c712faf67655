/**
 * The two ways to carry out floating-point instructions: by calling exact functions, and by WebAssembly's own
 * operations where these prove to be right (native.ts).
 */
import { bindIn, type I32, i32, i64, select } from '../../wasm/expressions.ts';
import { call } from '../../wasm/module.ts';
import type { FloatContext, FloatFormat, FloatUnit } from '../operands.ts';
import { type BitsType, DYNAMIC } from './binary.ts';
import { bitsAs, classify, negated } from './by-format.ts';
import type { ExactFloat, ExactOperations } from './exact.ts';
import { integerRanges } from './integers.ts';

export { nativeUnit } from './native.ts';

/** The mode that an instruction rounds in: 0 to 7, of which 0 to 4 are defined. */
const roundingMode = ({ roundingMode: field, statusAddress }: FloatContext): I32 =>
  bindIn(field, 'i32', (mode) =>
    select(i32.eq(mode, i32.const(DYNAMIC)), i32.load8u(i32.const(0), statusAddress + 1), mode),
  );

/** Is the rounding mode of an instruction that has one defined? If not, the instruction is illegal. */
export const roundingModeLegal = (context: FloatContext): I32 => i32.ltU(roundingMode(context), i32.const(5));

/** Everything right in every case, at the price of a call. The rounding mode must be a defined one. */
export function exactUnit(functions: ExactFloat, context: FloatContext): FloatUnit {
  const mode = roundingMode(context);
  const of = (format: FloatFormat) => functions[format] as ExactOperations<BitsType>;
  return {
    add: (format, a, b) => bitsAs(format, call(of(format).add, a, b, mode)),
    subtract: (format, a, b) => bitsAs(format, call(of(format).add, a, negated(format, b), mode)),
    multiply: (format, a, b) => bitsAs(format, call(of(format).multiply, a, b, mode)),
    divide: (format, a, b) => bitsAs(format, call(of(format).divide, a, b, mode)),
    squareRoot: (format, a) => bitsAs(format, call(of(format).squareRoot, a, mode)),
    fusedMultiplyAdd: (format, a, b, c) => bitsAs(format, call(of(format).fusedMultiplyAdd, a, b, c, mode)),
    minimum: (format, a, b) => bitsAs(format, call(of(format).minimum, a, b)),
    maximum: (format, a, b) => bitsAs(format, call(of(format).maximum, a, b)),
    equal: (format, a, b) => call(of(format).equal, a, b),
    less: (format, a, b) => call(of(format).less, a, b),
    lessOrEqual: (format, a, b) => call(of(format).lessOrEqual, a, b),
    classify,
    toInteger: (format, to, a) => {
      const { most, least, toRegister } = integerRanges[to];
      return toRegister(call(of(format).toInteger, a, mode, i64.const(most), i64.const(least)));
    },
    fromInteger: (format, from, value) => {
      const { signed, fromRegister } = integerRanges[from];
      const { fromInteger } = of(format);
      const converted = bindIn(fromRegister(value), fromInteger.result, (v) =>
        call(fromInteger, v, signed ? i64.shrU(v, i64.const(63)) : i64.const(0), mode),
      );
      return bitsAs(format, converted);
    },
    toDouble: (a) => call(functions.toDouble, a),
    toSingle: (a) => call(functions.toSingle, a, mode),
  };
}
