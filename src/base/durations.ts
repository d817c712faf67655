/** Virtual time in a policy's parameter: `500us`, `10ms`, `1s`, or plain nanoseconds. */

const units: Readonly<Record<string, number>> = { '': 1, ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

/** What a duration looks like, for the summary of a parameter. */
export const DURATION_SYNTAX = 'a time from 100ns to 1000s with ns, us, ms or s, e.g. 10ms';

/** Nanoseconds, 100 (one replayed reference) to 10^12; `undefined` when `text` is no time in that range. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d+)(ns|us|ms|s|)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const duration = Number(digits) * units[unit]!;
  return duration >= 100 && duration <= 1e12 ? duration : undefined;
}
