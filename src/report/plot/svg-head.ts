/** What stands above the axes of an SVG plot: title, subtitle, legend, what the upward axis shows. */
import type { Plot } from './contract.ts';
import { plainText } from './label.ts';
import { escaped } from './xml.ts';

/** How a series is told from the others. */
export interface Stroke {
  readonly colour: string;
  readonly dashes: string | undefined;
}

/** Source: "Observable 10", the categorical scheme of Observable Plot, without its grey. */
const COLOURS = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#6cc5b0',
  '#3ca951',
  '#ff8ab7',
  '#a463f2',
  '#97bbf5',
  '#9c6b4e',
];
const DASHES = [undefined, '6 3', '2 3', '8 3 2 3'];

/** Nine colours, and then dashes. */
export const strokeOf = (series: number): Stroke => ({
  colour: COLOURS[series % COLOURS.length]!,
  dashes: DASHES[Math.floor(series / COLOURS.length) % DASHES.length],
});

const LEFT = 20;
const SWATCH = 22;
const LEGEND_LINE = 18;

/** Some pixels more than the text takes in the usual fonts, whose measures nobody can know here. */
const widthOf = (text: string, fontSize: number): number => text.length * fontSize * 0.62;

const textElement = (x: number, y: number, fontSize: number, text: string): string =>
  `<text x="${x}" y="${y}" font-size="${fontSize}">${escaped(plainText(text))}</text>`;

function swatch(x: number, y: number, style: Plot['series'][number]['style'], stroke: Stroke): string {
  if (style === 'points') return `<circle cx="${x + 8}" cy="${y - 4}" r="3" fill="${stroke.colour}"/>`;
  const dashes = stroke.dashes === undefined ? '' : ` stroke-dasharray="${stroke.dashes}"`;
  return `<path d="M${x},${y - 4}h16" stroke="${stroke.colour}" stroke-width="2.5"${dashes}/>`;
}

/**
 * @param width of the picture in pixels
 * @param empty whether a series, named by its index, has nothing to draw
 * @returns elements, and the pixels from the top that they take
 */
export function headOf(
  plot: Plot,
  width: number,
  empty: (series: number) => boolean,
): { elements: string[]; height: number } {
  const elements = [textElement(LEFT, 28, 17, plot.title)];
  let y = 28;
  if (plot.subtitle !== undefined) {
    y += 19;
    elements.push(textElement(LEFT, y, 12, plot.subtitle));
  }
  let x = LEFT;
  if (plot.series.length > 0) y += 24;
  for (const [i, series] of plot.series.entries()) {
    const label = plainText(series.label) + (empty(i) ? ' (no points)' : '');
    const taken = SWATCH + widthOf(label, 12) + 16;
    if (x > LEFT && x + taken > width - LEFT) {
      x = LEFT;
      y += LEGEND_LINE;
    }
    elements.push(swatch(x, y, series.style, strokeOf(i)), textElement(x + SWATCH, y, 12, label));
    x += Math.round(taken);
  }
  y += 30;
  elements.push(textElement(LEFT, y, 12, plot.y.label));
  return { elements, height: y };
}
