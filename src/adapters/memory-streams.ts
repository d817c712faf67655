/** Standard streams in memory: input given beforehand, output kept. For tests and the browser. */
import type { HostStreams } from '../kernel/files/host.ts';

export interface MemoryStreamsOptions {
  /** What standard input holds. */
  readonly input?: string | Uint8Array;
  /** What the streams pretend to be; a pipe if not told. */
  readonly kind?: 'terminal' | 'file' | 'pipe';
}

export class MemoryStreams implements HostStreams {
  readonly #input: Uint8Array;
  readonly #kind: 'terminal' | 'file' | 'pipe';
  readonly #written: { stream: 1 | 2; bytes: Uint8Array }[] = [];
  #read = 0;

  constructor({ input = '', kind = 'pipe' }: MemoryStreamsOptions = {}) {
    this.#input = typeof input === 'string' ? new TextEncoder().encode(input) : input;
    this.#kind = kind;
  }

  /** All that was written to standard output (1) or error (2), as bytes. */
  bytes(stream: 1 | 2): Uint8Array {
    const parts = this.#written.filter((part) => part.stream === stream);
    const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let at = 0;
    for (const { bytes } of parts) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return all;
  }

  /** The same as text. */
  text(stream: 1 | 2): string {
    return new TextDecoder().decode(this.bytes(stream));
  }

  /** A terminal gives a line at a time. */
  readInput(into: Uint8Array): number {
    let part = this.#input.subarray(this.#read, this.#read + into.length);
    const newline = this.#kind === 'terminal' ? part.indexOf(0x0a) : -1;
    if (newline >= 0) part = part.subarray(0, newline + 1);
    into.set(part);
    this.#read += part.length;
    return part.length;
  }

  writeOutput(stream: 1 | 2, from: Uint8Array): number {
    this.#written.push({ stream, bytes: from.slice() });
    return from.length;
  }

  isTerminal(_stream: 0 | 1 | 2): boolean {
    return this.#kind === 'terminal';
  }

  terminalSize(): { columns: number; rows: number } {
    return { columns: 80, rows: 24 };
  }

  kind(_stream: 0 | 1 | 2): 'terminal' | 'file' | 'pipe' {
    return this.#kind;
  }
}
