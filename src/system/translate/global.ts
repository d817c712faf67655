/** The tables that all spaces share, inverted and hashed, from a configuration. */
import { UserError } from '../../base/errors.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, Figure, LoadedValue } from '../../report/translate-schema.ts';
import type { Loaded, PagedScheme } from '../../translation/contract.ts';
import { HashedScheme, InvertedScheme } from '../../translation/global-schemes.ts';
import {
  addNodes,
  BUCKET_BYTES,
  eachHashed,
  HASHED_NODE_BYTES,
  hashedBytes,
  hashedChains,
  makeHashed,
} from '../../translation/hashed.ts';
import {
  ANCHOR_BYTES,
  clearInverted,
  eachInverted,
  INVERTED_ENTRY_BYTES,
  type InvertedTable,
  invertedBytes,
  invertedChains,
  invertedFlagsAt,
  invertedFormat,
} from '../../translation/inverted.ts';
import { type WalkFormat, walkFormat } from '../../translation/page-entry.ts';
import { pageIn, spaceIn } from '../../translation/tag.ts';
import { parseAmount } from './amounts.ts';
import { type Built, bitsFor, rangesOf, runsOf, tableMemory } from './built.ts';
import type { ConfigOf, Place } from './config.ts';
import {
  checkMemory,
  entryValue,
  flagsMeaning,
  frameBehind,
  type MappedPage,
  mapAll,
  pageFigures,
  pagesOfMappings,
  plainFormat,
  wordsAt,
} from './paged.ts';

/** Space of mappings that name none, and whose addresses they are when nothing is said. */
const SPACE = 1;

/** A power of two, 1 to 2^26. */
function powerOfTwo(value: number, place: string): number {
  if (value >= 1 && value <= 2 ** 26 && Number.isInteger(Math.log2(value))) return value;
  throw new UserError(place, `${value} is no power of two from 1 to 2^26`);
}

