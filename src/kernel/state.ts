/**
 * The one root that all kernel state hangs off: records, arrays and typed arrays only, so that
 * `structuredClone` of it, with the machine's state and the store's contents, is a snapshot.
 */
import type { Frame, Nanoseconds, Pid, Slot, SpaceId, VirtualAddress, Vpn } from '../base/numbers.ts';
import type { RandomState } from '../base/random.ts';
import type { RegisterContext } from '../machine/contract.ts';
import type { FilesState } from './files/state.ts';

/** A file-like thing that pages can come from: a file of the host, an in-memory file, shared memory, the kernel's own page. */
export type ObjectId = number & { readonly objectId?: never };

/** Protection bits as in mmap(2). */
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;

/** A range of a space with one protection and one backing; `start` inclusive, `end` exclusive, page-aligned. */
export interface Area {
  start: VirtualAddress;
  end: VirtualAddress;
  protection: number;
  /** Writes are seen by every mapping of the backing object. */
  shared: boolean;
  /** Grows downwards on a fault just below it, to at most `growLimit` bytes in all. 0: does not grow. */
  growLimit: number;
  /** `undefined`: demand zero. `offset` is that of `start` in the object, in bytes, page-aligned. */
  backing:
    | {
        object: ObjectId;
        offset: number /** bytes of the object visible from `offset`; beyond them zeros (bss in the last page of data) */;
        length: number;
      }
    | undefined;
  /** As in /proc/PID/maps: a path, `[heap]`, `[stack]`, `[vdso]` or empty. */
  name: string;
}

export interface SpaceState {
  id: SpaceId;
  asid: number;
  root: Frame;
  /** Sorted by start, disjoint; neighbours that could be one are one. */
  areas: Area[];
  brkStart: VirtualAddress;
  brk: VirtualAddress;
  /** Where mmap starts looking, downwards. */
  mmapTop: VirtualAddress;
  tableFrames: number;
  /** Instructions retired in this space, kept by the trap loop; absent is 0. */
  instructions?: number;
  /** Pages now resident and mapped here. */
  resident: number;
  residentPeak: number;
}

export interface SignalAction {
  handler: bigint;
  flags: number;
  mask: bigint;
}

export interface ProcessState {
  pid: Pid;
  parent: Pid;
  space: SpaceId;
  status: 'ready' | 'running' | 'blocked' | 'zombie';
  /** Registers while not running. */
  registers: RegisterContext;
  /** Exit code, or the signal that killed it, and why the kernel did when no signal of its own; see process/exit.ts. */
  exit: { code: number; signal: number; reason?: string; lacks?: 'frames' | 'swap' } | undefined;
  /** Path, arguments and environment of the running program. */
  path: string;
  /** As set by prctl(PR_SET_NAME); otherwise the last part of `path`. */
  name?: string;
  argv: string[];
  env: string[];
  /** The auxiliary vector as put on the stack, for /proc/self/auxv. */
  auxv: Uint8Array;
  cwd: string;
  umask: number;
  /** Index is the descriptor; `undefined` is closed. */
  descriptors: (Descriptor | undefined)[];
  signals: {
    /** Index is the signal number, 1 to 64. */
    actions: (SignalAction | undefined)[];
    mask: bigint;
    /** While rt_sigsuspend(2), ppoll(2) or the like has put its own mask in place: the one to go back to. */
    saved?: bigint | undefined;
    /** Pending, oldest first. */
    pending: { signal: number; code: number; address: bigint }[];
    alternate: { address: bigint; size: bigint; flags: number };
  };
  /** The timer of alarm(2) and setitimer(2): virtual time of SIGALRM, and ns between its repetitions (0: none). */
  alarm?: { due: number; interval: number } | undefined;
  clearChildTid: VirtualAddress;
  robustList: VirtualAddress;
  /** Soft and hard limits that differ from the defaults of `limits.ts`, by LimitName. */
  limits: Record<string, [bigint, bigint]>;
  /** What a system call that must be restarted after a wait has done so far; `undefined` between calls. */
  call: { done: number } | undefined;
  /** The request that a blocked process waits for. */
  waitsFor: number | undefined;
}

/** A descriptor of a process: an index into the open file descriptions, and its own close-on-exec flag. */
export interface Descriptor {
  description: number;
  closeOnExec: boolean;
}

/**
 * Virtual time by component, ns. All but `disk` add up to `now`: what the disk works while the processor does
 * too is no time of its own, and what the processor waits for it is `idle`.
 */
export interface ClockState {
  now: Nanoseconds;
  instructions: number;
  memory: number;
  walks: number;
  traps: number;
  faults: number;
  systemCalls: number;
  disk: number;
  idle: number;
  /** When the disk's one queue is empty again. */
  diskFreeAt: number;
  /** Machine counts that are charged already. */
  counted: { instructions: number; references: number; walkLoads: number };
}

/** What each thing costs in virtual time, ns; defaults as in the lecture notes where they name one. */
export interface Costs {
  /** A retired instruction, without its memory references. */
  instruction: number;
  /** One data or instruction reference that the caches do not hide (the notes' T(M)). */
  memory: number;
  /** One table entry read by the walker. */
  walkLoad: number;
  /** Entering and leaving the kernel. */
  trap: number;
  /** The fault handler's own work. */
  fault: number;
  systemCall: number;
  /** A page read from or written to the disk (the notes' T(D)). */
  diskPage: number;
}

export interface RequestState {
  id: number;
  kind: 'swap-in' | 'file-in';
  due: Nanoseconds;
  space: SpaceId;
  vpn: Vpn;
  frame: Frame;
  slot: Slot;
  object: ObjectId;
  index: number;
}

export interface RootState {
  clock: ClockState;
  random: RandomState;
  spaces: (SpaceState | undefined)[];
  processes: ProcessState[];
  running: Pid;
  requests: RequestState[];
  nextRequest: number;
  /** Owned by kernel/memory: frames, reverse maps, page cache, swap map, counters, policy state. */
  memory: unknown;
  /** Owned by kernel/files: open file descriptions, in-memory files. */
  files: FilesState;
  /** Counts by system-call number, and those answered ENOSYS; and how often a call was begun again after a wait. */
  calls: { made: Record<number, number>; unknown: Record<number, number>; restarted?: number };
}
