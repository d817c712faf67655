/** What has to be copied from files into a piece before a program sees it. Pure functions of plain data. */
import type { Area } from '../state.ts';
import type { IsMemory } from './extents.ts';
import type { Fill } from './state.ts';

/** What the files of areas show between two addresses. */
export function fillsIn(areas: readonly Area[], from: number, to: number, isMemory: IsMemory): Fill[] {
  const fills: Fill[] = [];
  for (const { start, end, backing } of areas) {
    const address = Math.max(start, from);
    if (backing === undefined || address >= Math.min(end, to) || isMemory(backing.object)) continue;
    const skipped = address - start;
    const bytes = Math.min(Math.min(end, to) - address, backing.length - skipped);
    if (bytes > 0) fills.push({ address, bytes, object: backing.object, offset: backing.offset + skipped });
  }
  return fills;
}

/** The fills without what they have between two addresses. */
export function withoutRange(fills: readonly Fill[], from: number, to: number): Fill[] {
  return fills.flatMap((fill) => {
    const before = part(fill, fill.address, Math.min(from, fill.address + fill.bytes));
    const after = part(fill, Math.max(to, fill.address), fill.address + fill.bytes);
    return [...before, ...after];
  });
}

/** What the fills have between two addresses. */
export function withinRange(fills: readonly Fill[], from: number, to: number): Fill[] {
  return fills.flatMap((fill) =>
    part(fill, Math.max(from, fill.address), Math.min(to, fill.address + fill.bytes)),
  );
}

/** What the fills have for somebody: the parts that lie in areas, each once, by their addresses. */
export function coveredBy(fills: readonly Fill[], areas: readonly Pick<Area, 'start' | 'end'>[]): Fill[] {
  let left: readonly Fill[] = fills;
  const covered: Fill[] = [];
  for (const { start, end } of areas) {
    covered.push(...withinRange(left, start, end));
    left = withoutRange(left, start, end);
  }
  return covered.sort((a, b) => a.address - b.address);
}

function part(fill: Fill, from: number, to: number): Fill[] {
  if (from >= to) return [];
  return [{ ...fill, address: from, bytes: to - from, offset: fill.offset + from - fill.address }];
}

/** The same bytes of files, shown elsewhere. */
export const shifted = (fills: readonly Fill[], by: number): Fill[] =>
  fills.map((fill) => ({ ...fill, address: fill.address + by }));
