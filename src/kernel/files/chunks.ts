/** Contents of in-memory files: chunks that exist only where something was written. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { MemoryFilesState, MemoryInode } from './state.ts';

const CHUNK = 65536;
const LEAST = 4096;

export class ChunkedBytes {
  readonly #state: MemoryFilesState;
  readonly #capacity: number;

  /** `capacity` is for all files of `state` together, in bytes. */
  constructor(state: MemoryFilesState, capacity: number) {
    this.#state = state;
    this.#capacity = capacity;
  }

  /** Up to `into.length` bytes at `offset`; the count, 0 from the end on. */
  read(inode: MemoryInode, offset: number, into: Uint8Array): Result {
    const count = Math.max(0, Math.min(into.length, inode.size - offset));
    for (let done = 0; done < count; ) {
      const index = Math.floor((offset + done) / CHUNK);
      const at = (offset + done) % CHUNK;
      const part = Math.min(count - done, CHUNK - at);
      const chunk = inode.chunks[index];
      const have = chunk === undefined ? 0 : Math.max(0, Math.min(part, chunk.length - at));
      if (chunk !== undefined && have > 0) into.set(chunk.subarray(at, at + have), done);
      into.fill(0, done + have, done + part);
      done += part;
    }
    return count;
  }

  /** The count that fitted, or ENOSPC when nothing did. */
  write(inode: MemoryInode, offset: number, from: Uint8Array): Result {
    let done = 0;
    while (done < from.length) {
      const at = (offset + done) % CHUNK;
      const part = Math.min(from.length - done, CHUNK - at);
      const chunk = this.#chunk(inode, Math.floor((offset + done) / CHUNK), at + part);
      if (chunk === undefined) break;
      chunk.set(from.subarray(done, done + part), at);
      done += part;
    }
    if (done === 0 && from.length > 0) return Errno.ENOSPC;
    inode.size = Math.max(inode.size, offset + done);
    return done;
  }

  /** Sets aside room for bytes `start` to `end`, or ENOSPC. */
  reserve(inode: MemoryInode, start: number, end: number): Result {
    for (let at = start - (start % CHUNK); at < end; at += CHUNK) {
      if (this.#chunk(inode, at / CHUNK, Math.min(CHUNK, end - at)) === undefined) return Errno.ENOSPC;
    }
    return 0;
  }

  /** Zeros over bytes `start` to `end`; whole chunks are given back. */
  clear(inode: MemoryInode, start: number, end: number): void {
    for (let at = start - (start % CHUNK); at < end; at += CHUNK) {
      const chunk = inode.chunks[at / CHUNK];
      if (chunk === undefined) continue;
      const from = Math.max(0, start - at);
      if (from === 0 && end - at >= chunk.length) this.#free(inode, at / CHUNK);
      else chunk.fill(0, from, Math.max(from, Math.min(chunk.length, end - at)));
    }
  }

  /** Cuts, or extends with zeros that take no room. */
  resize(inode: MemoryInode, size: number): void {
    if (size < inode.size) {
      const keep = Math.ceil(size / CHUNK);
      for (let index = keep; index < inode.chunks.length; index++) this.#free(inode, index);
      inode.chunks.length = Math.min(inode.chunks.length, keep);
      if (size % CHUNK !== 0) inode.chunks[keep - 1]?.fill(0, size % CHUNK);
    }
    inode.size = size;
  }

  /** Bytes that the file takes. */
  allocated(inode: MemoryInode): number {
    let bytes = 0;
    inode.chunks.forEach((chunk) => {
      bytes += chunk === undefined ? 0 : chunk.length;
    });
    return bytes;
  }

  /** The chunk, at least `bytes` long, or `undefined` when there is no room. */
  #chunk(inode: MemoryInode, index: number, bytes: number): Uint8Array | undefined {
    const old = inode.chunks[index];
    if (old !== undefined && old.length >= bytes) return old;
    let length = LEAST;
    while (length < bytes) length *= 2;
    const more = length - (old === undefined ? 0 : old.length);
    if (this.#state.bytes + more > this.#capacity) return undefined;
    const chunk = new Uint8Array(length);
    if (old !== undefined) chunk.set(old);
    inode.chunks[index] = chunk;
    this.#state.bytes += more;
    return chunk;
  }

  #free(inode: MemoryInode, index: number): void {
    const chunk = inode.chunks[index];
    if (chunk === undefined) return;
    this.#state.bytes -= chunk.length;
    inode.chunks[index] = undefined;
  }
}
