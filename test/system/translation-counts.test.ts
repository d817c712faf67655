/**
 * Misses of the TLB and words that look-ups read, counted anew: by a TLB simulated with lists over every look-up of the
 * program, and by what each structure reads by its definition. The models share no code with the product; they know
 * the references, which pages were mapped and given up, and what the TLB was told to forget.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { pagingSchemes } from '../../src/kernel/memory/schemes.ts';
import {
  createSystem,
  type KernelEvent,
  type RecordWriter,
  type System,
  type SystemConfig,
  type SystemOptions,
  systemConfig,
} from '../../src/system/index.ts';
import { LookUpModel, NaiveListTlb, type NaiveTlbShape, naiveDraws } from '../support/naive-look-ups.ts';
import { NaiveHashed, NaiveInverted, naivePowerOfTwo } from '../support/naive-tables.ts';
import { portsOf, runGuest, shipped } from '../support/run-system.ts';

/** Words that a look-up of a page reads, by the definition of its structure; told what happens to the pages of one space. */
interface Structure {
  reads(page: number, space: number): number;
  /** A fault that is no mistake of the program: from then on the page has a place. */
  faulted?(page: number): void;
  mapped?(page: number, frame: number): void;
  evicted?(frame: number): void;
  /** Its contents are given up; the kernel may know of the page still. */
  unmapped?(page: number): void;
  /** No place of the program's has these pages any more. */
  gone?(page: number, count: number): void;
}

/** One entry a level, up to the first that leads nowhere; read from memory as the manuals draw it. */
function radix(
  { machine, root }: System,
  indexBits: readonly number[],
  entryBytes: number,
  shift: number,
): Structure {
  return {
    reads(page, space) {
      let table = root.spaces[space]!.root as number;
      let below = indexBits.reduce((sum, bits) => sum + bits, 0);
      for (const [level, bits] of indexBits.entries()) {
        below -= bits;
        const index = Math.floor(page / 2 ** below) % 2 ** bits;
        const at = table * 4096 + index * entryBytes;
        const low = machine.ramView.getUint32(at, true);
        if (low % 2 === 0 || level === indexBits.length - 1) return level + 1;
        table = low >>> shift;
      }
      throw new Error('unreachable: the last level ends it');
    },
  };
}

/** Four segments; the table of each reaches to the furthest page that faulted, in frames of 1024 entries. */
function hybrid(): Structure {
  const lengths = [0, 0, 0, 0];
  const entriesTo = (page: number): [segment: number, entries: number] => {
    const segment = page >>> 18;
    const inside = page % 2 ** 18;
    return [segment, segment === 3 ? 2 ** 18 - inside : inside + 1];
  };
  return {
    reads(page) {
      const [segment, entries] = entriesTo(page);
      return entries <= lengths[segment]! ? 1 : 0;
    },
    faulted(page) {
      const [segment, entries] = entriesTo(page);
      lengths[segment] = Math.max(lengths[segment]!, Math.ceil(entries / 1024) * 1024);
    },
  };
}

/**
 * Two regions with a table each, cut into leaves of 1024 entries. P0's reaches up to the furthest leaf that was ever
 * needed, P1's down to it; inside, the system's entry for the leaf is read, and the leaf if it has one.
 */
function vax(): Structure {
  const furthest: [number, number] = [-1, 512];
  const leaves = new Map<number, Set<number>>();
  const leafOf = (page: number): number => Math.floor(page / 1024);
  return {
    reads(page) {
      const leaf = leafOf(page);
      const isWithin = leaf < 256 ? leaf <= furthest[0] : leaf >= furthest[1];
      if (!isWithin) return 0;
      return leaves.has(leaf) ? 2 : 1;
    },
    faulted(page) {
      const leaf = leafOf(page);
      if (leaf < 256) furthest[0] = Math.max(furthest[0], leaf);
      else furthest[1] = Math.min(furthest[1], leaf);
      const pages = leaves.get(leaf) ?? new Set();
      leaves.set(leaf, pages.add(page));
    },
    gone(first, count) {
      for (const [leaf, pages] of leaves) {
        for (const page of pages) if (page >= first && page < first + count) pages.delete(page);
        if (pages.size === 0) leaves.delete(leaf);
      }
    },
  };
}

function hashed(frames: number): Structure {
  const table = new NaiveHashed(naivePowerOfTwo(frames));
  const known = new Set<number>();
  return {
    reads: (page) => table.reads(0, page),
    faulted(page) {
      if (known.has(page)) return;
      known.add(page);
      table.add(0, page);
    },
    gone(first, count) {
      for (const page of [...known])
        if (page >= first && page < first + count) {
          table.remove(0, page);
          known.delete(page);
        }
    },
  };
}

