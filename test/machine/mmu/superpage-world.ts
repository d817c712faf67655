/**
 * What a world has for the TLB of superpages: data at many 2 MiB pages and in two pieces of 1 GiB pages, and the
 * routines' text at others. RAM ends inside of the second 2 MiB.
 */
import { nextBelow, type RandomState } from '../../../src/base/random.ts';
import type { Operation, Program } from './program.ts';
import { A, D, entryTo, type Pool, R, U, V, W, X } from './tables.ts';
import type { Editable, Space } from './world.ts';

export const SUPERPAGE_FRAMES = 640;
const PIECE = 512;
/** Frames of data in the second 2 MiB. */
export const highFrames = Array.from({ length: 24 }, (_, i) => PIECE + 8 + i);

const dataPages = [60, 61, 62, 63, 64, 200].map((n) => n * PIECE);
const dataGigapage = 2 ** 18 * 10;
const codePages = [80, 81, 82, 210].map((n) => n * PIECE);
const codeGigapage = 2 ** 18 * 11;
const flags = [V | R | W | U, V | R | W | U | A | D, V | R | W | U | A, V | R | U];

const pick = <T>(random: RandomState, items: readonly T[]): T => items[nextBelow(random, items.length)]!;

/** Every second superpage of data leads to the second 2 MiB of RAM. */
const firstFrame = (page: number): number => ((page / PIECE) % 2) * PIECE;

export function mapSuperpages(
  pool: Pool,
  { root }: Space,
  random: RandomState,
  frames: readonly number[],
  editable: Editable[],
): void {
  const table = pool.take();
  for (let i = 0; i < PIECE; i++)
    pool.write(table * 4096 + i * 8, entryTo(pick(random, frames), V | R | W | U));
  for (const page of dataPages) {
    const original = entryTo(firstFrame(page), pick(random, flags));
    const at = pool.map(root, page, original, 1);
    const elsewhere = entryTo(PIECE - firstFrame(page), V | R | W | U);
    editable.push({
      at,
      page,
      original,
      holds: 'superpage',
      span: PIECE,
      others: [entryTo(table, V), elsewhere],
    });
  }
  for (const page of codePages) {
    const original = entryTo(0, V | R | X | U);
    editable.push({ at: pool.map(root, page, original, 1), page, original, holds: 'superpage', span: PIECE });
  }
  pool.map(root, dataGigapage, entryTo(0, V | R | W | U), 2);
  pool.map(root, codeGigapage, entryTo(0, V | R | X | U), 2);
}

/** A page of data by way of a superpage; now and then one where there is no RAM. */
function anyPage(random: RandomState, frames: readonly number[]): number {
  if (nextBelow(random, 25) === 0)
    return pick(random, [61 * PIECE, dataGigapage + PIECE]) + 127 + nextBelow(random, 3);
  const frame = pick(random, frames);
  const through = dataPages.filter((page) => firstFrame(page) === frame - (frame % PIECE));
  return nextBelow(random, 4) === 0 ? dataGigapage + frame : pick(random, through) + (frame % PIECE);
}

/** The same operations, most of them by way of superpages. */
export function throughSuperpages(
  random: RandomState,
  operations: readonly Operation[],
  {
    program,
    frames,
    frameOf,
  }: { program: Program; frames: readonly number[]; frameOf: (page: number) => number },
): Operation[] {
  // Few pages come again and again, so that most are still in fast slots when they do.
  const usual = Array.from({ length: 6 }, () => anyPage(random, frames));
  const next = (): number => (nextBelow(random, 4) > 0 ? pick(random, usual) : anyPage(random, frames));
  const relocatable = new Set(program.routines.filter((one) => one.relocatable).map(({ at }) => at));
  return operations.map(({ address, routine, value }) => {
    const moved = frameOf(Math.floor(routine / 4096)) * 4096 + (routine % 4096);
    const base = pick(random, [...codePages, codeGigapage]) * 4096;
    return {
      address: nextBelow(random, 4) === 0 ? address : BigInt(next() * 4096) + (address & 4095n),
      routine: relocatable.has(routine) && nextBelow(random, 2) === 0 ? base + moved : routine,
      value,
    };
  });
}
