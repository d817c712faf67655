/** State of the files part of the kernel: plain data off `RootState.files`. */
import { type EventsState, eventsState } from './event-state.ts';
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
  /** Whether it is open or mapped, so that it outlives its last name. */
  held: boolean;
}

export interface MemoryFilesState {
  inodes: Record<string, MemoryInode>;
  nextInode: number;
  /** Bytes of chunks. */
  bytes: number;
}

export interface PipeState extends ByteRing {
  /** Open ends. */
  readers: number;
  writers: number;
}

export interface PipesState {
  pipes: Record<string, PipeState>;
  next: number;
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
  pipes: PipesState;
  sockets: SocketsState;
  events: EventsState;
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
    pipes: { pipes: {}, next: 1 },
    sockets: socketsState(),
    events: eventsState(),
    bootTime,
    counters: { opened: 0, bytesRead: 0, bytesWritten: 0 },
  };
}
