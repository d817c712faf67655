/**
 * Where faults of C programs come from: functions and lines against binutils, for every instruction that faulted, and
 * sums against the report's other counts, however a run is set up.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseElf } from '../../src/kernel/loader/elf.ts';
import { sectionsOf } from '../../src/kernel/loader/sections.ts';
import type { WhereReport } from '../../src/report/where-schema.ts';
import type { SystemOptions } from '../../src/system/index.ts';
import {
  addressLines,
  COMPILER,
  compileDebug,
  ENABLE,
  writeSources,
} from '../kernel/loader/debug-programs.ts';
import { needsTool } from '../support/tools.ts';
import { type Asked, checkProcesses, checkSums, runAsking } from './where-runs.ts';

type Instruction = NonNullable<WhereReport['instructions']>['rows'][number];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pagewalk-where-'));
  writeSources(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (file: string, options: SystemOptions, asked?: Asked) => runAsking(folder, file, options, asked);

const rowsOf = (where: WhereReport, program: string): Instruction[] =>
  where.instructions!.rows.filter((row) => row.program === program && !row.function?.startsWith('('));

/** Function, offset and line of every instruction that faulted are what binutils say of it. */
function checkNames(where: WhereReport, program: string): void {
  const rows = rowsOf(where, `/${basename(program)}`);
  expect(rows.length).toBeGreaterThan(5);
  const addresses = rows.map(({ address }) => Number.parseInt(address, 16));
  const frames = addressLines(program, addresses);
  const symbols = execFileSync('riscv64-linux-gnu-nm', [program], { encoding: 'utf8' });
  rows.forEach(({ function: name, offset, file, line }, i) => {
    const chain = frames[i]!;
    expect(name).toBe(chain.at(-1)!.function);
    const start = (addresses[i]! - offset!).toString(16).padStart(16, '0');
    expect(symbols).toContain(`${start} `);
    expect(symbols).toMatch(new RegExp(`^${start} [tTwWi] ${name}$`, 'm'));
    const [, theirs, number] = /^(.*):(\d+|\?)$/.exec(chain[0]!.place)!;
    expect(file === undefined ? '??' : `${resolve(folder, file)}:${line}`).toBe(
      theirs === '??' || number === '?' || number === '0' ? '??' : `${resolve(folder, theirs!)}:${number}`,
    );
  });
}

/** Accesses that the kernel made for a call are attributed to its `ecall`. */
function checkCalls(where: WhereReport, program: string): void {
  const bytes = readFileSync(program);
  const { segments } = parseElf(bytes, program);
  const calls = rowsOf(where, `/${basename(program)}`).filter(({ by }) => by === 'kernel');
  expect(calls.length).toBeGreaterThan(0);
  for (const { address, kernel, faults } of calls) {
    const at = Number.parseInt(address, 16);
    const home = segments.find(
      (segment) => at >= segment.address && at < segment.address + segment.fileBytes,
    )!;
    const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(
      at - home.address + home.offset,
      true,
    );
    expect([address, word]).toEqual([address, ECALL]);
    expect(kernel).toBe(faults);
  }
  for (const { kernel, by } of where.instructions!.rows) if (by === 'program') expect(kernel).toBe(0);
}

const ECALL = 0x73;

const forms = [
  ['-gdwarf-4', '-O0'],
  ['-gdwarf-4', '-O2'],
  ['-gdwarf-5', '-O0'],
  ['-gdwarf-5', '-O2'],
  ['-gdwarf-5', '-O2', '-gz=zlib'],
] as const;

