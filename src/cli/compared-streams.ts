/** Streams of runs that are compared: the same input for each, and of the output its length and hash. */
import { hashBytes, hashHex, streamHash } from '../base/stream-hash.ts';
import type { HostStreams } from '../kernel/files/host.ts';

export class ComparedStreams implements HostStreams {
  readonly #hash = streamHash();
  readonly #input: () => Uint8Array;
  #written = 0;
  #read = 0;

  /** @param input is asked for when a program first reads */
  constructor(input: () => Uint8Array) {
    this.#input = input;
  }

  /** Of standard output and error together; what a program says there depends on its memory no more than the other. */
  get output(): { readonly outputBytes: number; readonly outputHash: string } {
    return { outputBytes: this.#written, outputHash: hashHex(this.#hash) };
  }

  readInput(into: Uint8Array): number {
    const part = this.#input().subarray(this.#read, this.#read + into.length);
    into.set(part);
    this.#read += part.length;
    return part.length;
  }

  writeOutput(stream: 1 | 2, from: Uint8Array): number {
    hashBytes(this.#hash, Uint8Array.of(stream));
    hashBytes(this.#hash, from);
    this.#written += from.length;
    return from.length;
  }

  isTerminal = (): boolean => false;
  terminalSize = (): { columns: number; rows: number } => ({ columns: 80, rows: 24 });
  kind = (): 'pipe' => 'pipe';
}
