/** openat(2). */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { hasTerminal } from '../process/terminal.ts';
import type { ProcessState, RootState } from '../state.ts';
import type { FileStat } from './contract.ts';
import type { Descriptors } from './descriptors.ts';
import type { DeviceFileSystem } from './device-filesystem.ts';
import type { FifoOpening } from './fifos.ts';
import type { FileTable } from './file-table.ts';
import {
  isDirectory,
  isFifo,
  isLink,
  isRegular,
  isSocket,
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TMPFILE_BIT,
  O_TRUNC,
  O_WRONLY,
  OPEN_FLAGS,
  R_OK,
  S_IFCHR,
  S_IFMT,
  W_OK,
  X_OK,
} from './flags.ts';
import type { MemoryFileSystem } from './memory-filesystem.ts';
import type { Mounts, Place } from './mounts.ts';
import type { Found, Paths } from './paths.ts';
import { permits } from './permissions.ts';
import type { PipeFileSystem } from './pipe-filesystem.ts';

/** Flags that are for opening only and leave nothing behind in the description. */
const CREATION = O_CREAT | O_EXCL | O_TRUNC | O_TMPFILE_BIT;

interface Target {
  readonly place: Place;
  readonly stat: FileStat;
}

export interface OpeningParts {
  readonly root: RootState;
  readonly mounts: Mounts;
  readonly paths: Paths;
  readonly table: FileTable;
  readonly descriptors: Descriptors;
  readonly memory: MemoryFileSystem;
  readonly devices: DeviceFileSystem;
  readonly pipes: PipeFileSystem;
  readonly fifos: FifoOpening;
}

