/**
 * The one root that all kernel state hangs off: records, arrays and typed arrays only, so that
 * `structuredClone` of it, with the machine's state and the store's contents, is a snapshot.
 */
import type { Frame, Nanoseconds, Pid, Slot, SpaceId, VirtualAddress, Vpn } from '../base/numbers.ts';
import type { RandomState } from '../base/random.ts';
import type { RegisterContext } from '../machine/contract.ts';
import type { DiskState } from './disk.ts';
import type { LockWish } from './files/lock-contract.ts';
import type { Message, Taken } from './files/socket-state.ts';
import type { FilesState } from './files/state.ts';
import type { LoadState, OutOfMemoryRecord } from './process/load-state.ts';
import type { IntervalTimer, LastWords, PosixTimer, ResourceUse } from './process/state.ts';
import type { Stretch } from './stretch.ts';

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
  /** What the program said of them by madvise(2), where that is heard; absent: nothing. */
  superpages?: 'wanted' | 'unwanted';
}

/** Where things lie in an address space; see loader/layout.ts. */
export interface AddressLayout {
  /** First address that is not the program's. */
  readonly end: VirtualAddress;
  /** Where position-independent programs are loaded. */
  readonly pieBase: VirtualAddress;
  /** The page that signal handlers return through. */
  readonly trampoline: VirtualAddress;
  /** First address above the stack. */
  readonly stackTop: VirtualAddress;
  /** Bytes that the stack may have (RLIMIT_STACK). */
  readonly stackLimit: number;
  /** mmap places what has no wish of its own downwards from here. */
  readonly mmapTop: VirtualAddress;
  /** Where the heap begins (brk(2)); absent: behind the program. */
  readonly heap?: VirtualAddress;
}

