/**
 * Virtual memory as the rest of the kernel uses it.
 */
import type { Nanoseconds, Pid, SpaceId, VirtualAddress, Vpn } from '../../base/numbers.ts';
import type { Access } from '../../machine/contract.ts';
import type { DiskRequest, Ticket } from '../disk.ts';
import type { ElfImage } from '../loader/elf.ts';
import type { Area, ObjectId, RequestState, SpaceState } from '../state.ts';
import type { TableCounters } from './leaf-table-state.ts';
import type { PagingCounters } from './paging-rules.ts';
import type { SuperpageCounters } from './superpage-state.ts';

/** What became of a fault. Only trap code turns it into resume, sleep, signal or kill. */
export type Outcome =
  | { readonly kind: 'resumed' }
  /** The page is on its way; the process waits for this request. */
  | { readonly kind: 'blocked'; readonly request: number }
  /** An access that the program may not make. `code` is si_code: SEGV_MAPERR 1, SEGV_ACCERR 2, BUS_ADRERR 2. */
  | {
      readonly kind: 'signal';
      readonly signal: number;
      readonly code: number;
      readonly address: VirtualAddress;
      /** What was accessed, from where and why not: for the report. */
      readonly detail?: string;
    }
  /** No frame can be had, as swap is full or all that is not pinned is too little, or tables have no room: the process is killed. */
  | { readonly kind: 'out-of-memory'; readonly lacks: 'frames' | 'tables' | 'swap'; readonly detail: string };

/** What is said instead of making a space when memory or swap can't hold it; the caller answers ENOMEM. */
export type OutOfMemory = Outcome & { readonly kind: 'out-of-memory' };

export const isOutOfMemory = (made: SpaceState | OutOfMemory): made is OutOfMemory => 'kind' in made;

/**
 * How fork(2) gives a child its parent's pages. `copy-on-write`: both map the same frames and swap slots until one
 * of them writes. `eager`: every page that the parent may write, or has written, is copied at once; pages of files
 * that it may only read stay shared.
 */
export type ForkMode = 'eager' | 'copy-on-write';

/** Thrown by `UserMemory` and caught only by the system-call dispatcher, which answers EFAULT. */
export class BadAddress extends Error {}
/**
 * Thrown by `UserMemory`, `forkSpace` and `newSpace` when a page has to come first; the dispatcher blocks the
 * process and restarts the call.
 */
export class PageWait extends Error {
  readonly outcome: Outcome;
  constructor(outcome: Outcome) {
    super('page wait');
    this.outcome = outcome;
  }
}

/**
 * The kernel's access to the running process's memory. Pages are brought in, pinned while they are copied,
 * marked referenced and dirty, stamped and recorded as the process's own accesses would be. Each call throws
 * `BadAddress` where the process itself would fault for good, and `PageWait` where it would sleep. A system call
 * therefore makes all its reads, and `prepare`s what it will write, before it has any side effect; long
 * transfers go page by page and keep their progress in `process.call`. The pages of one step, which ends when
 * `process.call.done` changes or the call is over, stay pinned together: they must fit into memory at once.
 */
export interface UserMemory {
  read(address: VirtualAddress, into: Uint8Array): void;
  write(address: VirtualAddress, from: Uint8Array): void;
  /** Makes sure that `bytes` bytes from `address` may be accessed, without touching their contents. */
  prepare(address: VirtualAddress, bytes: number, access: Access): void;
  /** A zero-terminated string in UTF-8, at most `limit` bytes; `undefined` when longer (ENAMETOOLONG). */
  readString(address: VirtualAddress, limit: number): string | undefined;
  readU32(address: VirtualAddress): number;
  readU64(address: VirtualAddress): bigint;
  writeU32(address: VirtualAddress, value: number): void;
  writeU64(address: VirtualAddress, value: bigint): void;
}

/** A negative number is an errno. */
export type Result = number;

