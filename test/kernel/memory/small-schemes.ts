/**
 * Every scheme in a size that few frames hold, and how many frames its tables take while programs use the twenty pages
 * of trial.ts.
 */
import fc from 'fast-check';
import { PAGE_SIZE } from '../../../src/base/numbers.ts';
import { PieceTables } from '../../../src/kernel/memory/piece-tables.ts';
import type { RefillTime } from '../../../src/kernel/memory/refill.ts';
import { type PagingScheme, pagingSchemes, radixScheme } from '../../../src/kernel/memory/schemes.ts';
import { VaxTables } from '../../../src/kernel/memory/vax-tables.ts';
import type { RadixFormat, RadixGeometry } from '../../../src/translation/radix.ts';
import { sv39 } from '../../../src/translation/sv39.ts';
import { twoLevel } from '../../../src/translation/two-level.ts';
import { vaxFormat } from '../../../src/translation/vax.ts';
import { x86 } from '../../../src/translation/x86-64.ts';
import type { WorldOptions } from './harness.ts';
import { HALF } from './trial.ts';

/** A scheme, who fills the TLB, and the pages that are made use of. */
export interface SmallScheme {
  readonly scheme: PagingScheme;
  readonly refill: 'hardware' | RefillTime;
  /** Address of the first page. */
  readonly base: number;
  /** Frames that the tables of so many spaces take at most. */
  readonly tables: (spaces: number) => number;
  /** Of what is there one half is the tables' from the beginning. */
  readonly isHalved: boolean;
  /** Where programs get superpages, and how the TLB holds them. */
  readonly superpages?: Pick<WorldOptions, 'superpages' | 'superpagesHeld'>;
}

const scheme = (name: string): PagingScheme => pagingSchemes.find((one) => one.name === name)!;

/** Both sides of the end of a leaf table, in most schemes of others as well. */
const AT_ONE_GIB = 2 ** 30 - HALF;

const each = (
  name: string,
  tables: SmallScheme['tables'],
  refill: SmallScheme['refill'] = 'retry',
): SmallScheme => ({ scheme: scheme(name), refill, base: AT_ONE_GIB, tables, isHalved: false });

/** A region of linear tables for so many segments of so many pages, used on both sides of `middle`. */
const pieces = (segmentBits: number, segmentPages: number, middle: number, frames: number): SmallScheme => {
  const format = { ...twoLevel, addressBits: 12 + segmentBits + Math.log2(segmentPages) };
  return {
    scheme: {
      ...scheme(segmentBits === 0 ? 'linear' : 'hybrid'),
      end: 2 ** format.addressBits,
      build: (parts) => new PieceTables(parts, { format, segmentBits }),
    },
    refill: 'retry',
    base: middle * PAGE_SIZE - HALF,
    tables: (spaces) => spaces * frames,
    isHalved: true,
  };
};

const smaller = (format: RadixFormat, indexBits: readonly number[]): PagingScheme =>
  radixScheme({ ...format, indexBits }, '', '');

/** Tables of RISC-V whose last level has so many index bits. */
export function walkedBy(lastBits: number): PagingScheme {
  const format: RadixGeometry = { ...sv39, indexBits: [9, 9, 9 - lastBits, lastBits] };
  return radixScheme(format, '', '', format);
}

/** Six tables of the last level, where they have four entries, and those above. */
const withSuperpages = (
  scheme: PagingScheme,
  refill: SmallScheme['refill'],
  superpagesHeld: 'pieces' | 'whole',
): SmallScheme => ({
  scheme,
  refill,
  base: AT_ONE_GIB,
  tables: (spaces) => 12 * spaces,
  isHalved: false,
  superpages: { superpages: 'anonymous', superpagesHeld },
});

/** Regions of a quarter of so many bits; the system table has so many entries. */
export function smallVax(addressBits: number, systemPages: number): PagingScheme {
  const format = vaxFormat({ addressBits });
  return {
    ...scheme('vax'),
    end: 2 ** (addressBits - 1),
    mmapEnd: 2 ** (addressBits - 2),
    build: (parts) => new VaxTables(parts, { format, systemPages }),
  };
}

/** Two regions of 2,048 pages, used on both sides of `middle`: a page of a table of P0, or the end of P0. */
const vax = (middle: number): SmallScheme => ({
  // As much as four spaces need whose tables are of full length.
  scheme: smallVax(25, 4 * 4),
  refill: 'retry',
  base: middle * PAGE_SIZE - HALF,
  tables: (spaces) => 1 + 2 * spaces,
  isHalved: false,
});

/** What the others are compared with: tables that the hardware walks. */
const walked = each('sv39', (spaces) => 5 * spaces, 'hardware');

const others: readonly SmallScheme[] = [
  each('sv48', (spaces) => 6 * spaces, 'hardware'),
  each('sv39', (spaces) => 5 * spaces, 'handler'),
  each('x86-64', (spaces) => 6 * spaces),
  each('two-level', (spaces) => 3 * spaces),
  each('hashed', () => 2),
  each('hashed', () => 2, 'handler'),
  each('inverted', () => 1),
  each('inverted', () => 1, 'handler'),
  each('inverted:scan', () => 1),
  pieces(0, 2048, 1024, 2),
  // Where a table needs another frame: of a segment that grows up, and of the last one, which grows down.
  pieces(2, 2048, 1024, 2),
  pieces(2, 2048, 7 * 1024, 2),
  vax(1024),
  vax(2048),
];

/** With superpages so small that a few frames hold some: of four pages, and of eight. */
const superpages: readonly SmallScheme[] = [
  withSuperpages(walkedBy(2), 'hardware', 'whole'),
  withSuperpages(walkedBy(2), 'hardware', 'pieces'),
  withSuperpages(walkedBy(3), 'hardware', 'whole'),
  withSuperpages(walkedBy(2), 'handler', 'pieces'),
  withSuperpages(smaller(x86, [9, 9, 9, 7, 2]), 'retry', 'pieces'),
  withSuperpages(smaller(twoLevel, [10, 8, 2]), 'retry', 'pieces'),
];

/** Those with superpages alone. */
export const smallSuperpages: fc.Arbitrary<SmallScheme> = fc.constantFrom(...superpages);

/** A quarter of the draws are those of the scheme that is the default. */
export const smallScheme: fc.Arbitrary<SmallScheme> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(walked) },
  { weight: 2, arbitrary: fc.constantFrom(...others) },
  { weight: 1, arbitrary: smallSuperpages },
);

/** Frames for tables and pages together: so many are the pages'. */
export function sharedMemory(small: SmallScheme, spaces: number, pages: number): WorldOptions {
  const tables = small.tables(spaces);
  const frames = small.isHalved ? 2 * Math.max(tables, pages) : tables + pages;
  return { scheme: small.scheme, refill: small.refill, frames, ...small.superpages };
}

/** So many frames for pages, and enough beside them. */
export function pageFrames(small: SmallScheme, spaces: number, pages: number): WorldOptions {
  // A fork wants to see one that is free.
  const tables = small.isHalved ? 2 * small.tables(spaces) : small.tables(spaces) + 1;
  const sizing = { mode: 'frames', frames: pages } as const;
  return { scheme: small.scheme, refill: small.refill, frames: tables + pages, sizing, ...small.superpages };
}
