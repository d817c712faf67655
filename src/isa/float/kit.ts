/**
 * What the exact operations are written with. They compute in one unpacked form for both formats, so that a
 * single-precision operation differs from a double-precision one only in how it is unpacked and rounded:
 *
 *   significand (i64)   63   62   61 .............................. 0
 *                       0    1    fraction, then zeros or a sticky bit
 *   exponent (i64)      of bit 62, biased as in the format; it may lie outside of the format's range
 *
 *   value = significand × 2^(exponent - bias - 62)
 *
 * A sticky bit is a lowest bit that is set when any bit below it was lost. Rounding happens at least ten bits
 * higher, so it tells exact results, ties and either side of a tie apart.
 */
import {
  give,
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  type Statement,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import { call, type FunctionReference, type ModuleBuilder } from '../../wasm/module.ts';
import { type BinaryFormat, type BitsType, FLAG, isNotANumber, isSignaling, MODE } from './binary.ts';

export const integer = (value: number | bigint): I64 => i64.const(value);
/** A condition as the 64-bit integer 0 or 1. */
export const asInteger = (condition: I32): I64 => i64.extendU(condition);
export const any = (...conditions: readonly I32[]): I32 => conditions.reduce((all, one) => i32.or(all, one));
/** Order of a number to zero: -1, 0 or 1. */
export const signum = (value: I64): I64 =>
  i64.or(i64.shrS(value, integer(63)), asInteger(i64.ne(value, integer(0))));

/** Leading bit of an unpacked significand. */
export const LEADING = 62;

/**
 * Sets `value` (below 2^63) to itself shifted right by `count` with a sticky bit; `count` is at least 0, of any
 * size, and is cut to 63.
 */
export const shiftRightSticky = (value: Local<'i64'>, count: Local<'i64'>): Statement => {
  const lost = i64.and(value, i64.sub(i64.shl(integer(1), count), integer(1)));
  return sequence(
    // At 63 nothing but the sticky bit is left, and WebAssembly takes shift counts modulo 64.
    when(i64.gtS(count, integer(63)), count.set(integer(63))),
    value.set(i64.or(i64.shrU(value, count), asInteger(i64.ne(lost, integer(0))))),
  );
};

/** ORs flags into fflags. */
export const raise = (statusAddress: number, flags: I32): Statement =>
  i32.store8(i32.const(0), i32.or(i32.load8u(i32.const(0), statusAddress), flags), statusAddress);

/** What the body of an operation has beside its operands. */
export interface OperationFrame {
  /** Resolved rounding mode. */
  readonly mode: I32;
  fresh(): Local<'i64'>;
  /** Returns the result's widened bits. */
  result(bits: I64): Statement;
}

/** Operands come with their bits widened to 64. */
export type OperationBody = (frame: OperationFrame, ...operands: Local<'i64'>[]) => Statement;

/** Builds the operations of one format. */
export class Kit<T extends BitsType = BitsType> {
  readonly module: ModuleBuilder;
  readonly format: BinaryFormat<T>;
  readonly #statusAddress: number;
  readonly #roundAndPack: FunctionReference<T>;

  /** @param roundAndPack (sign, exponent, significand: i64, mode: i32) to bits of the format: see rounding.ts */
  constructor(
    module: ModuleBuilder,
    format: BinaryFormat<T>,
    statusAddress: number,
    roundAndPack: FunctionReference<T>,
  ) {
    this.module = module;
    this.format = format;
    this.#statusAddress = statusAddress;
    this.#roundAndPack = roundAndPack;
  }

  raise(flag: keyof typeof FLAG): Statement {
    return raise(this.#statusAddress, i32.const(FLAG[flag]));
  }

  /** Raises `invalid` when an operand is a signalling NaN. */
  raiseIfSignaling(...operands: readonly I64[]): Statement {
    return when(any(...operands.map((operand) => isSignaling(this.format, operand))), this.raise('invalid'));
  }

  /** Returns the canonical NaN, with `invalid` for a signalling one, when an operand is a NaN. */
  leaveOnNaN(frame: OperationFrame, ...operands: readonly I64[]): Statement {
    return when(
      any(...operands.map((operand) => isNotANumber(this.format, operand))),
      sequence(this.raiseIfSignaling(...operands), frame.result(integer(this.format.canonicalNaN))),
    );
  }

  /** Raises `invalid` and returns the canonical NaN. */
  invalid(frame: OperationFrame): Statement {
    return sequence(this.raise('invalid'), frame.result(integer(this.format.canonicalNaN)));
  }

  /** Sign of bits, 0 or 1. */
  signOf(bits: I64): I64 {
    return i64.shrU(bits, integer(this.format.signShift));
  }

  /** The sign bit of bits, the others 0. */
  signBit(bits: I64): I64 {
    return i64.and(bits, integer(this.format.sign));
  }

  /** Takes a finite number apart. Zero gets significand 0. */
  unpack(bits: I64, exponent: Local<'i64'>, significand: Local<'i64'>): Statement {
    const { fractionBits, topExponent, fraction, leastNormal } = this.format;
    const spare = LEADING - fractionBits;
    return sequence(
      exponent.set(i64.and(i64.shrU(bits, integer(fractionBits)), integer(topExponent))),
      significand.set(i64.and(bits, integer(fraction))),
      when(
        i64.eqz(exponent),
        sequence(
          exponent.set(i64.sub(i64.clz(significand), integer(1))),
          significand.set(i64.shl(significand, exponent)),
          // The fraction of a subnormal counts as that of exponent 1, without the leading bit.
          exponent.set(i64.sub(integer(1 + spare), exponent)),
        ),
        significand.set(i64.shl(i64.or(significand, integer(leastNormal)), integer(spare))),
      ),
    );
  }

  /** Returns the unpacked value (not zero), rounded. `sign` is 0 or 1. */
  rounded(frame: OperationFrame, sign: I64, exponent: I64, significand: I64): Statement {
    return frame.result(this.format.widen(call(this.#roundAndPack, sign, exponent, significand, frame.mode)));
  }

  /** A function of `count` operands of the format and the rounding mode that gives a value of the format. */
  operation(count: number, body: OperationBody): FunctionReference<T> {
    return this.define([...Array<T>(count).fill(this.format.bits), 'mode'], this.format.bits, body);
  }

  /** A function of any integers, which are zero-extended to 64 bits; `mode` is the rounding mode. */
  define<R extends BitsType>(
    parameters: readonly (BitsType | 'mode')[],
    result: R,
    body: OperationBody,
  ): FunctionReference<R> {
    const types = parameters.map((parameter) => (parameter === 'mode' ? 'i32' : parameter));
    return this.module.add(types, result, (frame) => {
      const operands: Local<'i64'>[] = [];
      const widened: Statement[] = [];
      let mode: I32 = i32.const(MODE.nearestEven);
      for (const [index, parameter] of parameters.entries()) {
        if (parameter === 'mode') mode = frame.parameter('i32', index);
        else if (parameter === 'i64') operands.push(frame.parameter('i64', index));
        else {
          const wide = frame.local('i64');
          widened.push(wide.set(i64.extendU(frame.parameter('i32', index))));
          operands.push(wide);
        }
      }
      const giveResult = (bits: I64) => give(result === 'i32' ? i32.wrap(bits) : bits);
      return sequence(
        ...widened,
        body({ mode, fresh: () => frame.local('i64'), result: giveResult }, ...operands),
      );
    });
  }
}
