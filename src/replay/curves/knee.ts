/** How much memory is enough, read from a curve. */
import type { CurvePoint } from './curve.ts';

/**
 * The point of a curve that lies furthest below the straight line from its first point to its last: beyond it a
 * frame saves less than frames do on average. It is what Kneedle looks for (Satopää, Albrecht, Irwin and Raghavan,
 * "Finding a 'kneedle' in a haystack", ICDCS workshops 2011) where a curve has one knee and no noise. The leftmost
 * of equals; `undefined` when no point is below the line.
 * @param points by ascending frames
 */
export function kneeOf(points: readonly CurvePoint[]): CurvePoint | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.faults >= first.faults) return undefined;
  let knee: CurvePoint | undefined;
  let furthest = 0;
  for (const point of points) {
    const along = (point.frames - first.frames) / (last.frames - first.frames);
    const below = 1 - along - (point.faults - last.faults) / (first.faults - last.faults);
    // What is left of rounding is no distance.
    if (below <= furthest + 1e-12) continue;
    furthest = below;
    knee = point;
  }
  return knee;
}

/**
 * The least memory from which on faults stay within `percent` % of the fewest of the curve.
 * @param points by ascending frames, at least one
 * @param percent from 0: 5 allows 1.05 times the fewest faults
 */
export function leastMemoryWithin(points: readonly CurvePoint[], percent: number): CurvePoint {
  const fewest = points.reduce((least, { faults }) => Math.min(least, faults), Number.POSITIVE_INFINITY);
  const most = fewest * (1 + percent / 100);
  let at = points.length - 1;
  // A curve may rise again, so what counts is where it stays low; where it ends high, the first low point.
  if (points[at]!.faults > most) return points.find(({ faults }) => faults <= most)!;
  while (at > 0 && points[at - 1]!.faults <= most) at--;
  return points[at]!;
}
