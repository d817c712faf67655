/**
 * C programs linked statically with glibc by the cross compiler, at -O0 and -O2: standard output and exit status
 * are those of `qemu-riscv64`, with memory to spare and, at -O2, with three quarters of the pages
 * that they touch, which keeps the suite short; smaller sizes are in the pressure matrix.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { qemuRuns } from '../support/qemu.ts';
import { runGuest } from '../support/run-system.ts';
import { findTool, needsTool } from '../support/tools.ts';

const COMPILER = 'riscv64-linux-gnu-gcc';
const sources = join(import.meta.dirname, '..', 'guests');
const programs = readdirSync(sources).map((file) => basename(file, '.c'));
/** What standard input holds for all of them. */
const input = Array.from({ length: 400 }, (_, i) => `line ${i} ${(i * 7919) % 1000}\n`).join('');

const missing = findTool(COMPILER) === undefined ? COMPILER : 'qemu-riscv64';
const withTools = needsTool(
  missing,
  'apt-get install qemu-user gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
);

withTools('against qemu-riscv64', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-glibc-'));
  const work = join(folder, 'work');

  beforeAll(() => mkdirSync(work));
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const name of programs) {
    it.each(name === 'malloc' ? ['-O2'] : ['-O0', '-O2'])(`${name} %s`, async (level) => {
      const path = join(folder, `${name}${level}`);
      execFileSync(COMPILER, [
        '-static',
        level,
        '-w',
        '-o',
        path,
        join(sources, `${name}.c`),
        '-lm',
        '-latomic',
      ]);
      const expected = qemuRuns([path], { cwd: work, input, env: {} });
      // A shell's status of what a signal killed.
      const status = expected.status ?? 128 + signalNumber(expected.signal);
      const guest = { path, input };
      const roomy = await runGuest(guest, {});
      expect(roomy.output.toString()).toBe(new Uint8Array(expected.stdout).toString());
      expect(roomy.status).toBe(status);
      if (level === '-O0') return;
      const frames = Math.ceil(roomy.report.resident.peak * 0.75) + roomy.report.tables.peak;
      const tight = await runGuest(guest, { memory: `${frames * 4}K`, replacement: 'lru' });
      expect(tight.output.toString()).toBe(roomy.output.toString());
      expect(tight.status).toBe(status);
      expect(tight.report.evictions.clean + tight.report.evictions.dirty).toBeGreaterThan(0);
    });
  }
});

function signalNumber(name: NodeJS.Signals | null): number {
  return (
    ({ SIGABRT: 6, SIGSEGV: 11, SIGILL: 4, SIGBUS: 7, SIGFPE: 8 } as Record<string, number>)[name ?? ''] ?? 0
  );
}
