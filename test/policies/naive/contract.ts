/**
 * Whole caches, written from the papers for obviousness: plain arrays and maps, searched and copied. They share
 * nothing with the policies. In arrays the oldest or least recent comes first.
 */
export interface NaiveCache {
  /** A reference to a page; gives the page that had to go, or `HIT`, or `FREE` when there was room. */
  request(page: number, now: number, isStore: boolean): number;
  /** The page is gone for good. */
  release(page: number): void;
  /** A clock interrupt, for policies that have them. */
  interrupt?(): void;
}

export type MakeCache = (frames: number) => NaiveCache;

export const HIT = -1;
export const FREE = -2;

/** Takes `item` out of `list`; true when it was in. */
export function take<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** The element with the smallest key, compared element by element; the first of equals. */
export function leastBy<T>(list: readonly T[], key: (item: T) => readonly number[]): T {
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const at = a.findIndex((x, i) => x !== b[i]);
    return at < 0 ? 0 : a[at]! - b[at]!;
  };
  return list.reduce((best, item) => (compare(key(item), key(best)) < 0 ? item : best));
}
