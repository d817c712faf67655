/** Linux's signals: numbers, names, codes and what each does when no handler is set (signal(7)). */

export const Signal = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

const names = new Map<number, string>(Object.entries(Signal).map(([name, number]) => [number, name]));

/** si_code: who sent it, and for faults why. */
export const SignalCode = {
  /** kill(2). */
  user: 0,
  /** tkill(2), tgkill(2). */
  thread: -6,
  /** A timer of timer_create(2). */
  timer: -2,
  /** The kernel. */
  kernel: 128,
  illegalOpcode: 1,
  breakpoint: 1,
  misaligned: 1,
  notMapped: 1,
  accessDenied: 2,
  /** SIGCHLD: what the child did; its status or signal is the value. */
  childExited: 1,
  childKilled: 2,
  childStopped: 5,
  childContinued: 6,
} as const;

/** Highest signal number; from 32 on they are the real-time ones, which queue. */
export const LAST_SIGNAL = 64;
export const FIRST_REAL_TIME = 32;

const ignored = new Set<number>([Signal.SIGCHLD, Signal.SIGCONT, Signal.SIGURG, Signal.SIGWINCH]);
const stopping = new Set<number>([Signal.SIGSTOP, Signal.SIGTSTP, Signal.SIGTTIN, Signal.SIGTTOU]);
/** Raised by an instruction; Linux delivers these before others. */
const synchronous = new Set<number>([
  Signal.SIGILL,
  Signal.SIGTRAP,
  Signal.SIGBUS,
  Signal.SIGFPE,
  Signal.SIGSEGV,
  Signal.SIGSYS,
]);

/** What happens to a process that has set nothing for a signal; SIGCONT counts as ignored. */
export function defaultAction(signal: number): 'terminate' | 'ignore' | 'stop' {
  if (ignored.has(signal)) return 'ignore';
  return stopping.has(signal) ? 'stop' : 'terminate';
}

export const isSynchronous = (signal: number): boolean => synchronous.has(signal);

/** `SIGSEGV`, `SIGRT_3`. */
export function signalName(signal: number): string {
  return names.get(signal) ?? `SIGRT_${signal - FIRST_REAL_TIME}`;
}

/** The bit of a signal in a mask. */
export const signalBit = (signal: number): bigint => 1n << BigInt(signal - 1);

/** SIGKILL and SIGSTOP can't be blocked, caught or ignored. */
export const UNBLOCKABLE = signalBit(Signal.SIGKILL) | signalBit(Signal.SIGSTOP);

export const SIG_DFL = 0n;
export const SIG_IGN = 1n;

/** sa_flags. */
export const SA_SIGINFO = 0x4;
export const SA_ONSTACK = 0x0800_0000;
export const SA_RESTART = 0x1000_0000;
export const SA_NODEFER = 0x4000_0000;
export const SA_RESETHAND = 0x8000_0000;

/** ss_flags of an alternate signal stack. */
export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
export const SS_AUTODISARM = 0x8000_0000;
