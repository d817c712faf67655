import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, virtualAddress } from '../../../src/base/numbers.ts';
import {
  type AreaWatch,
  carve,
  findArea,
  findHole,
  GUARD_GAP,
  growableTo,
  insertArea,
  isCovered,
  isFree,
  overlapping,
  putBack,
} from '../../../src/kernel/memory/areas.ts';
import type { Area } from '../../../src/kernel/state.ts';

const PAGES = 24;

/** Counts areas by object. */
class Counts implements AreaWatch {
  readonly of: number[] = [0, 0];
  appeared(object: number): void {
    this.of[object]!++;
  }
  gone(object: number): void {
    this.of[object]!--;
  }
}

const area = (start: number, pages: number, more: Partial<Area> = {}): Area => ({
  start: virtualAddress(start * PAGE_SIZE),
  end: virtualAddress((start + pages) * PAGE_SIZE),
  protection: 3,
  shared: false,
  growLimit: 0,
  backing: undefined,
  name: '',
  ...more,
});

/** What one page of an area is, as text. */
function pageText(found: Area, page: number): string {
  const { backing, protection } = found;
  if (backing === undefined) return `${protection}`;
  const into = page * PAGE_SIZE - found.start;
  const visible = Math.max(0, Math.min(PAGE_SIZE, backing.length - into));
  return `${protection} ${backing.object} ${(backing.offset + into) / PAGE_SIZE} ${visible}`;
}

const listed = (areas: Area[]): (string | undefined)[] =>
  Array.from({ length: PAGES }, (_, page) => {
    const found = findArea(areas, page * PAGE_SIZE);
    return found && pageText(found, page);
  });

const step = fc.record({
  op: fc.constantFrom('insert', 'remove', 'protect'),
  at: fc.integer({ min: 0, max: PAGES - 1 }),
  pages: fc.integer({ min: 1, max: 8 }),
  protection: fc.constantFrom(1, 3),
  object: fc.constantFrom(undefined, 0, 1),
  offset: fc.integer({ min: 0, max: 3 }),
  length: fc.constantFrom(100, PAGE_SIZE, 2 * PAGE_SIZE, 100 * PAGE_SIZE),
});

describe('areas', () => {
  it('agree with a map of single pages', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const areas: Area[] = [];
        const watch = new Counts();
        const model: (string | undefined)[] = Array(PAGES).fill(undefined);
        for (const { op, at, protection, object, offset, length, ...rest } of steps) {
          const pages = Math.min(rest.pages, PAGES - at);
          const [from, to] = [at * PAGE_SIZE, (at + pages) * PAGE_SIZE];
          const free = model.slice(at, at + pages).every((page) => page === undefined);
          expect(isFree(areas, from, to)).toBe(free);
          expect(isCovered(areas, from, to)).toBe(
            model.slice(at, at + pages).every((page) => page !== undefined),
          );
          if (op === 'insert' && free) {
            const backing = object === undefined ? undefined : { object, offset: offset * PAGE_SIZE, length };
            const added = area(at, pages, { protection, backing });
            for (let page = at; page < at + pages; page++) model[page] = pageText(added, page);
            insertArea(areas, added, watch);
          } else if (op === 'remove') {
            for (const taken of carve(areas, from, to, watch))
              if (taken.backing) watch.gone(taken.backing.object);
            model.fill(undefined, at, at + pages);
          } else if (op === 'protect') {
            for (const taken of carve(areas, from, to, watch))
              putBack(areas, { ...taken, protection }, watch);
            for (let page = at; page < at + pages; page++)
              model[page] = model[page]?.replace(/^\d/, `${protection}`);
          }
          expect(listed(areas)).toEqual(model);
          expect(watch.of).toEqual([0, 1].map((o) => areas.filter((a) => a.backing?.object === o).length));
          for (const [i, { start }] of areas.entries())
            if (i > 0) expect(start).toBeGreaterThanOrEqual(areas[i - 1]!.end);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('merge when they continue each other', () => {
    const areas: Area[] = [];
    const watch = new Counts();
    const piece = (start: number, offset: number, length: number) =>
      area(start, 2, { backing: { object: 0, offset: offset * PAGE_SIZE, length: length * PAGE_SIZE } });
    insertArea(areas, piece(2, 0, 2), watch);
    insertArea(areas, piece(6, 4, 2), watch);
    insertArea(areas, piece(4, 2, 2), watch);
    expect(areas).toEqual([area(2, 6, { backing: { object: 0, offset: 0, length: 6 * PAGE_SIZE } })]);
    expect(watch.of).toEqual([1, 0]);
  });

  it('find the highest hole that is large enough', () => {
    const taken = fc.array(fc.boolean(), { minLength: PAGES, maxLength: PAGES });
    fc.assert(
      fc.property(
        taken,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 5, max: PAGES }),
        (used, pages, top) => {
          const areas: Area[] = [];
          for (const [page, isUsed] of used.entries())
            if (isUsed) insertArea(areas, area(page, 1), new Counts());
          let expected = -1;
          for (let start = 2; start + pages <= top; start++) {
            if (used.slice(start, start + pages).every((isUsed) => !isUsed)) expected = start * PAGE_SIZE;
          }
          expect(findHole(areas, pages * PAGE_SIZE, 2 * PAGE_SIZE, top * PAGE_SIZE)).toBe(expected);
        },
      ),
    );
  });

  it('list what overlaps a range', () => {
    const areas = [area(2, 2), area(5, 1, { protection: 1 }), area(8, 4)];
    expect(overlapping(areas, 3 * PAGE_SIZE, 9 * PAGE_SIZE)).toEqual(areas);
    expect(overlapping(areas, 6 * PAGE_SIZE, 8 * PAGE_SIZE)).toEqual([]);
  });
});

describe('a stack', () => {
  // 4 pages from page 1000, growing to 600 pages at most: down to page 404.
  const stack = area(1000, 4, { growLimit: 600 * PAGE_SIZE });

  it('grows to its limit', () => {
    expect(growableTo([stack], 999 * PAGE_SIZE + 5)).toBe(stack);
    expect(growableTo([stack], 404 * PAGE_SIZE)).toBe(stack);
    expect(growableTo([stack], 404 * PAGE_SIZE - 1)).toBeUndefined();
    expect(growableTo([area(1000, 4)], 999 * PAGE_SIZE)).toBeUndefined();
  });

  it('keeps 256 pages of guard gap above what lies below', () => {
    const below = area(500, 10);
    expect(growableTo([below, stack], (510 + 256) * PAGE_SIZE)).toBe(stack);
    expect(growableTo([below, stack], (510 + 256) * PAGE_SIZE - 1)).toBeUndefined();
    // What can't be accessed is a guard itself.
    expect(growableTo([area(500, 10, { protection: 0 }), stack], 510 * PAGE_SIZE)).toBeDefined();
  });

  it('keeps mappings out of the gap', () => {
    expect(findHole([stack], PAGE_SIZE, 0, 1000 * PAGE_SIZE)).toBe(stack.start - GUARD_GAP - PAGE_SIZE);
  });
});
