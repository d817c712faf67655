/** Operands at which floating-point arithmetic goes wrong: special values, and random ones biased toward trouble. */
import { nextBelow, nextUint32, type RandomState } from '../../../src/base/random.ts';

/** Widths of a format's fields. */
export interface Shape {
  readonly fractionBits: number;
  readonly exponentBits: number;
  /** What the register holds above the format's bits. */
  readonly box: bigint;
}

export const shapes = {
  s: { fractionBits: 23, exponentBits: 8, box: 0xffffffff00000000n },
  d: { fractionBits: 52, exponentBits: 11, box: 0n },
} as const satisfies Record<string, Shape>;

const scratch = new DataView(new ArrayBuffer(8));

/** Bits of the number of the format that is nearest to `value`, boxed. */
export function bitsOf(shape: Shape, value: number): bigint {
  if (shape.fractionBits === 52) {
    scratch.setFloat64(0, value);
    return scratch.getBigUint64(0);
  }
  scratch.setFloat32(0, value);
  return BigInt(scratch.getUint32(0)) | shape.box;
}

/** The number that bits stand for; every single is a JavaScript number. */
export function numberOf(shape: Shape, bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return shape.fractionBits === 52 ? scratch.getFloat64(0) : scratch.getFloat32(4);
}

const fields = (shape: Shape) => {
  const f = BigInt(shape.fractionBits);
  const top = (1n << BigInt(shape.exponentBits)) - 1n;
  return { f, top, bias: top >> 1n, sign: 1n << (f + BigInt(shape.exponentBits)), one: 1n << f };
};

/** Both signs of zeros, the ends of the ranges, ones, odd fractions, infinities, NaNs, and a few in between. */
export function specials(shape: Shape): readonly bigint[] {
  const { f, top, bias, sign, one } = fields(shape);
  const at = (exponent: bigint, fraction: bigint) => (exponent << f) | fraction;
  const most = one - 1n;
  const positive = [
    ...[0n, 1n, 2n, 3n, one >> 1n, most - 1n, most],
    ...[at(1n, 0n), at(1n, 1n), at(2n, 0n)],
    ...[
      at(bias - 1n, most),
      at(bias, 0n),
      at(bias, 1n),
      at(bias, most),
      at(bias + 1n, 0n),
      at(bias, one >> 1n),
    ],
    // The distances at which the smaller summand is only a tie, or only sticky.
    ...[f - 1n, f, f + 1n, f + 2n, f + 3n].map((distance) => at(bias - distance, 0n)),
    ...[
      at(bias - f - 1n, 1n),
      at(bias + f, 1n),
      at(bias + f + 1n, most),
      at(bias / 2n, 5n),
      at(bias + bias / 2n, 5n),
    ],
    ...[at(top - 2n, most), at(top - 1n, 0n), at(top - 1n, most - 1n), at(top - 1n, most)],
    ...[at(top, 0n), at(top, 1n), at(top, (one >> 1n) - 1n), at(top, one >> 1n), at(top, most)],
  ];
  return positive.flatMap((bits) => [bits | shape.box, bits | sign | shape.box]);
}

/** Numbers at and around the ends of the integer types, and around halves. */
export function nearIntegers(shape: Shape): readonly bigint[] {
  const around = [0, 1, 2, 3, 2 ** 23, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 2 ** 63, 2 ** 64];
  const offsets = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5];
  const values = around.flatMap((n) => offsets.flatMap((offset) => [n + offset, n - offset]));
  const bits = values.flatMap((value) => [bitsOf(shape, value), bitsOf(shape, -value)]);
  const neighbours = bits.flatMap((one) => [one, one + 1n, one - 1n]);
  return [...new Set(neighbours.map((one) => BigInt.asUintN(64, one) | shape.box))];
}

/** 64-bit integers near powers of two, with few or many bits below the highest. */
export function integers(state: RandomState, count: number): readonly bigint[] {
  const edges = [0n, 7n, 8n, 23n, 24n, 25n, 30n, 31n, 32n, 52n, 53n, 54n, 62n, 63n, 64n].map((n) => 1n << n);
  const near = edges.flatMap((edge) =>
    [-2n, -1n, 0n, 1n, 2n].flatMap((offset) => [edge + offset, -edge + offset]),
  );
  const random = Array.from({ length: count }, () => {
    const bits = random64(state) >> BigInt(nextBelow(state, 64));
    return nextBelow(state, 3) === 0 ? bits & ~((1n << BigInt(nextBelow(state, 40))) - 1n) : bits;
  });
  return [...near, ...random].map((value) => BigInt.asUintN(64, value));
}

