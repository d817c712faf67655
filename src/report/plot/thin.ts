/** Fewer points for the same picture. */
import type { Point } from './contract.ts';

/**
 * Cuts the axis into `buckets` equal pieces and keeps of each the first, the lowest, the highest and the last
 * point: at most 4 × `buckets`, and every extreme. No line drawn `buckets` pixels wide changes by it. A series
 * that is no longer than that is returned as it is.
 *
 * Source: Jugel, Jerzak, Hackenbroich, Markl, "M4: A Visualization-Oriented Time Series Data Aggregation",
 * VLDB 2014.
 * @param points in ascending order of x
 * @param place of an x on its axis, 0 to 1
 */
export function thinned(
  points: readonly Point[],
  place: (x: number) => number,
  buckets: number,
): readonly Point[] {
  if (points.length <= 4 * buckets) return points;
  const bucketOf = (i: number) => Math.min(buckets - 1, Math.floor(place(points[i]![0]) * buckets));
  const kept: Point[] = [];
  for (let first = 0; first < points.length; ) {
    const bucket = bucketOf(first);
    let lowest = first;
    let highest = first;
    let next = first + 1;
    for (; next < points.length && bucketOf(next) === bucket; next++) {
      if (points[next]![1] < points[lowest]![1]) lowest = next;
      if (points[next]![1] > points[highest]![1]) highest = next;
    }
    const chosen = new Set([first, lowest, highest, next - 1]);
    kept.push(...[...chosen].sort((a, b) => a - b).map((i) => points[i]!));
    first = next;
  }
  return kept;
}
