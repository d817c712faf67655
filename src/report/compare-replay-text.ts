/** The answer of `pagewalk compare` about a trace, for people: a row a page size, scheme, TLB, policy and memory. */
import { formatSize } from '../base/sizes.ts';
import type { ReplayComparison } from './compare-replay-schema.ts';
import { counted, duration, grouped } from './format.ts';
import { tableText } from './table.ts';

type Row = ReplayComparison['rows'][number];

const labels: readonly [title: string, show: (row: Row) => string][] = [
  ['page', ({ pageSize }) => formatSize(pageSize)],
  ['translation', ({ scheme, widths }) => `${scheme} (${widths.join('/')})`],
  ['TLB', ({ tlb }) => tlb],
  ['policy', ({ policy }) => policy],
];
const numbers: readonly [title: string, show: (row: Row) => string][] = [
  ['frames', ({ frames }) => grouped(frames)],
  ['pages', ({ pages }) => grouped(pages)],
  ['faults', ({ faults }) => grouped(faults)],
  ['table bytes', ({ tables }) => grouped(tables.peakBytes)],
  ['TLB misses', ({ misses }) => grouped(misses)],
  ['walk loads', ({ walks }) => grouped(walks.loads)],
  ['unused bytes', ({ unusedBytes }) => grouped(unusedBytes)],
  ['virtual time', ({ time }) => duration(time)],
];

/** Lines that end in a line feed. */
export function replayComparisonText({ name, source, references, granule, rows }: ReplayComparison): string {
  const shown = [...labels, ...numbers];
  const table = tableText(
    shown.map(([title]) => title),
    rows.map((row) => shown.map(([, show]) => show(row))),
    labels.length,
  );
  const how =
    source === 'run' ? 'recorded in one run, with the pages of the machine, and replayed' : 'replayed';
  const unused = `Unused bytes: what the pages take beyond the pieces of ${formatSize(granule)} that are touched.`;
  return `${name}: ${counted(references, 'reference')}, ${how}\n\n${table}\n\n${unused}\n`;
}
