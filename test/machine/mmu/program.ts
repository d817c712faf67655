/**
 * The program that the tests run: a loop that takes an address, a routine and a value from a list in memory and
 * calls the routine, which makes one access. The routines lie across several pages of code; some are in two
 * parts in different pages, some begin with an instruction that lies in two pages.
 *
 *   loop page │ list of operations │ routine pages, next to each other │ routine pages far away
 */
import { nextBelow, type RandomState } from '../../../src/base/random.ts';
import { assemble } from '../../../src/isa/text.ts';
import type { Line } from './naive-machine.ts';

export const LOOP_PAGE = 16;
export const LIST_PAGE = 20;
export const LIST_PAGES = 3;
export const ROUTINE_PAGES = [32, 33, 34, 35, 48, 49, 272] as const;
const OPERATION_BYTES = 24;
export const MOST_OPERATIONS = Math.floor((LIST_PAGES * 4096) / OPERATION_BYTES);

/** One access to `address`, by the routine that starts at `routine`. */
export interface Operation {
  readonly address: bigint;
  readonly routine: number;
  readonly value: bigint;
}

export interface Program {
  /** Virtual address → instruction. */
  readonly lines: ReadonlyMap<number, Line>;
  readonly start: number;
  readonly routines: readonly PlacedRoutine[];
}

export interface PlacedRoutine {
  readonly at: number;
  readonly bytes: number;
  readonly kind: string;
  /** Does the same at any other address of its page. */
  readonly relocatable?: boolean;
}

/** What is in a3 goes into the checksum in s2. */
const mix = ['slli t0,s2,1', 'srli t1,s2,63', 'or s2,t0,t1', 'xor s2,s2,a3'];
const plainLoads: readonly (readonly [string, number])[] = [
  ['lb', 1],
  ['lh', 2],
  ['lw', 4],
  ['ld', 8],
  ['lbu', 1],
  ['lhu', 2],
  ['lwu', 4],
];
const plainStores: readonly (readonly [string, number])[] = [
  ['sb', 1],
  ['sh', 2],
  ['sw', 4],
  ['sd', 8],
];

interface Routine {
  readonly kind: string;
  readonly bytes: number;
  readonly body: readonly string[];
}

const bodies: readonly Routine[] = [
  ...plainLoads.map(([name, bytes]) => ({ kind: 'load', bytes, body: [`${name} a3,0(a0)`, ...mix] })),
  ...plainStores.map(([name, bytes]) => ({ kind: 'store', bytes, body: [`${name} a2,0(a0)`] })),
  { kind: 'load', bytes: 4, body: ['lw a3,-12(a0)', 'lw a4,20(a0)', 'xor a3,a3,a4', ...mix] },
  { kind: 'store', bytes: 8, body: ['ld a3,0(a0)', 'add a3,a3,a2', 'sd a3,8(a0)', ...mix] },
  { kind: 'load', bytes: 8, body: ['fld ft0,0(a0)'] },
  { kind: 'store', bytes: 8, body: ['fsd ft0,0(a0)'] },
  { kind: 'atomic', bytes: 4, body: ['amoadd.w a3,a2,(a0)', ...mix] },
  { kind: 'atomic', bytes: 8, body: ['amoswap.d.aq a3,a2,(a0)', ...mix] },
  { kind: 'atomic', bytes: 8, body: ['lr.d a3,(a0)', 'add a4,a3,a2', 'sc.d a3,a4,(a0)', ...mix] },
  { kind: 'atomic', bytes: 4, body: ['lr.w a3,(a0)', 'c.xor a3,a2', 'sc.w.rl a4,a3,(a0)', ...mix] },
  { kind: 'atomic', bytes: 4, body: ['sc.w a3,a2,(a0)', ...mix] },
];
const back = 'jalr zero,0(ra)';

class Layout {
  readonly lines = new Map<number, Line>();
  readonly #cursors = new Map<number, number>();

  /** Puts instructions from `at` on; the address behind them. */
  put(at: number, texts: readonly string[]): number {
    for (const text of texts) {
      const bytes = text.startsWith('c.') ? 2 : 4;
      if (this.lines.has(at)) throw new Error('two instructions in one place');
      this.lines.set(at, { text, bytes });
      at += bytes;
    }
    return at;
  }

