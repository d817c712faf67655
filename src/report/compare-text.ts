/** The answer of `pagewalk compare` for people: a row a run. */
import { PAGE_SIZE } from '../base/numbers.ts';
import { formatSize } from '../base/sizes.ts';
import { duration, grouped, meanDuration, percent } from './format.ts';
import type { Comparison, RunReport } from './schema.ts';
import { tableText } from './table.ts';

const columns: readonly [title: string, show: (report: RunReport) => string][] = [
  ['faults', ({ faults }) => grouped(faults.total)],
  ['with transfer', ({ faults }) => grouped(faults.major)],
  ['evictions', ({ evictions }) => grouped(evictions.clean + evictions.dirty)],
  ['written', ({ evictions }) => grouped(evictions.dirty)],
  ['swap reads', ({ swap }) => grouped(swap.reads)],
  ['swap writes', ({ swap }) => grouped(swap.writes)],
  ['virtual time', ({ time }) => duration(time.total)],
  ['mean access', ({ accessTime }) => meanDuration(accessTime.average)],
  ['status', ({ end }) => String(end.status)],
];

/** Those of the others that are shown beside them, lest the table gets too wide. */
const KEPT = new Set(['faults', 'virtual time', 'status']);

/** Of translation, shown where it differs. */
const translationColumns: readonly [title: string, show: (report: RunReport) => string][] = [
  ['translation', ({ configuration }) => configuration.translation],
  ['refill', ({ configuration }) => configuration.refill],
  ['TLB', ({ configuration }) => configuration.tlb],
  ['table bytes', ({ tables }) => grouped(tables.bytes)],
  ['walk loads', ({ walks }) => grouped(walks.loads)],
  ['TLB misses', ({ tlb }) => (tlb === undefined ? '-' : grouped(tlb.instructions.misses + tlb.data.misses))],
  ['fragmentation', ({ tables }) => (tables.region === undefined ? '-' : percent(tables.region.external, 1))],
];

/** Of superpages, shown where these differ. */
const superpageColumns: readonly [title: string, show: (report: RunReport) => string][] = [
  ['superpages', ({ configuration }) => configuration.superpages],
  ['resident', ({ resident }) => grouped(resident.peak)],
];

type Configuration = RunReport['configuration'];

const differ = (runs: Comparison['runs'], way: (configuration: Configuration) => string): boolean =>
  new Set(runs.map(({ report }) => way(report.configuration))).size > 1;

/** How the runs translate, where they do so in different ways. */
function waysShown(runs: Comparison['runs']): typeof columns {
  const large = differ(runs, ({ superpages }) => superpages) ? superpageColumns : [];
  const isOther = differ(runs, ({ translation, refill, tlb }) => [translation, refill, tlb].join());
  return large.length > 0 || isOther ? [...translationColumns, ...large] : [];
}

/** Lines that end in a line feed. */
export function comparisonText({ runs, identicalOutput }: Comparison): string {
  const ways = waysShown(runs);
  const shown = ways.length > 0 ? [...ways, ...columns.filter(([title]) => KEPT.has(title))] : columns;
  const head = ['policy', 'memory', ...shown.map(([title]) => title)];
  const rows = runs.map(({ report }) => {
    const { configuration } = report;
    const size =
      configuration.sizing === 'frames'
        ? `${configuration.frames} frames`
        : formatSize(configuration.frames * PAGE_SIZE);
    return [configuration.replacement, size, ...shown.map(([, show]) => show(report))];
  });
  const first = runs[0]!.report;
  const end = identicalOutput
    ? `All ${runs.length} runs gave the same ${grouped(runs[0]!.outputBytes)} bytes of output and status ${first.end.status}.`
    : `THE RUNS DIFFER: ${runs.map((run) => `${run.label}: ${run.outputBytes} bytes, ${run.outputHash}, status ${run.report.end.status}`).join('; ')}`;
  const title = `${first.program.arguments.join(' ')}: ${grouped(first.instructions)} instructions`;
  return `${title}\n\n${tableText(head, rows, 1)}\n\n${end}\n`;
}
