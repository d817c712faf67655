/**
 * What every kind of page tables has to do for the kernel (src/kernel/memory/page-tables.ts): after any changes it holds
 * what a map of pages holds, each entry at its place, and every table frame is accounted for.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { frame as frameNumber, type SpaceId, type Vpn, virtualAddress } from '../../../src/base/numbers.ts';
import { randomState } from '../../../src/base/random.ts';
import { layoutBelow } from '../../../src/kernel/loader/layout.ts';
import { FrameTable } from '../../../src/kernel/memory/frames.ts';
import type { PageTables, TableAllocator } from '../../../src/kernel/memory/page-tables.ts';
import { Pins } from '../../../src/kernel/memory/pins.ts';
import type { PagingScheme } from '../../../src/kernel/memory/schemes.ts';
import {
  initialMemoryState,
  type MemoryState,
  type Sizing,
  TABLE,
} from '../../../src/kernel/memory/state.ts';
import type { SpaceState } from '../../../src/kernel/state.ts';
import type { PlacementDefinition } from '../../../src/policies/placement/contract.ts';
import { firstFit } from '../../../src/policies/placement/first-fit.ts';
import { lru } from '../../../src/policies/replacement/lru.ts';
import { FakeMachine } from '../../support/fake-machine.ts';
import { testRoot } from '../root.ts';

/** Tables of a kind in a memory of their own. */
export interface Subject {
  readonly scheme: PagingScheme;
  readonly frames: number;
  readonly sizing?: Sizing;
  readonly placement?: PlacementDefinition;
  /** Pages that are made use of: those at the edges of tables, and neighbours. */
  readonly pages: readonly number[];
  /** Largest payload of an invalid entry. */
  readonly mostPayload: number;
  readonly spaces?: number;
  /** What the scheme's definition says beside the contract. */
  readonly twin?: (world: () => TableWorld) => StructureTwin;
}

/** What is known of a structure by its definition. Each call comes when the same was done to the tables. */
export interface StructureTwin {
  opened?(space: number): void;
  closed?(space: number): void;
  /** @param isNew whether the page had no place before */
  ensured?(space: number, page: number, isNew: boolean): void;
  /** @param before frame of the valid entry that was there, or -1 */
  written?(space: number, page: number, before: number, after: number): void;
  pruned?(space: number, from: number, to: number): void;
  /** Words that the walk to a page reads. @param frame of a valid entry, -1 of others; `undefined`: it has no place */
  reads?(space: number, page: number, frame: number | undefined): number | undefined;
  /** Whether there is room for what needs no frame that the allocator would have to give; `undefined`: frames decide. */
  hasRoom?(space: number, page: number | undefined): boolean | undefined;
  /** Looks at the structure itself. */
  check?(spaces: ReadonlyMap<number, ReadonlyMap<number, Halves>>): void;
}

export interface Halves {
  readonly low: number;
  readonly high: number;
}

type Step =
  | { readonly do: 'open' }
  | { readonly do: 'close'; which: number }
  | { readonly do: 'write'; which: number; pick: number; entry: NewEntry; grants: number }
  | { readonly do: 'bits'; which: number; pick: number; bits: number; way: 'set' | 'clear' }
  | { readonly do: 'zero'; which: number; from: number; to: number; prunes: boolean }
  | { readonly do: 'walk'; which: number; pick: number };

type NewEntry =
  | { readonly kind: 'valid'; frame: number; flags: number }
  | { readonly kind: 1 | 2 | 3 | 4; payload: number };

// V R W X U A D of the kernel's form, from its manual: RISC-V, volume II, section 12.4.
const V = 1;
const U = 16;
const A = 64;
const D = 128;
const RIGHTS = [2, 2 | 4, 8, 2 | 8, 2 | 4 | 8];

const entry: fc.Arbitrary<NewEntry> = fc.oneof(
  fc.record({
    kind: fc.constant('valid' as const),
    frame: fc.nat(2 ** 20),
    flags: fc
      .tuple(fc.constantFrom(...RIGHTS), fc.constantFrom(0, A, A | D))
      .map(([rights, used]) => V | U | rights | used),
  }),
  fc.record({
    kind: fc.constantFrom(1 as const, 2 as const, 3 as const, 4 as const),
    payload: fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.nat(2 ** 31 - 1)),
  }),
);

