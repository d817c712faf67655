/** From values to places on an axis. */
import type { Axis, Plot, Point, Series } from './contract.ts';
import { type Ends, linearStep, ticksOf } from './ticks.ts';

/** Values beyond these have no place, so that spans, steps and logarithms stay finite. */
const LARGEST = 1e300;
const SMALLEST = 1e-300;

/** An axis with its ends. */
export interface Scale {
  readonly axis: Axis;
  readonly ends: Ends;
  /** Ascending, all within the ends. */
  readonly ticks: readonly number[];
  /** Where a value lies: 0 at the low end, 1 at the high end. */
  readonly place: (value: number) => number;
}

export const hasPlace = (axis: Axis, value: number): boolean =>
  axis.scale === 'log' ? value >= SMALLEST && value <= LARGEST : Math.abs(value) <= LARGEST;

/** The points of a series that have a place, in ascending order of x. */
export function placedPoints(series: Series, x: Axis, y: Axis): readonly Point[] {
  const placed = series.points.filter((point) => hasPlace(x, point[0]) && hasPlace(y, point[1]));
  const ascending = placed.every((point, i) => i === 0 || placed[i - 1]![0] <= point[0]);
  return ascending ? placed : placed.sort((a, b) => a[0] - b[0]);
}

/** The least and the greatest of one coordinate of all points, if there are any. */
function extremes(lists: readonly (readonly Point[])[], index: 0 | 1): Ends | undefined {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (const point of list) {
      low = Math.min(low, point[index]);
      high = Math.max(high, point[index]);
    }
  }
  return low <= high ? [low, high] : undefined;
}

/** Ends that differ by enough to be told apart, whatever the values are. */
function spread(axis: Axis, found: Ends | undefined): Ends {
  if (found === undefined) return axis.scale === 'log' ? [1, 10] : [0, 1];
  const [low, high] = found;
  if (axis.scale === 'log') return high / low > 1 + 1e-9 ? found : [low / 2, high * 2];
  if (high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high), SMALLEST)) return found;
  const room = Math.max(Math.abs(low) / 2, 1);
  return [low - room, high + room];
}

/** The ends of the upward axis: from zero if that does not flatten the curve, and on to a round number. */
function roundEnds(axis: Axis, found: Ends | undefined, most: number): Ends {
  if (axis.scale === 'log') return spread(axis, found);
  const fromZero = found !== undefined && found[0] >= 0 && (found[1] - found[0]) * 10 >= found[1];
  const [low, high] = spread(axis, fromZero && found[1] > 0 ? [0, found[1]] : found);
  const step = linearStep(high - low, most, axis.unit);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

function scaleOf(axis: Axis, ends: Ends, most: number): Scale {
  const linear = (value: number) => value;
  const onto = axis.scale === 'log' ? Math.log : linear;
  const low = onto(ends[0]);
  const span = onto(ends[1]) - low;
  return { axis, ends, ticks: ticksOf(axis, ends, most), place: (value) => (onto(value) - low) / span };
}

/**
 * The two axes of a plot.
 * @param points of each series, all with a place
 * @param most how many ticks each axis has room for
 */
export function scalesOf(
  plot: Plot,
  points: readonly (readonly Point[])[],
  most: { readonly x: number; readonly y: number },
): { x: Scale; y: Scale } {
  const marks = (plot.marks ?? []).filter((mark) => hasPlace(plot.x, mark.x)).map(({ x }): Point => [x, 0]);
  const across = extremes([...points, marks], 0);
  const up = extremes(points, 1);
  return {
    x: scaleOf(plot.x, spread(plot.x, across), most.x),
    y: scaleOf(plot.y, roundEnds(plot.y, up, most.y), most.y),
  };
}
