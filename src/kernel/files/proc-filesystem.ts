/** /proc: texts about the processes and the machine, made when they are read. A key is a path inside it. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState, RootState } from '../state.ts';
import type { FileStat } from './contract.ts';
import { FixedFileSystem, type Found, type Jump, type Space } from './filesystem.ts';
import { entryType, GUEST_GID, GUEST_UID, isDirectory, isLink, S_IFDIR, S_IFLNK, S_IFREG } from './flags.ts';
import { machineTexts, type ProcSources, processTexts } from './proc-texts.ts';
import type { DirectoryEntry } from './state.ts';

const PROC_SUPER_MAGIC = 0x9fa0;
const DEVICE = 0x15;
const ROOT = '';

const processLinks = ['exe', 'cwd', 'root'];
const processDirectories = ['fd'];
const directories = ['sys', 'sys/vm', 'sys/kernel', 'sys/kernel/random', 'sys/fs'];

/** What the filesystem has to be told about open files, which are not its own. */
export interface OpenFileNames {
  /** The file behind a descriptor. */
  ofDescriptor(process: ProcessState, descriptor: number): Jump | undefined;
  /** The program that the process runs. */
  ofProgram(process: ProcessState): Jump | undefined;
}

export class ProcFileSystem extends FixedFileSystem {
  readonly name = 'proc';
  readonly rootKey = ROOT;
  readonly #root: RootState;
  readonly #sources: ProcSources;
  readonly #open: OpenFileNames;

  constructor(root: RootState, sources: ProcSources, open: OpenFileNames) {
    super();
    this.#root = root;
    this.#sources = sources;
    this.#open = open;
  }

  override parent(key: string): string {
    return key.slice(0, Math.max(0, key.lastIndexOf('/')));
  }

  lookup(directory: string, name: string): Found | Result {
    const key = directory === ROOT ? name : `${directory}/${name}`;
    const stat = this.stat(key);
    return typeof stat === 'number' ? stat : { key, stat };
  }

  stat(key: string): FileStat | Result {
    const mode = this.#mode(key);
    if (mode === undefined) return Errno.ENOENT;
    const date = BigInt(this.#root.files.bootTime) * 1_000_000_000n;
    const times = { accessed: date, modified: date, changed: date };
    const owner = /^\d/.test(key) ? { uid: GUEST_UID, gid: GUEST_GID } : { uid: 0, gid: 0 };
    const size = isLink(mode) ? 64 : 0;
    return {
      device: DEVICE,
      inode: inodeOf(key),
      mode,
      links: 1,
      ...owner,
      rdevice: 0,
      size,
      blocks: 0,
      ...times,
    };
  }

  override readLink(key: string): string | Result {
    if (key === 'self' || key === 'thread-self') return String(this.#root.running);
    if (key === 'mounts') return 'self/mounts';
    const [process, name] = this.#split(key);
    if (process === undefined) return Errno.EINVAL;
    if (name === 'cwd') return process.directory.path;
    if (name === 'root') return '/';
    return this.jump(key)?.path ?? Errno.EINVAL;
  }

  override jump(key: string): Jump | undefined {
    const [process, name] = this.#split(key);
    if (process === undefined) return undefined;
    if (name === 'exe') return this.#open.ofProgram(process);
    const descriptor = /^fd\/(\d+)$/.exec(name)?.[1];
    return descriptor === undefined ? undefined : this.#open.ofDescriptor(process, Number(descriptor));
  }

  list(key: string): DirectoryEntry[] | Result {
    const mode = this.#mode(key);
    if (mode === undefined) return Errno.ENOENT;
    return this.#names(key).map((name) => {
      const child = key === ROOT ? name : `${key}/${name}`;
      return { name, inode: inodeOf(child), type: entryType(this.#mode(child) ?? S_IFREG) };
    });
  }

  read(key: string, offset: number, into: Uint8Array): Result {
    const bytes = this.#text(key);
    if (bytes === undefined) return this.#isDirectory(key) ? Errno.EISDIR : Errno.EIO;
    const part = bytes.subarray(Math.min(offset, bytes.length), offset + into.length);
    into.set(part);
    return part.length;
  }

  write(_key: string, _offset: number, _from: Uint8Array): Result {
    return Errno.EACCES;
  }

  space(): Space {
    return { type: PROC_SUPER_MAGIC, blockSize: 4096, blocks: 0, free: 0, files: 0 };
  }

  /** The process that a key is about, and the rest of the key. */
  #split(key: string): [ProcessState | undefined, string] {
    const slash = key.indexOf('/');
    const first = slash < 0 ? key : key.slice(0, slash);
    if (!/^[1-9]\d*$/.test(first)) return [undefined, key];
    const process = this.#root.processes.find(({ pid }) => pid === Number(first));
    return [process, slash < 0 ? '' : key.slice(slash + 1)];
  }

  #mode(key: string): number | undefined {
    if (key === ROOT || directories.includes(key)) return S_IFDIR | 0o555;
    if (key === 'self' || key === 'thread-self' || key === 'mounts') return S_IFLNK | 0o777;
    if (Object.hasOwn(machineTexts, key)) return S_IFREG | 0o444;
    const [process, name] = this.#split(key);
    if (process === undefined) return undefined;
    if (name === '' || processDirectories.includes(name)) return S_IFDIR | 0o555;
    if (processLinks.includes(name)) return S_IFLNK | 0o777;
    if (Object.hasOwn(processTexts, name)) return S_IFREG | 0o444;
    const descriptor = /^fd\/(0|[1-9]\d*)$/.exec(name)?.[1];
    if (descriptor === undefined || process.descriptors[Number(descriptor)] === undefined) return undefined;
    return S_IFLNK | 0o700;
  }

  #isDirectory(key: string): boolean {
    return isDirectory(this.#mode(key) ?? 0);
  }

  #names(key: string): string[] {
    const [process, name] = this.#split(key);
    if (process !== undefined) {
      if (name === 'fd') return process.descriptors.flatMap((d, i) => (d === undefined ? [] : [String(i)]));
      return [...Object.keys(processTexts), ...processLinks, ...processDirectories];
    }
    const prefix = key === ROOT ? '' : `${key}/`;
    const inside = [...directories, ...Object.keys(machineTexts)]
      .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
      .map((path) => path.slice(prefix.length));
    if (key !== ROOT) return inside;
    return [
      ...this.#root.processes.map(({ pid }) => String(pid)),
      'self',
      'thread-self',
      'mounts',
      ...inside,
    ];
  }

  #text(key: string): Uint8Array | undefined {
    if (Object.hasOwn(machineTexts, key)) return encode(machineTexts[key]!(this.#root, this.#sources));
    const [process, name] = this.#split(key);
    if (process === undefined || !Object.hasOwn(processTexts, name)) return undefined;
    return encode(processTexts[name]!(this.#root, this.#sources, process));
  }
}

const encode = (text: string | Uint8Array) =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

/** A number for a key that stays the same from run to run (FNV-1a). */
function inodeOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) + 1;
}
