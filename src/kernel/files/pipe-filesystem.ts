/**
 * Pipes, and what is behind FIFOs while they are open. A pipe's key is its number.
 *
 * A pipe is so many pages, as in Linux. A write begins behind what is in the last page if all of it, or what it has
 * beyond whole pages, fits there, and goes on in pages of its own; a page is free again when all of it was read. That
 * is why a write of up to a page is never cut, and why a pipe may be full that holds less than its 64 KiB:
 *
 *     ▐ 100 unread of 4096 ▌▐ 4096 ▌ … ▐ 4096 ▌    full with 61,540 bytes, and without room for a single one
 *
 * Source: fs/pipe.c, pipe(7), fifo(7).
 */
import { PAGE_SIZE } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { FileStat } from './contract.ts';
import { O_ACCMODE, O_RDONLY, O_WRONLY, POLLIN, POLLOUT, S_IFIFO } from './flags.ts';
import type { MemoryFileSystem } from './memory-filesystem.ts';
import type { Place } from './mounts.ts';
import { NamelessFileSystem } from './nameless-filesystem.ts';
import { emptyRing, put, take } from './ring.ts';
import type { PipeState, PipesState } from './state.ts';

const PIPEFS_MAGIC = 0x50495045;
const DEVICE = 0xd;
/** Pages of a new pipe: 64 KiB. */
const USUAL_PAGES = 16;
/** Bytes that everybody may make a pipe hold (/proc/sys/fs/pipe-max-size). */
const MOST_BYTES = 2 ** 20;
const LARGEST_SIZE = 2 ** 31;

/** What is to be known of a pipe from outside. */
export interface PipeLevel {
  /** Bytes that can be read now. */
  readonly available: number;
  /** Whether a write of up to a page (PIPE_BUF) has room. */
  readonly hasRoom: boolean;
  readonly readers: number;
  readonly writers: number;
  /** Times that its ends were ever opened. */
  readonly readersEver: number;
  readonly writersEver: number;
}

export class PipeFileSystem extends NamelessFileSystem {
  readonly name = 'pipe';
  readonly #state: PipesState;
  readonly #nodes: MemoryFileSystem;
  readonly #changed: (key: string, events: number) => void;

  /**
   * @param nodes where FIFOs have their inodes
   * @param changed told when a pipe got bytes (POLLIN), or room (POLLOUT), or an end more or fewer (0)
   */
  constructor(state: PipesState, nodes: MemoryFileSystem, changed: (key: string, events: number) => void) {
    super(DEVICE, S_IFIFO | 0o600, PIPEFS_MAGIC);
    this.#state = state;
    this.#nodes = nodes;
    this.#changed = changed;
  }

