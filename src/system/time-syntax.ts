/** Durations as people write them: `10s`, `250ms`, `3us`, `100ns`; a bare number is seconds. */
import { UserError } from '../base/errors.ts';

const units: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, '': 1e9 };

/**
 * @returns nanoseconds, a whole number
 * @param place where it was given, e.g. `--max-time`
 * @throws UserError when it is no duration
 */
export function parseDuration(text: string, place: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ns|us|ms|s)?$/.exec(text) ?? [];
  const ns = Math.round(Number(digits) * (units[unit] ?? Number.NaN));
  if (!Number.isSafeInteger(ns)) {
    throw new UserError(place, `'${text}' is not a duration; give a number with ns, us, ms or s, e.g. 10s`);
  }
  return ns;
}

/**
 * @returns a whole number from `least` to 2^53 - 1; `k`, `m` and `g` mean thousands, millions, billions
 * @throws UserError otherwise
 */
export function parseCount(text: string, least: number, place: string): number {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  const scale = { '': 1, k: 1e3, m: 1e6, g: 1e9 }[unit.toLowerCase()] ?? Number.NaN;
  const count = Number(digits) * scale;
  if (Number.isSafeInteger(count) && count >= least) return count;
  throw new UserError(place, `'${text}' is not a whole number from ${least} on`);
}
