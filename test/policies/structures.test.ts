/** The structures that policies are made of, against sets and arrays. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bitTree,
  exclude,
  include,
  includes,
  largestBelow,
  smallestFrom,
} from '../../src/policies/replacement/bit-tree.ts';
import { withRoom } from '../../src/policies/replacement/columns.ts';
import {
  addToHeap,
  frameHeap,
  raiseInHeap,
  removeFromHeap,
  smallestAccepted,
} from '../../src/policies/replacement/frame-heap.ts';
import { frameQueue, linkBefore, moveBefore, unlink } from '../../src/policies/replacement/frame-ring.ts';
import {
  after,
  append,
  before,
  emptyLists,
  first,
  insertBefore,
  last,
  listOf,
  moveToEnd,
  remove,
} from '../../src/policies/replacement/lists.ts';

describe('bit tree', () => {
  it.each([1, 31, 32, 33, 1000, 1024, 1025, 40_000])('of %i is a set whose neighbours are found', (size) => {
    const numbers = fc.array(fc.record({ number: fc.nat(size - 1), puts: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.nat(size), (changes, probe) => {
        const tree = bitTree(size);
        const set = new Set<number>();
        for (const { number, puts } of changes) {
          (puts ? include : exclude)(tree, number);
          if (puts) set.add(number);
          else set.delete(number);
        }
        for (const at of [probe, 0, size, ...set]) {
          expect(largestBelow(tree, at)).toBe(Math.max(-1, ...[...set].filter((n) => n < at)));
          const above = [...set].filter((n) => n >= at);
          expect(smallestFrom(tree, at)).toBe(above.length === 0 ? -1 : Math.min(...above));
          if (at < size) expect(includes(tree, at)).toBe(set.has(at));
        }
      }),
    );
  });
});

describe('lists', () => {
  const change = fc.record({
    kind: fc.constantFrom('append', 'insert', 'remove', 'end'),
    item: fc.nat(40),
    list: fc.nat(2),
  });

  it('are ordered, and grow', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
        const lists = emptyLists(3, 2);
        const model: number[][] = [[], [], []];
        for (const { kind, item, list } of changes) {
          const at = model.findIndex((items) => items.includes(item));
          expect(listOf(lists, item)).toBe(at);
          if (at >= 0 && kind !== 'append' && kind !== 'insert')
            model[at] = model[at]!.filter((other) => other !== item);
          if (kind === 'remove' && at >= 0) remove(lists, item);
          else if (kind === 'end' && at >= 0) {
            moveToEnd(lists, list, item);
            model[list]!.push(item);
          } else if (at < 0 && kind === 'insert' && model[list]!.length > 0) {
            insertBefore(lists, list, item, model[list]![0]!);
            model[list]!.unshift(item);
          } else if (at < 0 && kind === 'append') {
            append(lists, list, item);
            model[list]!.push(item);
          }
        }
        model.forEach((items, list) => {
          const [forth, back]: number[][] = [[], []];
          for (let item = first(lists, list); item !== -1; item = after(lists, item)) forth!.push(item);
          for (let item = last(lists, list); item !== -1; item = before(lists, item)) back!.unshift(item);
          expect({ forth, back, size: lists.sizes[list] }).toEqual({
            forth: items,
            back: items,
            size: items.length,
          });
        });
      }),
    );
  });

  it('refuse what is in one already, and what is in none', () => {
    const lists = emptyLists(2, 4);
    append(lists, 0, 3);
    expect(() => append(lists, 1, 3)).toThrow('invariant');
    expect(() => remove(lists, 2)).toThrow('invariant');
    expect(() => remove(lists, 99)).toThrow('invariant');
  });
});

describe('frame ring', () => {
  it('refuses a frame that is in it already, and one that is not', () => {
    const { links } = frameQueue(3);
    linkBefore(links, 0, 3);
    linkBefore(links, 1, 3);
    expect(() => linkBefore(links, 0, 3)).toThrow('invariant');
    expect(() => unlink(links, 2)).toThrow('invariant');
    expect(() => moveBefore(links, 2, 3)).toThrow('invariant');
    unlink(links, 0);
    expect(() => unlink(links, 0)).toThrow('invariant');
    expect(() => moveBefore(links, 0, 3)).toThrow('invariant');
  });
});

describe('frame heap', () => {
  it('gives the smallest that is accepted, and offers them in order', () => {
    const steps = fc.array(fc.record({ frame: fc.nat(15), by: fc.nat(5), goes: fc.boolean() }), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(steps, fc.nat(15), (changes, skipped) => {
        const heap = frameHeap(16);
        const model = new Map<number, number>();
        for (const [minor, { frame, by, goes }] of changes.entries()) {
          const known = model.get(frame);
          if (known === undefined) addToHeap(heap, frame, by, minor);
          else if (goes) removeFromHeap(heap, frame);
          else raiseInHeap(heap, frame, known + by, minor);
          if (known !== undefined && goes) model.delete(frame);
          else model.set(frame, (known ?? 0) + by);
        }
        const sorted = [...model.keys()].sort(
          (a, b) => heap.major[a]! - heap.major[b]! || heap.minor[a]! - heap.minor[b]!,
        );
        const offered: number[] = [];
        const chosen = smallestAccepted(heap, (at) => offered.push(at) > skipped);
        expect(offered).toEqual(sorted.slice(0, skipped + 1));
        expect(chosen).toBe(sorted[skipped] ?? -1);
      }),
    );
  });
});

describe('columns', () => {
  it('grow with zeros and keep what they hold', () => {
    const column = Uint8Array.of(1, 2);
    expect(withRoom(column, 1)).toBe(column);
    const grown = withRoom(column, 9);
    expect(grown).toBeInstanceOf(Uint8Array);
    expect([...grown]).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
