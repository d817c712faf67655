import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Runs a script of `scripts/` on a tree of files; its status and the lines it printed. */
function check(script: string, tree: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-house-'));
  folders.push(folder);
  for (const [file, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const { status, stderr } = spawnSync(process.execPath, [`scripts/${script}.mjs`, folder], {
    encoding: 'utf8',
  });
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { status, lines: lines.map((line) => line.replace(`${folder}/`, 'src/')) };
}

describe('layer check', () => {
  it('accepts what the table allows', () => {
    const result = check('layers', {
      'base/a.ts': `export const a = 1;\nexport type A = number;`,
      'policies/replacement/contract.ts': `import type { A } from '../../base/a.ts';\nexport interface P { a: A }`,
      'kernel/k.ts': `import type { P } from '../policies/replacement/contract.ts';\nexport type K = P;`,
      'stores/file.ts': `import { open } from 'node:fs';\nexport const o = [open, process.pid, Buffer];`,
      'cli/main.ts': `import { Command } from 'commander';\nimport '../stores/file.ts';\nprocess.exit(Command.length);`,
    });
    expect(result).toEqual({ status: 0, lines: [] });
  });

  it('names every import that breaks a layer', () => {
    const result = check('layers', {
      'base/a.ts': `export const a = 1;\nimport '../kernel/k.ts';`,
      'kernel/k.ts': [
        `import { p } from '../policies/replacement/contract.ts';`,
        `export { q } from '../policies/replacement/fifo.ts';`,
        `type R = import('../report/text.ts').R;`,
        `export const later = () => import('../system/index.ts');`,
        `import { z } from 'zod';`,
        `import { a } from '../base/a';`,
        `import x from '../../test/x.ts';`,
      ].join('\n'),
      'policies/replacement/contract.ts': 'export const p = 1;',
      'loose.ts': 'export {};',
      'attic/old.ts': 'export {};',
    });
    expect(result.status).toBe(1);
    expect(result.lines).toEqual([
      'src/attic/old.ts:1: lies in no layer',
      'src/base/a.ts:2: base may not import kernel/k.ts',
      'src/kernel/k.ts:1: kernel may not import policies/replacement/contract.ts except its types',
      'src/kernel/k.ts:2: kernel may not import policies/replacement/fifo.ts',
      'src/kernel/k.ts:3: kernel may not import report/text.ts',
      'src/kernel/k.ts:4: kernel may not import system/index.ts',
      'src/kernel/k.ts:5: kernel may not import the package zod',
      `src/kernel/k.ts:6: imports '../base/a' without the extension .ts`,
      `src/kernel/k.ts:7: imports '../../test/x.ts', which lies outside of the source tree`,
      'src/loose.ts:1: lies in no layer',
    ]);
  });

  it('keeps node to the adapters, and knows a process from the process', () => {
    const result = check('layers', {
      'kernel/a.ts': [
        `import { readFileSync } from 'node:fs';`,
        `export const home = process.env.HOME;`,
        `export function run(process: { pid: number }) { return process.pid; }`,
        `export const all = (list: { pid: number }[]) => { for (const process of list) run(process); };`,
        `export const two = ({ process }: { process: { pid: number } }) => ({ process: run(process) });`,
        `export const { length } = Buffer.alloc(1);`,
        `export const member = { process: 1 }.process;`,
      ].join('\n'),
    });
    expect(result.lines).toEqual([
      'src/kernel/a.ts:1: only adapters may import node:fs',
      'src/kernel/a.ts:2: only adapters may use process',
      'src/kernel/a.ts:6: only adapters may use Buffer',
    ]);
  });

  it('finds circles, but not circles of types', () => {
    const result = check('layers', {
      'base/a.ts': `import { b } from './b.ts';\nexport const a = () => b;`,
      'base/b.ts': `import { c } from './c.ts';\nexport const b = () => c;`,
      'base/c.ts': `import { a } from './a.ts';\nexport const c = () => a;`,
      'base/d.ts': `import type { E } from './e.ts';\nexport type D = E;`,
      'base/e.ts': `import type { D } from './d.ts';\nexport type E = D | 1;`,
    });
    expect(result.lines).toEqual([
      'src/base/a.ts:1: imports itself: base/a.ts → base/b.ts → base/c.ts → base/a.ts',
    ]);
  });
});

describe('house rules', () => {
  it('fails on long files and empty names, and only warns of what is a matter of taste', () => {
    const long = 'export {};\n'.repeat(501);
    const taste = `export function f() {\n${'  f();\n'.repeat(60)}}\n`;
    const result = check('house', { 'a.ts': long, 'b.ts': 'export class PageManager {}\n', 'c.ts': taste });
    expect(result).toEqual({
      status: 1,
      lines: [
        'src/a.ts:1: 501 lines; split the file',
        `src/b.ts:1: 'PageManager' says nothing; use the field's term`,
        'src/c.ts:1: warning: f has 62 lines',
      ],
    });
  });
});
