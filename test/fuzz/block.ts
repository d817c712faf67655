/**
 * A block: random groups of instructions that are run from first to last, apart from what jumps leave out. The
 * groups are cut into chunks that lie in another order than they are run in, so that jumps go both ways.
 */
import { nextBelow, nextUint32, type RandomState, randomState } from '../../src/base/random.ts';
import { encode } from '../../src/isa/decode.ts';
import { isCompressed } from '../../src/isa/table.ts';
import { disassemble } from '../../src/isa/text.ts';
import { type Group, groups, type Piece, pick, piece, type Reserved } from './recipes.ts';
import { randomDouble, randomInteger, randomSingle } from './values.ts';

/** Registers at the start of a block. */
export interface RegisterSeed {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly fcsr: number;
}

export interface Block {
  readonly seed: number;
  readonly reserved: Reserved;
  /** In the order of execution; their positions are their numbers. Missing ones were taken out. */
  readonly groups: readonly (Group | undefined)[];
  /** Groups that start a chunk, in the order in which the chunks lie in memory. */
  readonly chunks: readonly number[];
  /** One for each time that the block is run. */
  readonly registers: readonly RegisterSeed[];
  /** Whether it is put across the end of a page. */
  readonly acrossPages: boolean;
}

export interface BlockShape {
  readonly link: number;
  readonly base: number;
  /** Address of the first byte of scratch memory. */
  readonly scratch: number;
  readonly groups: number;
  readonly repetitions: number;
}

/** Two pages of scratch memory. Pointers lie around their edge, so that with any offset they stay inside. */
export const SCRATCH_BYTES = 2 * 4096;
/** The farthest offset is 2,048, a move of sp 512. */
const POINTER_MARGIN = 2048 + 512 + 64;
/** Registers that the runtime's own code needs, so that they can't be link and base; sp is always a pointer. */
export const RUNTIME_REGISTERS = [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 17] as const;

const LONGEST_JUMP = 6;

function reservedFor(random: RandomState, { link, base }: BlockShape): Reserved {
  const free = (from: readonly number[]): number =>
    pick(
      random,
      from.filter((register) => register !== link && register !== base),
    );
  const compact = free([8, 9, 10, 11, 12, 13, 14, 15]);
  const other = free(Array.from({ length: 28 }, (_, i) => i + 3).filter((register) => register !== compact));
  return { link, base, pointers: [2, compact, other] };
}

/** An address in the middle of the scratch memory; half of the time near the pages' edge. */
function randomPointer(random: RandomState, scratch: number): bigint {
  const near = scratch + SCRATCH_BYTES / 2 + nextBelow(random, 64) - 32;
  const anywhere = scratch + POINTER_MARGIN + nextBelow(random, SCRATCH_BYTES - 2 * POINTER_MARGIN);
  return BigInt(nextBelow(random, 2) === 0 ? near : anywhere);
}

function registerSeed(random: RandomState, { pointers }: Reserved, scratch: number): RegisterSeed {
  const x = Array.from({ length: 32 }, (_, i) => (i === 0 ? 0n : randomInteger(random)));
  for (const pointer of pointers) x[pointer] = randomPointer(random, scratch);
  // sp is moved in steps of 16, and compressed accesses by it are aligned when it is.
  x[2] = x[2]! & -8n;
  const f = Array.from({ length: 32 }, (_, i) =>
    (i & 8) === 0 ? randomSingle(random) : randomDouble(random),
  );
  // Inexact is raised half of the time, as it is in any program that has computed something.
  const fcsr = (nextBelow(random, 3) === 0 ? nextBelow(random, 5) : 0) * 32 + (nextUint32(random) & 31);
  return { x, f, fcsr };
}

