import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimants, decode, encode, type Instruction } from '../../src/isa/decode.ts';
import { formats } from '../../src/isa/formats.ts';
import type { Row } from '../../src/isa/row.ts';
import { allRows, baseIndex, baseRows, isCompressed } from '../../src/isa/table.ts';
import { assemble, disassemble } from '../../src/isa/text.ts';
import { halfWords, wordOf } from './words.ts';

const longRows = allRows.filter((row) => !isCompressed(row));

describe('rows', () => {
  it('have names of their own', () => {
    expect(new Set(allRows.map((row) => row.name)).size).toBe(allRows.length);
  });

  it('have either a meaning or a row to expand to', () => {
    for (const row of allRows) {
      expect([row.name, row.semantics === undefined]).toEqual([row.name, isCompressed(row)]);
      expect(baseRows[baseIndex(row)]!.name).toBe(row.expandsTo ?? row.name);
    }
  });

  it('match only bits under their masks', () => {
    for (const row of allRows) expect([row.name, (row.match & ~row.mask) >>> 0]).toEqual([row.name, 0]);
  });

  it('leave no operand bit undescribed: mask and fields cover the word, without overlap', () => {
    for (const row of allRows) {
      const covered = Object.values(formats[row.format].fields)
        .flatMap((field) => field.parts)
        .map(([high, low]) => (2 ** (high + 1) - 2 ** low) >>> 0);
      const sum = covered.reduce((total, bits) => total + bits, 0);
      expect([row.name, sum + row.mask]).toEqual([row.name, isCompressed(row) ? 0xffff : 0xffffffff]);
    }
  });

  it('of 32 bits do not overlap', () => {
    const overlaps = longRows.flatMap((a, i) =>
      longRows
        .slice(i + 1)
        .flatMap((b) => (((a.match ^ b.match) & a.mask & b.mask) === 0 ? [[a.name, b.name]] : [])),
    );
    expect(overlaps).toEqual([]);
  });

  it('of 16 bits do not overlap: no half-word belongs to two', () => {
    for (const half of halfWords) {
      const owners = claimants(half).map((row) => row.name);
      expect([half, owners.length <= 1 ? 'at most one' : owners]).toEqual([half, 'at most one']);
      expect(decode(half)?.row.name).toBe(owners[0]);
    }
  });
});

/** Random words of a row. */
const wordsOf = (row: Row) =>
  fc
    .integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    .map((bits) => wordOf(row, bits))
    .filter((word) => word !== undefined);

/**
 * What the text does not show: a fence's registers and mode, all of fence.i, and which of the two reserved
 * rounding modes it is.
 */
function shownCompletely(instruction: Instruction): boolean {
  const { row, rd, rs1, imm, rm } = instruction;
  if (row.name === 'fence') return rd === 0 && rs1 === 0 && imm < 256;
  if (row.name === 'fence.i') return rd === 0 && rs1 === 0 && imm === 0;
  return rm !== 6;
}

function checkBothWays(word: number, pc: number): void {
  const instruction = decode(word)!;
  expect(encode(instruction.row, instruction)).toBe(word);
  const text = disassemble(word, pc);
  const again = assemble(text, pc);
  expect(disassemble(again, pc)).toBe(text);
  if (shownCompletely(instruction)) expect([text, again]).toEqual([text, word]);
}

describe('encoding and text', () => {
  const pcs = fc.nat({ max: 2 ** 37 }).map((pc) => pc * 2);

  it.each(allRows.map((row) => [row.name, row] as const))('%s goes both ways', (_name, row) => {
    fc.assert(fc.property(wordsOf(row), pcs, checkBothWays));
  });

  it('goes both ways for every 16-bit instruction', () => {
    for (const half of halfWords) if (decode(half) !== undefined) checkBothWays(half, 0x10000);
  });

  it('never gives an instruction another length than its encoding has', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (word) => {
        const instruction = decode(word);
        return instruction === undefined || instruction.length === ((word & 3) === 3 ? 4 : 2);
      }),
      { numRuns: 2000 },
    );
  });

  it('has at most one meaning for a word', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), (word) => claimants(word).length <= 1),
      { numRuns: 5000 },
    );
  });
});

