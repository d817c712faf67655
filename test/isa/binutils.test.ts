/**
 * The table and its disassembler against binutils, so that table, fuzzer and disassembler don't share one error.
 * `PAGEWALK_WORDS_A_ROW=50000` compares more words than the default.
 */
import { expect, it } from 'vitest';
import { nextBelow, nextUint32, randomState } from '../../src/base/random.ts';
import { decode } from '../../src/isa/decode.ts';
import { allRows, isCompressed } from '../../src/isa/table.ts';
import { CSR_NAMES, disassemble } from '../../src/isa/text.ts';
import { needsTool } from '../support/tools.ts';
import { ENABLE_OBJDUMP, OBJDUMP, objdump } from './objdump.ts';
import { halfWords, randomWord } from './words.ts';

const WORDS_A_ROW = Number(process.env.PAGEWALK_WORDS_A_ROW ?? 2000);
const longRows = allRows.filter((row) => !isCompressed(row));

/** What binutils prints where it knows no instruction. */
const isUnknown = (text: string): boolean => /^(\.[248]byte|\.insn|c?\.?unimp)\b/.test(text);

const exactConversion = /^fcvt\.d\.(s|w|wu)\b/;

/**
 * The table's text as binutils 2.40 writes it. Differences, each deliberate:
 *
 * - A shift by 0 in 16 bits: binutils has names of RV128's shift by 64 for it; here it is the hint that it is.
 * - Conversions to double precision that are always exact: binutils does not show their rounding mode.
 * - A write of cycle, which traps, is how unimp is encoded.
 * - CSRs by name: binutils names all of the privileged ones; here only those that exist have names.
 */
function asBinutils(text: string, theirs: string): string {
  const zeroShift = /^c\.(slli|srli|srai) (\w+),0x0$/.exec(text);
  if (zeroShift !== null) return `c.${zeroShift[1]}64 ${zeroShift[2]}`;
  if (exactConversion.test(text)) return text.replace(/,rne$/, '');
  if (text === 'csrrw zero,cycle,zero') return 'unimp';
  const numbered = /^(csr\w+ \w+),(0x[0-9a-f]+),(\w+)$/.exec(text);
  const named = /^(csr\w+ \w+),([a-z]\w*),(\w+)$/.exec(theirs);
  const nameless = numbered !== null && named !== null && !Object.values(CSR_NAMES).includes(named[2]!);
  return nameless ? text.replace(numbered[2]!, named[2]!) : text;
}

/**
 * Words that the table knows, and binutils does not:
 *
 * - fence and fence.i with other fields than the two sets used: these are reserved for the future, and "base
 *   implementations shall ignore" them (Unprivileged ISA, sections 2.7 and 6.1).
 * - Conversions to double precision that are always exact, with a rounding mode other than 0, which does not
 *   matter (section 21.5). Later releases of binutils know them.
 */
const isKnownHereOnly = (word: number): boolean => {
  const instruction = decode(word);
  if (instruction === undefined) return false;
  const { row, rd, rs1, imm, rm } = instruction;
  if (exactConversion.test(row.name)) return rm !== 0;
  if (row.name === 'fence') return rd !== 0 || rs1 !== 0 || imm >= 256;
  return row.name === 'fence.i' && (rd !== 0 || rs1 !== 0 || imm !== 0);
};

/**
 * Words that binutils knows, and the table does not: privileged instructions, which binutils counts to the base
 * and which trap here as illegal, and one encoding that the manual reserves (c.addi16sp of nothing).
 */
const isRefused = (theirs: string): boolean =>
  /^(uret|sret|hret|mret|dret|wfi|sfence\.vma|sfence\.vm)\b/.test(theirs) || theirs === 'c.addi16sp sp,0';

/** Neither of 16 bits nor of 48 and more. */
const isLong = (word: number): boolean => (word & 3) === 3 && (word & 0x1c) !== 0x1c;

interface Difference {
  readonly word: string;
  readonly ours: string;
  readonly theirs: string;
}

/** So many at a time that their text stays short of what one string holds. */
const BATCH = 200_000;

/** Disassembles code that holds `words` at multiples of `bytes` both ways. */
function differences(words: readonly number[], bytes: 2 | 4): readonly Difference[] {
  const found: Difference[] = [];
  for (let start = 0; start < words.length; start += BATCH) {
    const batch = words.slice(start, start + BATCH);
    const code = bytes === 2 ? Uint16Array.from(batch) : Uint32Array.from(batch);
    const lines = objdump(new Uint8Array(code.buffer));
    expect(lines.length).toBe(batch.length);
    for (const { address, text } of lines) {
      const difference = differenceAt(batch[address / bytes]!, address, text);
      if (difference !== undefined) found.push(difference);
    }
  }
  return found;
}

function differenceAt(word: number, address: number, theirs: string): Difference | undefined {
  const ours = disassemble(word, address);
  const agree =
    decode(word) === undefined ? isUnknown(theirs) || isRefused(theirs) : asBinutils(ours, theirs) === theirs;
  if (agree || (isKnownHereOnly(word) && isUnknown(theirs))) return undefined;
  return { word: word.toString(16), ours, theirs };
}

needsTool(OBJDUMP, ENABLE_OBJDUMP)('against binutils', { timeout: 120 * WORDS_A_ROW }, () => {
  it('every half-word is the same instruction, or none', () => {
    expect(differences(halfWords, 2).slice(0, 20)).toEqual([]);
  });

  it('random words of every 32-bit row are the same instruction', () => {
    const random = randomState(20240411);
    const words = longRows.flatMap((row) =>
      Array.from({ length: WORDS_A_ROW }, () => randomWord(row, random)),
    );
    expect(differences(words, 4).slice(0, 20)).toEqual([]);
  });

  it('words beside the rows are instructions in both or in neither', () => {
    const random = randomState(20191213);
    const words = longRows.flatMap((row) =>
      Array.from({ length: WORDS_A_ROW / 4 }, () => {
        const operands = nextUint32(random) & ~row.mask;
        // Away from the row by one to three of the bits that identify it, and still 32 bits long.
        const flips =
          (1 << nextBelow(random, 32)) | (1 << nextBelow(random, 32)) | (1 << nextBelow(random, 32));
        return ((row.match | operands) ^ (flips & row.mask)) >>> 0;
      }).filter(isLong),
    );
    expect(differences(words, 4).slice(0, 20)).toEqual([]);
  });

  it('random words are instructions in both or in neither', () => {
    const random = randomState(7);
    const words = Array.from({ length: WORDS_A_ROW * 10 }, () => (nextUint32(random) | 3) >>> 0);
    expect(differences(words.filter(isLong), 4).slice(0, 20)).toEqual([]);
  });
});
