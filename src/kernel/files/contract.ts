/** Files as the system calls, the loader and virtual memory use them. Every method answers >= 0 or -errno. */
import type { BackingObjects, Result } from '../memory/contract.ts';
import type { ObjectId, ProcessState } from '../state.ts';
import type { Events } from './event-contract.ts';
import type { Space } from './filesystem.ts';
import type { Locks } from './lock-contract.ts';
import type { Sockets } from './socket-contract.ts';
import type { Description, DirectoryEntry } from './state.ts';

export interface FileStat {
  device: number;
  inode: number;
  mode: number;
  links: number;
  uid: number;
  gid: number;
  rdevice: number;
  size: number;
  /** Of 512 bytes. */
  blocks: number;
  /** Times in ns since 1970. */
  accessed: bigint;
  modified: bigint;
  changed: bigint;
}

/** A call that names a file takes a directory descriptor or AT_FDCWD, a path, and AT_* flags, as in the *at(2) calls. */
export interface NamedFiles {
  /** faccessat2(2) with F_OK, R_OK, W_OK, X_OK. */
  access(process: ProcessState, directory: number, path: string, mode: number, flags: number): Result;
  readLink(process: ProcessState, directory: number, path: string): string | Result;
  makeDirectory(process: ProcessState, directory: number, path: string, mode: number): Result;
  /** mknodat(2): regular files, FIFOs and sockets; devices are EPERM. */
  makeNode(process: ProcessState, directory: number, path: string, mode: number): Result;
  makeLink(process: ProcessState, target: string, directory: number, path: string): Result;
  link(
    process: ProcessState,
    directory: number,
    path: string,
    toDirectory: number,
    toPath: string,
    flags: number,
  ): Result;
  /** unlinkat(2) with AT_REMOVEDIR. */
  remove(process: ProcessState, directory: number, path: string, flags: number): Result;
  rename(
    process: ProcessState,
    directory: number,
    path: string,
    toDirectory: number,
    toPath: string,
    flags: number,
  ): Result;
  setMode(process: ProcessState, directory: number, path: string, mode: number, flags: number): Result;
  /** -1 leaves an owner or a group. */
  setOwner(
    process: ProcessState,
    directory: number,
    path: string,
    uid: number,
    gid: number,
    flags: number,
  ): Result;
  /** ns since 1970; `undefined` leaves a time. */
  setTimes(
    process: ProcessState,
    directory: number,
    path: string,
    times: { accessed: bigint | undefined; modified: bigint | undefined },
    flags: number,
  ): Result;
  truncate(process: ProcessState, path: string, size: number): Result;
  changeDirectory(process: ProcessState, directory: number, path: string, flags: number): Result;
  space(process: ProcessState, directory: number, path: string, flags: number): Space | Result;
}

/** What a descriptor can do now, as poll(2) has it, and what it is. */
export interface Readiness {
  /** POLLIN, POLLOUT, POLLHUP, POLLERR, POLLRDHUP. */
  readonly events: number;
  /** Bytes that can be read at once, for FIONREAD; `undefined` where that is not known. */
  readonly available: number | undefined;
  /**
   * Whether a read may be made in parts: it never waits for more than there is. False where one read gives one
   * thing, a line or a count.
   */
  readonly fillsReads: boolean;
  /** `file`: also what is none of the others. `stream` and `datagram` are sockets. */
  readonly kind: 'file' | 'terminal' | 'pipe' | 'stream' | 'datagram' | 'event';
}

