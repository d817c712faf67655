/** Gantt charts as pictures. */
import { plainText } from '../plot/label.ts';
import { strokeOf } from '../plot/svg-head.ts';
import { linearStep } from '../plot/ticks.ts';
import { escaped } from '../plot/xml.ts';
import { coverageOf } from './coverage.ts';
import { unitOf } from './gantt-text.ts';
import type { ScheduleResult, Slice } from './schema.ts';
import { slicesByJob } from './spans.ts';
import { inUnit, type TimeUnit } from './time-unit.ts';

/** Pixels. */
const WIDTH = 800;
const MARGIN = { left: 110, right: 30, top: 64, bottom: 44 } as const;
const ROW = 28;
const BAR = 18;
const DRAWING = WIDTH - MARGIN.left - MARGIN.right;
const MOST_TICKS = 9;
const MOST_NAME = 14;
/** With more slices than this they are not drawn one by one, but as shares of each pixel. */
const MOST_SLICES = 2000;
const INK = '#222222';

/** How strongly a state is drawn in its job's colour. */
const OPACITY: Readonly<Record<Slice['state'], number>> = { running: 1, ready: 0.25, blocked: 0 };

const pixels = (value: number): string => String(Number(value.toFixed(2)));

/** A schedule as it is drawn: the times that the axis shows, and in what unit. */
interface Panel {
  readonly result: ScheduleResult;
  readonly span: ScheduleResult['span'];
  readonly unit: TimeUnit;
}

/**
 * Schedules as one standalone SVG document of 800 pixels' width, the same bytes for the same schedules: a panel each,
 * one below the other and over the same times, with a row a job, running in its colour, ready pale, blocked a dashed
 * line. No scripts, no style sheets, nothing to fetch.
 */
export function ganttSvg(results: readonly ScheduleResult[]): string {
  const span = {
    from: Math.min(...results.map((result) => result.span.from)),
    to: Math.max(...results.map((result) => result.span.to)),
  };
  const unit = results.map(unitOf).reduce((least, one) => (one.ns < least.ns ? one : least));
  const heights = results.map(({ jobs }) => MARGIN.top + ROW * jobs.length + MARGIN.bottom);
  const height = heights.reduce((sum, one) => sum + one, 0);
  let top = 0;
  const panels = results.map((result, i) => {
    const panel = panelOf({ result, span, unit });
    const placed = i === 0 ? panel : [`<g transform="translate(0,${top})">`, ...panel, '</g>'];
    top += heights[i]!;
    return placed;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"` +
      ` font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...panels.flat(),
    '</svg>\n',
  ].join('\n');
}

function panelOf(panel: Panel): string[] {
  const { result } = panel;
  const slicesOf = slicesByJob(result.slices);
  return [
    `<text x="20" y="28" font-size="17">${escaped(plainText(result.policy))}</text>`,
    legend(),
    ...axis(panel),
    ...result.jobs.flatMap((job, row) => rowOf(panel, job.name, slicesOf(job.pid), row)),
  ];
}

const rect = (x: number, y: number, width: number, opacity: number, colour: string): string =>
  `<rect x="${pixels(x)}" y="${y}" width="${pixels(width)}" height="${BAR}" fill="${colour}"` +
  `${opacity === 1 ? '' : ` fill-opacity="${pixels(opacity)}"`}/>`;

const dashed = (x1: number, x2: number, y: number): string =>
  `<path d="M${pixels(x1)},${y}H${pixels(x2)}" stroke="#777777" stroke-dasharray="3 3" fill="none"/>`;

function legend(): string {
  const { colour } = strokeOf(0);
  const y = 38;
  return [
    rect(20, y, 22, OPACITY.running, colour),
    `<text x="48" y="${y + 13}">running</text>`,
    rect(110, y, 22, OPACITY.ready, colour),
    `<text x="138" y="${y + 13}">ready</text>`,
    dashed(190, 212, y + BAR / 2),
    `<text x="218" y="${y + 13}">blocked</text>`,
  ].join('');
}

/** From time to pixels. */
function placeIn({ span }: Panel): (time: number) => number {
  const length = span.to - span.from;
  return (time) => MARGIN.left + (length === 0 ? 0 : ((time - span.from) / length) * DRAWING);
}

function axis(panel: Panel): string[] {
  const { result, span, unit } = panel;
  const place = placeIn(panel);
  const bottom = MARGIN.top + ROW * result.jobs.length;
  const step = linearStep(Math.max(1, span.to - span.from), MOST_TICKS);
  const lines: string[] = [];
  for (let time = Math.ceil(span.from / step - 1e-9) * step; time <= span.to; time += step) {
    const x = pixels(place(time));
    lines.push(
      `<path d="M${x},${MARGIN.top}V${bottom + 4}" stroke="#dddddd" fill="none"/>`,
      `<text x="${x}" y="${bottom + 18}" text-anchor="middle">${inUnit(time, unit)}</text>`,
    );
  }
  lines.push(`<text x="${WIDTH - MARGIN.right}" y="${bottom + 36}" text-anchor="end">${unit.name}</text>`);
  return lines;
}

function rowOf(panel: Panel, name: string, own: readonly Slice[], row: number): string[] {
  const y = MARGIN.top + ROW * row + (ROW - BAR) / 2;
  const plain = plainText(name);
  const label = plain.length > MOST_NAME ? `${plain.slice(0, MOST_NAME - 1)}…` : plain;
  const { colour } = strokeOf(row);
  const bars =
    panel.result.slices.length > MOST_SLICES ? shares(panel, own, y, colour) : each(panel, own, y, colour);
  return [`<text x="${MARGIN.left - 8}" y="${y + 13}" text-anchor="end">${escaped(label)}</text>`, ...bars];
}

function each(panel: Panel, slices: readonly Slice[], y: number, colour: string): string[] {
  const place = placeIn(panel);
  return slices.map(({ from, to, state }) =>
    state === 'blocked'
      ? dashed(place(from), place(to), y + BAR / 2)
      : rect(place(from), y, place(to) - place(from), OPACITY[state], colour),
  );
}

/** Neighbouring pixels with the same shares of running and ready, to a twentieth, are one bar. */
function shares({ span }: Panel, slices: readonly Slice[], y: number, colour: string): string[] {
  const coverage = coverageOf(slices, {
    from: span.from,
    length: (span.to - span.from) / DRAWING,
    count: DRAWING,
  });
  const opacities = Array.from({ length: DRAWING }, (_, pixel) => {
    const share = coverage.running[pixel]! * OPACITY.running + coverage.ready[pixel]! * OPACITY.ready;
    return Math.min(1, Math.round(share * 20) / 20);
  });
  const bars: string[] = [];
  for (let start = 0, end = 0; start < DRAWING; start = end) {
    while (end < DRAWING && opacities[end] === opacities[start]) end++;
    if (opacities[start]! > 0)
      bars.push(rect(MARGIN.left + start, y, end - start, opacities[start]!, colour));
  }
  return bars;
}
