/** Every scheme passes the conformance suite, each with what its structure says of loads and bytes. */
import { BaseBoundsScheme } from '../../src/translation/base-bounds.ts';
import type { PagedScheme } from '../../src/translation/contract.ts';
import { HashedScheme, InvertedScheme } from '../../src/translation/global-schemes.ts';
import { addNodes, type HashedTable, makeHashed } from '../../src/translation/hashed.ts';
import { HybridScheme, type HybridTable, hybridFormat } from '../../src/translation/hybrid.ts';
import { clearInverted, type InvertedTable, invertedFormat } from '../../src/translation/inverted.ts';
import { LinearScheme, type LinearTable } from '../../src/translation/linear.ts';
import { pagesOf, type WalkFormat, walkFormat } from '../../src/translation/page-entry.ts';
import { type EntryFormat, type RadixFormat, userLimit } from '../../src/translation/radix.ts';
import { CountedFrames, RadixScheme } from '../../src/translation/radix-tables.ts';
import { type Segment, SegmentScheme } from '../../src/translation/segments.ts';
import { sv39 } from '../../src/translation/sv39.ts';
import { sv48 } from '../../src/translation/sv48.ts';
import { twoLevel } from '../../src/translation/two-level.ts';
import {
  noRegisters,
  type VaxFormat,
  type VaxRegisters,
  VaxScheme,
  vaxFormat,
} from '../../src/translation/vax.ts';
import { x86 } from '../../src/translation/x86-64.ts';
import { changePages, type Fixture, type Step, schemeConformance, type Twin } from './conformance.ts';

const memory = (bytes: number) => new DataView(new ArrayBuffer(bytes));
const copyOf = (ram: DataView) => new DataView(ram.buffer.slice(0));

/** Pages at the edges of tables, of halves and of the whole. */
function edgePages(count: number): number[] {
  const near = [0, 512, 1024, 2 ** 18, 2 ** 27, count / 2, count];
  const pages = near.flatMap((edge) => [edge - 2, edge - 1, edge, edge + 1]);
  return [...new Set(pages)].filter((page) => Number.isInteger(page) && page >= 0 && page < count);
}

const addressesOf = (pages: readonly number[], size: number) =>
  pages.flatMap((page) => [page * size, page * size + 5, (page + 1) * size - 1]);

/** Pages that a step chooses of. */
const pageOf = (pages: readonly number[], { pick }: Step) => pages[pick % pages.length]!;

/** 4 bytes an entry, pages of `offsetBits`, entries as in Sv32. */
const plainFormat = (addressBits: number, offsetBits: number, entryBytes: 4 | 8): EntryFormat => ({
  ...(entryBytes === 4 ? twoLevel : sv39),
  name: 'plain',
  addresses: 'unsigned',
  addressBits,
  offsetBits,
});

// Linear: one load within the length, none beyond.

function linearFixture(format: WalkFormat, ram: DataView, tables: readonly LinearTable[]): Fixture {
  const pages = edgePages(pagesOf(format));
  const spaces = tables.map((table) => new LinearScheme(format, ram, table));
  return {
    spaces,
    ram,
    addresses: addressesOf(pages, format.pageSize),
    absent: ['valid', 'table length'],
    change(step, twins) {
      const page = pageOf(pages, step);
      const { length } = tables[step.space]!;
      changePages(spaces[step.space]!, twins[step.space]!, page, step.number, step, () => page < length);
    },
    loads: (space, address) => {
      const loads = Math.floor(address / format.pageSize) < tables[space]!.length ? 1 : 0;
      return [loads, loads];
    },
    footprint: (space) => tables[space]!.length * format.entryBytes,
    copy: () => linearFixture(format, copyOf(ram), structuredClone(tables)),
  };
}

for (const [offsetBits, entryBytes] of [
  [12, 4],
  [12, 8],
  [5, 4],
  [16, 8],
] as const) {
  const format = walkFormat(plainFormat(offsetBits + 11, offsetBits, entryBytes));
  schemeConformance(`linear, pages of 2^${offsetBits}, entries of ${entryBytes}`, () =>
    linearFixture(format, memory(32_768), [
      { base: 64, length: 2048 },
      { base: 20_000, length: 513 },
    ]),
  );
}

// Hybrid: the same for each segment; one that grows down counts from its end.

