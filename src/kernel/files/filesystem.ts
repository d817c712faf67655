/**
 * One filesystem. A file in it is named by a key that only the filesystem understands: a path on the host, an
 * inode number in memory, a name in /dev. Every method answers >= 0 or -errno, and none follows a link: the
 * walk does. Permission bits and read-only mounts are checked before, by the callers.
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { FileStat } from './contract.ts';
import type { DirectoryEntry, MountName } from './state.ts';

/** A file of some filesystem. */
export interface Node {
  readonly mount: MountName;
  readonly key: string;
}

export interface Found {
  readonly key: string;
  /** Where the key is to be understood, when that is another filesystem. */
  readonly mount?: MountName;
  readonly stat: FileStat;
}

/** Where a link that is no text leads: /proc/self/fd/3 is the very file, whatever its name is now. */
export interface Jump extends Node {
  readonly path: string;
}

/** As statfs(2) wants it; sizes in blocks of `blockSize` bytes. */
export interface Space {
  readonly type: number;
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
  readonly files: number;
}

export interface FileSystem {
  readonly name: MountName;
  readonly rootKey: string;
  /** False: every change answers EROFS. */
  readonly writable: boolean;
  /** Whether files have a position (no: streams, pipes, terminals). */
  seekable(key: string): boolean;

  lookup(directory: string, name: string): Found | Result;
  /** The directory that a directory is in; the root's is itself. */
  parent(key: string): string;
  stat(key: string): FileStat | Result;
  readLink(key: string): string | Result;
  /** For links that lead to a file and not to a path. */
  jump(key: string): Jump | undefined;
  list(key: string): DirectoryEntry[] | Result;

  /** Bytes at `offset`; 0 at the end; EISDIR for a directory; EAGAIN when it would have to wait for ever. */
  read(key: string, offset: number, into: Uint8Array): Result;
  write(key: string, offset: number, from: Uint8Array): Result;
  truncate(key: string, size: number): Result;
  /** fallocate(2) with FALLOC_FL_*. */
  allocate(key: string, mode: number, offset: number, length: number): Result;
  synchronize(key: string): Result;

  /** A new regular file; its key. */
  create(directory: string, name: string, mode: number): string | Result;
  /** A file that names an AF_UNIX socket; its key, or EPERM where there can be none. */
  makeSocket(directory: string, name: string, mode: number): string | Result;
  /** A FIFO; its key. */
  makeFifo(directory: string, name: string, mode: number): string | Result;
  makeDirectory(directory: string, name: string, mode: number): Result;
  makeLink(directory: string, name: string, target: string): Result;
  link(key: string, directory: string, name: string): Result;
  /** Takes away the name of something that is no directory. */
  unlink(directory: string, name: string): Result;
  removeDirectory(directory: string, name: string): Result;
  rename(directory: string, name: string, toDirectory: string, toName: string, flags: number): Result;
  setMode(key: string, mode: number): Result;
  setOwner(key: string, uid: number, gid: number): Result;
  /** ns since 1970; `undefined` leaves it. */
  setTimes(key: string, accessed: bigint | undefined, modified: bigint | undefined): Result;
  space(): Space;

  /** The file is open or mapped from now on, or no longer: one without a name goes when it is let go. */
  hold(key: string): void;
  letGo(key: string): void;
  /** A description with these flags was made or has gone (the ends of a pipe). */
  opened(key: string, flags: number): void;
  closed(key: string, flags: number): void;
}

/** What a filesystem of the kernel's own making answers to changes: nothing can be made or removed there. */
export abstract class FixedFileSystem implements FileSystem {
  abstract readonly name: MountName;
  abstract readonly rootKey: string;
  readonly writable: boolean = true;

  abstract lookup(directory: string, name: string): Found | Result;
  abstract stat(key: string): FileStat | Result;
  abstract list(key: string): DirectoryEntry[] | Result;
  abstract read(key: string, offset: number, into: Uint8Array): Result;
  abstract write(key: string, offset: number, from: Uint8Array): Result;
  abstract space(): Space;

  seekable(_key: string): boolean {
    return true;
  }
  parent(_key: string): string {
    return this.rootKey;
  }
  readLink(_key: string): string | Result {
    return Errno.EINVAL;
  }
  jump(_key: string): Jump | undefined {
    return undefined;
  }
  truncate(_key: string, _size: number): Result {
    return Errno.EINVAL;
  }
  allocate(_key: string, _mode: number, _offset: number, _length: number): Result {
    return Errno.ENODEV;
  }
  synchronize(_key: string): Result {
    return Errno.EINVAL;
  }
  create(_directory: string, _name: string, _mode: number): string | Result {
    return Errno.EPERM;
  }
  makeSocket(_directory: string, _name: string, _mode: number): string | Result {
    return Errno.EPERM;
  }
  makeFifo(_directory: string, _name: string, _mode: number): string | Result {
    return Errno.EPERM;
  }
  makeDirectory(_directory: string, _name: string, _mode: number): Result {
    return Errno.EPERM;
  }
  makeLink(_directory: string, _name: string, _target: string): Result {
    return Errno.EPERM;
  }
  link(_key: string, _directory: string, _name: string): Result {
    return Errno.EPERM;
  }
  unlink(_directory: string, _name: string): Result {
    return Errno.EPERM;
  }
  removeDirectory(_directory: string, _name: string): Result {
    return Errno.EPERM;
  }
  rename(_directory: string, _name: string, _toDirectory: string, _toName: string, _flags: number): Result {
    return Errno.EPERM;
  }
  setMode(_key: string, _mode: number): Result {
    return Errno.EPERM;
  }
  setOwner(_key: string, _uid: number, _gid: number): Result {
    return Errno.EPERM;
  }
  setTimes(_key: string, _accessed: bigint | undefined, _modified: bigint | undefined): Result {
    return Errno.EPERM;
  }
  hold(_key: string): void {}
  letGo(_key: string): void {}
  opened(_key: string, _flags: number): void {}
  closed(_key: string, _flags: number): void {}
}
