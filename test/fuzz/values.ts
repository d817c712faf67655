/** Operand values at which instructions have reason to differ, and random ones between them. */
import { nextBelow, nextUint32, type RandomState } from '../../src/base/random.ts';

const BOX = 0xffffffff00000000n;
const boxed = (bits: number): bigint => BOX | BigInt(bits >>> 0);

/** Positive patterns; each is used with either sign. */
const singlePatterns: readonly number[] = [
  0x00000000, // 0
  0x00000001, // least subnormal
  0x00000003,
  0x007fffff, // greatest subnormal
  0x00800000, // least normal
  0x00800001,
  0x3effffff, // half, less an ulp
  0x3f000000, // half
  0x3f7fffff, // 1 less an ulp
  0x3f800000, // 1
  0x3f800001, // 1 and an ulp
  0x3fc00000, // 1.5
  0x40200000, // 2.5
  0x4b000001, // 2^23 + 1
  0x4effffff, // greatest below 2^31
  0x4f000000, // 2^31
  0x4f7fffff, // greatest below 2^32
  0x5effffff, // greatest below 2^63
  0x5f000000, // 2^63
  0x5f800000, // 2^64
  0x7f7fffff, // greatest
  0x7f800000, // infinity
  0x7fc00000, // canonical NaN
  0x7fd12345, // quiet NaN with a payload
  0x7f800001, // signalling NaN
];

const doublePatterns: readonly bigint[] = [
  0x0000000000000000n,
  0x0000000000000001n,
  0x0000000000000003n,
  0x000fffffffffffffn,
  0x0010000000000000n,
  0x0010000000000001n,
  0x3fdfffffffffffffn,
  0x3fe0000000000000n,
  0x3fefffffffffffffn,
  0x3ff0000000000000n,
  0x3ff0000000000001n,
  0x3ff8000000000000n,
  0x4004000000000000n,
  0x4330000000000001n, // 2^52 + 1
  0x41dfffffffc00000n, // 2^31 - 1
  0x41dfffffffe00000n, // 2^31 - 1/2
  0x41e0000000000000n, // 2^31
  0x41efffffffe00000n, // 2^32 - 1
  0x41f0000000000000n, // 2^32
  0x43dfffffffffffffn, // greatest below 2^63
  0x43e0000000000000n, // 2^63
  0x43efffffffffffffn, // greatest below 2^64
  0x43f0000000000000n, // 2^64
  0x36a0000000000000n, // least subnormal single
  0x3690000000000000n, // half of it
  0x380fffffffffffffn, // just below the least normal single
  0x47efffffe0000000n, // greatest single
  0x47effffff0000000n, // halfway from it to infinity
  0x7fefffffffffffffn,
  0x7ff0000000000000n,
  0x7ff8000000000000n,
  0x7ffdeadbeef12345n,
  0x7ff0000000000001n,
];

const SIGN32 = 0x80000000;
const SIGN64 = 1n << 63n;

/** Singles in registers: boxed, of either sign, and three that are not boxed. */
export const singles: readonly bigint[] = [
  ...singlePatterns.flatMap((bits) => [boxed(bits), boxed(bits | SIGN32)]),
  0x3f800000n,
  0xfffffffe3f800000n,
  0x7fffffff3f800000n,
];

export const doubles: readonly bigint[] = doublePatterns.flatMap((bits) => [bits, bits | SIGN64]);

// biome-ignore format: kindred values in a line
export const integers: readonly bigint[] = [
  0n, 1n, 2n, 3n, 7n, 31n, 32n, 63n, 64n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn,
  0x7fffffffn, 0x80000000n, 0x80000001n, 0xffffffffn, 0x100000000n,
  // Around what a single holds exactly, and a double.
  0xffffffn, 0x1000000n, 0x1000001n, 0x1000003n,
  0x1fffffffffffffn, 0x20000000000000n, 0x20000000000001n, 0x20000000000003n,
  // Halfway between numbers near 2^63 and near 2^64.
  0x7ffffffffffffdffn, 0x7ffffffffffffe00n, 0x7ffffffffffffe01n,
  0x7fffff4000000000n, 0x7fffffc000000000n, 0x7fffffc000000001n,
  0x7fffffffffffffffn, 0x8000000000000000n, 0x8000000000000001n,
  0xfffffffffffffbffn, 0xfffffffffffffc00n, 0xfffffffffffffc01n,
  0xffffff7fffffffffn, 0xffffff8000000000n,
  // Small negative ones, and patterns of bytes.
  0xffffffff80000000n, 0xffffffff7fffffffn, 0xffffffffff000000n,
  0xfffffffffffffff0n, 0xfffffffffffffffen, 0xffffffffffffffffn,
  0x5555555555555555n, 0xaaaaaaaaaaaaaaaan, 0x00ff00ff00ff00ffn, 0x8080808080808080n,
];

export const nextUint64 = (random: RandomState): bigint =>
  (BigInt(nextUint32(random)) << 32n) | BigInt(nextUint32(random));

const pick = <T>(random: RandomState, values: readonly T[]): T => values[nextBelow(random, values.length)]!;

/** An integer register's value: special, of random length, or random in all bits. */
export function randomInteger(random: RandomState): bigint {
  const kind = nextBelow(random, 8);
  if (kind < 3) return pick(random, integers);
  if (kind < 6)
    return BigInt.asUintN(64, BigInt.asIntN(64, nextUint64(random)) >> BigInt(nextBelow(random, 64)));
  return nextUint64(random);
}

/** Exponent near 1, so that sums, products and quotients stay in range, and a few bits of significand. */
function nearSingle(random: RandomState): bigint {
  const exponent = 127 - 12 + nextBelow(random, 24);
  const keep = nextBelow(random, 24);
  return boxed(
    (nextBelow(random, 2) << 31) |
      (exponent << 23) |
      ((nextUint32(random) >>> 9) & (-1 << (23 - Math.min(keep, 23)))),
  );
}

function nearDouble(random: RandomState): bigint {
  const exponent = BigInt(1023 - 12 + nextBelow(random, 24));
  const low = BigInt(nextBelow(random, 53));
  const fraction = ((nextUint64(random) & 0xfffffffffffffn) >> low) << low;
  return (BigInt(nextBelow(random, 2)) << 63n) | (exponent << 52n) | fraction;
}

/** A single in a register. */
export function randomSingle(random: RandomState): bigint {
  const kind = nextBelow(random, 8);
  if (kind < 3) return pick(random, singles);
  return kind < 6 ? nearSingle(random) : boxed(nextUint32(random));
}

export function randomDouble(random: RandomState): bigint {
  const kind = nextBelow(random, 8);
  if (kind < 3) return pick(random, doubles);
  return kind < 6 ? nearDouble(random) : nextUint64(random);
}
