/** Calls that ask about names and change them: access, mkdir, link, unlink, rename, chmod, and the like. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { FileStat, NamedFiles } from './contract.ts';
import type { FileTable } from './file-table.ts';
import type { Space } from './filesystem.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  isDirectory,
  isLink,
  isRegular,
  isSocket,
  PATH_MAX,
  R_OK,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  W_OK,
  X_OK,
} from './flags.ts';
import type { Mounts, Place } from './mounts.ts';
import type { Found, Paths } from './paths.ts';
import { permits } from './permissions.ts';

interface Target {
  readonly place: Place;
  readonly stat: FileStat;
}

/** What mknod(2) makes for everybody, by type; devices are root's to make. */
const nodeMakers: Readonly<Record<number, 'create' | 'makeFifo' | 'makeSocket'>> = {
  0: 'create',
  [S_IFREG]: 'create',
  [S_IFIFO]: 'makeFifo',
  [S_IFSOCK]: 'makeSocket',
};

export class Names implements NamedFiles {
  readonly #mounts: Mounts;
  readonly #paths: Paths;
  readonly #table: FileTable;

  constructor(mounts: Mounts, paths: Paths, table: FileTable) {
    this.#mounts = mounts;
    this.#paths = paths;
    this.#table = table;
  }

  /** What a call of the *at(2) family is about: a path, or with AT_EMPTY_PATH and no path the descriptor itself. */
  target(process: ProcessState, directory: number, path: string, flags: number): Target | Result {
    if (path === '' && (flags & AT_EMPTY_PATH) !== 0) {
      const place = this.#paths.behind(process, directory);
      if (typeof place === 'number') return place;
      const stat = this.#mounts.stat(place);
      return typeof stat === 'number' ? stat : { place, stat };
    }
    const lastLink = (flags & AT_SYMLINK_NOFOLLOW) !== 0 ? 'keep' : 'follow';
    return this.#paths.existing(process, directory, path, lastLink);
  }

  access(process: ProcessState, directory: number, path: string, mode: number, flags: number): Result {
    if ((mode & ~(R_OK | W_OK | X_OK)) !== 0) return Errno.EINVAL;
    const target = this.target(process, directory, path, flags);
    if (typeof target === 'number') return target;
    const writes = (mode & W_OK) !== 0 && (isRegular(target.stat.mode) || isDirectory(target.stat.mode));
    if (writes && !this.#mounts.of(target.place).writable) return Errno.EROFS;
    return permits(target.stat, mode) ? 0 : Errno.EACCES;
  }

  readLink(process: ProcessState, directory: number, path: string): string | Result {
    const flags = path === '' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
    const target = this.target(process, directory, path, flags);
    if (typeof target === 'number') return target;
    if (!isLink(target.stat.mode)) return path === '' ? Errno.ENOENT : Errno.EINVAL;
    return this.#mounts.of(target.place).readLink(target.place.key);
  }

  makeDirectory(process: ProcessState, directory: number, path: string, mode: number): Result {
    const found = this.#vacant(process, directory, path);
    if (typeof found === 'number') return found;
    const system = this.#mounts.of(found.parent);
    return system.makeDirectory(found.parent.key, found.name, mode & 0o1777 & ~process.directory.umask);
  }

  makeNode(process: ProcessState, directory: number, path: string, mode: number): Result {
    const type = mode & S_IFMT;
    const found = this.#vacant(process, directory, path);
    if (typeof found === 'number') return found;
    if (found.directoryOnly) return Errno.ENOENT;
    const make = nodeMakers[type];
    if (make === undefined) return Errno.EPERM;
    const system = this.#mounts.of(found.parent);
    const key = system[make](found.parent.key, found.name, mode & 0o7777 & ~process.directory.umask);
    return typeof key === 'number' ? key : 0;
  }

  /** The file that bind(2) makes for an AF_UNIX name: the key of its inode; EADDRINUSE when there is something already. */
  makeSocket(process: ProcessState, path: string): string | Result {
    const found = this.#vacant(process, AT_FDCWD, path);
    if (typeof found === 'number') return found === Errno.EEXIST ? Errno.EADDRINUSE : found;
    if (found.directoryOnly) return Errno.ENOENT;
    const mode = 0o777 & ~process.directory.umask;
    return this.#mounts.of(found.parent).makeSocket(found.parent.key, found.name, mode);
  }

  /** The inode of an AF_UNIX name for who wants to send to it: ECONNREFUSED when it is no socket, EACCES. */
  findSocket(process: ProcessState, path: string): string | Result {
    const target = this.#paths.existing(process, AT_FDCWD, path, 'follow');
    if (typeof target === 'number') return target;
    if (!permits(target.stat, W_OK)) return Errno.EACCES;
    return isSocket(target.stat.mode) ? target.place.key : Errno.ECONNREFUSED;
  }

  makeLink(process: ProcessState, target: string, directory: number, path: string): Result {
    if (target === '') return Errno.ENOENT;
    if (target.length >= PATH_MAX) return Errno.ENAMETOOLONG;
    const found = this.#vacant(process, directory, path);
    if (typeof found === 'number') return found;
    if (found.directoryOnly) return Errno.ENOENT;
    return this.#mounts.of(found.parent).makeLink(found.parent.key, found.name, target);
  }

  link(
    process: ProcessState,
    directory: number,
    path: string,
    toDirectory: number,
    toPath: string,
    flags: number,
  ): Result {
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) return Errno.EINVAL;
    const follow = (flags & AT_SYMLINK_FOLLOW) !== 0 ? 0 : AT_SYMLINK_NOFOLLOW;
    const target = this.target(process, directory, path, follow | (flags & AT_EMPTY_PATH));
    if (typeof target === 'number') return target;
    const found = this.#vacant(process, toDirectory, toPath);
    if (typeof found === 'number') return found;
    if (found.directoryOnly) return Errno.ENOENT;
    if (target.place.mount !== found.parent.mount) return Errno.EXDEV;
    if (isDirectory(target.stat.mode)) return Errno.EPERM;
    if (target.stat.links === 0) return Errno.ENOENT;
    return this.#mounts.of(found.parent).link(target.place.key, found.parent.key, found.name);
  }

