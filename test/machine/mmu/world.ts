/**
 * Address spaces full of everything that a table can hold: pages of every kind, superpages, malformed entries,
 * the same frame at several addresses, and program text at the same addresses in every space.
 */
import { nextBelow, nextUint32, type RandomState } from '../../../src/base/random.ts';
import type { Line } from './naive-machine.ts';
import {
  codePages,
  LIST_PAGE,
  LIST_PAGES,
  LOOP_PAGE,
  loadOperations,
  loadProgram,
  MOST_OPERATIONS,
  makeProgram,
  type Operation,
  type Program,
} from './program.ts';
import { highFrames, mapSuperpages, SUPERPAGE_FRAMES, throughSuperpages } from './superpage-world.ts';
import { A, D, entryTo, G, NAPOT, PBMT, Pool, R, U, V, W, X } from './tables.ts';

export const FRAMES = 224;
const DATA_FRAMES = 40;
const DATA_PAGES = 28;

/** Where data pages start: neighbours, the same TLB sets in other tables, and other root entries. */
const dataBases = [0x400, 0x400 + 512 * 3, 0x400 + 2 ** 18 * 7, 2 ** 26 - DATA_PAGES];
const MEGAPAGE = 512 * 40;
const MISALIGNED_MEGAPAGE = 512 * 41;
const BAD_TABLES = 512 * 42;
const GIGAPAGE = 2 ** 18 * 5;
const MISALIGNED_GIGAPAGE = 2 ** 18 * 6;

export interface Space {
  readonly root: number;
  readonly asid: number;
}

/** An entry that a test may change, and what it was at first. */
export interface Editable {
  readonly at: number;
  readonly page: number;
  readonly original: bigint;
  readonly holds: 'data' | 'code' | 'superpage';
  /** Pages that it maps; 1 when left out. */
  readonly span?: number;
  /** For a superpage of data: an entry that leads to a table of pages instead, and one to another superpage. */
  readonly others?: readonly bigint[];
}

export interface World {
  readonly frames: number;
  readonly ram: Uint8Array;
  readonly spaces: readonly Space[];
  readonly editable: readonly Editable[];
  readonly dataFrames: readonly number[];
  readonly program: Program;
  readonly listing: ReadonlyMap<number, Line>;
  readonly operations: number;
}

const pick = <T>(random: RandomState, items: readonly T[]): T => items[nextBelow(random, items.length)]!;

export function makeWorld(
  random: RandomState,
  wanted: { spaces: number; operations: number; superpages?: 'many' | undefined },
): World {
  const many = wanted.superpages === 'many';
  const total = many ? SUPERPAGE_FRAMES : FRAMES;
  const pool = new Pool(total);
  const program = makeProgram(random);
  const frames = Array.from({ length: DATA_FRAMES }, () => pool.take());
  if (many) frames.push(...highFrames);
  for (const frame of frames) {
    for (let at = frame * 4096; at < frame * 4096 + 4096; at += 8) {
      pool.write(at, BigInt(nextUint32(random)) * 0x1_0000_0001n);
    }
  }
  // An access through a superpage may run on from the last of them into the next frame.
  pool.take();
  const textFrames = new Map<number, number>();
  const editable: Editable[] = [];
  const spaces: Space[] = [];
  for (let i = 0; i < wanted.spaces; i++) {
    // Two spaces may share an identifier's lower bits; 65,535 is the largest.
    const space = { root: pool.take(), asid: pick(random, [i, i + 256, 65535 - i]) };
    spaces.push(space);
    mapText(pool, space, program, textFrames, editable);
    mapData(pool, space, random, frames, editable);
    mapOddities(pool, space);
    if (many) mapSuperpages(pool, space, random, frames, editable);
  }
  const frameOf = (page: number) => textFrames.get(page)!;
  const operations = Math.min(wanted.operations, MOST_OPERATIONS);
  const listing = loadProgram(program, pool.ram, frameOf);
  const made = makeOperations(random, program, frames, operations);
  loadOperations(
    many ? throughSuperpages(random, made, { program, frames, frameOf }) : made,
    pool.ram,
    frameOf,
  );
  return {
    frames: total,
    ram: pool.ram,
    spaces,
    editable,
    dataFrames: frames,
    program,
    listing,
    operations,
  };
}

/** Loop, list and routines: at the same addresses and in the same frames in every space. */
function mapText(
  pool: Pool,
  { root }: Space,
  program: Program,
  frames: Map<number, number>,
  editable: Editable[],
): void {
  const frameOf = (page: number): number => {
    const frame = frames.get(page) ?? pool.take();
    frames.set(page, frame);
    return frame;
  };
  pool.map(root, LOOP_PAGE, entryTo(frameOf(LOOP_PAGE), V | X | U));
  for (let i = 0; i < LIST_PAGES; i++)
    pool.map(root, LIST_PAGE + i, entryTo(frameOf(LIST_PAGE + i), V | R | U));
  for (const page of codePages(program)) {
    const original = entryTo(frameOf(page), V | R | X | U);
    editable.push({ at: pool.map(root, page, original), page, original, holds: 'code' });
  }
}

