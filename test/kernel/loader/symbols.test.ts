/** Names of variables, against binutils' nm, and in damaged files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findSymbol } from '../../../src/kernel/loader/symbols.ts';
import { needsTool } from '../../support/tools.ts';

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

  it('a file that is cut off anywhere has fewer symbols, and does no harm', () => {
    for (let end = 0; end < bytes.length; end += 997) findSymbol(bytes.subarray(0, end), 'counter');
    expect(findSymbol(bytes.subarray(0, 64), 'counter')).toBeUndefined();
  });
});
