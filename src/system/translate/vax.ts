/** The VAX's layout from a configuration: tables of two regions in virtual memory, behind the system's table. */
import { UserError } from '../../base/errors.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, Figure } from '../../report/translate-schema.ts';
import { encodeInvalid, TABLE_SWAPPED } from '../../translation/invalid-entry.ts';
import { frameIn, hasBit, readEntry, writeEntry } from '../../translation/radix.ts';
import { CountedFrames } from '../../translation/radix-tables.ts';
import {
  type SystemTable,
  type VaxFormat,
  type VaxRegisters,
  VaxScheme,
  vaxFormat,
} from '../../translation/vax.ts';
import { parseAmount } from './amounts.ts';
import { type Built, bitsFor, rangesOf, runsOf, tableMemory } from './built.ts';
import type { ConfigOf, Place } from './config.ts';
import {
  checkMemory,
  entryMeaning,
  entryValue,
  frameBehind,
  hundredTables,
  type MappedPage,
  mapAll,
  pageFigures,
  pagesOfMappings,
  plainFormat,
} from './paged.ts';

type Config = ConfigOf<'vax'>;

/** Everything a walk goes by. */
interface Layout {
  readonly format: VaxFormat;
  readonly system: SystemTable;
  readonly registers: VaxRegisters;
  /** Frame of the first page of a table. */
  readonly first: number;
  /** Pages of tables in memory. */
  readonly tablePages: number;
  readonly ram: DataView;
}

/** A page of a table that is in memory. */
interface TablePage {
  readonly systemPage: number;
  readonly frame: number;
  /** First page that it maps. */
  readonly from: number;
}

export function buildVax(config: Config, place: Place): Built {
  const format = formatOf(config, place);
  const { pageSize: size } = format;
  const pages = pagesOfMappings(config.mappings ?? [], format, undefined, place);
  const layout = layoutOf(config, format, pages, place);
  const { system, registers, first, tablePages, ram } = layout;
  const spans = [
    { from: system.base, bytes: system.length * format.entryBytes },
    { from: first * size, bytes: tablePages * size },
  ];
  if (overlap(spans[0]!, spans[1]!))
    throw new UserError(place('firstTable'), `frame ${first} and those behind it hold the system table`);
  const memory = checkMemory(format, config.memory, pages, spans, place);
  const physicalBits = bitsFor(memory - 1);
  const scheme = new VaxScheme(format, ram, system, registers, new CountedFrames(first, tablePages));
  mapAll(
    pages,
    () => scheme,
    ({ page }) => `page ${page} lies beyond the length of its region's table`,
  );
  swapTables(config, layout, place);
  const known = config.memory === undefined ? undefined : memory;
  const runs = runsOf(validPages(layout), size);
  return {
    kind: 'vax',
    title: config.title ?? 'VAX: P0 and P1 in virtual memory',
    scheme,
    physicalBits,
    value: (what, address) => entryValue(format, ram, address, what === 'page entry' ? 'last' : 'upper'),
    runs: () => runs,
    figures: () => figuresOf(layout, known),
    ranges: () => rangesOf(runs, format.addressBits, 'pages'),
    contents: () => contentsOf(layout, physicalBits),
  };
}

const overlap = (a: { from: number; bytes: number }, b: { from: number; bytes: number }): boolean =>
  a.bytes > 0 && b.bytes > 0 && a.from < b.from + b.bytes && b.from < a.from + a.bytes;

function formatOf(config: Config, place: Place): VaxFormat {
  const { addressBits, offsetBits } = plainFormat('vax', config, place);
  if (offsetBits < 2) throw new UserError(place('offsetBits'), 'a page holds an entry of 4 bytes at least');
  if (addressBits < 2 * offsetBits)
    throw new UserError(
      place('addressBits'),
      `a quarter of ${addressBits} bits does not fill a page of its table; pages of 2^${offsetBits} bytes need ${2 * offsetBits}`,
    );
  return vaxFormat({ addressBits, offsetBits });
}

/** The length registers: as given, or as the mappings need. */
function lengthsOf(
  config: Config,
  { regionPages }: VaxFormat,
  pages: readonly MappedPage[],
  place: Place,
): Pick<VaxRegisters, 'p0Length' | 'p1Length'> {
  const beyond = pages.find(({ page }) => page >= 2 * regionPages);
  if (beyond !== undefined)
    throw new UserError(beyond.place, `page ${beyond.page} is the system's; programs have P0 and P1`);
  const isP0 = ({ page }: MappedPage) => page < regionPages;
  const lengthOf = (key: 'p0Length' | 'p1Length', needed: number): number => {
    const length = config[key] === undefined ? needed : parseAmount(config[key], place(key));
    if (length <= regionPages) return length;
    throw new UserError(place(key), `a region has ${regionPages} pages, and ${length} exceed it`);
  };
  const end = pages.filter(isP0).reduce((most, { page }) => Math.max(most, page + 1), 0);
  const inP1 = pages.filter((one) => !isP0(one)).map(({ page }) => page - regionPages);
  const start = inP1.reduce((least, page) => Math.min(least, page), regionPages);
  return { p0Length: lengthOf('p0Length', end), p1Length: lengthOf('p1Length', start) };
}