/** Where bytes of backing objects come from and go to. Implemented by kernel/files; pure state plus a host port. */
export interface BackingObjects {
  /** Bytes of page `index` into `into` (4096 bytes, zero-filled beyond the end). False when the host failed. */
  readPage(object: ObjectId, index: number, into: Uint8Array): boolean;
  /** Writes back a shared page, not beyond the object's size. */
  writePage(object: ObjectId, index: number, from: Uint8Array): boolean;
  /** Size in bytes now. */
  size(object: ObjectId): number;
  /** Whether nobody can read its bytes any more once the last area that maps it goes: no name, no descriptor. */
  isForgotten(object: ObjectId): boolean;
  /** Shown in areas and events. */
  path(object: ObjectId): string;
  /** Whether pages of it live in swap when evicted (shared anonymous memory) rather than in a file. */
  isAnonymous(object: ObjectId): boolean;
  /** One more or one fewer area maps the object. */
  retain(object: ObjectId): void;
  release(object: ObjectId): void;
}

/** Transfers of swap that failed: reads, pages that came back otherwise, writes, those that ended early, no room. */
export interface SwapErrors {
  read: number;
  corrupt: number;
  write: number;
  short: number;
  full: number;
}

/** Traps of a software-managed TLB; words that were read to look pages up; entries that fault handlers put in. */
export interface RefillCounters {
  misses: number;
  modifies: number;
  reads: number;
  byHandler: number;
}

/** Everything counted by the memory part of the kernel. */
export interface MemoryCounters {
  faults: Record<string, number>;
  /** Faults for which a page was read from swap or a file. */
  majorFaults: number;
  evictionsClean: number;
  evictionsDirty: number;
  /** Write-backs that were not needed because the victim was clean and its copy still good. */
  writesSaved: number;
  swapReads: number;
  swapWrites: number;
  fileReads: number;
  fileWrites: number;
  swapUsed: number;
  swapPeak: number;
  storeFailures: number;
  /** Of these, transfers of swap by what went wrong, and of files. */
  swapErrors: SwapErrors;
  fileErrors: { read: number; write: number };
  /** Writes that failed and were made again in another slot. */
  writesRetried: number;
  /** Slots that are not used any more because they have failed. */
  badSlots: number;
  /** Pages that could not be read back. */
  lostPages: number;
  /**
   * Processes that wanted such a page: how often they were signalled, and how often the kernel's access for them
   * failed (EFAULT).
   */
  refused: Record<number, { signals: number; calls: number }>;
  tableFrames: number;
  tableFramesPeak: number;
  residentPages: number;
  residentPeak: number;
  zeroedFrames: number;
  /** Most pages that one instruction, or one step of a system call, can need at once; see pins.ts. */
  pinnedPeak: number;
  /**
   * Most frames that had to be there at once: tables, and the pages that the most demanding live process needs in
   * one step. With fewer the run would have been refused.
   */
  neededPeak: number;
  /** Address spaces forked. */
  forks: Record<ForkMode, number>;
  /** Pages, in memory or in swap, that children were given to share with their parents. */
  forkShared: number;
  /** Pages that eager forks copied. */
  forkCopied: number;
  /** Table frames that forks made for children. */
  forkTables: number;
  /** Pages shared since a fork that were copied later, because one of the sharers wrote first. */
  copiedOnWrite: number;
  /** Pages once shared that a write found to be nobody else's any more, so that no copy was needed. */
  takenOver: number;
  /** Read-ahead, page daemon, clusters, cleaning. */
  paging: PagingCounters;
  /** What the kernel did for a TLB that software refills. */
  refills: RefillCounters;
  /** Where leaf tables may go to swap. */
  tablePaging: TableCounters;
  superpages: SuperpageCounters;
  /** Pages that left their resident sets and stayed in their frames, and those that were used again there. */
  setAside: number;
  rescues: number;
  /** Pages that were written to be clean while they stay in memory, and how often some were written together. */
  cleaned: number;
  cleanings: number;
}