function inverted(frames: number, search: 'hash' | 'scan'): Structure {
  const table = new NaiveInverted(frames, search);
  const records = new Set<number>();
  const frameOf = new Map<number, number>();
  const leave = (page: number): void => {
    const frame = frameOf.get(page);
    if (frame === undefined) return;
    table.unmap(0, page, frame);
    frameOf.delete(page);
  };
  return {
    reads: (page) => table.walk(0, page, records.has(page) ? (frameOf.get(page) ?? -1) : undefined),
    faulted: (page) => void records.add(page),
    mapped(page, frame) {
      leave(page);
      frameOf.set(page, frame);
      table.map(0, page, frame);
    },
    evicted(frame) {
      for (const [page, one] of [...frameOf]) if (one === frame) leave(page);
    },
    unmapped: leave,
    gone(first, count) {
      for (const page of [...records])
        if (page >= first && page < first + count) {
          leave(page);
          records.delete(page);
        }
    },
  };
}

function structureOf({ translation, geometry, sizing, segments }: SystemConfig, system: System): Structure {
  if (segments !== undefined) return { reads: () => 0 };
  if (geometry !== undefined) return radix(system, geometry.indexBits, geometry.entryBytes, 10);
  switch (translation) {
    case 'sv39':
      return radix(system, [9, 9, 9], 8, 10);
    case 'sv48':
      return radix(system, [9, 9, 9, 9], 8, 10);
    case 'two-level':
      return radix(system, [10, 10], 4, 10);
    case 'x86-64':
      return radix(system, [9, 9, 9, 9], 8, 12);
    case 'linear':
      return { reads: () => 1 };
    case 'hybrid':
      return hybrid();
    case 'vax':
      return vax();
    case 'hashed':
      return hashed(sizing.frames);
    case 'inverted':
      return inverted(sizing.frames, 'hash');
    case 'inverted:scan':
      return inverted(sizing.frames, 'scan');
    default:
      throw new Error(`no model of ${translation}`);
  }
}

/** Whether the instruction at an address of an executable has four bytes; by its program headers. */
function isLongIn(path: string): (address: number) => boolean {
  const file = readFileSync(path);
  const headers = Array.from({ length: file.readUInt16LE(56) }, (_, i) => {
    const at = Number(file.readBigUInt64LE(32)) + i * 56;
    const [offset, from, , bytes] = [8, 16, 24, 32].map((field) => Number(file.readBigUInt64LE(at + field)));
    return { isLoaded: file.readUInt32LE(at) === 1, offset: offset!, from: from!, bytes: bytes! };
  });
  return (address) => {
    const part = headers.find((one) => one.isLoaded && address >= one.from && address < one.from + one.bytes);
    return part !== undefined && file[address - part.from + part.offset]! % 4 === 3;
  };
}

/** What a structure has to know of what the kernel does to pages. */
const toldOf =
  (structure: Structure) =>
  (event: KernelEvent): void => {
    if (event.type === 'fault') structure.faulted?.(Math.floor(event.address / 4096));
    if (event.type === 'map') structure.mapped?.(event.vpn, event.frame);
    if (event.type === 'unmap') structure.unmapped?.(event.vpn);
    if (event.type === 'evict') structure.evicted?.(event.frame);
  };

/** A record of nothing but which pages are gone. */
const recordOf = (structure: () => Structure | undefined): RecordWriter => ({
  reference: () => {},
  space: () => {},
  unmap: (page, count) => structure()?.gone?.(page, count),
  share: () => {},
  part: () => {},
  kernel: () => {},
  refused: () => {},
  flush: () => {},
  exit: () => {},
  finish: () => {},
});

type Command = readonly [program: string, ...args: string[]];

/** Runs a program, others like it beside, and has each look-up compared. */
async function compare([name, ...args]: Command, options: SystemOptions, others: readonly Command[] = []) {
  const limited = { swap: 'memory,64M', maxInstructions: 32_000, seed: 77, ...options };
  const config = systemConfig(limited);
  const isPaged = config.segments === undefined;
  const ports = (at: Command) => portsOf({ path: shipped(name), args: at.slice(1) }, new MemoryStreams());
  // Look-ups are recorded for whoever asks: a record, or the classes of misses.
  const system = createSystem(isPaged ? config : { ...config, tlbClasses: 'on' }, {
    ...ports([name, ...args]),
    others: others.map((one) => ports(one).program!),
    record: isPaged ? recordOf(() => structure) : undefined,
  });
  const { tlb, refill } = config;
  const structure: Structure = structureOf(config, system);
  const draw = naiveDraws(config.seed);
  const of = (shape: NaiveTlbShape) => new NaiveListTlb(shape, draw);
  const data = tlb.kind === 'none' ? undefined : of(tlb.kind === 'unified' ? tlb.shape : tlb.data);
  const model = new LookUpModel(system, {
    data,
    instructions: tlb.kind === 'split' ? of(tlb.instructions) : data,
    refill: isPaged && refill === 'hardware' ? 'hardware' : 'software',
    dirtyBits: isPaged ? 'by stores' : 'always set',
    reads: (space, page) => structure.reads(page, space),
    isLong: isLongIn(shipped(name)),
  });
  system.observe(toldOf(structure));
  await system.run();
  system.checkInvariants();
  expect(model.problems).toEqual([]);
  const counters = system.machine.counters();
  const { instructionMisses, dataMisses, cleanStores, reads, byHandler } = model.counts;
  expect(counters).toMatchObject({ instructionTlbMisses: instructionMisses, dataTlbMisses: dataMisses });
  const { fetch, load, store } = model.made;
  expect(counters).toMatchObject({ fetches: fetch, loads: load, stores: store });
  const { refills } = system.memory.counters;
  expect([counters.dirtyWalks + refills.modifies, refills.byHandler]).toEqual([cleanStores, byHandler]);
  const report = system.report();
  expect(report.walks.loads).toBe(reads);
  return { model, report, limited };
}

