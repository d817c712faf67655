/**
 * Exact IEEE arithmetic as functions of a WebAssembly module: any rounding mode, all flags, RISC-V's canonical
 * NaNs. WebAssembly's own operations know neither flags nor modes, so this is what they are checked against and
 * what runs where they can't tell.
 */
import type { FunctionReference, ModuleBuilder } from '../../wasm/module.ts';
import { defineAdd } from './add.ts';
import { type BinaryFormat, type BitsType, double, single } from './binary.ts';
import { defineComparison, defineExtremum } from './compare.ts';
import { defineDemote, defineFromInteger, definePromote, defineToInteger } from './convert.ts';
import { defineDivide, defineSquareRoot } from './divide.ts';
import { defineFused } from './fused.ts';
import { Kit } from './kit.ts';
import { defineMultiply, defineMultiplyHigh } from './multiply.ts';
import { defineRoundAndPack } from './rounding.ts';

/** Operands and results are bits (`i32` single, `i64` double); `mode` is a resolved rounding mode, 0 to 4. */
export interface ExactOperations<T extends BitsType> {
  /** (a, b, mode) */
  readonly add: FunctionReference<T>;
  readonly multiply: FunctionReference<T>;
  readonly divide: FunctionReference<T>;
  /** (a, mode) */
  readonly squareRoot: FunctionReference<T>;
  /** (a, b, c, mode) to a × b + c */
  readonly fusedMultiplyAdd: FunctionReference<T>;
  /** (a, b) */
  readonly minimum: FunctionReference<T>;
  readonly maximum: FunctionReference<T>;
  readonly equal: FunctionReference<'i64'>;
  readonly less: FunctionReference<'i64'>;
  readonly lessOrEqual: FunctionReference<'i64'>;
  /** (a, mode, most: i64, least: i64) to an integer from -least to most, which are unsigned */
  readonly toInteger: FunctionReference<'i64'>;
  /** (value: i64, negative: i64 0 or 1, mode) */
  readonly fromInteger: FunctionReference<T>;
}

export interface ExactFloat {
  readonly s: ExactOperations<'i32'>;
  readonly d: ExactOperations<'i64'>;
  /** (a: i32) to the bits of a double */
  readonly toDouble: FunctionReference<'i64'>;
  /** (a: i64, mode) to the bits of a single */
  readonly toSingle: FunctionReference<'i32'>;
}

/**
 * Adds the functions to a module.
 * @param statusAddress of the byte fflags in the module's memory, to which the functions OR what they raise
 */
export function defineExactFloat(module: ModuleBuilder, statusAddress: number): ExactFloat {
  const multiplyHigh = defineMultiplyHigh(module);
  const kitOf = <T extends BitsType>(format: BinaryFormat<T>) =>
    new Kit(module, format, statusAddress, defineRoundAndPack(module, format, statusAddress));
  const [s, d] = [kitOf(single), kitOf(double)];
  return {
    s: defineOperations(s, multiplyHigh),
    d: defineOperations(d, multiplyHigh),
    toDouble: definePromote(d),
    toSingle: defineDemote(s, d),
  };
}

const defineOperations = <T extends BitsType>(
  kit: Kit<T>,
  multiplyHigh: FunctionReference<'i64'>,
): ExactOperations<T> => ({
  add: defineAdd(kit),
  multiply: defineMultiply(kit, multiplyHigh),
  divide: defineDivide(kit),
  squareRoot: defineSquareRoot(kit),
  fusedMultiplyAdd: defineFused(kit, multiplyHigh),
  minimum: defineExtremum(kit, 'least'),
  maximum: defineExtremum(kit, 'most'),
  equal: defineComparison(kit, 'eq'),
  less: defineComparison(kit, 'lt'),
  lessOrEqual: defineComparison(kit, 'le'),
  toInteger: defineToInteger(kit),
  fromInteger: defineFromInteger(kit),
});
