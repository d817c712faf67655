/**
 * What each WebAssembly instruction does, in JavaScript's own numbers, from the execution chapter of the
 * WebAssembly Core Specification 2.0. `undefined` stands for a trap.
 */
import type { Value } from './instance.ts';

type Twin = (...values: readonly never[]) => Value | undefined;

const s32 = (value: number): number => value | 0;
const u32 = (value: number): number => value >>> 0;
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const bit = (value: boolean): number => (value ? 1 : 0);

const bits32 = (value: number): string => u32(value).toString(2).padStart(32, '0');
const bits64 = (value: bigint): string => u64(value).toString(2).padStart(64, '0');
const ones = (text: string): number => text.replaceAll('0', '').length;
const leadingZeros = (text: string): number => (text.includes('1') ? text.indexOf('1') : text.length);
const trailingZeros = (text: string): number => leadingZeros([...text].reverse().join(''));
const rotated = (text: string, left: number): string => text.slice(left) + text.slice(0, left);

/** Division towards zero and its remainder, as BigInt has them; a trap by zero and on overflow. */
const divided = (a: bigint, b: bigint, lowest?: bigint): bigint | undefined =>
  b === 0n || (a === lowest && b === -1n) ? undefined : a / b;
const rest = (a: bigint, b: bigint): bigint | undefined => (b === 0n ? undefined : a % b);
const narrow = (value: bigint | undefined): number | undefined =>
  value === undefined ? undefined : s32(Number(BigInt.asIntN(32, value)));
const wide = (value: bigint | undefined): bigint | undefined =>
  value === undefined ? undefined : s64(value);

const cell = new DataView(new ArrayBuffer(8));
function reinterpreted<T>(write: (view: DataView) => void, read: (view: DataView) => T): T {
  write(cell);
  return read(cell);
}

export const i32Twins: Readonly<Record<string, Twin>> = {
  eqz: (a: number) => bit(a === 0),
  eq: (a: number, b: number) => bit(a === b),
  ne: (a: number, b: number) => bit(a !== b),
  ltS: (a: number, b: number) => bit(a < b),
  ltU: (a: number, b: number) => bit(u32(a) < u32(b)),
  gtS: (a: number, b: number) => bit(a > b),
  gtU: (a: number, b: number) => bit(u32(a) > u32(b)),
  leS: (a: number, b: number) => bit(a <= b),
  leU: (a: number, b: number) => bit(u32(a) <= u32(b)),
  geS: (a: number, b: number) => bit(a >= b),
  geU: (a: number, b: number) => bit(u32(a) >= u32(b)),
  clz: (a: number) => leadingZeros(bits32(a)),
  ctz: (a: number) => trailingZeros(bits32(a)),
  popcnt: (a: number) => ones(bits32(a)),
  add: (a: number, b: number) => s32(a + b),
  sub: (a: number, b: number) => s32(a - b),
  mul: (a: number, b: number) => narrow(BigInt(a) * BigInt(b)),
  divS: (a: number, b: number) => narrow(divided(BigInt(a), BigInt(b), -(2n ** 31n))),
  divU: (a: number, b: number) => narrow(divided(BigInt(u32(a)), BigInt(u32(b)))),
  remS: (a: number, b: number) => narrow(rest(BigInt(a), BigInt(b))),
  remU: (a: number, b: number) => narrow(rest(BigInt(u32(a)), BigInt(u32(b)))),
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
  xor: (a: number, b: number) => a ^ b,
  shl: (a: number, b: number) => narrow(BigInt(a) << BigInt(b & 31)),
  shrS: (a: number, b: number) => narrow(BigInt(a) >> BigInt(b & 31)),
  shrU: (a: number, b: number) => narrow(BigInt(u32(a)) >> BigInt(b & 31)),
  rotl: (a: number, b: number) => s32(Number.parseInt(rotated(bits32(a), b & 31), 2)),
  rotr: (a: number, b: number) => s32(Number.parseInt(rotated(bits32(a), -(b & 31) & 31), 2)),
  wrap: (a: bigint) => narrow(a),
  reinterpret: (a: number) =>
    reinterpreted(
      (view) => view.setFloat32(0, a),
      (view) => view.getInt32(0),
    ),
  extend8s: (a: number) => narrow(BigInt.asIntN(8, BigInt(a))),
  extend16s: (a: number) => narrow(BigInt.asIntN(16, BigInt(a))),
};

/** To an integer of the range, towards zero; NaN gives 0, what is beyond the range its nearest end. */
function saturated(a: number, least: bigint, most: bigint): bigint {
  if (Number.isNaN(a)) return 0n;
  if (a <= Number(least)) return s64(least);
  return s64(a >= Number(most) ? most : BigInt(Math.trunc(a)));
}
const toSigned = (a: number): bigint => saturated(a, -(2n ** 63n), 2n ** 63n - 1n);
const toUnsigned = (a: number): bigint => saturated(a, 0n, 2n ** 64n - 1n);

