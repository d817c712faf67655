/** Gantt charts in a terminal. */
import { plainText } from '../plot/label.ts';
import { linearStep } from '../plot/ticks.ts';
import { type Cells, type Coverage, coverageOf } from './coverage.ts';
import type { ScheduleResult } from './schema.ts';
import { type CpuSpan, cpuSpans, slicesByJob } from './spans.ts';
import { inUnit, type TimeUnit, timeUnit } from './time-unit.ts';

const MOST_NAME = 16;
/** Least number of columns between two times on the axis. */
const TICK_COLUMNS = 8;
const LEAST_COLUMNS = 20;

/** What the signs in a row mean. */
export const GANTT_LEGEND = '█ running  ▒ part of the time  · ready  - blocked';

/** The unit in which every time of a schedule is written. */
export const unitOf = ({ slices, span }: ScheduleResult): TimeUnit =>
  timeUnit([span.from, span.to, ...slices.flatMap(({ from, to }) => [from, to])]);

/**
 * Who had the CPU when, in one line as lecture notes write it: `A 0–10 | B 10–20 | idle 20–25 | A 25–30 (ms)`;
 * gaps in which somebody was ready are `switching`.
 * @param most spans that are written; the line says how many more there are
 */
export function ganttLine(result: ScheduleResult, most = Number.POSITIVE_INFINITY): string {
  const unit = unitOf(result);
  const spans = cpuSpans(result.slices);
  if (spans.length === 0) return 'nobody ran';
  const shown = spans
    .slice(0, most)
    .map(({ by, from, to }) => `${nameOf(by)} ${inUnit(from, unit)}–${inUnit(to, unit)}`);
  const more = spans.length > most ? [`… ${spans.length - most} more`] : [];
  return `${[...shown, ...more].join(' | ')} (${unit.name})`;
}

const nameOf = (by: CpuSpan['by']): string => (typeof by === 'object' ? plainText(by.name) : by);

/**
 * A row a job and an axis of time below, as lines of at most `width` columns that end in a line feed. A column is a
 * round length of time; `GANTT_LEGEND` says what its sign means. Names of more than 16 characters are cut.
 * @param width 80, say; less than leaves 20 columns of time counts as that
 */
export function ganttText(result: ScheduleResult, width: number): string {
  const { span, jobs, slices } = result;
  const names = jobs.map(({ name }) => cut(plainText(name)));
  const margin = Math.max(0, ...names.map((name) => name.length)) + 1;
  const columns = Math.max(LEAST_COLUMNS, width - margin);
  const length = span.to - span.from;
  const cell = length === 0 ? 1 : linearStep(length, columns);
  const cells: Cells = { from: span.from, length: cell, count: Math.max(1, Math.ceil(length / cell - 1e-9)) };
  const slicesOf = slicesByJob(slices);
  const rows = jobs.map(({ pid }, i) => {
    const coverage = coverageOf(slicesOf(pid), cells);
    const signs = Array.from({ length: cells.count }, (_, column) => signOf(coverage, column));
    return `${names[i]!.padEnd(margin)}${signs.join('')}`;
  });
  const axis = `${' '.repeat(margin)}${axisText(result, cells, columns)}`;
  return [...rows, axis].map((line) => `${line.trimEnd()}\n`).join('');
}

const cut = (name: string): string => (name.length > MOST_NAME ? `${name.slice(0, MOST_NAME - 1)}…` : name);

function signOf({ running, ready, blocked }: Coverage, column: number): string {
  // A little less than half, so that half a cell counts as half whatever the rounding.
  if (running[column]! >= 0.5 - 1e-9) return '█';
  if (running[column]! > 1e-9) return '▒';
  if (ready[column]! <= 1e-9 && blocked[column]! <= 1e-9) return ' ';
  return ready[column]! >= blocked[column]! ? '·' : '-';
}

/**
 * `|0        |20       |40 ms`: each bar stands in the column that begins at the time behind it, or behind the last.
 * @param room columns that the axis may take
 */
function axisText(result: ScheduleResult, { from, length, count }: Cells, room: number): string {
  const unit = unitOf(result);
  const step = linearStep(count * length, Math.max(1, Math.floor(count / TICK_COLUMNS)));
  let text = '';
  for (let time = Math.ceil(from / step - 1e-9) * step; time <= from + count * length; time += step) {
    const label = `|${inUnit(time, unit)}`;
    const column = Math.round((time - from) / length);
    const isFree = column === 0 || column > text.length;
    if (isFree && column + label.length + 1 + unit.name.length <= room)
      text = `${text.padEnd(column)}${label}`;
  }
  return `${text} ${unit.name}`;
}
