/**
 * Rounding an unpacked value (see kit.ts) to a format, with overflow, underflow and inexact.
 *
 *   significand   62 61 ............ R   R-1 ............ 0     R = 62 - fraction bits
 *                 1  kept fraction       decide the rounding
 *
 * Rounding adds an increment below bit R and cuts. A carry out of bit 62 runs into the exponent of the packed
 * form, which is what it has to do.
 *
 * Source: IEEE 754-2019, sections 4.3 (rounding directions) and 7.4 to 7.6; tininess is detected after rounding
 * (RISC-V Unprivileged ISA 20240411, section 20.2).
 */

import {
  choose,
  give,
  type I64,
  i32,
  i64,
  type Local,
  type Statement,
  select,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import type { Frame, FunctionReference, ModuleBuilder } from '../../wasm/module.ts';
import { type BinaryFormat, type BitsType, FLAG, MODE } from './binary.ts';
import { asInteger, integer, LEADING, raise, shiftRightSticky } from './kit.ts';

/** Parameters and locals of the function. */
interface RoundingFrame {
  readonly sign: Local<'i64'>;
  readonly exponent: Local<'i64'>;
  readonly significand: Local<'i64'>;
  readonly mode: Local<'i32'>;
  readonly increment: Local<'i64'>;
  readonly shift: Local<'i64'>;
  readonly flags: Local<'i32'>;
}

const roundingFrame = (frame: Frame): RoundingFrame => ({
  sign: frame.parameter('i64', 0),
  exponent: frame.parameter('i64', 1),
  significand: frame.parameter('i64', 2),
  mode: frame.parameter('i32', 3),
  increment: frame.local('i64'),
  shift: frame.local('i64'),
  flags: frame.local('i32'),
});

/**
 * Defines the function (sign 0 or 1, biased exponent, significand with bit 62 leading: i64; mode 0 to 4: i32)
 * that gives the rounded bits.
 */
export function defineRoundAndPack<T extends BitsType>(
  module: ModuleBuilder,
  format: BinaryFormat<T>,
  statusAddress: number,
): FunctionReference<T> {
  const cut = LEADING - format.fractionBits;
  const below = (1n << BigInt(cut)) - 1n;
  const half = 1n << BigInt(cut - 1);
  return module.add(['i64', 'i64', 'i64', 'i32'], format.bits, (functionFrame) => {
    const frame = roundingFrame(functionFrame);
    const { exponent, significand, mode, increment, flags } = frame;
    const dropped = i64.and(significand, integer(below));
    return sequence(
      increment.set(incrementOf(frame, half, below)),
      // Exponents 1 to top - 2 can neither underflow nor overflow.
      when(
        i64.geU(i64.sub(exponent, integer(1)), integer(format.topExponent - 2)),
        atTheLimits(frame, format, statusAddress),
      ),
      when(
        i64.ne(dropped, integer(0)),
        sequence(
          // What is both tiny and inexact underflows: `flags` holds the candidate.
          raise(statusAddress, i32.or(flags, i32.const(FLAG.inexact))),
          // A tie goes up only from an odd last bit.
          when(
            i32.and(i32.eq(mode, i32.const(MODE.nearestEven)), i64.eq(dropped, integer(half))),
            increment.set(i64.and(i64.shrU(significand, integer(1)), integer(half))),
          ),
          significand.set(i64.add(significand, increment)),
        ),
      ),
      give(format.narrow(packed(frame, format, cut))),
    );
  });
}

/** What is added below the kept bits: half of their unit, all of it but the least bit, or nothing. */
function incrementOf({ sign, mode }: RoundingFrame, half: bigint, below: bigint): I64 {
  // Away from zero when the mode and the sign agree: down (2) and negative (1), or up (3) and positive (0).
  const away = i64.eq(i64.add(i64.extendU(mode), sign), integer(3));
  // Modes 0 and 4 round to nearest.
  return choose(
    i32.eqz(i32.and(mode, i32.const(3))),
    integer(half),
    select(away, integer(below), integer(0)),
  );
}

/** The leading bit adds one to the exponent field, so the exponent goes in less one; subnormals have neither. */
const packed = ({ sign, exponent, significand }: RoundingFrame, format: BinaryFormat, cut: number): I64 => {
  const fields = i64.or(
    i64.shl(sign, integer(format.signShift)),
    i64.shl(i64.sub(exponent, integer(1)), integer(format.fractionBits)),
  );
  return i64.add(fields, i64.shrU(significand, integer(cut)));
};

function atTheLimits<T extends BitsType>(
  frame: RoundingFrame,
  format: BinaryFormat<T>,
  statusAddress: number,
): Statement {
  const { sign, exponent, significand, increment, shift, flags } = frame;
  /** Does rounding with an unbounded exponent carry into the next power of two? */
  const carries = i64.ltS(i64.add(significand, increment), integer(0));
  const last = integer(format.topExponent - 1);
  const overflows = i32.or(i64.gtS(exponent, last), i32.and(i64.eq(exponent, last), carries));
  // Modes that never round away from zero here stop at the largest finite number.
  const limit = i64.sub(integer(format.infinity), asInteger(i64.eqz(increment)));
  const underflow = sequence(
    flags.set(select(i32.and(i64.eqz(exponent), carries), i32.const(0), i32.const(FLAG.underflow))),
    shift.set(i64.sub(integer(1), exponent)),
    shiftRightSticky(significand, shift),
    exponent.set(integer(1)),
  );
  const overflow = sequence(
    raise(statusAddress, i32.const(FLAG.overflow | FLAG.inexact)),
    give(format.narrow(i64.or(i64.shl(sign, integer(format.signShift)), limit))),
  );
  return when(i64.leS(exponent, integer(0)), underflow, when(overflows, overflow));
}