  /** A new pipe; its key. Both ends are still to be opened. */
  createPipe(node?: string): string {
    const key = String(this.#state.next++);
    const ends = { readers: 0, writers: 0, readersEver: 0, writersEver: 0 };
    this.#state.pipes[key] = { ...emptyRing(), pages: [], most: USUAL_PAGES, ...ends, node };
    return key;
  }

  /** The pipe behind a FIFO, made if nobody has it open. */
  ofFifo({ key: node, path }: Place): Place {
    const known = this.#state.fifos[node];
    const key = known ?? this.createPipe(node);
    if (known === undefined) {
      this.#state.fifos[node] = key;
      this.#nodes.hold(node);
    }
    return { mount: 'pipe', key, path };
  }

  /** Whether a pipe has a name. */
  isFifo(key: string): boolean {
    return this.#pipe(key).node !== undefined;
  }

  /** Open ends for reading of a FIFO, by its inode. */
  readersOf(node: string): number {
    const key = this.#state.fifos[node];
    return key === undefined ? 0 : this.#pipe(key).readers;
  }

  /** EAGAIN when it is empty and somebody may still write. */
  read(key: string, _offset: number, into: Uint8Array): Result {
    const pipe = this.#pipe(key);
    if (into.length === 0) return 0;
    if (pipe.length === 0) return pipe.writers === 0 ? 0 : Errno.EAGAIN;
    const wasFull = isFull(pipe);
    const count = take(pipe, into);
    for (let left = count; left > 0; ) {
      const page = pipe.pages[0]!;
      const taken = Math.min(left, page.left);
      page.left -= taken;
      left -= taken;
      if (page.left === 0) pipe.pages.shift();
    }
    if (wasFull && !isFull(pipe)) this.#changed(key, POLLOUT);
    return count;
  }

  /** EPIPE when nobody can read any more; EAGAIN when there is no room. */
  write(key: string, _offset: number, from: Uint8Array): Result {
    const pipe = this.#pipe(key);
    if (pipe.readers === 0) return Errno.EPIPE;
    if (from.length === 0) return 0;
    const capacity = pipe.most * PAGE_SIZE;
    let done = 0;
    if (joins(pipe, from.length)) {
      done = from.length % PAGE_SIZE;
      put(pipe, from.subarray(0, done), capacity);
      const last = pipe.pages.at(-1)!;
      last.filled += done;
      last.left += done;
    }
    while (done < from.length && !isFull(pipe)) {
      const count = put(pipe, from.subarray(done, done + PAGE_SIZE), capacity);
      pipe.pages.push({ filled: count, left: count });
      done += count;
    }
    if (done === 0) return Errno.EAGAIN;
    this.#changed(key, POLLIN);
    return done;
  }

  /** Bytes that a write of so many begins with: no more than go into one page. */
  firstPiece(key: string, bytes: number): number {
    return joins(this.#pipe(key), bytes) ? bytes % PAGE_SIZE : Math.min(bytes, PAGE_SIZE);
  }

  level(key: string): PipeLevel {
    const { length, readers, writers, readersEver, writersEver } = this.#pipe(key);
    const hasRoom = !isFull(this.#pipe(key));
    return { available: length, hasRoom, readers, writers, readersEver, writersEver };
  }

  /** Bytes that it holds (F_GETPIPE_SZ). */
  size(key: string): number {
    return this.#pipe(key).most * PAGE_SIZE;
  }

  /** F_SETPIPE_SZ: the size that it got, a power of two; EBUSY when it holds more, EPERM, EINVAL. */
  resize(key: string, bytes: number): Result {
    const pipe = this.#pipe(key);
    if (bytes > LARGEST_SIZE) return Errno.EINVAL;
    const size = Math.max(PAGE_SIZE, 2 ** Math.ceil(Math.log2(bytes)));
    const pages = size / PAGE_SIZE;
    if (pages > pipe.most && size > MOST_BYTES) return Errno.EPERM;
    if (pages < pipe.pages.length) return Errno.EBUSY;
    const hasMore = pages > pipe.most;
    pipe.most = pages;
    if (hasMore) this.#changed(key, POLLOUT);
    return size;
  }

  override stat(key: string): FileStat {
    const { node } = this.#pipe(key);
    return node === undefined ? super.stat(key) : this.#nodes.stat(node);
  }

  override setMode(key: string, mode: number): Result {
    const { node } = this.#pipe(key);
    return node === undefined ? super.setMode(key, mode) : this.#nodes.setMode(node, mode);
  }

  override setOwner(key: string, uid: number, gid: number): Result {
    const { node } = this.#pipe(key);
    return node === undefined ? super.setOwner(key, uid, gid) : this.#nodes.setOwner(node, uid, gid);
  }

  override setTimes(key: string, accessed: bigint | undefined, modified: bigint | undefined): Result {
    const { node } = this.#pipe(key);
    if (node === undefined) return super.setTimes(key, accessed, modified);
    return this.#nodes.setTimes(node, accessed, modified);
  }

  override letGo(key: string): void {
    const { node } = this.#pipe(key);
    delete this.#state.pipes[key];
    if (node === undefined) return;
    delete this.#state.fifos[node];
    this.#nodes.letGo(node);
  }

  override opened(key: string, flags: number): void {
    const pipe = this.#pipe(key);
    const mode = flags & O_ACCMODE;
    if (mode !== O_WRONLY) {
      pipe.readers++;
      pipe.readersEver++;
    }
    if (mode !== O_RDONLY) {
      pipe.writers++;
      pipe.writersEver++;
    }
    if (pipe.node !== undefined) this.#changed(key, 0);
  }

  override closed(key: string, flags: number): void {
    const pipe = this.#pipe(key);
    const mode = flags & O_ACCMODE;
    if (mode !== O_WRONLY) pipe.readers--;
    if (mode !== O_RDONLY) pipe.writers--;
    this.#changed(key, 0);
  }

  #pipe(key: string): PipeState {
    const pipe = this.#state.pipes[key];
    if (pipe === undefined) throw new Error(`invariant broken: pipe ${key} is gone`);
    return pipe;
  }
}

const isFull = ({ pages, most }: PipeState): boolean => pages.length >= most;

/** Whether what a write has beyond whole pages goes behind what is in the last page. */
function joins({ pages }: PipeState, bytes: number): boolean {
  const last = pages.at(-1);
  const beyond = bytes % PAGE_SIZE;
  return last !== undefined && beyond > 0 && last.filled + beyond <= PAGE_SIZE;
}
