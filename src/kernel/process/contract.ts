/** Signals and processes as the system calls and the trap loop use them. */
import type { Pid } from '../../base/numbers.ts';
import type { ProcessState, SpaceState } from '../state.ts';
import type { PosixTimer } from './state.ts';

/**
 * A call that ends the process uses `endProcess` of exit.ts; one that waits under another mask puts the old one
 * into `process.signals.saved`.
 */
export interface Signals {
  /** Makes a signal pending for the process that a thread is of. `address` is si_addr of a fault; `sender` 0: the kernel. */
  send(process: ProcessState, signal: number, code: number, address: bigint, sender?: Pid): void;
  /** Makes it pending for one thread (tgkill(2)). */
  sendToThread(process: ProcessState, signal: number, code: number, address: bigint, sender?: Pid): void;
  /** Makes the signal of one of the process's timers pending; false when its last one still is. */
  sendOfTimer(process: ProcessState, timer: PosixTimer): boolean;
  /** A fault that the process can't ignore or block: forced as Linux does. `detail` tells the report what happened. */
  force(process: ProcessState, signal: number, code: number, address: bigint, detail?: string): void;
  /**
   * On the way back to user mode: takes the first pending unblocked signal and does its action: ends the process,
   * stops it, or builds the frame on its stack and enters the handler. Throws `PageWait` as user memory does.
   */
  deliver(process: ProcessState, space: SpaceState): 'none' | 'handler' | 'killed' | 'stopped';
  /** rt_sigreturn(2): restores the registers from the frame on the stack. False when the frame is bad. */
  restore(process: ProcessState, space: SpaceState): boolean;
}

/** What clone(2) was asked for, as far as it makes a difference here. */
export interface CloneRequest {
  /** Whether the child runs in the same address space, and is a thread of the same process. */
  readonly space: 'shared' | 'copied';
  readonly kind: 'process' | 'thread';
  readonly files: 'shared' | 'copied';
  readonly directory: 'shared' | 'copied';
  readonly actions: 'shared' | 'copied' | 'cleared';
  /** The parent of a child with CLONE_PARENT. */
  readonly parent: 'self' | 'own parent';
  /** 0: the parent's. */
  readonly stackPointer: bigint;
  /** Thread pointer; `undefined`: the parent's. */
  readonly threadPointer: bigint | undefined;
  readonly setChildTid: number;
  readonly clearChildTid: number;
  readonly exitSignal: number;
}