  remove(process: ProcessState, directory: number, path: string, flags: number): Result {
    if ((flags & ~AT_REMOVEDIR) !== 0) return Errno.EINVAL;
    const found = this.#paths.resolve(process, directory, path, 'name');
    if (typeof found === 'number') return found;
    const wantsDirectory = flags === AT_REMOVEDIR;
    if (found.name === '') return unremovable(path, wantsDirectory);
    if (found.entry === undefined) return Errno.ENOENT;
    const { place, stat } = found.entry;
    const refusal = this.#changeable(found.parent);
    if (refusal < 0) return refusal;
    if (this.#mounts.isMountPoint(found.parent, found.name)) return Errno.EBUSY;
    if (wantsDirectory && !isDirectory(stat.mode)) return Errno.ENOTDIR;
    if (!wantsDirectory && isDirectory(stat.mode)) return Errno.EISDIR;
    if (found.directoryOnly && !isDirectory(stat.mode)) return Errno.ENOTDIR;
    const system = this.#mounts.of(found.parent);
    if (wantsDirectory) return system.removeDirectory(found.parent.key, found.name);
    const kept = this.#table.beforeRemoval(place);
    if (kept < 0) return kept;
    const result = system.unlink(found.parent.key, found.name);
    if (result >= 0) this.#table.afterRemoval(place);
    return result;
  }

  rename(
    process: ProcessState,
    directory: number,
    path: string,
    toDirectory: number,
    toPath: string,
    flags: number,
  ): Result {
    if (flags !== 0 && flags !== RENAME_NOREPLACE && flags !== RENAME_EXCHANGE) return Errno.EINVAL;
    const from = this.#paths.resolve(process, directory, path, 'name');
    if (typeof from === 'number') return from;
    const to = this.#paths.resolve(process, toDirectory, toPath, 'name');
    if (typeof to === 'number') return to;
    if (from.parent.mount !== to.parent.mount) return Errno.EXDEV;
    if (from.name === '' || to.name === '') return Errno.EBUSY;
    if (from.entry === undefined) return Errno.ENOENT;
    const refusal = this.#renameable(from, to, flags);
    if (refusal < 0) return refusal;
    const target = to.entry?.place;
    if (target !== undefined && target.key === from.entry.place.key) return 0;
    const kept = target === undefined || flags === RENAME_EXCHANGE ? 0 : this.#table.beforeRemoval(target);
    if (kept < 0) return kept;
    const system = this.#mounts.of(from.parent);
    const result = system.rename(from.parent.key, from.name, to.parent.key, to.name, flags);
    if (result < 0) return result;
    if (target !== undefined && flags !== RENAME_EXCHANGE) this.#table.afterRemoval(target);
    this.#table.moved(
      from.entry.place,
      to.parent.path === '/' ? `/${to.name}` : `${to.parent.path}/${to.name}`,
    );
    return 0;
  }

