/** Standard streams in memory: input given beforehand or bit by bit, output kept. For tests and the browser. */
import { Errno } from '../kernel/errno.ts';
import type { HostStreams, InputWait, SlowInput } from '../kernel/files/host.ts';

export interface MemoryStreamsOptions {
  /** What standard input holds. */
  readonly input?: string | Uint8Array;
  /** What the streams pretend to be; a pipe if not told. */
  readonly kind?: 'terminal' | 'file' | 'pipe';
  /** `open`: more comes by `type`, until `end`. */
  readonly end?: 'open' | 'reached';
}

/** Longer than timers can be, ms. */
const LONGEST = 2 ** 31;

/** Input that somebody types. */
class TypedInput implements SlowInput {
  isEnded = false;
  readonly #hasBytes: () => boolean;
  #stop: ((how: InputWait) => void) | undefined;

  constructor(hasBytes: () => boolean) {
    this.#hasBytes = hasBytes;
  }

  isReady(): boolean {
    return this.isEnded || this.#hasBytes();
  }

  whenReady(ms: number): Promise<InputWait> {
    return new Promise((resolve) => {
      const timer = ms >= LONGEST ? undefined : setTimeout(() => this.#stop?.('late'), ms);
      this.#stop = (how) => {
        clearTimeout(timer);
        this.#stop = undefined;
        resolve(how);
      };
      this.changed();
    });
  }

  changed(): void {
    if (this.isReady()) this.#stop?.('ready');
  }

  stopWaiting(): void {
    this.#stop?.('stopped');
  }
}

export class MemoryStreams implements HostStreams {
  readonly slowInput: TypedInput | undefined;
  #input: Uint8Array;
  readonly #kind: 'terminal' | 'file' | 'pipe';
  readonly #written: { stream: 1 | 2; bytes: Uint8Array }[] = [];
  #read = 0;

  constructor({ input = '', kind = 'pipe', end = 'reached' }: MemoryStreamsOptions = {}) {
    this.#input = typeof input === 'string' ? new TextEncoder().encode(input) : input;
    this.#kind = kind;
    if (end === 'open') this.slowInput = new TypedInput(() => this.#read < this.#input.length);
  }

  /** More input, of streams whose end is `open`. */
  type(text: string): void {
    const left = this.#input.subarray(this.#read);
    const more = new TextEncoder().encode(text);
    this.#input = new Uint8Array(left.length + more.length);
    this.#input.set(left);
    this.#input.set(more, left.length);
    this.#read = 0;
    this.slowInput?.changed();
  }

  /** No more input. */
  end(): void {
    if (this.slowInput === undefined) return;
    this.slowInput.isEnded = true;
    this.slowInput.changed();
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
    if (this.slowInput?.isReady() === false) return Errno.EAGAIN;
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
