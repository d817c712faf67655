/**
 * Address-space identifiers: worked out by hand, and in random lives of spaces against a TLB that is a list of entries,
 * each with the name of the space that it was made for.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, spaceId, type Vpn } from '../../../src/base/numbers.ts';
import { type AsidChoice, Asids, initialAsidState, NO_ASID } from '../../../src/kernel/memory/asids.ts';
import { Flushes } from '../../../src/kernel/memory/flushes.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import type { MachinePort } from '../../../src/machine/contract.ts';

interface Entry {
  readonly tag: number;
  readonly page: number;
  /** The life of a space that it was made in. */
  readonly life: string;
}

/** A TLB without end, which tells by whom each entry was made. */
class ListTlb {
  entries: Entry[] = [];
  tag = -1;
  flushed = 0;
  readonly log: string[] = [];

  setSpace(_root: Frame, asid: number): void {
    this.tag = asid;
  }

  flushAll(): void {
    this.#keep(() => false);
    this.log.push('flush all');
  }

  flushSpace(asid: number): void {
    this.#keep(({ tag }) => tag !== asid);
  }

  flushPage(asid: number, page: Vpn): void {
    this.#keep((entry) => entry.tag !== asid || entry.page !== page);
  }

  counters(): { flushed: number } {
    return { flushed: this.flushed };
  }

  /** The life that the page is translated in. */
  use(page: number, life: string): string {
    const found = this.entries.find((entry) => entry.tag === this.tag && entry.page === page);
    if (found === undefined) this.entries.push({ tag: this.tag, page, life });
    return found?.life ?? life;
  }

  #keep(wanted: (entry: Entry) => boolean): void {
    const kept = this.entries.filter(wanted);
    this.flushed += this.entries.length - kept.length;
    this.entries = kept;
  }
}

const silent = { watched: false, emit: () => undefined };

class Fixture {
  readonly tlb = new ListTlb();
  readonly spaces: (SpaceState | undefined)[] = [];
  readonly state = initialAsidState();
  readonly asids: Asids;
  readonly flushes: Flushes;
  #lives = 0;
  readonly lifeOf = new Map<number, string>();

  constructor(choice: AsidChoice) {
    const machine = this.tlb as unknown as MachinePort;
    this.asids = new Asids({ root: this, state: this.state, machine, events: silent, choice });
    this.flushes = new Flushes(machine, silent);
  }

  make(id: number): SpaceState {
    const space = { id: spaceId(id), asid: NO_ASID, root: id as Frame } as SpaceState;
    this.spaces[id] = space;
    this.lifeOf.set(id, `life ${this.#lives++}`);
    return space;
  }

  end(id: number): void {
    this.asids.end(this.spaces[id]!);
    this.spaces[id] = undefined;
  }
}

