import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { comparisonSchema, runReportSchema } from '../../src/report/schema.ts';
import { readRecord } from '../../src/system/index.ts';
import { inTemporaryDirectory, main, pagewalk, program } from './cli.ts';

const hello = program('hello');
const LAST_LINE = '256 pages, checksum 4871806721bd991f\n';

describe('run', () => {
  it('leaves standard output to the program and reports on standard error', () => {
    const { status, out, error } = pagewalk(['run', hello]);
    expect(status).toBe(0);
    expect(out.endsWith(LAST_LINE)).toBe(true);
    expect(error).toMatch(/^pagewalk: .*hello\.elf\n {2}end +exited with status 0\n/);
  });

  it('--quiet is quiet', () => {
    expect(pagewalk(['run', '--quiet', hello])).toMatchObject({ status: 0, error: '' });
  });

  it('gives options after the program to the program', () => {
    const { out } = pagewalk([
      'run',
      '--quiet',
      '--env',
      'B=2',
      program('echo-args'),
      '--memory',
      '1M',
      '--',
      '-x',
    ]);
    for (const text of ['--memory', '1M', '--', '-x']) expect(out).toContain(text);
  });

  it('its status is the program’s, 128 + signal, or 124', () => {
    expect(pagewalk(['run', '--quiet', program('hello'), 'x']).status).not.toBe(0);
    expect(pagewalk(['run', '--quiet', '--memory', '64K', '--swap', 'memory,512K', hello]).status).toBe(137);
    expect(pagewalk(['run', '--quiet', '--max-instructions', '1k', hello]).status).toBe(124);
  });

  it('--json reports by the schema', () => {
    const { error } = pagewalk(['run', '--json', hello]);
    expect(runReportSchema.parse(JSON.parse(error)).end).toEqual({ kind: 'exited', status: 0 });
  });

  it('--strace prints calls on standard error', () => {
    const { error } = pagewalk(['run', '--quiet', '--strace', hello]);
    expect(error).toMatch(/^mmap\(.*\) = 0x[0-9a-f]+$/m);
    expect(error).toMatch(/^write\(1, "Hello, world/m);
    expect(error).toMatch(/\n\+\+\+ exited with 0 \+\+\+\n$/);
  });

  it('writes report, record, timeline and events, whole', () => {
    inTemporaryDirectory((directory) => {
      const files = [
        '--report',
        'r.txt',
        '--record',
        'refs.gz',
        '--timeline',
        't.json',
        '--events',
        'e.jsonl.gz',
      ];
      const { status, error } = pagewalk(['run', ...files, hello], { cwd: directory });
      expect([status, error]).toEqual([0, '']);
      expect(readdirSync(directory).sort()).toEqual(['e.jsonl.gz', 'r.txt', 'refs.gz', 't.json']);
      const file = (name: string) => readFileSync(join(directory, name));
      expect(file('r.txt').toString()).toMatch(/^pagewalk: /);
      expect(JSON.parse(file('t.json').toString()).length).toBeGreaterThan(500);
      const record = readRecord(gunzipSync(file('refs.gz')), 'refs.gz');
      expect(record.header).toEqual({ granularity: 'every', pageSize: 4096, program: [hello] });
      expect([...record.entries].length).toBeGreaterThan(8000);
      const events = gunzipSync(file('e.jsonl.gz')).toString().trimEnd().split('\n');
      expect(JSON.parse(events.at(-1)!)).toMatchObject({ type: 'exit', status: 0 });
    });
  });

  it('writes readable records when the name says so', () => {
    inTemporaryDirectory((directory) => {
      pagewalk(['run', '--quiet', '--record', 'refs.txt', '--record-granularity', 'page', hello], {
        cwd: directory,
      });
      const lines = readFileSync(join(directory, 'refs.txt'), 'utf8').split('\n');
      expect(lines.slice(0, 2)).toEqual([
        'pagewalk-references 1 text',
        expect.stringContaining('"granularity":"page"'),
      ]);
      expect(lines.at(-2)).toBe('exit');
    });
  });

  it('replaces the file that a link names, not the link', () => {
    inTemporaryDirectory((directory) => {
      writeFileSync(join(directory, 'real'), 'old');
      symlinkSync('real', join(directory, 'link'));
      pagewalk(['run', '--report', 'link', hello], { cwd: directory });
      expect(lstatSync(join(directory, 'link')).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(directory, 'real'), 'utf8')).toMatch(/^pagewalk: /);
    });
  });

  it('names the program as the guest sees it: inside its root, or where the host has it', () => {
    inTemporaryDirectory((directory) => {
      mkdirSync(join(directory, 'bin'));
      writeFileSync(join(directory, 'bin', 'hello'), readFileSync(hello));
      const inside = pagewalk(['run', 'bin/hello'], { cwd: directory });
      expect(inside.error).toMatch(/^pagewalk: \/bin\/hello\n/);
      expect(pagewalk(['run', hello], { cwd: directory }).error.startsWith(`pagewalk: ${hello}\n`)).toBe(
        true,
      );
    });
  });
});

describe('an interrupt', () => {
  it('is the program’s; the report and files are finished all the same', async () => {
    const { spawn } = await import('node:child_process');
    const directory = mkdtempSync(join(tmpdir(), 'pagewalk-test-'));
    const args = [main, 'run', '--report', 'r.txt', program('scan'), 'cyclic', '512', '1000000'];
    const child = spawn(process.execPath, args, { cwd: directory, stdio: 'ignore' });
    while (readdirSync(directory).length === 0) await new Promise((done) => setTimeout(done, 50));
    child.kill('SIGINT');
    const status = await new Promise((done) => child.on('exit', done));
    expect(status).toBe(130);
    expect(readFileSync(join(directory, 'r.txt'), 'utf8')).toMatch(/end +killed by SIGINT \(status 130\)/);
    expect(readdirSync(directory)).toEqual(['r.txt']);
    rmSync(directory, { recursive: true });
  });
});

describe('compare', () => {
  it('puts policies and sizes side by side', () => {
    const { status, out, error } = pagewalk([
      'compare',
      '--memory',
      '64K,1M',
      '--replacement',
      'fifo,lru',
      hello,
    ]);
    expect([status, error]).toEqual([0, '']);
    const rows = out.split('\n').filter((line) => /^(fifo|lru) /.test(line));
    expect(rows.map((row) => row.split(/ +/).slice(0, 2).join(' '))).toEqual([
      'fifo 64K',
      'lru 64K',
      'fifo 1M',
      'lru 1M',
    ]);
    expect(out).toMatch(/All 4 runs gave the same 93 bytes of output and status 0\.\n$/);
  });

  it('--json holds every report', () => {
    const { out } = pagewalk(['compare', '--json', '--replacement', 'fifo,lru', hello]);
    const comparison = comparisonSchema.parse(JSON.parse(out));
    expect(comparison.identicalOutput).toBe(true);
    expect(comparison.runs.map(({ report }) => report.configuration.replacement)).toEqual(['fifo', 'lru']);
  });
});

describe('help', () => {
  it.each([[[]], [['run']], [['compare']], [['list']]])('%j shows an example', (command) => {
    const { status, out } = pagewalk([...command, '--help']);
    expect(status).toBe(0);
    expect(out).toMatch(/^Usage: pagewalk /);
    expect(out).toMatch(/Examples?:\n {2}pagewalk /);
  });

  it('list names the policies', () => {
    expect(pagewalk(['list']).out).toMatch(/--replacement, --policy\n {2}fifo /);
    expect(pagewalk(['list']).out).toMatch(/--admission\n {2}watch /);
    expect(JSON.parse(pagewalk(['list', '--json']).out)).toMatchObject({
      schema: 'pagewalk.list/1',
      defaults: { memory: '64M' },
    });
  });

  it('--version prints the version', () => {
    expect(pagewalk(['--version']).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
