/** The answer of `pagewalk curve` for people: what they came for, a table, and a plot. */
import { formatSize } from '../base/sizes.ts';
import type { Columns } from './columns/contract.ts';
import type { CurveReport, ReportedCurve } from './curve-schema.ts';
import { counted, grouped, percent } from './format.ts';
import type { Plot } from './plot/contract.ts';
import { traceText } from './trace-text.ts';

/** Points of a curve that are shown in words. */
const SHOWN = 12;

const nameOf = ({ policy, part }: ReportedCurve): string => (part === 'all' ? policy : `${policy} ${part}`);

const memoryText = (frames: number, { trace }: CurveReport): string =>
  trace.pageSize > 0 ? formatSize(frames * trace.pageSize) : counted(frames, 'frame');

const methods: Readonly<Record<ReportedCurve['method'], string>> = {
  exact: 'exact at every size',
  simulated: 'one replay a size',
  sampled: 'estimated from a sample of pages',
  miniature: 'estimated from a miniature',
};

/** Everything but the plot; lines that end in a line feed. */
export function curveText(report: CurveReport): string {
  const lines = [traceText(report.trace)];
  for (const curve of report.curves) lines.push(answer(curve, report));
  lines.push('', ...table(report));
  for (const { policy, fewer, more } of report.anomalies) {
    lines.push(
      `Belady's anomaly: ${policy} has ${grouped(fewer.faults)} faults with ${counted(fewer.frames, 'frame')}, and ` +
        `${grouped(more.faults)} with ${grouped(more.frames)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function answer(curve: ReportedCurve, report: CurveReport): string {
  const { enough, knee, error } = curve;
  const share = (faults: number): string => percent(faults, curve.references);
  const kneeText =
    knee === undefined
      ? 'no knee'
      : `knee at ${memoryText(knee.frames, report)} (${share(knee.faults)} of references fault)`;
  const within = `within ${report.within} % of the fewest faults (${share(enough.faults)}) from ${memoryText(enough.frames, report)} on`;
  const how = `${methods[curve.method]}${error ? `, ± ${percent(error, 1)}` : ''}`;
  return `${nameOf(curve)}: ${kneeText} · ${within} · ${how}`;
}

function table(report: CurveReport): string[] {
  const sizes = shownSizes(report);
  const rows = [
    ['memory', ...report.curves.map(nameOf)],
    ...sizes.map((frames) => [
      memoryText(frames, report),
      ...report.curves.map((curve) => cell(curve, frames)),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((text, column) => text.padStart(widths[column]!)).join('  '));
}

/** Some of the sizes that every curve has a point at. */
function shownSizes({ curves }: CurveReport): number[] {
  const coarsest = curves.reduce((least, curve) =>
    curve.points.length < least.points.length ? curve : least,
  );
  const has = (curve: ReportedCurve) => new Set(curve.points.map(({ frames }) => frames));
  const sets = curves.map(has);
  const all = coarsest.points
    .map(({ frames }) => frames)
    .filter((frames) => sets.every((set) => set.has(frames)));
  if (all.length <= SHOWN) return all;
  const last = all.length - 1;
  return [...new Set(Array.from({ length: SHOWN }, (_, i) => all[Math.round((i * last) / (SHOWN - 1))]!))];
}

function cell({ points, references }: ReportedCurve, frames: number): string {
  const point = points.find((one) => one.frames === frames);
  return point === undefined ? '' : percent(point.faults, references);
}

/** As a plot of miss ratio over memory. */
export function curvePlot(report: CurveReport): Plot {
  const { trace, curves } = report;
  const unit = trace.pageSize > 0 ? trace.pageSize : 1;
  const first = curves[0];
  const marks =
    first?.knee === undefined ? [] : [{ x: first.knee.frames * unit, label: `knee of ${nameOf(first)}` }];
  return {
    title: `Miss ratio of ${trace.name}`,
    subtitle: `${counted(trace.references, 'reference')} to ${counted(trace.pages, 'page')}`,
    x: { label: 'memory', scale: 'log', unit: trace.pageSize > 0 ? 'bytes' : 'frames' },
    y: { label: 'faults a reference', scale: 'linear', unit: 'ratio' },
    series: curves.map((curve) => ({
      label: nameOf(curve),
      style: curve.method === 'exact' ? 'step' : 'line',
      points: curve.points.map(({ frames, faults }) => [frames * unit, faults / curve.references] as const),
    })),
    marks,
  };
}

/** As columns, one row a point. */
export function curveColumns({ curves }: CurveReport): Columns {
  const rows = curves.flatMap((curve) => curve.points.map((point) => ({ curve, ...point })));
  return {
    name: 'curve',
    columns: [
      { name: 'policy', type: 'text', values: rows.map(({ curve }) => curve.policy) },
      { name: 'part', type: 'text', values: rows.map(({ curve }) => curve.part) },
      { name: 'method', type: 'text', values: rows.map(({ curve }) => curve.method) },
      { name: 'frames', type: 'integer', values: rows.map(({ frames }) => frames) },
      { name: 'faults', type: 'number', values: rows.map(({ faults }) => faults) },
      { name: 'references', type: 'integer', values: rows.map(({ curve }) => curve.references) },
      {
        name: 'miss_ratio',
        type: 'number',
        values: rows.map(({ faults, curve }) => faults / curve.references),
      },
    ],
  };
}
