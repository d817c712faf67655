/**
 * The host's files over node:fs, inside one directory. No final link is ever followed, and before anything is
 * opened or changed the parent directory is checked to be inside the root still.
 */
import * as fs from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { Errno, errnoByName } from '../kernel/errno.ts';
import { GUEST_GID, GUEST_UID } from '../kernel/files/flags.ts';
import type { HostFiles, HostStat } from '../kernel/files/host.ts';

/** Host files kept open between calls. */
const MOST_OPEN = 64;

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

interface OpenFile {
  readonly descriptor: number;
  readonly access: 'read' | 'write';
}

export interface NodeFilesOptions {
  /** The directory that is the guest's `/`; it must exist. */
  readonly root: string;
  readonly access: 'read-only' | 'writable';
}

export class NodeFiles implements HostFiles {
  readonly writable: boolean;
  /** Absolute, without links. */
  readonly #root: string;
  /** Open files by path, the one used last at the end. */
  readonly #open = new Map<string, OpenFile>();

  /** Throws what node:fs throws when the root can't be reached. */
  constructor({ root, access }: NodeFilesOptions) {
    this.#root = fs.realpathSync(root);
    this.writable = access === 'writable';
  }

  stat(path: string): HostStat | number {
    return attempt(() => {
      const stat = fs.lstatSync(this.#real(path), { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? Errno.ENOENT : hostStat(stat);
    });
  }

  readLink(path: string): string | number {
    return attempt(() => fs.readlinkSync(this.#real(path)));
  }

  /** In the filesystem's own order, in which any program of the host sees them too (readdirSync would sort). */
  list(path: string): { name: string; kind: HostStat['kind']; inode: number }[] | number {
    return attempt(() => {
      const directory = this.#real(path);
      return namesIn(directory).flatMap((name) => {
        const stat = fs.lstatSync(join(directory, name), { throwIfNoEntry: false });
        return stat === undefined ? [] : [{ name, kind: kindOf(stat), inode: stat.ino }];
      });
    });
  }

  readAt(path: string, offset: number, into: Uint8Array): number {
    return attempt(() => fs.readSync(this.#opened(path, 'read'), into, 0, into.length, offset));
  }

  writeAt(path: string, offset: number, from: Uint8Array): number {
    if (!this.writable) return Errno.EROFS;
    return attempt(() => fs.writeSync(this.#opened(path, 'write'), from, 0, from.length, offset));
  }

  create(path: string, mode: number): number {
    return this.#change(path, (real) => {
      const descriptor = fs.openSync(real, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
      // The host's umask is none of the guest's.
      fs.fchmodSync(descriptor, mode);
      this.#keep(path, { descriptor, access: 'write' });
    });
  }

  makeDirectory(path: string, mode: number): number {
    return this.#change(path, (real) => {
      fs.mkdirSync(real, { mode });
      fs.chmodSync(real, mode);
    });
  }

  makeLink(path: string, target: string): number {
    return this.#change(path, (real) => fs.symlinkSync(target, real));
  }

  linkTo(path: string, existing: string): number {
    return this.#change(path, (real) => fs.linkSync(this.#inside(existing), real));
  }

  removeFile(path: string): number {
    return this.#change(path, (real) => {
      fs.unlinkSync(real);
      this.#forget(path);
    });
  }

  removeDirectory(path: string): number {
    return this.#change(path, (real) => fs.rmdirSync(real));
  }

  rename(from: string, to: string): number {
    return this.#change(from, (real) => {
      fs.renameSync(real, this.#inside(to));
      this.#forget(from);
      this.#forget(to);
    });
  }

  truncate(path: string, size: number): number {
    if (!this.writable) return Errno.EROFS;
    return attempt(() => {
      fs.ftruncateSync(this.#opened(path, 'write'), size);
      return 0;
    });
  }

  setMode(path: string, mode: number): number {
    return this.#change(path, (real) => fs.chmodSync(real, mode));
  }

  /** To the microsecond or so: node:fs takes times as floating-point seconds. */
  setTimes(path: string, accessed: bigint, modified: bigint): number {
    const seconds = (ns: bigint) => Number(ns / 1_000_000_000n) + Number(ns % 1_000_000_000n) / 1e9;
    return this.#change(path, (real) => fs.lutimesSync(real, seconds(accessed), seconds(modified)));
  }

  synchronize(path: string): number {
    return attempt(() => {
      fs.fsyncSync(this.#opened(path, 'read'));
      return 0;
    });
  }

  space(): { total: number; free: number; files: number } {
    const { bsize, blocks, bavail, files } = fs.statfsSync(this.#root);
    return { total: bsize * blocks, free: bsize * bavail, files };
  }

  /** Closes the files that are kept open; they open again when they are needed. */
  close(): void {
    for (const { descriptor } of this.#open.values()) fs.closeSync(descriptor);
    this.#open.clear();
  }

  /** A path of the guest on the host. The kernel gives none with `..`; one that had any would be a way out. */
  #real(path: string): string {
    if (!path.startsWith('/') || path.includes('\0') || path.split('/').includes('..')) {
      throw Object.assign(new Error(`no path of the guest: ${path}`), { code: 'ENOENT' });
    }
    return join(this.#root, path);
  }

  /** The same for something that is opened or changed: ENOENT when its directory is no longer inside the root. */
  #inside(path: string): string {
    const real = this.#real(path);
    const parent = path === '/' ? this.#root : fs.realpathSync(dirname(real));
    const isInside = parent === this.#root || parent.startsWith(this.#root === sep ? sep : this.#root + sep);
    if (!isInside) throw Object.assign(new Error(`${path} is outside of the root`), { code: 'ENOENT' });
    return path === '/' ? real : join(parent, basename(real));
  }

  #change(path: string, change: (real: string) => void): number {
    if (!this.writable) return Errno.EROFS;
    return attempt(() => {
      change(this.#inside(path));
      return 0;
    });
  }

  #opened(path: string, access: 'read' | 'write'): number {
    const known = this.#open.get(path);
    if (known !== undefined && (access === 'read' || known.access === 'write')) {
      // Moves it to the end, which costs little and only when more than one file is in use.
      if (this.#open.size > 1) {
        this.#open.delete(path);
        this.#open.set(path, known);
      }
      return known.descriptor;
    }
    this.#forget(path);
    const descriptor = openReal(this.#inside(path), access);
    this.#keep(path, { descriptor, access });
    return descriptor;
  }

  #keep(path: string, file: OpenFile): void {
    this.#open.set(path, file);
    if (this.#open.size <= MOST_OPEN) return;
    const [oldest, { descriptor }] = this.#open.entries().next().value!;
    fs.closeSync(descriptor);
    this.#open.delete(oldest);
  }

  /** Closes what is open of a path and of everything in it. */
  #forget(path: string): void {
    for (const [name, { descriptor }] of this.#open) {
      if (name !== path && !name.startsWith(`${path}/`)) continue;
      fs.closeSync(descriptor);
      this.#open.delete(name);
    }
  }
}

function namesIn(directory: string): string[] {
  const names: string[] = [];
  const open = fs.opendirSync(directory, { bufferSize: 1024 });
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) names.push(entry.name);
  } finally {
    open.closeSync();
  }
  return names;
}

/** O_NONBLOCK keeps a pipe that took the file's place from holding up everything. */
function openReal(real: string, access: 'read' | 'write'): number {
  if (access === 'read') return fs.openSync(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return fs.openSync(real, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) !== Errno.EACCES) throw error;
    return fs.openSync(real, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  }
}

/** What goes wrong is a value; anything that is no error of the host is a bug and goes on. */
function attempt<T>(call: () => T): T | number {
  try {
    return call();
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') throw error;
  return errnoByName(code) ?? Errno.EIO;
}

type Kinds = Pick<
  fs.Stats | fs.BigIntStats,
  'isFile' | 'isDirectory' | 'isSymbolicLink' | 'isCharacterDevice' | 'isFIFO' | 'isSocket'
>;

function kindOf(stat: Kinds): HostStat['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isCharacterDevice()) return 'character';
  if (stat.isFIFO()) return 'pipe';
  return stat.isSocket() ? 'socket' : 'block';
}

function hostStat(stat: fs.BigIntStats): HostStat {
  const [uid, gid] = [Number(stat.uid), Number(stat.gid)];
  return {
    kind: kindOf(stat),
    device: Number(stat.dev),
    inode: Number(stat.ino),
    mode: Number(stat.mode),
    links: Number(stat.nlink),
    uid: uid === process.getuid?.() ? GUEST_UID : uid,
    gid: gid === process.getgid?.() ? GUEST_GID : gid,
    size: Number(stat.size),
    blocks: Number(stat.blocks),
    accessed: stat.atimeNs,
    modified: stat.mtimeNs,
    changed: stat.ctimeNs,
  };
}
