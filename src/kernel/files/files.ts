/** Files of the guest: the parts put together, behind the contract. */

import { Errno } from '../errno.ts';
import type { Result, VirtualMemory } from '../memory/contract.ts';
import { NO_PARENT } from '../process/create.ts';
import { takeTerminal } from '../process/terminal.ts';
import { type ObjectId, PROT_WRITE, type ProcessState, type RootState } from '../state.ts';
import type { Fifos, FileStat, Files, NamedFiles, OpenDescriptors } from './contract.ts';
import { Descriptors } from './descriptors.ts';
import { DeviceFileSystem, streamKeys } from './device-filesystem.ts';
import { EventCalls } from './event-calls.ts';
import type { Events } from './event-contract.ts';
import { FifoOpening } from './fifos.ts';
import { FileTable, type PageCache } from './file-table.ts';
import type { FileSystem, Jump } from './filesystem.ts';
import {
  AT_FDCWD,
  AT_SYMLINK_FOLLOW,
  isRegular,
  O_ACCMODE,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  X_OK,
} from './flags.ts';
import type { HostFiles, HostStreams } from './host.ts';
import { HostFileSystem } from './host-filesystem.ts';
import { HostNodes } from './host-nodes.ts';
import type { InputWaits } from './input-waits.ts';
import type { Locks } from './lock-contract.ts';
import { LockCalls } from './locks.ts';
import { MemoryFileSystem } from './memory-filesystem.ts';
import { Mounts } from './mounts.ts';
import { Names } from './names.ts';
import { DescriptorCalls } from './open-descriptors.ts';
import { Opening } from './opening.ts';
import { Paths } from './paths.ts';
import { permits } from './permissions.ts';
import { assemblePollable } from './pollable.ts';
import { ProcFileSystem } from './proc-filesystem.ts';
import type { ProcSources } from './proc-texts.ts';
import { SocketCalls } from './socket-calls.ts';
import type { Sockets } from './socket-contract.ts';
import { type DescriptionGraph, dropUnreachable } from './socket-cycles.ts';
import { StandardInput } from './standard-input.ts';
import type { FilesState } from './state.ts';

export interface KernelFilesParts {
  /** `root.files` and `root.random` hold all state. */
  readonly root: RootState;
  readonly host: HostFiles;
  readonly streams: HostStreams;
  /** Page frames of the machine, for /proc/meminfo. */
  readonly frames: number;
}

/** What `connect` takes of virtual memory, which is made after the files. */
export type ConnectedMemory = PageCache & Pick<VirtualMemory, 'listAreas' | 'counters'>;

interface ChangingSources extends ProcSources {
  memory: ProcSources['memory'];
}

export class KernelFiles implements Files {
  readonly names: NamedFiles;
  readonly descriptors: OpenDescriptors;
  readonly sockets: Sockets;
  readonly events: Events;
  readonly locks: Locks;
  readonly fifos: Fifos;
  /** For whoever runs the machine: who waits for standard input. */
  readonly inputWaits: InputWaits;
  readonly #root: RootState;
  readonly #state: FilesState;
  readonly #table: FileTable;
  readonly #open: Descriptors;
  readonly #opening: Opening;
  readonly #names: Names;
  readonly #paths: Paths;
  readonly #memory: MemoryFileSystem;
  readonly #devices: DeviceFileSystem;
  readonly #sources: ChangingSources;

