/** Small configurations for exercises, drawn at random: few enough pages and frames to work out by hand. */
import { nextBelow, type RandomState } from '../../base/random.ts';
import type { Mapping, SchemeName, TableEntry, TranslateConfig } from './config.ts';

const between = (random: RandomState, least: number, most: number): number =>
  least + nextBelow(random, most - least + 1);

/** So many different numbers below `count`, from `first` on. */
function draw(random: RandomState, first: number, count: number, wanted: number): number[] {
  const numbers = Array.from({ length: count - first }, (_, i) => first + i);
  for (let i = 0; i < wanted; i++) {
    const j = between(random, i, numbers.length - 1);
    [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
  }
  return numbers.slice(0, wanted);
}

const accessOf = (random: RandomState): string => ['r', 'rx', 'rw', 'rw'][nextBelow(random, 4)]!;

/** Runs of one to three pages among those of the space; each page has a frame of its own. */
function mappingsOf(
  random: RandomState,
  pages: readonly number[],
  frames: readonly number[],
  pageSize: number,
): Mapping[] {
  return pages.map((page, i) => ({
    virtual: `0x${(page * pageSize).toString(16)}`,
    frame: frames[i]!,
    access: accessOf(random),
  }));
}

/** Pages from the beginning and before the end of a space, as programs have them. */
function pagesAtBothEnds(random: RandomState, count: number): number[] {
  const low = draw(random, 0, Math.min(8, count / 2), 3);
  const high = draw(random, 0, Math.min(8, count / 2), 2).map((page) => count - 1 - page);
  return [...low, ...high].sort((a, b) => a - b);
}

function segments(random: RandomState): TranslateConfig {
  // 256 bytes of addresses in 4 segments of 64, and 1 KiB of memory.
  const [code, heap, stack] = [0, 0, 0].map(() => between(random, 16, 60));
  const places = [0, 1, 2].map((third) => third * 340 + between(random, 0, 340 - 60));
  const [a, b, c] = draw(random, 0, 3, 3).map((i) => places[i]!);
  return {
    scheme: 'segments',
    addressBits: 8,
    segmentBits: 2,
    memory: '1K',
    segments: [
      { name: 'code', base: a!, size: code!, access: 'rx' },
      { name: 'heap', base: b!, size: heap! },
      null,
      { name: 'stack', base: c! + stack!, size: stack!, grows: 'down' },
    ],
  };
}

function linear(random: RandomState): TranslateConfig {
  const length = between(random, 10, 16);
  const frames = draw(random, 1, 64, length);
  const entries = frames.map(
    (frame): TableEntry => (nextBelow(random, 10) < 4 ? null : { frame, access: accessOf(random) }),
  );
  const format = { addressBits: 14, offsetBits: 10, entryBytes: 4 } as const;
  return { scheme: 'linear', ...format, memory: '64K', base: 0, length, entries };
}

function hybrid(random: RandomState): TranslateConfig {
  // 4 segments of 16 pages of 256 bytes; the tables lie in frame 0.
  const [code, heap, stack] = [0, 0, 0].map(() => between(random, 2, 4));
  const pages = [
    ...Array.from({ length: code! }, (_, i) => i),
    ...Array.from({ length: heap! }, (_, i) => 16 + i),
    ...Array.from({ length: stack! }, (_, i) => 63 - i),
  ];
  return {
    scheme: 'hybrid',
    addressBits: 14,
    offsetBits: 8,
    segmentBits: 2,
    memory: '16K',
    base: 0,
    segments: [{}, {}, null, { grows: 'down' }],
    mappings: mappingsOf(random, pages, draw(random, 1, 64, pages.length), 256),
  };
}

/** Two spaces that have the same pages, in different frames. */
function shared(random: RandomState, first: number): Mapping[] {
  const frames = draw(random, first, 32, 10);
  return [1, 2].flatMap((space, i) => {
    const pages = pagesAtBothEnds(random, 64);
    return mappingsOf(random, pages, frames.slice(i * 5), 64).map((one) => ({ ...one, space }));
  });
}

function radix(random: RandomState, offsetBits: number, pages: number) {
  const frames = draw(random, 24, 64, 5);
  return {
    firstTable: 1,
    mappings: mappingsOf(random, pagesAtBothEnds(random, pages), frames, 2 ** offsetBits),
  };
}

const generators: Readonly<Record<SchemeName, (random: RandomState) => TranslateConfig>> = {
  'base-bounds': (random) => {
    const bounds = between(random, 200, 900);
    const base = between(random, 0, 16_384 - bounds);
    return { scheme: 'base-bounds', addressBits: 10, memory: '16K', base, bounds };
  },
  segments,
  linear,
  hybrid,
  inverted: (random) => ({
    scheme: 'inverted',
    addressBits: 12,
    offsetBits: 6,
    memory: '2K',
    base: 0,
    // 32 entries of 16 bytes take 8 frames.
    mappings: shared(random, 8),
  }),
  hashed: (random) => ({
    scheme: 'hashed',
    addressBits: 12,
    offsetBits: 6,
    buckets: 8,
    base: 2048,
    mappings: shared(random, 0),
  }),
  vax: (random) => {
    // Regions of 32 pages of 32 bytes; 8 entries in a page of a table.
    const program = draw(random, 0, 20, 4);
    const stack = draw(random, 0, 10, 2).map((page) => 63 - page);
    const pages = [...program, ...stack].sort((a, b) => a - b);
    const mappings = mappingsOf(random, pages, draw(random, 24, 64, pages.length), 32);
    return { scheme: 'vax', addressBits: 12, offsetBits: 5, memory: '2K', base: 0, mappings };
  },
  'two-level': (random) => ({ scheme: 'two-level', ...radix(random, 12, 2 ** 20) }),
  sv39: (random) => ({ scheme: 'sv39', ...radix(random, 12, 2 ** 26) }),
  sv48: (random) => ({ scheme: 'sv48', ...radix(random, 12, 2 ** 35) }),
  'x86-64': (random) => ({ scheme: 'x86-64', ...radix(random, 12, 2 ** 35) }),
  'multi-level': (random) => ({
    scheme: 'multi-level',
    // Tables of 8 entries of 4 bytes, each in a page of 32.
    indexBits: [3, 3],
    offsetBits: 5,
    memory: '2K',
    ...radix(random, 5, 64),
  }),
};

/** A configuration of a scheme; advances `random`. */
export const quizConfig = (scheme: SchemeName, random: RandomState): TranslateConfig =>
  generators[scheme](random);
