/** A linear table, or one for each segment, from a configuration. */
import { UserError } from '../../base/errors.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, Figure } from '../../report/translate-schema.ts';
import type { PagedScheme } from '../../translation/contract.ts';
import {
  type HybridFormat,
  HybridScheme,
  type HybridSegment,
  hybridBytes,
  hybridFormat,
  indexInSegment,
  segmentOf,
} from '../../translation/hybrid.ts';
import { LinearScheme, linearBytes, linearLength } from '../../translation/linear.ts';
import { type WalkFormat, walkFormat } from '../../translation/page-entry.ts';
import { hasBit, readEntry, writeEntry } from '../../translation/radix.ts';
import { parseAmount } from './amounts.ts';
import { type Built, bitsFor, rangesOf, runsOf, tableMemory } from './built.ts';
import type { ConfigOf, Place, SchemeName } from './config.ts';
import {
  checkMemory,
  entryBits,
  entryMeaning,
  entryValue,
  frameBehind,
  hundredTables,
  type MappedPage,
  mapAll,
  pageFigures,
  pagesOfEntries,
  pagesOfMappings,
  plainFormat,
} from './paged.ts';

/** A table with entries for pages, as both schemes have them. */
interface Table {
  readonly title: string;
  readonly base: number;
  readonly length: number;
  /** Page of an entry. */
  readonly pageOf: (index: number) => number;
}

export function buildLinear(config: ConfigOf<'linear'>, place: Place): Built {
  const format = walkFormat(plainFormat('linear', config, place));
  const pages = pagesOfMappings(config.mappings ?? [], format, undefined, place);
  const entries = (config.entries ?? []).map((entry, page) => [entry, place(`entries.${page}`)] as const);
  const all = [...pages, ...pagesOfEntries(entries)];
  const length =
    config.length === undefined ? linearLength(format) : parseAmount(config.length, place('length'));
  if (length > linearLength(format))
    throw new UserError(
      place('length'),
      `the space has ${linearLength(format)} pages, and ${length} exceed it`,
    );
  const base = baseOf(config.base, frameBehind(all), format, place('base'));
  const bytes = linearBytes(format, length);
  const memory = checkMemory(format, config.memory, all, [{ from: base, bytes }], place);
  const ram = tableMemory(base + bytes, place(config.base === undefined ? 'length' : 'base'));
  const scheme = new LinearScheme(format, ram, { base, length });
  mapAll(
    pages,
    () => scheme,
    ({ page }) => `page ${page} lies beyond the length of the table, ${length}`,
  );
  entries.forEach(([entry, at], page) => {
    if (page >= length) throw new UserError(at, `lies beyond the length of the table, ${length}`);
    writeEntry(format, ram, base + page * format.entryBytes, entryBits(format, entry, 'last', at));
  });
  const known = config.memory === undefined ? undefined : memory;
  return finish('linear', config.title ?? 'linear table', format, scheme, ram, memory, {
    tables: [{ title: 'page table', base, length, pageOf: (index) => index }],
    figures: [
      { name: 'entries', value: length, unit: 'count', note: `of ${format.entryBytes} bytes` },
      { name: 'page table', value: bytes, unit: 'bytes', note: 'of each process' },
      hundredTables(bytes, known, 'each has one'),
      { name: 'loads of a walk', value: 1, unit: 'count', note: '' },
    ],
    registers: [['page table', base, length]],
  });
}

/** A multiple of 8, so that no entry lies across two. */
function baseOf(
  given: number | string | undefined,
  behind: number,
  format: WalkFormat,
  place: string,
): number {
  if (given === undefined) return Math.ceil((behind * format.pageSize) / 8) * 8;
  const base = parseAmount(given, place);
  if (base % format.entryBytes === 0) return base;
  throw new UserError(place, `${given} is no multiple of the ${format.entryBytes} bytes of an entry`);
}

export function buildHybrid(config: ConfigOf<'hybrid'>, place: Place): Built {
  const plain = plainFormat('hybrid', config, place);
  if (config.segmentBits >= plain.addressBits - plain.offsetBits)
    throw new UserError(
      place('segmentBits'),
      `${config.segmentBits} bits of the segment and ${plain.offsetBits} of the offset leave none of ${plain.addressBits} for the page`,
    );
  const format = hybridFormat(plain, config.segmentBits);
  const pages = pagesOfMappings(config.mappings ?? [], format, undefined, place);
  const segments = segmentsOf(config, format, pages, place);
  const bytes = hybridBytes(format, { segments });
  const spans = segments
    .map(({ base, length }) => ({ from: base, bytes: length * format.entryBytes }))
    .filter((span) => span.bytes > 0);
  const memory = checkMemory(format, config.memory, pages, spans, place);
  const end = Math.max(0, ...spans.map((span) => span.from + span.bytes));
  const ram = tableMemory(end, place('segments'));
  const scheme = new HybridScheme(format, ram, { segments });
  mapAll(
    pages,
    () => scheme,
    ({ page }) => `page ${page} lies beyond the table of segment ${segmentOf(format, page)}`,
  );
  const whole = linearBytes(format, linearLength(format));
  const known = config.memory === undefined ? undefined : memory;
  return finish('hybrid', config.title ?? 'paging and segments', format, scheme, ram, memory, {
    tables: segments.map((segment, index) => tableOfSegment(format, segment, index)),
    figures: [
      { name: 'pages of the largest segment', value: format.segmentPages, unit: 'count', note: '' },
      { name: 'tables of all segments', value: bytes, unit: 'bytes', note: 'of this process' },
      { name: 'a linear table', value: whole, unit: 'bytes', note: 'of the same space' },
      { name: 'saved', value: whole - bytes, unit: 'bytes', note: '' },
      hundredTables(bytes, known, 'each like this one'),
      { name: 'loads of a walk', value: 1, unit: 'count', note: '' },
    ],
    registers: segments.map(({ base, length }, i) => [`segment ${i}`, base, length] as const),
  });
}

