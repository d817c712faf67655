/**
 * What a row's semantics is written over. Binding these to fields of a predecoded record gives an interpreter;
 * binding them to constants and locals gives a translator.
 */
import type { Expression, I32, I64, Statement } from '../wasm/expressions.ts';

/** Bytes and sign of a load. */
export type LoadWidth = '8s' | '8u' | '16s' | '16u' | '32s' | '32u' | '64';
export type StoreWidth = '8' | '16' | '32' | '64';
export type AtomicWidth = '32' | '64';
/** `s` single precision (values are I32 bits), `d` double precision (values are I64 bits). */
export type FloatFormat = 's' | 'd';
export type IntegerFormat = 'w' | 'wu' | 'l' | 'lu';

export interface Operands {
  /** Integer sources; x0 reads 0. */
  readonly rs1: I64;
  readonly rs2: I64;
  /** The immediate, sign-extended. For shifts the amount, for CSR rows the CSR number. */
  readonly imm: I64;
  /** Raw 5-bit number of rs1 (CSR immediates). */
  readonly rs1Number: I64;
  /** Address of this instruction, and of the one behind it. */
  readonly pc: I64;
  readonly next: I64;
  /** Writes rd; x0 swallows it. At most once, after all loads. */
  setRd(value: I64): Statement;

  /** Value at an address, extended to 64 bits. Faults leave the instruction undone. */
  load(width: LoadWidth, address: I64): I64;
  store(width: StoreWidth, address: I64, value: I64): Statement;
  /**
   * Read-modify-write of an aligned word: `rd` gets the old value (sign-extended), memory gets `next(old)`.
   * Misaligned traps.
   */
  atomic(width: AtomicWidth, address: I64, next: (old: I64) => I64): Statement;
  /** lr: loads and takes the reservation. sc: stores if it is still held; rd gets 0 or 1. */
  loadReserved(width: AtomicWidth, address: I64): Statement;
  storeConditional(width: AtomicWidth, address: I64, value: I64): Statement;

  /** Goes to pc + imm when the condition holds. */
  branch(condition: I32): Statement;
  /** rd gets `next`, then goes to pc + imm. */
  jumpAndLink(): Statement;
  /** rd gets `next`, then goes to `target` with its lowest bit cleared. */
  jumpAndLinkTo(target: I64): Statement;
  /** Ends the run with a trap of this cause; the instruction is not retired. */
  trap(cause: 'system-call' | 'breakpoint' | 'illegal-instruction'): Statement;
  /** fence.i: nothing to do here but to leave the predecoded run. */
  synchronizeCode(): Statement;
  /** Old value of the CSR numbered by imm; traps when there is none. `update` undefined: read only. */
  csr(operation: 'write' | 'set' | 'clear', value: I64, writes: I32): Statement;

  /** Floating-point sources: 64 raw bits, or unboxed single-precision bits (canonical NaN when not boxed). */
  readonly d1: I64;
  readonly d2: I64;
  readonly d3: I64;
  readonly s1: I32;
  readonly s2: I32;
  readonly s3: I32;
  setD(value: I64): Statement;
  /** Boxes: upper 32 bits all ones. */
  setS(value: I32): Statement;
  /** Arithmetic with flags and the instruction's rounding mode. */
  readonly float: FloatUnit;
}

export type FloatBits<F extends FloatFormat> = F extends 's' ? I32 : I64;

/**
 * Floating point on bits, IEEE 754-2019 with RISC-V's canonical NaNs, tininess after rounding, and flags
 * accumulated in fcsr. The rounding mode is the instruction's own.
 */
export interface FloatUnit {
  add<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): FloatBits<F>;
  subtract<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): FloatBits<F>;
  multiply<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): FloatBits<F>;
  divide<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): FloatBits<F>;
  squareRoot<F extends FloatFormat>(format: F, a: FloatBits<F>): FloatBits<F>;
  /** a × b + c with one rounding; callers negate operands by flipping sign bits. */
  fusedMultiplyAdd<F extends FloatFormat>(
    format: F,
    a: FloatBits<F>,
    b: FloatBits<F>,
    c: FloatBits<F>,
  ): FloatBits<F>;
  minimum<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): FloatBits<F>;
  maximum<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): FloatBits<F>;
  /** 0 or 1. */
  equal<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): I64;
  less<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): I64;
  lessOrEqual<F extends FloatFormat>(format: F, a: FloatBits<F>, b: FloatBits<F>): I64;
  classify<F extends FloatFormat>(format: F, a: FloatBits<F>): I64;
  /** To a 64-bit register (w and wu results sign-extended from 32 bits). */
  toInteger<F extends FloatFormat>(format: F, to: IntegerFormat, a: FloatBits<F>): I64;
  fromInteger<F extends FloatFormat>(format: F, from: IntegerFormat, value: I64): FloatBits<F>;
  toDouble(a: I32): I64;
  toSingle(a: I64): I32;
}

/** What a float unit is bound to. */
export interface FloatContext {
  /** The instruction's rm field, 0 to 7; 7 is dynamic. */
  readonly roundingMode: I32;
  /** Address of two adjacent bytes: fflags (0 to 31), then frm (0 to 7). */
  readonly statusAddress: number;
}

/** For units that leave to the exact one: `leave` must be executed before anything was written. */
export interface FastFloatContext extends FloatContext {
  leaveUnless(condition: I32): Statement;
}

export type AnyExpression = Expression;
