/** Calls on open descriptors beyond reading and writing. */
import { Errno } from '../errno.ts';
import { limitOf } from '../limits.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { OpenDescriptors, Readiness } from './contract.ts';
import type { Descriptors } from './descriptors.ts';
import type { DeviceFileSystem } from './device-filesystem.ts';
import type { FileTable } from './file-table.ts';
import {
  FALLOC_FL_PUNCH_HOLE,
  isDirectory,
  isRegular,
  O_ACCMODE,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  S_IFIFO,
  S_IFMT,
  SETTABLE_FLAGS,
} from './flags.ts';
import type { MemoryFileSystem } from './memory-filesystem.ts';
import type { Mounts, Place } from './mounts.ts';
import type { PipeFileSystem } from './pipe-filesystem.ts';
import type { Polling } from './polling.ts';
import type { Description, DirectoryEntry, FilesState } from './state.ts';

export interface OpenDescriptorsParts {
  readonly state: FilesState;
  readonly mounts: Mounts;
  readonly table: FileTable;
  readonly descriptors: Descriptors;
  readonly memory: MemoryFileSystem;
  readonly pipes: PipeFileSystem;
  readonly devices: DeviceFileSystem;
  readonly polling: Polling;
}

export class DescriptorCalls implements OpenDescriptors {
  readonly #parts: OpenDescriptorsParts;

  constructor(parts: OpenDescriptorsParts) {
    this.#parts = parts;
  }

  description(process: ProcessState, descriptor: number): Description | Result {
    return this.#parts.descriptors.find(process, descriptor);
  }

  setStatusFlags(process: ProcessState, descriptor: number, flags: number): Result {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description } = opened;
    description.flags = (description.flags & ~SETTABLE_FLAGS) | (flags & SETTABLE_FLAGS);
    return 0;
  }

  truncate(process: ProcessState, descriptor: number, size: number): Result {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record, system } = opened;
    const stat = system.stat(record.key);
    if (typeof stat === 'number') return stat;
    if ((description.flags & O_ACCMODE) === O_RDONLY || !isRegular(stat.mode)) return Errno.EINVAL;
    if (size > Number(limitOf(process, 'FSIZE')[0])) return Errno.EFBIG;
    return this.#parts.table.truncate(record, size);
  }

  allocate(process: ProcessState, descriptor: number, mode: number, offset: number, length: number): Result {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record, system } = opened;
    const stat = system.stat(record.key);
    if (typeof stat === 'number') return stat;
    if ((description.flags & O_ACCMODE) === O_RDONLY) return Errno.EBADF;
    if ((stat.mode & S_IFMT) === S_IFIFO) return Errno.ESPIPE;
    if (!isRegular(stat.mode)) return Errno.ENODEV;
    if (offset + length > Number(limitOf(process, 'FSIZE')[0])) return Errno.EFBIG;
    const result = system.allocate(record.key, mode, offset, length);
    const cleared = Math.min(length, stat.size - offset);
    if (result >= 0 && (mode & FALLOC_FL_PUNCH_HOLE) !== 0 && cleared > 0) {
      this.#parts.table.cleared(record, offset, cleared);
    }
    return result;
  }

  synchronize(process: ProcessState, descriptor: number): Result {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    return this.#parts.table.synchronize(opened.description);
  }

  synchronizeAll(): Result {
    for (const record of Object.values(this.#parts.state.objects)) {
      if (record.kind === 'file' && record.mount === 'host')
        this.#parts.mounts.of(record).synchronize(record.key);
    }
    return 0;
  }

  list(
    process: ProcessState,
    descriptor: number,
  ): { description: Description; entries: readonly DirectoryEntry[] } | Result {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    if (typeof opened === 'number') return opened;
    const { description, record, system } = opened;
    const stat = system.stat(record.key);
    if (typeof stat === 'number') return stat;
    if (!isDirectory(stat.mode)) return Errno.ENOTDIR;
    if (description.listing === undefined) {
      const listing = this.#parts.mounts.list(record);
      if (typeof listing === 'number') return listing;
      description.listing = listing;
    }
    return { description, entries: description.listing };
  }

  readiness(process: ProcessState, descriptor: number): Readiness | Result {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    return typeof opened === 'number' ? opened : this.#parts.polling.readiness(opened);
  }

  channels(process: ProcessState, descriptor: number): readonly string[] {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    return typeof opened === 'number' ? [] : this.#parts.polling.channels(opened);
  }

  changesAt(process: ProcessState, descriptor: number): number {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    return typeof opened === 'number' ? Number.POSITIVE_INFINITY : this.#parts.polling.due(opened);
  }

  pipe(process: ProcessState, flags: number): readonly [number, number] | Result {
    const { descriptors, pipes } = this.#parts;
    const key = pipes.createPipe();
    const place: Place = { mount: 'pipe', key, path: `pipe:[${key}]` };
    const from = descriptors.add(process, place, flags | O_RDONLY);
    if (from < 0) {
      pipes.letGo(key);
      return from;
    }
    const to = descriptors.add(process, place, flags | O_WRONLY);
    if (to >= 0) return [from, to];
    descriptors.close(process, from);
    return to;
  }

  firstPiece(process: ProcessState, descriptor: number, bytes: number): number {
    const key = this.#pipe(process, descriptor);
    return key === undefined ? bytes : this.#parts.pipes.firstPiece(key, bytes);
  }

  pipeSize(process: ProcessState, descriptor: number): Result {
    const key = this.#pipe(process, descriptor);
    return key === undefined ? Errno.EBADF : this.#parts.pipes.size(key);
  }

  resizePipe(process: ProcessState, descriptor: number, bytes: number): Result {
    const key = this.#pipe(process, descriptor);
    return key === undefined ? Errno.EBADF : this.#parts.pipes.resize(key, bytes);
  }

  memoryFile(process: ProcessState, name: string, flags: number): Result {
    const key = this.#parts.memory.createNameless(0o777);
    if (typeof key === 'number') return key;
    const place: Place = { mount: 'memory', key, path: `/memfd:${name} (deleted)` };
    const descriptor = this.#parts.descriptors.add(process, place, flags | O_RDWR);
    if (descriptor < 0) this.#parts.memory.letGo(key);
    return descriptor;
  }

  terminalSize(): { columns: number; rows: number } {
    return this.#parts.devices.terminalSize();
  }

  /** Key of the pipe behind a descriptor; `undefined`: it is none. */
  #pipe(process: ProcessState, descriptor: number): string | undefined {
    const opened = this.#parts.descriptors.opened(process, descriptor);
    return typeof opened === 'object' && opened.record.mount === 'pipe' ? opened.record.key : undefined;
  }
}
