/**
 * A large Go program: esbuild for riscv64 prints, answers and writes what it does under qemu-riscv64 on the same files,
 * with memory to spare and paging, and serves what it bundles to a client in the same machine. Its runtime has threads,
 * signals that take the processor from a goroutine, timers and epoll; its garbage collector reserves far more than it
 * touches.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { busybox, esbuild } from '../../scripts/guests.mjs';
import type { SystemOptions } from '../../src/system/index.ts';
import {
  contentsOf,
  guestRuns,
  installShell,
  type Ran,
  removeFolder,
  type Said,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { qemuRuns } from '../support/qemu.ts';
import { findTool, needsTool } from '../support/tools.ts';

/** What is bundled: modules that import each other, types to strip, values that are folded, data, and an error. */
const project: Readonly<Record<string, string>> = {
  'src/main.js': `
    import { area } from './shapes.ts';
    import * as text from './text.js';
    import data from './data.json';
    const unused = () => { throw new Error('dropped'); };
    console.log(text.title(data.name), data.sizes.map((side) => area({ kind: 'square', side })));
    export default async () => (await import('./late.js')).late(data.deep?.er ?? 1 + 2 * 3);
  `,
  'src/shapes.ts': `
    export type Shape = { kind: 'square'; side: number } | { kind: 'circle'; radius: number };
    export enum Corner { None, Four = 4 }
    export function area(shape: Shape): number {
      return shape.kind === 'square' ? shape.side ** 2 : Math.PI * shape.radius ** 2;
    }
    export class Box<T> { constructor(private readonly value: T, public corners: Corner = Corner.Four) {} get() { return this.value; } }
  `,
  'src/text.js': `
    export const title = (s) => s.replace(/^./u, (c) => c.toUpperCase()) + \`: \${'päge'.length}\`;
    export function neverCalled() { return title('x'); }
  `,
  'src/late.js': 'export const late = (n) => Promise.resolve(n + 0x10 + 1e3);',
  'src/data.json':
    '{ "name": "pagewalk", "sizes": [1, 2.5, 3], "deep": { "er": null }, "text": "\\u00e9\\n" }',
  'src/broken.js': "import { area } from './shapes.ts';\nlet x = area(;\nexport { y };\n",
  'src/lost.js': "import './nowhere.js';\n",
};

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) removeFolder(folder);
});

function projectFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  for (const [name, text] of Object.entries({ ...project, 'src/long.js': longModule() })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Enough functions that bundling them takes seconds of virtual time and the collector runs. */
function longModule(): string {
  const functions = Array.from(
    { length: 600 },
    (_, i) => `export function step${i}(list, start = ${i}) {
      let total = start * ${i % 7} + 1;
      for (const { value, weight = ${i} } of list) if (value > total) total += value ?? weight; else total--;
      return [\`step ${i}\`, total, ...list.filter((entry) => entry.value !== ${i})];
    }`,
  );
  return `${functions.join('\n')}\nconsole.log(${functions.map((_, i) => `step${i}([])`).join(', ')});\n`;
}

function underQemu(folder: string, args: readonly string[]): Said {
  const { status, stdout, stderr } = qemuRuns([esbuild.guest, ...args], {
    cwd: folder,
    env: { PATH: '/bin' },
  });
  return { out: stdout.toString('latin1'), error: stderr.toString('latin1'), status: status! };
}

function underPagewalk(folder: string, args: readonly string[], options: SystemOptions = {}): Promise<Ran> {
  mkdirSync(join(folder, 'bin'));
  copyFileSync(esbuild.guest, join(folder, 'bin', 'esbuild'));
  return guestRuns(folder, { file: 'bin/esbuild', argv: ['esbuild', ...args] }, options);
}

/** Runs it under both and compares all that can be seen. */
async function same(args: readonly string[], options?: SystemOptions): Promise<Ran> {
  const [guest, judge] = [projectFolder(), projectFolder()];
  const expected = underQemu(judge, args);
  const ran = await underPagewalk(guest, args, options);
  expect(said(ran)).toEqual(expected);
  expect(contentsOf(guest)).toEqual(contentsOf(judge));
  return ran;
}

/** Without the line that says how long it took. */
const quiet = '--log-level=warning';
const bundle = ['src/main.js', '--bundle', '--format=esm', '--splitting', '--outdir=out', quiet];

const missing = findTool('qemu-riscv64') === undefined ? 'qemu-riscv64' : esbuild.guest;
const withEsbuild = needsTool(
  missing,
  missing === esbuild.guest ? 'npm run guests' : 'apt-get install qemu-user',
);

withEsbuild('esbuild, compiled by Go', () => {
  it('says its version', async () => {
    expect((await same(['--version'])).out).toBe(`${esbuild.version}\n`);
  });

  it('writes bundles of JavaScript, TypeScript and JSON, with source maps', async () => {
    const { status } = await same([...bundle, '--sourcemap', '--metafile=out/meta.json']);
    expect(status).toBe(0);
  });

  it('makes them small, to standard output', async () => {
    const { out } = await same(['src/main.js', '--bundle', '--minify', '--target=es2017', quiet]);
    expect(out).toContain('"pagewalk"');
    expect(out).not.toContain('dropped');
  });

  it('shows where the syntax is wrong, and what it can’t find', async () => {
    for (const file of ['src/broken.js', 'src/lost.js']) {
      const { error, status } = await same([file, '--bundle', '--outfile=out.js']);
      expect(status).toBe(1);
      expect(error).toContain('[ERROR]');
    }
  });

  it('does the same when its memory pages', async () => {
    const args = ['src/long.js', 'src/main.js', '--bundle', '--minify', '--outdir=out', quiet];
    const roomy = await same(args);
    const frames = Math.ceil(roomy.report.resident.peak * 0.7);
    const tight = await same(args, { frames });
    expect(tight.report.evictions.dirty).toBeGreaterThan(0);
    expect(tight.report.swap.reads).toBeGreaterThan(0);
  });
});

/** The shell waits until the server listens, asks it twice, with a change between, and ends it. It stops with its input. */
const script = `
sh -c 'echo $$ > feeder; exec sleep 100000' |
  esbuild src/main.js --bundle --outfile=www/main.js --servedir=www --serve=127.0.0.1:8000 > log 2>&1 &
server=$!
until grep -q Local log; do sleep 1; done
wget -q -O first.js http://127.0.0.1:8000/main.js || exit 1
sed -i s/1e3/2e3/ src/late.js
sleep 1
wget -q -O second.js http://127.0.0.1:8000/main.js || exit 2
wget -q -O third.js http://127.0.0.1:8000/none.js 2>/dev/null && exit 3
kill $server $(cat feeder)
wait $server
echo "server ended with $?"
grep -c 'GET.*200' log
`;

withEsbuild('esbuild as a server of HTTP', () => {
  needsTool(busybox.guest, 'npm run guests')('with a client in the same machine', () => {
    it('bundles what it is asked for, anew after a change', async () => {
      const [guest, judge] = [projectFolder(), projectFolder()];
      installShell(guest, 'guest');
      mkdirSync(join(guest, 'www'));
      copyFileSync(esbuild.guest, join(guest, 'bin', 'esbuild'));
      writeFileSync(join(guest, 'script.sh'), script);
      const { out, status } = await guestRuns(guest, { file: 'bin/busybox', argv: ['sh', 'script.sh'] });
      expect({ out, status }).toEqual({ out: 'server ended with 143\n2\n', status: 0 });
      for (const [served, change] of [
        ['first.js', ''],
        ['second.js', 's/1e3/2e3/'],
      ] as const) {
        if (change !== '') spawnSync('sed', ['-i', change, 'src/late.js'], { cwd: judge });
        const expected = underQemu(judge, ['src/main.js', '--bundle', quiet]);
        expect(readFileSync(join(guest, served), 'latin1')).toBe(expected.out);
      }
    });
  });
});
