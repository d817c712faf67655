/**
 * The schemes that a trace can be replayed under, with pages of any size: those of `pagewalk run` that have pages, and radix
 * geometries of the user's own. What is larger or smaller than a machine here could be is described all the same.
 *
 *   pages of another size than a scheme's own   the offset takes bits from the last level's index, or gives bits to it; a level
 *                                               without bits is gone. So pages of 2 MiB are those of Sv39's superpages, 9/9/21
 */
import { UserError } from '../../base/errors.ts';
import { formatSize } from '../../base/sizes.ts';
import type { EntryFormat } from '../../translation/radix.ts';
import { sv39 } from '../../translation/sv39.ts';
import { sv48 } from '../../translation/sv48.ts';
import { twoLevel } from '../../translation/two-level.ts';
import { x86 } from '../../translation/x86-64.ts';
import { type DenseTrace, PAGE_MASK } from '../dense.ts';
import { ReplayedHashed, ReplayedInverted } from './chained.ts';
import { ReplayedLinear } from './linear.ts';
import { ReplayedRadix } from './radix.ts';
import type { ReplayedPages, ReplayedTables } from './tables.ts';

/** Radix tables of the user's own. */
export interface ReplayedGeometry extends Pick<EntryFormat, 'name' | 'addresses'> {
  readonly indexBits: readonly number[];
  readonly offsetBits: number;
  readonly entryBytes: 4 | 8;
}

export interface ReplayedScheme {
  readonly name: string;
  readonly addressBits: number;
  readonly addresses: 'signed' | 'unsigned';
  readonly offsetBits: number;
  /** Widths of an address's parts, the highest first. */
  readonly widths: readonly number[];
  /** @param frames of memory */
  tables(pages: ReplayedPages, frames: number): ReplayedTables;
}

/** Frames that a table with an entry for each is kept for here. */
const MOST_FRAMES = 2 ** 30;
const WORD = 2 ** 32;

interface Named {
  readonly name: string;
  readonly addressBits: number;
  readonly addresses: 'signed' | 'unsigned';
  readonly at: (offsetBits: number, place: string) => ReplayedScheme | undefined;
}

const radix = (format: ReplayedGeometry): Named => {
  const addressBits = format.indexBits.reduce((sum, bits) => sum + bits, format.offsetBits);
  const { name, addresses, entryBytes } = format;
  return {
    name,
    addressBits,
    addresses,
    at: (offsetBits) => {
      const indexBits = withOffset(format, offsetBits);
      if (indexBits.length === 0) return undefined;
      const widths = [...indexBits, offsetBits];
      const tables = (pages: ReplayedPages) =>
        new ReplayedRadix({ indexBits, offsetBits, entryBytes }, pages);
      return { name, addressBits, addresses, offsetBits, widths, tables };
    },
  };
};

/** Widths of the indexes when the offset has another one. */
function withOffset({ indexBits, offsetBits }: ReplayedGeometry, wanted: number): number[] {
  const widths = [...indexBits];
  let taken = wanted - offsetBits;
  while (widths.length > 0 && taken >= widths.at(-1)!) taken -= widths.pop()!;
  if (widths.length > 0) widths[widths.length - 1]! -= taken;
  return widths;
}

const flat = (
  name: string,
  addressBits: number,
  addresses: 'signed' | 'unsigned',
  topBits: number,
  tables: (offsetBits: number) => ReplayedScheme['tables'],
): Named => ({
  name,
  addressBits,
  addresses,
  at: (offsetBits) => {
    const pageBits = addressBits - topBits - offsetBits;
    if (pageBits < 1) return undefined;
    const widths = topBits === 0 ? [pageBits, offsetBits] : [topBits, pageBits, offsetBits];
    return { name, addressBits, addresses, offsetBits, widths, tables: tables(offsetBits) };
  },
});

const linear = (name: string, segmentBits: number): Named =>
  flat(name, 32, 'unsigned', segmentBits, (offsetBits) => (pages) => {
    const shape = { addressBits: 32, offsetBits, entryBytes: 4, segmentBits };
    return new ReplayedLinear(shape, pages);
  });

