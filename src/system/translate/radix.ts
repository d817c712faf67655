/** Radix tables from a configuration: built from mappings, or entry by entry. */
import { UserError } from '../../base/errors.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, Figure, Range } from '../../report/translate-schema.ts';
import {
  frameIn,
  hasBit,
  indexShift,
  isLeaf,
  type RadixFormat,
  readEntry,
  userLimit,
} from '../../translation/radix.ts';
import { CountedFrames, RadixScheme, tableBytes } from '../../translation/radix-tables.ts';
import { sv39 } from '../../translation/sv39.ts';
import { sv48 } from '../../translation/sv48.ts';
import { twoLevel } from '../../translation/two-level.ts';
import { x86 } from '../../translation/x86-64.ts';
import { type Built, bitsFor, type Run, tableMemory } from './built.ts';
import type { Place, RadixConfig } from './config.ts';
import { type GivenTables, TableWriter } from './given-tables.ts';
import {
  checkMemory,
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

const named = { 'two-level': twoLevel, sv39, sv48, 'x86-64': x86 } as const;

/** The geometry of a configuration; bits must add up, and a table must fit into a page. */
function formatOf(config: RadixConfig, place: Place): RadixFormat {
  if (config.scheme !== 'multi-level') return named[config.scheme];
  const { indexBits, offsetBits } = config;
  const sum = indexBits.reduce((all, bits) => all + bits, offsetBits);
  const adding = `${indexBits.join(' + ')} + ${offsetBits}`;
  if (config.addressBits !== undefined && config.addressBits !== sum)
    throw new UserError(place('addressBits'), `${adding} bits are ${sum}, not ${config.addressBits}`);
  if (sum > 52) throw new UserError(place('indexBits'), `${adding} bits are ${sum}; at most 52 can be had`);
  const format: RadixFormat = {
    ...plainFormat('multi-level', { ...config, addressBits: sum }, place),
    indexBits,
  };
  indexBits.forEach((bits, level) => {
    if (tableBytes(format, level) <= 2 ** offsetBits) return;
    throw new UserError(
      place(`indexBits.${level}`),
      `2^${bits} entries of ${format.entryBytes} bytes are more than a page of ${2 ** offsetBits}`,
    );
  });
  return format;
}

/** A table that there is. */
interface Table {
  readonly frame: number;
  readonly level: number;
  /** First address that it maps. */
  readonly from: number;
}

export function buildRadix(config: RadixConfig, place: Place): Built {
  const format = formatOf(config, place);
  const size = 2 ** format.offsetBits;
  const pages = pagesOfMappings(config.mappings ?? [], format, undefined, place);
  if (config.tables !== undefined && (config.mappings ?? []).length > 0)
    throw new UserError(place('tables'), 'give either tables or mappings');
  const scheme =
    config.tables === undefined
      ? fromMappings(config, format, pages, place)
      : fromTables(config, config.tables, format, place);
  const tables = tablesOf(format, scheme.ram, scheme.root);
  const spans = tables.map(({ frame }) => ({ from: frame * size, bytes: size }));
  const all = [...pages, ...pagesOfEntries(entriesOf(config, place))];
  const memory = checkMemory(format, config.memory, all, spans, place);
  const physicalBits = Math.max(bitsFor(memory - 1), config.memory === undefined ? 32 : 0);
  const entryRows = { format, ram: scheme.ram, physicalBits };
  const title = `${config.scheme}, ${[...format.indexBits, format.offsetBits].join('/')}`;
  return {
    kind: config.scheme,
    title: config.title ?? title,
    scheme: scheme.scheme,
    physicalBits,
    value: (what, address) =>
      entryValue(format, scheme.ram, address, what === 'page entry' ? 'last' : 'upper'),
    runs: () => runsOfTables(format, scheme.ram, tables),
    figures: () => figuresOf(format, tables, config.memory === undefined ? undefined : memory),
    ranges: () => rangesOfRoot(format, scheme.ram, scheme.root),
    contents: () => [
      {
        title: 'registers',
        head: ['register', 'frame', 'address'],
        rows: [['root', String(scheme.root), hexAddress(scheme.root * size, physicalBits)]],
      },
      ...tables.map((table) => contentsOf(table, entryRows)),
    ],
  };
}

const entriesOf = (config: RadixConfig, place: Place) =>
  Object.entries(config.tables ?? {}).flatMap(([table, entries]) =>
    Object.entries(entries).map(([index, entry]) => [entry, place(`tables.${table}.${index}`)] as const),
  );

interface Made {
  readonly scheme: RadixScheme;
  readonly ram: DataView;
  readonly root: number;
}

function fromMappings(
  config: RadixConfig,
  format: RadixFormat,
  pages: readonly MappedPage[],
  place: Place,
): Made {
  if (config.root !== undefined)
    throw new UserError(place('root'), 'belongs to tables; where mappings are given, say firstTable');
  const root = config.firstTable ?? frameBehind(pages);
  const size = 2 ** format.offsetBits;
  const count = countTables(format, pages);
  const ram = tableMemory((root + count) * size, place('firstTable'));
  const frames = new CountedFrames(root, count);
  const scheme = new RadixScheme(format, ram, frames.take(), frames);
  mapAll(
    pages,
    () => scheme,
    () => 'there is no frame left for a table',
  );
  return { scheme, ram, root };
}

/** Tables that pages need: the root, and one for each part of a level that has a page. */
function countTables(format: RadixFormat, pages: readonly MappedPage[]): number {
  let count = 1;
  for (let level = 0; level < format.indexBits.length - 1; level++) {
    const span = 2 ** (indexShift(format, level) - format.offsetBits);
    count += new Set(pages.map(({ page }) => Math.floor(page / span))).size;
  }
  return count;
}

function fromTables(config: RadixConfig, given: GivenTables, format: RadixFormat, place: Place): Made {
  const writer = new TableWriter(format, given, place);
  const root = writer.rootOf(config.root ?? config.firstTable);
  const ram = tableMemory((writer.lastTable + 1) * 2 ** format.offsetBits, place('tables'));
  // Before the entries: a root is made empty.
  const scheme = new RadixScheme(format, ram, root, new CountedFrames(0, 0));
  writer.write(ram, root);
  return { scheme, ram, root };
}

/** Every table that can be reached, each once, by level and address. */
function tablesOf(format: RadixFormat, ram: DataView, root: number): Table[] {
  const found: Table[] = [{ frame: root, level: 0, from: 0 }];
  const seen = new Set([root]);
  for (let i = 0; i < found.length; i++) {
    const { frame, level, from } = found[i]!;
    if (level === format.indexBits.length - 1) continue;
    eachEntry(format, ram, frame, level, (index, low, high) => {
      if (!hasBit(low, format.entry.valid) || isLeaf(format.entry, low)) return;
      const target = frameIn(format.entry, low, high);
      if (seen.has(target)) return;
      seen.add(target);
      found.push({ frame: target, level: level + 1, from: from + index * 2 ** indexShift(format, level) });
    });
  }
  return found;
}

/** Visits the entries of a table that are not zero. */
function eachEntry(
  format: RadixFormat,
  ram: DataView,
  frame: number,
  level: number,
  visit: (index: number, low: number, high: number, address: number) => void,
): void {
  for (let index = 0; index < 2 ** format.indexBits[level]!; index++) {
    const address = frame * 2 ** format.offsetBits + index * format.entryBytes;
    const { low, high } = readEntry(format, ram, address);
    if ((low | high) !== 0) visit(index, low, high, address);
  }
}

function runsOfTables(format: RadixFormat, ram: DataView, tables: readonly Table[]): Run[] {
  const found: Run[] = [];
  for (const { frame, level, from } of tables) {
    const last = level === format.indexBits.length - 1;
    const bytes = 2 ** indexShift(format, level);
    eachEntry(format, ram, frame, level, (index, low) => {
      const start = from + index * bytes;
      if (!hasBit(low, format.entry.valid) || !isLeaf(format.entry, low, last ? 'last' : 'upper')) return;
      if (start < userLimit(format)) found.push({ from: start, bytes });
    });
  }
  found.sort((a, b) => a.from - b.from);
  const runs: { from: number; bytes: number }[] = [];
  for (const { from, bytes } of found) {
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.bytes === from) last.bytes += bytes;
    else runs.push({ from, bytes });
  }
  return runs;
}

