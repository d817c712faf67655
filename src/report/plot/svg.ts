/** Curves as an SVG picture, drawn by Observable Plot. */
import type { Plot, Point, Series } from './contract.ts';
import { plainText } from './label.ts';
import { hasPlace, placedPoints, type Scale, scalesOf } from './scale.ts';
import { headOf, strokeOf } from './svg-head.ts';
import { thinned } from './thin.ts';
import { baseOf, tickText } from './ticks.ts';
import { type XmlNode, xmlText } from './xml.ts';

/** Pixels. */
const WIDTH = 800;
const DRAWING_HEIGHT = 400;
const MARGIN = { right: 28, bottom: 48, aboveDrawing: 16 } as const;
const MOST_TICKS = { x: 9, y: 8 } as const;
/** Pieces of the x axis that a long series is reduced in: more than half as many as pixels. */
const BUCKETS = 500;
const INK = '#222222';

type Plotting = typeof import('@observablehq/plot');
type Mark = import('@observablehq/plot').Markish;

interface Picture {
  readonly plot: Plot;
  readonly points: readonly (readonly Point[])[];
  readonly x: Scale;
  readonly y: Scale;
}

/**
 * A plot as a standalone SVG document of 800 pixels' width, the same bytes for the same plot: white ground, the
 * platform's own sans-serif font, no scripts, no style sheets, nothing to fetch. A series of more than 2,000
 * points is reduced to at most 2,000 that keep its extremes. The library is loaded at the first call; where
 * there is no `document`, so is a DOM.
 */
export async function plotSvg(plot: Plot): Promise<string> {
  const [plotting, document] = await Promise.all([import('@observablehq/plot'), documentHere()]);
  const placed = plot.series.map((series) => placedPoints(series, plot.x, plot.y));
  const { x, y } = scalesOf(plot, placed, MOST_TICKS);
  const points = placed.map((list) => thinned(list, x.place, BUCKETS));
  const picture: Picture = { plot, points, x, y };
  const head = headOf(plot, WIDTH, (i) => points[i]!.length === 0);
  const height = head.height + MARGIN.aboveDrawing + DRAWING_HEIGHT + MARGIN.bottom;
  const chart = plotting.plot({
    document: document as never,
    width: WIDTH,
    height,
    marginTop: head.height + MARGIN.aboveDrawing,
    marginRight: MARGIN.right,
    marginBottom: MARGIN.bottom,
    marginLeft: 28 + 7 * Math.max(...y.ticks.map((value) => tickText(value, plot.y.unit).length), 1),
    x: axisOptions(x),
    y: axisOptions(y),
    marks: [...axisMarks(plotting, picture), ...markRules(plotting, picture), ...curves(plotting, picture)],
  }) as unknown as XmlNode;
  return standalone(chart, head.elements, height);
}

/** A browser's document, or one of linkedom's where there is none. */
async function documentHere(): Promise<unknown> {
  const here = (globalThis as { document?: unknown }).document;
  if (here !== undefined) return here;
  const { parseHTML } = await import('linkedom');
  return parseHTML('<!doctype html><html><body></body></html>').document;
}

function axisOptions({ axis, ends }: Scale) {
  return axis.scale === 'log'
    ? { type: 'log' as const, base: baseOf(axis), domain: ends }
    : { type: 'linear' as const, domain: ends };
}

function axisMarks(plotting: Plotting, { x, y }: Picture): Mark[] {
  const shown = ({ axis, ticks }: Scale) => ({
    ticks: [...ticks],
    tickFormat: (value: number) => tickText(value, axis.unit),
    fontSize: 12,
  });
  return [
    plotting.gridX([...x.ticks]),
    plotting.gridY([...y.ticks]),
    plotting.axisX({
      ...shown(x),
      label: plainText(x.axis.label),
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: 40,
    }),
    // Its label would be put at the very top; the head has it.
    plotting.axisY({ ...shown(y), label: null }),
    plotting.ruleX([x.ends[0]], { stroke: INK }),
    plotting.ruleY([y.ends[0]], { stroke: INK }),
  ];
}

function markRules(plotting: Plotting, { plot, x }: Picture): Mark[] {
  const marks = (plot.marks ?? []).filter((mark) => hasPlace(plot.x, mark.x));
  return marks.flatMap((mark, i) => {
    const right = x.place(mark.x) > 0.7;
    return [
      plotting.ruleX([mark.x], { stroke: '#777777', strokeDasharray: '4 3' }),
      plotting.text([mark.x], {
        x: mark.x,
        text: [plainText(mark.label)],
        frameAnchor: 'top',
        textAnchor: right ? 'end' : 'start',
        dx: right ? -5 : 5,
        // Neighbours' labels don't lie on each other.
        dy: 4 + 15 * (i % 4),
        fontSize: 12,
        fill: '#555555',
      }),
    ];
  });
}

function curves(plotting: Plotting, { plot, points }: Picture): Mark[] {
  return plot.series.map((series, i) => curve(plotting, series, points[i]!, i));
}

function curve(plotting: Plotting, series: Series, points: readonly Point[], index: number): Mark {
  const { colour, dashes } = strokeOf(index);
  // A line needs two ends to be seen.
  if (series.style === 'points' || points.length === 1) return plotting.dot(points, { fill: colour, r: 2.5 });
  return plotting.line(points, {
    stroke: colour,
    strokeWidth: 1.8,
    curve: series.style === 'step' ? 'step-after' : 'linear',
    ...(dashes === undefined ? {} : { strokeDasharray: dashes }),
  });
}

/** The drawing with its head, without the style sheet that Plot adds for web pages. */
function standalone(chart: XmlNode, head: readonly string[], height: number): string {
  const drawn = [...(chart.childNodes ?? [])].filter((node) => node.localName !== 'style').map(xmlText);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"` +
      ` font-family="sans-serif" font-size="12" color="${INK}" fill="currentColor">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<g fill="none" text-anchor="start"><g fill="currentColor">${head.join('')}</g></g>`,
    `<g text-anchor="middle">`,
    ...drawn,
    '</g>',
    '</svg>\n',
  ].join('\n');
}
