/** What inverted and hashed tables have in common: one table for all spaces, found by a hash of space and page. */
import { UserError } from '../../base/errors.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, Figure } from '../../report/translate-schema.ts';
import { parseAmount } from './amounts.ts';
import { frameBehind, type MappedPage } from './paged.ts';

/** Space of mappings that name none, and whose addresses they are when nothing is said. */
export const SPACE = 1;

/** A power of two, 1 to 2^26. */
export function powerOfTwo(value: number, place: string): number {
  if (value >= 1 && value <= 2 ** 26 && Number.isInteger(Math.log2(value))) return value;
  throw new UserError(place, `${value} is no power of two from 1 to 2^26`);
}

/** Where a table begins: as given, or behind the pages, at a frame. */
export function baseOf(
  given: number | string | undefined,
  pages: readonly MappedPage[],
  size: number,
  place: string,
): number {
  if (given === undefined) return frameBehind(pages) * size;
  const base = parseAmount(given, place);
  if (base % 8 === 0) return base;
  throw new UserError(place, `${given} is no multiple of 8`);
}

export function pagesOfSpace(each: (visit: (page: number) => void) => void): number[] {
  const found: number[] = [];
  each((page) => found.push(page));
  return found.sort((a, b) => a - b);
}

export function chainFigures(chains: readonly number[], head: string): Figure[] {
  const entries = chains.reduce((sum, length) => sum + length, 0);
  // The entry in place k of its chain takes the head and k loads.
  const loads = chains.reduce((sum, length) => sum + length + (length * (length + 1)) / 2, 0);
  const longest = Math.max(...chains);
  return [
    { name: 'load factor', value: entries / chains.length, unit: 'mean', note: `entries for each ${head}` },
    { name: 'longest chain', value: longest, unit: 'count', note: '' },
    {
      name: 'loads to find a page',
      value: entries === 0 ? 0 : loads / entries,
      unit: 'mean',
      note: `the ${head} and the entries before it; at most ${longest + 1}`,
    },
  ];
}

export function registers(
  list: readonly (readonly [string, number])[],
  space: number,
  physicalBits: number,
): Contents {
  return {
    title: 'registers',
    head: ['register', 'value'],
    rows: [...list.map(([name, value]) => [name, hexAddress(value, physicalBits)]), ['space', String(space)]],
  };
}