/** What is asked of memory by the loader and the system calls. Addresses and lengths are checked by the callee. */
export interface VirtualMemory {
  /** An empty space for a first program, of that scheme, which the machine was made with, or of the usual one. @throws UserError when there is no frame for its root table */
  createSpace(translation?: string): SpaceState;
  /** An empty space for a program that is run by another (execve). @throws PageWait */
  newSpace(translation?: string): SpaceState | OutOfMemory;
  /**
   * Lays an empty space out for a program, whose file has these bytes.
   * @returns why it can't be run in this memory, `undefined` when it can
   */
  suit(space: SpaceState, image: ElfImage, bytes: Uint8Array): string | undefined;
  /**
   * A space like `parent`, for the child that the running process makes: the same areas, break and contents. May
   * throw PageWait: then the process has to wait and begin the call again, at the same instruction, and the work
   * done is kept for it. When the fork fails nothing of the child is left. Pages that the parent has prepared for
   * writing may have to be copied before it writes them now, and so be waited for.
   */
  forkSpace(parent: SpaceState, mode: ForkMode): SpaceState | OutOfMemory;
  /**
   * Gives up whatever only this space has, its tables, and what forks of it under way have made. Pages and slots
   * that others share stay theirs. No process may use the space any more.
   */
  destroySpace(id: SpaceId): void;
  /** The machine translates in this space from now on; see asids.ts. */
  enterSpace(space: SpaceState): void;
  /** The process has ended and accesses memory no more: lets go its pins and the child that it was making. */
  forgetProcess(pid: Pid): void;
  /** A page fault of the running process at `address` by the instruction at `pc`. */
  fault(space: SpaceState, address: VirtualAddress, access: Access, pc: VirtualAddress): Outcome;
  /**
   * The TLB, which software refills, lacks the page at `address`: `undefined` when its entry was put in, else what became
   * of the page fault.
   */
  tlbMiss(
    space: SpaceState,
    address: VirtualAddress,
    access: Access,
    pc: VirtualAddress,
  ): Outcome | undefined;
  /** A store by a clean entry of such a TLB; the same. */
  tlbModify(space: SpaceState, address: VirtualAddress, pc: VirtualAddress): Outcome | undefined;
  /**
   * What a TLB miss that was only filled takes: a trap into the kernel, or nothing, where the TLB stands for registers
   * that translate by themselves.
   */
  readonly refills: 'by the kernel' | 'for registers';
  /**
   * The request's virtual time has come: moves the real bytes (awaiting the store if need be) and maps the page.
   * Whoever waits for the request goes on and tries again. What comes out is for the process that it was made for
   * alone: ask `askerOf` first.
   */
  complete(request: RequestState): Promise<Outcome> | Outcome;
  /** The process whose access made a request, which may have ended since. Others may wait for it as well. */
  askerOf(request: RequestState): Pid;
  /** Access to the memory of a space; pins and records as described there. */
  user(space: SpaceState): UserMemory;

  /** Adds an area exactly there; the range must be free (loader). */
  addArea(space: SpaceState, area: Area): void;
  /** mmap(2) without the descriptor: address or -errno. `fixed`: 'replace' MAP_FIXED, 'noreplace', 'hint'. */
  map(
    space: SpaceState,
    request: {
      address: VirtualAddress;
      length: number;
      protection: number;
      shared: boolean;
      fixed: 'replace' | 'noreplace' | 'hint';
      backing: Area['backing'];
      growLimit: number;
      name: string;
    },
  ): Result;
  unmap(space: SpaceState, address: VirtualAddress, length: number): Result;
  protect(space: SpaceState, address: VirtualAddress, length: number, protection: number): Result;
  remap(
    space: SpaceState,
    address: VirtualAddress,
    oldLength: number,
    newLength: number,
    flags: number,
    newAddress: VirtualAddress,
  ): Result;
  advise(space: SpaceState, address: VirtualAddress, length: number, advice: number): Result;
  /** brk(2): the new break, or the old one when it can't be had. */
  setBreak(space: SpaceState, address: VirtualAddress): VirtualAddress;
  synchronize(space: SpaceState, address: VirtualAddress, length: number, flags: number): Result;
  /** mincore(2): one byte a page. */
  residency(space: SpaceState, address: VirtualAddress, length: number): Uint8Array | Result;