describe('encode', () => {
  it.each([
    ['addi a0,a1,2048', 'addi', { imm: 2048 }],
    ['an odd branch distance', 'beq', { imm: 3 }],
    ['a branch too far', 'beq', { imm: 4096 }],
    ['a jump too far', 'jal', { imm: 2 ** 20 }],
    ['a shift of 64', 'slli', { imm: 64 }],
    ['a shift of 32 in a word', 'slliw', { imm: 32 }],
    ['a register that a compressed form has not', 'c.lw', { rd: 7, rs1: 8 }],
    ['an offset that is no multiple of the width', 'c.ldsp', { rd: 8, imm: 4 }],
    ['register 32', 'add', { rd: 32 }],
    ['c.addi4spn of nothing', 'c.addi4spn', { rd: 8, imm: 0 }],
    ['c.lui into sp', 'c.lui', { rd: 2, imm: 4096 }],
  ])('refuses %s', (_what, name, operands) => {
    const row = allRows.find((candidate) => candidate.name === name)!;
    expect(() => encode(row, operands)).toThrow(RangeError);
  });
});

describe('assemble', () => {
  it.each([
    'frob a0,a1',
    'add a0,a1',
    'add a0,a1,a2,a3',
    'add a0,a1,q7',
    'lw a0,4[a1]',
    'addi a0,a1,x',
    '',
  ])("refuses '%s'", (line) => {
    expect(() => assemble(line, 0)).toThrow(SyntaxError);
  });
});

describe('illegal encodings', () => {
  const illegal: readonly (readonly [string, number])[] = [
    ['all zeros', 0],
    ['all ones', 0xffffffff],
    ['a 48-bit instruction', 0x0000001f],
    ['a 64-bit instruction', 0x0000003f],
    ['c.addi4spn of nothing', 0x0004],
    ['the reserved row of quadrant 0', 0x8000],
    ['c.addiw into x0', 0x2001],
    ['c.addi16sp of nothing', 0x6101],
    ['c.lui of nothing', 0x6081],
    ['the reserved pair behind c.addw', 0x9c41],
    ['the last reserved pair', 0x9c61],
    ['c.lwsp into x0', 0x4002],
    ['c.ldsp into x0', 0x6002],
    ['c.jr to x0', 0x8002],
    ['slli with bit 26 set', 0x04001013],
    ['slliw by 32', 0x0200101b],
    ['sraiw by 32', 0x4200501b],
    ['add with a wrong upper part', 0x08000033],
    ['branch 2', 0x00002063],
    ['branch 3', 0x00003063],
    ['load 7', 0x00007003],
    ['store 4', 0x00004023],
    ['jalr 1', 0x00001067],
    ['lr.w with a second source', 0x1010202f],
    ['amoadd.b', 0x0000002f],
    ['amoadd.q', 0x0000402f],
    ['an atomic without a meaning', 0x2800202f],
    ['a CSR instruction 4', 0x00004073],
    ['ecall with a destination', 0x000000f3],
    ['ebreak with a source', 0x00108073],
    ['sret', 0x10200073],
    ['mret', 0x30200073],
    ['wfi', 0x10500073],
    ['sfence.vma', 0x12000073],
    ['fadd.h', 0x04000053],
    ['fadd.q', 0x06000053],
    ['flh', 0x00001007],
    ['flq', 0x00004007],
    ['fmadd.h', 0x04000043],
    ['vadd.vv', 0x00000057],
    ['clmul (Zbc)', 0x0a001033],
    ['zext.h of RV32', 0x08004033],
    ['rev8 of RV32', 0x69805013],
    ['custom-0', 0x0000000b],
    ['cbo.clean (Zicbom)', 0x0010200f],
  ];

  it.each(illegal)('rejects %s', (_what, word) => {
    expect(decode(word)).toBeUndefined();
    expect(disassemble(word, 0)).toMatch(/^\.(word|half) 0x/);
  });
});
