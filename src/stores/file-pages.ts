/** The file below a file store: opened so that nothing of the user's is ever overwritten. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import { PAGE_SIZE } from '../base/numbers.ts';

/** Bytes by position. Calls throw the system's errors. */
export interface PageFile {
  readonly path: string;
  /** Fills `into` from `position` on and returns the number of bytes, fewer only at the end of the file. */
  readAt(position: number, into: Uint8Array): number;
  /** Writes all of `from` at `position`. */
  writeAt(position: number, from: Uint8Array): void;
  close(): void;
}

/** What becomes of the file when it is closed: `delete` one that was made, `empty` one that was there. */
export type AtClose = 'delete' | 'empty' | 'leave';

/** A file by its descriptor. */
export class DescriptorFile implements PageFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #atClose: AtClose;
  #open = true;

  constructor(path: string, descriptor: number, atClose: AtClose) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#atClose = atClose;
  }

  readAt(position: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const read = readSync(this.#descriptor, into, done, into.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  writeAt(position: number, from: Uint8Array): void {
    let done = 0;
    while (done < from.length) {
      done += writeSync(this.#descriptor, from, done, from.length - done, position + done);
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#atClose === 'empty') ftruncateSync(this.#descriptor, 0);
    if (this.#atClose === 'delete') this.#unlink();
    closeSync(this.#descriptor);
  }

  /** Deletes the file unless it is gone, or another one stands in its place. */
  #unlink(): void {
    const own = fstatSync(this.#descriptor);
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    if (there?.ino === own.ino && there.dev === own.dev) unlinkSync(this.path);
  }
}

const magic = 'pagewalk swap file 1\n';
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/**
 * Opens `path` for pages: made new, readable by its owner alone, or taken over when it is empty or was left
 * behind by a former run. Its size is set to `bytes`, without taking disk space.
 * @param place where the path was given, e.g. `--swap`
 * @throws UserError when that cannot be, with the path and the reason
 */
export function openPageFile(path: string, bytes: number, place: string): PageFile {
  const absolute = resolve(path);
  try {
    return prepare(openOwned(absolute, path, place), bytes);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(place, `cannot use '${path}': ${errorReason(error)}`);
  }
}

interface Opened {
  readonly path: string;
  readonly descriptor: number;
  readonly atClose: AtClose;
}

function openOwned(absolute: string, shown: string, place: string): Opened {
  const found = lstatSync(absolute, { throwIfNoEntry: false });
  if (found === undefined) {
    const descriptor = openSync(absolute, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    return { path: absolute, descriptor, atClose: 'delete' };
  }
  // Before it is opened: opening a pipe or a device can block, or do something.
  if (!found.isFile()) throw new UserError(place, `cannot use '${shown}': it is not a regular file`);
  const descriptor = openSync(absolute, O_RDWR | O_NOFOLLOW);
  const refusal = refuse(descriptor, absolute);
  if (refusal === undefined) return { path: absolute, descriptor, atClose: 'empty' };
  closeSync(descriptor);
  throw new UserError(place, `cannot use '${shown}': ${refusal}`);
}

function prepare(opened: Opened, bytes: number): PageFile {
  const file = new DescriptorFile(opened.path, opened.descriptor, opened.atClose);
  try {
    // What a former run left must not be read as ours.
    ftruncateSync(opened.descriptor, 0);
    ftruncateSync(opened.descriptor, bytes);
    file.writeAt(0, new TextEncoder().encode(`${magic}process ${process.pid}\n`));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Why an existing file is not to be used; `undefined` when it is empty or nobody's swap file. */
function refuse(descriptor: number, path: string): string | undefined {
  const { size } = fstatSync(descriptor);
  if (size === 0) return undefined;
  const header = new Uint8Array(Math.min(size, PAGE_SIZE));
  readSync(descriptor, header, 0, header.length, 0);
  const text = new TextDecoder().decode(header);
  if (!text.startsWith(magic)) return 'it exists and is not a swap file; give another path, or delete it';
  const owner = Number(/^process (\d+)\n/.exec(text.slice(magic.length))?.[1] ?? 0);
  if (owner !== 0 && isOpenIn(owner, path, descriptor))
    return `process ${owner} is using it as its swap file`;
  return undefined;
}

/**
 * Whether process `owner` has the file open. A process number alone does not tell, because numbers are used
 * again; where there is no /proc to look it up in, a process of that number counts as the owner.
 */
function isOpenIn(owner: number, path: string, ownDescriptor: number): boolean {
  const real = realpathSync(path);
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${owner}/fd`);
  } catch (error) {
    return errorCode(error) !== 'ENOENT' || (process.platform !== 'linux' && isAlive(owner));
  }
  return descriptors.some((descriptor) => {
    if (owner === process.pid && Number(descriptor) === ownDescriptor) return false;
    try {
      return readlinkSync(`/proc/${owner}/fd/${descriptor}`) === real;
    } catch {
      // Closed since it was listed.
      return false;
    }
  });
}

function isAlive(owner: number): boolean {
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** The code of a system error, e.g. `ENOSPC`; `undefined` for any other error. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What a system error says, without the call and the path: `no space left on device (ENOSPC)`. */
export function errorReason(error: unknown): string {
  const code = errorCode(error);
  if (!(error instanceof Error) || code === undefined) return String(error);
  const reason = error.message.replace(`${code}: `, '').replace(/, \w+( '.*')?$/s, '');
  return `${reason} (${code})`;
}
