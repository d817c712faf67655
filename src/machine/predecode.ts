/**
 * Predecoded pages: what the interpreter dispatches on. Each half-word of a page of code has a 16-byte record, so
 * the record of an address is found by a shift, and data between instructions costs nothing until it is run.
 *
 *   0  fast   handler in the dispatch loop; 0 leaves the loop
 *   2  step   case of the step function; 0 not decoded yet
 *   4  rd     8 × register; x0 as destination is the sink behind x31
 *   6  rs1    8 × register
 *   8  rs2    8 × register
 *  10  extra  8 × rs3, or the number of rs1 (CSR rows), or the distance in records' bytes (near branches and jumps)
 *  12  imm    32 bits; rounding mode for rows that have one; for a crossing instruction its first half
 */
import { decode, type Instruction } from '../isa/decode.ts';
import { type FormatName, formats } from '../isa/formats.ts';
import { baseRows, hasRoundingMode } from '../isa/table.ts';
import {
  CODE_PAGE_BYTES,
  CROSSING_RECORD,
  CROSSING_WORD_AT,
  PAGE_END_RECORD,
  RECORD_BYTES,
} from './layout.ts';

/** Cases of the step function that are no row. */
export const STEP = { undecoded: 0, pageEnd: 1, crossing: 2, illegal: 3, firstRow: 4 } as const;
/** Case of a row at a length. */
export const stepCase = (index: number, length: 2 | 4): number =>
  STEP.firstRow + index * 2 + (length === 4 ? 1 : 0);

/** Handlers of the dispatch loop. */
export type Reach = 'near' | 'far';
export const FAST = { leave: 0, pageEnd: 1, first: 2 } as const;

export interface Handler {
  readonly index: number;
  readonly length: 2 | 4;
  /** For branches and jal: whether the target lies in the same page. */
  readonly reach: Reach;
}

/** Rows that jump relative to pc: their handlers come in two reaches. */
export const isRelativeJump = (format: FormatName): boolean => format === 'b' || format === 'j';

function lengthsOf(index: number, twoByteRows: ReadonlySet<number>): readonly (2 | 4)[] {
  return twoByteRows.has(index) ? [2, 4] : [4];
}

/** Every handler that the dispatch loop needs; a handler's number is FAST.first + its position. */
export function listHandlers(twoByteRows: ReadonlySet<number>): readonly Handler[] {
  return baseRows.flatMap((row, index) => {
    if (row.rare) return [];
    const reaches: readonly Reach[] = isRelativeJump(row.format) ? ['near', 'far'] : ['far'];
    return lengthsOf(index, twoByteRows).flatMap((length) =>
      reaches.map((reach) => ({ index, length, reach })),
    );
  });
}

const keyOf = (index: number, length: number, reach: Reach): number =>
  index * 4 + (length === 4 ? 2 : 0) + (reach === 'near' ? 1 : 0);

/** What a row needs to know at decoding time. */
interface Traits {
  readonly floatDestination: boolean;
  readonly rounding: 'none' | 'arithmetic' | 'to-integer';
  readonly usesRs3: boolean;
  readonly relative: boolean;
}

const traits: readonly Traits[] = baseRows.map((row) => ({
  floatDestination: formats[row.format].text.startsWith('frd'),
  rounding: !hasRoundingMode(row) ? 'none' : row.format === 'f-to-x' ? 'to-integer' : 'arithmetic',
  usesRs3: formats[row.format].fields.rs3 !== undefined,
  relative: isRelativeJump(row.format),
}));

const SINK = 32;
const ROUND_TO_ZERO = 1;
const NEAREST = 0;
const DYNAMIC = 7;

/** Whether the native unit may try this rounding mode. */
function isNativeRounding(kind: Traits['rounding'], mode: number): boolean {
  if (kind === 'none' || mode === NEAREST || mode === DYNAMIC) return true;
  return kind === 'to-integer' && mode === ROUND_TO_ZERO;
}

const MEMO_BITS = 13;
const MEMO_SIZE = 1 << MEMO_BITS;

export class Predecoder {
  readonly #u16: Uint16Array;
  readonly #i32: Int32Array;
  readonly #u32: Uint32Array;
  readonly #ram: DataView;
  readonly #handlers = new Map<number, number>();
  /** Words decoded lately and what they mean; 0 is no instruction. */
  readonly #memoWords = new Uint32Array(MEMO_SIZE);
  readonly #memo: (Instruction | undefined)[] = new Array<Instruction | undefined>(MEMO_SIZE).fill(undefined);

