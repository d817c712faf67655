/**
 * A program of many blocks. For each run of a block it loads all registers, calls the block, and writes out all
 * registers, fcsr and a checksum of the scratch memory, which it then puts back as it was at the start:
 *
 *   0x00010000  driver   for each run: load, call, dump
 *               runtime  load, dump
 *               blocks
 *   0x10000000  scratch memory, then the record that is written
 *   0x20000000  registers of each run
 *
 * So each run depends on its own seed alone, and can be repeated without the others.
 */
import { nextBelow, randomState } from '../../src/base/random.ts';
import { assemble } from '../../src/isa/text.ts';
import type { Program } from '../support/bare-machine.ts';
import {
  type Block,
  type BlockShape,
  type PlacedBlock,
  placeBlock,
  RUNTIME_REGISTERS,
  SCRATCH_BYTES,
  sizeOf,
} from './block.ts';

const CODE = 0x10000;
export const SCRATCH = 0x10000000;
const RECORD = SCRATCH + SCRATCH_BYTES;
const REGISTERS = 0x20000000;

/** x0 to x31, f0 to f31, fcsr, and, when written, the checksum; 8 bytes each. */
export const RECORD_BYTES = (32 + 32 + 2) * 8;
export const RECORD_FIELDS: readonly string[] = [
  ...Array.from({ length: 32 }, (_, i) => `x${i}`),
  ...Array.from({ length: 32 }, (_, i) => `f${i}`),
  'fcsr',
  'scratch memory',
];

const MULTIPLIER = 6364136223846793005n;
const INCREMENT = 1442695040888963407n;
/** Words that a turn of the runtime's loop over the scratch memory takes. */
const UNROLLED = 4;

/** What the scratch memory holds whenever a block starts: multiples of an odd constant. */
function scratchPattern(): Uint8Array {
  const bytes = new Uint8Array(SCRATCH_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < SCRATCH_BYTES; at += 8) {
    view.setBigUint64(at, BigInt.asUintN(64, INCREMENT * BigInt(at / 8 + 1)), true);
  }
  return bytes;
}

/** A line of assembly text, or one that depends on the address that it comes to lie at; `.word` gives a word as it is. */
export type Line = string | ((at: number) => string);

/** A constant in a register, in any number of instructions. */
function constant(register: string, value: bigint): readonly string[] {
  const signed = BigInt.asIntN(64, value);
  if (signed >= -2048n && signed < 2048n) return [`addi ${register},zero,${signed}`];
  const low = BigInt.asIntN(12, signed);
  const upper = (signed - low) >> 12n;
  return [
    ...constant(register, upper),
    `slli ${register},${register},12`,
    `addi ${register},${register},${low}`,
  ];
}

const allBut = (...left: number[]): readonly number[] =>
  Array.from({ length: 32 }, (_, i) => i).filter((i) => !left.includes(i));

/** Registers from the record at `base`; returns by `link`. A reservation is taken that no block uses. */
const loadRoutine = (link: number, base: number): readonly Line[] => [
  `lr.d x5,(x${base})`,
  `ld x5,512(x${base})`,
  'csrrw zero,fcsr,x5',
  ...allBut().map((i) => `fld f${i},${256 + i * 8}(x${base})`),
  ...allBut(0, link, base).map((i) => `ld x${i},${i * 8}(x${base})`),
  `jalr zero,0(x${link})`,
];

/** x9 = checksum of the scratch memory: for each word (checksum ^ word) × multiplier. Puts back what was there. */
const sweepScratch: readonly Line[] = [
  `lui x5,0x${(SCRATCH >>> 12).toString(16)}`,
  `lui x6,0x${((SCRATCH + SCRATCH_BYTES) >>> 12).toString(16)}`,
  ...constant('x7', MULTIPLIER),
  ...constant('x10', INCREMENT),
  'addi x8,zero,0',
  'addi x9,zero,0',
  ...Array.from({ length: UNROLLED }, (_, i) => [
    'add x8,x8,x10',
    `ld x11,${i * 8}(x5)`,
    'xor x9,x9,x11',
    'mul x9,x9,x7',
    `sd x8,${i * 8}(x5)`,
  ]).flat(),
  `addi x5,x5,${UNROLLED * 8}`,
  (at) => `bne x5,x6,${at - (UNROLLED * 5 + 1) * 4}`,
];

/** Registers to the record at `base`, checksum, and write(1, record). */
const dumpRoutine = (link: number, base: number): readonly Line[] => [
  ...allBut(base).map((i) => `sd x${i},${i * 8}(x${base})`),
  ...allBut().map((i) => `fsd f${i},${256 + i * 8}(x${base})`),
  'csrrs x5,fcsr,zero',
  `sd x5,512(x${base})`,
  ...sweepScratch,
  `sd x9,520(x${base})`,
  'addi x17,zero,64',
  'addi x10,zero,1',
  `addi x11,x${base},0`,
  `addi x12,zero,${RECORD_BYTES}`,
  'ecall',
  `jalr zero,0(x${link})`,
];

