/** A host directory that is in memory only, for tests and the browser: the kernel's own in-memory files by path. */
import { Errno } from '../kernel/errno.ts';
import type { FileStat } from '../kernel/files/contract.ts';
import { S_IFMT } from '../kernel/files/flags.ts';
import type { HostFiles, HostStat } from '../kernel/files/host.ts';
import { MemoryFileSystem } from '../kernel/files/memory-filesystem.ts';
import { DEFAULT_BOOT_TIME, filesState } from '../kernel/files/state.ts';

/** A file's contents, a directory, or a link's target. */
export type MemoryEntry = string | Uint8Array | { readonly directory: true } | { readonly link: string };

export interface MemoryFilesOptions {
  /** Absolute path to what is there; directories on the way are made. Files may be executed by everybody. */
  readonly entries?: Readonly<Record<string, MemoryEntry>>;
  readonly access?: 'read-only' | 'writable';
}

const kinds: Readonly<Record<number, HostStat['kind']>> = { 4: 'directory', 8: 'file', 10: 'link' };

export class MemoryFiles implements HostFiles {
  readonly writable: boolean;
  readonly #files = new MemoryFileSystem(filesState().memory, { now: 0, bootTime: DEFAULT_BOOT_TIME });

  constructor({ entries = {}, access = 'writable' }: MemoryFilesOptions = {}) {
    this.writable = access === 'writable';
    for (const [path, entry] of Object.entries(entries)) this.#make(path, entry);
  }

  stat(path: string): HostStat | number {
    const key = this.#key(path);
    return typeof key === 'number' ? key : hostStat(this.#files.stat(key));
  }

  readLink(path: string): string | number {
    const key = this.#key(path);
    return typeof key === 'number' ? key : this.#files.readLink(key);
  }

  list(path: string): { name: string; kind: HostStat['kind']; inode: number }[] | number {
    const key = this.#key(path);
    if (typeof key === 'number') return key;
    return this.#files
      .list(key)
      .map(({ name, inode, type }) => ({ name, inode, kind: kinds[type] ?? 'file' }));
  }

  readAt(path: string, offset: number, into: Uint8Array): number {
    const key = this.#key(path);
    return typeof key === 'number' ? key : this.#files.read(key, offset, into);
  }

  writeAt(path: string, offset: number, from: Uint8Array): number {
    return this.#change(path, (key) => this.#files.write(key, offset, from));
  }

  create(path: string, mode: number): number {
    return this.#add(path, (parent, name) => {
      const key = this.#files.create(parent, name, mode);
      return typeof key === 'number' ? key : 0;
    });
  }

  makeDirectory(path: string, mode: number): number {
    return this.#add(path, (parent, name) => this.#files.makeDirectory(parent, name, mode));
  }

  makeLink(path: string, target: string): number {
    return this.#add(path, (parent, name) => this.#files.makeLink(parent, name, target));
  }

  linkTo(path: string, existing: string): number {
    const key = this.#key(existing);
    if (typeof key === 'number') return key;
    return this.#add(path, (parent, name) => this.#files.link(key, parent, name));
  }

  removeFile(path: string): number {
    return this.#in(path, (parent, name) => this.#files.unlink(parent, name));
  }

  removeDirectory(path: string): number {
    return this.#in(path, (parent, name) => this.#files.removeDirectory(parent, name));
  }

  rename(from: string, to: string): number {
    return this.#in(from, (parent, name) =>
      this.#in(to, (toParent, toName) => this.#files.rename(parent, name, toParent, toName, 0)),
    );
  }

  truncate(path: string, size: number): number {
    return this.#change(path, (key) => this.#files.truncate(key, size));
  }

  setMode(path: string, mode: number): number {
    return this.#change(path, (key) => this.#files.setMode(key, mode));
  }

  setTimes(path: string, accessed: bigint, modified: bigint): number {
    return this.#change(path, (key) => this.#files.setTimes(key, accessed, modified));
  }

  synchronize(path: string): number {
    const key = this.#key(path);
    return typeof key === 'number' ? key : 0;
  }

  space(): { total: number; free: number; files: number } {
    const { blockSize, blocks, free, files } = this.#files.space();
    return { total: blocks * blockSize, free: free * blockSize, files };
  }

  #key(path: string): string | number {
    let key = this.#files.rootKey;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const found = this.#files.lookup(key, name);
      if (typeof found === 'number') return found;
      key = found.key;
    }
    return key;
  }

  #in(path: string, go: (parent: string, name: string) => number): number {
    if (!this.writable) return Errno.EROFS;
    const slash = path.lastIndexOf('/');
    const parent = this.#key(path.slice(0, slash));
    return typeof parent === 'number' ? parent : go(parent, path.slice(slash + 1));
  }

  #add(path: string, go: (parent: string, name: string) => number): number {
    return typeof this.#key(path) === 'string' ? Errno.EEXIST : this.#in(path, go);
  }

  #change(path: string, go: (key: string) => number): number {
    if (!this.writable) return Errno.EROFS;
    const key = this.#key(path);
    return typeof key === 'number' ? key : go(key);
  }

  #make(path: string, entry: MemoryEntry): void {
    const names = path.split('/').filter((part) => part !== '');
    const last = names.pop();
    let parent = this.#files.rootKey;
    for (const name of names) parent = this.#directory(parent, name);
    if (last === undefined) return;
    if (typeof entry === 'string' || entry instanceof Uint8Array) {
      const key = this.#files.create(parent, last, 0o755);
      const bytes = typeof entry === 'string' ? new TextEncoder().encode(entry) : entry;
      if (typeof key === 'string') this.#files.write(key, 0, bytes);
    } else if ('link' in entry) {
      this.#files.makeLink(parent, last, entry.link);
    } else {
      this.#directory(parent, last);
    }
  }

  #directory(parent: string, name: string): string {
    const found = this.#files.lookup(parent, name);
    if (typeof found === 'object') return found.key;
    this.#files.makeDirectory(parent, name, 0o755);
    return this.#directory(parent, name);
  }
}

function hostStat(stat: FileStat): HostStat {
  const { rdevice: _, ...rest } = stat;
  return { ...rest, kind: kinds[(stat.mode & S_IFMT) >>> 12] ?? 'file' };
}