needsTool(COMPILER, ENABLE)('of C programs', () => {
  it.each(
    forms.map((flags) => ({ flags, name: flags.join('') })),
  )('functions and lines are those of binutils: $name', async ({ flags, name }) => {
    const program = compileDebug(folder, name, flags);
    const report = await run(name, { memory: '96K' }, { input: 'x'.repeat(30_000) });
    const where = checkSums(report);
    checkProcesses(report);
    checkNames(where, program);
    checkCalls(where, program);
    expect(where.notes).toEqual([]);
    expect(where.refaults).toBeGreaterThan(30);
    // By hand: 40 pages of the table, less the first, in which `first` lies beside other data, and 30 of the block.
    const zeros = (line: string) =>
      where.lines!.rows.find((row) => `${row.file}:${row.line}` === line)?.cases.zero ?? 0;
    expect(zeros('main.c:13')).toBeGreaterThanOrEqual(38);
    expect(zeros('lib/work.c:17')).toBeGreaterThanOrEqual(29);
    expect(where.functions!.rows.find((row) => row.function === 'recurse')!.cases.zero).toBeGreaterThan(15);
    const area = (kind: string) => where.areas!.rows.find((row) => row.area === kind)!;
    expect([area('bss').cases.zero! >= 40, area('stack').pages > 20]).toEqual([true, true]);
    expect(area('text').cases.file).toBe(area('text').faults);
  }, 60_000);

  it('position-independent: addresses as linked, code that the linker left out left out', async () => {
    const program = compilePie();
    const report = await run('pie', { memory: '128K' }, { argv: ['pie', '12', '500', 'shuffled'] });
    expect(report.end).toMatchObject({ status: 0 });
    const where = checkSums(report);
    checkNames(where, program);
    expect(where.instructions!.rows.every(({ address }) => Number.parseInt(address, 16) < 0x100000)).toBe(
      true,
    );
    expect(where.pages!.rows.some(({ address }) => address.startsWith('2aaaa'))).toBe(true);
  });

  it('a damaged table is a note, and the run goes on', async () => {
    const program = compileDebug(folder, 'good', ['-gdwarf-5', '-O1']);
    const good = readFileSync(program);
    const { offset } = sectionsOf(good).find(({ name }) => name === '.debug_line')!;
    const bad = good.slice();
    bad[offset + 4] = 77;
    writeFileSync(join(folder, 'bad'), bad);
    const where = checkSums(await run('bad', { memory: '128K' }));
    expect(where.notes).toEqual([
      '/bad: .debug_line is damaged, byte 4: expected version 2 to 5 of a line table, found 77',
    ]);
    // The other units are read.
    expect(where.lines!.rows.map(({ file }) => file)).toContain('lib/work.c');
    expect(where.lines!.rows.map(({ file }) => file)).not.toContain('main.c');
  });

  it('several processes, each with the symbols of what it executes', async () => {
    const compile = (name: string, source: string) => {
      writeFileSync(join(folder, `${name}.c`), source);
      execFileSync(COMPILER, ['-static', '-g', '-O1', `${name}.c`, '-o', name], { cwd: folder });
    };
    compile('parent', PARENT);
    compile('child', CHILD);
    for (const options of [{ fork: 'copy-on-write' }, { fork: 'eager' }] as const) {
      const report = await run('parent', { ...options, memory: '160K', replacement: 'fifo' });
      expect(report.end).toMatchObject({ kind: 'exited', status: 0 });
      const where = checkSums(report);
      checkProcesses(report);
      checkNames(where, join(folder, 'parent'));
      checkNames(where, join(folder, 'child'));
      const programs = (name: string) =>
        where.functions!.rows.filter((row) => row.function === name).map(({ program }) => program);
      expect([programs('only_parent'), programs('only_child'), programs('forked')]).toEqual([
        ['/parent'],
        ['/child'],
        ['/parent'],
      ]);
      // One was forked and stayed, one was forked and replaced.
      const lives = where.processes!.rows.map(
        ({ pid, program, command }) => `${pid} ${program} ${command.join(' ')}`,
      );
      expect(lives.sort()).toEqual([
        '1 /parent parent',
        '2 /parent parent',
        '3 /child child word',
        '3 /parent parent',
      ]);
      const written = where.lines!.rows.find(
        ({ file, cases }) => file === 'parent.c' && cases['copy-on-write'],
      );
      expect(written !== undefined).toBe(options.fork === 'copy-on-write');
    }
  }, 60_000);

  it('under every pressure the sums hold: threads, policies, schedulers, ways to fork', async () => {
    for (const [directory, name] of [
      ['process-guests', 'memory'],
      ['process-guests', 'vfork'],
      ['process-guests', 'spawn'],
      ['thread-guests', 'mutexes'],
    ] as const) {
      const source = join(import.meta.dirname, '..', directory, `${name}.c`);
      execFileSync(COMPILER, ['-static', '-pthread', '-O1', '-w', '-o', join(folder, name), source]);
      for (const options of [
        { memory: '512K', fork: 'eager', replacement: 'fifo', scheduler: 'rr:100us' },
        { memory: '512K', replacement: 'clock', scheduler: 'rr:1ms' },
        { frames: 40, fork: 'eager', replacement: 'lru', scheduler: 'mlfq' },
        { frames: 40, replacement: 'random', scheduler: 'lottery' },
      ] as const) {
        const report = await run(name, options);
        checkSums(report);
        checkProcesses(report);
      }
    }
  }, 120_000);
});

/** A program of ours as the shipped ones are made, with debugging information. */
function compilePie(): string {
  const programs = join(import.meta.dirname, '..', '..', 'programs');
  const flags = '-std=c11 -O2 -g -march=rv64gc -mabi=lp64d -mcmodel=medany -ffreestanding -fno-builtin -fPIE';
  const more =
    '-DPOSITION_INDEPENDENT -fno-stack-protector -fvisibility=hidden -ffunction-sections -fdata-sections';
  const link = '-nostdlib -static-pie -Wl,--gc-sections,--no-dynamic-linker,-z,norelro';
  const all = [...flags.split(' '), ...more.split(' ')];
  const script = join(folder, 'link.ld');
  execFileSync(COMPILER, [...all, '-E', '-P', '-x', 'c', join(programs, 'runtime/link.ld'), '-o', script]);
  const sources = ['runtime/start.S', 'runtime/runtime.c', 'runtime/heap.c', 'treewalk.c'];
  const out = join(folder, 'pie');
  const files = sources.map((name) => join(programs, name));
  execFileSync(COMPILER, [...all, ...link.split(' '), `-Wl,-T,${script}`, ...files, '-o', out], {
    cwd: folder,
    stdio: 'ignore',
  });
  return out;
}

const PARENT = `
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile char block[60 * 4096];
__attribute__((noinline)) void only_parent(void) {
  for (int i = 0; i < 60; i++) block[i * 4096] = 1;
}
__attribute__((noinline)) void forked(void) {
  for (int i = 0; i < 60; i += 2) block[i * 4096 + 1] = 2;
}
int main(void) {
  only_parent();
  if (fork() == 0) {
    forked();
    _exit(0);
  }
  int status = 0;
  wait(&status);
  if (fork() == 0) {
    execl("child", "child", "word", (char *)0);
    _exit(9);
  }
  wait(&status);
  only_parent();
  return WEXITSTATUS(status);
}
`;

const CHILD = `
static volatile char block[50 * 4096];
__attribute__((noinline)) void only_child(void) {
  for (int i = 0; i < 50; i++) block[i * 4096] = 1;
}
int main(void) {
  only_child();
  return 0;
}
`;