export class Opening {
  readonly #parts: OpeningParts;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
  }

  open(process: ProcessState, directory: number, path: string, flags: number, mode: number): Result {
    if ((flags & ~OPEN_FLAGS) !== 0 || (flags & O_ACCMODE) === O_ACCMODE) return Errno.EINVAL;
    if ((flags & O_PATH) !== 0) return this.#openPath(process, directory, path, flags);
    if ((flags & O_TMPFILE_BIT) !== 0) return this.#openNameless(process, directory, path, flags, mode);
    if ((flags & O_CREAT) !== 0 && (flags & O_DIRECTORY) !== 0) return Errno.EINVAL;
    const creates = (flags & O_CREAT) !== 0;
    const exclusive = creates && (flags & O_EXCL) !== 0;
    // No file is made with a slash behind its name, whatever stands there now.
    const lastLink =
      creates && path.endsWith('/') ? 'name' : exclusive || (flags & O_NOFOLLOW) !== 0 ? 'keep' : 'follow';
    const found = this.#parts.paths.resolve(process, directory, path, lastLink);
    if (typeof found === 'number') return found;
    if (creates && found.directoryOnly && found.name !== '') return Errno.EISDIR;
    if (found.entry === undefined) return this.#create(process, found, flags, mode);
    if (exclusive) return Errno.EEXIST;
    const refusal = this.#check(process, found, found.entry, flags);
    if (refusal < 0) return refusal;
    const { place, stat } = found.entry;
    const hasName =
      place.mount === 'memory' || (place.mount === 'pipe' && this.#parts.pipes.isFifo(place.key));
    if (isFifo(stat.mode) && hasName) return this.#parts.fifos.open(process, place, flags & ~CREATION);
    return this.#add(process, found.entry, flags);
  }

  #openPath(process: ProcessState, directory: number, path: string, flags: number): Result {
    const kept = flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const lastLink = (flags & O_NOFOLLOW) !== 0 ? 'keep' : 'follow';
    const target = this.#parts.paths.existing(process, directory, path, lastLink);
    if (typeof target === 'number') return target;
    if ((flags & O_DIRECTORY) !== 0 && !isDirectory(target.stat.mode)) return Errno.ENOTDIR;
    return this.#parts.descriptors.add(process, target.place, kept);
  }

  /** O_TMPFILE: only where files are in memory. */
  #openNameless(process: ProcessState, directory: number, path: string, flags: number, mode: number): Result {
    if ((flags & O_DIRECTORY) === 0 || (flags & O_ACCMODE) === O_RDONLY || (flags & O_CREAT) !== 0)
      return Errno.EINVAL;
    const target = this.#parts.paths.existing(process, directory, path, 'follow');
    if (typeof target === 'number') return target;
    if (!isDirectory(target.stat.mode)) return Errno.ENOTDIR;
    if (!this.#parts.mounts.of(target.place).writable) return Errno.EROFS;
    if (target.place.mount !== 'memory') return Errno.EOPNOTSUPP;
    const key = this.#parts.memory.createNameless(mode & 0o7777 & ~process.directory.umask);
    if (typeof key === 'number') return key;
    const nameless: Place = { mount: 'memory', key, path: `${target.place.path}/#${key} (deleted)` };
    return this.#parts.descriptors.add(process, nameless, flags & ~(CREATION | O_DIRECTORY));
  }

  #create(process: ProcessState, found: Found, flags: number, mode: number): Result {
    if ((flags & O_CREAT) === 0) return Errno.ENOENT;
    const system = this.#parts.mounts.of(found.parent);
    if (!system.writable) return Errno.EROFS;
    const parent = this.#parts.mounts.stat(found.parent);
    if (typeof parent === 'number') return parent;
    if (!permits(parent, W_OK | X_OK)) return Errno.EACCES;
    const key = system.create(found.parent.key, found.name, mode & 0o7777 & ~process.directory.umask);
    if (typeof key === 'number') return key;
    const path = found.parent.path === '/' ? `/${found.name}` : `${found.parent.path}/${found.name}`;
    return this.#parts.descriptors.add(process, { mount: system.name, key, path }, flags & ~CREATION);
  }

  /** Whether something that exists may be opened so. */
  #check(process: ProcessState, found: Found, { place, stat }: Target, flags: number): Result {
    const access = flags & O_ACCMODE;
    const writes = access !== O_RDONLY || (flags & O_TRUNC) !== 0;
    if (isLink(stat.mode)) return (flags & O_DIRECTORY) !== 0 ? Errno.ENOTDIR : Errno.ELOOP;
    if (isDirectory(stat.mode) && (writes || (flags & O_CREAT) !== 0)) return Errno.EISDIR;
    if ((flags & O_DIRECTORY) !== 0 && !isDirectory(stat.mode)) return Errno.ENOTDIR;
    if (found.directoryOnly && !isDirectory(stat.mode)) return Errno.ENOTDIR;
    const wanted = (access === O_WRONLY ? 0 : R_OK) | (writes ? W_OK : 0);
    if (!permits(stat, wanted)) return Errno.EACCES;
    if (writes && isRegular(stat.mode) && !this.#parts.mounts.of(place).writable) return Errno.EROFS;
    if (isSocket(stat.mode) || place.mount === 'event') return Errno.ENXIO;
    // Devices, pipes and sockets of the host are none of the guest's.
    if (place.mount === 'host' && !isRegular(stat.mode) && !isDirectory(stat.mode)) return Errno.ENXIO;
    const isTty = place.mount === 'dev' && place.key === 'tty' && (stat.mode & S_IFMT) === S_IFCHR;
    return isTty && !hasTerminal(this.#parts.root, process.group) ? Errno.ENXIO : 0;
  }

  #add(process: ProcessState, { place, stat }: Target, flags: number): Result {
    const descriptor = this.#parts.descriptors.add(process, place, flags & ~CREATION);
    if (descriptor < 0 || (flags & O_TRUNC) === 0 || !isRegular(stat.mode) || stat.size === 0)
      return descriptor;
    const failure = this.#parts.table.truncate(place, 0);
    if (failure >= 0) return descriptor;
    this.#parts.descriptors.close(process, descriptor);
    return failure;
  }
}
