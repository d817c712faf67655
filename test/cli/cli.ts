/** Starts the built command; `npm test` builds it first. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const main = join(repository, 'dist', 'cli', 'main.js');
export const program = (name: string): string => join(repository, 'programs', 'bin', `${name}.elf`);

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

export interface HowToRun {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function pagewalk(args: readonly string[], { cwd, input, env }: HowToRun = {}): Ran {
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: cwd ?? repository,
    input: input ?? '',
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, out: stdout, error: stderr };
}

/** A fresh directory for `use`, removed after. */
export function inTemporaryDirectory(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'pagewalk-test-'));
  try {
    use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
