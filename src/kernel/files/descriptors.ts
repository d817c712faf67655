/** Descriptors and the open file descriptions behind them: open, close, dup, read, write, seek. */
import { Errno } from '../errno.ts';
import { limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { FileStat } from './contract.ts';
import type { FileTable } from './file-table.ts';
import type { FileSystem, Jump } from './filesystem.ts';
import {
  isDirectory,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_DSYNC,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from './flags.ts';
import type { Mounts, Place } from './mounts.ts';
import type { Directories } from './paths.ts';
import type { Description, FileRecord, FilesState } from './state.ts';

/** A description, its file and the filesystem of that. */
export interface Opened {
  readonly description: Description;
  readonly record: FileRecord;
  readonly system: FileSystem;
}

/** Who is told of what is closed, while it is still there. */
export interface Closings {
  /** A process has closed a descriptor of a file, by the file's index; not of O_PATH. */
  closedBy(process: ProcessState, file: number): void;
  /** No descriptor refers to a description any more, by its index. */
  closed(description: number, file: number): void;
  /** A process has closed a descriptor, and that is done. */
  afterClose(): void;
}

export class Descriptors implements Directories {
  readonly #state: FilesState;
  readonly #mounts: Mounts;
  readonly #table: FileTable;
  readonly #closings: Closings;

  constructor(state: FilesState, mounts: Mounts, table: FileTable, closings: Closings) {
    this.#state = state;
    this.#closings = closings;
    this.#mounts = mounts;
    this.#table = table;
  }

  /** A descriptor's description, also of O_PATH; EBADF when it is closed. */
  find(process: ProcessState, descriptor: number): Description | Result {
    const entry = process.descriptors[descriptor];
    if (entry === undefined) return Errno.EBADF;
    return this.#state.descriptions[entry.description]!;
  }

  /** As `find`, with the file; EBADF for O_PATH too. */
  opened(process: ProcessState, descriptor: number): Opened | Result {
    const entry = process.descriptors[descriptor];
    return (entry && this.openedAt(entry.description)) ?? Errno.EBADF;
  }

  /** The same by the description's index; `undefined` for O_PATH, or when there is none. */
  openedAt(index: number): Opened | undefined {
    const description = this.#state.descriptions[index];
    if (description === undefined || (description.flags & O_PATH) !== 0) return undefined;
    const record = this.#table.file(description.file);
    return { description, record, system: this.#mounts.of(record) };
  }

  /** Whether the process may have one more descriptor: 0 or above, or EMFILE. */
  room(process: ProcessState): Result {
    return lowestFree(process, 0);
  }

  /** The file behind a descriptor. */
  place(process: ProcessState, descriptor: number): Jump | undefined {
    const description = this.find(process, descriptor);
    return typeof description === 'number' ? undefined : this.#table.file(description.file);
  }

  directoryOf(process: ProcessState, descriptor: number): Place | Result {
    const place = this.place(process, descriptor);
    if (place === undefined) return Errno.EBADF;
    const stat = this.#mounts.stat(place);
    if (typeof stat === 'number') return stat;
    return isDirectory(stat.mode) ? place : Errno.ENOTDIR;
  }

  stat(process: ProcessState, descriptor: number): FileStat | Result {
    const place = this.place(process, descriptor);
    return place === undefined ? Errno.EBADF : this.#mounts.stat(place);
  }

  /** A new description of a file, and the lowest free descriptor for it. */
  add(process: ProcessState, place: Place, flags: number): Result {
    const descriptor = lowestFree(process, 0);
    return descriptor < 0 ? descriptor : this.install(process, this.describe(place, flags), flags);
  }

  /** A new description, which no descriptor refers to yet: its index. */
  describe(place: Place, flags: number): number {
    const file = this.#table.enter(place);
    this.#table.count(file, 1);
    const kept = flags & ~O_CLOEXEC;
    const description: Description = { file, flags: kept, position: 0, references: 1, listing: undefined };
    const { writeErrors } = this.#table.file(file);
    if (writeErrors !== undefined) description.writeErrorsSeen = writeErrors;
    this.#mounts.of(place).opened(place.key, kept);
    const free = this.#state.descriptions.indexOf(undefined);
    const index = free < 0 ? this.#state.descriptions.length : free;
    this.#state.descriptions[index] = description;
    this.#state.counters.opened++;
    return index;
  }

  /** The lowest free descriptor for a description that has a reference for it; EMFILE, and the reference is gone. */
  install(process: ProcessState, description: number, flags: number): Result {
    const descriptor = lowestFree(process, 0);
    if (descriptor < 0) this.release(description);
    else process.descriptors[descriptor] = { description, closeOnExec: (flags & O_CLOEXEC) !== 0 };
    return descriptor;
  }

  /** A description by its index; asking for one that is not there is a bug. */
  byIndex(index: number): Description {
    const description = this.#state.descriptions[index];
    if (description === undefined) throw new Error(`invariant broken: description ${index} is gone`);
    return description;
  }

  close(process: ProcessState, descriptor: number): Result {
    const entry = process.descriptors[descriptor];
    if (entry === undefined) return Errno.EBADF;
    process.descriptors[descriptor] = undefined;
    const description = this.#state.descriptions[entry.description]!;
    const isPath = (description.flags & O_PATH) !== 0;
    if (!isPath) this.#closings.closedBy(process, description.file);
    const failure = isPath ? 0 : this.#table.takeWriteError(description);
    this.release(entry.description);
    this.#closings.afterClose();
    return failure;
  }

  /** One reference more to a description, by its index. */
  retain(index: number): void {
    this.byIndex(index).references++;
  }

  /** One reference fewer to a description, by its index; it goes with the last. */
  release(index: number): void {
    const description = this.#state.descriptions[index]!;
    if (--description.references > 0) return;
    this.#closings.closed(index, description.file);
    this.#state.descriptions[index] = undefined;
    const record = this.#table.file(description.file);
    this.#mounts.of(record).closed(record.key, description.flags);
    this.#table.count(description.file, -1);
  }

  /** Counts the descriptors that a process has from its parent. */
  inherit(process: ProcessState): void {
    for (const entry of process.descriptors)
      if (entry !== undefined) this.#state.descriptions[entry.description]!.references++;
  }

  closeAll(process: ProcessState): void {
    process.descriptors.forEach((entry, descriptor) => {
      if (entry !== undefined) this.close(process, descriptor);
    });
    process.descriptors = [];
  }

  duplicate(process: ProcessState, descriptor: number, least: number, closeOnExec: 'keep' | 'close'): Result {
    const entry = process.descriptors[descriptor];
    if (entry === undefined) return Errno.EBADF;
    if (least < 0 || least >= mostDescriptors(process)) return Errno.EINVAL;
    const free = lowestFree(process, least);
    if (free < 0) return free;
    this.#share(process, entry.description, free, closeOnExec);
    return free;
  }

  duplicateTo(process: ProcessState, descriptor: number, to: number, closeOnExec: 'keep' | 'close'): Result {
    const entry = process.descriptors[descriptor];
    if (entry === undefined) return Errno.EBADF;
    if (to < 0 || to >= mostDescriptors(process)) return Errno.EBADF;
    if (to === descriptor) return to;
    if (process.descriptors[to] !== undefined) this.close(process, to);
    this.#share(process, entry.description, to, closeOnExec);
    return to;
  }

  /** At the description's position, which moves, or at `offset`. */
  read(process: ProcessState, descriptor: number, into: Uint8Array, offset?: number): Result {
    const opened = this.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record, system } = opened;
    if ((description.flags & O_ACCMODE) === O_WRONLY) return Errno.EBADF;
    const seekable = system.seekable(record.key);
    if (offset !== undefined && !seekable) return Errno.ESPIPE;
    const at = offset ?? description.position;
    const count = this.#table.read(description.file, record, at, into);
    if (count <= 0) return count;
    if (offset === undefined && seekable) description.position = at + count;
    this.#state.counters.bytesRead += count;
    return count;
  }

  /** At the position (the end for O_APPEND), which moves, or at `offset`. */
  write(process: ProcessState, descriptor: number, from: Uint8Array, offset?: number): Result {
    const opened = this.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record, system } = opened;
    if ((description.flags & O_ACCMODE) === O_RDONLY) return Errno.EBADF;
    const seekable = system.seekable(record.key);
    if (offset !== undefined && !seekable) return Errno.ESPIPE;
    const appends = (description.flags & O_APPEND) !== 0 && seekable;
    const at = appends ? this.#table.size(description.file) : (offset ?? description.position);
    const room = Number(limitOf(process, 'FSIZE')[0]) - at;
    if (seekable && room <= 0) return Errno.EFBIG;
    const count = this.#table.write(description.file, record, at, seekable ? from.subarray(0, room) : from);
    if (count < 0) return count;
    if (offset === undefined && seekable) description.position = at + count;
    this.#state.counters.bytesWritten += count;
    const failure = (description.flags & O_DSYNC) !== 0 ? system.synchronize(record.key) : 0;
    return failure < 0 ? failure : count;
  }

  /** lseek(2). A file is data all over, with one hole at its end. */
  seek(process: ProcessState, descriptor: number, offset: number, whence: number): Result {
    const opened = this.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record, system } = opened;
    if (!system.seekable(record.key)) return Errno.ESPIPE;
    const size = this.#table.size(description.file);
    let position: number;
    switch (whence) {
      case SEEK_SET:
        position = offset;
        break;
      case SEEK_CUR:
        position = description.position + offset;
        break;
      case SEEK_END:
        position = size + offset;
        break;
      case SEEK_DATA:
      case SEEK_HOLE:
        if (offset < 0 || offset >= size) return Errno.ENXIO;
        position = whence === SEEK_DATA ? offset : size;
        break;
      default:
        return Errno.EINVAL;
    }
    if (position < 0) return Errno.EINVAL;
    if (position > Number.MAX_SAFE_INTEGER) return Errno.EOVERFLOW;
    if (position === 0) description.listing = undefined;
    description.position = position;
    return position;
  }

  #share(process: ProcessState, description: number, to: number, closeOnExec: 'keep' | 'close'): void {
    this.#state.descriptions[description]!.references++;
    process.descriptors[to] = { description, closeOnExec: closeOnExec === 'close' };
  }
}

const mostDescriptors = (process: ProcessState): number => Number(limitOf(process, 'NOFILE')[0]);

function lowestFree(process: ProcessState, least: number): Result {
  let descriptor = least;
  while (process.descriptors[descriptor] !== undefined) descriptor++;
  if (descriptor >= mostDescriptors(process)) return Errno.EMFILE;
  while (process.descriptors.length < descriptor) process.descriptors.push(undefined);
  return descriptor;
}