export interface SpaceState {
  id: SpaceId;
  /** What tags its entries in the TLB; NO_ASID: it has none there. */
  asid: number;
  /** Its root table, where its tables have one. */
  root: Frame;
  /** Name of the scheme that its addresses are translated by. */
  translation: string;
  layout: AddressLayout;
  /** Sorted by start, disjoint; neighbours that could be one are one. */
  areas: Area[];
  brkStart: VirtualAddress;
  brk: VirtualAddress;
  /** Where mmap starts looking, downwards. */
  mmapTop: VirtualAddress;
  tableFrames: number;
  /** Leaf tables, in memory and in swap, where they may go there; absent is 0. */
  leafTables?: number;
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

/** A signal that was sent and has not been taken yet. */
export interface PendingSignal {
  signal: number;
  code: number;
  /** si_addr of a fault, si_value of a signal that was queued. */
  address: bigint;
  /** Process that sent it; 0: the kernel, or somebody outside. */
  sender: Pid;
  /** The timer of timer_create(2) that ran out. */
  timer?: number;
  /** Of a fault: what happened, for the report if it ends the process. */
  detail?: string;
}

/** How a process or a thread ended: see process/exit.ts. */
export interface ExitState {
  /** 0 to 255. */
  code: number;
  /** The signal that killed it; 0: none. */
  signal: number;
  /** Why the kernel killed it, when no signal of its own did. */
  reason?: string;
  lacks?: 'frames' | 'tables' | 'swap';
}

/** What the threads of a process have in common (CLONE_THREAD): one record that each of them refers to. */
export interface ThreadGroup {
  /** getpid(2): the number of its first thread. */
  id: Pid;
  /** The process that waits for it; 0: nobody inside the machine. */
  parent: Pid;
  /** The parent's thread that made it, or took it over: the parent as PR_SET_PDEATHSIG has it. */
  creator: Pid;
  /** Whether orphans among its descendants become its children (PR_SET_CHILD_SUBREAPER). */
  isSubreaper: boolean;
  /** setpgid(2). */
  processGroup: Pid;
  /** setsid(2). */
  session: Pid;
  /** Threads that have not ended. */
  threads: number;
  /** Signals for whichever thread takes them first, oldest first. */
  pending: PendingSignal[];
  /** Whether the terminal is its session's, and it has not given that up (tty(4)). */
  terminal: 'controlling' | 'none';
  /** The timer of alarm(2) and setitimer(2) with ITIMER_REAL, in virtual time. */
  alarm: IntervalTimer | undefined;
  /** The timers of its CPU time, ns: in its program (ITIMER_VIRTUAL), and all of it (ITIMER_PROF). */
  cpuAlarms: { virtual: IntervalTimer | undefined; profile: IntervalTimer | undefined };
  timers: PosixTimer[];
  /** Set when all threads have to end or have ended. */
  exit: ExitState | undefined;
  /** The signal that stopped it; 0 while it is not stopped. */
  stopped: number;
  /** A change of state that wait(2) has not told the parent yet. */
  untold: 'stopped' | 'continued' | undefined;
  /** What the parent gets when it ends; 0: nothing. */
  exitSignal: number;
  /** What its threads have used that are gone. */
  spent: ResourceUse;
  /** What its children have used that were waited for. */
  children: ResourceUse;
  /** Whether it has called execve(2) since it was forked. */
  executed: boolean;
  /** Thousandths of all memory that are added to its score when one has to be killed: -1000 (never it) to 1000. */
  memoryAdjust: number;
}

/** Why a process is not running, and what wakes it. */
export interface Sleep {
  /** Names of what it waits for; see process/wakeups.ts. */
  channels: string[];
  /** Virtual time at which it is woken in any case; Infinity: never. */
  until: number;
  /** For whoever asks what everybody waits for: "a child's end". */
  reason: string;
}

/** What a system call that is begun again after a wait has to know of its earlier tries. */
export interface CallProgress {
  /** Bytes, or steps, done. */
  done: number;
  /** Virtual time at which its wait is over. */
  deadline?: number;
  /** Somebody's futex(2) chose this process to be woken. */
  woken?: boolean;
  /** The child that vfork(2) made. */
  child?: Pid;
  /** A datagram that is being put together, or handed over; `done` of its bytes are. */
  message?: Message;
  /** What a receive has taken beside bytes. */
  taken?: Taken;
  /** Bytes that a receive has given the program, which is still to be told of them. */
  received?: number;
  /** Messages of sendmmsg(2) or recvmmsg(2) that are done, and the bytes of one that is not told of yet. */
  messages?: number;
  transferred?: number;
  /** A FIFO that waits for its other end: the description, the flags, and how often the other end was opened before. */
  opening?: { description: number; flags: number; others: number };
  /** A page of a pipe that is being put together: `filled` bytes of it are. */
  piece?: { bytes: Uint8Array; filled: number };
  /** The lock on a file that it waits for. */
  lock?: LockWish;
  /** The program that execve(2) is bringing in. */
  image?: PendingImage;
}

/** A program that will take the place of the present one when its stack is written. */
export interface PendingImage {
  space: SpaceId;
  path: string;
  /** Last component of the path that was asked for, which may have been a link or a script. */
  name: string;
  argv: string[];
  env: string[];
  auxv: Uint8Array;
  /** Bytes from `pointer` on; those from `end` on are written. */
  stack: { pointer: VirtualAddress; bytes: Uint8Array; end: VirtualAddress };
  entry: VirtualAddress;
}

/** Virtual times of a process, ns. */
export interface ProcessTimes {
  /** When it was made. */
  arrived: number;
  /** When it first ran; `undefined`: not yet. */
  firstRun: number | undefined;
  ended: number | undefined;
  /** On the processor, in the program and in the kernel for it. */
  running: number;
  /** Of that, in the program itself. */
  user: number;
  /** Able to run while another did. */
  ready: number;
  /** When its status last changed. */
  since: number;
  /** Times it gave the processor up itself, and times it was taken away. */
  voluntary: number;
  involuntary: number;
}

/** What scheduling policies go by; see policies/scheduling/contract.ts. */
export interface SchedulingInputs {
  /** CPU time that the next burst was declared to take, ns. */
  length: number | undefined;
  tickets: number;
  currency: string | undefined;
  /** -20 to 19. */
  nice: number;
}

/** A step of a scripted job; see process/script.ts. */
export type Burst =
  /** CPU time. */
  | { readonly kind: 'cpu'; readonly ns: number }
  /** A wait for a device. */
  | { readonly kind: 'io'; readonly ns: number }
  /** Touches its pages `first` to `last`. */
  | {
      readonly kind: 'touch';
      readonly first: number;
      readonly last: number;
      readonly access: 'load' | 'store';
    }
  /** Gives up the processor, and stays ready. */
  | { readonly kind: 'yield' }
  /** Lends its tickets to the job called `to`; takes them back; gives itself so many. */
  | { readonly kind: 'lend'; readonly to: string }
  | { readonly kind: 'take back' }
  | { readonly kind: 'inflate'; readonly tickets: number };

export interface ScriptState {
  bursts: readonly Burst[];
  /** The burst that it is in, and how much of that is done: ns, or pages. */
  at: number;
  done: number;
  /** Whether the scheduling policy is told how long each burst will take. */
  declares: boolean;
}

/** A thread of a process, scheduled on its own; most processes have one. */
export interface ProcessState {
  /** gettid(2). */
  pid: Pid;
  group: ThreadGroup;
  space: SpaceId;
  /** `new`: it has not been able to run yet. */
  status: 'new' | 'ready' | 'running' | 'blocked' | 'stopped' | 'zombie';
  /** Registers while they are not in the machine. */
  registers: RegisterContext;
  /** How it ended. */
  exit: ExitState | undefined;
  /** Path, arguments and environment of the running program. */
  path: string;
  /** As set by execve(2) or prctl(PR_SET_NAME); otherwise the last part of `path`. */
  name?: string;
  argv: string[];
  env: string[];
  /** The auxiliary vector as put on the stack, for /proc/self/auxv. */
  auxv: Uint8Array;
  /** Shared by threads (CLONE_FS). */
  directory: { path: string; umask: number };
  /** Index is the descriptor; `undefined` is closed. Shared by threads (CLONE_FILES). */
  descriptors: (Descriptor | undefined)[];
  signals: {
    /** Index is the signal number, 1 to 64. Shared by threads (CLONE_SIGHAND). */
    actions: (SignalAction | undefined)[];
    mask: bigint;
    /** While rt_sigsuspend(2), ppoll(2) or the like has put its own mask in place: the one to go back to. */
    saved?: bigint | undefined;
    /** For this thread alone, oldest first. */
    pending: PendingSignal[];
    alternate: { address: bigint; size: bigint; flags: number };
  };
  /** Where to store its number before it first runs (CLONE_CHILD_SETTID); 0: nowhere. */
  setChildTid: VirtualAddress;
  clearChildTid: VirtualAddress;
  /** Head of the list of robust futexes that it holds (set_robust_list(2)); 0: none. */
  robustList: VirtualAddress;
  /** How far it is in telling others of its end; see process/last-words.ts. */
  lastWords?: LastWords | undefined;
  /** The signal that it gets when the thread that made it ends (PR_SET_PDEATHSIG); 0: none. */
  parentDeathSignal: number;
  /** By how much its waits with a timeout may end late, ns (PR_SET_TIMERSLACK), and what 0 sets it to. */
  timerSlack: { current: number; initial: number };
  /** Soft and hard limits that differ from the defaults of `limits.ts`, by LimitName. Shared by threads. */
  limits: Record<string, [bigint, bigint]>;
  /** The system call that is to be begun again; `undefined` between calls. */
  call: CallProgress | undefined;
  /** The page request that it waits for. */
  waitsFor: number | undefined;
  /** What else it waits for. */
  sleep: Sleep | undefined;
  times: ProcessTimes;
  scheduling: SchedulingInputs;
  /** What it does instead of executing instructions; `undefined`: it executes them. */
  script: ScriptState | undefined;
  /** Instructions retired. */
  instructions: number;
  faults: { minor: number; major: number };
  tlbMisses: number;
  /** Of its address space when it ended, pages. */
  residentPeak: number;
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
  /** Writing the time of its last use into a page's entry, at each reference. */
  stamps: number;
  traps: number;
  /** Handlers of TLB misses. */
  refills: number;
  faults: number;
  systemCalls: number;
  /** Context switches. */
  switches: number;
  /** Copying address spaces, at once and when they are written to. */
  forks: number;
  /** Copying pieces of memory from one place to another. */
  moves: number;
  /** Bursts of scripted jobs. */
  jobs: number;
  disk: number;
  idle: number;
  /** Machine counts that are charged already. */
  counted: { instructions: number; references: number; walkLoads: number; tlbMisses: number };
}

/** What each thing costs in virtual time, ns; defaults as in the lecture notes where they name one. */
export interface Costs {
  /** A retired instruction, without its memory references. */
  instruction: number;
  /** One data or instruction reference that the caches do not hide (the notes' T(M)). */
  memory: number;
  /** One table entry read by the walker. */
  walkLoad: number;
  /** One stamp written into a table entry, where entries have them (`--bits stamps`). */
  stamp: number;
  /** Entering and leaving the kernel. */
  trap: number;
  /** Asking the TLB, and a data cache, of a cache that is modelled (`--cache`); part of no other time. */
  tlbHit: number;
  cacheHit: number;
  /** The TLB miss handler's own work, reading tables aside, where software refills the TLB. */
  refill: number;
  /** The fault handler's own work. */
  fault: number;
  systemCall: number;
  /** Putting another process's registers in place, and what that does to caches. */
  contextSwitch: number;
  /** Copying a page in memory. */
  copyPage: number;
  /** Sharing a page with a child: a table entry read and written. */
  sharePage: number;
  /** A page read from or written to the disk (the notes' T(D)). */
  diskPage: number;
}

export interface RequestState {
  id: number;
  /** `table-in`: a leaf table, whose first page is `vpn`. */
  kind: 'swap-in' | 'file-in' | 'table-in' | 'pause';
  due: Nanoseconds;
  space: SpaceId;
  vpn: Vpn;
  frame: Frame;
  slot: Slot;
  object: ObjectId;
  index: number;
  /** Its place in the disk's queue, which may change `due`; absent: it takes none. */
  ticket?: number;
  /** Nobody has asked for the page yet; `late`: somebody has since. Absent: it is for who asked. */
  ahead?: 'early' | 'late';
}

/** The mechanism's part of scheduling. */
export interface SchedulerState {
  /** The policy's own. */
  policy: unknown;
  /** Whether `RootState.running` is on the processor, which is idle otherwise. */
  busy: boolean;
  /** When the process on the processor got it, and when its quantum is over; Infinity: never. */
  since: number;
  quantumEnd: number;
  /** Context switches, and timer interrupts that ended a quantum. */
  switches: number;
  expired: number;
  /** Processes and threads that were ever made. */
  created: number;
}

/** What is left of a process in reports. */
export interface EndedProcess {
  pid: Pid;
  parent: Pid;
  argv: string[];
  exit: ExitState;
  times: ProcessTimes;
  instructions: number;
  faults: { minor: number; major: number };
  tlbMisses: number;
  residentPeak: number;
}

export interface RootState {
  clock: ClockState;
  random: RandomState;
  spaces: (SpaceState | undefined)[];
  processes: ProcessState[];
  /** Whose registers and address space the machine holds: who runs, or ran last. */
  running: Pid;
  /** What a run of the machine that was cut short is to be continued to; see stretch.ts. */
  underway: Stretch | undefined;
  /** The number that the next process gets. */
  nextPid: Pid;
  /** Processes that can run again since the scheduler last looked, in the order in which they were woken. */
  woken: Pid[];
  scheduler: SchedulerState;
  disk: DiskState;
  load: LoadState;
  /** Processes that were killed for memory, the first ones. */
  outOfMemory: OutOfMemoryRecord[];
  /** Who waits for which word of memory (futex(2)), the longest waiting first. */
  futexes: { key: string; pid: Pid; bits: number }[];
  /** Ended processes that nobody will ask for any more, the first ones; for reports. */
  ended: EndedProcess[];
  /** Set when nobody could ever run again: who waited for what. */
  deadlock: { pid: Pid; name: string; waitsFor: string }[] | undefined;
  /** The session whose terminal the host's is, and the process group that it is for; 0: nobody's. */
  terminal: { session: Pid; foreground: Pid };
  /** Processes that were started from outside; they stay, as zombies, when they have ended. */
  programs: Pid[];
  requests: RequestState[];
  nextRequest: number;
  /** Owned by kernel/memory: frames, reverse maps, page cache, swap map, counters, policy state. */
  memory: unknown;
  /** Owned by kernel/files: open file descriptions, in-memory files. */
  files: FilesState;
  /** Counts by system-call number, and those answered ENOSYS. */
  calls: { made: Record<number, number>; unknown: Record<number, number> };
}
