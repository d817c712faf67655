/**
 * A file that appears whole or not at all: written beside its place under another name, and renamed when done.
 * Names that end in `.gz` are compressed. What is no regular file (a pipe, `/dev/null`) is written directly.
 */
import { closeSync, lstatSync, openSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { UserError } from '../base/errors.ts';
import { atExit } from './at-exit.ts';
import { reasonOf } from './failures.ts';

const BUFFER = 1 << 20;

export class OutputFile {
  readonly #place: string;
  readonly #path: string;
  /** Where it is written; `undefined` when that is its own place. */
  readonly #temporary: string | undefined;
  readonly #compressed: boolean;
  readonly #encoder = new TextEncoder();
  #descriptor: number | undefined;
  #pieces: Uint8Array[] = [];
  #held = 0;
  readonly #forget: () => void;

  /**
   * @param place the option that named it
   * @throws UserError when it can't be made
   */
  constructor(path: string, place: string) {
    if (path === '-' || path === '') throw new UserError(place, `'${path}' is no name of a file to write`);
    this.#place = `${place} ${path}`;
    this.#path = targetOf(path);
    this.#temporary = isSpecial(this.#path) ? undefined : `${this.#path}.${process.pid}.partial`;
    this.#compressed = path.endsWith('.gz');
    this.#descriptor = this.#trying(() => openSync(this.#temporary ?? this.#path, 'w'));
    this.#forget = atExit(() => this.discard());
  }

  readonly writeBytes = (bytes: Uint8Array): void => {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#held >= BUFFER) this.#flush();
  };

  readonly writeText = (text: string): void => this.writeBytes(this.#encoder.encode(text));

  /** Puts the finished file in its place. */
  commit(): void {
    this.#flush();
    this.#close();
    const temporary = this.#temporary;
    if (temporary !== undefined) this.#trying(() => renameSync(temporary, this.#path));
    this.#forget();
  }

  /** Leaves nothing behind; does nothing after `commit`. */
  discard(): void {
    if (this.#descriptor === undefined) return;
    this.#close();
    this.#forget?.();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    if (this.#held === 0) return;
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    // Each piece is a gzip member of its own; readers take them as one.
    const out = this.#compressed ? gzipSync(bytes) : bytes;
    this.#trying(() => {
      for (let at = 0; at < out.length; ) at += writeSync(this.#descriptor!, out, at);
    });
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #trying<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.discard();
      throw new UserError(this.#place, `can't be written: ${reasonOf(error)}`);
    }
  }
}

/** Renaming must not replace a link by a file. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isSpecial(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
}

/** @throws UserError when it can't be written; the file appears whole or not at all */
export function writeWhole(path: string, place: string, bytes: Uint8Array): void {
  const file = new OutputFile(path, place);
  file.writeBytes(bytes);
  file.commit();
}
