/** Files in the kernel's own memory: /tmp, memfd_create(2), and files that lost their last name while open. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import { ChunkedBytes } from './chunks.ts';
import type { FileStat } from './contract.ts';
import type { FileSystem, Found, Jump, Space } from './filesystem.ts';
import {
  entryType,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  GUEST_GID,
  GUEST_UID,
  isDirectory,
  isLink,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from './flags.ts';
import type { DirectoryEntry, MemoryFilesState, MemoryInode, Timestamp } from './state.ts';

const TMPFS_MAGIC = 0x01021994;
const DEVICE = 0x19;
/** All files together, bytes. */
export const MEMORY_FILES_CAPACITY = 2 ** 30;

/** What the filesystem has to know of time: ns since the start, and the date of the start. */
export interface FileTime {
  readonly now: number;
  readonly bootTime: number;
}

export class MemoryFileSystem implements FileSystem {
  readonly name = 'memory';
  readonly rootKey = '1';
  readonly writable = true;
  readonly #state: MemoryFilesState;
  readonly #time: FileTime;
  readonly #bytes: ChunkedBytes;

  constructor(state: MemoryFilesState, time: FileTime) {
    this.#state = state;
    this.#time = time;
    this.#bytes = new ChunkedBytes(state, MEMORY_FILES_CAPACITY);
    if (state.inodes[this.rootKey] === undefined) {
      state.inodes[this.rootKey] = { ...this.#inode(S_IFDIR | 0o1777), entries: {}, parent: '1', links: 2 };
    }
  }

  seekable(_key: string): boolean {
    return true;
  }

  lookup(directory: string, name: string): Found | Result {
    const key = this.#entries(directory)[`/${name}`];
    if (key === undefined) return Errno.ENOENT;
    return { key, stat: this.stat(key) };
  }

  parent(key: string): string {
    return this.#get(key).parent;
  }

  stat(key: string): FileStat {
    const inode = this.#get(key);
    return {
      device: DEVICE,
      inode: Number(key),
      mode: inode.mode,
      links: inode.links,
      uid: inode.uid,
      gid: inode.gid,
      rdevice: 0,
      size: inode.size,
      blocks: Math.ceil(this.#bytes.allocated(inode) / 512),
      accessed: this.#date(inode.accessed),
      modified: this.#date(inode.modified),
      changed: this.#date(inode.changed),
    };
  }

  readLink(key: string): string | Result {
    const inode = this.#get(key);
    return isLink(inode.mode) ? inode.target : Errno.EINVAL;
  }

  jump(_key: string): Jump | undefined {
    return undefined;
  }

  list(key: string): DirectoryEntry[] {
    return Object.entries(this.#entries(key)).map(([name, child]) => ({
      name: name.slice(1),
      inode: Number(child),
      type: entryType(this.#get(child).mode),
    }));
  }

  read(key: string, offset: number, into: Uint8Array): Result {
    const inode = this.#get(key);
    return inode.entries === undefined ? this.#bytes.read(inode, offset, into) : Errno.EISDIR;
  }

  write(key: string, offset: number, from: Uint8Array): Result {
    const inode = this.#get(key);
    const written = this.#bytes.write(inode, offset, from);
    if (written > 0) inode.modified = inode.changed = this.#time.now;
    return written;
  }

  truncate(key: string, size: number): Result {
    const inode = this.#get(key);
    this.#bytes.resize(inode, size);
    inode.modified = inode.changed = this.#time.now;
    return 0;
  }

  allocate(key: string, mode: number, offset: number, length: number): Result {
    const inode = this.#get(key);
    const keepSize = (mode & FALLOC_FL_KEEP_SIZE) !== 0;
    switch (mode) {
      case FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE:
        this.#bytes.clear(inode, offset, Math.min(inode.size, offset + length));
        break;
      case 0:
      case FALLOC_FL_KEEP_SIZE: {
        const end = keepSize ? Math.min(inode.size, offset + length) : offset + length;
        const result = this.#bytes.reserve(inode, offset, end);
        if (result < 0) return result;
        inode.size = Math.max(inode.size, end);
        break;
      }
      default:
        return Errno.EOPNOTSUPP;
    }
    inode.modified = inode.changed = this.#time.now;
    return 0;
  }

  synchronize(_key: string): Result {
    return 0;
  }

  create(directory: string, name: string, mode: number): string {
    return this.#make(directory, name, S_IFREG | (mode & 0o7777));
  }

  makeSocket(directory: string, name: string, mode: number): string {
    return this.#make(directory, name, S_IFSOCK | (mode & 0o7777));
  }

  makeFifo(directory: string, name: string, mode: number): string {
    return this.#make(directory, name, S_IFIFO | (mode & 0o7777));
  }

  /** A FIFO or a socket whose one name is elsewhere. @param mode with its type */
  createNode(mode: number): string {
    return this.#add({ ...this.#inode(mode), links: 1 });
  }

  /** That name has gone. */
  dropNode(key: string): void {
    this.#drop(key);
  }

  /** A regular file without a name, with these bytes: memfd_create(2), O_TMPFILE, a removed file. */
  createNameless(mode: number, bytes?: Uint8Array): string | Result {
    const inode = this.#inode(S_IFREG | (mode & 0o7777));
    const key = this.#add(inode);
    const written = bytes === undefined ? 0 : this.#bytes.write(inode, 0, bytes);
    if (bytes === undefined || written === bytes.length) return key;
    this.#destroy(key);
    return Errno.ENOSPC;
  }

  makeDirectory(directory: string, name: string, mode: number): Result {
    const inode = { ...this.#inode(S_IFDIR | (mode & 0o7777)), entries: {}, parent: directory, links: 2 };
    this.#enter(directory, name, this.#add(inode));
    this.#get(directory).links++;
    return 0;
  }

  makeLink(directory: string, name: string, target: string): Result {
    const size = new TextEncoder().encode(target).length;
    this.#enter(directory, name, this.#add({ ...this.#inode(S_IFLNK | 0o777), target, size, links: 1 }));
    return 0;
  }

  link(key: string, directory: string, name: string): Result {
    const inode = this.#get(key);
    inode.links++;
    inode.changed = this.#time.now;
    this.#enter(directory, name, key);
    return 0;
  }

  unlink(directory: string, name: string): Result {
    const key = this.#entries(directory)[`/${name}`];
    if (key === undefined) return Errno.ENOENT;
    this.#leave(directory, name);
    this.#drop(key);
    return 0;
  }

  removeDirectory(directory: string, name: string): Result {
    const key = this.#entries(directory)[`/${name}`];
    if (key === undefined) return Errno.ENOENT;
    if (Object.keys(this.#entries(key)).length > 0) return Errno.ENOTEMPTY;
    this.#leave(directory, name);
    this.#get(directory).links--;
    this.#get(key).links = 0;
    this.#drop(key);
    return 0;
  }

  rename(directory: string, name: string, toDirectory: string, toName: string, flags: number): Result {
    const key = this.#entries(directory)[`/${name}`];
    const target = this.#entries(toDirectory)[`/${toName}`];
    if (key === undefined) return Errno.ENOENT;
    if (this.#isInside(toDirectory, key)) return Errno.EINVAL;
    if (flags === RENAME_EXCHANGE) return this.#exchange(directory, name, toDirectory, toName);
    if ((flags & ~RENAME_NOREPLACE) !== 0) return Errno.EINVAL;
    if (target === key) return 0;
    if (target !== undefined) {
      if (flags === RENAME_NOREPLACE) return Errno.EEXIST;
      const removed = this.#replace(key, toDirectory, toName, target);
      if (removed < 0) return removed;
    }
    this.#leave(directory, name);
    this.#enter(toDirectory, toName, key);
    this.#moved(key, directory, toDirectory);
    return 0;
  }

  setMode(key: string, mode: number): Result {
    const inode = this.#get(key);
    inode.mode = (inode.mode & ~0o7777) | (mode & 0o7777);
    inode.changed = this.#time.now;
    return 0;
  }

  setOwner(key: string, uid: number, gid: number): Result {
    const inode = this.#get(key);
    const unchanged = (uid === -1 || uid === inode.uid) && (gid === -1 || gid === inode.gid);
    return unchanged ? 0 : Errno.EPERM;
  }

  setTimes(key: string, accessed: bigint | undefined, modified: bigint | undefined): Result {
    const inode = this.#get(key);
    inode.accessed = accessed ?? inode.accessed;
    inode.modified = modified ?? inode.modified;
    inode.changed = this.#time.now;
    return 0;
  }

  space(): Space {
    const free = Math.floor((MEMORY_FILES_CAPACITY - this.#state.bytes) / 4096);
    return { type: TMPFS_MAGIC, blockSize: 4096, blocks: MEMORY_FILES_CAPACITY / 4096, free, files: 2 ** 20 };
  }

  hold(key: string): void {
    this.#get(key).held++;
  }

  letGo(key: string): void {
    const inode = this.#get(key);
    inode.held = Math.max(0, inode.held - 1);
    if (inode.links === 0 && inode.held === 0) this.#destroy(key);
  }

  opened(_key: string, _flags: number): void {}
  closed(_key: string, _flags: number): void {}

  #get(key: string): MemoryInode {
    const inode = this.#state.inodes[key];
    if (inode === undefined) throw new Error(`invariant broken: inode ${key} is gone`);
    return inode;
  }

  #entries(key: string): Record<string, string> {
    return this.#get(key).entries ?? {};
  }

  #date(time: Timestamp): bigint {
    return typeof time === 'bigint'
      ? time
      : BigInt(this.#time.bootTime) * 1_000_000_000n + BigInt(Math.floor(time));
  }

  #inode(mode: number): MemoryInode {
    const now = this.#time.now;
    return {
      mode,
      uid: GUEST_UID,
      gid: GUEST_GID,
      links: 0,
      size: 0,
      chunks: [],
      entries: undefined,
      parent: '',
      target: '',
      accessed: now,
      modified: now,
      changed: now,
      held: 0,
    };
  }

  #make(directory: string, name: string, mode: number): string {
    const key = this.#add({ ...this.#inode(mode), links: 1 });
    this.#enter(directory, name, key);
    return key;
  }

  #add(inode: MemoryInode): string {
    const key = String(this.#state.nextInode++);
    this.#state.inodes[key] = inode;
    return key;
  }

  #enter(directory: string, name: string, key: string): void {
    const inode = this.#get(directory);
    this.#entries(directory)[`/${name}`] = key;
    inode.modified = inode.changed = this.#time.now;
  }

  #leave(directory: string, name: string): void {
    const inode = this.#get(directory);
    delete this.#entries(directory)[`/${name}`];
    inode.modified = inode.changed = this.#time.now;
  }

  #drop(key: string): void {
    const inode = this.#get(key);
    if (inode.links > 0) inode.links--;
    inode.changed = this.#time.now;
    if (inode.links === 0 && inode.held === 0) this.#destroy(key);
  }

