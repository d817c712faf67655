/** Runs a static executable under qemu's user-mode emulation. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '../support/bare-machine.ts';
import { elfOf } from './elf.ts';

export const QEMU = 'qemu-riscv64';
export const ENABLE_QEMU = 'apt-get install qemu-user';

/** The extensions that the table has. qemu's own default has more, of which the random streams use none. */
const CPU = 'rv64,zba=true,zbb=true,zbs=true';

export interface QemuOutcome {
  readonly output: Buffer;
  /** Exit status, or the name of the signal that ended it. */
  readonly end: number | NodeJS.Signals;
}

/** @throws Error when qemu can't be run */
export function runQemu(program: Program): QemuOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-fuzz-'));
  try {
    const file = join(folder, 'program');
    writeFileSync(file, elfOf(program), { mode: 0o755 });
    const { stdout, status, signal, error } = spawnSync(QEMU, ['-cpu', CPU, file], {
      maxBuffer: 2 ** 31 - 1,
    });
    if (error !== undefined) throw error;
    return { output: stdout, end: signal ?? status ?? Number.NaN };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