/** Where everything lies: P0's table in the first pages of S, P1's behind it; in memory the pages that anything needs. */
function layoutOf(config: Config, format: VaxFormat, pages: readonly MappedPage[], place: Place): Layout {
  const { pageSize, regionPages, tableEntries, entryBytes, systemStart } = format;
  const lengths = lengthsOf(config, format, pages, place);
  const inP1 = Math.ceil((regionPages - lengths.p1Length) / tableEntries);
  const length = Math.ceil(lengths.p0Length / tableEntries) + inP1;
  const behind = frameBehind(pages) * pageSize;
  const base = config.base === undefined ? behind : parseAmount(config.base, place('base'));
  if (base % entryBytes !== 0)
    throw new UserError(
      place('base'),
      `${config.base} is no multiple of the ${entryBytes} bytes of an entry`,
    );
  const bytes = length * entryBytes;
  const first = config.firstTable ?? Math.ceil((base + bytes) / pageSize);
  const tablePages = new Set(pages.map(({ page }) => Math.floor(page / tableEntries))).size;
  const end = Math.max(base + bytes, (first + tablePages) * pageSize);
  const p1Base = systemStart + length * pageSize - regionPages * entryBytes;
  return {
    format,
    system: { base, length },
    registers: { ...lengths, p0Base: systemStart, p1Base },
    first,
    tablePages,
    ram: tableMemory(end, place(config.firstTable === undefined ? 'base' : 'firstTable')),
  };
}

/** Makes pages of S absent, each in a slot of swap that has its number. */
function swapTables({ swapped = [] }: Config, { format, system, ram }: Layout, place: Place): void {
  swapped.forEach((page, i) => {
    if (page >= system.length)
      throw new UserError(place(`swapped.${i}`), `S has ${system.length} pages, from 0 on`);
    const at = system.base + page * format.entryBytes;
    if (!hasBit(ram.getUint32(at, true), format.entry.valid))
      throw new UserError(place(`swapped.${i}`), `page ${page} of S has no table that maps anything`);
    writeEntry(format, ram, at, encodeInvalid(format, TABLE_SWAPPED, page));
  });
}

/** Pages of tables in memory, in the order of what they map. */
function tablePagesOf({ format, system, registers, ram }: Layout): TablePage[] {
  const { regionPages, tableEntries, entryBytes } = format;
  const whole0 = Math.ceil(registers.p0Length / tableEntries);
  const found: TablePage[] = [];
  for (let systemPage = 0; systemPage < system.length; systemPage++) {
    const { low, high } = readEntry(format, ram, system.base + systemPage * entryBytes);
    if (!hasBit(low, format.entry.valid)) continue;
    // P1's table ends with the last page of P1.
    const from =
      systemPage < whole0
        ? systemPage * tableEntries
        : 2 * regionPages - (system.length - systemPage) * tableEntries;
    found.push({ systemPage, frame: frameIn(format.entry, low, high), from });
  }
  return found;
}

/** Pages, with their entries, that a page of a table has. */
function entriesOf({ format, ram }: Layout, { frame, from }: TablePage) {
  const { tableEntries, entryBytes, pageSize } = format;
  return Array.from({ length: tableEntries }, (_, index) => {
    const at = frame * pageSize + index * entryBytes;
    return { page: from + index, at, entry: readEntry(format, ram, at) };
  }).filter(({ entry }) => (entry.low | entry.high) !== 0);
}

const validPages = (layout: Layout): number[] =>
  tablePagesOf(layout).flatMap((table) => entriesOf(layout, table).map(({ page }) => page));

function figuresOf(layout: Layout, memory: number | undefined): Figure[] {
  const { format, system, tablePages } = layout;
  const { regionPages, entryBytes, pageSize, tableEntries } = format;
  const bytes = tablePages * pageSize;
  return [
    ...pageFigures(format),
    { name: 'pages of a region', value: regionPages, unit: 'count', note: "P0 and P1 are a program's" },
    {
      name: 'table of a whole region',
      value: regionPages * entryBytes,
      unit: 'bytes',
      note: `of virtual memory: ${regionPages / tableEntries} pages of S`,
    },
    { name: 'pages of S', value: system.length, unit: 'count', note: 'that the lengths of both tables take' },
    { name: 'system table', value: system.length * entryBytes, unit: 'bytes', note: 'in physical memory' },
    { name: 'pages of tables', value: tablePages, unit: 'count', note: `that map anything: ${bytes} bytes` },
    hundredTables(bytes, memory, 'each like these'),
    {
      name: 'loads of a walk',
      value: 2,
      unit: 'count',
      note: '1 when the page of the table is not in memory',
    },
  ];
}

function contentsOf(layout: Layout, physicalBits: number): Contents[] {
  const { format, system, registers, ram } = layout;
  const virtual = (address: number) => hexAddress(address, format.addressBits);
  const leads = Array.from({ length: system.length }, (_, systemPage) => {
    const at = system.base + systemPage * format.entryBytes;
    return { systemPage, at, entry: readEntry(format, ram, at) };
  }).filter(({ entry }) => (entry.low | entry.high) !== 0);
  return [
    {
      title: 'registers',
      head: ['register', 'base', 'length'],
      rows: [
        ['system', hexAddress(system.base, physicalBits), String(system.length)],
        ['P0', virtual(registers.p0Base), String(registers.p0Length)],
        ['P1', virtual(registers.p1Base), `${registers.p1Length} (pages without an entry)`],
      ],
    },
    {
      title: 'system table (entries that are not listed are 0)',
      head: ['page of S', 'is', 'address', 'value'],
      rows: leads.map(({ systemPage, at, entry }) => [
        String(systemPage),
        virtual(format.systemStart + systemPage * format.pageSize),
        hexAddress(at, physicalBits),
        entryMeaning(format, entry, 'upper'),
      ]),
    },
    ...tablePagesOf(layout).map((table) => ({
      title: `page ${table.systemPage} of S, in frame ${table.frame} (entries that are not listed are 0)`,
      head: ['entry', 'page', 'address', 'value'],
      rows: entriesOf(layout, table).map(({ page, at, entry }) => [
        String(page % format.tableEntries),
        virtual(page * format.pageSize),
        hexAddress(at, physicalBits),
        entryMeaning(format, entry, 'last'),
      ]),
    })),
  ];
}
