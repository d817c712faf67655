/** Source lines: against binutils for what compilers write, against an encoder of our own for all else, and damaged. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LineRow, LineTable } from '../../../src/kernel/loader/dwarf-lines.ts';
import { contentsOf, sectionsOf } from '../../../src/kernel/loader/sections.ts';
import { needsTool } from '../../support/tools.ts';
import { addressLines, COMPILER, compileDebug, ENABLE, forms, writeSources } from './debug-programs.ts';
import { encodeUnit, type RowModel } from './line-encoder.ts';

const NOTHING = new Uint8Array(0);

const sectionOf = (bytes: Uint8Array, name: string): Uint8Array => {
  const section = sectionsOf(bytes).find((one) => one.name === name);
  return (section && contentsOf(bytes, section)) ?? NOTHING;
};

const tableOf = (bytes: Uint8Array): LineTable =>
  new LineTable({
    lines: sectionOf(bytes, '.debug_line'),
    lineStrings: sectionOf(bytes, '.debug_line_str'),
    strings: sectionOf(bytes, '.debug_str'),
  });

/** `file line address`, `-` for the line of an end. */
const shown = ({ file, line, address, ends }: LineRow): string =>
  `${basename(file)} ${ends ? '-' : line} 0x${address.toString(16)}`;

/** The rows that readelf(1) decodes, sequences in order of address; those of code that was left out are at 0. */
function decoded(program: string): string[] {
  const text = execFileSync('riscv64-linux-gnu-readelf', ['-W', '--debug-dump=decodedline', program], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const sequences: { low: number; rows: string[] }[] = [];
  let rows: string[] = [];
  for (const [, file, line, address] of text.matchAll(/^(\S+)\s+(\d+|-)\s+(0x[0-9a-f]+|0)(?:\s.*)?$/gm)) {
    rows.push(`${file} ${line} 0x${Number(address).toString(16)}`);
    if (line !== '-') continue;
    sequences.push({ low: Number(rows[0]!.split(' ')[2]), rows });
    rows = [];
  }
  return sequences
    .filter(({ low }) => low > 0)
    .sort((a, b) => a.low - b.low)
    .flatMap((sequence) => sequence.rows);
}

const compiler = needsTool(COMPILER, ENABLE);

compiler('lines of compiled programs', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pagewalk-lines-'));
    writeSources(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(forms.map((flags, i) => [flags.join(' '), flags, `p${i}`] as const))(
    'are those of readelf and addr2line: %s',
    (_name, flags, name) => {
      const program = compileDebug(folder, name, flags);
      const table = tableOf(readFileSync(program));
      expect(table.damage).toBeUndefined();
      const rows = [...table.rows()];
      expect(rows.map(shown)).toEqual(decoded(program));
      expect(new Set(rows.map(({ file }) => basename(file)))).toEqual(
        new Set(['main.c', 'work.c', 'recurse.c', 'step.h']),
      );
      // addr2line 2.40 can't read the names of this one.
      if (flags.includes('-gdwarf64') && flags.includes('-gdwarf-5')) return;
      // Every half-word from the first row to the last, gaps between sequences included.
      const addresses: number[] = [];
      for (let at = rows[0]!.address - 8; at < rows.at(-1)!.address + 8; at += 2) addresses.push(at);
      const ours = addresses.map((address) => {
        const found = table.at(address);
        return found === undefined || found.line === 0
          ? '??'
          : `${resolve(folder, found.file)}:${found.line}`;
      });
      const theirs = addressLines(program, addresses).map(([inner]) => {
        const [, file, line] = /^(.*):(\d+|\?)$/.exec(inner!.place)!;
        return file === '??' || line === '?' || line === '0' ? '??' : `${resolve(folder, file!)}:${line}`;
      });
      expect(ours).toEqual(theirs);
    },
    60_000,
  );

  it('of a damaged section are a table, and what is wrong with it', () => {
    const good = readFileSync(compileDebug(folder, 'damaged', ['-gdwarf-5', '-O2']));
    const sections = {
      lines: sectionOf(good, '.debug_line'),
      lineStrings: sectionOf(good, '.debug_line_str'),
      strings: sectionOf(good, '.debug_str'),
    };
    const { lines } = sections;
    let damaged = 0;
    for (let at = 0; at < lines.length; at++) {
      for (const bit of [0x01, 0x80, 0xff]) {
        const flipped = lines.slice();
        flipped[at]! ^= bit;
        const table = new LineTable({ ...sections, lines: flipped });
        if (table.damage !== undefined) damaged++;
        expect(table.damage ?? 'byte 0: expected').toMatch(/^byte \d+: expected/);
        // Whatever it says, it says it of any address.
        for (let address = 0x10000; address < 0x10800; address += 64) table.at(address);
        expect([...table.rows()].length).toBeLessThanOrEqual(lines.length);
      }
    }
    // Lengths, versions and forms that make no sense are seen.
    expect(damaged).toBeGreaterThan(30);
    const ends = new Set([0]);
    for (let at = 0; at < lines.length; ends.add(at)) at = unitEnd(lines, at);
    for (let end = 0; end < lines.length; end++) {
      const table = new LineTable({ ...sections, lines: lines.subarray(0, end) });
      expect(table.damage === undefined).toBe(ends.has(end));
    }
  });
});

const unitEnd = (lines: Uint8Array, at: number): number =>
  at + 4 + new DataView(lines.buffer, lines.byteOffset).getUint32(at, true);

/** Ascending addresses, lines and files as they come, an end at the end. */
const sequence = fc
  .array(
    fc.record({
      advance: fc.oneof(fc.nat(40), fc.nat(70_000)),
      line: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 100_000 })),
      file: fc.integer({ min: 1, max: 3 }),
      // How it is encoded, where there is a choice.
      how: fc.nat(255),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .chain((rows) => fc.record({ start: fc.integer({ min: 1, max: 2 ** 40 }), rows: fc.constant(rows) }));

describe('a line program', () => {
  it('gives the rows that were encoded, in every version, format and shape of its opcodes', () => {
    const shape = fc.record({
      version: fc.integer({ min: 2, max: 5 }),
      format: fc.constantFrom<32 | 64>(32, 64),
      lineBase: fc.integer({ min: -10, max: 1 }),
      lineRange: fc.integer({ min: 1, max: 20 }),
      opcodeBase: fc.integer({ min: 5, max: 16 }),
      leastInstruction: fc.constantFrom(1, 2, 4),
    });
    fc.assert(
      fc.property(shape, fc.array(sequence, { maxLength: 4 }), fc.nat(3), (unit, sequences, junk) => {
        const models = sequences.map(({ start, rows }, s): RowModel[] => {
          let address = start + s * 2 ** 42;
          return rows.map(({ advance, line, file, how }) => {
            address += advance * unit.leastInstruction;
            return { address, line, file, how };
          });
        });
        const bytes = models.map((rows) => encodeUnit(unit, [rows], junk));
        const table = new LineTable({ lines: joined(bytes), lineStrings: NOTHING, strings: NOTHING });
        expect(table.damage).toBeUndefined();
        const kept = models.filter((rows) => rows.at(-1)!.address > rows[0]!.address);
        expect([...table.rows()].map(({ address, line, file }) => ({ address, line, file }))).toEqual(
          kept.flatMap((rows) =>
            rows.map(({ address, line, file }) => ({ address, line, file: `d/f${file}.c` })),
          ),
        );
        // An address belongs to the last row at or before it, up to the end of the sequence.
        for (const rows of kept) {
          for (const { address } of rows) {
            for (const probe of [address - 1, address, address + 1]) {
              const at = rows.findLastIndex((row) => row.address <= probe);
              const expected = at < 0 || probe >= rows.at(-1)!.address ? undefined : rows[at]!;
              const found = table.at(probe);
              expect(found && [found.file, found.line]).toEqual(
                expected && [`d/f${expected.file}.c`, expected.line],
              );
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('of very long instructions advances by operations', () => {
    // Three operations an instruction of 16 bytes: 4 of them are one instruction and one operation.
    const unit = {
      version: 4,
      format: 32,
      lineBase: -3,
      lineRange: 12,
      opcodeBase: 10,
      leastInstruction: 16,
    } as const;
    const bytes = encodeUnit({ ...unit, mostOperations: 3 }, [], 0, [
      [0, 9, 2, 0, 0, 1, 0, 0, 0, 0, 0], // address 0x10000
      [1], // line 1 there
      [2, 4], // 4 operations: 0x10010, operation 1
      [1],
      [2, 2], // 2 more: 0x10020, operation 0
      [3, 1], // line 2
      [1],
      [2, 3],
      [0, 1, 1], // the end, 0x10030
    ]);
    const table = new LineTable({ lines: bytes, lineStrings: NOTHING, strings: NOTHING });
    expect([...table.rows()].map(({ address, line }) => [address, line])).toEqual([
      [0x10000, 1],
      [0x10010, 1],
      [0x10020, 2],
      [0x10030, 2],
    ]);
  });

  it('without an end says nothing, and a unit behind a damaged one is read', () => {
    const unit = {
      version: 5,
      format: 32,
      lineBase: -3,
      lineRange: 12,
      opcodeBase: 10,
      leastInstruction: 1,
    } as const;
    const good = encodeUnit(
      unit,
      [
        [
          { address: 100, line: 1, file: 1, how: 0 },
          { address: 104, line: 2, file: 1, how: 0 },
        ],
      ],
      0,
    );
    const open = encodeUnit(unit, [], 0, [[0, 9, 2, 0, 2, 0, 0, 0, 0, 0, 0], [1]]);
    const unknown = good.slice();
    unknown[4] = 9;
    const table = new LineTable({
      lines: joined([unknown, open, good]),
      lineStrings: NOTHING,
      strings: NOTHING,
    });
    expect(table.damage).toBe('byte 4: expected version 2 to 5 of a line table, found 9');
    expect([...table.rows()].map(({ address }) => address)).toEqual([100, 104]);
    expect(table.at(512)).toBeUndefined();
  });

  it('of arbitrary bytes is a table', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, framed) => {
        const lines = framed ? joined([Uint8Array.of(bytes.length, 0, 0, 0, 5, 0, 8, 0), bytes]) : bytes;
        const table = new LineTable({ lines, lineStrings: bytes, strings: bytes });
        table.at(1);
        expect([...table.rows()].length).toBeLessThanOrEqual(lines.length);
      }),
      { numRuns: 3000 },
    );
  });
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
