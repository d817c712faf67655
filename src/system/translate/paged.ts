/** What all schemes of pages have in common: geometry, mappings, and entries as configurations give them. */
import { UserError } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Figure, LoadedValue } from '../../report/translate-schema.ts';
import type { PagedScheme } from '../../translation/contract.ts';
import {
  decodeLeaf,
  type EntryFormat,
  type EntryHalves,
  encodePointer,
  entryOf,
  frameIn,
  hasBit,
  isLeaf,
  type Permissions,
  pageEntry,
  readEntry,
  userLimit,
} from '../../translation/radix.ts';
import { sv39 } from '../../translation/sv39.ts';
import { twoLevel } from '../../translation/two-level.ts';
import { parseAmount, parsePermissions, permissionText } from './amounts.ts';
import type { Mapping, Place, TableEntry } from './config.ts';

interface PagedGeometry {
  readonly addressBits?: number | undefined;
  readonly offsetBits?: number | undefined;
  readonly entryBytes?: 4 | 8 | undefined;
}

/** Entries of 4 bytes as in Sv32, of 8 as in Sv39, at any page size; the whole range is the program's. */
export function plainFormat(name: string, config: PagedGeometry, place: Place): EntryFormat {
  const { addressBits = 32, offsetBits = 12, entryBytes = 4 } = config;
  if (offsetBits >= addressBits)
    throw new UserError(place('offsetBits'), `${offsetBits} of ${addressBits} bits leave none for the page`);
  const like = entryBytes === 4 ? twoLevel : sv39;
  return { name, addressBits, offsetBits, entryBytes, addresses: 'unsigned', entry: like.entry };
}

/** A page that a configuration maps. */
export interface MappedPage {
  readonly page: number;
  readonly frame: number;
  readonly allowed: Permissions;
  readonly space: number;
  readonly place: string;
}

/** Pages that all mappings together may have. */
const MOST_PAGES = 1_000_000;

/**
 * Every page of the mappings.
 * @param space of those that name none; `undefined`: the tables are those of one space, and none can be named
 * @throws UserError naming the mapping
 */
export function pagesOfMappings(
  mappings: readonly Mapping[],
  format: EntryFormat,
  space: number | undefined,
  place: Place,
): MappedPage[] {
  const size = 2 ** format.offsetBits;
  const seen = new Set<string>();
  const list: MappedPage[] = [];
  for (const [i, given] of mappings.entries()) {
    const at = (key: string) => place(`mappings.${i}.${key}`);
    const virtual = parseAmount(given.virtual, at('virtual'));
    const count = given.pages ?? 1;
    if (virtual % size !== 0)
      throw new UserError(at('virtual'), `${given.virtual} is no multiple of the page size, ${size}`);
    if (virtual + count * size > userLimit(format)) {
      const last = hexAddress(userLimit(format) - 1, format.addressBits);
      throw new UserError(at('virtual'), `${count} pages from ${given.virtual} on exceed the space: ${last}`);
    }
    if (given.space !== undefined && space === undefined)
      throw new UserError(at('space'), 'the tables are those of one space');
    if (given.frame + count > mostFrames(format))
      throw new UserError(at('frame'), `frames of entries are below ${mostFrames(format)}`);
    if (list.length + count > MOST_PAGES)
      throw new UserError(at('pages'), `all mappings together have more than ${MOST_PAGES} pages`);
    const allowed = permissionsFor(format, given.access ?? 'rw', at('access'));
    for (let k = 0; k < count; k++) {
      const page = virtual / size + k;
      const owner = given.space ?? space ?? 0;
      if (seen.has(`${owner}:${page}`))
        throw new UserError(at('virtual'), `page ${page} of this mapping is mapped already`);
      seen.add(`${owner}:${page}`);
      list.push({ page, frame: given.frame + k, allowed, space: owner, place: place(`mappings.${i}`) });
    }
  }
  return list;
}

/** Frames that entries can name, and whose addresses are exact numbers. */
const mostFrames = ({ entry, offsetBits }: EntryFormat): number =>
  2 ** Math.min(entry.ppnBits, 52 - offsetBits);

function permissionsFor({ entry }: EntryFormat, text: string, place: string): Permissions {
  const allowed = parsePermissions(text, place);
  if (entry.read !== undefined && allowed.write && !allowed.read)
    throw new UserError(place, `'${text}': entries that allow stores and no loads are reserved`);
  if (entry.read === undefined && !allowed.read)
    throw new UserError(place, `'${text}': valid entries of this format always allow loads`);
  return allowed;
}

/** Pages to which entries lead that are given one by one; only their frames and places say anything. */
export function pagesOfEntries(
  entries: readonly (readonly [entry: TableEntry, place: string])[],
): MappedPage[] {
  const allowed = { read: true, write: true, execute: true };
  return entries.flatMap(([entry, place]) =>
    entry !== null && typeof entry === 'object' && 'frame' in entry
      ? [{ page: 0, frame: entry.frame, allowed, space: 0, place }]
      : [],
  );
}

/** First frame behind all of the pages. */
export const frameBehind = (pages: readonly MappedPage[]): number =>
  pages.reduce((most, { frame }) => Math.max(most, frame + 1), 0);

/** Enters pages. @param why there may be no room for one */
export function mapAll(
  pages: readonly MappedPage[],
  schemeOf: (page: MappedPage) => PagedScheme,
  why: (page: MappedPage) => string,
): void {
  for (const one of pages) {
    if (schemeOf(one).map(one.page, one.frame, one.allowed) === 'mapped') continue;
    throw new UserError(one.place, why(one));
  }
}

