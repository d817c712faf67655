/**
 * Standard input without waiting. The terminal or pipe is opened a second time, by the name that Linux has for it, so
 * that only this description does not block, and no other program that has the same terminal sees a difference. Nothing
 * is read before somebody asks for it; what was read to find out whether there is anything is kept for the next read.
 */
import { constants, openSync, readSync } from 'node:fs';
import { Errno, errnoByName } from '../kernel/errno.ts';
import type { InputWait, SlowInput } from '../kernel/files/host.ts';

/** ms between looks at an input that has nothing: the first, and the longest; each is twice the one before. */
const FIRST_LOOK = 1;
const LAST_LOOK = 32;
const AHEAD_BYTES = 4096;

/** Input that may have nothing yet, with the read that says so by EAGAIN. */
export interface ReadableInput extends SlowInput {
  read(into: Uint8Array): number;
}

export class NodeInput implements ReadableInput {
  readonly #descriptor: number;
  /** What the next read gives: bytes, or what a read came to, 0 at the end. */
  #ahead: Uint8Array | number | undefined;
  #stop: ((how: InputWait) => void) | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** `undefined` where it can't be opened so: a socket, another user's terminal, a host that is not Linux. */
  static open(): NodeInput | undefined {
    if (process.platform !== 'linux') return undefined;
    try {
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
      return new NodeInput(openSync('/proc/self/fd/0', flags));
    } catch {
      return undefined;
    }
  }

  read(into: Uint8Array): number {
    const ahead = this.#ahead;
    if (ahead === undefined) return this.#readNow(into);
    if (typeof ahead === 'number') {
      this.#ahead = undefined;
      return ahead;
    }
    const part = ahead.subarray(0, into.length);
    into.set(part);
    this.#ahead = part.length < ahead.length ? ahead.subarray(part.length) : undefined;
    return part.length;
  }

  isReady(): boolean {
    if (this.#ahead !== undefined) return true;
    const bytes = new Uint8Array(AHEAD_BYTES);
    const count = this.#readNow(bytes);
    if (count !== Errno.EAGAIN) this.#ahead = count > 0 ? bytes.subarray(0, count) : count;
    return this.#ahead !== undefined;
  }

  whenReady(ms: number): Promise<InputWait> {
    return new Promise((resolve) => {
      const last = performance.now() + ms;
      let timer: ReturnType<typeof setTimeout>;
      const finish = (how: InputWait): void => {
        clearTimeout(timer);
        this.#stop = undefined;
        resolve(how);
      };
      const look = (pause: number): void => {
        const left = last - performance.now();
        if (this.isReady()) finish('ready');
        else if (left <= 0) finish('late');
        else timer = setTimeout(look, Math.min(pause, left), Math.min(2 * pause, LAST_LOOK));
      };
      this.#stop = finish;
      look(FIRST_LOOK);
    });
  }

  stopWaiting(): void {
    this.#stop?.('stopped');
  }

  #readNow(into: Uint8Array): number {
    try {
      return readSync(this.#descriptor, into, 0, into.length, null);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (typeof code !== 'string') throw error;
      if (code === 'EINTR') return Errno.EAGAIN;
      // A terminal that is gone.
      return code === 'EOF' ? 0 : (errnoByName(code) ?? Errno.EIO);
    }
  }
}
