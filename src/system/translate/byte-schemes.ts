/** Base and bounds, and segments: schemes without pages or tables in memory. */
import { UserError } from '../../base/errors.ts';
import { hexAddress } from '../../report/translate-format.ts';
import type { Contents, Figure, Range } from '../../report/translate-schema.ts';
import { BaseBoundsScheme } from '../../translation/base-bounds.ts';
import {
  checkOverlaps,
  checkSegments,
  firstByte,
  largestSegment,
  type Segment,
  SegmentScheme,
  type SegmentTable,
} from '../../translation/segments.ts';
import { parseAmount, parsePermissions, permissionText } from './amounts.ts';
import { type Built, bitsFor, type Run, rangesOf } from './built.ts';
import type { ConfigOf, Place } from './config.ts';

const noTables = (): never => {
  throw new Error('a walk without loads reads nothing');
};

export function buildBaseBounds(config: ConfigOf<'base-bounds'>, place: Place): Built {
  const base = parseAmount(config.base, place('base'));
  const bounds = parseAmount(config.bounds, place('bounds'));
  const memory = config.memory === undefined ? base + bounds : parseAmount(config.memory, place('memory'));
  if (base + bounds > memory)
    throw new UserError(place('bounds'), `${base} + ${bounds} exceeds memory of ${memory} bytes`);
  const addressBits = config.addressBits ?? 32;
  if (bounds > 2 ** addressBits)
    throw new UserError(place('bounds'), `${bounds} bytes are more than ${addressBits} bits address`);
  const runs: Run[] = bounds === 0 ? [] : [{ from: 0, bytes: bounds }];
  const physicalBits = bitsFor(memory - 1);
  return {
    kind: 'base-bounds',
    title: config.title ?? 'base and bounds',
    scheme: new BaseBoundsScheme(addressBits, { base, bounds }),
    physicalBits,
    value: noTables,
    runs: () => runs,
    figures: () => [
      bytes('address space', 2 ** addressBits),
      bytes('memory that the space has', bounds),
      { name: 'registers', value: 2, unit: 'count', note: 'saved and restored at a switch; no table' },
    ],
    ranges: () => rangesOf(runs, addressBits, 'base and bounds'),
    contents: () => [
      {
        title: 'registers',
        head: ['register', 'value', 'decimal'],
        rows: [
          ['base', hexAddress(base, physicalBits), String(base)],
          ['bounds', hexAddress(bounds, physicalBits), String(bounds)],
        ],
      },
    ],
  };
}

const bytes = (name: string, value: number, note = ''): Figure => ({ name, value, unit: 'bytes', note });

export function buildSegments(config: ConfigOf<'segments'>, place: Place): Built {
  const { addressBits, segmentBits } = config;
  if (segmentBits >= addressBits)
    throw new UserError(
      place('segmentBits'),
      `${segmentBits} of ${addressBits} bits leave none for the offset`,
    );
  const segments = config.segments.map((given, index): Segment | undefined => {
    if (given === null) return undefined;
    const at = (key: string) => place(`segments.${index}.${key}`);
    return {
      name: given.name ?? String(index),
      base: parseAmount(given.base, at('base')),
      size: parseAmount(given.size, at('size')),
      grows: given.grows ?? 'up',
      ...parsePermissions(given.access ?? 'rw', at('access')),
      sharing: given.shared ? 'shared' : 'private',
    };
  });
  const table: SegmentTable = { addressBits, segmentBits, segments };
  const placeOf = (index: number) => place(`segments.${index}`);
  const known = segments.flatMap((segment, i) => (segment ? [{ segment, index: i, place: placeOf(i) }] : []));
  const end = Math.max(1, ...known.map(({ segment }) => firstByte(segment) + segment.size));
  const memory = config.memory === undefined ? end : parseAmount(config.memory, place('memory'));
  checkSegments(table, memory, placeOf);
  checkOverlaps(known);
  const used = known.filter(({ segment }) => segment.size > 0);
  const runs = used.map(({ segment, index }) => runOf(table, segment, index));
  const physicalBits = bitsFor(memory - 1);
  return {
    kind: 'segments',
    title: config.title ?? `${2 ** segmentBits} segments`,
    scheme: new SegmentScheme(table),
    physicalBits,
    value: noTables,
    runs: () => runs,
    figures: () => segmentFigures(table, memory),
    ranges: () => segmentRanges(table, used),
    contents: () => [segmentContents(segments, physicalBits)],
  };
}

/** The addresses that a segment answers to. */
function runOf(table: SegmentTable, segment: Segment, index: number): Run {
  const most = largestSegment(table);
  const from = index * most + (segment.grows === 'up' ? 0 : most - segment.size);
  return { from, bytes: segment.size };
}

function segmentFigures(table: SegmentTable, memory: number): Figure[] {
  const used = table.segments.flatMap((one) => (one !== undefined && one.size > 0 ? [one] : []));
  const holes: number[] = [];
  let next = 0;
  for (const segment of used.sort((a, b) => firstByte(a) - firstByte(b))) {
    const first = firstByte(segment);
    if (first > next) holes.push(first - next);
    next = Math.max(next, first + segment.size);
  }
  if (memory > next) holes.push(memory - next);
  const free = holes.reduce((sum, hole) => sum + hole, 0);
  const count = (name: string, value: number): Figure => ({ name, value, unit: 'count', note: '' });
  return [
    bytes('address space', 2 ** table.addressBits),
    bytes('largest segment', largestSegment(table)),
    count('segments in use', used.length),
    bytes('memory that the space has', memory - free, 'shared memory once'),
    bytes('free memory', free),
    count('holes', holes.length),
    bytes(
      'largest hole',
      Math.max(0, ...holes),
      'a segment that is larger finds no place without compaction',
    ),
  ];
}

function segmentRanges(
  table: SegmentTable,
  used: readonly { readonly segment: Segment; readonly index: number }[],
): Range[] {
  return rangesOf(
    used.map(({ segment, index }) => runOf(table, segment, index)),
    table.addressBits,
    '',
  ).map((range) => {
    if (range.state === 'not mapped') return range;
    const index = Math.floor(range.from / largestSegment(table));
    return { ...range, by: `segment ${index}: ${table.segments[index]!.name}` };
  });
}

function segmentContents(segments: readonly (Segment | undefined)[], physicalBits: number): Contents {
  return {
    title: 'segment table',
    head: ['segment', 'name', 'base', 'size', 'grows', 'access'],
    rows: segments.flatMap((segment, index) =>
      segment === undefined
        ? []
        : [
            [
              String(index),
              segment.name,
              hexAddress(segment.base, physicalBits),
              String(segment.size),
              segment.grows,
              permissionText(segment),
            ],
          ],
    ),
  };
}