/**
 * Physical memory in bytes: as given, or up to the end of pages and tables.
 * @throws UserError when pages or tables exceed it, or a page lies where a table does
 */
export function checkMemory(
  format: EntryFormat,
  given: number | string | undefined,
  pages: readonly MappedPage[],
  tables: readonly { readonly from: number; readonly bytes: number }[],
  place: Place,
): number {
  const size = 2 ** format.offsetBits;
  const tableEnd = Math.max(0, ...tables.map(({ from, bytes }) => from + bytes));
  const memory =
    given === undefined
      ? Math.max(size, frameBehind(pages) * size, tableEnd)
      : parseAmount(given, place('memory'));
  if (tableEnd > memory)
    throw new UserError(place('memory'), `tables end at byte ${tableEnd}, which exceeds ${memory} bytes`);
  for (const { frame, place: at } of pages) {
    const from = frame * size;
    if (from + size > memory) throw new UserError(at, `frame ${frame} exceeds memory of ${memory} bytes`);
    const table = tables.find((one) => from < one.from + one.bytes && one.from < from + size);
    if (table !== undefined) throw new UserError(at, `frame ${frame} holds a page table`);
  }
  return memory;
}

/**
 * An entry's bits. @param upper whether it may lead to a table
 * @throws UserError naming its place
 */
export function entryBits(
  format: EntryFormat,
  given: TableEntry,
  upper: 'upper' | 'last',
  place: string,
): EntryHalves {
  if (given === null) return { low: 0, high: 0 };
  if (typeof given === 'string') {
    const whole = BigInt(given);
    if (whole >= 2n ** BigInt(format.entryBytes * 8))
      throw new UserError(place, `${given} is more than the ${format.entryBytes} bytes of an entry`);
    return { low: Number(whole & 0xffff_ffffn), high: Number(whole >> 32n) };
  }
  const frame = 'table' in given ? given.table : given.frame;
  if (frame >= mostFrames(format))
    throw new UserError(place, `frames of entries are below ${mostFrames(format)}`);
  if ('table' in given) {
    if (upper === 'last') throw new UserError(place, 'entries of the last level lead to pages');
    return encodePointer(format.entry, frame as Frame);
  }
  const entry = pageEntry(
    format.entry,
    frame,
    permissionsFor(format, given.access ?? 'rw', place),
    leafBit(),
  );
  if (given.owner !== 'kernel') return entry;
  return { low: (entry.low & ~(1 << format.entry.user)) >>> 0, high: entry.high };

  function leafBit(): number {
    return upper === 'upper' && format.entry.leaf !== undefined ? 1 << format.entry.leaf : 0;
  }
}

const hexBits = (halves: readonly number[]): string =>
  `0x${halves.map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')}`;

/** The bits of words, the highest first. */
export const wordsAt = (ram: DataView, address: number, bytes: number): string =>
  hexBits(Array.from({ length: bytes / 4 }, (_, i) => ram.getUint32(address + bytes - 4 - 4 * i, true)));

/** What an entry of a page or of a table says. */
export function entryValue(
  format: EntryFormat,
  ram: DataView,
  address: number,
  level: 'upper' | 'last',
): LoadedValue {
  return {
    value: wordsAt(ram, address, format.entryBytes),
    meaning: entryMeaning(format, readEntry(format, ram, address), level),
  };
}

export function entryMeaning(format: EntryFormat, halves: EntryHalves, level: 'upper' | 'last'): string {
  const { entry } = format;
  const { low, high } = halves;
  if (!hasBit(low, entry.valid))
    return (low | high) === 0 ? 'not valid' : "not valid; the other bits are the kernel's";
  if (level === 'upper' && !isLeaf(entry, low)) return `table in frame ${frameIn(entry, low, high)}`;
  const leaf = decodeLeaf(entry, halves);
  return [
    `frame ${leaf.frame}, ${permissionText(leaf)}`,
    leaf.user ? '' : "not the program's",
    leaf.accessed ? 'referenced' : '',
    leaf.dirty ? 'dirty' : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Bits of an inverted entry's flags as words: `rw-, referenced`. */
export function flagsMeaning(format: EntryFormat, flags: number): string {
  const { entry } = format;
  const { low, high } = entryOf({ ...entry, ppnShift: 10 }, 0, flags & 0x3ff);
  return entryMeaning(format, { low, high }, 'last').replace(/^frame 0, /, '');
}

/** What the notes ask of page tables. */
const NOTES_SPAN = 2 ** 21;
const NOTES_PROCESSES = 100;

/** Figures of every scheme of pages. */
export function pageFigures(format: EntryFormat): Figure[] {
  const size = 2 ** format.offsetBits;
  const space = userLimit(format);
  const half = format.addresses === 'signed' ? ", of which the upper half is the kernel's" : '';
  return [
    { name: 'address space', value: space, unit: 'bytes', note: `${format.addressBits} bits${half}` },
    { name: 'page', value: size, unit: 'bytes', note: `${format.offsetBits} bits of offset` },
    { name: 'pages', value: space / size, unit: 'count', note: '' },
    ...(space < NOTES_SPAN
      ? []
      : [
          {
            name: 'pages that 2M takes',
            value: Math.ceil(NOTES_SPAN / size),
            unit: 'count' as const,
            note: '',
          },
        ]),
  ];
}

/** What the tables of a hundred processes take, of memory when that is known. */
export function hundredTables(bytes: number, memory: number | undefined, what: string): Figure {
  const all = bytes * NOTES_PROCESSES;
  return {
    name: `tables of ${NOTES_PROCESSES} processes`,
    value: all,
    unit: 'bytes',
    note: memory === undefined ? what : `${what}; ${((100 * all) / memory).toFixed(1)} % of memory`,
  };
}