const inverted = (name: string, search: 'hash' | 'scan'): Named =>
  flat(
    name,
    48,
    'signed',
    0,
    (offsetBits) => (pages, frames) => new ReplayedInverted(search, frames, offsetBits, pages),
  );

const SCHEMES: readonly Named[] = [
  radix(sv39),
  radix(sv48),
  radix(twoLevel),
  linear('linear', 0),
  linear('hybrid', 2),
  inverted('inverted', 'hash'),
  inverted('inverted:scan', 'scan'),
  flat(
    'hashed',
    48,
    'signed',
    0,
    (offsetBits) => (pages, frames) => new ReplayedHashed(frames, offsetBits, pages),
  ),
  radix(x86),
];

export const replayedSchemeNames: readonly string[] = SCHEMES.map(({ name }) => name);

/**
 * @param wanted a name, or a geometry
 * @param pageSize bytes, a power of two
 * @throws UserError when there is no such scheme, or it has no room for pages of that size
 */
export function replayedScheme(
  wanted: string | ReplayedGeometry,
  pageSize: number,
  place: string,
): ReplayedScheme {
  const found = typeof wanted === 'string' ? SCHEMES.find(({ name }) => name === wanted) : radix(wanted);
  if (found === undefined)
    throw new UserError(
      place,
      `unknown '${String(wanted)}'; known: ${replayedSchemeNames.join(', ')}, or a geometry: ./geometry.json`,
    );
  const scheme = found.at(Math.log2(pageSize), place);
  if (scheme !== undefined) return scheme;
  throw new UserError(
    place,
    `${found.name} has addresses of ${found.addressBits} bits, too few for pages of ${formatSize(pageSize)}`,
  );
}

/** @throws UserError when memory has more frames than tables for them are kept here */
export function checkFrames(frames: number, place: string): void {
  if (frames > MOST_FRAMES) throw new UserError(place, `${frames} frames; at most ${MOST_FRAMES}`);
}

/** Whether a page of 64-bit numbers lies in a scheme's space: below its end, or in the upper half of a signed one. */
function isInside(
  { addressBits, addresses, offsetBits }: ReplayedScheme,
  low: number,
  high: number,
): boolean {
  const bits = addressBits - offsetBits;
  const number = low + high * WORD;
  if (addresses === 'unsigned') return number < 2 ** bits;
  if (number < 2 ** (bits - 1)) return true;
  // Addresses of 64 bits without the offset: those of the upper half end in ones above.
  return number >= 2 ** (64 - offsetBits) - 2 ** (bits - 1);
}

/** The first page, as the trace numbers them, that a scheme has no address for; -1: all fit. */
export function firstOutside(scheme: ReplayedScheme, { names, pages }: DenseTrace): number {
  for (let page = 0; page < pages; page++)
    if (!isInside(scheme, names.low[page]!, names.high[page]!)) return page & PAGE_MASK;
  return -1;
}

/** Names of schemes that have an address for the page of these halves, with pages of the same size. */
export const schemesFor = (pageSize: number, low: number, high: number): string[] =>
  SCHEMES.filter((one) => {
    const scheme = one.at(Math.log2(pageSize), '');
    return scheme !== undefined && isInside(scheme, low, high);
  }).map(({ name }) => name);

/** A trace's pages as a scheme numbers them. */
export function pagesOf({ addressBits, offsetBits }: ReplayedScheme, trace: DenseTrace): ReplayedPages {
  const { low, high, owner } = trace.names;
  const upper = 2 ** Math.max(0, addressBits - offsetBits - 32);
  return {
    count: trace.pages,
    // What is beyond the scheme's bits is the sign, of which tables know nothing.
    numberOf: (page) => (upper === 1 ? low[page]! : low[page]! + (high[page]! % upper) * WORD),
    spaceOf: (page) => owner[page]!,
    spaces: trace.owners,
  };
}