/** They change pages often; which one a case has goes round. */
const programs: readonly Command[] = [
  ['sparse', '1G', '40', 'spread', '1'],
  ['scan', 'random', '40', '6'],
];
const shapes = [
  '16x4:lru',
  '64x64:fifo',
  '32x2:random',
  'unified:16x4:lru',
  '8x2:fifo',
  'unified:4:fifo',
  '2:lru',
  'unified:6:random',
  'data=2:fifo;instructions=4x1:lru',
  'unified:8x2:random',
  '4:random',
];
const refills = ['hardware', 'software', 'software:handler'] as const;

const bySchemes = pagingSchemes.flatMap(({ name, walked }, at) =>
  refills
    .filter((refill) => walked !== undefined || refill !== 'hardware')
    .map((refill, i) => {
      const k = at * 3 + i;
      return { name, refill, tlb: shapes[k % shapes.length]!, frames: 12 + 2 * i, program: programs[k % 2]! };
    }),
);
const byShapes = shapes.map((tlb, at) => ({ refill: refills[at % 3]!, tlb, program: programs[at % 2]! }));

describe('every look-up, and all that is read for it, is that of a model', () => {
  it.each(bySchemes)('$name by $refill, TLB $tlb, $frames frames, $program.0', async (one) => {
    const { frames, name: translation, refill, tlb } = one;
    const { model } = await compare(one.program, { frames, translation, refill, tlb, replacement: 'fifo' });
    expect(model.retries).toBeGreaterThan(40);
    expect(model.counts.dataMisses).toBeGreaterThan(40);
  });

  it.each(byShapes)('sv39 by $refill, TLB $tlb, $program.0', async ({ program, refill, tlb }) => {
    const { model, report, limited } = await compare(program, { frames: 400, refill, tlb });
    expect(model.counts.dataMisses).toBeGreaterThan(40);
    // Where nobody wants to hear of look-ups the machine takes its fast paths.
    const [name, ...args] = program;
    const alone = await runGuest({ path: shipped(name), args }, limited);
    expect(alone.report.tlb).toEqual(report.tlb);
    expect([alone.report.walks, alone.report.refills]).toEqual([report.walks, report.refills]);
  });

  const scan = programs[1]!;

  it('without a TLB', async () => {
    const { model } = await compare(scan, { frames: 30, tlb: 'none' });
    expect(model.counts.dataMisses).toBe(model.made.load + model.made.store);
  });

  it.each([
    [{ indexBits: [6, 7, 9], entryBytes: 4 }, '8x2:random'],
    [{ indexBits: [4, 4, 4, 4, 4], entryBytes: 8, addresses: 'signed' }, 'unified:4:fifo'],
    [{ indexBits: [10, 9], entryBytes: 4 }, '2:lru'],
  ] as const)('a geometry of the user’s own: %j, TLB %s', async (translation, tlb) => {
    await compare(scan, { frames: 20, translation, tlb });
  });

  it.each([
    ['base-bounds', '2:fifo'],
    ['segmented', 'unified:4:fifo'],
    ['segmented', '4x2:random'],
  ])('registers: %s, TLB %s', async (translation, tlb) => {
    const { model } = await compare(scan, { translation, tlb, memory: '4M', moveEvery: '100us' });
    expect(model.counts.dataMisses).toBeGreaterThan(40);
  });

  it.each([
    { tlb: '16x4:lru', asids: 2 },
    { tlb: 'unified:4:fifo', asids: 'none', refill: 'software:handler' },
    { tlb: '8x2:random', translation: 'two-level' },
    { tlb: '2:fifo', translation: 'x86-64', asids: 3, refill: 'software' },
  ])('several spaces: %j', async (options) => {
    const others = ['cyclic', 'skewed'].map((kind) => ['scan', kind, '12', '6'] as const);
    const { model } = await compare(scan, { frames: 40, scheduler: 'rr:50us', ...options }, others);
    expect(model.counts.dataMisses).toBeGreaterThan(60);
  });
});

/** What an instruction has found it may have lost when it is tried again, and then misses on its own account. */
describe('misses that only the retry has', () => {
  const own = async (tlb: string): Promise<number> => {
    const { model } = await compare(programs[1]!, { frames: 400, tlb, refill: 'software' });
    return model.ownMisses;
  };

  it.each([
    '16x4:lru',
    '4x2:fifo',
    '8x2:random',
  ])('none in %s: neighbours are in different sets', async (tlb) => {
    expect(await own(tlb)).toBe(0);
  });

  it.each(['unified:4:fifo', 'unified:5:random'])('some in %s', async (tlb) => {
    expect(await own(tlb)).toBeGreaterThan(0);
  });
});