  constructor({ root, host, streams, frames }: KernelFilesParts) {
    const state = root.files;
    const time = {
      get now() {
        return root.clock.now;
      },
      bootTime: state.bootTime,
    };
    this.#root = root;
    this.#state = state;
    this.#sources = { frames, writable: host.writable, memory: undefined };
    this.#memory = new MemoryFileSystem(state.memory, time);
    const input = new StandardInput(state.input, streams);
    const devices = new DeviceFileSystem(streams, input, root.random);
    this.#devices = devices;
    const openedAt = (description: number) => this.#open.openedAt(description);
    const { pipes, sockets, eventFiles, polling, epolls, inputWaits } = assemblePollable({
      root,
      time,
      devices,
      input,
      memory: this.#memory,
      openedAt,
      retain: (description) => this.#open.retain(description),
      release: (description) => this.#open.release(description),
    });
    this.inputWaits = inputWaits;
    const proc = new ProcFileSystem(root, this.#sources, {
      ofDescriptor: (process, descriptor) => this.#open.place(process, descriptor),
      ofProgram: (process) => this.#programOf(process),
    });
    const systems = {
      host: new HostFileSystem(host, new HostNodes(state.hostNodes, this.#memory)),
      memory: this.#memory,
      dev: devices,
      proc,
      pipe: pipes,
      socket: sockets,
      event: eventFiles,
    };
    const points = new Map<string, FileSystem>([
      ['tmp', this.#memory],
      ['dev', devices],
      ['proc', proc],
    ]);
    const mounts = new Mounts(systems, points);
    this.#table = new FileTable(state, mounts, this.#memory);
    this.#open = new Descriptors(state, mounts, this.#table, {
      closedBy: (process, file) => locks.closedBy(process, file),
      closed: (description, file) => {
        epolls.forget(description);
        locks.closed(description, file);
      },
      afterClose: () => dropUnreachable(state.sockets, graph, sockets.table.ancillaries),
    });
    const graph: DescriptionGraph = {
      descriptions: state.descriptions,
      socketOf: (description) => {
        const record = openedAt(description)?.record;
        return record?.mount === 'socket' ? record.key : undefined;
      },
    };
    const locks = new LockCalls(root, this.#open);
    this.locks = locks;
    this.#paths = new Paths(mounts, this.#open);
    const parts = {
      root,
      state,
      mounts,
      paths: this.#paths,
      table: this.#table,
      descriptors: this.#open,
      memory: this.#memory,
      devices,
      pipes,
      polling,
      fifos: new FifoOpening(this.#open, pipes),
    };
    this.fifos = parts.fifos;
    this.#opening = new Opening(parts);
    this.#names = new Names(mounts, this.#paths, this.#table);
    this.names = this.#names;
    this.descriptors = new DescriptorCalls(parts);
    this.sockets = new SocketCalls(this.#open, this.#names, sockets);
    this.events = new EventCalls({
      state: state.events,
      descriptors: this.#open,
      system: eventFiles,
      epolls,
      polling,
    });
  }

  /** To be called once, before any program runs: from then on read(2) and write(2) agree with mapped pages. */
  connect(memory: ConnectedMemory): void {
    this.#table.connect(memory);
    this.#sources.memory = memory;
  }

  /** Gives a process descriptors 0, 1 and 2: the standard streams, and the terminal if they are one. */
  openStandardStreams(process: ProcessState): void {
    const flags = [O_RDONLY, O_WRONLY, O_WRONLY];
    streamKeys.forEach((key, i) => {
      const isTerminal = this.#devices.isTerminal(key);
      const place = { mount: 'dev', key, path: isTerminal ? '/dev/tty' : `stream:[${i}]` } as const;
      this.#open.add(process, place, isTerminal ? O_RDWR : flags[i]!);
    });
    const isFree = this.#root.terminal.session === NO_PARENT;
    if (isFree && this.#devices.isTerminal('tty')) takeTerminal(this.#root, process.group);
  }

  open(process: ProcessState, directory: number, path: string, flags: number, mode: number): Result {
    return this.#opening.open(process, directory, path, flags, mode);
  }

  close(process: ProcessState, descriptor: number): Result {
    return this.#open.close(process, descriptor);
  }

  inherit(process: ProcessState): void {
    this.#open.inherit(process);
  }

  abandon(process: ProcessState): void {
    const { call } = process;
    for (const received of [call?.taken, call?.message])
      if (received !== undefined) this.sockets.release(received.rights);
    this.fifos.abandon(process);
  }

  closeAll(process: ProcessState): void {
    this.#open.closeAll(process);
  }

  duplicate(process: ProcessState, descriptor: number, least: number, closeOnExec: 'keep' | 'close'): Result {
    return this.#open.duplicate(process, descriptor, least, closeOnExec);
  }

  duplicateTo(process: ProcessState, descriptor: number, to: number, closeOnExec: 'keep' | 'close'): Result {
    return this.#open.duplicateTo(process, descriptor, to, closeOnExec);
  }

  read(process: ProcessState, descriptor: number, into: Uint8Array, offset?: number): Result {
    return this.#open.read(process, descriptor, into, offset);
  }

  write(process: ProcessState, descriptor: number, from: Uint8Array, offset?: number): Result {
    return this.#open.write(process, descriptor, from, offset);
  }

  seek(process: ProcessState, descriptor: number, offset: number, whence: number): Result {
    return this.#open.seek(process, descriptor, offset, whence);
  }

  statPath(process: ProcessState, directory: number, path: string, flags: number): FileStat | Result {
    const target = this.#names.target(process, directory, path, flags);
    return typeof target === 'number' ? target : target.stat;
  }

  statDescriptor(process: ProcessState, descriptor: number): FileStat | Result {
    return this.#open.stat(process, descriptor);
  }

  mappable(
    process: ProcessState,
    descriptor: number,
    protection: number,
    shared: boolean,
  ): ObjectId | { errno: Result } {
    const opened = this.#open.opened(process, descriptor);
    if (typeof opened === 'number') return { errno: opened };
    const { description, record, system } = opened;
    const access = description.flags & O_ACCMODE;
    if (access === O_WRONLY) return { errno: Errno.EACCES };
    if (shared && (protection & PROT_WRITE) !== 0 && access !== O_RDWR) return { errno: Errno.EACCES };
    const stat = system.stat(record.key);
    if (typeof stat === 'number') return { errno: stat };
    return isRegular(stat.mode) && record.mount !== 'proc' ? description.file : { errno: Errno.ENODEV };
  }

  sharedMemory(bytes: number): ObjectId {
    return this.#table.enterShared('/dev/zero (deleted)', bytes);
  }

  kernelPage(name: string, bytes: Uint8Array): ObjectId {
    return this.#nameless(name, bytes);
  }

  program(process: ProcessState, path: string): ObjectId | { errno: Result } {
    const given = this.#state.programs[path];
    const target = this.#names.target(process, AT_FDCWD, path, 0);
    const isThere = given !== undefined && this.#state.objects[given] !== undefined;
    if (isThere && target === Errno.ENOENT) return given;
    if (typeof target === 'number') return { errno: target };
    if (!isRegular(target.stat.mode) || !permits(target.stat, X_OK)) return { errno: Errno.EACCES };
    return this.#table.enter(target.place);
  }

  hostProgram(path: string, bytes: Uint8Array): ObjectId {
    const id = this.#nameless(path, bytes);
    this.#state.programs[path] = id;
    return id;
  }

  readPage(object: ObjectId, index: number, into: Uint8Array): boolean {
    return this.#table.readPage(object, index, into);
  }

  writePage(object: ObjectId, index: number, from: Uint8Array): boolean {
    return this.#table.writePage(object, index, from);
  }

  size(object: ObjectId): number {
    return this.#table.size(object);
  }

  path(object: ObjectId): string {
    return this.#table.path(object);
  }

  isForgotten(object: ObjectId): boolean {
    return this.#table.isForgotten(object);
  }

  isAnonymous(object: ObjectId): boolean {
    return this.#table.isAnonymous(object);
  }

  retain(object: ObjectId): void {
    this.#table.retain(object);
  }

  release(object: ObjectId): void {
    this.#table.release(object);
  }

  #nameless(path: string, bytes: Uint8Array): ObjectId {
    const key = this.#memory.createNameless(0o555, bytes);
    if (typeof key === 'number') throw new Error(`no room for ${path} among the files in memory`);
    return this.#table.enter({ mount: 'memory', key, path });
  }

  #programOf(process: ProcessState): Jump | undefined {
    const given = this.#state.programs[process.path];
    if (given !== undefined && this.#state.objects[given] !== undefined) return this.#table.file(given);
    const target = this.#names.target(process, AT_FDCWD, process.path, AT_SYMLINK_FOLLOW);
    return typeof target === 'number' ? undefined : target.place;
  }
}
