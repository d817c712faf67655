/** The page tables of every scheme keep their contract, and what their definitions say beside it. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../src/base/errors.ts';
import type { Vpn } from '../../../src/base/numbers.ts';
import type { InvertedState } from '../../../src/kernel/memory/inverted-tables.ts';
import { PieceTables } from '../../../src/kernel/memory/piece-tables.ts';
import { type PagingScheme, pagingSchemes } from '../../../src/kernel/memory/schemes.ts';
import { TABLE } from '../../../src/kernel/memory/state.ts';
import type { RegionState } from '../../../src/kernel/memory/table-region.ts';
import { placementPolicies } from '../../../src/policies/placement/registry.ts';
import { twoLevel } from '../../../src/translation/two-level.ts';
import { NaiveHashed, NaiveInverted, naivePowerOfTwo } from '../../support/naive-tables.ts';
import {
  conforms,
  type Halves,
  type StructureTwin,
  type Subject,
  TableTrial,
  TableWorld,
} from './schemes.conformance.ts';

const scheme = (name: string): PagingScheme => pagingSchemes.find((one) => one.name === name)!;

/** Pages on both sides of the edges of tables, within so many. */
function edges(count: number, at: readonly number[]): number[] {
  const pages = [0, ...at, count].flatMap((edge) => [edge - 2, edge - 1, edge, edge + 1]);
  return [...new Set(pages)].filter((page) => page >= 0 && page < count).sort((a, b) => a - b);
}

// Radix: a walk reads an entry a level, and fewer only where a table is missing.

const radix = (name: string, levels: number, at: readonly number[], mostPayload: number): Subject => ({
  scheme: scheme(name),
  frames: 60,
  pages: edges(scheme(name).end / 4096, at),
  mostPayload,
  twin: () => ({
    reads: (_space, _page, frame) => (frame === undefined ? undefined : levels),
  }),
});

const ofRadix: readonly Subject[] = [
  radix('sv39', 3, [512, 2 ** 18], 2 ** 32 - 1),
  radix('sv48', 4, [512, 2 ** 27], 2 ** 32 - 1),
  radix('two-level', 2, [1024, 2 ** 19], 2 ** 28 - 1),
  radix('x86-64', 4, [512, 2 ** 27], 2 ** 32 - 1),
];

describe.each(ofRadix)('$scheme.name', (subject) => {
  it('keeps the contract', () => {
    const seen = { lacked: 0 };
    conforms(subject, 40, (trial) => {
      seen.lacked += trial.seen.lacked;
      expect(trial.world.state.counters.tableFrames).toBe(0);
    });
    expect(seen.lacked).toBeGreaterThan(0);
  });
});

// Pieces: one read; a table for a segment is as long as its furthest page needs; all that is free can be had.

function regionOf({ state }: TableWorld): RegionState {
  const { linear, hybrid } = state.tables;
  return (linear ?? hybrid)!;
}

class PieceTwin implements StructureTwin {
  readonly #world: () => TableWorld;
  readonly #segments: number;
  readonly #segmentPages: number;
  readonly #lengths = new Map<string, number>();

  constructor(world: () => TableWorld, segmentBits: number, pages: number) {
    this.#world = world;
    this.#segments = 2 ** segmentBits;
    this.#segmentPages = pages / this.#segments;
  }

