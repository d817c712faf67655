/** An inverted table from a configuration. */
import { UserError } from '../../base/errors.ts';
import type { Contents, Figure, LoadedValue } from '../../report/translate-schema.ts';
import type { Loaded, PagedScheme } from '../../translation/contract.ts';
import { InvertedScheme } from '../../translation/global-schemes.ts';
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
import type { WalkFormat } from '../../translation/page-entry.ts';
import { pageIn, spaceIn } from '../../translation/tag.ts';
import { parseAmount } from './amounts.ts';
import { type Built, bitsFor, rangesOf, runsOf, tableMemory } from './built.ts';
import type { ConfigOf, Place } from './config.ts';
import {
  checkMemory,
  flagsMeaning,
  type MappedPage,
  mapAll,
  pageFigures,
  pagesOfMappings,
  plainFormat,
  wordsAt,
} from './paged.ts';
import { baseOf, chainFigures, pagesOfSpace, powerOfTwo, registers, SPACE } from './shared-tables.ts';

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
