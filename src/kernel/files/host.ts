/**
 * What the kernel needs of the outside world, synchronously. The Node adapter is the only one that touches
 * the host's files; a browser gives an in-memory one. Nothing here is state: handles are re-opened by path
 * when a snapshot is resumed. Paths are absolute inside the guest's root, normalised, without `.`, `..` or
 * links in any component but the last: the kernel resolves links itself, component by component, so that no
 * path leaves the root.
 */

/** As stat(2), in numbers; times in ns since the epoch as bigint. */
export interface HostStat {
  kind: 'file' | 'directory' | 'link' | 'character' | 'pipe' | 'socket' | 'block';
  device: number;
  inode: number;
  mode: number;
  links: number;
  uid: number;
  gid: number;
  size: number;
  blocks: number;
  accessed: bigint;
  modified: bigint;
  changed: bigint;
}

/** A negative result is an errno of Linux, by number. */
export interface HostFiles {
  /** Whether anything may be changed (`--root DIR:rw`). */
  readonly writable: boolean;
  /** Does not follow a final link. */
  stat(path: string): HostStat | number;
  readLink(path: string): string | number;
  list(path: string): { name: string; kind: HostStat['kind']; inode: number }[] | number;
  /** Up to `into.length` bytes at `offset`; the count, 0 at the end. */
  readAt(path: string, offset: number, into: Uint8Array): number;
  writeAt(path: string, offset: number, from: Uint8Array): number;
  create(path: string, mode: number): number;
  makeDirectory(path: string, mode: number): number;
  makeLink(path: string, target: string): number;
  linkTo(path: string, existing: string): number;
  removeFile(path: string): number;
  removeDirectory(path: string): number;
  rename(from: string, to: string): number;
  truncate(path: string, size: number): number;
  setMode(path: string, mode: number): number;
  setTimes(path: string, accessed: bigint, modified: bigint): number;
  synchronize(path: string): number;
  /** Bytes in all and free, for statfs(2). */
  space(): { total: number; free: number; files: number };
}

/** Why a wait for standard input is over: it is ready, the time is over, or it was stopped. */
export type InputWait = 'ready' | 'late' | 'stopped';

/** Standard input that may have nothing yet: a terminal, a pipe whose writer is slow. */
export interface SlowInput {
  /** Whether a read would give something now: bytes, the end, or an error. Takes nothing away from reads. */
  isReady(): boolean;
  /** Resolves when it is, or after `ms`, or when it is stopped. One at a time. */
  whenReady(ms: number): Promise<InputWait>;
  stopWaiting(): void;
}

/** The guest's standard streams. */
export interface HostStreams {
  /** Reads standard input: count, 0 at the end; EAGAIN when there is nothing yet, from a `slowInput`; others may wait. */
  readInput(into: Uint8Array): number;
  /** How to wait for input while others go on; absent where reading always gives something, or waits by itself. */
  readonly slowInput?: SlowInput | undefined;
  /** Writes to standard output (1) or error (2); the count or -errno (EPIPE when nobody reads). */
  writeOutput(stream: 1 | 2, from: Uint8Array): number;
  isTerminal(stream: 0 | 1 | 2): boolean;
  /** Columns and rows when it is a terminal. */
  terminalSize(): { columns: number; rows: number };
  /** What stands behind a stream, so that fstat tells file from pipe. */
  kind(stream: 0 | 1 | 2): 'terminal' | 'file' | 'pipe';
}
