/** Pipes: 64 KiB rings without a name. A pipe's key is its number. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { O_ACCMODE, O_RDONLY, POLLIN, POLLOUT, S_IFIFO } from './flags.ts';
import { NamelessFileSystem } from './nameless-filesystem.ts';
import { emptyRing, put, take } from './ring.ts';
import type { PipeState, PipesState } from './state.ts';

const PIPEFS_MAGIC = 0x50495045;
const DEVICE = 0xd;
export const PIPE_CAPACITY = 65536;
/** A write of at most this many bytes goes in whole or not at all (pipe(7)). */
export const PIPE_BUF = 4096;

export class PipeFileSystem extends NamelessFileSystem {
  readonly name = 'pipe';
  readonly #state: PipesState;
  readonly #changed: (key: string, events: number) => void;

  /** @param changed told when a pipe got bytes (POLLIN), or room (POLLOUT), or lost an end (0) */
  constructor(state: PipesState, changed: (key: string, events: number) => void) {
    super(DEVICE, S_IFIFO | 0o600, PIPEFS_MAGIC);
    this.#state = state;
    this.#changed = changed;
  }

  /** A new pipe; its key. Both ends are still to be opened. */
  createPipe(): string {
    const key = String(this.#state.next++);
    this.#state.pipes[key] = { ...emptyRing(), readers: 0, writers: 0 };
    return key;
  }

  /** EAGAIN when it is empty and somebody may still write. */
  read(key: string, _offset: number, into: Uint8Array): Result {
    const pipe = this.#pipe(key);
    if (into.length === 0) return 0;
    if (pipe.length === 0) return pipe.writers === 0 ? 0 : Errno.EAGAIN;
    const count = take(pipe, into);
    this.#changed(key, POLLOUT);
    return count;
  }

  /** EPIPE when nobody can read any more; EAGAIN when there is no room. */
  write(key: string, _offset: number, from: Uint8Array): Result {
    const pipe = this.#pipe(key);
    const room = PIPE_CAPACITY - pipe.length;
    if (pipe.readers === 0) return Errno.EPIPE;
    if (from.length === 0) return 0;
    if (room === 0 || (from.length <= PIPE_BUF && room < from.length)) return Errno.EAGAIN;
    const count = put(pipe, from, PIPE_CAPACITY);
    this.#changed(key, POLLIN);
    return count;
  }

  /** Bytes that can be read now, room to write, and open ends. */
  level(key: string): { available: number; room: number; readers: number; writers: number } {
    const { length, readers, writers } = this.#pipe(key);
    return { available: length, room: PIPE_CAPACITY - length, readers, writers };
  }

  override letGo(key: string): void {
    delete this.#state.pipes[key];
  }

  override opened(key: string, flags: number): void {
    const pipe = this.#pipe(key);
    const mode = flags & O_ACCMODE;
    if (mode !== 1) pipe.readers++;
    if (mode !== O_RDONLY) pipe.writers++;
  }

  override closed(key: string, flags: number): void {
    const pipe = this.#pipe(key);
    const mode = flags & O_ACCMODE;
    if (mode !== 1) pipe.readers--;
    if (mode !== O_RDONLY) pipe.writers--;
    this.#changed(key, 0);
  }

  #pipe(key: string): PipeState {
    const pipe = this.#state.pipes[key];
    if (pipe === undefined) throw new Error(`invariant broken: pipe ${key} is gone`);
    return pipe;
  }
}