const ABI =
  'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(
    ' ',
  );
const FLOAT_ABI =
  'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11'.split(
    ' ',
  );
const asAbi = (line: string): string =>
  line.replace(
    /\b([xf])(\d+)\b(?!\w)/g,
    (_, kind: string, n: string) => (kind === 'x' ? ABI : FLOAT_ABI)[Number(n)]!,
  );

/** Words for lines of 32-bit instructions. */
export function assembleLines(lines: readonly Line[], address: number): readonly number[] {
  return lines.map((line, i) => {
    const at = address + i * 4;
    const text = asAbi(typeof line === 'string' ? line : line(at));
    return text.startsWith('.word ') ? Number(text.slice(6)) : assemble(text, at);
  });
}

const wordsAsBytes = (words: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

export interface Run {
  readonly block: number;
  readonly repetition: number;
}

export interface Image {
  readonly program: Program;
  /** In the order of the records that the program writes. */
  readonly runs: readonly Run[];
  readonly placed: readonly PlacedBlock[];
  /** Random instructions in the program, each run `repetitions` times unless it is jumped over. */
  readonly instructions: number;
}

/** How the blocks of an image are made; all that a seed decides about more than one block. */
export function imageShape(seed: number, groups: number, repetitions: number): BlockShape {
  const random = randomState(seed);
  const usable = allBut(0, ...RUNTIME_REGISTERS);
  const link = usable[nextBelow(random, usable.length)]!;
  const others = usable.filter((register) => register !== link);
  return { link, base: others[nextBelow(random, others.length)]!, scratch: SCRATCH, groups, repetitions };
}

function placeAll(blocks: readonly Block[], start: number): readonly PlacedBlock[] {
  let at = start;
  return blocks.map((block) => {
    let address = at;
    const bytes = sizeOf(block);
    // Some place of the block, which its seed decides, lies at a page's end.
    if (block.acrossPages) address += (((4096 - ((address + (block.seed % bytes)) % 4096)) % 4096) >> 1) << 1;
    const placed = placeBlock(block, address);
    at = address + placed.bytes.length + (placed.bytes.length & 2);
    return placed;
  });
}

function registersSegment(blocks: readonly Block[]): Uint8Array {
  const seeds = blocks.flatMap((block) => block.registers);
  const bytes = new Uint8Array(seeds.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  seeds.forEach(({ x, f, fcsr }, i) => {
    [...x, ...f, BigInt(fcsr)].forEach((value, field) => {
      view.setBigUint64(i * RECORD_BYTES + field * 8, value, true);
    });
  });
  return bytes;
}

const address32 = (register: number, value: number): readonly string[] => [
  `lui x${register},0x${(((value + 0x800) >>> 12) & 0xfffff).toString(16)}`,
  `addi x${register},x${register},${(value << 20) >> 20}`,
];

/** The program that runs `blocks`, which must have been made for `shape`. */
export function makeImage(blocks: readonly Block[], { link, base }: BlockShape): Image {
  const runs = blocks.flatMap((block, i) =>
    block.registers.map((_, repetition): Run => ({ block: i, repetition })),
  );
  const INSTRUCTIONS_A_RUN = 6;
  const loadAt = CODE + (runs.length * INSTRUCTIONS_A_RUN + 3) * 4;
  const load = assembleLines(loadRoutine(link, base), loadAt);
  const dumpAt = loadAt + load.length * 4;
  const dump = assembleLines(dumpRoutine(link, base), dumpAt);
  const placed = placeAll(blocks, dumpAt + dump.length * 4);
  const driver = runs.flatMap(({ block }, i): readonly Line[] => [
    ...address32(base, REGISTERS + i * RECORD_BYTES),
    `jal x${link},${loadAt}`,
    `jal x${link},${placed[block]!.entry}`,
    `lui x${base},0x${(RECORD >>> 12).toString(16)}`,
    `jal x${link},${dumpAt}`,
  ]);
  const words = [
    ...assembleLines([...driver, 'addi x17,zero,93', 'addi x10,zero,0', 'ecall'], CODE),
    ...load,
    ...dump,
  ];
  const end = placed.at(-1)!.address + placed.at(-1)!.bytes.length;
  const code = new Uint8Array(end - CODE);
  code.set(wordsAsBytes(words));
  for (const { address, bytes } of placed) code.set(bytes, address - CODE);
  const registers = registersSegment(blocks);
  return {
    program: {
      entry: CODE,
      segments: [
        { address: CODE, bytes: code, size: code.length, write: false, execute: true },
        {
          address: SCRATCH,
          bytes: scratchPattern(),
          size: SCRATCH_BYTES + 4096,
          write: true,
          execute: false,
        },
        { address: REGISTERS, bytes: registers, size: registers.length, write: false, execute: false },
      ],
    },
    runs,
    placed,
    instructions: placed.reduce((sum, block) => sum + block.instructions, 0),
  };
}
