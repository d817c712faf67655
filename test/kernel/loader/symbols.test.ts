/** Names of variables, against binutils' nm, and in damaged files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FunctionTable, findSymbol } from '../../../src/kernel/loader/symbols.ts';
import { needsTool } from '../../support/tools.ts';
import { addressLines } from './debug-programs.ts';

const SOURCE = `
volatile int counter = 3;
static long table[10] = { 1 };
long other(long x) { return x + table[x]; }
int main(void) { counter++; return (int)other(2); }
`;

const compiler = needsTool(
  'riscv64-linux-gnu-gcc',
  'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
);

compiler('the symbols of a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-symbols-'));
  let bytes: Uint8Array;
  let listed: Map<string, { address: number; bytes: number }>;

  beforeAll(() => {
    const [source, program] = [join(folder, 'p.c'), join(folder, 'p')];
    writeFileSync(source, SOURCE);
    execFileSync('riscv64-linux-gnu-gcc', ['-static', '-O1', source, '-o', program]);
    bytes = readFileSync(program);
    // Value, size, kind, name; symbols without a size have three columns.
    const lines = execFileSync('riscv64-linux-gnu-nm', ['--print-size', '--defined-only', program], {
      encoding: 'utf8',
    });
    listed = new Map(
      [...lines.matchAll(/^([0-9a-f]{16}) ([0-9a-f]{16}) \S (\S+)$/gm)].map(([, value, size, name]) => [
        name!,
        { address: Number.parseInt(value!, 16), bytes: Number.parseInt(size!, 16) },
      ]),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['counter', 'table', 'other', 'main', 'printf'])('%s is where nm says', (name) => {
    expect(listed.get(name)).toEqual(findSymbol(bytes, name));
  });

  it('what it does not define is not found', () => {
    expect(findSymbol(bytes, 'no_such_thing')).toBeUndefined();
  });

  it('the function at an address is the one that addr2line and nm name', () => {
    const program = join(folder, 'p');
    const table = new FunctionTable(bytes);
    const lines = execFileSync('riscv64-linux-gnu-nm', ['--print-size', '--defined-only', program], {
      encoding: 'utf8',
    });
    const functions = [...lines.matchAll(/^([0-9a-f]{16}) ([0-9a-f]{16}) [tTwWi] (\S+)$/gm)].map(
      ([, value, size, name]) => ({
        name: name!,
        address: Number.parseInt(value!, 16),
        bytes: Number.parseInt(size!, 16),
      }),
    );
    expect(functions.length).toBeGreaterThan(1000);
    // The first and the last instruction of each, and one in the middle.
    const addresses = functions.flatMap(({ address, bytes: size }) => [
      address,
      address + (size >> 2) * 2,
      address + size - 2,
    ]);
    const named = addressLines(program, addresses).map((frames) => frames.at(-1)!.function);
    expect(addresses.map((address) => table.at(address)?.name)).toEqual(named);
    for (const address of addresses) {
      const found = table.at(address)!;
      expect(functions).toContainEqual({ name: found.name, address: found.address, bytes: found.bytes });
    }
    // Between functions, and outside of all, there is none.
    const ends = Math.max(...functions.map(({ address, bytes: size }) => address + size));
    expect([table.at(0), table.at(ends), table.at(2 ** 40)]).toEqual([undefined, undefined, undefined]);
  });

  it('the function at an address: no data, no labels of the assembler, and the one that reaches it', () => {
    const [source, program] = [join(folder, 's.s'), join(folder, 's')];
    writeFileSync(
      source,
      [
        '.globl _start',
        '_start: .type _start, @function',
        'nop; nop',
        '.size _start, . - _start',
        'nop # 0x8: nobody reaches it',
        'label: nop; .Lhidden: nop',
        'alias: .type alias, @function; .type long, @function; .size alias, 4',
        'long: nop; nop; nop; .size long, . - long',
        '.data; variable: .word 1',
        '',
      ].join('\n'),
    );
    execFileSync('riscv64-linux-gnu-gcc', [
      '-nostdlib',
      '-static',
      '-march=rv64i',
      '-mabi=lp64',
      '-Wl,--strip-discarded,-Ttext=0x10000',
      source,
      '-o',
      program,
    ]);
    const table = new FunctionTable(readFileSync(program));
    const names = [0, 4, 8, 12, 16, 20, 24, 28, 32].map((offset) => table.at(0x10000 + offset)?.name);
    expect(names).toEqual([
      '_start',
      '_start',
      undefined,
      'label',
      'label',
      // The smaller of two at one address, as far as it reaches.
      'alias',
      'long',
      'long',
      undefined,
    ]);
  });

  it('a file that is cut off anywhere has fewer symbols, and does no harm', () => {
    for (let end = 0; end < bytes.length; end += 997) findSymbol(bytes.subarray(0, end), 'counter');
    expect(findSymbol(bytes.subarray(0, 64), 'counter')).toBeUndefined();
  });
});