function tableOfSegment(format: HybridFormat, segment: HybridSegment, index: number): Table {
  const first = index * format.segmentPages;
  const { base, length, grows } = segment;
  return {
    title: `page table of segment ${index}, which grows ${grows}`,
    base,
    length,
    pageOf: (entry) => first + (grows === 'up' ? entry : format.segmentPages - 1 - entry),
  };
}

/** Registers of all segments; tables without a place lie one behind another. */
function segmentsOf(
  config: ConfigOf<'hybrid'>,
  format: HybridFormat,
  pages: readonly MappedPage[],
  place: Place,
): HybridSegment[] {
  const count = 2 ** config.segmentBits;
  const given = config.segments ?? [];
  if (given.length > count)
    throw new UserError(place(`segments.${count}`), `${config.segmentBits} bits select ${count} segments`);
  let next = baseOf(config.base, frameBehind(pages), format, place('base'));
  return Array.from({ length: count }, (_, index): HybridSegment => {
    const { grows = 'up', length: wanted, base: wish } = given[index] ?? {};
    const at = (key: string) => place(`segments.${index}.${key}`);
    const own = pages.filter(({ page }) => segmentOf(format, page) === index);
    const empty: HybridSegment = { base: 0, length: 0, grows };
    const needed = own.reduce((most, { page }) => Math.max(most, indexInSegment(format, empty, page) + 1), 0);
    const length = wanted === undefined ? needed : parseAmount(wanted, at('length'));
    if (length > format.segmentPages)
      throw new UserError(
        at('length'),
        `a segment has ${format.segmentPages} pages, and ${length} exceed it`,
      );
    const base = wish === undefined ? next : baseOf(wish, 0, format, at('base'));
    if (wish === undefined) next = base + length * format.entryBytes;
    return { base, length, grows };
  });
}

interface Parts {
  readonly tables: readonly Table[];
  readonly figures: readonly Figure[];
  readonly registers: readonly (readonly [name: string, base: number, length: number])[];
}

/** What is said alike of one table and of one for each segment. */
function finish(
  kind: SchemeName,
  title: string,
  format: WalkFormat,
  scheme: PagedScheme,
  ram: DataView,
  memory: number,
  { tables, figures, registers }: Parts,
): Built {
  const physicalBits = bitsFor(memory - 1);
  const runs = runsOf(validPages(format, ram, tables), format.pageSize);
  return {
    kind,
    title,
    scheme,
    physicalBits,
    value: (_, address) => entryValue(format, ram, address, 'last'),
    runs: () => runs,
    figures: () => [...pageFigures(format), ...figures],
    ranges: () => rangesOf(runs, format.addressBits, 'pages'),
    contents: () => [
      {
        title: 'registers',
        head: ['register', 'base', 'length'],
        rows: registers.map(([name, base, length]) => [name, hexAddress(base, physicalBits), String(length)]),
      },
      ...tables
        .filter(({ length }) => length > 0)
        .map((table) => contentsOf(format, ram, table, physicalBits)),
    ],
  };
}

/** Indices of the entries that are not zero. A table may have millions of the others. */
function entriesInUse(format: WalkFormat, ram: DataView, { base, length }: Table): number[] {
  const words = new Uint32Array(ram.buffer, base, (length * format.entryBytes) / 4);
  const perEntry = format.entryBytes / 4;
  const found: number[] = [];
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0) continue;
    const index = Math.floor(word / perEntry);
    if (found.at(-1) !== index) found.push(index);
  }
  return found;
}

function validPages(format: WalkFormat, ram: DataView, tables: readonly Table[]): number[] {
  return tables
    .flatMap((table) =>
      entriesInUse(format, ram, table)
        .filter((index) =>
          hasBit(ram.getUint32(table.base + index * format.entryBytes, true), format.entry.valid),
        )
        .map(table.pageOf),
    )
    .sort((a, b) => a - b);
}

function contentsOf(format: WalkFormat, ram: DataView, table: Table, physicalBits: number): Contents {
  return {
    title: `${table.title} (entries that are not listed are 0)`,
    head: ['entry', 'page', 'address', 'value'],
    rows: entriesInUse(format, ram, table).map((index) => {
      const at = table.base + index * format.entryBytes;
      const meaning = entryMeaning(format, readEntry(format, ram, at), 'last');
      return [String(index), String(table.pageOf(index)), hexAddress(at, physicalBits), meaning];
    }),
  };
}
