/**
 * Classes of misses: small cases worked out by hand, and random look-ups against lists that are made anew for each miss
 * from all that was before.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TlbConfig } from '../../src/machine/contract.ts';
import type { RecordedLookUp } from '../../src/machine/look-ups.ts';
import { MissClasses, type MissCounts } from '../../src/machine/miss-classes.ts';

const shape = (entries: number) => ({ entries, ways: 1, replacement: 'random' as const });
const split = (data: number, instructions: number): Exclude<TlbConfig, { kind: 'none' }> => ({
  kind: 'split',
  data: shape(data),
  instructions: shape(instructions),
});

type Event =
  | {
      readonly op: 'look up';
      readonly kind: 'fetch' | 'load' | 'store';
      readonly space: number;
      readonly page: number;
      readonly missed: boolean;
      readonly found: boolean;
    }
  | { readonly op: 'flush-all' }
  | { readonly op: 'flush-space'; readonly asid: number }
  | { readonly op: 'flush-page'; readonly asid: number; readonly page: number }
  | { readonly op: 'gone'; readonly space: number; readonly page: number; readonly count: number };

const NOTHING = { bytes: 0, failed: false, repeated: false, missed: false, found: true };

/** @param asidOf identifiers of spaces */
function tell(classes: MissClasses, event: Event, asidOf: (space: number) => number): void {
  switch (event.op) {
    case 'look up': {
      const { kind, space, page, missed, found } = event;
      const address = page * 4096 + 8;
      const entry = { kind, address, asid: asidOf(space), bytes: 4, failed: !found, repeated: false };
      classes.take(space, { ...entry, missed, found });
      break;
    }
    case 'gone':
      classes.gone(event.space, event.page, event.count);
      break;
    default: {
      const asid = 'asid' in event ? event.asid : 0;
      const entry: RecordedLookUp = {
        ...NOTHING,
        kind: event.op,
        asid,
        address: 'page' in event ? event.page : 0,
      };
      classes.take(0, entry);
    }
  }
}

const load = (page: number, missed = true, found = true): Event => ({
  op: 'look up',
  kind: 'load',
  space: 0,
  page,
  missed,
  found,
});
const loads = (...pages: number[]): Event[] => pages.map((page) => load(page));
const none: MissCounts = { compulsory: 0, capacity: 0, conflict: 0, flushed: 0 };

describe('misses worked out by hand, two entries', () => {
  it.each<[string, Event[], Partial<MissCounts>]>([
    ['first uses', loads(1, 2, 3), { compulsory: 3 }],
    ['a third page between', loads(1, 2, 3, 1), { compulsory: 3, capacity: 1 }],
    ['room for both, but not in their set', loads(1, 2, 1, 2), { compulsory: 2, conflict: 2 }],
    ['hits count nowhere', [load(1), load(1, false), load(1, false)], { compulsory: 1 }],
    ['a hit is a use', [load(1), load(2), load(1, false), load(3), load(1)], { compulsory: 3, conflict: 1 }],
    ['a fault, and the retry', [load(1, true, false), load(1)], { compulsory: 2 }],
    [
      'after a flush of all',
      [...loads(1, 2), { op: 'flush-all' }, ...loads(1, 2)],
      { compulsory: 2, flushed: 2 },
    ],
    [
      'after a flush of its page',
      [...loads(1, 2), { op: 'flush-page', asid: 0, page: 1 }, ...loads(2, 1)],
      { compulsory: 2, conflict: 1, flushed: 1 },
    ],
    [
      'of another space',
      [...loads(1, 2), { op: 'flush-space', asid: 1 }, ...loads(2)],
      { compulsory: 2, conflict: 1 },
    ],
    // Without the flush it would have been too far back all the same.
    [
      'flushed, and out of room before',
      [...loads(1, 2, 3), { op: 'flush-all' }, ...loads(1)],
      { compulsory: 3, capacity: 1 },
    ],
    [
      'another page at the same place',
      [...loads(1), { op: 'gone', space: 0, page: 0, count: 9 }, ...loads(1)],
      { compulsory: 2 },
    ],
    // No program has such an address; there is nothing to be found there.
    ['no page at all', [load(2 ** 50, true, false), load(2 ** 50, true, false)], { compulsory: 2 }],
  ])('%s', (_name, events, expected) => {
    const classes = new MissClasses(split(2, 2));
    for (const event of events) tell(classes, event, () => 0);
    expect(classes.data).toEqual({ ...none, ...expected });
    expect(classes.instructions).toEqual(none);
  });
});