function shuffled(random: RandomState, items: readonly number[]): readonly number[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = nextBelow(random, i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The block of a seed, always the same. */
export function makeBlock(seed: number, shape: BlockShape): Block {
  const random = randomState(seed);
  const reserved = reservedFor(random, shape);
  let number = 0;
  const laterGroup = (): number => Math.min(shape.groups, number + 1 + nextBelow(random, LONGEST_JUMP));
  const source = groups({ random, reserved, laterGroup });
  const made: Group[] = [];
  for (; number < shape.groups; number++) made.push(source.next().value as Group);
  made.push([piece('jalr', { rd: 0, rs1: shape.link, imm: 0 })]);
  const starts = [0];
  for (let i = 1; i < shape.groups; i++) if (nextBelow(random, 12) === 0) starts.push(i);
  return {
    seed,
    reserved,
    groups: made,
    chunks: shuffled(random, starts),
    registers: Array.from({ length: shape.repetitions }, () => registerSeed(random, reserved, shape.scratch)),
    acrossPages: nextBelow(random, 100) < 25,
  };
}

export interface PlacedPiece extends Piece {
  readonly address: number;
  /** Address of the first piece of its group. */
  readonly groupAddress: number;
}

export interface PlacedBlock {
  readonly address: number;
  readonly entry: number;
  readonly bytes: Uint8Array;
  readonly instructions: number;
  /** Address and text of each instruction, in the order of memory. */
  listing(): readonly string[];
}

const lengthOf = ({ row }: Piece): number => (isCompressed(row) ? 2 : 4);

/** The first group at or behind a number that was not taken out. */
function present({ groups }: Block, from: number): number {
  let number = from;
  while (groups[number] === undefined) number++;
  return number;
}

/** All groups in memory order, each chunk with a jump to the one that is run next. */
function inMemoryOrder(
  block: Block,
): readonly { readonly number: number | undefined; readonly group: Group }[] {
  const inExecution = [...block.chunks].sort((a, b) => a - b);
  return block.chunks.flatMap((start) => {
    const end = inExecution.find((other) => other > start) ?? block.groups.length;
    const own = block.groups
      .slice(start, end)
      .flatMap((group, i) => (group === undefined ? [] : [{ number: start + i, group }]));
    if (own.length === 0 || end === block.groups.length) return own;
    const onwards: Piece = { ...piece('jal', { rd: 0 }), target: { group: end, from: 'self', odd: 0 } };
    return [...own, { number: undefined, group: [onwards] }];
  });
}

/** The word of a piece; a target out of reach is replaced by the next instruction. */
function wordOf(placed: PlacedPiece, targetAddress: number | undefined): number {
  const { row, operands, target, address, groupAddress } = placed;
  if (target === undefined || targetAddress === undefined) return encode(row, operands);
  const origin = target.from === 'self' ? address : groupAddress;
  try {
    return encode(row, { ...operands, imm: targetAddress - origin + target.odd });
  } catch {
    // An addi in front of a compressed jump to a register is not the jump itself.
    const behind = address + lengthOf(placed) + (row.name === 'addi' ? 2 : 0);
    return encode(row, { ...operands, imm: behind - origin });
  }
}

/** Bytes that a block takes, wherever it lies. */
export const sizeOf = (block: Block): number =>
  inMemoryOrder(block).reduce(
    (sum, { group }) => sum + group.reduce((bytes, one) => bytes + lengthOf(one), 0),
    0,
  );

/** Puts a block at an address. */
export function placeBlock(block: Block, address: number): PlacedBlock {
  const addressOf = new Map<number, number>();
  const placed: PlacedPiece[] = [];
  let at = address;
  for (const { number, group } of inMemoryOrder(block)) {
    if (number !== undefined) addressOf.set(number, at);
    const groupAddress = at;
    for (const one of group) {
      placed.push({ ...one, address: at, groupAddress });
      at += lengthOf(one);
    }
  }
  const bytes = new Uint8Array(at - address);
  const view = new DataView(bytes.buffer);
  const words = placed.map((one) => {
    const word = wordOf(one, one.target && addressOf.get(present(block, one.target.group)));
    if (lengthOf(one) === 2) view.setUint16(one.address - address, word, true);
    else view.setUint32(one.address - address, word, true);
    return word;
  });
  return {
    address,
    entry: addressOf.get(present(block, 0))!,
    bytes,
    instructions: placed.length,
    listing: () =>
      placed.map((one, i) => `${one.address.toString(16)}: ${disassemble(words[i]!, one.address)}`),
  };
}