  /**
   * @param memory the machine's memory
   * @param ram view of RAM, by physical address
   * @param handlers as from `listHandlers`
   */
  constructor(memory: ArrayBuffer, ram: DataView, handlers: readonly Handler[]) {
    this.#u16 = new Uint16Array(memory);
    this.#i32 = new Int32Array(memory);
    this.#u32 = new Uint32Array(memory);
    this.#ram = ram;
    handlers.forEach((handler, i) => {
      this.#handlers.set(keyOf(handler.index, handler.length, handler.reach), FAST.first + i);
    });
  }

  /** Under pressure the same code is decoded over and over, as its pages come back in other frames. */
  #decoded(word: number): Instruction | undefined {
    const at = (Math.imul(word, 0x9e3779b1) >>> (32 - MEMO_BITS)) & (MEMO_SIZE - 1);
    if (this.#memoWords[at] === word) return this.#memo[at];
    const instruction = decode(word);
    if (instruction !== undefined) {
      this.#memoWords[at] = word;
      this.#memo[at] = instruction;
    }
    return instruction;
  }

  /** Empties the records of a page at `records`, and puts the one that catches falling off its end. */
  clear(records: number): void {
    this.#u32.fill(0, records >> 2, (records + CODE_PAGE_BYTES) >> 2);
    const end = (records + PAGE_END_RECORD * RECORD_BYTES) >> 1;
    this.#u16[end] = FAST.pageEnd;
    this.#u16[end + 1] = STEP.pageEnd;
  }

  /**
   * Decodes from `offset` in the page at physical address `page` up to an instruction that ends the run: a jump
   * away, one decoded before, or the end of the page.
   */
  decodeFrom(records: number, page: number, offset: number): void {
    for (let at = offset; at < 4096; ) {
      const record = records + at * (RECORD_BYTES / 2);
      if (at !== offset && this.#u16[(record >> 1) + 1] !== STEP.undecoded) return;
      const half = this.#ram.getUint16(page + at, true);
      if ((half & 3) === 3 && at === 4094) {
        this.#u16[(record >> 1) + 1] = STEP.crossing;
        this.#i32[(record >> 2) + 3] = half;
        return;
      }
      const word = (half & 3) === 3 ? this.#ram.getUint32(page + at, true) : half;
      const instruction = this.#decoded(word);
      if (instruction === undefined) {
        this.#u16[(record >> 1) + 1] = STEP.illegal;
        return;
      }
      this.#write(record, instruction, at);
      if (endsRun(instruction)) return;
      at += instruction.length;
    }
  }

  /** Decodes an instruction that crosses out of the page whose records these are. */
  decodeCrossing(records: number, word: number): void {
    const record = records + CROSSING_RECORD * RECORD_BYTES;
    const instruction = decode(word);
    this.#u32[(records + CROSSING_WORD_AT) >> 2] = word;
    if (instruction === undefined) this.#u16[(record >> 1) + 1] = STEP.illegal;
    // Its target is never near: it is run outside of the loop, by its distance in bytes.
    else this.#write(record, instruction, Number.NaN);
  }

  /** @param at offset in the page; NaN when the instruction is not run by the dispatch loop */
  #write(record: number, instruction: Instruction, at: number): void {
    const { index, length } = instruction;
    const known = traits[index]!;
    const half = record >> 1;
    const target = at + instruction.imm;
    const near = known.relative && target >= 0 && target < 4096;
    const native = isNativeRounding(known.rounding, instruction.rm);
    const handler =
      native && !Number.isNaN(at)
        ? this.#handlers.get(keyOf(index, length, near ? 'near' : 'far'))
        : undefined;
    const integerDestination = instruction.rd === 0 ? SINK : instruction.rd;
    this.#u16[half] = handler ?? FAST.leave;
    this.#u16[half + 1] = stepCase(index, length);
    this.#u16[half + 2] = 8 * (known.floatDestination ? instruction.rd : integerDestination);
    this.#u16[half + 3] = 8 * instruction.rs1;
    this.#u16[half + 4] = 8 * instruction.rs2;
    // The loop's near handlers want the distance in records, the step function wants it in bytes.
    if (near) this.#u16[half + 5] = instruction.imm * (RECORD_BYTES / 2);
    else this.#u16[half + 5] = known.usesRs3 ? 8 * instruction.rs3 : instruction.rs1;
    this.#i32[(record >> 2) + 3] = known.rounding === 'none' ? instruction.imm : instruction.rm;
  }
}

/** Nothing behind it is run before something jumps there. */
function endsRun(instruction: Instruction): boolean {
  const { name } = baseRows[instruction.index]!;
  return name === 'jal' || name === 'jalr';
}
