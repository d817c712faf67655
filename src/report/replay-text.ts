/** The answer of `pagewalk replay` for people: one table, a row a size, a column a policy. */
import { formatSize } from '../base/sizes.ts';
import { counted, grouped, meanDuration, percent } from './format.ts';
import type { ReplayReport, ReplayResult } from './replay-schema.ts';
import { tableText } from './table.ts';
import { traceText } from './trace-text.ts';
import { translationText } from './translation-text.ts';

/** @returns lines that end in a line feed */
export function replayText(report: ReplayReport): string {
  const policies = [...new Set(report.results.map(({ policy }) => policy))];
  const sizes = [...new Set(report.results.map(({ frames }) => frames))];
  const sections = [traceText(report.trace)];
  if (policies.length === 1 || sizes.length === 1) sections.push(detailTable(report));
  else sections.push(`${what(policies)}${note(report)}`, faultTable(report, policies, sizes));
  sections.push(...report.anomalies.map(anomalyText));
  if (report.translation !== undefined) sections.push('', translationText(report.translation));
  return `${sections.join('\n')}\n`;
}

/** More columns than this hold a share only. */
const MOST_WIDE = 6;
const what = (policies: readonly string[]): string =>
  policies.length <= MOST_WIDE ? 'faults' : 'faults in % of the references';

const note = ({ trace }: ReplayReport): string => ` (of which ${grouped(trace.pages)} are first references)`;

const sizeText = (frames: number, { trace }: ReplayReport): string =>
  trace.pageSize > 0 ? `${grouped(frames)} (${formatSize(frames * trace.pageSize)})` : grouped(frames);

function faultTable(report: ReplayReport, policies: readonly string[], sizes: readonly number[]): string {
  const rows = sizes.map((frames) => {
    const row = policies.map((policy) => {
      const found = report.results.find((one) => one.policy === policy && one.frames === frames);
      if (found === undefined) return '';
      const share = percent(found.faults, found.references);
      return policies.length <= MOST_WIDE ? `${grouped(found.faults)} ${share}` : share.replace(' %', '');
    });
    return [sizeText(frames, report), ...row];
  });
  return tableText(['frames', ...policies], rows, 0);
}

function detailTable(report: ReplayReport): string {
  const head = ['policy', 'frames', 'faults', 'miss ratio', 'capacity', 'write-backs', 'access time'];
  return tableText(
    head,
    report.results.map((result) => detailRow(result, report)),
    1,
  );
}

const detailRow = (result: ReplayResult, report: ReplayReport): string[] => [
  result.policy,
  sizeText(result.frames, report),
  grouped(result.faults),
  percent(result.faults, result.references),
  grouped(result.capacity),
  grouped(result.evictions.dirty),
  meanDuration(result.accessTime),
];

const anomalyText = ({ policy, fewer, more }: ReplayReport['anomalies'][number]): string =>
  `Belady's anomaly: ${policy} has ${counted(fewer.faults, 'fault')} with ${counted(fewer.frames, 'frame')}, ` +
  `and ${grouped(more.faults)} with ${grouped(more.frames)}`;
