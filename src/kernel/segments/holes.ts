/** Where in an address space a mapping can go when it is to lie as low as it can, or to have a segment to itself. */
import type { Area } from '../state.ts';
import type { MapWindow } from './space-layout.ts';

type Range = Pick<Area, 'start' | 'end'>;

/** Lowest start of a hole of `length` bytes between `from` and `to`, or -1. */
export function findLowHole(areas: readonly Range[], length: number, from: number, to: number): number {
  let floor = from;
  for (const { start, end } of areas) {
    if (end <= floor) continue;
    if (start >= floor + length) break;
    floor = end;
  }
  return floor + length <= to ? floor : -1;
}

/** First of the lowest segments of a window that nothing lies in and that hold `length` bytes together, or -1. */
export function freeSegments(
  areas: readonly Range[],
  length: number,
  { from, to }: MapWindow,
  reach: number,
): number {
  const size = Math.ceil(length / reach) * reach;
  let floor = from;
  for (const { start, end } of areas) {
    if (end <= floor) continue;
    if (start >= floor + size) break;
    floor = Math.ceil(end / reach) * reach;
  }
  return floor + size <= to ? floor : -1;
}
