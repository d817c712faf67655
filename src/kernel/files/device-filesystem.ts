/** /dev, and the three standard streams, which have no name but the descriptors'. A key is a name. */
import { nextUint32, type RandomState } from '../../base/random.ts';
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { FileStat } from './contract.ts';
import { FixedFileSystem, type Found, type Space } from './filesystem.ts';
import { entryType, GUEST_UID, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK } from './flags.ts';
import type { HostStreams } from './host.ts';
import type { StandardInput } from './standard-input.ts';
import type { DirectoryEntry } from './state.ts';

const DEVTMPFS_MAGIC = 0x01021994;
const DEVICE = 6;
const ROOT = '';

interface Device {
  readonly inode: number;
  readonly mode: number;
  /** Major and minor number as in Linux's list of devices. */
  readonly rdevice: number;
  readonly target?: string;
}

const makeDevice = (major: number, minor: number) => major * 256 + minor;

const devices: Readonly<Record<string, Device>> = {
  null: { inode: 3, mode: S_IFCHR | 0o666, rdevice: makeDevice(1, 3) },
  zero: { inode: 5, mode: S_IFCHR | 0o666, rdevice: makeDevice(1, 5) },
  full: { inode: 7, mode: S_IFCHR | 0o666, rdevice: makeDevice(1, 7) },
  random: { inode: 8, mode: S_IFCHR | 0o666, rdevice: makeDevice(1, 8) },
  urandom: { inode: 9, mode: S_IFCHR | 0o666, rdevice: makeDevice(1, 9) },
  tty: { inode: 10, mode: S_IFCHR | 0o666, rdevice: makeDevice(5, 0) },
  fd: { inode: 11, mode: S_IFLNK | 0o777, rdevice: 0, target: '/proc/self/fd' },
  stdin: { inode: 12, mode: S_IFLNK | 0o777, rdevice: 0, target: '/proc/self/fd/0' },
  stdout: { inode: 13, mode: S_IFLNK | 0o777, rdevice: 0, target: '/proc/self/fd/1' },
  stderr: { inode: 14, mode: S_IFLNK | 0o777, rdevice: 0, target: '/proc/self/fd/2' },
  shm: { inode: 15, mode: S_IFLNK | 0o777, rdevice: 0, target: '/tmp' },
};

/** The key of a standard stream. */
export type StreamKey = '<0' | '>1' | '>2';
export const streamKeys: readonly StreamKey[] = ['<0', '>1', '>2'];
export const isStreamKey = (key: string): key is StreamKey => key === '<0' || key === '>1' || key === '>2';
const streamOf = (key: StreamKey): 0 | 1 | 2 => (key === '<0' ? 0 : key === '>1' ? 1 : 2);

export class DeviceFileSystem extends FixedFileSystem {
  readonly name = 'dev';
  readonly rootKey = ROOT;
  readonly #streams: HostStreams;
  readonly #random: RandomState;
  readonly #input: StandardInput;

  constructor(streams: HostStreams, input: StandardInput, random: RandomState) {
    super();
    this.#streams = streams;
    this.#input = input;
    this.#random = random;
  }

  override seekable(key: string): boolean {
    return key !== 'tty' && !isStreamKey(key);
  }

  lookup(directory: string, name: string): Found | Result {
    if (directory !== ROOT) return Errno.ENOTDIR;
    if (!Object.hasOwn(devices, name)) return Errno.ENOENT;
    return { key: name, stat: this.stat(name) };
  }

  stat(key: string): FileStat {
    if (key === ROOT) return statOf(1, S_IFDIR | 0o755, 0, 0);
    if (!isStreamKey(key)) {
      const device = devices[key]!;
      return statOf(device.inode, device.mode, device.rdevice, 0);
    }
    // A file looks like a pipe as well: the streams can't seek, and redirecting them then changes no run.
    if (this.isTerminal(key))
      return statOf(devices.tty!.inode, S_IFCHR | 0o620, devices.tty!.rdevice, GUEST_UID);
    return statOf(20 + streamOf(key), S_IFIFO | 0o600, 0, GUEST_UID);
  }

  override readLink(key: string): string | Result {
    return devices[key]?.target ?? Errno.EINVAL;
  }

  list(key: string): DirectoryEntry[] | Result {
    if (key !== ROOT) return Errno.ENOTDIR;
    return Object.entries(devices).map(([name, { inode, mode }]) => ({ name, inode, type: entryType(mode) }));
  }

  read(key: string, _offset: number, into: Uint8Array): Result {
    switch (key) {
      case '<0':
        return this.#input.read(into);
      case 'tty':
        return this.isTerminal('<0') ? this.#input.read(into) : Errno.EIO;
      case 'null':
        return 0;
      case 'zero':
      case 'full':
        into.fill(0);
        return into.length;
      case 'random':
      case 'urandom':
        fillRandom(this.#random, into);
        return into.length;
      case ROOT:
        return Errno.EISDIR;
      default:
        // Where they are the terminal, output and errors can be read as well.
        return this.isInput(key) ? this.#input.read(into) : Errno.EBADF;
    }
  }

  write(key: string, _offset: number, from: Uint8Array): Result {
    switch (key) {
      case '>1':
        return this.#streams.writeOutput(1, from);
      case '>2':
        return this.#streams.writeOutput(2, from);
      case 'tty':
        return this.#streams.writeOutput(this.isTerminal('>1') ? 1 : 2, from);
      case 'full':
        return Errno.ENOSPC;
      case 'null':
      case 'zero':
      case 'random':
      case 'urandom':
        return from.length;
      default:
        return Errno.EBADF;
    }
  }

  /** Whether a stream, or /dev/tty, is a terminal. */
  isTerminal(key: string): boolean {
    if (isStreamKey(key)) return this.#streams.isTerminal(streamOf(key));
    return key === 'tty' && streamKeys.some((stream) => this.isTerminal(stream));
  }

  /** Whether it is standard input that is read. */
  isInput(key: string): boolean {
    return key === '<0' || (this.isTerminal(key) && this.isTerminal('<0'));
  }

  /** Whether reading would give something now, if only the end. */
  isReadable(key: string): boolean {
    return !this.isInput(key) || this.#input.isReady();
  }

  /** Whether reading gives all that was asked for unless the end has come. */
  fillsReads(key: string): boolean {
    return key !== 'tty' && (!isStreamKey(key) || this.#streams.kind(streamOf(key)) === 'file');
  }

  terminalSize(): { columns: number; rows: number } {
    return this.#streams.terminalSize();
  }

  space(): Space {
    return { type: DEVTMPFS_MAGIC, blockSize: 4096, blocks: 0, free: 0, files: 0 };
  }

  override truncate(_key: string, _size: number): Result {
    return Errno.EINVAL;
  }
}

function statOf(inode: number, mode: number, rdevice: number, uid: number): FileStat {
  const times = { accessed: 0n, modified: 0n, changed: 0n };
  return { device: DEVICE, inode, mode, links: 1, uid, gid: uid, rdevice, size: 0, blocks: 0, ...times };
}

/** Fills with bytes of the system's seeded generator, least significant first. */
export function fillRandom(random: RandomState, into: Uint8Array): void {
  for (let at = 0; at < into.length; at += 4) {
    const word = nextUint32(random);
    for (let i = 0; i < 4 && at + i < into.length; i++) into[at + i] = word >>> (8 * i);
  }
}
