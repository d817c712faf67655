/** One unit for all the times of a schedule, so that they can be written as bare numbers. */

export interface TimeUnit {
  readonly name: 's' | 'ms' | 'µs' | 'ns';
  readonly ns: number;
}

const units: readonly TimeUnit[] = [
  { name: 's', ns: 1e9 },
  { name: 'ms', ns: 1e6 },
  { name: 'µs', ns: 1e3 },
  { name: 'ns', ns: 1 },
];
const LARGEST_NUMBER = 99_999;
const MOST_DECIMALS = 3;

/**
 * The largest unit in which all of `times`, ns, are whole numbers; if that takes more than five digits, the smallest
 * in which none does.
 */
export function timeUnit(times: Iterable<number>): TimeUnit {
  const list = [...times];
  const largest = list.reduce((most, time) => Math.max(most, time), 0);
  // Nothing but zeros is whole in every unit.
  if (largest === 0) return units[1]!;
  const short = units.filter(({ ns }) => largest / ns <= LARGEST_NUMBER);
  return short.find(({ ns }) => list.every((time) => time % ns === 0)) ?? short.at(-1) ?? units[0]!;
}

/** A time in ns as a number of units, with at most three decimals. */
export const inUnit = (time: number, { ns }: TimeUnit): string =>
  String(Number((time / ns).toFixed(MOST_DECIMALS)));