  /** A place in a page that has room for `bytes`, after a gap. */
  place(page: number, bytes: number, gap: number): number {
    const at = (this.#cursors.get(page) ?? page * 4096 + 128) + gap * 2;
    this.#cursors.set(page, at + bytes);
    return at;
  }
}

const jumpTo = (target: number): string => `jal zero,${target}`;

/** Chooses where everything lies. */
export function makeProgram(random: RandomState): Program {
  const layout = new Layout();
  const routines: PlacedRoutine[] = [];
  const start = LOOP_PAGE * 4096 + 8;
  const loop = ['ld a0,0(s0)', 'ld a1,8(s0)', 'ld a2,16(s0)', `addi s0,s0,${OPERATION_BYTES}`];
  const end = layout.put(start, [...loop, 'jalr ra,0(a1)']);
  layout.put(end, [`beq s0,s1,${end + 8}`, jumpTo(start), 'ecall']);
  const anyPage = () => ROUTINE_PAGES[nextBelow(random, ROUTINE_PAGES.length)]!;
  for (const { kind, bytes, body } of bodies) {
    for (let copy = 0; copy < 3; copy++) {
      const at = layout.place(anyPage(), body.length * 4 + 4, nextBelow(random, 40));
      routines.push({ at, bytes, kind, relocatable: copy < 2 });
      if (copy < 2) {
        layout.put(at, [...body, back]);
        continue;
      }
      const rest = layout.place(anyPage(), body.length * 4 + 4, nextBelow(random, 40));
      const front = layout.put(at, body.slice(0, 1));
      layout.put(front, [jumpTo(rest)]);
      layout.put(rest, [...body.slice(1), back]);
    }
  }
  addCrossing(layout, routines);
  addFalling(layout, routines);
  return { lines: layout.lines, start, routines };
}

/** A first instruction in two pages: its second half begins the next page. */
function addCrossing(layout: Layout, routines: PlacedRoutine[]): void {
  const crossing = [
    [32, 'lw a3,0(a0)'],
    [33, 'sd a2,0(a0)'],
    [34, 'amoadd.d a3,a2,(a0)'],
  ] as const;
  for (const [page, first] of crossing) {
    const at = page * 4096 + 4094;
    layout.put(at, [first, ...mix, back]);
    routines.push({ at, bytes: first.startsWith('lw') ? 4 : 8, kind: 'crossing code' });
  }
  // A jump in two pages, away from both.
  const jump = 48 * 4096 + 4094;
  const rest = layout.place(272, 64, 3);
  layout.put(jump, [jumpTo(rest)]);
  layout.put(rest, ['lh a3,0(a0)', ...mix, back]);
  routines.push({ at: jump, bytes: 2, kind: 'crossing code' });
}

/** The last instruction of a page, and the next page's first. */
function addFalling(layout: Layout, routines: PlacedRoutine[]): void {
  const falling = [
    [31, ['c.addi a2,1']],
    [47, ['lbu a3,0(a0)']],
    [271, ['amoadd.w a3,a2,(a0)']],
  ] as const;
  for (const [page, body] of falling) {
    const bytes = body[0].startsWith('c.') ? 2 : 4;
    const at = page * 4096 + 4096 - bytes;
    const next = layout.put(at, body);
    layout.put(next, ['ld a3,0(a0)', ...mix, back]);
    routines.push({ at, bytes: 8, kind: 'falling code' });
  }
}

/** Pages that hold instructions, the loop's own left out. */
export function codePages(program: Program): number[] {
  const pages = new Set<number>();
  for (const [at, { bytes }] of program.lines) {
    pages.add(Math.floor(at / 4096));
    pages.add(Math.floor((at + bytes - 1) / 4096));
  }
  pages.delete(LOOP_PAGE);
  return [...pages].sort((a, b) => a - b);
}

/**
 * Writes the instructions into RAM.
 * @returns the listing by physical address
 */
export function loadProgram(
  program: Program,
  ram: Uint8Array,
  frameOf: (page: number) => number,
): Map<number, Line> {
  const listing = new Map<number, Line>();
  const physical = (at: number): number => frameOf(Math.floor(at / 4096)) * 4096 + (at % 4096);
  for (const [at, line] of program.lines) {
    const word = assemble(line.text, at);
    for (let i = 0; i < line.bytes; i++) ram[physical(at + i)] = (word >>> (8 * i)) & 255;
    listing.set(physical(at), line);
  }
  return listing;
}

/** Writes the list of operations into RAM. */
export function loadOperations(
  operations: readonly Operation[],
  ram: Uint8Array,
  frameOf: (page: number) => number,
): void {
  const view = new DataView(ram.buffer, ram.byteOffset);
  operations.forEach(({ address, routine, value }, i) => {
    [address, BigInt(routine), value].forEach((word, field) => {
      const at = LIST_PAGE * 4096 + i * OPERATION_BYTES + field * 8;
      view.setBigUint64(frameOf(Math.floor(at / 4096)) * 4096 + (at % 4096), word, true);
    });
  });
}

/** Bounds of the list, for s0 and s1. */
export const listBounds = (count: number): [bigint, bigint] => [
  BigInt(LIST_PAGE * 4096),
  BigInt(LIST_PAGE * 4096 + count * OPERATION_BYTES),
];