function hybridFixture(segmentBits: number, ram: DataView, tables: readonly HybridTable[]): Fixture {
  const format = hybridFormat(plainFormat(22, 12, 4), segmentBits);
  const pages = edgePages(1024);
  const spaces = tables.map((table) => new HybridScheme(format, ram, table));
  const most = 1024 / 2 ** segmentBits;
  const isCovered = (space: number, page: number): boolean => {
    const { grows, length } = tables[space]!.segments[Math.floor(page / most)]!;
    return grows === 'up' ? page % most < length : page % most >= most - length;
  };
  return {
    spaces,
    ram,
    addresses: addressesOf(pages, 4096),
    absent: ['valid', 'table length', 'segment'],
    change(step, twins) {
      const page = pageOf(pages, step);
      const twin = twins[step.space]!;
      changePages(spaces[step.space]!, twin, page, step.number, step, () => isCovered(step.space, page));
    },
    loads: (space, address) => {
      const loads = isCovered(space, Math.floor(address / 4096)) ? 1 : 0;
      return [loads, loads];
    },
    footprint: (space) => tables[space]!.segments.reduce((sum, { length }) => sum + length * 4, 0),
    copy: () => hybridFixture(segmentBits, copyOf(ram), structuredClone(tables)),
  };
}

for (const bits of [1, 2, 4]) {
  schemeConformance(`hybrid, ${2 ** bits} segments`, () => {
    const most = 1024 / 2 ** bits;
    const table = (base: number, length: number): HybridTable => ({
      segments: Array.from({ length: 2 ** bits }, (_, i) => ({
        base: base + i * most * 4,
        length: i % 3 === 2 ? 0 : length,
        grows: i % 2 === 1 ? 'down' : 'up',
      })),
    });
    return hybridFixture(bits, memory(16_384), [table(128, most), table(8192, Math.ceil(most / 3))]);
  });
}

// Inverted: a frame holds one page of one space.

const FRAMES = 24;

function invertedFixture(ram: DataView, table: InvertedTable, order: readonly number[]): Fixture {
  const format = invertedFormat(48, 12, 'unsigned');
  const pages = edgePages(2 ** 36);
  const spaces = [3, 65_535].map((space) => new InvertedScheme(format, ram, table, space));
  /** Frames in the order in which they would be met on one chain, the one that came last first. */
  let chain = [...order];
  const frameOf = (twin: Twin, page: number) => {
    const mapped = twin.get(page);
    return mapped === undefined ? undefined : mapped.physical / 4096;
  };
  return {
    spaces,
    ram,
    addresses: addressesOf(pages, 4096),
    absent: ['no entry'],
    change(step, twins) {
      const page = pageOf(pages, step);
      const frame = step.number % FRAMES;
      const taken = () =>
        twins.some((twin) => [...twin.values()].some((one) => one.physical === frame * 4096));
      const before = frameOf(twins[step.space]!, page);
      changePages(spaces[step.space]!, twins[step.space]!, page, frame, step, () => !taken());
      const after = frameOf(twins[step.space]!, page);
      if (before === after) return;
      chain = after === undefined ? chain.filter((one) => one !== before) : [after, ...chain];
    },
    loads(space, address, twins) {
      const frame = frameOf(twins[space]!, Math.floor(address / 4096));
      if (table.anchorCount === 0) {
        const loads = frame === undefined ? FRAMES : frame + 1;
        return [loads, loads];
      }
      if (table.anchorCount > 1) return [frame === undefined ? 1 : 2, 1 + chain.length];
      const loads = 1 + (frame === undefined ? chain.length : chain.indexOf(frame) + 1);
      return [loads, loads];
    },
    footprint: () => FRAMES * 16 + table.anchorCount * 4,
    copy: () => invertedFixture(copyOf(ram), structuredClone(table), chain),
  };
}

for (const anchorCount of [0, 1, 8]) {
  schemeConformance(`inverted, ${anchorCount} anchors`, () => {
    const ram = memory(1024);
    const table: InvertedTable = { base: 32, frames: FRAMES, anchors: 600, anchorCount };
    new Uint8Array(ram.buffer).fill(0xff, 32, 32 + FRAMES * 16);
    clearInverted(ram, table);
    return invertedFixture(ram, table, []);
  });
}

// Hashed: as many pages as there are nodes.

const NODES = 20;

