/**
 * Exact multiplication, by a 128-bit product of two significands.
 *
 * Source: IEEE 754-2019, sections 5.4.1, 6.3 and 7.2.
 */
import { type I64, i64, type Local, type Statement, sequence, when } from '../../wasm/expressions.ts';
import { call, type FunctionReference, type ModuleBuilder } from '../../wasm/module.ts';
import { type BitsType, isSpecial, isZero } from './binary.ts';
import { any, asInteger, integer, type Kit, type OperationFrame } from './kit.ts';

const low32 = (value: I64): I64 => i64.and(value, integer(0xffffffff));
const high32 = (value: I64): I64 => i64.shrU(value, integer(32));

/** (a, b) to the upper half of their unsigned 128-bit product, by four 32-bit products (Knuth, TAOCP 4.3.1 M). */
export const defineMultiplyHigh = (module: ModuleBuilder): FunctionReference<'i64'> =>
  module.add(['i64', 'i64'], 'i64', (frame) => {
    const [a, b] = [frame.parameter('i64', 0), frame.parameter('i64', 1)];
    const [middle, lower] = [frame.local('i64'), frame.local('i64')];
    return sequence(
      middle.set(i64.add(i64.mul(high32(a), low32(b)), high32(i64.mul(low32(a), low32(b))))),
      lower.set(i64.add(i64.mul(low32(a), high32(b)), low32(middle))),
      // The value that is left on the stack is the result.
      i64.add(i64.add(i64.mul(high32(a), high32(b)), high32(middle)), high32(lower)),
    );
  });

/** An unpacked number with 64 more bits below; `low` counts as unsigned. */
export interface Wide {
  readonly exponent: Local<'i64'>;
  readonly high: Local<'i64'>;
  readonly low: Local<'i64'>;
}

export const freshWide = (frame: OperationFrame): Wide => ({
  exponent: frame.fresh(),
  high: frame.fresh(),
  low: frame.fresh(),
});

/** The 64-bit significand of a wide one: all lower bits become sticky. */
export const narrowed = ({ high, low }: Wide): I64 => i64.or(high, asInteger(i64.ne(low, integer(0))));

/** Sets `product` to |a × b|, all bits, leading bit 62 of `high`, for finite operands that are not zero. */
export function multiplyFinite(
  kit: Kit,
  high: FunctionReference<'i64'>,
  frame: OperationFrame,
  [a, b]: readonly [I64, I64],
  product: Wide,
): Statement {
  const [x, y, exponent] = [frame.fresh(), frame.fresh(), frame.fresh()];
  return sequence(
    kit.unpack(a, product.exponent, x),
    kit.unpack(b, exponent, y),
    // 2^63 ≤ 2x < 2^64 and 2^62 ≤ y < 2^63: the product's leading bit is 125 or 126.
    x.set(i64.shl(x, integer(1))),
    product.exponent.set(i64.sub(i64.add(product.exponent, exponent), integer(kit.format.bias - 1))),
    product.high.set(call(high, x, y)),
    product.low.set(i64.mul(x, y)),
    when(
      i64.ltU(product.high, integer(1n << 62n)),
      sequence(
        product.high.set(i64.or(i64.shl(product.high, integer(1)), i64.shrU(product.low, integer(63)))),
        product.low.set(i64.shl(product.low, integer(1))),
        product.exponent.set(i64.sub(product.exponent, integer(1))),
      ),
    ),
  );
}

/** (a, b, mode) to a × b. */
export const defineMultiply = <T extends BitsType>(
  kit: Kit<T>,
  high: FunctionReference<'i64'>,
): FunctionReference<T> =>
  kit.operation(2, (frame, a, b) => {
    const { format } = kit;
    const product = freshWide(frame);
    const sign = kit.signBit(i64.xor(a, b));
    const anyZero = any(isZero(format, a), isZero(format, b));
    return sequence(
      when(
        any(isSpecial(format, a), isSpecial(format, b)),
        sequence(
          kit.leaveOnNaN(frame, a, b),
          when(anyZero, kit.invalid(frame)),
          frame.result(i64.or(sign, integer(format.infinity))),
        ),
      ),
      when(anyZero, frame.result(sign)),
      multiplyFinite(kit, high, frame, [a, b], product),
      kit.rounded(frame, kit.signOf(i64.xor(a, b)), product.exponent, narrowed(product)),
    );
  });
