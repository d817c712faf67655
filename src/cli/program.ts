/** The program named on the command line, and the host around it. */
import { readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { NodeFiles } from '../adapters/node-files.ts';
import { UserError } from '../base/errors.ts';
import type { PageStore } from '../stores/contract.ts';
import { openFileStore } from '../stores/file.ts';
import type { ProgramRequest, SystemPorts } from '../system/running.ts';
import { reasonOf } from './failures.ts';

/** The guest's root directory as given: `DIR` or `DIR:rw`. */
export interface RootChoice {
  readonly path: string;
  readonly access: 'read-only' | 'writable';
}

/** @throws UserError when it is no directory */
export function parseRoot(text: string): RootChoice {
  const writable = text.endsWith(':rw');
  const path = writable || text.endsWith(':ro') ? text.slice(0, -3) : text;
  try {
    if (statSync(path).isDirectory()) return { path, access: writable ? 'writable' : 'read-only' };
  } catch (error) {
    throw new UserError(`--root ${path}`, reasonOf(error));
  }
  throw new UserError(`--root ${path}`, 'is not a directory');
}

/** @throws UserError when there is no such directory, or it can't be reached */
export function openRoot(root: RootChoice): NodeFiles {
  try {
    return new NodeFiles({ root: root.path, access: root.access });
  } catch (error) {
    throw new UserError(`--root ${root.path}`, reasonOf(error));
  }
}

/** @throws UserError when the file can't be read */
export function readProgram(
  name: string,
  args: readonly string[],
  env: readonly string[],
  root: RootChoice,
): ProgramRequest {
  if (name === '') throw new UserError('<elf>', 'the name of the program is empty');
  let bytes: Uint8Array;
  try {
    if (!statSync(name).isFile())
      throw new UserError(name, 'is no regular file; expected a static RISC-V ELF');
    bytes = readFileSync(name);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(name, reasonOf(error));
  }
  return { name, path: guestPath(name, root), bytes, argv: [name, ...args], env };
}

/** The program's path inside the guest's root where it lies there; otherwise the host's. */
function guestPath(name: string, root: RootChoice): string {
  const path = resolve(name);
  const inside = relative(realpathSync(root.path), realpathSync(path));
  if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`)) return path;
  return `/${inside.split(sep).join('/')}`;
}

let temporaries = 0;

/** Its name is taken away at once, so that the file goes with the process however that ends. */
function openTemporaryStore(capacity: number, place: string): PageStore {
  const path = join(tmpdir(), `pagewalk-${process.pid}-${++temporaries}.swap`);
  const store = openFileStore(path, capacity, place);
  // Where an open file can't lose its name, closing the store deletes it.
  if (process.platform !== 'win32') rmSync(path, { force: true });
  return store;
}

/** Stores over the host's files. */
export const hostStores: SystemPorts['stores'] = { file: openFileStore, temporary: openTemporaryStore };

/** Modules that the build made; there are none when the source is run as it is. */
export function hostInterpreter(shape: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(readFileSync(new URL(`../interpreters/${shape}.wasm`, import.meta.url)));
  } catch {
    return undefined;
  }
}
