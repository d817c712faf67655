/** What is said of programs whose debugging information is missing, compressed or damaged. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Inflate, ProgramCode } from '../../../src/kernel/loader/program-code.ts';
import { sectionsOf } from '../../../src/kernel/loader/sections.ts';
import { findSymbol } from '../../../src/kernel/loader/symbols.ts';
import { needsTool } from '../../support/tools.ts';
import { COMPILER, compileDebug, ENABLE, writeSources } from './debug-programs.ts';

const compiler = needsTool(COMPILER, ENABLE);

const inflate: Inflate = (compressed, size) => {
  try {
    const bytes = inflateSync(compressed, { maxOutputLength: Math.max(1, size) });
    return bytes.length === size ? bytes : undefined;
  } catch {
    return undefined;
  }
};

compiler('the code of a program', () => {
  let folder: string;
  let plain: Uint8Array;
  let compressed: Uint8Array;
  let main: number;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pagewalk-code-'));
    writeSources(folder);
    plain = readFileSync(compileDebug(folder, 'plain', ['-gdwarf-5', '-O0']));
    compressed = readFileSync(compileDebug(folder, 'compressed', ['-gdwarf-5', '-O0', '-gz=zlib']));
    main = findSymbol(plain, 'main')!.address;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const asked = (bytes: Uint8Array, by?: Inflate) => {
    const code = new ProgramCode(bytes, by);
    const found = { function: code.functionAt(main)?.name, line: code.lineAt(main) };
    return { ...found, notes: code.notes };
  };

  it('has functions and lines', () => {
    const line = { file: 'main.c', line: 16 };
    expect(asked(plain)).toEqual({ function: 'main', line, notes: [] });
  });

  it('says nothing before it is asked', () => {
    expect(new ProgramCode(new Uint8Array(0)).notes).toEqual([]);
  });

  it('is inflated where somebody can, and said to be compressed where nobody can', () => {
    expect(asked(compressed, inflate)).toEqual(asked(plain));
    expect(asked(compressed)).toMatchObject({
      function: 'main',
      line: undefined,
      notes: expect.arrayContaining(['.debug_line is compressed (zlib): link it with -gz=none']),
    });
    expect(asked(compressed, () => undefined).notes).toContain(
      ".debug_line is damaged: it can't be inflated",
    );
  });

  it('that was stripped, or compiled without -g, says so', () => {
    execFileSync('riscv64-linux-gnu-strip', ['-o', join(folder, 'stripped'), join(folder, 'plain')]);
    expect(asked(readFileSync(join(folder, 'stripped')))).toEqual({
      function: undefined,
      line: undefined,
      notes: ['it has no symbols: do not strip it', 'it has no debug lines: compile it with -g'],
    });
    execFileSync('riscv64-linux-gnu-strip', ['-g', '-o', join(folder, 'symbols'), join(folder, 'plain')]);
    expect(asked(readFileSync(join(folder, 'symbols')))).toEqual({
      function: 'main',
      line: undefined,
      notes: ['it has no debug lines: compile it with -g'],
    });
  });

  it('does no harm when any byte of the headers or of the debugging information is another', () => {
    const ranges = [plain, compressed].map((bytes) => {
      const sections = sectionsOf(bytes).filter(({ name }) =>
        /^\.(debug_(line|str)|symtab|strtab)/.test(name),
      );
      const table = {
        offset: bytes.length - sectionsOf(bytes).length * 64,
        size: sectionsOf(bytes).length * 64,
      };
      return [{ offset: 0, size: 64 }, table, ...sections];
    });
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (which, flips) => {
          const bytes = [plain, compressed][which]!.slice();
          for (const [range, offset, change] of flips) {
            const { offset: start, size } = ranges[which]![range % ranges[which]!.length]!;
            bytes[start + (offset % size)]! ^= change;
          }
          const { notes } = asked(bytes, inflate);
          for (const note of notes) expect(note).toMatch(/^(it has no|\.debug_(line|str|line_str) is) /);
        },
      ),
      { numRuns: 300 },
    );
  });
});
