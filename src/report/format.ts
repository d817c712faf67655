/** Numbers as people read them. */

/** 1234567 → `1,234,567`. */
export function grouped(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

const timeUnits = [
  { name: 's', ns: 1e9 },
  { name: 'ms', ns: 1e6 },
  { name: 'µs', ns: 1e3 },
  { name: 'ns', ns: 1 },
] as const;

/** Nanoseconds with a unit and three or four digits: `12.35 ms`. */
export function duration(ns: number): string {
  const unit = timeUnits.find((one) => ns >= one.ns) ?? timeUnits[3];
  const value = ns / unit.ns;
  const digits = value >= 1000 || unit.name === 'ns' ? 0 : value >= 100 ? 1 : 2;
  return `${value >= 1000 ? grouped(value) : value.toFixed(Number.isInteger(value) ? 0 : digits)} ${unit.name}`;
}

/** A mean of nanoseconds, which may have a fraction. */
export const meanDuration = (ns: number): string => (ns < 1000 ? `${ns.toFixed(1)} ns` : duration(ns));

/** A share as per cent with enough digits to tell it from 0 % and 100 %. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const value = (100 * part) / whole;
  for (let digits = 1; digits <= 6; digits++) {
    const text = value.toFixed(digits);
    const rounded = Number(text);
    if ((rounded !== 0 || part === 0) && (rounded !== 100 || part === whole)) return `${text} %`;
  }
  return `${value < 1 ? '< 0.000001' : '> 99.999999'} %`;
}

/** `1 page`, `2 pages`. */
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${grouped(n)} ${n === 1 ? one : many}`;