const [SPACES, PAGES] = [3, 6];
const space = fc.nat(SPACES - 1);
const page = fc.nat(PAGES - 1);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      op: fc.constant('look up' as const),
      kind: fc.constantFrom('fetch' as const, 'load' as const, 'store' as const),
      space,
      page,
      missed: fc.boolean(),
      found: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush-all' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('flush-space' as const), asid: space }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('flush-page' as const), asid: space, page }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('gone' as const),
      space,
      page,
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
);

/** The spaces' identifiers, which differ from their numbers. */
const asidOf = (of: number): number => (of + 1) % SPACES;
const spaceOf = (asid: number): number => (asid + SPACES - 1) % SPACES;

/** What LRU holds after `history`: names of pages, the one used last first. */
function heldByLru(history: readonly Event[], entries: number, heeds: 'flushes' | 'no flush'): string[] {
  let held: string[] = [];
  for (const past of history) {
    if (past.op === 'look up') {
      const name = `${past.space}:${past.page}`;
      if (!past.found && !held.includes(name)) continue;
      held = [name, ...held.filter((other) => other !== name)].slice(0, entries);
    } else if (past.op === 'gone') {
      const isGone = (name: string) => {
        const [of, at] = name.split(':').map(Number);
        return of === past.space && at! >= past.page && at! < past.page + past.count;
      };
      // The kernel has the TLB flushed as well.
      held = held.filter((name) => !isGone(name));
    } else if (heeds === 'flushes') {
      if (past.op === 'flush-all') held = [];
      else if (past.op === 'flush-space')
        held = held.filter((name) => !name.startsWith(`${spaceOf(past.asid)}:`));
      else held = held.filter((name) => name !== `${spaceOf(past.asid)}:${past.page}`);
    }
  }
  return held;
}

function naiveClass(history: readonly Event[], of: number, at: number, entries: number): keyof MissCounts {
  let isKnown = false;
  for (const past of history) {
    if (past.op === 'look up' && past.space === of && past.page === at && past.found) isKnown = true;
    if (past.op === 'gone' && past.space === of && at >= past.page && at < past.page + past.count)
      isKnown = false;
  }
  const name = `${of}:${at}`;
  if (!isKnown) return 'compulsory';
  if (!heldByLru(history, entries, 'no flush').includes(name)) return 'capacity';
  return heldByLru(history, entries, 'flushes').includes(name) ? 'conflict' : 'flushed';
}

describe('random look-ups, flushes and ends of pages', () => {
  it.each<['split' | 'unified', number, number]>([
    ['split', 2, 3],
    ['split', 5, 1],
    ['unified', 3, 3],
  ])('%s, %i and %i entries', (kind, data, instructions) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: 'max' }), (events) => {
        const config = kind === 'split' ? split(data, instructions) : { kind, shape: shape(data) };
        const classes = new MissClasses(config);
        const naive = { fetch: { ...none }, data: { ...none } };
        const isOf = (past: Event, side: 'fetch' | 'data') =>
          kind === 'unified' || past.op !== 'look up' || (past.kind === 'fetch') === (side === 'fetch');
        events.forEach((now, i) => {
          tell(classes, now, asidOf);
          // What is gone is flushed too, as the kernel does.
          if (now.op === 'gone')
            for (let at = 0; at < now.count; at++)
              tell(classes, { op: 'flush-page', asid: asidOf(now.space), page: now.page + at }, asidOf);
          if (now.op !== 'look up' || !now.missed) return;
          const side = now.kind === 'fetch' ? 'fetch' : 'data';
          const history = events.slice(0, i).filter((past) => isOf(past, side));
          naive[side][naiveClass(history, now.space, now.page, side === 'data' ? data : instructions)]++;
        });
        expect({ fetch: classes.instructions, data: classes.data }).toEqual(naive);
      }),
      { numRuns: 150 },
    );
  });
});
