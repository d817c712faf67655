/** The command's own streams as the guest's standard streams, without a buffer in between. */
import { fstatSync, readSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Errno, errnoByName } from '../kernel/errno.ts';
import type { HostStreams } from '../kernel/files/host.ts';
import { NodeInput, type ReadableInput } from './node-input.ts';
import { NodeSocketInput } from './node-socket-input.ts';

/** How long to wait before a stream that was not ready is tried again, ms. */
const RETRY = 2;

export class NodeStreams implements HostStreams {
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #input: ReadableInput | 'waits' | undefined;

  get slowInput(): ReadableInput | undefined {
    this.#input ??= slowInput() ?? 'waits';
    return this.#input === 'waits' ? undefined : this.#input;
  }

  /** Without `slowInput` it waits for the user, also when whoever started the command made the stream non-blocking. */
  readInput(into: Uint8Array): number {
    const { slowInput } = this;
    if (slowInput !== undefined) return slowInput.read(into);
    for (;;) {
      try {
        return readSync(0, into, 0, into.length, null);
      } catch (error) {
        const code = codeOf(error);
        // A terminal that is gone, and Windows' way to tell the end.
        if (code === 'EOF') return 0;
        if (code !== 'EAGAIN' && code !== 'EINTR') return errnoByName(code) ?? Errno.EIO;
        this.#wait();
      }
    }
  }

  writeOutput(stream: 1 | 2, from: Uint8Array): number {
    let done = 0;
    while (done < from.length) {
      try {
        done += writeSync(stream, from, done, from.length - done);
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'EAGAIN' && code !== 'EINTR') return done > 0 ? done : (errnoByName(code) ?? Errno.EIO);
        this.#wait();
      }
    }
    return done;
  }

  isTerminal(stream: 0 | 1 | 2): boolean {
    return isatty(stream);
  }

  terminalSize(): { columns: number; rows: number } {
    const { columns, rows } = process.stdout.isTTY ? process.stdout : process.stderr;
    return { columns: columns ?? 80, rows: rows ?? 24 };
  }

  kind(stream: 0 | 1 | 2): 'terminal' | 'file' | 'pipe' {
    if (isatty(stream)) return 'terminal';
    try {
      return fstatSync(stream).isFile() ? 'file' : 'pipe';
    } catch {
      // Closed: reading and writing tell so.
      return 'pipe';
    }
  }

  #wait(): void {
    Atomics.wait(this.#sleeper, 0, 0, RETRY);
  }
}

/** How standard input can be read without waiting; `undefined` for a file, and where there is no way. */
function slowInput(): ReadableInput | undefined {
  try {
    const stat = fstatSync(0);
    if (stat.isFile()) return undefined;
    return stat.isSocket() ? new NodeSocketInput() : NodeInput.open();
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') throw error;
  return code;
}