/** Where a table begins: as given, or behind the pages, at a frame. */
function baseOf(
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

export function buildInverted(config: ConfigOf<'inverted'>, place: Place): Built {
  const plain = plainFormat('inverted', { ...config, entryBytes: 4 }, place);
  const format = invertedFormat(plain.addressBits, plain.offsetBits, 'unsigned');
  const memory = parseAmount(config.memory, place('memory'));
  const frames = Math.floor(memory / format.pageSize);
  if (frames === 0) throw new UserError(place('memory'), `${memory} bytes are less than a page`);
  const own = config.space ?? SPACE;
  const pages = pagesOfMappings(config.mappings ?? [], format, SPACE, place);
  const hashes = config.search === 'hash';
  const anchorCount = anchorsOf(config, frames, place);
  if (config.entryBytes === 4) return describedInverted(config, format, frames, anchorCount, place);
  const base = baseOf(config.base, pages, format.pageSize, place('base'));
  const entries = frames * INVERTED_ENTRY_BYTES;
  const table: InvertedTable = { base, frames, anchors: base + entries, anchorCount };
  const bytes = invertedBytes(frames, anchorCount);
  checkMemory(format, config.memory, pages, [{ from: base, bytes }], place);
  const ram = tableMemory(base + bytes, place('memory'));
  clearInverted(ram, table);
  mapInverted(pages, (space) => new InvertedScheme(format, ram, table, space));
  const physicalBits = bitsFor(memory - 1);
  const runs = runsOf(
    pagesOfSpace((visit) => eachInverted(ram, table, own, (_, __, page) => visit(page))),
    format.pageSize,
  );
  return {
    kind: 'inverted',
    title: config.title ?? `inverted table, searched ${hashes ? 'by hash' : 'in order'}`,
    scheme: new InvertedScheme(format, ram, table, own),
    physicalBits,
    value: (what, address) => invertedValue(format, ram, what, address),
    runs: () => runs,
    figures: () => [
      ...pageFigures(format),
      ...invertedFigures(frames, INVERTED_ENTRY_BYTES, anchorCount),
      ...(hashes ? chainFigures(invertedChains(ram, table), 'anchor') : scanFigures(frames)),
    ],
    ranges: () => rangesOf(runs, format.addressBits, `pages of space ${own}`),
    contents: () => [
      registers([['table', base], ...anchorRegister(table)], own, physicalBits),
      invertedContents(format, ram, table),
    ],
  };
}

const anchorRegister = (table: InvertedTable): [string, number][] =>
  table.anchorCount > 0 ? [['anchors', table.anchors]] : [];

function anchorsOf(config: ConfigOf<'inverted'>, frames: number, place: Place): number {
  if (config.search !== 'hash') {
    if (config.anchors !== undefined) throw new UserError(place('anchors'), 'belong to search by hash');
    return 0;
  }
  if (config.anchors === undefined) return 2 ** Math.ceil(Math.log2(frames));
  return powerOfTwo(parseAmount(config.anchors, place('anchors')), place('anchors'));
}

/** A table that is sized only: its entries have no room for the tag of a whole address. */
function describedInverted(
  config: ConfigOf<'inverted'>,
  format: WalkFormat,
  frames: number,
  anchorCount: number,
  place: Place,
): Built {
  if ((config.mappings ?? []).length > 0)
    throw new UserError(place('entryBytes'), 'entries of 4 bytes are for --describe; those of 16 hold pages');
  const ram = new DataView(new ArrayBuffer(8));
  const table: InvertedTable = { base: 0, frames: 0, anchors: 0, anchorCount: 0 };
  return {
    kind: 'inverted',
    title: config.title ?? 'inverted table, as described',
    scheme: new InvertedScheme(format, ram, table, SPACE),
    physicalBits: bitsFor(frames * format.pageSize - 1),
    value: (what, address) => invertedValue(format, ram, what, address),
    runs: () => [],
    figures: () => [
      ...pageFigures(format),
      ...invertedFigures(frames, 4, anchorCount),
      ...(anchorCount > 0 ? [] : scanFigures(frames)),
    ],
    ranges: () => rangesOf([], format.addressBits, ''),
    contents: () => [],
  };
}

function mapInverted(pages: readonly MappedPage[], schemeOf: (space: number) => PagedScheme): void {
  mapAll(
    pages,
    ({ space }) => schemeOf(space),
    ({ frame }) => `frame ${frame} holds a page already, and an inverted table has one entry a frame`,
  );
}

function pagesOfSpace(each: (visit: (page: number) => void) => void): number[] {
  const found: number[] = [];
  each((page) => found.push(page));
  return found.sort((a, b) => a - b);
}

function invertedFigures(frames: number, entryBytes: number, anchorCount: number): Figure[] {
  const bytes = invertedBytes(frames, anchorCount, entryBytes);
  return [
    { name: 'frames', value: frames, unit: 'count', note: 'one entry each' },
    { name: 'entry', value: entryBytes, unit: 'bytes', note: '' },
    ...(anchorCount === 0
      ? []
      : [
          {
            name: 'anchors',
            value: anchorCount,
            unit: 'count' as const,
            note: `of ${ANCHOR_BYTES} bytes`,
          },
        ]),
    { name: 'table', value: bytes, unit: 'bytes', note: 'for all processes together, however many' },
  ];
}

const scanFigures = (frames: number): Figure[] => [
  { name: 'loads of a walk, at most', value: frames, unit: 'count', note: 'half as many on average' },
];

function chainFigures(chains: readonly number[], head: string): Figure[] {
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

function registers(
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

function invertedValue(format: WalkFormat, ram: DataView, what: Loaded, address: number): LoadedValue {
  if (what === 'anchor') {
    const name = ram.getUint32(address, true);
    return { value: wordsAt(ram, address, 4), meaning: name === 0 ? 'no frame' : `frame ${name - 1}` };
  }
  const [low, high] = [ram.getUint32(address, true), ram.getUint32(address + 4, true)];
  const next = ram.getUint32(address + 12, true);
  const value = wordsAt(ram, address, INVERTED_ENTRY_BYTES);
  if (ram.getUint32(address + 8, true) === 0) return { value, meaning: 'no page' };
  const flags = flagsMeaning(format, invertedFlagsAt(ram, address));
  const chain = next === 0 ? '' : `; next frame ${next - 1}`;
  return { value, meaning: `space ${spaceIn(high)}, page ${pageIn(low, high)}, ${flags}${chain}` };
}

function invertedContents(format: WalkFormat, ram: DataView, table: InvertedTable): Contents {
  const rows: string[][] = [];
  eachInverted(ram, table, undefined, (frame, space, page, at) =>
    rows.push([String(frame), String(space), String(page), flagsMeaning(format, invertedFlagsAt(ram, at))]),
  );
  return { title: 'entries in use', head: ['frame', 'space', 'page', 'value'], rows };
}

const USUAL_BUCKETS = 16;

export function buildHashed(config: ConfigOf<'hashed'>, place: Place): Built {
  const format = walkFormat(plainFormat('hashed', { ...config, entryBytes: 8 }, place));
  const own = config.space ?? SPACE;
  const pages = pagesOfMappings(config.mappings ?? [], format, SPACE, place);
  const wanted = config.buckets === undefined ? USUAL_BUCKETS : parseAmount(config.buckets, place('buckets'));
  const bucketCount = powerOfTwo(wanted, place('buckets'));
  const base = baseOf(config.base, pages, format.pageSize, place('base'));
  const nodesAt = Math.ceil((base + bucketCount * BUCKET_BYTES) / format.pageSize) * format.pageSize;
  const nodeBytes = nodeFrames(pages.length, format.pageSize) * format.pageSize;
  const spans = [
    { from: base, bytes: bucketCount * BUCKET_BYTES },
    { from: nodesAt, bytes: nodeBytes },
  ];
  const memory = checkMemory(format, config.memory, pages, spans, place);
  const ram = tableMemory(nodesAt + nodeBytes, place('buckets'));
  const table = makeHashed(ram, base, bucketCount);
  for (let at = nodesAt; at < nodesAt + nodeBytes; at += Math.max(format.pageSize, 4096))
    addNodes(ram, table, at, Math.min(Math.max(format.pageSize, 4096), nodesAt + nodeBytes - at));
  mapAll(
    pages,
    ({ space }) => new HashedScheme(format, ram, table, space),
    () => 'there is no node left',
  );
  const physicalBits = bitsFor(memory - 1);
  const runs = runsOf(
    pagesOfSpace((visit) => eachHashed(ram, table, own, (_, page) => visit(page))),
    format.pageSize,
  );
  return {
    kind: 'hashed',
    title: config.title ?? 'hashed table',
    scheme: new HashedScheme(format, ram, table, own),
    physicalBits,
    value: (what, address) => hashedValue(format, ram, what, address),
    runs: () => runs,
    figures: () => [
      ...pageFigures(format),
      { name: 'buckets', value: bucketCount, unit: 'count', note: `of ${BUCKET_BYTES} bytes` },
      { name: 'nodes', value: table.used, unit: 'count', note: `of ${HASHED_NODE_BYTES} bytes; one a page` },
      { name: 'table', value: hashedBytes(table), unit: 'bytes', note: 'for all processes together' },
      ...chainFigures(hashedChains(ram, table), 'bucket'),
    ],
    ranges: () => rangesOf(runs, format.addressBits, `pages of space ${own}`),
    contents: () => [
      registers([['buckets', base]], own, physicalBits),
      hashedContents(format, ram, (visit) => eachHashed(ram, table, undefined, visit), physicalBits),
    ],
  };
}

/** Frames for so many nodes. Pages that are too small for one are handed in together. */
function nodeFrames(nodes: number, pageSize: number): number {
  if (nodes === 0) return 0;
  const piece = Math.max(pageSize, 4096);
  const pieces = Math.ceil(nodes / Math.floor(piece / HASHED_NODE_BYTES));
  return (pieces * piece) / pageSize;
}

function hashedValue(format: WalkFormat, ram: DataView, what: Loaded, address: number): LoadedValue {
  const nodeText = (name: number) => (name === 0 ? '' : `node at 0x${((name - 1) * 8).toString(16)}`);
  if (what === 'bucket') {
    const name = ram.getUint32(address, true);
    return { value: wordsAt(ram, address, 4), meaning: nodeText(name) || 'no node' };
  }
  const [low, high] = [ram.getUint32(address + 8, true), ram.getUint32(address + 12, true)];
  const next = nodeText(ram.getUint32(address + 16, true));
  const { meaning } = entryValue(format, ram, address, 'last');
  return {
    value: wordsAt(ram, address, HASHED_NODE_BYTES),
    meaning: `space ${spaceIn(high)}, page ${pageIn(low, high)}: ${meaning}${next === '' ? '' : `; next ${next}`}`,
  };
}

function hashedContents(
  format: WalkFormat,
  ram: DataView,
  each: (visit: (space: number, page: number, at: number) => void) => void,
  physicalBits: number,
): Contents {
  const rows: { readonly page: number; readonly cells: string[] }[] = [];
  each((space, page, at) => {
    const cells = [
      String(space),
      String(page),
      hexAddress(at, physicalBits),
      entryValue(format, ram, at, 'last').meaning,
    ];
    rows.push({ page, cells });
  });
  rows.sort((a, b) => Number(a.cells[0]) - Number(b.cells[0]) || a.page - b.page);
  return {
    title: 'nodes in use',
    head: ['space', 'page', 'node', 'entry'],
    rows: rows.map(({ cells }) => cells),
  };
}