function hashedFixture(ram: DataView, table: HashedTable, order: readonly string[]): Fixture {
  const format = walkFormat(sv48);
  const pages = edgePages(2 ** 35);
  const spaces = [0, 65_535].map((space) => new HashedScheme(format, ram, table, space));
  let chain = [...order];
  const total = (twins: readonly Twin[]) => twins.reduce((sum, twin) => sum + twin.size, 0);
  return {
    spaces,
    ram,
    addresses: addressesOf(pages, 4096),
    absent: ['no entry'],
    change(step, twins) {
      const page = pageOf(pages, step);
      const name = `${step.space}:${page}`;
      const had = twins[step.space]!.has(page);
      const room = () => total(twins) < NODES;
      changePages(spaces[step.space]!, twins[step.space]!, page, step.number, step, room);
      const has = twins[step.space]!.has(page);
      if (had === has) return;
      chain = has ? [name, ...chain] : chain.filter((one) => one !== name);
    },
    loads(space, address, twins) {
      const page = Math.floor(address / 4096);
      const has = twins[space]!.has(page);
      if (table.bucketCount > 1) return [has ? 2 : 1, 1 + total(twins)];
      const loads = 1 + (has ? chain.indexOf(`${space}:${page}`) + 1 : chain.length);
      return [loads, loads];
    },
    footprint: () => table.bucketCount * 4 + (NODES / 2) * 24 + (NODES / 2) * 24 + 8,
    copy: () => hashedFixture(copyOf(ram), structuredClone(table), chain),
  };
}

for (const bucketCount of [1, 8]) {
  schemeConformance(`hashed, ${bucketCount} buckets`, () => {
    const ram = memory(1024);
    new Uint8Array(ram.buffer).fill(0xff);
    const table = makeHashed(ram, 0, bucketCount);
    addNodes(ram, table, 64, (NODES / 2) * 24);
    // What is left of a frame behind its last node belongs to the table as well.
    addNodes(ram, table, 512, (NODES / 2) * 24 + 8);
    return hashedFixture(ram, table, []);
  });
}

// Radix: a table for each prefix that has a page.

const TABLES = 14;

function radixFixture(format: RadixFormat): Fixture {
  const size = 2 ** format.offsetBits;
  const ram = memory(TABLES * size);
  const frames = new CountedFrames(0, TABLES);
  const spaces = [0, 1].map(() => new RadixScheme(format, ram, frames.take(), frames));
  const pages = edgePages(userLimit(format) / size);
  const { indexBits } = format;
  /** Bits of the page number below the indices down to a level. */
  const below = (level: number) => indexBits.slice(level + 1).reduce((sum, bits) => sum + bits, 0);
  const prefixes = (list: readonly number[], level: number) =>
    new Set(list.map((page) => Math.floor(page / 2 ** below(level))));
  const tables = (list: readonly number[]) =>
    indexBits.slice(1).reduce((sum, _, level) => sum + prefixes(list, level).size, 1);
  return {
    spaces,
    ram,
    addresses: addressesOf(pages, size),
    absent: ['valid'],
    change(step, twins) {
      const page = pageOf(pages, step);
      const room = () => {
        const needed = twins.map((twin, i) =>
          tables(i === step.space ? [...twin.keys(), page] : [...twin.keys()]),
        );
        return needed[0]! + needed[1]! <= TABLES;
      };
      const scheme: PagedScheme = spaces[step.space]!;
      changePages(scheme, twins[step.space]!, page, step.number % 2 ** 10, step, room);
    },
    loads(space, address, twins) {
      const page = Math.floor(address / size);
      const list = [...twins[space]!.keys()];
      let loads = 1;
      while (
        loads < indexBits.length &&
        prefixes(list, loads - 1).has(Math.floor(page / 2 ** below(loads - 1)))
      )
        loads++;
      return [loads, loads];
    },
    footprint: (space, twins) => tables([...twins[space]!.keys()]) * size,
  };
}

const small: RadixFormat = {
  ...twoLevel,
  name: '3/3/3/5',
  addressBits: 14,
  offsetBits: 5,
  indexBits: [3, 3, 3],
};
for (const format of [twoLevel, sv39, sv48, small])
  schemeConformance(format.name, () => radixFixture(format));
schemeConformance(x86.name, () => radixFixture(x86), ['r', 'rw', 'rx', 'rwx']);

// VAX: tables of two regions in virtual memory, each page of which is there while it leads to anything.