/** Calls on an open descriptor. */
export interface OpenDescriptors {
  /** The description: its flags, and the position that a directory is read at. EBADF when it is closed. */
  description(process: ProcessState, descriptor: number): Description | Result;
  /** F_SETFL: O_APPEND, O_NONBLOCK, O_DIRECT and O_NOATIME change, the rest stays. */
  setStatusFlags(process: ProcessState, descriptor: number, flags: number): Result;
  /** ftruncate(2). */
  truncate(process: ProcessState, descriptor: number, size: number): Result;
  allocate(process: ProcessState, descriptor: number, mode: number, offset: number, length: number): Result;
  /** fsync(2): what was written reaches the host. */
  synchronize(process: ProcessState, descriptor: number): Result;
  /** sync(2). */
  synchronizeAll(): Result;
  /** The entries of a directory, as they were when its position was last 0; the caller moves the position. */
  list(
    process: ProcessState,
    descriptor: number,
  ): { description: Description; entries: readonly DirectoryEntry[] } | Result;
  readiness(process: ProcessState, descriptor: number): Readiness | Result;
  /** What is woken when the descriptor's readiness changes, see process/wakeups.ts; nothing for what is always ready. */
  channels(process: ProcessState, descriptor: number): readonly string[];
  /** Virtual time at which its readiness changes by itself, as that of timers does; Infinity: never. */
  changesAt(process: ProcessState, descriptor: number): number;
  /** pipe2(2): descriptors to read from and to write to. */
  pipe(process: ProcessState, flags: number): readonly [number, number] | Result;
  /** Bytes that a write of so many to a pipe begins with: as many as fit into one of its pages. */
  firstPiece(process: ProcessState, descriptor: number, bytes: number): number;
  /** F_GETPIPE_SZ, F_SETPIPE_SZ: EBADF when it is no pipe, EBUSY, EPERM, EINVAL. */
  pipeSize(process: ProcessState, descriptor: number): Result;
  resizePipe(process: ProcessState, descriptor: number, bytes: number): Result;
  /** memfd_create(2) with O_CLOEXEC or 0. */
  memoryFile(process: ProcessState, name: string, flags: number): Result;
  terminalSize(): { columns: number; rows: number };
}

/** FIFOs that are being opened. `Files.open` answers EAGAIN, with `process.call.opening`, when one has to wait. */
export interface Fifos {
  /** Tries again: a descriptor, or EAGAIN. */
  goOn(process: ProcessState): Result;
  /** What is woken when the other end is opened, see process/wakeups.ts. */
  channel(process: ProcessState): string;
  /** Gives back what is half opened; does nothing when that is nothing. */
  abandon(process: ProcessState): void;
}

export interface Files extends BackingObjects {
  /** Calls that ask about names and change them. */
  readonly names: NamedFiles;
  readonly descriptors: OpenDescriptors;
  readonly sockets: Sockets;
  readonly events: Events;
  readonly locks: Locks;
  readonly fifos: Fifos;
  /** openat(2): a new descriptor. */
  open(process: ProcessState, directory: number, path: string, flags: number, mode: number): Result;
  close(process: ProcessState, descriptor: number): Result;
  /** Counts the descriptors that a process has from its parent (fork). */
  inherit(process: ProcessState): void;
  /**
   * Gives back what the system call of a process has half done and will not go on with: a FIFO it has half opened,
   * descriptions it has received and not told of.
   */
  abandon(process: ProcessState): void;
  /** Closes everything (exit). */
  closeAll(process: ProcessState): void;
  duplicate(process: ProcessState, descriptor: number, least: number, closeOnExec: 'keep' | 'close'): Result;
  duplicateTo(process: ProcessState, descriptor: number, to: number, closeOnExec: 'keep' | 'close'): Result;
  /** At the description's position, which moves; `offset` given: there, position unmoved. */
  read(process: ProcessState, descriptor: number, into: Uint8Array, offset?: number): Result;
  write(process: ProcessState, descriptor: number, from: Uint8Array, offset?: number): Result;
  seek(process: ProcessState, descriptor: number, offset: number, whence: number): Result;
  statPath(process: ProcessState, directory: number, path: string, flags: number): FileStat | Result;
  statDescriptor(process: ProcessState, descriptor: number): FileStat | Result;
  /** The object behind a descriptor, to map it; checks access mode against what the mapping wants. */
  mappable(
    process: ProcessState,
    descriptor: number,
    protection: number,
    shared: boolean,
  ): ObjectId | { errno: Result };
  /** A new object of shared anonymous memory. */
  sharedMemory(bytes: number): ObjectId;
  /** An object with these bytes, read-only, made by the kernel (the signal trampoline). */
  kernelPage(name: string, bytes: Uint8Array): ObjectId;
  /** Opens a program for the loader: the object of a regular file, links followed, or -errno. */
  program(process: ProcessState, path: string): ObjectId | { errno: Result };
  /** A program on the host outside of the root, as named on the command line. */
  hostProgram(path: string, bytes: Uint8Array): ObjectId;
}
