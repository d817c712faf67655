/** Curves in a terminal. */
import type { Plot, Point } from './contract.ts';
import { plainText } from './label.ts';
import { Raster } from './raster.ts';
import { hasPlace, placedPoints, type Scale, scalesOf } from './scale.ts';
import { tickText } from './ticks.ts';

export interface TextOptions {
  /** Columns of the whole picture, 24 or more; less counts as 24. Longer titles and labels are not cut. */
  readonly width: number;
  /** Rows of the drawing itself, 3 or more, without titles, axis and legend; less counts as 3. */
  readonly height: number;
  /** Whether series also get ANSI colours; `off` unless said otherwise. */
  readonly colour?: 'on' | 'off' | undefined;
}

const LEAST_WIDTH = 24;
const LEAST_HEIGHT = 3;
/** One sign a series; after eight series letters, and then all of it again. */
const SIGNS = '*o+x#@%=ABCDEFGHIJKLMNPQRSTUVWYZ';
const MARK = '┊';
/** ANSI "select graphic rendition" parameters of foregrounds that are legible on black and on white. */
const COLOURS = [36, 33, 35, 32, 34, 31, 96, 95];

const signOf = (series: number): string => SIGNS[series % SIGNS.length]!;

const painter = ({ colour }: TextOptions) =>
  colour === 'on'
    ? (series: number, text: string) => `\x1b[${COLOURS[series % COLOURS.length]}m${text}\x1b[39m`
    : (_series: number, text: string) => text;
type Paint = ReturnType<typeof painter>;

interface Picture {
  readonly plot: Plot;
  readonly points: readonly (readonly Point[])[];
  readonly x: Scale;
  readonly y: Scale;
  readonly raster: Raster;
  /** Columns left of the axis. */
  readonly gutter: number;
  readonly paint: Paint;
}

/** A plot as lines of text that end in a line feed. Series of any length are drawn by their extremes. */
export function plotText(plot: Plot, options: TextOptions): string {
  const picture = pictureOf(plot, options);
  const titles = [plot.title, ...(plot.subtitle === undefined ? [] : [plot.subtitle]), plot.y.label];
  const lines = [
    ...titles.map(plainText),
    ...drawing(picture),
    ...bottom(picture),
    ...legend(picture, options.width),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function pictureOf(plot: Plot, options: TextOptions): Picture {
  const width = Math.max(LEAST_WIDTH, Math.floor(options.width));
  const rows = Math.max(LEAST_HEIGHT, Math.floor(options.height));
  const points = plot.series.map((series) => placedPoints(series, plot.x, plot.y));
  const { x, y } = scalesOf(plot, points, { x: Math.ceil(width / 8), y: Math.ceil(rows / 3) });
  const gutter = Math.max(...y.ticks.map((value) => tickText(value, plot.y.unit).length), 1) + 1;
  const raster = new Raster(Math.max(1, width - gutter - 1), rows);
  for (const [i, list] of points.entries()) raster.draw(i, list, plot.series[i]!.style, x, y);
  return { plot, points, x, y, raster, gutter, paint: painter(options) };
}

/** The columns of the marks that have a place. */
const markColumns = ({ plot, x, raster }: Picture): Set<number> =>
  new Set(
    (plot.marks ?? [])
      .filter((mark) => hasPlace(plot.x, mark.x))
      .map((mark) => raster.column(x.place(mark.x))),
  );

function drawing(picture: Picture): string[] {
  const { y, raster, gutter, paint } = picture;
  const marks = markColumns(picture);
  const labels = new Map(y.ticks.map((value) => [raster.row(y.place(value)), tickText(value, y.axis.unit)]));
  return Array.from({ length: raster.rows }, (_, row) => {
    const label = labels.get(row);
    const cells = Array.from({ length: raster.columns }, (_, column) => {
      const series = raster.at(column, row);
      if (series === undefined) return marks.has(column) ? MARK : ' ';
      return paint(series, signOf(series));
    });
    return `${`${label ?? ''} `.padStart(gutter)}${label === undefined ? '│' : '┤'}${cells.join('')}`;
  });
}

/** The x axis, the values at its ticks as far as they don't meet, and what it shows. */
function bottom({ x, raster, gutter }: Picture): string[] {
  const axis = Array.from({ length: raster.columns }, () => '─');
  let values = '';
  for (const value of x.ticks) {
    const column = raster.column(x.place(value));
    axis[column] = '┬';
    const text = tickText(value, x.axis.unit);
    const centred = gutter + 1 + column - Math.floor((text.length - 1) / 2);
    const start = Math.max(0, Math.min(centred, gutter + 1 + raster.columns - text.length));
    if (values === '' || start >= values.length + 2) values = values.padEnd(start) + text;
  }
  const label = plainText(x.axis.label);
  return [
    `${' '.repeat(gutter)}└${axis.join('')}`,
    values,
    label.padStart(gutter + 1 + Math.floor((raster.columns + label.length) / 2)),
  ];
}

/** The signs of series and marks, as many in a line as fit. */
function legend({ plot, points, paint }: Picture, width: number): string[] {
  const entries = [
    ...plot.series.map((series, i) => {
      const label = plainText(series.label) + (points[i]!.length === 0 ? ' (no points)' : '');
      return { length: label.length + 2, text: `${paint(i, signOf(i))} ${label}` };
    }),
    ...(plot.marks ?? []).map((mark) => {
      const text = `${MARK} ${plainText(mark.label)} (${tickText(mark.x, plot.x.unit)})`;
      return { length: text.length, text };
    }),
  ];
  const lines: { length: number; texts: string[] }[] = [];
  for (const { length, text } of entries) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + length <= Math.max(LEAST_WIDTH, width) - 2) {
      last.length += 3 + length;
      last.texts.push(text);
    } else lines.push({ length, texts: [text] });
  }
  return lines.map(({ texts }) => `  ${texts.join('   ')}`);
}