export const i64Twins: Readonly<Record<string, Twin>> = {
  eqz: (a: bigint) => bit(a === 0n),
  eq: (a: bigint, b: bigint) => bit(a === b),
  ne: (a: bigint, b: bigint) => bit(a !== b),
  ltS: (a: bigint, b: bigint) => bit(a < b),
  ltU: (a: bigint, b: bigint) => bit(u64(a) < u64(b)),
  gtS: (a: bigint, b: bigint) => bit(a > b),
  gtU: (a: bigint, b: bigint) => bit(u64(a) > u64(b)),
  leS: (a: bigint, b: bigint) => bit(a <= b),
  leU: (a: bigint, b: bigint) => bit(u64(a) <= u64(b)),
  geS: (a: bigint, b: bigint) => bit(a >= b),
  geU: (a: bigint, b: bigint) => bit(u64(a) >= u64(b)),
  clz: (a: bigint) => BigInt(leadingZeros(bits64(a))),
  ctz: (a: bigint) => BigInt(trailingZeros(bits64(a))),
  popcnt: (a: bigint) => BigInt(ones(bits64(a))),
  add: (a: bigint, b: bigint) => s64(a + b),
  sub: (a: bigint, b: bigint) => s64(a - b),
  mul: (a: bigint, b: bigint) => s64(a * b),
  divS: (a: bigint, b: bigint) => wide(divided(a, b, -(2n ** 63n))),
  divU: (a: bigint, b: bigint) => wide(divided(u64(a), u64(b))),
  remS: (a: bigint, b: bigint) => wide(rest(a, b)),
  remU: (a: bigint, b: bigint) => wide(rest(u64(a), u64(b))),
  and: (a: bigint, b: bigint) => a & b,
  or: (a: bigint, b: bigint) => a | b,
  xor: (a: bigint, b: bigint) => a ^ b,
  shl: (a: bigint, b: bigint) => s64(a << (b & 63n)),
  shrS: (a: bigint, b: bigint) => a >> (b & 63n),
  shrU: (a: bigint, b: bigint) => s64(u64(a) >> (b & 63n)),
  rotl: (a: bigint, b: bigint) => s64(BigInt(`0b${rotated(bits64(a), Number(b & 63n))}`)),
  rotr: (a: bigint, b: bigint) => s64(BigInt(`0b${rotated(bits64(a), Number(-b & 63n))}`)),
  extendS: (a: number) => BigInt(a),
  extendU: (a: number) => BigInt(u32(a)),
  reinterpret: (a: number) =>
    reinterpreted(
      (view) => view.setFloat64(0, a),
      (view) => view.getBigInt64(0),
    ),
  extend8s: (a: bigint) => BigInt.asIntN(8, a),
  extend16s: (a: bigint) => BigInt.asIntN(16, a),
  extend32s: (a: bigint) => BigInt.asIntN(32, a),
  truncSatF32S: toSigned,
  truncSatF32U: toUnsigned,
  truncSatF64S: toSigned,
  truncSatF64U: toUnsigned,
};

/** An integer with `kept` significant bits, to nearest, ties to even. */
function rounded(value: bigint, kept: number): number {
  const magnitude = value < 0n ? -value : value;
  const dropped = BigInt(Math.max(magnitude.toString(2).length - kept, 0));
  if (dropped === 0n) return Number(value);
  const half = 1n << (dropped - 1n);
  const remainder = magnitude & ((1n << dropped) - 1n);
  let quotient = magnitude >> dropped;
  if (remainder > half || (remainder === half && (quotient & 1n) === 1n)) quotient++;
  const result = Number(quotient << dropped);
  return value < 0n ? -result : result;
}

/** A double holds the exact sum, product, … of two singles or enough of it, so rounding twice is rounding once. */
const { fround } = Math;

export const f32Twins: Readonly<Record<string, Twin>> = {
  eq: (a: number, b: number) => bit(a === b),
  lt: (a: number, b: number) => bit(a < b),
  le: (a: number, b: number) => bit(a <= b),
  abs: (a: number) => Math.abs(a),
  sqrt: (a: number) => fround(Math.sqrt(a)),
  add: (a: number, b: number) => fround(a + b),
  sub: (a: number, b: number) => fround(a - b),
  mul: (a: number, b: number) => fround(a * b),
  div: (a: number, b: number) => fround(a / b),
  convertI32S: (a: number) => rounded(BigInt(a), 24),
  convertI32U: (a: number) => rounded(BigInt(u32(a)), 24),
  convertI64S: (a: bigint) => rounded(a, 24),
  convertI64U: (a: bigint) => rounded(u64(a), 24),
  demote: (a: number) => fround(a),
  reinterpret: (a: number) =>
    reinterpreted(
      (view) => view.setInt32(0, a),
      (view) => view.getFloat32(0),
    ),
};

function nearest(a: number): number {
  if (!Number.isFinite(a) || Math.abs(a) >= 2 ** 52) return a;
  const below = Math.floor(a);
  const up = a - below > 0.5 || (a - below === 0.5 && below % 2 !== 0);
  const result = below + (up ? 1 : 0);
  return result === 0 && (a < 0 || Object.is(a, -0)) ? -0 : result;
}

export const f64Twins: Readonly<Record<string, Twin>> = {
  eq: (a: number, b: number) => bit(a === b),
  ne: (a: number, b: number) => bit(a !== b),
  lt: (a: number, b: number) => bit(a < b),
  gt: (a: number, b: number) => bit(a > b),
  le: (a: number, b: number) => bit(a <= b),
  ge: (a: number, b: number) => bit(a >= b),
  abs: (a: number) => Math.abs(a),
  nearest,
  sqrt: (a: number) => Math.sqrt(a),
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  convertI32S: (a: number) => a,
  convertI32U: (a: number) => u32(a),
  convertI64S: (a: bigint) => rounded(a, 53),
  convertI64U: (a: bigint) => rounded(u64(a), 53),
  promote: (a: number) => a,
  reinterpret: (a: bigint) =>
    reinterpreted(
      (view) => view.setBigInt64(0, a),
      (view) => view.getFloat64(0),
    ),
};
