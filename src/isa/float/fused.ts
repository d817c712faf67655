/**
 * Exact fused multiply-add: a × b + c on 128-bit significands, rounded once.
 *
 * Source: IEEE 754-2019, sections 5.4.1 and 7.2; infinity × 0 is invalid whatever the addend is, also a quiet NaN
 * (RISC-V Unprivileged ISA 20240411, section 20.6).
 */
import {
  type I32,
  type I64,
  i32,
  i64,
  type Local,
  type Statement,
  sequence,
  when,
} from '../../wasm/expressions.ts';
import type { FunctionReference } from '../../wasm/module.ts';
import { normalizeDown, unlikeZero } from './add.ts';
import { type BitsType, isInfinite, isSpecial, isZero } from './binary.ts';
import { any, asInteger, integer, type Kit, type OperationFrame, shiftRightSticky } from './kit.ts';
import { freshWide, multiplyFinite, narrowed, type Wide } from './multiply.ts';

/** Below the exponent of every product: for an addend 0, which must count as the smaller summand. */
const FAR_BELOW = -(1 << 20);

type Factors = readonly [a: I64, b: I64];

/** (a, b, c, mode) to a × b + c. */
export const defineFused = <T extends BitsType>(
  kit: Kit<T>,
  multiplyHigh: FunctionReference<'i64'>,
): FunctionReference<T> =>
  kit.operation(3, (frame, a, b, c) => {
    const { format } = kit;
    const [product, addend] = [freshWide(frame), freshWide(frame)];
    return sequence(
      when(
        any(isSpecial(format, a), isSpecial(format, b), isSpecial(format, c)),
        fuseSpecial(kit, frame, [a, b], c),
      ),
      when(any(isZero(format, a), isZero(format, b)), addToZeroProduct(kit, frame, [a, b], c)),
      multiplyFinite(kit, multiplyHigh, frame, [a, b], product),
      kit.unpack(c, addend.exponent, addend.high),
      when(isZero(format, c), addend.exponent.set(integer(FAR_BELOW))),
      addWide(kit, frame, i64.xor(a, b), c, product, addend),
    );
  });

function fuseSpecial(kit: Kit, frame: OperationFrame, [a, b]: Factors, c: I64): Statement {
  const { format } = kit;
  const zeroTimesInfinity = any(
    i32.and(isZero(format, a), isInfinite(format, b)),
    i32.and(isInfinite(format, a), isZero(format, b)),
  );
  const productInfinite = any(isInfinite(format, a), isInfinite(format, b));
  const product = i64.or(kit.signBit(i64.xor(a, b)), integer(format.infinity));
  return sequence(
    when(zeroTimesInfinity, kit.invalid(frame)),
    kit.leaveOnNaN(frame, a, b, c),
    when(
      productInfinite,
      sequence(
        // The addend is the other infinity.
        when(i64.eq(i64.xor(product, c), integer(format.sign)), kit.invalid(frame)),
        frame.result(product),
      ),
    ),
    frame.result(c),
  );
}

function addToZeroProduct(kit: Kit, frame: OperationFrame, [a, b]: Factors, c: I64): Statement {
  const opposite = i64.eq(i64.xor(kit.signBit(i64.xor(a, b)), c), integer(kit.format.sign));
  return sequence(when(opposite, frame.result(unlikeZero(kit, frame.mode))), frame.result(c));
}

/** Returns the rounded sum of two wide magnitudes with the signs of `productBits` and `addendBits`. */
function addWide(
  kit: Kit,
  frame: OperationFrame,
  productBits: I64,
  addendBits: I64,
  x: Wide,
  y: Wide,
): Statement {
  const [sign, unlike, distance] = [frame.fresh(), frame.fresh(), frame.fresh()];
  const smaller: I32 = any(
    i64.ltS(x.exponent, y.exponent),
    i32.and(i64.eq(x.exponent, y.exponent), i64.ltU(x.high, y.high)),
  );
  return sequence(
    sign.set(kit.signOf(productBits)),
    unlike.set(kit.signOf(i64.xor(productBits, addendBits))),
    y.low.set(integer(0)),
    when(smaller, sequence(swap(x, y, distance), sign.set(kit.signOf(addendBits)))),
    distance.set(i64.sub(x.exponent, y.exponent)),
    shiftWide(y, distance),
    when(
      i64.eqz(unlike),
      sequence(increaseWide(x, y), normalizeDown(x.high, x.exponent)),
      sequence(
        decreaseWide(x, y),
        when(i64.eqz(i64.or(x.high, x.low)), frame.result(unlikeZero(kit, frame.mode))),
        normalizeWide(x, distance),
      ),
    ),
    kit.rounded(frame, sign, x.exponent, narrowed(x)),
  );
}

const swap = (x: Wide, y: Wide, scratch: Local<'i64'>): Statement =>
  sequence(
    ...(['exponent', 'high', 'low'] as const).map((part) =>
      sequence(scratch.set(x[part]), x[part].set(y[part]), y[part].set(scratch)),
    ),
  );

/** Shifts right by `count` ≥ 0 with sticky bit. */
function shiftWide({ high, low }: Wide, count: Local<'i64'>): Statement {
  const back = i64.sub(integer(0), count);
  const carried = i64.shl(high, back);
  const lost = asInteger(i64.ne(i64.shl(low, back), integer(0)));
  const partly = sequence(
    low.set(i64.or(i64.or(i64.shrU(low, count), carried), lost)),
    high.set(i64.shrU(high, count)),
  );
  const wholly = sequence(
    count.set(i64.sub(count, integer(64))),
    shiftRightSticky(high, count),
    // A product has bits in `low` too, but as the addend beside it has none, these can't cancel: what comes from
    // `high`, which isn't 0, is sticky bit enough.
    low.set(high),
    high.set(integer(0)),
  );
  return when(i64.ne(count, integer(0)), when(i64.ltS(count, integer(64)), partly, wholly));
}

/** x += y. The sum stays below 2^64 in `high`. */
const increaseWide = (x: Wide, y: Wide): Statement =>
  sequence(
    x.low.set(i64.add(x.low, y.low)),
    x.high.set(i64.add(i64.add(x.high, y.high), asInteger(i64.ltU(x.low, y.low)))),
  );

/** x -= y, where x ≥ y. */
const decreaseWide = (x: Wide, y: Wide): Statement =>
  sequence(
    x.high.set(i64.sub(i64.sub(x.high, y.high), asInteger(i64.ltU(x.low, y.low)))),
    x.low.set(i64.sub(x.low, y.low)),
  );

/**
 * Moves the leading bit of a difference up to bit 62 of `high`. Where `high` is 0, at least 64 bits cancelled:
 * then nothing was lost, the lowest bits are 0 and bits above bit 0 are left.
 */
function normalizeWide({ exponent, high, low }: Wide, count: Local<'i64'>): Statement {
  return sequence(
    when(
      i64.eqz(high),
      sequence(
        high.set(i64.shrU(low, integer(1))),
        low.set(i64.shl(low, integer(63))),
        exponent.set(i64.sub(exponent, integer(63))),
      ),
    ),
    count.set(i64.sub(i64.clz(high), integer(1))),
    // Two steps, as a count of 0 must bring nothing up from `low`.
    high.set(i64.shl(high, count)),
    high.set(i64.or(high, i64.shrU(i64.shrU(low, i64.sub(integer(63), count)), integer(1)))),
    low.set(i64.shl(low, count)),
    exponent.set(i64.sub(exponent, count)),
  );
}
