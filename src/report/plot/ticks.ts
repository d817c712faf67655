/** Which values of an axis are written beside it, and how. */
import { formatSize } from '../../base/sizes.ts';
import { duration, grouped } from '../format.ts';
import type { Axis, AxisUnit } from './contract.ts';

/** The ends of an axis, lowest first. */
export type Ends = readonly [low: number, high: number];

/** Nanoseconds that would take too many digits as seconds. */
const MANY_NS = 1e15;

const isBinary = (unit: AxisUnit | undefined): boolean => unit === 'bytes' || unit === 'frames';

/** The base of a logarithmic axis: memory comes in powers of two. */
export const baseOf = (axis: Axis): 2 | 10 => (isBinary(axis.unit) ? 2 : 10);

/** A value as it is written at its tick, with its unit where the unit has a sign. */
export function tickText(value: number, unit?: AxisUnit): string {
  switch (unit) {
    case 'bytes':
      return Number.isSafeInteger(value) && value >= 0 ? formatSize(value) : numberText(value);
    case 'ratio':
      return `${numberText(100 * value)} %`;
    case 'ns':
      if (value >= MANY_NS) return `${numberText(value / 1e9)} s`;
      return value === 0 || value >= 1000 ? duration(value) : `${numberText(value)} ns`;
    default:
      return numberText(value);
  }
}

/** At most 15 characters and a sign. */
function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return grouped(value);
  const rounded = Number(value.toPrecision(6));
  return Math.abs(value) < 1e12 ? String(rounded) : rounded.toExponential().replace('e+', 'e');
}

/** The distance of ticks on a linear axis: the least round number that has at most `most` of them in `span`. */
export function linearStep(span: number, most: number, unit?: AxisUnit): number {
  const least = span / Math.max(1, most);
  if (unit === 'bytes') return 2 ** Math.ceil(Math.log2(least));
  const power = 10 ** Math.floor(Math.log10(least));
  // A little less than the factor, so that 0.3 / 3 counts as 0.1.
  const factor = [1, 2, 5].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function linearTicks([low, high]: Ends, most: number, unit?: AxisUnit): number[] {
  const step = linearStep(high - low, most, unit);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.min(2 * most + 2, Math.floor(high / step + 1e-9) - first + 1);
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function logTicks([low, high]: Ends, most: number, base: 2 | 10): number[] {
  const exponentOf = base === 2 ? Math.log2 : Math.log10;
  const first = Math.ceil(exponentOf(low) - 1e-9);
  const last = Math.floor(exponentOf(high) + 1e-9);
  const stride = Math.max(1, Math.ceil((last - first + 1) / Math.max(1, most)));
  const ticks: number[] = [];
  for (let exponent = Math.ceil(first / stride) * stride; exponent <= last; exponent += stride) {
    // 10 ** -5 is not the number that 1e-5 is.
    ticks.push(base === 2 ? 2 ** exponent : Number(`1e${exponent}`));
  }
  return ticks;
}

/** Round values between the ends, ascending: some `most` of them or fewer, at least 1. */
export function ticksOf(axis: Axis, ends: Ends, most: number): number[] {
  if (axis.scale === 'linear') return linearTicks(ends, most, axis.unit);
  const powers = logTicks(ends, most, baseOf(axis));
  // Within one power or two the axis is nearly linear, and powers would leave it bare.
  return powers.length >= 2 ? powers : linearTicks(ends, most, axis.unit);
}
