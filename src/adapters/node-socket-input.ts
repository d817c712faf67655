/**
 * Standard input that is a socket, as programs get it from parents that are written for Node. A socket can't be opened a
 * second time, so it is read as Node reads sockets, from when somebody first asks: ahead, and without blocking.
 */
import { Socket } from 'node:net';
import { Errno, errnoByName } from '../kernel/errno.ts';
import type { InputWait } from '../kernel/files/host.ts';
import type { ReadableInput } from './node-input.ts';

export class NodeSocketInput implements ReadableInput {
  #opened: Socket | undefined;
  /** What a read comes to behind all bytes: 0 at the end. */
  #last: number | undefined;
  #stop: ((how: InputWait) => void) | undefined;

  /** Made when somebody first asks: from then on it reads. */
  get #socket(): Socket {
    if (this.#opened !== undefined) return this.#opened;
    const socket = new Socket({ fd: 0, readable: true, writable: false });
    this.#opened = socket;
    const changed = (): void => {
      if (this.isReady()) this.#stop?.('ready');
    };
    socket.on('readable', changed);
    socket.on('end', () => {
      this.#last = 0;
      changed();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#last = errnoByName(error.code ?? '') ?? Errno.EIO;
      changed();
    });
    // Only who waits for it keeps the command going.
    return socket.unref();
  }

  read(into: Uint8Array): number {
    const { readableLength } = this.#socket;
    if (readableLength === 0) return this.#last ?? Errno.EAGAIN;
    const bytes: Uint8Array | null = this.#socket.read(Math.min(readableLength, into.length));
    if (bytes === null) return Errno.EAGAIN;
    into.set(bytes);
    return bytes.length;
  }

  isReady(): boolean {
    return this.#socket.readableLength > 0 || this.#last !== undefined;
  }

  whenReady(ms: number): Promise<InputWait> {
    if (this.isReady()) return Promise.resolve('ready');
    return new Promise((resolve) => {
      const isLimited = ms < LONGEST;
      const timer = isLimited ? setTimeout(() => this.#stop?.('late'), ms) : undefined;
      this.#socket.ref();
      this.#stop = (how) => {
        clearTimeout(timer);
        this.#socket.unref();
        this.#stop = undefined;
        resolve(how);
      };
    });
  }

  stopWaiting(): void {
    this.#stop?.('stopped');
  }
}

/** Longer than timers can be, ms. */
const LONGEST = 2 ** 31;