function vaxFixture(format: VaxFormat, short: number): Fixture {
  const { pageSize: size, regionPages, tableEntries, systemStart } = format;
  const whole = regionPages / tableEntries;
  const part = Math.ceil(short / tableEntries);
  // One space with tables of full length, and behind them one with short ones.
  const slots = [
    { p0Length: regionPages, p1Length: 0, start: 0, end: 2 * whole },
    {
      p0Length: short,
      p1Length: regionPages - short,
      start: 2 * whole + 1,
      end: 2 * whole + 1 + 2 * part,
    },
  ];
  const system = { base: 64, length: slots[1]!.end };
  const first = Math.ceil((system.base + system.length * 4) / size);
  const ram = memory((first + TABLES) * size);
  const frames = new CountedFrames(first, TABLES);
  const spaces = slots.map(({ p0Length, p1Length, start, end }) => {
    const p0Base = systemStart + start * size;
    const p1Base = systemStart + end * size - regionPages * 4;
    const registers: VaxRegisters = { ...noRegisters(format), p0Base, p0Length, p1Base, p1Length };
    return new VaxScheme(format, ram, system, registers, frames);
  });
  const count = 4 * regionPages;
  const pages = [...new Set([...edgePages(count), ...edgePages(2 * short), ...edgePages(2 * regionPages)])];
  const most = (space: number) => slots[space]!.p0Length;
  const hasEntry = (space: number, page: number) =>
    page < most(space) || (page < 2 * regionPages && page >= 2 * regionPages - most(space));
  const tables = (list: Iterable<number>) =>
    new Set([...list].map((page) => Math.floor(page / tableEntries)));
  return {
    spaces,
    ram,
    addresses: addressesOf(pages, size),
    absent: ['valid', 'table page', 'table length', 'segment', 'user page'],
    change(step, twins) {
      const page = pageOf(pages, step);
      const room = () => {
        const needed = twins.map(
          (twin, i) => tables(i === step.space ? [...twin.keys(), page] : twin.keys()).size,
        );
        return hasEntry(step.space, page) && needed[0]! + needed[1]! <= TABLES;
      };
      changePages(spaces[step.space]!, twins[step.space]!, page, step.number % 2 ** 10, step, room);
    },
    loads(space, address, twins) {
      const page = Math.floor(address / size);
      const inSystem = page - 2 * regionPages;
      if (inSystem >= 0) return inSystem < system.length ? [1, 1] : [0, 0];
      if (!hasEntry(space, page)) return [0, 0];
      const loads = tables(twins[space]!.keys()).has(Math.floor(page / tableEntries)) ? 2 : 1;
      return [loads, loads];
    },
    footprint: (space, twins) => tables(twins[space]!.keys()).size * size,
  };
}

for (const [addressBits, offsetBits, short] of [
  [32, 12, 1500],
  [32, 9, 130],
  [14, 5, 20],
] as const)
  schemeConformance(`vax, ${addressBits} bits, pages of 2^${offsetBits}`, () =>
    vaxFixture(vaxFormat({ addressBits, offsetBits }), short),
  );

// Schemes without pages: a map of bytes.

const ALL = { read: true, write: true, execute: true };
const everyAddress = (bits: number) => Array.from({ length: 2 ** bits }, (_, address) => address);

schemeConformance('base and bounds', () => {
  const registers = [0, 1].map(() => ({ base: 0, bounds: 0 }));
  return {
    spaces: registers.map((pair) => new BaseBoundsScheme(7, pair)),
    ram: undefined,
    addresses: everyAddress(7),
    absent: ['bounds'],
    change({ space, number, pick }, twins) {
      const pair = registers[space]!;
      pair.base = number;
      pair.bounds = pick % 129;
      twins[space]!.clear();
      for (let i = 0; i < pair.bounds; i++) twins[space]!.set(i, { physical: number + i, allowed: ALL });
    },
    loads: () => [0, 0],
    footprint: () => 0,
  };
});

for (const bits of [1, 2, 4]) {
  schemeConformance(`${2 ** bits} segments`, () => {
    const most = 2 ** (8 - bits);
    const tables = [0, 1].map((): (Segment | undefined)[] => []);
    return {
      spaces: tables.map((segments) => new SegmentScheme({ addressBits: 8, segmentBits: bits, segments })),
      ram: undefined,
      addresses: everyAddress(8),
      absent: ['segment', 'segment size'],
      change({ space, kind, number, pick, allowed }, twins) {
        const index = pick % 2 ** bits;
        const start = index * most;
        for (let i = 0; i < most; i++) twins[space]!.delete(start + i);
        if (kind === 'unmap') {
          tables[space]![index] = undefined;
          return;
        }
        const size = number % (most + 1);
        const [grows, base] = kind === 'map' ? (['up', number] as const) : (['down', number + size] as const);
        const permissions = { read: allowed.read, write: allowed.write, execute: allowed.execute };
        tables[space]![index] = { name: 's', base, size, grows, ...permissions, sharing: 'private' };
        // Growing up, the first bytes of the range are there; growing down, the last ones.
        const from = grows === 'up' ? start : start + most - size;
        for (let i = 0; i < size; i++) twins[space]!.set(from + i, { physical: number + i, allowed });
      },
      loads: () => [0, 0],
      footprint: () => 0,
    };
  });
}
