/** The host's directory that is the guest's `/`. Keys are paths inside it: `/`, `/a/b`. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { FileStat } from './contract.ts';
import type { FileSystem, Found, Jump, Space } from './filesystem.ts';
import {
  FALLOC_FL_KEEP_SIZE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from './flags.ts';
import type { HostFiles, HostStat } from './host.ts';
import type { HostNodes } from './host-nodes.ts';
import type { DirectoryEntry } from './state.ts';

const typeBits: Readonly<Record<HostStat['kind'], number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  link: S_IFLNK,
  character: S_IFCHR,
  pipe: S_IFIFO,
  socket: S_IFSOCK,
  block: S_IFBLK,
};

const EXT4_SUPER_MAGIC = 0xef53;

export class HostFileSystem implements FileSystem {
  readonly name = 'host';
  readonly rootKey = '/';
  readonly #host: HostFiles;
  readonly #nodes: HostNodes;

  /** @param nodes what has its name here and lies in memory */
  constructor(host: HostFiles, nodes: HostNodes) {
    this.#host = host;
    this.#nodes = nodes;
  }

  get writable(): boolean {
    return this.#host.writable;
  }

  seekable(_key: string): boolean {
    return true;
  }

  lookup(directory: string, name: string): Found | Result {
    const key = join(directory, name);
    const node = this.#nodes.find(key);
    if (node !== undefined) return node;
    const stat = this.stat(key);
    return typeof stat === 'number' ? stat : { key, stat };
  }

  parent(key: string): string {
    return key.slice(0, Math.max(1, key.lastIndexOf('/')));
  }

  stat(key: string): FileStat | Result {
    const found = this.#host.stat(key);
    if (typeof found === 'number') return found;
    const { kind, mode, ...rest } = found;
    return { ...rest, mode: (mode & 0o7777) | typeBits[kind], rdevice: 0 };
  }

  readLink(key: string): string | Result {
    return this.#host.readLink(key);
  }

  jump(_key: string): Jump | undefined {
    return undefined;
  }

  list(key: string): DirectoryEntry[] | Result {
    const found = this.#host.list(key);
    if (typeof found === 'number') return found;
    const entries = found.map(({ name, kind, inode }) => ({ name, inode, type: typeBits[kind] >>> 12 }));
    return [...entries, ...this.#nodes.in(key)];
  }

  read(key: string, offset: number, into: Uint8Array): Result {
    return this.#host.readAt(key, offset, into);
  }

  write(key: string, offset: number, from: Uint8Array): Result {
    return this.#host.writeAt(key, offset, from);
  }

  truncate(key: string, size: number): Result {
    return this.#host.truncate(key, size);
  }

  /** The host can't be asked to set room aside, so only growing the file is done, as fallocate(2) without flags. */
  allocate(key: string, mode: number, offset: number, length: number): Result {
    if (mode !== 0) return mode === FALLOC_FL_KEEP_SIZE ? Errno.EOPNOTSUPP : Errno.EINVAL;
    const stat = this.stat(key);
    if (typeof stat === 'number') return stat;
    return offset + length > stat.size ? this.truncate(key, offset + length) : 0;
  }

  synchronize(key: string): Result {
    return this.#host.synchronize(key);
  }

  create(directory: string, name: string, mode: number): string | Result {
    const key = join(directory, name);
    const result = this.#host.create(key, mode);
    return result < 0 ? result : key;
  }

  makeSocket(directory: string, name: string, mode: number): string {
    return this.#nodes.make(join(directory, name), S_IFSOCK | (mode & 0o7777));
  }

  makeFifo(directory: string, name: string, mode: number): string {
    return this.#nodes.make(join(directory, name), S_IFIFO | (mode & 0o7777));
  }

  makeDirectory(directory: string, name: string, mode: number): Result {
    return this.#host.makeDirectory(join(directory, name), mode);
  }

  makeLink(directory: string, name: string, target: string): Result {
    return this.#host.makeLink(join(directory, name), target);
  }

  link(key: string, directory: string, name: string): Result {
    return this.#host.linkTo(join(directory, name), key);
  }

  unlink(directory: string, name: string): Result {
    const path = join(directory, name);
    return this.#nodes.remove(path) ? 0 : this.#host.removeFile(path);
  }

  removeDirectory(directory: string, name: string): Result {
    const path = join(directory, name);
    return this.#nodes.in(path).length > 0 ? Errno.ENOTEMPTY : this.#host.removeDirectory(path);
  }

  rename(directory: string, name: string, toDirectory: string, toName: string, flags: number): Result {
    // RENAME_NOREPLACE is answered by the caller, who knows whether the target is there.
    if (flags > 1) return Errno.EINVAL;
    const [from, to] = [join(directory, name), join(toDirectory, toName)];
    if (this.#nodes.in(to).length > 0) return Errno.ENOTEMPTY;
    const isNode = this.#nodes.find(from) !== undefined;
    const result = isNode ? this.#makeRoom(to) : this.#host.rename(from, to);
    if (result < 0) return result;
    this.#nodes.remove(to);
    this.#nodes.moved(from, to);
    return 0;
  }

  /** Takes away a file of the host that a node is to take the place of. */
  #makeRoom(path: string): Result {
    const result = this.#host.removeFile(path);
    return result === Errno.ENOENT ? 0 : result;
  }

  setMode(key: string, mode: number): Result {
    return this.#host.setMode(key, mode);
  }

  /** Nobody but root gives files away. */
  setOwner(key: string, uid: number, gid: number): Result {
    const stat = this.stat(key);
    if (typeof stat === 'number') return stat;
    const unchanged = (uid === -1 || uid === stat.uid) && (gid === -1 || gid === stat.gid);
    return unchanged ? 0 : Errno.EPERM;
  }

  setTimes(key: string, accessed: bigint | undefined, modified: bigint | undefined): Result {
    const stat = this.stat(key);
    if (typeof stat === 'number') return stat;
    return this.#host.setTimes(key, accessed ?? stat.accessed, modified ?? stat.modified);
  }

  space(): Space {
    const { total, free, files } = this.#host.space();
    const blocks = (bytes: number) => Math.floor(bytes / 4096);
    return { type: EXT4_SUPER_MAGIC, blockSize: 4096, blocks: blocks(total), free: blocks(free), files };
  }

  hold(_key: string): void {}
  letGo(_key: string): void {}
  opened(_key: string, _flags: number): void {}
  closed(_key: string, _flags: number): void {}
}

const join = (directory: string, name: string): string =>
  directory === '/' ? `/${name}` : `${directory}/${name}`;
