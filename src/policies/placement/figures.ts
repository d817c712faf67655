/** What a policy's holes and counts come to. */
import type { Hole, PlacementFigures } from './contract.ts';

interface Counts {
  readonly units: number;
  readonly placed: number;
  readonly failed: number;
  readonly searched: number;
}

/** @param internal units in use beyond what was asked for */
export function countedFigures(counts: Counts, holes: readonly Hole[], internal: number): PlacementFigures {
  const { units, placed, failed, searched } = counts;
  let free = 0;
  let largest = 0;
  for (const { size } of holes) {
    free += size;
    largest = Math.max(largest, size);
  }
  const external = free === 0 ? 0 : 1 - largest / free;
  return { units, free, largest, holes: holes.length, external, internal, placed, failed, searched };
}
