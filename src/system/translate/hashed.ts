/** A hashed table from a configuration. */

import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, LoadedValue } from '../../report/translate-schema.ts';
import type { Loaded } from '../../translation/contract.ts';
import { HashedScheme } from '../../translation/global-schemes.ts';
import {
  addNodes,
  BUCKET_BYTES,
  eachHashed,
  HASHED_NODE_BYTES,
  type HashedTable,
  hashedBytes,
  hashedChains,
  makeHashed,
} from '../../translation/hashed.ts';
import { type WalkFormat, walkFormat } from '../../translation/page-entry.ts';
import { pageIn, spaceIn } from '../../translation/tag.ts';
import { parseAmount } from './amounts.ts';
import { type Built, bitsFor, rangesOf, runsOf, tableMemory } from './built.ts';
import type { ConfigOf, Place } from './config.ts';
import {
  checkMemory,
  entryValue,
  type MappedPage,
  mapAll,
  pageFigures,
  pagesOfMappings,
  plainFormat,
  wordsAt,
} from './paged.ts';
import { baseOf, chainFigures, pagesOfSpace, powerOfTwo, registers, SPACE } from './shared-tables.ts';

const USUAL_BUCKETS = 16;
/** Bytes that are handed in for nodes at once, at least. */
const NODE_PIECE = 4096;

export function buildHashed(config: ConfigOf<'hashed'>, place: Place): Built {
  const format = walkFormat(plainFormat('hashed', { ...config, entryBytes: 8 }, place));
  const own = config.space ?? SPACE;
  const pages = pagesOfMappings(config.mappings ?? [], format, SPACE, place);
  const { ram, table, memory } = fill(config, format, pages, place);
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
      { name: 'buckets', value: table.bucketCount, unit: 'count', note: `of ${BUCKET_BYTES} bytes` },
      { name: 'nodes', value: table.used, unit: 'count', note: `of ${HASHED_NODE_BYTES} bytes; one a page` },
      { name: 'table', value: hashedBytes(table), unit: 'bytes', note: 'for all processes together' },
      ...chainFigures(hashedChains(ram, table), 'bucket'),
    ],
    ranges: () => rangesOf(runs, format.addressBits, `pages of space ${own}`),
    contents: () => [
      registers([['buckets', table.buckets]], own, physicalBits),
      hashedContents(format, ram, table, physicalBits),
    ],
  };
}

/** The table in memory: buckets, and nodes in the frames behind them. */
function fill(
  config: ConfigOf<'hashed'>,
  format: WalkFormat,
  pages: readonly MappedPage[],
  place: Place,
): { readonly ram: DataView; readonly table: HashedTable; readonly memory: number } {
  const { pageSize } = format;
  const wanted = config.buckets === undefined ? USUAL_BUCKETS : parseAmount(config.buckets, place('buckets'));
  const bucketCount = powerOfTwo(wanted, place('buckets'));
  const base = baseOf(config.base, pages, pageSize, place('base'));
  const nodesAt = Math.ceil((base + bucketCount * BUCKET_BYTES) / pageSize) * pageSize;
  const nodeBytes = nodeFrames(pages.length, pageSize) * pageSize;
  const spans = [
    { from: base, bytes: bucketCount * BUCKET_BYTES },
    { from: nodesAt, bytes: nodeBytes },
  ];
  const memory = checkMemory(format, config.memory, pages, spans, place);
  const ram = tableMemory(nodesAt + nodeBytes, place('buckets'));
  const table = makeHashed(ram, base, bucketCount);
  const piece = Math.max(pageSize, NODE_PIECE);
  for (let at = nodesAt; at < nodesAt + nodeBytes; at += piece) addNodes(ram, table, at, piece);
  mapAll(
    pages,
    ({ space }) => new HashedScheme(format, ram, table, space),
    () => 'there is no node left',
  );
  return { ram, table, memory };
}

/** Frames for so many nodes. Pages that are too small for one are handed in together. */
function nodeFrames(nodes: number, pageSize: number): number {
  if (nodes === 0) return 0;
  const piece = Math.max(pageSize, NODE_PIECE);
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
  table: HashedTable,
  physicalBits: number,
): Contents {
  const rows: { readonly page: number; readonly cells: string[] }[] = [];
  eachHashed(ram, table, undefined, (space, page, at) => {
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
