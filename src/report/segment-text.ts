/** Lines of a run's report about memory that comes in contiguous pieces. */
import { formatSize } from '../base/sizes.ts';
import { counted, duration, grouped, percent } from './format.ts';
import type { RunReport } from './schema.ts';

const PAGE_SIZE = 4096;

type Segments = NonNullable<RunReport['segments']>;

const size = (pages: number): string => formatSize(pages * PAGE_SIZE);
const join = (parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(' · ');

/** Label and text; no text where there is nothing to tell. */
export function segmentRows(report: RunReport): [label: string, text: string | undefined][] {
  const { segments } = report;
  if (segments === undefined) return [];
  return [
    ['scheme', schemeLine(report, segments)],
    ['protection', segments.protection],
    ['holes', holesLine(segments)],
    ['placement', placementLine(report, segments)],
    ['moves', movesLine(segments)],
    ['compaction', compactionLine(segments)],
    ['roll-out', rollLine(segments)],
    ['code', codeLine(segments)],
    ['loader', segments.relocated === 0 ? undefined : `${counted(segments.relocated, 'word')} rewritten`],
    ...segments.refused.map(({ what, count }): [string, string] => [
      'refused',
      count === 1 ? what : `${what} (${counted(count, 'time')})`,
    ]),
  ];
}

function schemeLine({ configuration }: RunReport, { registerLoads }: Segments): string | undefined {
  const { translation, segments } = configuration;
  if (segments === undefined) return undefined;
  const { addressBits, segments: count } = segments;
  const registers = count === 1 ? 'base and bounds' : `${count} segments`;
  if (translation === 'relocated') return 'relocated: programs use physical addresses';
  return `${translation}: ${addressBits} bits of address, ${registers}; put into registers ${counted(registerLoads, 'time')}`;
}

function holesLine({ memory }: Segments): string {
  const { free, largest, holes, external, internal, worstExternal } = memory;
  return join([
    `${size(free)} free in ${counted(holes, 'hole')}, the largest ${size(largest)}`,
    `external fragmentation ${percent(external, 1)}, ${percent(worstExternal, 1)} at worst`,
    internal === 0 ? undefined : `${size(internal)} lost inside of blocks`,
  ]);
}

function placementLine({ configuration }: RunReport, { placement }: Segments): string {
  const { placed, searched, fragmented, short } = placement;
  const each = placed === 0 ? '' : `, ${(searched / placed).toFixed(1)} holes looked at for each`;
  return join([
    `${configuration.segments?.placement}: ${counted(placed, 'piece')} placed${each}`,
    fragmented === 0 ? undefined : `${counted(fragmented, 'request')} without a hole though enough was free`,
    short === 0 ? undefined : `${counted(short, 'request')} for more than was free`,
  ]);
}

function movesLine({ moves, grownInPlace, stackGrowths }: Segments): string | undefined {
  const one = ({ pieces, pages }: Segments['moves']['grown'], why: string) =>
    pieces === 0 ? undefined : `${counted(pieces, 'piece')} (${size(pages)}) ${why}`;
  const text = join([
    one(moves.grown, 'to grow'),
    one(moves.compacted, 'to make one hole'),
    one(moves.asked, 'on request'),
    grownInPlace === 0 ? undefined : `${grouped(grownInPlace)} grew where they were`,
    stackGrowths === 0 ? undefined : `stacks grew ${counted(stackGrowths, 'time')}`,
  ]);
  return text === '' ? undefined : text;
}

function compactionLine({ compactions }: Segments): string | undefined {
  const { count, list } = compactions;
  const [first] = list;
  if (first === undefined) return undefined;
  const { wanted, free, largestBefore, largestAfter, moved, pages, took } = first;
  const example = `for ${size(wanted)}, with ${size(free)} free and ${size(largestBefore)} in one hole: ${counted(moved, 'piece')} (${size(pages)}) moved in ${duration(took)}, then ${size(largestAfter)}`;
  return `${counted(count, 'time')}; the first ${example}`;
}

function rollLine({ rolledOut, rolledIn, bornOut }: Segments): string | undefined {
  if (rolledOut.pieces + bornOut === 0) return undefined;
  return join([
    `${counted(rolledOut.pieces, 'time')} a process left memory (${size(rolledOut.pages)})`,
    `${grouped(rolledIn.pieces)} came back (${size(rolledIn.pages)})`,
    bornOut === 0 ? undefined : `${counted(bornOut, 'child', 'children')} began in swap`,
  ]);
}

function codeLine({ code }: Segments): string | undefined {
  if (code.shared === 0) return undefined;
  return `found in memory ${counted(code.shared, 'time')}: ${size(code.framesSaved)} not needed again`;
}

/** A table of all segments. */
export function segmentLines({ segments }: RunReport): string[] {
  if (segments === undefined || segments.spaces.length === 0) return [];
  const rows = segments.spaces.flatMap(({ pid, where, segments: own }) =>
    own.map(({ segment, base, size: bytes, limit, grows, rights, sharing, frames, name }) => [
      `${pid}`,
      where,
      `${segment}`,
      base ?? '-',
      `${bytes}`,
      formatSize(limit),
      `${grouped(frames)}`,
      rights,
      join([grows === 'down' ? 'down' : undefined, sharing === 'private' ? undefined : sharing]),
      name,
    ]),
  );
  const table = [['pid', '', 'segment', 'base', 'size', 'limit', 'frames', '', '', ''], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column === 0 || (column >= 2 && column <= 6);
  return table.map((row) =>
    `  ${row.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ')}`.trimEnd(),
  );
}
