/** Replayed translation against lists, maps and the schemes with their bytes: random traces, shapes and memories. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findReplacementPolicy } from '../../../src/policies/replacement/registry.ts';
import { TraceBuilder } from '../../../src/replay/builder.ts';
import { KIND } from '../../../src/replay/dense.ts';
import { Simulation } from '../../../src/replay/simulate.ts';
import { ReplayedHashed, ReplayedInverted } from '../../../src/replay/translation/chained.ts';
import { Identifiers } from '../../../src/replay/translation/identifiers.ts';
import { ReplayedLinear } from '../../../src/replay/translation/linear.ts';
import { PagingLog } from '../../../src/replay/translation/paging-log.ts';
import { TranslationPass } from '../../../src/replay/translation/pass.ts';
import { ReplayedRadix } from '../../../src/replay/translation/radix.ts';
import type { ReplayedPages, ReplayedTables } from '../../../src/replay/translation/tables.ts';
import type { PagedScheme } from '../../../src/translation/contract.ts';
import { HashedScheme, InvertedScheme } from '../../../src/translation/global-schemes.ts';
import { addNodes, makeHashed } from '../../../src/translation/hashed.ts';
import { clearInverted, invertedFormat } from '../../../src/translation/inverted.ts';
import { walkFormat } from '../../../src/translation/page-entry.ts';
import { CountedFrames, RadixScheme } from '../../../src/translation/radix-tables.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { type NaiveOptions, type NaiveReference, naiveCounts } from './naive.ts';

const SPACES = [5, 7, 70];
const geometry = {
  ...sv39,
  name: 'small',
  addressBits: 20,
  indexBits: [2, 3, 3],
  addresses: 'unsigned' as const,
};
const PAGES = 2 ** 8;

interface Subject {
  readonly tables: (pages: ReplayedPages, frames: number) => ReplayedTables;
  readonly naive: (frames: number) => Pick<NaiveOptions, 'schemeOf' | 'keepsEntries' | 'footprint'>;
}

const spacesOf = (make: (space: number) => PagedScheme) => {
  const made = new Map(SPACES.map((space) => [space, make(space)]));
  return (space: number): PagedScheme => made.get(space)!;
};

const radix: Subject = {
  tables: (pages) => new ReplayedRadix({ indexBits: [2, 3, 3], offsetBits: 12, entryBytes: 8 }, pages),
  naive: () => {
    const ram = new DataView(new ArrayBuffer(150 * 4096));
    const frames = new CountedFrames(0, 150);
    const schemeOf = spacesOf(() => new RadixScheme(geometry, ram, frames.take(), frames));
    return {
      schemeOf,
      keepsEntries: true,
      footprint: (spaces) => spaces.reduce((sum, one) => sum + schemeOf(one).footprint(), 0),
    };
  },
};

const inverted = (search: 'hash' | 'scan'): Subject => ({
  tables: (pages, frames) => new ReplayedInverted(search, frames, 12, pages),
  naive: (frames) => {
    const ram = new DataView(new ArrayBuffer(1 << 16));
    const anchorCount = search === 'scan' ? 0 : 2 ** Math.ceil(Math.log2(Math.max(2, frames)));
    const table = { base: 0, frames, anchors: frames * 16, anchorCount };
    clearInverted(ram, table);
    const format = invertedFormat(48, 12, 'unsigned');
    const bytes = Math.ceil((frames * 16 + anchorCount * 4) / 4096) * 4096;
    return {
      schemeOf: spacesOf((space) => new InvertedScheme(format, ram, table, space)),
      keepsEntries: false,
      footprint: () => bytes,
    };
  },
});

const hashed: Subject = {
  tables: (pages, frames) => new ReplayedHashed(frames, 12, pages),
  naive: (frames) => {
    const ram = new DataView(new ArrayBuffer(1 << 17));
    const table = makeHashed(ram, 0, 2 ** Math.ceil(Math.log2(Math.max(2, frames))));
    addNodes(ram, table, 1 << 12, (1 << 17) - (1 << 12));
    const format = walkFormat({ ...sv39, name: 'hashed', addressBits: 48, addresses: 'unsigned' });
    const most = 4096 + Math.ceil(PAGES / 170) * 4096;
    return {
      schemeOf: spacesOf((space) => new HashedScheme(format, ram, table, space)),
      keepsEntries: true,
      // Nodes come by the frame, which this one has from the start.
      footprint: () => (table.used > 170 ? most : 8192),
    };
  },
};

/** A naive TLB knows no random replacement; everything else goes. */
const shape = fc
  .record({
    sets: fc.constantFrom(1, 2, 4),
    ways: fc.integer({ min: 1, max: 5 }),
    replacement: fc.constantFrom('lru' as const, 'fifo' as const),
  })
  .map(({ sets, ways, replacement }) => ({ entries: sets * ways, ways, replacement }));

const reference: fc.Arbitrary<NaiveReference> = fc.record({
  space: fc.constantFrom(...SPACES),
  page: fc.oneof(fc.nat(11), fc.nat(PAGES - 1)),
  kind: fc.constantFrom(
    'fetch' as const,
    'load' as const,
    'load' as const,
    'store' as const,
    'release' as const,
  ),
});

