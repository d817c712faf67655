/** `pagewalk servers`: what docs/report.md says of it, its JSON, mistakes; and the page's example of a single server. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/report/schema.ts';
import { serversReportSchema } from '../../src/report/servers-schema.ts';
import { inTemporaryDirectory, pagewalk, repository } from './cli.ts';

const page = (name: string): string => readFileSync(join(repository, name), 'utf8');

/** Columns that are counts, and fork's share. */
function rowsOf(text: string) {
  const row = /^(naive|prefork|fork|exec) +(\S+) +([\d,]+) +([\d,]+) +([\d,]+) +([\d,]+) .*?([\d.]+) %/gm;
  return [...text.matchAll(row)].map(([, style, fork, ...figures]) => ({
    server: `${style} ${fork}`,
    counts: figures.slice(0, 4),
    share: Number(figures[4]),
  }));
}

describe('pagewalk servers', () => {
  it('prints what docs/report.md shows', () => {
    const { out, error, status } = pagewalk(['servers']);
    expect([error, status]).toEqual(['', 0]);
    const section = /## Servers\n[\s\S]*?(?=\n## )/.exec(page('docs/report.md'))![0];
    const [shown, printed] = [rowsOf(section), rowsOf(out)];
    expect(printed).toHaveLength(8);
    expect(shown).toHaveLength(8);
    printed.forEach(({ server, counts, share }, i) => {
      expect([server, counts]).toEqual([shown[i]!.server, shown[i]!.counts]);
      expect(Math.abs(share - shown[i]!.share)).toBeLessThan(2);
    });
    expect(out).toMatch(/\nAll 8 runs gave the same answers to 64 requests\.\n$/);
  });

  it('--json keeps to its schema', () => {
    const small = ['--clients', '2', '--connections', '1', '--heap', '64K', '--workers', '2'];
    const { out, status } = pagewalk(['servers', '--json', '--style', 'prefork', ...small]);
    const report = JSON.parse(out);
    expect(serversReportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({ identicalOutput: true, load: { heap: 16, think: 1e6 } });
    expect(report.runs.map(({ fork }: { fork: string }) => fork)).toEqual(['eager', 'copy-on-write']);
    expect(status).toBe(0);
  });

  it('has status 1 when a run fails', () => {
    const { out, status } = pagewalk(['servers', '--style', 'naive', '--max-time', '1ms']);
    expect([out.includes('THE RUNS DIFFER, OR FAILED'), status]).toEqual([true, 1]);
  });

  const mistakes: [args: string[], line: RegExp][] = [
    [['--style', 'threads'], /^--style: unknown 'threads'; known: naive, prefork, fork, exec$/],
    [['--fork', 'eager,'], /^--fork: unknown ''; known: eager, copy-on-write, vfork$/],
    [['--fork', 'vfork', '--style', 'fork'], /^--fork vfork: its child can only execute a program/],
    [['--clients', '0'], /^--clients: '0' is not a whole number from 1 on$/],
    [['--clients', '20', '--connections', '90'], /^--clients × --connections: 1800 is more than 1000$/],
    [['--think', '1ns'], /^--think: '1ns' is no whole number of microseconds$/],
    [['--think', '11s'], /^--think: '11s' is more than 10s$/],
    [['--heap', '5000'], /^--heap: '5000' is not a whole number of 4K pages/],
    [['--heap', '2G'], /^--heap: 2G is more than 1G$/],
    [['--writes', '257'], /^--writes: 257 is more than 256$/],
    [['--workers', '65'], /^--workers: 65 is more than 64$/],
    [['--address', '80'], /^--address: '80' is neither a port from 1024 to 65535 nor a name in \/tmp$/],
    [['--address', '/etc/server'], /^--address: '\/etc\/server' is neither/],
    [['--memory', 'lots'], /^--memory: 'lots' is not a size/],
    [['./prog'], /^too many arguments for 'servers'/],
  ];
  it.each(mistakes)('%j is one line and status 2', (args, line) => {
    const { out, error, status } = pagewalk(['servers', ...args]);
    expect([out, status]).toEqual(['', 2]);
    expect(error).toMatch(/^pagewalk: [^\n]+\n$/);
    expect(error.slice('pagewalk: '.length, -1)).toMatch(line);
  });
});

it('programs/README.md has a configuration for a single server', () => {
  const [, json] = /```json\n([\s\S]*?)```/.exec(page('programs/README.md'))!;
  inTemporaryDirectory((folder) => {
    const file = join(folder, 'server.json');
    writeFileSync(file, json!);
    const { out, error, status } = pagewalk(['run', '--json', '--config', file]);
    expect(status).toBe(0);
    expect(out).toMatch(/^server: 8 connections, 32 requests, checksum [0-9a-f]{16}$/m);
    const { forks } = JSON.parse(error) as RunReport;
    // Its heap, variables and stack.
    expect(forks).toMatchObject({ eager: 8, copied: 8 * (256 + 2), copyOnWrite: 0 });
  });
});