const number = fc.nat(1000);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant({ do: 'open' as const }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), which: number }) },
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        which: number,
        pick: number,
        entry,
        grants: fc.constantFrom(0, 1, 2, 9, 9, 9, 9),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('bits' as const),
        which: number,
        pick: number,
        bits: fc.constantFrom(A, D, A | D, 4, D | 4),
        way: fc.constantFrom('set' as const, 'clear' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('zero' as const),
        which: number,
        from: number,
        to: number,
        prunes: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('walk' as const), which: number, pick: number }) },
  ),
  { minLength: 25, maxLength: 60, size: 'max' },
);

/** Tables, with all that they are made from. */
export class TableWorld {
  readonly machine: FakeMachine;
  readonly state: MemoryState;
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly subject: Subject;

  constructor(subject: Subject, from?: TableWorld) {
    const { scheme, frames, sizing = { mode: 'memory' }, placement = firstFit } = subject;
    this.subject = subject;
    this.machine = from === undefined ? new FakeMachine(frames) : from.machine.clone();
    this.state =
      from === undefined
        ? initialMemoryState({
            frames,
            sizing,
            policyDefinition: lru,
            swapCapacity: 0,
            random: randomState(1),
          })
        : structuredClone(from.state);
    this.frames = new FrameTable(this.state.frames, this.state.counters);
    const { state, machine } = this;
    const events = { watched: false, emit: () => {} };
    const { frames: table } = this;
    const pins = new Pins({ root: testRoot().root, state, frames: table, counters: state.counters });
    const parts = { state, machine, frames: table, pins, events, placement };
    this.tables = scheme.build({ ...parts, stamps: undefined, leaves: undefined });
  }

  /** Gives so many frames at most. */
  allocator(grants: number): TableAllocator {
    let left = grants;
    return () => (left-- > 0 ? this.frames.allocateTable() : -1);
  }

  space(id: number): SpaceState {
    const layout = layoutBelow(this.subject.scheme.end);
    return {
      id: id as SpaceId,
      asid: id,
      root: frameNumber(0),
      translation: this.subject.scheme.name,
      layout,
      areas: [],
      brkStart: virtualAddress(0),
      brk: virtualAddress(0),
      mmapTop: layout.mmapTop,
      tableFrames: 0,
      resident: 0,
      residentPeak: 0,
    };
  }
}

/** A space and what it holds: entries that are not zero, and the place of each. */
interface Space {
  readonly state: SpaceState;
  readonly entries: Map<number, Halves>;
  readonly places: Map<number, number>;
}

const isValid = ({ low }: Halves): boolean => (low & 1) === 1;
const frameOf = (halves: Halves | undefined): number =>
  halves !== undefined && isValid(halves) ? halves.low >>> 10 : -1;

/** What has been seen, so that a test can tell whether it has tried what it was to try. */
export interface Seen {
  writes: number;
  lacked: number;
  noSpace: number;
}

/** Carries out steps on tables and on maps, and compares after each. */
export class TableTrial {
  world: TableWorld;
  spaces: Space[] = [];
  readonly seen: Seen = { writes: 0, lacked: 0, noSpace: 0 };
  readonly #twin: StructureTwin;
  readonly #most: number;

  constructor(subject: Subject) {
    this.world = new TableWorld(subject);
    this.#twin = subject.twin?.(() => this.world) ?? {};
    this.#most = subject.spaces ?? 3;
    this.open();
  }

  step(step: Step): void {
    if (step.do === 'open') this.open();
    else if (this.spaces.length > 0) this.#change(this.spaces[step.which % this.spaces.length]!, step);
  }