const random64 = (state: RandomState): bigint =>
  (BigInt(nextUint32(state)) << 32n) | BigInt(nextUint32(state));

/** A fraction that is random, or has few bits at the top, or is a tie but for a bit, or is nearly all ones. */
function fraction(state: RandomState, f: bigint): bigint {
  const mask = (1n << f) - 1n;
  const short = BigInt(nextBelow(state, Number(f)));
  const random = random64(state) & mask;
  switch (nextBelow(state, 4)) {
    case 0:
      return random & ~((1n << short) - 1n);
    case 1:
      return (1n << short) | BigInt(nextBelow(state, 2));
    case 2:
      return mask ^ (random >> short);
    default:
      return random;
  }
}

/** A random number whose exponent is at most `spread` from `around`, cut to the format's range. */
function near(state: RandomState, shape: Shape, around: bigint, spread: number): bigint {
  const { f, top, sign } = fields(shape);
  const offset = BigInt(nextBelow(state, 2 * spread + 1) - spread);
  const wanted = around + offset;
  const exponent = wanted < 0n ? 0n : wanted >= top ? top - 1n : wanted;
  return (exponent << f) | fraction(state, f) | (nextBelow(state, 2) === 0 ? 0n : sign) | shape.box;
}

const exponentOf = (shape: Shape, bits: bigint): bigint => {
  const { f, top } = fields(shape);
  return (bits >> f) & top;
};

/** Three operands of an instruction. */
export type Triple = readonly [a: bigint, b: bigint, c: bigint];

const triple = (shape: Shape, a: number, b: number, c: number): Triple => [
  bitsOf(shape, a),
  bitsOf(shape, b),
  bitsOf(shape, c),
];

/** Random operands: a of any exponent; b so that sums align or products meet the ends of the range; c near a × b. */
export function randomTriple(state: RandomState, shape: Shape): Triple {
  const { top, bias, sign, f } = fields(shape);
  if (nextBelow(state, 16) === 0) {
    const mask = (sign << 1n) - 1n;
    return [0, 1, 2].map(() => (random64(state) & mask) | shape.box) as unknown as Triple;
  }
  const a = near(state, shape, BigInt(nextBelow(state, Number(top))), 0);
  const ea = exponentOf(shape, a);
  const b = [
    () => near(state, shape, ea, 3),
    () => near(state, shape, ea, Number(f) + 4),
    () => near(state, shape, bias, 20),
    // Products near the least normal and the largest number, and quotients likewise.
    () => near(state, shape, bias + 1n - ea, Number(f) + 4),
    () => near(state, shape, top + bias - 1n - ea, 3),
    () => near(state, shape, ea + bias - 1n, Number(f) + 4),
  ][nextBelow(state, 6)]!();
  return [a, b, addend(state, shape, a, b)];
}

/** An addend that cancels a × b but for a few bits, or that is aligned with it anyhow. */
function addend(state: RandomState, shape: Shape, a: bigint, b: bigint): bigint {
  const { bias, f } = fields(shape);
  const product = numberOf(shape, a) * numberOf(shape, b);
  if (nextBelow(state, 2) === 0 && Number.isFinite(product)) {
    const offset = BigInt(nextBelow(state, 5) - 2);
    const near = BigInt.asUintN(64, bitsOf(shape, -product) + offset);
    return near | shape.box;
  }
  return near(state, shape, exponentOf(shape, a) + exponentOf(shape, b) - bias, 2 * Number(f) + 6);
}

/** Operands as programs have them: no zeros, no extremes. */
export function ordinaryTriple(state: RandomState, shape: Shape): Triple {
  const { bias } = fields(shape);
  return [0, 1, 2].map(() => near(state, shape, bias, 12)) as unknown as Triple;
}

/**
 * Fused sums of doubles that random operands don't meet, each with all signs.
 *
 * The first factors' product is 2^105 + 1333908998: beside 2^158 its first part is half a unit of the last bit,
 * and the second, 74 zeros below and beyond 128 bits of the sum, turns the tie.
 * The others' product is n × 2^53 + 2^52 - 7515712435 with n odd: with the addend the end is 2^-19 short of the
 * tie, which is lost when it is itself rounded to a double.
 */
export const hardSums: readonly Triple[] = [
  [9007197263970590, 4503600622755917, 2 ** 158],
  [9007197263970590, 4503600622755917, 2 ** 158 + 2 ** 106],
  [8123456789012347, 8007199255866583, 7515712435 - 2 ** -19],
].flatMap(([a, b, c]) =>
  [c!, -c!].flatMap((addend) => [a!, -a!].map((factor) => triple(shapes.d, factor, b!, addend))),
);
