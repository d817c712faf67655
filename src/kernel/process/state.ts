/** State of timers, of what was used, and of ends that are under way: plain data off threads and their groups. */
import type { Pid } from '../../base/numbers.ts';

/** A timer of setitimer(2): the time of its clock at which it runs out, and ns between its repetitions (0: none). */
export interface IntervalTimer {
  due: number;
  interval: number;
}

/** A timer of timer_create(2). */
export interface PosixTimer {
  id: number;
  /** As clock_gettime(2) knows it. */
  clock: number;
  /** Whom it tells: nobody, the process, or the thread with this number. */
  tells: 'nobody' | 'process' | Pid;
  signal: number;
  /** si_value. */
  value: bigint;
  /** When it runs out, in virtual time or CPU time as its clock has it; Infinity: it is not set. */
  due: number;
  interval: number;
  /** Times that it ran out again before the signal of the first was taken; and those of the last that was. */
  overrun: number;
  lastOverrun: number;
}

/** What a thread, or all of a process, has used of the machine. */
export interface ResourceUse {
  /** CPU time, ns: in the program, and in the kernel for it. */
  user: number;
  system: number;
  instructions: number;
  /** Faults without and with a transfer. */
  minor: number;
  major: number;
  tlbMisses: number;
  /** Times it gave the processor up itself, and times it was taken away. */
  voluntary: number;
  involuntary: number;
  /** Most pages in memory at once. */
  residentPeak: number;
}

/** A walk over the robust futexes of a thread that ends; pointers as they are in memory. */
export interface LastWords {
  /** The entry that is next. */
  entry: bigint;
  /** From an entry to its futex. */
  offset: bigint;
  /** An entry that was being put in or taken out; 0: none. */
  pending: bigint;
  /** Entries that may still be looked at. */
  left: number;
}
