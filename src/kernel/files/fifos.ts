/**
 * Opening FIFOs, which waits for the other end (fifo(7)). An end that waits is open already as far as others can see:
 *
 *     open for reading ──▶ description ──▶ a writer comes, and may have gone again ──▶ descriptor
 *                               └────────▶ a signal, or the end of the process     ──▶ given back
 *
 * The description is kept in `process.call` meanwhile. Source: fifo_open in fs/pipe.c.
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { pipeChannel } from '../process/wakeups.ts';
import type { ProcessState } from '../state.ts';
import type { Fifos } from './contract.ts';
import type { Descriptors } from './descriptors.ts';
import { O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY } from './flags.ts';
import type { Place } from './mounts.ts';
import type { PipeFileSystem } from './pipe-filesystem.ts';

export class FifoOpening implements Fifos {
  readonly #descriptors: Descriptors;
  readonly #pipes: PipeFileSystem;

  constructor(descriptors: Descriptors, pipes: PipeFileSystem) {
    this.#descriptors = descriptors;
    this.#pipes = pipes;
  }

  /** A descriptor; EAGAIN when the process has to wait, ENXIO when nobody reads what is to be written without waiting. */
  open(process: ProcessState, node: Place, flags: number): Result {
    const room = this.#descriptors.room(process);
    if (room < 0) return room;
    const access = flags & O_ACCMODE;
    const waits = (flags & O_NONBLOCK) === 0;
    const isUnread = node.mount === 'memory' && this.#pipes.readersOf(node.key) === 0;
    if (access === O_WRONLY && !waits && isUnread) return Errno.ENXIO;
    const place = node.mount === 'memory' ? this.#pipes.ofFifo(node) : node;
    const index = this.#descriptors.describe(place, flags);
    const { readers, writers, readersEver, writersEver } = this.#pipes.level(place.key);
    const isAlone = access === O_RDONLY ? writers === 0 : access === O_WRONLY && readers === 0;
    if (!isAlone) return this.#descriptors.install(process, index, flags);
    if (!waits) {
      this.#descriptors.byIndex(index).writersBefore = writersEver;
      return this.#descriptors.install(process, index, flags);
    }
    const others = access === O_RDONLY ? writersEver : readersEver;
    process.call = { ...(process.call ?? { done: 0 }), opening: { description: index, others, flags } };
    return Errno.EAGAIN;
  }

  goOn(process: ProcessState): Result {
    const opening = process.call?.opening;
    if (opening === undefined) return Errno.EBADF;
    const { description, flags, others } = opening;
    const { writersEver, readersEver } = this.#level(description);
    const now = (flags & O_ACCMODE) === O_RDONLY ? writersEver : readersEver;
    if (now === others) return Errno.EAGAIN;
    const descriptor = this.#descriptors.install(process, description, flags);
    delete process.call!.opening;
    return descriptor;
  }

  channel(process: ProcessState): string {
    const { description } = process.call!.opening!;
    return pipeChannel(this.#descriptors.openedAt(description)!.record.key);
  }

  abandon(process: ProcessState): void {
    const opening = process.call?.opening;
    if (opening === undefined) return;
    delete process.call!.opening;
    this.#descriptors.release(opening.description);
  }

  #level(description: number) {
    return this.#pipes.level(this.#descriptors.openedAt(description)!.record.key);
  }
}
