/** Streams of a program whose output nobody asked for; its input is the command's. */
import { NodeStreams } from '../adapters/node-streams.ts';
import type { HostStreams } from '../kernel/files/host.ts';

export class SilentStreams implements HostStreams {
  readonly #streams = new NodeStreams();

  get slowInput(): HostStreams['slowInput'] {
    return this.#streams.slowInput;
  }

  readInput(into: Uint8Array): number {
    return this.#streams.readInput(into);
  }

  /** Takes everything and keeps nothing. */
  writeOutput(_stream: 1 | 2, from: Uint8Array): number {
    return from.length;
  }

  isTerminal = (): boolean => false;
  terminalSize = (): { columns: number; rows: number } => ({ columns: 80, rows: 24 });
  kind = (): 'pipe' => 'pipe';
}