  get #free(): number {
    const { units } = regionOf(this.#world());
    return [...this.#lengths.values()].reduce((left, length) => left - length, units);
  }

  /** Frames that the table of a page's segment has to have at least. */
  #needed(page: number): [key: number, frames: number] {
    const segment = Math.floor(page / this.#segmentPages);
    const inside = page - segment * this.#segmentPages;
    const isStack = this.#segments > 1 && segment === this.#segments - 1;
    const entries = isStack ? this.#segmentPages - inside : inside + 1;
    return [segment, Math.ceil((entries * 4) / 4096)];
  }

  hasRoom(space: number, page: number | undefined): boolean {
    if (page === undefined) return this.#segments > 1 || this.#free >= (this.#segmentPages * 4) / 4096;
    const [segment, frames] = this.#needed(page);
    return frames - (this.#lengths.get(`${space}.${segment}`) ?? 0) <= this.#free;
  }

  opened(space: number): void {
    if (this.#segments === 1) this.#lengths.set(`${space}.0`, (this.#segmentPages * 4) / 4096);
  }

  closed(space: number): void {
    for (const key of [...this.#lengths.keys()]) if (key.startsWith(`${space}.`)) this.#lengths.delete(key);
  }

  ensured(space: number, page: number): void {
    const [segment, frames] = this.#needed(page);
    const key = `${space}.${segment}`;
    this.#lengths.set(key, Math.max(frames, this.#lengths.get(key) ?? 0));
  }

  reads(space: number, page: number): number {
    const [segment, frames] = this.#needed(page);
    return frames <= (this.#lengths.get(`${space}.${segment}`) ?? 0) ? 1 : 0;
  }

  check(): void {
    const region = regionOf(this.#world());
    const lengths = [...region.pieces.values()].map((piece) => [
      `${piece.space}.${piece.segment}`,
      piece.units,
    ]);
    expect(new Map(lengths as [string, number][])).toEqual(this.#lengths);
    const taken = [...region.pieces.values()].sort((a, b) => a.start - b.start);
    let end = 0;
    for (const { start, units } of taken) {
      expect(start).toBeGreaterThanOrEqual(end);
      end = start + units;
    }
    expect(end).toBeLessThanOrEqual(region.units);
  }
}

/** Pieces as in the scheme, in a smaller space. */
function pieces(segmentBits: number, addressBits: number, frames: number): Subject {
  const format = { ...twoLevel, addressBits };
  const pages = 2 ** (addressBits - 12);
  const segment = pages / 2 ** segmentBits;
  const starts = Array.from({ length: 2 ** segmentBits }, (_, i) => i * segment);
  return {
    scheme: {
      ...scheme(segmentBits === 0 ? 'linear' : 'hybrid'),
      end: 2 ** addressBits,
      build: (parts) => new PieceTables(parts, { format, segmentBits }),
    },
    frames,
    pages: edges(
      pages,
      starts.flatMap((start) => [start, start + segment / 2]),
    ),
    mostPayload: 2 ** 28 - 1,
    twin: (world) => new PieceTwin(world, segmentBits, pages),
  };
}

const ofPieces: readonly (Subject & { readonly title: string })[] = [
  { ...pieces(0, 24, 20), title: 'linear, 4 frames' },
  { ...pieces(2, 26, 28), title: 'hybrid, 4 frames a segment' },
  { ...pieces(1, 25, 40), title: 'hybrid, two segments' },
];

describe.each(ofPieces)('$title', (subject) => {
  it('keeps the contract, and refuses only what does not fit', () => {
    const seen = { lacked: 0, noSpace: 0, compactions: 0, moves: 0 };
    conforms(subject, 40, ({ seen: { lacked, noSpace }, world }) => {
      seen.lacked += lacked;
      seen.noSpace += noSpace;
      seen.compactions += regionOf(world).compactions;
      seen.moves += regionOf(world).moves;
    });
    if (subject.title.startsWith('linear')) expect(seen.noSpace).toBeGreaterThan(0);
    else expect(Math.min(seen.lacked, seen.compactions, seen.moves)).toBeGreaterThan(0);
  });
});

describe('hybrid with each placement policy', () => {
  it.each(placementPolicies)('$name: keeps the contract', (placement) => {
    const subject = pieces(2, 26, 28);
    // Those that round sizes up refuse what would fit.
    const twin: Subject['twin'] = (world) => {
      const whole = new PieceTwin(world, 2, 2 ** 14);
      return {
        closed: (space) => whole.closed(space),
        ensured: (space, page) => whole.ensured(space, page),
        reads: (space, page) => whole.reads(space, page),
        check: () => whole.check(),
      };
    };
    let moves = 0;
    conforms({ ...subject, placement, twin }, 12, ({ world }) => {
      moves += regionOf(world).moves;
    });
    expect(moves).toBeGreaterThan(0);
  });
});

// Inverted: an entry a frame, which is that of a page that the frame is mapped as.

function invertedOf({ state }: TableWorld): InvertedState {
  const { inverted, scanned } = state.tables;
  return (inverted ?? scanned)!;
}

class InvertedTwin implements StructureTwin {
  readonly #world: () => TableWorld;
  readonly #naive: NaiveInverted;

  constructor(world: () => TableWorld, search: 'hash' | 'scan') {
    this.#world = world;
    this.#naive = new NaiveInverted(world().state.frames.pages.limit, search);
  }

  written(space: number, page: number, before: number, after: number): void {
    if (before !== after && before !== -1) this.#naive.unmap(space, page, before);
    if (after !== -1) this.#naive.map(space, page, after);
  }

  reads(space: number, page: number, frame: number | undefined): number {
    return this.#naive.walk(space, page, frame);
  }

  /** The table's bytes: whose page each frame holds, and with which rights. */
  check(spaces: ReadonlyMap<number, ReadonlyMap<number, Halves>>): void {
    const { machine, state } = this.#world();
    const { base } = invertedOf(this.#world()).table;
    const view = machine.ramView;
    const wrong: unknown[] = [];
    for (let frame = 0; frame < state.frames.pages.limit; frame++) {
      const [tag, tagAbove, flags] = [0, 4, 8].map((at) => view.getUint32(base + frame * 16 + at, true));
      const expected = this.#naive.at(frame);
      const page = tag! + (tagAbove! & 0xffff) * 2 ** 32;
      const found = flags! < 2 ** 31 ? undefined : { space: tagAbove! >>> 16, page };
      const low = found && spaces.get(found.space)?.get(page)?.low;
      const isRight =
        found?.space === expected?.space &&
        found?.page === expected?.page &&
        (found === undefined || (low! >>> 10 === frame && (low! & 0x3ff) === flags! % 2 ** 31));
      if (!isRight) wrong.push({ frame, found, expected, low, flags });
    }
    expect(wrong).toEqual([]);
  }
}

const ofInverted = (name: 'inverted' | 'inverted:scan'): Subject => ({
  scheme: scheme(name),
  frames: 12,
  // So few that pages share frames.
  sizing: { mode: 'frames', frames: 6 },
  pages: [0, 1, 511, 512, 2 ** 32 - 1, 2 ** 32, 2 ** 35 - 1],
  mostPayload: 2 ** 32 - 1,
  twin: (world) => new InvertedTwin(world, name === 'inverted' ? 'hash' : 'scan'),
});

describe.each(['inverted', 'inverted:scan'] as const)('%s', (name) => {
  it('keeps the contract; a frame is found as the page that was looked up last', () => {
    let reentered = 0;
    conforms(ofInverted(name), 60, ({ world }) => {
      reentered += invertedOf(world).reentered;
    });
    expect(reentered).toBeGreaterThan(0);
  });

  it('finds a page whose frame was entered as another that is gone', () => {
    const trial = new TableTrial(ofInverted(name));
    trial.open();
    const [first, second] = trial.spaces;
    trial.write(first!, 512, { kind: 'valid', frame: 3, flags: 0xd7 });
    trial.write(second!, 512, { kind: 'valid', frame: 3, flags: 0x53 });
    trial.zero(first!, 512, 513, true);
    trial.walk(second!, 512);
    trial.compare();
    expect(invertedOf(trial.world).reentered).toBe(1);
  });
});

// Hashed: a node for each page that has a place; those of zeros go when they are pruned.

class HashedTwin implements StructureTwin {
  readonly #naive: NaiveHashed;
  readonly #pages = new Map<number, Set<number>>();
  readonly #world: () => TableWorld;

  constructor(world: () => TableWorld) {
    this.#world = world;
    this.#naive = new NaiveHashed(naivePowerOfTwo(world().state.frames.pages.limit));
  }

  opened(space: number): void {
    this.#pages.set(space, new Set());
  }

  ensured(space: number, page: number, isNew: boolean): void {
    if (!isNew) return;
    this.#naive.add(space, page);
    this.#pages.get(space)!.add(page);
  }

  pruned(space: number, from: number, to: number): void {
    for (const page of [...this.#pages.get(space)!]) {
      // All that these ranges have is zero.
      if (page < from || page >= to) continue;
      this.#naive.remove(space, page);
      this.#pages.get(space)!.delete(page);
    }
  }

  reads(space: number, page: number): number {
    return this.#naive.reads(space, page);
  }

  check(): void {
    const used = [...this.#pages.values()].reduce((sum, pages) => sum + pages.size, 0);
    expect(this.#world().state.tables.hashed!.table.used).toBe(used);
  }
}

const hashed: Subject = {
  scheme: scheme('hashed'),
  frames: 8,
  pages: [0, 1, 511, 512, 2 ** 32 - 1, 2 ** 32, 2 ** 35 - 1],
  mostPayload: 2 ** 32 - 1,
  twin: (world) => new HashedTwin(world),
};

describe('hashed', () => {
  it('keeps the contract, and gives nodes back', () => {
    let lacked = 0;
    conforms(hashed, 60, ({ seen, world }) => {
      lacked += seen.lacked;
      expect(world.state.tables.hashed!.table.used).toBe(0);
    });
    expect(lacked).toBeGreaterThan(0);
  });

  it('takes a frame for 170 nodes, and uses those that came back before it takes another', () => {
    const { state, tables, ...world } = new TableWorld({ ...hashed, frames: 40 });
    const shared = () => {
      let frames = 0;
      tables.forEachShared(() => frames++);
      return frames;
    };
    const one = TableWorld.prototype.space.call({ subject: hashed }, 1);
    const two = TableWorld.prototype.space.call({ subject: hashed }, 2);
    const allocate = () => world.frames.allocateTable();
    tables.open(one, allocate);
    tables.open(two, allocate);
    // 40 frames: 64 buckets of 4 bytes, in a frame of their own.
    expect(shared()).toBe(1);
    const ensure = (space: typeof one, from: number, count: number) => {
      for (let page = from; page < from + count; page++)
        expect(tables.ensure(space, page as Vpn, allocate)).not.toBe(-1);
    };
    ensure(one, 0, 170);
    expect(shared()).toBe(2);
    ensure(two, 1000, 171);
    expect(shared()).toBe(4);
    expect(tables.ensure(one, 5000 as Vpn, () => -1)).not.toBe(-1);
    tables.prune(one, 0, 100);
    // 510 nodes, 242 in use.
    ensure(two, 1200, 268);
    expect(shared()).toBe(4);
    expect(tables.ensure(one, 6000 as Vpn, () => -1)).toBe(-1);
    expect(state.frames.use.filter((use) => use === TABLE)).toHaveLength(4);
  });
});

describe('tables of their full size', () => {
  it('a linear table has 1024 frames, and as many spaces as fit are opened', () => {
    const frames = 4400;
    const trial = new TableTrial({
      ...radix('linear', 1, [2 ** 19], 2 ** 28 - 1),
      frames,
      twin: (world) => new PieceTwin(world, 0, 2 ** 20),
    });
    trial.open();
    trial.open();
    // Half of 4400 frames are the tables'.
    expect([trial.spaces.length, trial.seen.noSpace]).toEqual([2, 1]);
    for (const space of trial.spaces)
      for (const page of [0, 2 ** 19, 2 ** 20 - 1])
        trial.write(space, page, { kind: 'valid', frame: page % 97, flags: 0xd7 });
    trial.compare();
    trial.end();
  });

  it('linear tables are refused by a memory that has no room for one', () => {
    const make = () => new TableWorld({ ...radix('linear', 1, [], 0), frames: 1000 });
    expect(make).toThrow(UserError);
    expect(make).toThrow('--memory: the table of this translation takes 4M, memory has less');
  });

  it('a table as long as a segment of 1 GiB needs lies beside others', () => {
    const trial = new TableTrial({
      ...radix('hybrid', 1, [2 ** 18, 2 ** 19], 2 ** 28 - 1),
      frames: 9000,
      twin: (world) => new PieceTwin(world, 2, 2 ** 20),
    });
    for (const page of [0, 2 ** 18 - 1, 2 ** 18, 2 ** 20 - 1, 3 * 2 ** 18])
      trial.write(trial.spaces[0]!, page, { kind: 'valid', frame: 7, flags: 0xd3 });
    expect(trial.spaces[0]!.state.tableFrames).toBe(256 + 1 + 256);
    trial.compare();
    trial.end();
  });
});