  #change(space: Space, step: Exclude<Step, { do: 'open' }>): void {
    switch (step.do) {
      case 'close':
        this.close(space);
        break;
      case 'write':
        this.write(space, this.#page(step.pick), step.entry, step.grants);
        break;
      case 'bits':
        this.#bits(space, this.#page(step.pick), step.bits, step.way);
        break;
      case 'zero': {
        const [from, to] = [this.#page(step.from), this.#page(step.to)].sort((a, b) => a - b);
        this.zero(space, from!, to! + 1, step.prunes);
        break;
      }
      case 'walk':
        this.walk(space, this.#page(step.pick));
    }
  }

  #page(pick: number): number {
    const { pages } = this.world.subject;
    return pages[pick % pages.length]!;
  }

  open(): void {
    if (this.spaces.length === this.#most) return;
    const { tables } = this.world;
    let id = 0;
    while (this.spaces.some(({ state }) => state.id === id)) id++;
    const state = this.world.space(id);
    const has = this.#twin.hasRoom?.(id, undefined);
    const isOpen = tables.open(state, this.world.allocator(9));
    if (has !== undefined) expect(isOpen).toBe(has);
    if (!isOpen) {
      this.seen.noSpace++;
      expect(state.tableFrames).toBe(0);
      return;
    }
    this.spaces.push({ state, entries: new Map(), places: new Map() });
    this.#twin.opened?.(id);
  }

  close(space: Space): void {
    this.zero(space, 0, this.#allPages(), true);
    this.world.tables.close(space.state);
    this.spaces.splice(this.spaces.indexOf(space), 1);
    expect(space.state.tableFrames).toBe(0);
    this.#twin.closed?.(space.state.id);
  }

  #allPages(): number {
    return this.world.subject.scheme.end / 4096;
  }

  #halves(entry: NewEntry): Halves {
    const { mostPayload } = this.world.subject;
    if (entry.kind === 'valid') {
      const frame = entry.frame % this.world.state.frames.pages.limit;
      return { low: ((frame << 10) | entry.flags) >>> 0, high: 0 };
    }
    return { low: entry.kind << 1, high: entry.payload > mostPayload ? mostPayload : entry.payload };
  }

  /** Makes the entry of a page and writes it; a page for whose tables there is no frame stays without. */
  write(space: Space, page: number, entry: NewEntry, grants = 9): void {
    const { tables } = this.world;
    const { state, entries, places } = space;
    const had = tables.find(state, page as Vpn);
    const has = this.#twin.hasRoom?.(state.id, page);
    const at = tables.ensure(state, page as Vpn, this.world.allocator(grants));
    if (has !== undefined) expect(at !== -1).toBe(has);
    if (had !== -1) expect(at).toBe(had);
    if (at === -1) {
      this.seen.lacked++;
      return;
    }
    if (had === -1) expect(tables.low(at)).toBe(0);
    this.#twin.ensured?.(state.id, page, had === -1);
    const halves = this.#halves(entry);
    const before = frameOf(entries.get(page));
    tables.write(at, halves.low, halves.high);
    this.seen.writes++;
    entries.set(page, halves);
    places.set(page, at);
    this.#twin.written?.(state.id, page, before, frameOf(halves));
  }

  #bits({ state, entries, places }: Space, page: number, bits: number, way: 'set' | 'clear'): void {
    const halves = entries.get(page);
    // Only valid entries have such bits, and W means R.
    if (halves === undefined || !isValid(halves)) return;
    const allowed = (halves.low & 2) === 0 ? bits & ~4 : bits;
    const low = (way === 'set' ? halves.low | allowed : halves.low & ~allowed) >>> 0;
    const { tables } = this.world;
    if (way === 'set') tables.setBits(places.get(page)!, allowed);
    else tables.clearBits(places.get(page)!, allowed);
    entries.set(page, { low, high: 0 });
    this.#twin.written?.(state.id, page, frameOf(halves), frameOf(halves));
  }

  /** Clears the entries of a range while they are visited, as munmap does. */
  zero({ state, entries, places }: Space, from: number, to: number, prunes: boolean): void {
    const { tables } = this.world;
    const visited: number[] = [];
    tables.forEach(state, from, to, (page, at) => {
      expect(at).toBe(places.get(page));
      const before = frameOf(entries.get(page));
      tables.write(at, 0, 0);
      visited.push(page);
      entries.delete(page);
      places.delete(page);
      this.#twin.written?.(state.id, page, before, -1);
    });
    expect(visited).toEqual([...visited].sort((a, b) => a - b));
    if (!prunes) return;
    tables.prune(state, from, to);
    this.#twin.pruned?.(state.id, from, to);
  }

