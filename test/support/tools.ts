/**
 * Tests that compare with somebody else's program. On a developer's machine they are skipped, with the
 * command that enables them, when the program is missing; in CI (`CI` is set) a missing program is a failure.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** Full path of a program on `PATH`, or `undefined`; a name with a slash is a path already. */
export function findTool(name: string): string | undefined {
  if (name.includes('/')) return isProgram(name) ? name : undefined;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (isProgram(path)) return path;
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A `describe` for tests that need the program `name`: `needsTool('qemu-riscv64', 'apt-get install qemu-user')
 * ('against qemu', () => …)`.
 * @param enable the command that installs the program, shown when it is missing
 * @throws Error in CI when the program is missing
 */
export function needsTool(name: string, enable: string): typeof describe | typeof describe.skip {
  if (findTool(name) !== undefined) return describe;
  const what = `${name} is missing; enable these tests with: ${enable}`;
  if (process.env.CI) throw new Error(what);
  process.stderr.write(`skipped: ${what}\n`);
  return describe.skip;
}