  setMode(process: ProcessState, directory: number, path: string, mode: number, flags: number): Result {
    const target = this.target(process, directory, path, flags);
    if (typeof target === 'number') return target;
    if (!this.#mounts.of(target.place).writable) return Errno.EROFS;
    if (isLink(target.stat.mode)) return Errno.EOPNOTSUPP;
    return this.#mounts.of(target.place).setMode(target.place.key, mode & 0o7777);
  }

  setOwner(
    process: ProcessState,
    directory: number,
    path: string,
    uid: number,
    gid: number,
    flags: number,
  ): Result {
    const target = this.target(process, directory, path, flags);
    if (typeof target === 'number') return target;
    if (!this.#mounts.of(target.place).writable) return Errno.EROFS;
    return this.#mounts.of(target.place).setOwner(target.place.key, uid, gid);
  }

  setTimes(
    process: ProcessState,
    directory: number,
    path: string,
    times: { accessed: bigint | undefined; modified: bigint | undefined },
    flags: number,
  ): Result {
    const target = this.target(process, directory, path, flags);
    if (typeof target === 'number') return target;
    if (!this.#mounts.of(target.place).writable) return Errno.EROFS;
    return this.#mounts.of(target.place).setTimes(target.place.key, times.accessed, times.modified);
  }

  truncate(process: ProcessState, path: string, size: number): Result {
    const target = this.target(process, AT_FDCWD, path, 0);
    if (typeof target === 'number') return target;
    if (isDirectory(target.stat.mode)) return Errno.EISDIR;
    if (!isRegular(target.stat.mode)) return Errno.EINVAL;
    if (!this.#mounts.of(target.place).writable) return Errno.EROFS;
    if (!permits(target.stat, W_OK)) return Errno.EACCES;
    return this.#table.truncate(target.place, size);
  }

  changeDirectory(process: ProcessState, directory: number, path: string, flags: number): Result {
    const target = this.target(process, directory, path, flags);
    if (typeof target === 'number') return target;
    if (!isDirectory(target.stat.mode)) return Errno.ENOTDIR;
    if (!permits(target.stat, X_OK)) return Errno.EACCES;
    process.directory.path = target.place.path;
    return 0;
  }

  space(process: ProcessState, directory: number, path: string, flags: number): Space | Result {
    const target = this.target(process, directory, path, flags);
    return typeof target === 'number' ? target : this.#mounts.of(target.place).space();
  }

  /** A place where something can be made: EEXIST when there is something already, EROFS, EACCES. */
  #vacant(process: ProcessState, directory: number, path: string): Found | Result {
    const found = this.#paths.resolve(process, directory, path, 'name');
    if (typeof found === 'number') return found;
    if (found.entry !== undefined) return Errno.EEXIST;
    const refusal = this.#changeable(found.parent);
    return refusal < 0 ? refusal : found;
  }

  /** Whether names in a directory can change. */
  #changeable(directory: Place): Result {
    if (!this.#mounts.of(directory).writable) return Errno.EROFS;
    const stat = this.#mounts.stat(directory);
    if (typeof stat === 'number') return stat;
    return permits(stat, W_OK | X_OK) ? 0 : Errno.EACCES;
  }

  #renameable(from: Found, to: Found, flags: number): Result {
    for (const { parent, name } of [from, to]) {
      const refusal = this.#changeable(parent);
      if (refusal < 0) return refusal;
      if (this.#mounts.isMountPoint(parent, name)) return Errno.EBUSY;
    }
    const moving = from.entry!;
    const isInside = `${to.parent.path}/`.startsWith(`${moving.place.path}/`);
    if (isDirectory(moving.stat.mode) && isInside) return Errno.EINVAL;
    if (!isDirectory(moving.stat.mode) && (from.directoryOnly || to.directoryOnly)) return Errno.ENOTDIR;
    if (to.entry === undefined) return flags === RENAME_EXCHANGE ? Errno.ENOENT : 0;
    if (flags === RENAME_NOREPLACE) return Errno.EEXIST;
    if (flags === RENAME_EXCHANGE) return 0;
    if (isDirectory(moving.stat.mode) && !isDirectory(to.entry.stat.mode)) return Errno.ENOTDIR;
    return !isDirectory(moving.stat.mode) && isDirectory(to.entry.stat.mode) ? Errno.EISDIR : 0;
  }
}

/** Why a path that ends in `.`, `..` or is `/` can't be removed. */
function unremovable(path: string, wantsDirectory: boolean): Result {
  if (!wantsDirectory) return Errno.EISDIR;
  const last = path.replace(/\/+$/, '').split('/').at(-1);
  if (last === '.') return Errno.EINVAL;
  return last === '..' ? Errno.ENOTEMPTY : Errno.EBUSY;
}
