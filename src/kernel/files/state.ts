/** State of the files part of the kernel: plain data off `RootState.files`. */
import { type EventsState, eventsState } from './event-state.ts';
import type { FileLocks } from './lock-state.ts';
import type { ByteRing } from './ring.ts';
import { type SocketsState, socketsState } from './socket-state.ts';

/** The filesystems there are; a file is named by its filesystem and a key inside it. */
export type MountName = 'host' | 'memory' | 'dev' | 'proc' | 'pipe' | 'socket' | 'event';

export interface DirectoryEntry {
  name: string;
  inode: number;
  /** DT_* of getdents64(2). */
  type: number;
}

/** An open file description: what descriptors share after dup(2). */
export interface Description {
  /** Index in `objects` of the file. */
  file: number;
  /** Access mode and status flags, O_*; O_CREAT and the like are gone. */
  flags: number;
  /** Next byte; in a directory the next entry. */
  position: number;
  /** Descriptors that refer to it. */
  references: number;
  /** A directory's entries as they were when reading began. */
  listing: DirectoryEntry[] | undefined;
  /** Errors of its file's write-back that it was told of, or that were before it; absent: 0. */
  writeErrorsSeen?: number;
  /** Of a FIFO that was opened for reading without waiting for a writer: how many there had been (PipeState.writersEver). */
  writersBefore?: number;
}

/** A file that is open or mapped. */
export interface FileRecord {
  kind: 'file';
  mount: MountName;
  key: string;
  /** As it was opened, for /proc and events. */
  path: string;
  descriptions: number;
  /** Areas that map it; memory holds pages of it as long as there are any. */
  mappings: number;
  /** Pages that could not be written back to it; absent: 0. (Linux 6.6, lib/errseq.c, keeps the same.) */
  writeErrors?: number;
}

/** Shared anonymous memory: its pages live in memory and swap only. */
export interface SharedRecord {
  kind: 'shared';
  path: string;
  bytes: number;
  mappings: number;
}

export type ObjectRecord = FileRecord | SharedRecord;

/** Nanoseconds since the system started, or since 1970 when a program set it. */
export type Timestamp = number | bigint;

export interface MemoryInode {
  mode: number;
  uid: number;
  gid: number;
  links: number;
  size: number;
  /** 64 KiB each; absent or short ones read as zeros. */
  chunks: (Uint8Array | undefined)[];
  /** Of a directory: `/` + name to inode (the slash keeps names apart from what every object has). */
  entries: Record<string, string> | undefined;
  /** Of a directory: the one it is in. */
  parent: string;
  /** Of a symbolic link. */
  target: string;
  accessed: Timestamp;
  modified: Timestamp;
  changed: Timestamp;
  /** How often it is open or mapped, and so outlives its last name. */
  held: number;
}

export interface MemoryFilesState {
  inodes: Record<string, MemoryInode>;
  nextInode: number;
  /** Bytes of chunks. */
  bytes: number;
}

/** A page of a pipe: bytes that were ever put into it, and those of them that were not read yet. */
export interface PipePage {
  filled: number;
  left: number;
}

export interface PipeState extends ByteRing {
  /** Pages in use, the first to be read first; no write begins in a page that another one has filled too far. */
  pages: PipePage[];
  /** Pages that it may have (F_SETPIPE_SZ). */
  most: number;
  /** Open ends. */
  readers: number;
  writers: number;
  /** How often each end was ever opened. */
  readersEver: number;
  writersEver: number;
  /** Inode in memory of the FIFO that it is; `undefined`: it has no name. */
  node: string | undefined;
}

export interface PipesState {
  pipes: Record<string, PipeState>;
  /** Inode of a FIFO that is open to its pipe. */
  fifos: Record<string, string>;
  next: number;
}

export interface InputState {
  /** Whether those who wait were told of input, and nobody has found it missing since. */
  isTold: boolean;
}

export interface FileCounters {
  opened: number;
  bytesRead: number;
  bytesWritten: number;
}

export interface FilesState {
  descriptions: (Description | undefined)[];
  /** By ObjectId; numbers are never used again. */
  objects: Record<number, ObjectRecord>;
  nextObject: number;
  /** `mount:key` to ObjectId, for files. */
  byNode: Record<string, number>;
  /** Programs given from the host outside the root: path to ObjectId. */
  programs: Record<string, number>;
  memory: MemoryFilesState;
  /** FIFOs and sockets with a name in the host's directories, which the host does not see: path to inode in memory. */
  hostNodes: Record<string, string>;
  pipes: PipesState;
  sockets: SocketsState;
  events: EventsState;
  /** By ObjectId, of files that have any. */
  locks: Record<number, FileLocks>;
  input: InputState;
  /** The date at which the system started, seconds since 1970. */
  bootTime: number;
  counters: FileCounters;
}

/** 2026-01-01T00:00:00Z. */
export const DEFAULT_BOOT_TIME = 1_767_225_600;

/** No file open, nothing in memory but an empty /tmp. */
export function filesState(bootTime: number = DEFAULT_BOOT_TIME): FilesState {
  return {
    descriptions: [],
    objects: {},
    nextObject: 1,
    byNode: {},
    programs: {},
    memory: { inodes: {}, nextInode: 2, bytes: 0 },
    hostNodes: {},
    pipes: { pipes: {}, fifos: {}, next: 1 },
    sockets: socketsState(),
    events: eventsState(),
    locks: {},
    input: { isTold: false },
    bootTime,
    counters: { opened: 0, bytesRead: 0, bytesWritten: 0 },
  };
}