const settings = fc.record({
  data: shape,
  instructions: fc.option(shape, { nil: undefined }),
  frames: fc.integer({ min: 1, max: 12 }),
  replacement: fc.constantFrom('lru' as const, 'fifo' as const),
  identifiers: fc.constantFrom(2, 65_536, 'none' as const),
  /** How long a process runs. */
  turn: fc.constantFrom(1, 4, 16),
  piece: fc.constantFrom(1, 7, 1000),
  trace: fc.array(reference, { minLength: 1, maxLength: 120 }),
});

/** Several references of a space in a row. */
const inTurns = (trace: readonly NaiveReference[], turn: number): NaiveReference[] =>
  trace.map((one, i) => ({ ...one, space: trace[i - (i % turn)]!.space }));

function traceOf(references: readonly NaiveReference[]) {
  const builder = new TraceBuilder({ name: 'random', pageSize: 4096, kinds: ['fetch', 'load', 'store'] });
  for (const { space, page, kind } of references) {
    builder.owner(space);
    if (kind === 'release') builder.release(page, 0, 1);
    else builder.page(KIND[kind], page, 0);
  }
  return builder.finish();
}

function replayed(
  subject: Subject,
  references: readonly NaiveReference[],
  options: NaiveOptions,
  piece: number,
) {
  const trace = traceOf(references);
  const { low, owner } = trace.names;
  const pages: ReplayedPages = {
    count: trace.pages,
    numberOf: (page) => low[page]!,
    spaceOf: (page) => owner[page]!,
    spaces: trace.owners,
  };
  const { data, instructions, frames } = options;
  const tables = subject.tables(pages, frames);
  const pass = new TranslationPass({
    tlb:
      instructions === undefined ? { kind: 'unified', shape: data } : { kind: 'split', data, instructions },
    tables: [tables],
    numbers: low,
    spaceOf: owner,
    spaces: trace.owners.length,
    identifiers: new Identifiers(options.identifiers, trace.owners.length),
    remarks: undefined,
    seed: 1,
  });
  const log = new PagingLog();
  const definition = findReplacementPolicy(options.replacement, 'test');
  const simulation = new Simulation({ definition, frames, pages: trace.pages, seed: 1, listener: log });
  for (const chunk of trace.chunks) {
    for (let at = 0; at < chunk.length; at += piece) {
      const end = Math.min(chunk.length, at + piece);
      log.clear();
      simulation.feed(chunk, at, end);
      pass.feed(chunk, at, end, log);
    }
  }
  const { instructionMisses, dataMisses, walks, dirtyWalks, faults } = pass.counts;
  const loads = pass.loads[0]!;
  return { instructionMisses, dataMisses, walks, dirtyWalks, faults, loads, peak: tables.peakBytes };
}

describe('replayed translation', () => {
  it.each([
    ['levels', radix],
    ['an inverted table', inverted('hash')],
    ['an inverted table that is scanned', inverted('scan')],
    ['a hashed table', hashed],
  ])('%s: counts what lists and maps count', (_, subject) => {
    fc.assert(
      fc.property(settings, ({ turn, piece, trace, ...rest }) => {
        const references = inTurns(trace, turn);
        if (references.every(({ kind }) => kind === 'release')) return;
        const options = { ...rest, granule: 4096, ...subject.naive(rest.frames) };
        expect(replayed(subject, references, options, piece)).toEqual(naiveCounts(references, options));
      }),
      { numRuns: 80 },
    );
  });
});

describe('linear tables', () => {
  const pages = (numbers: readonly number[]): ReplayedPages => ({
    count: numbers.length,
    numberOf: (page) => numbers[page]!,
    spaceOf: () => 0,
    spaces: [0],
  });

  it.each([
    [16, 256 * 1024],
    [12, 4 * 1024 ** 2],
    [8, 64 * 1024 ** 2],
  ])('pages of 2^%i bytes in 32 bits with entries of 4: %i bytes', (offsetBits, bytes) => {
    const shape = { addressBits: 32, offsetBits, entryBytes: 4, segmentBits: 0 };
    const tables = new ReplayedLinear(shape, pages([0, 1]));
    expect(tables.bytes).toBe(0);
    tables.map(0);
    tables.map(1);
    expect([tables.bytes, tables.found(), tables.missing(1)]).toEqual([bytes, 1, 1]);
    tables.release(0);
    tables.release(1);
    expect([tables.bytes, tables.peakBytes]).toEqual([0, bytes]);
  });

  it('of segments are as long as the furthest page needs, the last one from its end', () => {
    const shape = { addressBits: 32, offsetBits: 12, entryBytes: 4, segmentBits: 2 };
    const tables = new ReplayedLinear(shape, pages([5, 1024, 2 ** 20 - 1, 2 ** 18]));
    expect(tables.missing(0)).toBe(0);
    tables.map(0);
    expect([tables.bytes, tables.missing(0), tables.missing(1)]).toEqual([4096, 1, 0]);
    tables.map(1);
    expect(tables.bytes).toBe(8192);
    tables.map(2);
    expect(tables.bytes).toBe(12_288);
    expect(tables.missing(3)).toBe(0);
  });
});