  /** Pages of `object` from byte `from` on are gone (truncate): drops them from memory. */
  objectTruncated(object: ObjectId, from: number): void;
  /** Copies page cache contents over `into` where a mapped page of the object is newer than the file; for read(2). */
  readThroughCache(object: ObjectId, offset: number, into: Uint8Array): void;
  /** Writes the dirty pages of a file that is mapped to it; EIO when one could not be written. For fsync(2). */
  synchronizeObject(object: ObjectId): Result;
  /** Bytes were written to the object: updates its cached pages; for write(2). */
  writeThroughCache(object: ObjectId, offset: number, from: Uint8Array): void;

  readonly counters: MemoryCounters;
  /** As in /proc/PID/maps, with resident and swapped pages. */
  listAreas(space: SpaceState): { area: Area; resident: number; swapped: number }[];
  /** The guest used the page at `address`; for policies that are told of every reference. */
  referenced(space: SpaceState, address: VirtualAddress): void;
  /** Busy time at which the replacement policy wants its next clock interrupt; `undefined`: it wants none. */
  readonly nextInterrupt: number | undefined;
  /** Time has passed: the policy's interrupts that are due are told. */
  clockInterrupt(): void;
  /** When `background` has something to do by itself next; `undefined`: never. */
  readonly nextBackground: number | undefined;
  /** What is done between two steps of programs: the page daemon frees frames, and dirty pages are written. */
  background(): void;
  /** Evicts the pages that only this space has, as far as they may go and swap has room; how many. */
  swapOut(space: SpaceState): number;
  /** Pages of the space that were used since this was last asked. */
  sampleWorkingSet(space: SpaceState): number;
  /**
   * Whether memory can hold all tables and, beside them, what the most demanding of the live processes needs in one
   * step. While it can, some process always makes progress; when not, the one that is running must not go on.
   */
  readonly hasRoom: boolean;
  /** Throws, naming what is broken: each frame owned exactly as the reverse map says, tables agree, nothing lost. */
  checkInvariants(): void;
}

/**
 * Takes down references when a run is recorded. The trap loop hands over the guest's, from the machine's ring,
 * before it handles a trap; virtual memory hands over those that `UserMemory` makes for the guest, one a page
 * and call, and the pages that are gone. Part of what `Memory` is made from; `undefined` when nothing is recorded.
 */
export interface ReferenceSink {
  reference(space: SpaceId, kind: Access, address: VirtualAddress, bytes: number): void;
  /** Pages from `page` on are gone for good (unmapped, given up, space destroyed), and not only evicted. */
  gone(space: SpaceId, page: Vpn, count: number): void;
  /** The entry of a page that stays in memory allows something else from now on, or those of all pages of a space. */
  changed(space: SpaceId, page: Vpn | 'all'): void;
}

/** What the kernel's own work is booked under. */
export type ChargedComponent =
  | 'traps'
  | 'refills'
  | 'walks'
  | 'faults'
  | 'systemCalls'
  | 'switches'
  | 'forks'
  | 'moves'
  | 'jobs';

/** Virtual time spent, by component; the kernel's parts charge what they do. */
export interface Clock {
  readonly now: Nanoseconds;
  /** `now` without the time in which the processor had nothing to do: the policies' clock. */
  readonly busy: Nanoseconds;
  charge(component: ChargedComponent, ns: number): void;
  /** Queues a transfer on the disk, and says when it is done. */
  disk(request: DiskRequest): Ticket;
  /** What lies at a place of the disk is not needed any more: see `Disk.forget`. */
  forget(place: number): void;
  /** When the disk has nothing left to do, as things stand. */
  readonly diskFreeAt: Nanoseconds;
  /** Lets time pass until `time`. */
  idleUntil(time: Nanoseconds): void;
}
