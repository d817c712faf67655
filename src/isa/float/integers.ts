/**
 * The integer types that floating-point numbers convert to and from.
 *
 * Source: RISC-V Unprivileged ISA 20240411, section 20.7.
 */
import { type I64, i32, i64 } from '../../wasm/expressions.ts';
import type { IntegerFormat } from '../operands.ts';

export interface IntegerRange {
  /** Largest value, and magnitude of the least one, as unsigned 64-bit numbers. */
  readonly most: bigint;
  readonly least: bigint;
  readonly signed: boolean;
  /** The 64-bit integer that a register's value stands for. */
  fromRegister(value: I64): I64;
  /** What a register holds for the 64-bit integer: 32-bit results are sign-extended, unsigned ones too. */
  toRegister(value: I64): I64;
}

const whole = (value: I64): I64 => value;
const signExtended = (value: I64): I64 => i64.extend32s(value);
const zeroExtended = (value: I64): I64 => i64.extendU(i32.wrap(value));

const range = (
  bits: bigint,
  signed: boolean,
  fromRegister: IntegerRange['fromRegister'],
  toRegister: IntegerRange['toRegister'],
): IntegerRange => ({
  most: signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n,
  least: signed ? 1n << (bits - 1n) : 0n,
  signed,
  fromRegister,
  toRegister,
});

export const integerRanges: Readonly<Record<IntegerFormat, IntegerRange>> = {
  w: range(32n, true, signExtended, signExtended),
  wu: range(32n, false, zeroExtended, signExtended),
  l: range(64n, true, whole, whole),
  lu: range(64n, false, whole, whole),
};