describe('identifiers', () => {
  /** Spaces A, B, C, D run in this order; each touches one page of its own when it runs. */
  const cases: [AsidChoice, string, string, { flushes: number; rollOvers: number; dropped: number }][] = [
    [65_536, 'ABCDABCD', 'A0 B1 C2 D3 A0 B1 C2 D3', { flushes: 0, rollOvers: 0, dropped: 0 }],
    [4, 'ABCDABCD', 'A0 B1 C2 D3 A0 B1 C2 D3', { flushes: 0, rollOvers: 0, dropped: 0 }],
    // With three, the fourth begins a generation: D0; A and B come into it, C begins the next one.
    [3, 'ABCDABCD', 'A0 B1 C2 D0* A1 B2 C0* D1', { flushes: 2, rollOvers: 2, dropped: 6 }],
    [2, 'ABABCBCA', 'A0 B1 A0 B1 C0* B1 C0 A0*', { flushes: 2, rollOvers: 2, dropped: 4 }],
    // Every change but the first drops the one entry of the space before.
    ['none', 'ABBACC', 'A0 B0* B0 A0* C0* C0', { flushes: 3, rollOvers: 0, dropped: 3 }],
  ];

  it.each(cases)('%s: %s', (choice, order, expected, counts) => {
    const fixture = new Fixture(choice);
    const spaces = new Map([...'ABCD'].map((name, id) => [name, fixture.make(id)]));
    const shown = [...order].map((name) => {
      const before = fixture.tlb.log.length;
      const space = spaces.get(name)!;
      fixture.asids.enter(space);
      fixture.tlb.use(7, name);
      return `${name}${space.asid}${fixture.tlb.log.length > before ? '*' : ''}`;
    });
    expect(shown.join(' ')).toBe(expected);
    const switches = [...order].filter((name, i) => name !== order[i - 1]).length;
    expect(fixture.state.counts).toEqual({ switches, ...counts });
  });

  it('of a space that ends are free at once, with nothing left under them', () => {
    const fixture = new Fixture(2);
    const [a, b] = [fixture.make(0), fixture.make(1)];
    for (const space of [a, b]) {
      fixture.asids.enter(space);
      fixture.tlb.use(3, `space ${space.id}`);
    }
    fixture.end(0);
    expect(fixture.tlb.entries).toEqual([{ tag: 1, page: 3, life: 'space 1' }]);
    const c = fixture.make(0);
    fixture.asids.enter(c);
    expect([c.asid, b.asid, fixture.state.counts.flushes]).toEqual([0, 1, 0]);
  });

  it('without them, a space that has the number of one that ended is another space', () => {
    const fixture = new Fixture('none');
    fixture.asids.enter(fixture.make(0));
    fixture.tlb.use(3, 'first');
    fixture.end(0);
    fixture.asids.enter(fixture.make(0));
    expect(fixture.state.counts).toEqual({ switches: 2, flushes: 1, rollOvers: 0, dropped: 0 });
  });
});

const MOST = 6;
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('run' as const), id: fc.nat(MOST - 1), page: fc.nat(3) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('flush' as const), id: fc.nat(MOST - 1), page: fc.nat(3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('forget' as const, 'end' as const),
      id: fc.nat(MOST - 1),
      page: fc.constant(0),
    }),
  },
);

/** What generations come to, with a set: those who have an identifier now. */
class NaiveGenerations {
  readonly holders = new Set<string>();
  flushes = 0;
  readonly #choice: AsidChoice;

  constructor(choice: AsidChoice) {
    this.#choice = choice;
  }

  run(life: string, isFirst: boolean): void {
    if (this.holders.has(life)) return;
    const isFull = this.#choice === 'none' ? !isFirst : this.holders.size === this.#choice;
    if (isFull) {
      this.holders.clear();
      this.flushes++;
    }
    this.holders.add(life);
  }
}

describe('in random lives of spaces', () => {
  it.each<AsidChoice>([2, 3, 5, 65_536, 'none'])('nobody ever hits what another one left: %s', (choice) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const fixture = new Fixture(choice);
        const naive = new NaiveGenerations(choice);
        let hasRun = false;
        for (const { op, id, page } of steps) {
          const space = fixture.spaces[id] ?? fixture.make(id);
          const life = fixture.lifeOf.get(id)!;
          switch (op) {
            case 'run':
              naive.run(life, !hasRun);
              hasRun = true;
              fixture.asids.enter(space);
              expect(fixture.tlb.use(page, life)).toBe(life);
              break;
            case 'flush':
              fixture.flushes.page(space, page as Vpn);
              expect(fixture.tlb.entries.some((entry) => entry.life === life && entry.page === page)).toBe(
                false,
              );
              break;
            case 'forget':
              fixture.flushes.space(space);
              expect(fixture.tlb.entries.some((entry) => entry.life === life)).toBe(false);
              break;
            case 'end':
              fixture.end(id);
              naive.holders.delete(life);
              expect(fixture.tlb.entries.some((entry) => entry.life === life)).toBe(false);
          }
          checkTags(fixture);
          expect(fixture.state.counts.flushes).toBe(naive.flushes);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** No two spaces have one tag, and what has a tag in the TLB is of the space that has it now. */
function checkTags({ spaces, lifeOf, tlb }: Fixture): void {
  const owners = new Map<number, string>();
  spaces.forEach((space, id) => {
    if (space === undefined || space.asid === NO_ASID) return;
    expect(owners.has(space.asid)).toBe(false);
    owners.set(space.asid, lifeOf.get(id)!);
  });
  for (const { tag, life } of tlb.entries) expect(owners.get(tag)).toBe(life);
}
