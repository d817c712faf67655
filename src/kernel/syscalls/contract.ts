/**
 * A system call is one row: number, name, what its arguments are (for --strace) and its handler.
 */

import type { VirtualAddress } from '../../base/numbers.ts';
import type { MachinePort } from '../../machine/contract.ts';
import type { EventSink } from '../events.ts';
import type { Files } from '../files/contract.ts';
import type { Clock, ForkMode, Outcome, Result, UserMemory, VirtualMemory } from '../memory/contract.ts';
import type { Signals } from '../process/contract.ts';
import type { Images } from '../process/image.ts';
import type { Processes } from '../process/processes.ts';
import type { Scheduler } from '../process/scheduler.ts';
import type { Costs, ProcessState, RootState, Sleep, SpaceState } from '../state.ts';

/**
 * How an argument is shown by --strace. `buffer-in` is followed by its size; `buffer-out` was filled with as many
 * bytes as the result says; `string-out` is one of that kind that holds text. `strings` and `variables` are arrays
 * of strings that end with a null pointer; of the latter only the number is shown.
 */
export type ArgumentShape =
  | 'int'
  | 'uint'
  | 'hex'
  | 'pointer'
  | 'fd'
  | 'path'
  | 'size'
  | 'offset'
  | 'mode'
  | 'open-flags'
  | 'prot'
  | 'map-flags'
  | 'at-fd'
  | 'at-flags'
  | 'signal'
  | 'how'
  | 'whence'
  | 'clock'
  | 'buffer-in'
  | 'buffer-out'
  | 'timespec'
  | 'strings'
  | 'variables'
  | 'limit';

/** What the call asks of the dispatcher beyond a result. */
export type CallResult =
  | Result
  /** The process has ended. */
  | 'exited'
  /** It waits, and is then begun again with the same registers. */
  | { readonly sleep: Sleep }
  /** A signal without a handler interrupts its wait: it goes on waiting when the process does. */
  | 'interrupted'
  /** A handler runs; after it the program makes the call anew. */
  | 'restarted'
  /** The process gives the processor up; the call's result is 0. */
  | 'yielded'
  /** All registers were replaced (rt_sigreturn, execve): do not write a0 or advance pc. */
  | 'replaced';

export interface CallContext {
  readonly root: RootState;
  readonly process: ProcessState;
  readonly space: SpaceState;
  readonly machine: MachinePort;
  readonly memory: VirtualMemory;
  readonly user: UserMemory;
  readonly files: Files;
  readonly signals: Signals;
  readonly processes: Processes;
  readonly scheduler: Scheduler;
  readonly images: Images;
  /** How fork(2) copies an address space. */
  readonly forkMode: ForkMode;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly costs: Costs;
  /** Argument `i` (0 to 5) as a signed 64-bit integer. */
  big(i: number): bigint;
  /** As the C type int. */
  int(i: number): number;
  uint(i: number): number;
  /** As an unsigned number; values above 2^53 become Infinity, which no check accepts. */
  size(i: number): number;
  /** As off_t; beyond ±2^53 becomes ±Infinity. */
  offset(i: number): number;
  /** As an address; values above 2^52 become 2^52, which is never mapped. */
  address(i: number): VirtualAddress;
}

export interface SystemCall {
  readonly number: number;
  readonly name: string;
  readonly arguments: readonly ArgumentShape[];
  readonly handle: (call: CallContext) => CallResult;
}

/** What the trap loop does next: run on, end the process, run on from new registers, or let it wait and try again. */
export type Dispatched =
  | 'done'
  | 'exited'
  | 'replaced'
  | 'interrupted'
  | 'yielded'
  | { readonly wait: Outcome }
  | { readonly sleep: Sleep };