function figuresOf(format: RadixFormat, tables: readonly Table[], memory: number | undefined): Figure[] {
  const size = 2 ** format.offsetBits;
  const levels = format.indexBits.length;
  const linear = (userLimit(format) / size) * format.entryBytes;
  const bytes = tables.length * size;
  return [
    ...pageFigures(format),
    ...format.indexBits.map(
      (bits, level): Figure => ({
        name: `an entry of level ${levels - 1 - level} maps`,
        value: 2 ** indexShift(format, level),
        unit: 'bytes',
        note: `2^${bits} entries of ${format.entryBytes} bytes: ${tableBytes(format, level)} bytes a table`,
      }),
    ),
    { name: 'tables here', value: tables.length, unit: 'count', note: `each in a page: ${bytes} bytes` },
    { name: 'least tables', value: levels, unit: 'count', note: `for one page: ${levels * size} bytes` },
    { name: 'a linear table', value: linear, unit: 'bytes', note: 'of the same space' },
    hundredTables(bytes, memory, 'each like these'),
    {
      name: 'loads of a walk',
      value: levels,
      unit: 'count',
      note: 'fewer to a large page or an invalid entry',
    },
  ];
}

/** The range of each valid entry of the root, and those that invalid entries leave out. */
function rangesOfRoot(format: RadixFormat, ram: DataView, root: number): Range[] {
  const span = 2 ** indexShift(format, 0);
  const ranges: Range[] = [];
  let next = 0;
  const end = 2 ** format.addressBits;
  eachEntry(format, ram, root, 0, (index, low) => {
    if (!hasBit(low, format.entry.valid)) return;
    const from = index * span;
    if (from > next) ranges.push({ by: '', from: next, to: from - 1, state: 'not mapped' });
    ranges.push({ by: `entry ${index}`, from, to: from + span - 1, state: 'mapped' });
    next = from + span;
  });
  if (end > next) ranges.push({ by: '', from: next, to: end - 1, state: 'not mapped' });
  return ranges;
}

function contentsOf(
  { frame, level, from }: Table,
  {
    format,
    ram,
    physicalBits,
  }: { readonly format: RadixFormat; readonly ram: DataView; readonly physicalBits: number },
): Contents {
  const last = level === format.indexBits.length - 1;
  const rows: string[][] = [];
  eachEntry(format, ram, frame, level, (index, low, high, address) =>
    rows.push([
      String(index),
      hexAddress(from + index * 2 ** indexShift(format, level), format.addressBits),
      hexAddress(address, physicalBits),
      entryMeaning(format, { low, high }, last ? 'last' : 'upper'),
    ]),
  );
  const name = level === 0 ? 'root table' : `table of level ${format.indexBits.length - 1 - level}`;
  return {
    title: `${name} in frame ${frame} (entries that are not listed are 0)`,
    head: ['entry', 'maps from', 'address', 'value'],
    rows,
  };
}
