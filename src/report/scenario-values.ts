/** Numbers of a report by their paths: `faults.major`, or `processes.*.faults.major` for the sum over a list. */

/** The number at `path`, 0 for a count that was never made; `undefined` when there is no such place. */
export function valueAt(report: unknown, path: string): number | undefined {
  return valueIn(report, path.split('.'));
}

function valueIn(value: unknown, [key, ...rest]: readonly string[]): number | undefined {
  if (key === undefined) return typeof value === 'number' ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (key === '*') return sumOf(Object.values(value).map((one) => valueIn(one, rest)));
  const next = (value as Readonly<Record<string, unknown>>)[key];
  return next === undefined && rest.length === 0 && isTally(value) ? 0 : valueIn(next, rest);
}

/** Counts by name, of which only those that are not 0 are there. */
const isTally = (value: object): boolean =>
  !Array.isArray(value) && Object.values(value).every((one) => typeof one === 'number');

/** `undefined` when one of them is. */
export function sumOf(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}