  #destroy(key: string): void {
    this.#bytes.resize(this.#get(key), 0);
    delete this.#state.inodes[key];
  }

  #isInside(directory: string, ancestor: string): boolean {
    for (let key = directory; ; key = this.#get(key).parent) {
      if (key === ancestor) return true;
      if (key === this.rootKey) return false;
    }
  }

  #replace(key: string, toDirectory: string, toName: string, target: string): Result {
    const movesDirectory = isDirectory(this.#get(key).mode);
    const overDirectory = isDirectory(this.#get(target).mode);
    if (movesDirectory && !overDirectory) return Errno.ENOTDIR;
    if (!movesDirectory && overDirectory) return Errno.EISDIR;
    return overDirectory ? this.removeDirectory(toDirectory, toName) : this.unlink(toDirectory, toName);
  }

  #exchange(directory: string, name: string, toDirectory: string, toName: string): Result {
    const key = this.#entries(directory)[`/${name}`];
    const other = this.#entries(toDirectory)[`/${toName}`];
    if (key === undefined || other === undefined) return Errno.ENOENT;
    if (this.#isInside(directory, other)) return Errno.EINVAL;
    this.#enter(directory, name, other);
    this.#enter(toDirectory, toName, key);
    this.#moved(key, directory, toDirectory);
    this.#moved(other, toDirectory, directory);
    return 0;
  }

  #moved(key: string, from: string, to: string): void {
    const inode = this.#get(key);
    inode.changed = this.#time.now;
    if (inode.entries === undefined) return;
    inode.parent = to;
    this.#get(from).links--;
    this.#get(to).links++;
  }
}