const good = [V | R | W | U, V | R | W | U | A | D, V | R | W | U | A, V | R | W | U | D | A | G];
/** Read-only, execute-only, for the supervisor, invalid, malformed. */
const others = [
  V | R | U,
  V | R | U | A,
  V | X | U,
  V | R | W | A | D,
  R | W | U,
  0n,
  V | W | U,
  V,
  V | R | W | U | NAPOT,
  V | R | W | U | PBMT,
  V | R | W | U | (1n << 54n),
];

function mapData(
  pool: Pool,
  { root }: Space,
  random: RandomState,
  frames: readonly number[],
  editable: Editable[],
): void {
  for (const base of dataBases) {
    for (let i = 0; i < DATA_PAGES; i++) {
      const flags = pick(random, nextBelow(random, 4) > 0 ? good : others);
      const isOutside = nextBelow(random, 60) === 0;
      const original = entryTo(isOutside ? FRAMES + i : pick(random, frames), flags);
      editable.push({ at: pool.map(root, base + i, original), page: base + i, original, holds: 'data' });
    }
  }
}

function mapOddities(pool: Pool, { root }: Space): void {
  // RAM from frame 0 on; it ends inside of both.
  pool.map(root, MEGAPAGE, entryTo(0, V | R | W | U), 1);
  pool.map(root, GIGAPAGE, entryTo(0, V | R | W | U | A), 2);
  pool.map(root, MISALIGNED_MEGAPAGE, entryTo(3, V | R | W | U), 1);
  pool.map(root, MISALIGNED_GIGAPAGE, entryTo(512, V | R | W | U), 2);
  const pointers = [V | A, V | D, V | U, V | NAPOT, V];
  pointers.forEach((flags, i) => {
    pool.map(root, BAD_TABLES + 512 * i, entryTo(i === 4 ? FRAMES : 0, flags), 1);
  });
}

/** Addresses from which a page is reached through a superpage that starts at frame 0. */
const superpages = [MEGAPAGE, GIGAPAGE];
const hopeless = [MISALIGNED_MEGAPAGE, MISALIGNED_GIGAPAGE, BAD_TABLES, BAD_TABLES + 512, BAD_TABLES + 1024];
const moreHopeless = [BAD_TABLES + 512 * 3, BAD_TABLES + 512 * 4, 2 ** 18 * 9, 600 + 2 ** 18 * 8];
const farAway = [
  1n << 38n,
  (1n << 39n) + 64n,
  1n << 63n,
  (1n << 64n) - (1n << 40n),
  (1n << 64n) - (1n << 38n),
  (1n << 64n) - 16n,
  (1n << 38n) - 1n,
  (1n << 38n) - 8n,
];

function anyPage(random: RandomState, frames: readonly number[]): number {
  const kind = nextBelow(random, 20);
  if (kind === 0) return pick(random, [...hopeless, ...moreHopeless]) + nextBelow(random, 3);
  if (kind === 1) return pick(random, superpages) + FRAMES - 1 + nextBelow(random, 3);
  if (kind < 5) return pick(random, superpages) + pick(random, frames);
  return pick(random, dataBases) + nextBelow(random, DATA_PAGES);
}

function makeOperations(
  random: RandomState,
  program: Program,
  frames: readonly number[],
  count: number,
): Operation[] {
  let page = anyPage(random, frames);
  return Array.from({ length: count }, () => {
    const routine = pick(random, program.routines);
    // Some locality, or nothing is ever found in a small TLB.
    if (nextBelow(random, 3) === 0) page = anyPage(random, frames);
    const value = (BigInt(nextUint32(random)) << 32n) | BigInt(nextUint32(random));
    if (nextBelow(random, 50) === 0) {
      return { address: pick(random, farAway), routine: routine.at, value };
    }
    return { address: BigInt(page * 4096 + anyOffset(random, routine.bytes)), routine: routine.at, value };
  });
}

/** Mostly aligned, sometimes not, sometimes across the page's end. */
function anyOffset(random: RandomState, bytes: number): number {
  const kind = nextBelow(random, 10);
  if (kind === 0) return 4096 - nextBelow(random, bytes + 1) - (bytes === 1 ? 1 : 0);
  if (kind === 1) return nextBelow(random, 4096);
  return nextBelow(random, 4096 / bytes) * bytes;
}