  walk({ state, entries, places }: Space, page: number): void {
    const { tables } = this.world;
    const found = tables.find(state, page as Vpn);
    const halves = entries.get(page);
    const expected = this.#twin.reads?.(state.id, page, found === -1 ? undefined : frameOf(halves));
    const before = tables.reads;
    expect(tables.walk(state, page as Vpn)).toBe(found);
    if (halves !== undefined) expect(found).toBe(places.get(page));
    if (expected !== undefined) expect(tables.reads - before).toBe(expected);
  }

  /** One expectation for all pages and spaces: each costs more than many look-ups. */
  compare(): void {
    const { tables, subject, state } = this.world;
    const wrong: unknown[] = [];
    for (const { state: space, entries, places } of this.spaces) {
      for (const page of subject.pages) {
        const at = tables.find(space, page as Vpn);
        const low = at === -1 ? 0 : tables.low(at);
        const halves = entries.get(page);
        if (halves === undefined) {
          if (low !== 0) wrong.push({ space: space.id, page, low, expected: 'nothing' });
        } else if (at !== places.get(page) || low !== halves.low || tables.high(at) !== halves.high)
          wrong.push({ space: space.id, page, at, place: places.get(page), low, halves });
        else if (tables.isValid(low) !== isValid(halves)) wrong.push({ page, low });
        else if (isValid(halves) && tables.frameAt(at) !== halves.low >>> 10) wrong.push({ page, low });
      }
      this.#compareRanges(space, entries, wrong);
    }
    expect(wrong).toEqual([]);
    this.#account(state);
    this.#twin.check?.(new Map(this.spaces.map((space) => [space.state.id, space.entries])));
  }

  #compareRanges(space: SpaceState, entries: ReadonlyMap<number, Halves>, wrong: unknown[]): void {
    const { pages } = this.world.subject;
    const middle = pages[pages.length >> 1]!;
    const all = this.#allPages();
    const ranges = [[0, all] as const, [pages[1]!, middle] as const, [middle, middle + 1] as const];
    for (const [from, to] of ranges) {
      const visited: number[] = [];
      this.world.tables.forEach(space, from, to, (page) => void visited.push(page));
      const expected = [...entries.keys()].filter((page) => page >= from && page < to).sort((a, b) => a - b);
      if (visited.join() !== expected.join()) wrong.push({ from, to, visited, expected });
    }
  }

  /** Every table frame is some space's or nobody's in particular, once. */
  #account(state: MemoryState): void {
    const { tables } = this.world;
    const known: number[] = [];
    for (const { state: space } of this.spaces) {
      const before = known.length;
      tables.forEachTable(space, (frame) => void known.push(frame));
      expect(known.length - before).toBe(space.tableFrames);
    }
    tables.forEachShared((frame) => void known.push(frame));
    const used = [...state.frames.use.keys()].filter((frame) => state.frames.use[frame] === TABLE);
    expect(known.sort((a, b) => a - b)).toEqual(used);
    expect(state.counters.tableFrames).toBe(used.length);
  }

  /** Goes on with a copy of all state. */
  resume(): void {
    this.world = new TableWorld(this.world.subject, this.world);
    this.spaces = structuredClone(this.spaces);
  }

  /** After the end of all spaces only shared tables are left. */
  end(): void {
    for (const space of [...this.spaces]) this.close(space);
    this.compare();
  }
}

/** Random steps against maps; `each` sees every trial when it has ended. */
export function conforms(subject: Subject, runs: number, each: (trial: TableTrial) => void = () => {}): void {
  fc.assert(
    fc.property(steps, fc.nat(60), (list, resumed) => {
      const trial = new TableTrial(subject);
      list.forEach((step, at) => {
        if (at === resumed) trial.resume();
        trial.step(step);
        trial.compare();
      });
      trial.end();
      each(trial);
    }),
    { numRuns: runs },
  );
}
